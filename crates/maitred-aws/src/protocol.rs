//! The protocols: from an input to an HTTP request, and from a reply to a document.

use serde_json::{Map, Value, json};

use maitred_model::{ErrorModel, OperationModel, Protocol, Service, ServiceModel};

use super::customize;
use json::Reader;
use message::Parsed;

mod json;
mod message;
mod query;
mod rest;
mod scalar;
mod xml;
mod xml_body;

pub(super) use message::{ProtocolError, Reply, Request};

/// Serialises an input that has been checked.
///
/// # Errors
/// A value cannot be written in its place.
pub(super) fn serialize(
    service: &ServiceModel,
    operation: &OperationModel,
    input: &Map<String, Value>,
) -> Result<Request, ProtocolError> {
    match service.protocol {
        Protocol::Query | Protocol::Ec2 => query::serialize(service, operation, input),
        Protocol::Json => json::serialize(service, operation, input),
        Protocol::RestJson | Protocol::RestXml => rest::serialize(service, operation, input),
    }
}

/// The document of a reply that is not an error, with `ResponseMetadata` as in botocore.
///
/// # Errors
/// The body cannot be read.
pub(super) fn parse_output(
    service: &ServiceModel,
    operation: &OperationModel,
    reply: &Reply,
) -> Result<Value, ProtocolError> {
    let is_ec2 = service.protocol == Protocol::Ec2;
    let Parsed { mut members, metadata } = match service.protocol {
        Protocol::Query | Protocol::Ec2 => query::parse_output(is_ec2, operation, reply)?,
        Protocol::Json => json::parse_output(operation, reply)?,
        Protocol::RestJson | Protocol::RestXml => rest::parse_output(service, operation, reply)?,
    };
    customize::output(service, operation, &reply.body, &mut members);
    members.insert("ResponseMetadata".to_owned(), response_metadata(metadata, reply));
    Ok(Value::Object(members))
}

/// The document of an error reply: `{"Error": {"Code", "Message", …}, …, "ResponseMetadata"}`.
///
/// If the reply is not an error of the service, such as the page of a proxy, the code is the status.
pub(super) fn parse_error(service: &Service, operation: &OperationModel, reply: &Reply) -> Value {
    let model = service.model();
    let is_ec2 = model.protocol == Protocol::Ec2;
    let parsed = match model.protocol {
        _ if is_generic(reply) => None,
        Protocol::Query | Protocol::Ec2 => query::parse_error(is_ec2, reply).ok(),
        Protocol::Json => Some(json::parse_error(reply)),
        Protocol::RestJson => Some(rest::parse_json_error(reply)),
        Protocol::RestXml => Some(rest::parse_xml_error(reply)),
    };
    let Parsed { members: mut document, metadata } = parsed.unwrap_or_default();
    if !document.get("Error").is_some_and(Value::is_object) {
        document = generic_error(reply);
    }
    document.insert("ResponseMetadata".to_owned(), response_metadata(metadata, reply));
    let code = document.get("Error").and_then(|error| error.get("Code")).and_then(Value::as_str);
    if let Some(code) = code.map(str::to_owned) {
        document.extend(members_of_code(service, operation, &code, reply));
    }
    Value::Object(document)
}

/// The members of an error of the operation, or of another operation of the service.
fn members_of_code(
    service: &Service,
    operation: &OperationModel,
    code: &str,
    reply: &Reply,
) -> Map<String, Value> {
    let members = |operation: &OperationModel| {
        let error = operation.errors.iter().find(|error| error.code == code)?;
        Some(error_members(service.model(), operation, error, reply))
    };
    let of_another = || members(&*service.operation_with_error(code)?);
    members(operation).or_else(of_another).unwrap_or_default()
}

/// The members of an error's shape; none if they cannot be read.
fn error_members(
    service: &ServiceModel,
    operation: &OperationModel,
    error: &ErrorModel,
    reply: &Reply,
) -> Map<String, Value> {
    let members = match service.protocol {
        Protocol::Query | Protocol::Ec2 => query::parse_error_members(operation, error, reply),
        Protocol::Json => json::body_of(reply)
            .and_then(|body| Reader { operation, converts: false }.structure(error.shape, body)),
        Protocol::RestJson | Protocol::RestXml => {
            rest::members(service.protocol, operation, error.shape, reply)
        }
    };
    members.unwrap_or_default()
}

/// Whether a proxy or load balancer answered, not the service.
fn is_generic(reply: &Reply) -> bool {
    let body = reply.body.trim_ascii();
    reply.status >= 500 && (body.is_empty() || body.starts_with(b"<html>"))
}

fn generic_error(reply: &Reply) -> Map<String, Value> {
    const SHOWN: usize = 200;
    let mut message = reply.reason().to_owned();
    let body = String::from_utf8_lossy(reply.body.trim_ascii());
    if !is_generic(reply) && !body.is_empty() {
        let shown: String = body.chars().take(SHOWN).collect();
        message = format!("{message}: {shown}").trim_start_matches(": ").to_owned();
    }
    let mut error = Map::new();
    error.insert("Code".to_owned(), Value::String(reply.status.to_string()));
    error.insert("Message".to_owned(), Value::String(message));
    Map::from_iter([("Error".to_owned(), Value::Object(error))])
}

/// `ResponseMetadata`: that of the body, then status, headers and retries.
fn response_metadata(mut metadata: Map<String, Value>, reply: &Reply) -> Value {
    let mut headers = Map::with_capacity(reply.headers.len());
    for (name, value) in &reply.headers {
        match headers.get_mut(name) {
            Some(Value::String(joined)) => {
                joined.push_str(", ");
                joined.push_str(value);
            }
            _ => drop(headers.insert(name.clone(), Value::String(value.clone()))),
        }
    }
    metadata.insert("HTTPStatusCode".to_owned(), json!(reply.status));
    metadata.insert("HTTPHeaders".to_owned(), Value::Object(headers));
    metadata.insert("RetryAttempts".to_owned(), json!(reply.retries));
    Value::Object(metadata)
}
