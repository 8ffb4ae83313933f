//! Replies of the REST protocols.

use aws_smithy_types::base64;
use serde_json::{Map, Value, json};

use maitred_model::{Location, Member, OperationModel, Protocol, ServiceModel, ShapeId, ShapeKind};

use crate::protocol::json::{self as json_body, Reader};
use crate::protocol::message::{Parsed, ProtocolError, Reply};
use crate::protocol::scalar::parse_scalar;
use crate::protocol::xml::{self, Xml};

pub(crate) fn parse_output(
    service: &ServiceModel,
    operation: &OperationModel,
    reply: &Reply,
) -> Result<Parsed, ProtocolError> {
    let members = match &operation.output {
        Some(output) => members(service.protocol, operation, output.shape, reply)?,
        None => Map::new(),
    };
    Ok(Parsed { members, metadata: metadata(reply) })
}

/// The ids of a reply. Amazon S3 has names of its own for them.
fn metadata(reply: &Reply) -> Map<String, Value> {
    let mut metadata = Map::new();
    if let Some(id) = reply.header("x-amzn-requestid") {
        metadata.insert("RequestId".to_owned(), id.into());
    } else if let Some(id) = reply.header("x-amz-request-id") {
        metadata.insert("RequestId".to_owned(), id.into());
        let host = reply.header("x-amz-id-2").unwrap_or_default();
        metadata.insert("HostId".to_owned(), host.into());
    }
    metadata
}

/// The members of a structure: those of headers and status first, then those of the body.
pub(crate) fn members(
    protocol: Protocol,
    operation: &OperationModel,
    shape: ShapeId,
    reply: &Reply,
) -> Result<Map<String, Value>, ProtocolError> {
    let structure = operation.shapes.get(shape).and_then(|shape| shape.structure());
    let Some(structure) = structure else { return Ok(Map::new()) };
    let mut members = Map::new();
    for member in &structure.members {
        if let Some(value) = located(protocol, operation, member, reply)? {
            members.insert(member.name.clone(), value);
        }
    }
    if let Some(payload) = structure.payload.as_deref().and_then(|name| structure.member(name)) {
        let value = payload_value(protocol, operation, payload, reply)?;
        members.insert(payload.name.clone(), value);
    } else if structure.members.iter().any(xml::is_in_body) {
        members.extend(body_members(protocol, operation, shape, reply)?);
    }
    Ok(members)
}

fn payload_value(
    protocol: Protocol,
    operation: &OperationModel,
    payload: &Member,
    reply: &Reply,
) -> Result<Value, ProtocolError> {
    let target = &payload.target;
    match (&operation.shape(target).kind, protocol) {
        (ShapeKind::Blob, _) => Ok(Value::String(base64::encode(&reply.body))),
        (ShapeKind::String(_), _) => Ok(Value::String(xml::text_of(&reply.body)?.to_owned())),
        (_, Protocol::RestJson) => {
            Reader { operation, converts: true }.value(target, json_body::body_of(reply)?)
        }
        (_, _) => body_members(protocol, operation, target.shape, reply).map(Value::Object),
    }
}

fn body_members(
    protocol: Protocol,
    operation: &OperationModel,
    shape: ShapeId,
    reply: &Reply,
) -> Result<Map<String, Value>, ProtocolError> {
    if protocol == Protocol::RestJson {
        return Reader { operation, converts: true }.structure(shape, json_body::body_of(reply)?);
    }
    if reply.body.is_empty() {
        return Ok(Map::new());
    }
    let document = xml::parse(xml::text_of(&reply.body)?)?;
    let mut root = document.root_element();
    let model = operation.shapes.get(shape).and_then(|shape| shape.structure());
    if model.is_some_and(|structure| structure.exception) {
        root = xml::error_element(root);
    }
    Xml { operation }.structure(shape, root)
}

