//! From an input to an HTTP request, and from a reply to a document. Each protocol is a module.

use std::fmt;

use serde_json::{Map, Value, json};

use maitred_model::timestamp::DateTime;
use maitred_model::{ErrorModel, OperationModel, Protocol, ServiceModel, TimestampFormat};

use super::customize;
use super::endpoint::uri_encode;
use maitred_model::Service;
use query::Dialect;

mod json;
mod query;
mod rest;
mod xml;
mod xml_body;

/// What a body says.
#[derive(Debug, Default)]
struct Parsed {
    /// The document's members.
    members: Map<String, Value>,
    /// What goes into its `ResponseMetadata`.
    metadata: Map<String, Value>,
}

/// Replies that nest deeper are refused: no service does.
const MAX_DEPTH: usize = 100;

/// A request, but for the endpoint and what is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    /// The path and query that go after the endpoint's.
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// A reply as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// How many attempts came before the one that brought it.
    pub(super) retries: u32,
}

impl Reply {
    /// The first header of that name, which is in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why an input cannot be written or a reply cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProtocolError(pub(super) String);

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ProtocolError {}

/// The request for an input that has been checked.
///
/// # Errors
/// If a value cannot be written where it goes.
pub(super) fn serialize(
    service: &ServiceModel,
    operation: &OperationModel,
    input: &Map<String, Value>,
) -> Result<Request, ProtocolError> {
    match service.protocol {
        Protocol::Query => query::serialize(Dialect::Query, service, operation, input),
        Protocol::Ec2 => query::serialize(Dialect::Ec2, service, operation, input),
        Protocol::Json => json::serialize(service, operation, input),
        Protocol::RestJson | Protocol::RestXml => rest::serialize(service, operation, input),
    }
}

/// The document of a reply that is no error, with `ResponseMetadata` as botocore has it.
///
/// # Errors
/// If the body cannot be read.
pub(super) fn parse_output(
    service: &ServiceModel,
    operation: &OperationModel,
    reply: &Reply,
) -> Result<Value, ProtocolError> {
    let Parsed { mut members, metadata } = match service.protocol {
        Protocol::Query => query::parse_output(Dialect::Query, operation, reply)?,
        Protocol::Ec2 => query::parse_output(Dialect::Ec2, operation, reply)?,
        Protocol::Json => json::parse_output(operation, reply)?,
        Protocol::RestJson | Protocol::RestXml => rest::parse_output(service, operation, reply)?,
    };
    customize::output(service, operation, &reply.body, &mut members);
    members.insert("ResponseMetadata".to_owned(), response_metadata(metadata, reply));
    Ok(Value::Object(members))
}

/// The document of an error reply: `{"Error": {"Code", "Message", …}, …, "ResponseMetadata"}`.
///
/// What cannot be read as an error of the service, such as the page of a proxy, gets the status as
/// its code.
pub(super) fn parse_error(service: &Service, operation: &OperationModel, reply: &Reply) -> Value {
    let model = service.model();
    let parsed = match model.protocol {
        _ if is_generic(reply) => None,
        Protocol::Query => query::parse_error(Dialect::Query, reply).ok(),
        Protocol::Ec2 => query::parse_error(Dialect::Ec2, reply).ok(),
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

/// The members of an error of the operation, or else of another one of the service.
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

/// The members of the error's own shape; none if they cannot be read.
fn error_members(
    service: &ServiceModel,
    operation: &OperationModel,
    error: &ErrorModel,
    reply: &Reply,
) -> Map<String, Value> {
    let members = match service.protocol {
        Protocol::Query | Protocol::Ec2 => query::parse_error_members(operation, error, reply),
        Protocol::Json => json::parse_error_members(operation, error, reply),
        Protocol::RestJson | Protocol::RestXml => {
            rest::parse_error_members(service, operation, error, reply)
        }
    };
    members.unwrap_or_default()
}

/// A timestamp of the input, ISO 8601, RFC 822 or seconds since 1970, in the format of the wire.
///
/// # Errors
/// If it is none.
fn timestamp(path: &str, value: &Value, format: TimestampFormat) -> Result<String, ProtocolError> {
    let time = match value {
        Value::String(text) => DateTime::parse(text),
        Value::Number(number) => number.as_f64().and_then(DateTime::from_epoch),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let time = time.ok_or_else(|| ProtocolError(format!("{path} is no timestamp: {value}")))?;
    Ok(time.format(format))
}

/// A string, number or boolean as text.
fn scalar_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Something in front of the service answered, not the service.
fn is_generic(reply: &Reply) -> bool {
    let body = reply.body.trim_ascii();
    reply.status >= 500 && (body.is_empty() || body.starts_with(b"<html>"))
}

fn generic_error(reply: &Reply) -> Map<String, Value> {
    const SHOWN: usize = 200;
    let mut message = reason(reply.status).to_owned();
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

/// The reason phrase of a status that something on the way answers with.
fn reason(status: u16) -> &'static str {
    match status {
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        413 => "Request Entity Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        507 => "Insufficient Storage",
        511 => "Network Authentication Required",
        _ => "",
    }
}

/// `ResponseMetadata`: what the body says of itself, then status, headers and retries.
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