/// A member of the headers or the status.
fn located(
    protocol: Protocol,
    operation: &OperationModel,
    member: &Member,
    reply: &Reply,
) -> Result<Option<Value>, ProtocolError> {
    let target = &member.target;
    let name = operation.location_name(target).unwrap_or(&member.name).to_lowercase();
    match target.traits.location {
        Some(Location::StatusCode) => Ok(Some(reply.status.into())),
        Some(Location::Headers) => {
            let entries = reply.headers.iter().filter_map(|(header, value)| {
                Some((header.strip_prefix(&name)?.to_owned(), value.as_str().into()))
            });
            Ok(Some(Value::Object(entries.collect())))
        }
        Some(Location::Header) => {
            let text = reply.header(&name);
            text.map(|text| header_value(protocol, operation, member, text)).transpose()
        }
        Some(Location::Uri | Location::QueryString) | None => Ok(None),
    }
}

fn header_value(
    protocol: Protocol,
    operation: &OperationModel,
    member: &Member,
    text: &str,
) -> Result<Value, ProtocolError> {
    let kind = &operation.shape(&member.target).kind;
    let scalar = |kind: &ShapeKind, text: &str| match (kind, protocol) {
        // JSON's services write `True` too.
        (ShapeKind::Boolean, Protocol::RestJson) => {
            Ok(Value::Bool(text.eq_ignore_ascii_case("true")))
        }
        (kind, _) => parse_scalar(kind, text.to_owned()),
    };
    match (kind, member.target.traits.json_value) {
        (_, true) => {
            let bytes = base64::decode(text).unwrap_or_default();
            serde_json::from_slice(&bytes).map_err(|error| {
                ProtocolError(format!(
                    "the header of {} is no JSON in base64: {error}",
                    member.name
                ))
            })
        }
        (ShapeKind::List(element), _) => {
            let element = &operation.shape(element).kind;
            let items = text.split(',').map(|item| scalar(element, item.trim()));
            items.collect::<Result<_, _>>().map(Value::Array)
        }
        (kind, _) => scalar(kind, text),
    }
}

/// An error of a service that speaks JSON: its code comes in a header or in the body.
pub(crate) fn parse_json_error(reply: &Reply) -> Parsed {
    let mut parsed = json_body::parse_error(reply);
    let body = json_body::error_body(reply);
    let named = body.get("code").or_else(|| body.get("Code"));
    let code = match reply.header("x-amzn-errortype") {
        Some(name) => Some(json_body::bare(name).into()),
        None => named.map(|code| code.as_str().map_or(code.clone(), |c| json_body::bare(c).into())),
    };
    if let (Some(code), Some(error)) = (code, parsed.members.get_mut("Error")) {
        error["Code"] = code;
    }
    parsed
}

/// An error of a service that speaks XML, in one of two forms: S3's root is the error, the others'
/// root holds it. A reply without a body, as to `HEAD`, has its status as its code.
pub(crate) fn parse_xml_error(reply: &Reply) -> Parsed {
    xml_error(reply).unwrap_or_else(|_| {
        let header = |name| reply.header(name).unwrap_or_default();
        let error = json!({ "Code": reply.status.to_string(), "Message": reply.reason() });
        Parsed {
            members: Map::from_iter([("Error".to_owned(), error)]),
            metadata: Map::from_iter([
                ("RequestId".to_owned(), header("x-amz-request-id").into()),
                ("HostId".to_owned(), header("x-amz-id-2").into()),
            ]),
        }
    })
}

fn xml_error(reply: &Reply) -> Result<Parsed, ProtocolError> {
    let document = xml::parse(xml::text_of(&reply.body)?)?;
    let root = document.root_element();
    let mut found = xml::untyped_children(root)?;
    if root.tag_name().name() == "Error" {
        found.shift_remove("RequestId");
        found.shift_remove("HostId");
        let members = Map::from_iter([("Error".to_owned(), Value::Object(found))]);
        return Ok(Parsed { members, metadata: metadata(reply) });
    }
    let request_id = found.shift_remove("RequestId");
    let metadata = request_id.map(|id| ("RequestId".to_owned(), id)).into_iter().collect();
    let mut error = Map::from_iter([
        ("Message".to_owned(), Value::from("")),
        ("Code".to_owned(), Value::from("")),
    ]);
    if let Some(Value::Object(given)) = found.shift_remove("Error") {
        error.extend(given);
    }
    let mut members = Map::from_iter([("Error".to_owned(), Value::Object(error))]);
    members.extend(found);
    Ok(Parsed { members, metadata })
}
