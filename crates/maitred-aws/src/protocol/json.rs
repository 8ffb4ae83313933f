//! The JSON protocols 1.0 and 1.1, and the JSON of REST bodies.
//!
//! <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>

use serde_json::{Map, Number, Value};

use maitred_core::client::json_type;
use maitred_model::timestamp::DateTime;
use maitred_model::{
    OperationModel, ServiceModel, ShapeId, ShapeKind, ShapeRef, Structure, TimestampFormat,
};

use super::message::{Parsed, ProtocolError, Reply, Request};
use super::scalar::{parse_scalar, timestamp, unknown_member};

pub(super) fn serialize(
    service: &ServiceModel,
    operation: &OperationModel,
    input: &Map<String, Value>,
) -> Result<Request, ProtocolError> {
    let body = match &operation.input {
        Some(reference) => write_structure(operation, reference, input)?,
        None => Map::new(),
    };
    let version = service.json_version.as_deref().unwrap_or("1.0");
    let prefix = service.target_prefix.as_deref().unwrap_or_default();
    let mut headers = vec![
        ("x-amz-target".into(), format!("{prefix}.{}", operation.name).into()),
        ("content-type".into(), format!("application/x-amz-json-{version}").into()),
    ];
    if service.query_compatible {
        headers.push(("x-amzn-query-mode".into(), "true".into()));
    }
    let body = Value::Object(body).to_string().into_bytes();
    Ok(Request { target: "/".into(), headers, body })
}

/// A structure of the input as it goes into a body.
///
/// # Errors
/// The input has something that is not a member, or an invalid time.
pub(super) fn write_structure(
    operation: &OperationModel,
    reference: &ShapeRef,
    input: &Map<String, Value>,
) -> Result<Map<String, Value>, ProtocolError> {
    let Some(structure) = operation.shape(reference).structure() else { return Ok(Map::new()) };
    if structure.document {
        return Ok(input.clone());
    }
    let mut written = Map::with_capacity(input.len());
    for (key, value) in input {
        let member = structure.member(key);
        let member = member.ok_or_else(|| ProtocolError(format!("{key} is not a member")))?;
        let name = operation.location_name(&member.target).unwrap_or(key);
        written.insert(name.to_owned(), write(operation, &member.target, value, key)?);
    }
    Ok(written)
}

/// A value of the input as it goes into a body.
///
/// # Errors
/// As [`write_structure`].
pub(super) fn write(
    operation: &OperationModel,
    reference: &ShapeRef,
    value: &Value,
    path: &str,
) -> Result<Value, ProtocolError> {
    match (&operation.shape(reference).kind, value) {
        (ShapeKind::Structure(Structure { document: true, .. }), _) => Ok(value.clone()),
        (ShapeKind::Structure(_), Value::Object(input)) => {
            write_structure(operation, reference, input).map(Value::Object)
        }
        (ShapeKind::List(member), Value::Array(items)) => {
            let items = items.iter().map(|item| write(operation, member, item, path));
            items.collect::<Result<_, _>>().map(Value::Array)
        }
        (ShapeKind::Map { value, .. }, Value::Object(entries)) => {
            let entries = entries
                .iter()
                .map(|(key, entry)| Ok((key.clone(), write(operation, value, entry, path)?)));
            entries.collect::<Result<_, _>>().map(Value::Object)
        }
        (ShapeKind::Timestamp, _) => {
            let format = operation.timestamp_format(reference);
            let format = format.unwrap_or(TimestampFormat::UnixTimestamp);
            let text = timestamp(path, value, format)?;
            let seconds =
                if format == TimestampFormat::UnixTimestamp { text.parse() } else { Ok(0) };
            Ok(match (format, seconds) {
                (TimestampFormat::UnixTimestamp, Ok::<i64, _>(seconds)) => seconds.into(),
                _ => Value::String(text),
            })
        }
        // A text that holds JSON may be given as that JSON.
        (ShapeKind::String(_), value) if reference.traits.json_value && !value.is_string() => {
            Ok(Value::String(value.to_string()))
        }
        _ => Ok(value.clone()),
    }
}

pub(super) fn parse_output(
    operation: &OperationModel,
    reply: &Reply,
) -> Result<Parsed, ProtocolError> {
    let members = match &operation.output {
        Some(output) if !operation.members(output).is_empty() => {
            Reader { operation, converts: false }.structure(output.shape, body_of(reply)?)?
        }
        _ => Map::new(),
    };
    Ok(Parsed { members, metadata: request_id(reply) })
}

/// The body of a reply; an empty one is an empty object.
///
/// # Errors
/// The body is not JSON, or is nested too deeply.
pub(super) fn body_of(reply: &Reply) -> Result<Value, ProtocolError> {
    if reply.body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    serde_json::from_slice(&reply.body)
        .map_err(|error| ProtocolError(format!("the reply is no JSON: {error}")))
}

fn request_id(reply: &Reply) -> Map<String, Value> {
    let id = reply.header("x-amzn-requestid");
    id.map(|id| ("RequestId".to_owned(), id.into())).into_iter().collect()
}

/// An error reply: code and message, in any of the places that services use.
pub(super) fn parse_error(reply: &Reply) -> Parsed {
    let body = error_body(reply);
    let message = body.get("message").or_else(|| body.get("Message"));
    let mut error = Map::new();
    error.insert("Message".to_owned(), message.cloned().unwrap_or_else(|| "".into()));
    error.insert("Code".to_owned(), "".into());
    let named = body.get("__type").and_then(Value::as_str);
    let mut code = named.map_or_else(|| reply.status.to_string(), |name| bare(name).to_owned());
    // `Code;Type` of a service that had the query protocol once.
    let query_error = reply.header("x-amzn-query-error").and_then(|value| value.split_once(';'));
    if let Some((query_code, kind)) = query_error
        && !query_code.is_empty()
        && !kind.contains(';')
    {
        error.insert("QueryErrorCode".to_owned(), std::mem::take(&mut code).into());
        error.insert("Type".to_owned(), kind.into());
        query_code.clone_into(&mut code);
    }
    error.insert("Code".to_owned(), code.into());
    let members = Map::from_iter([("Error".to_owned(), Value::Object(error))]);
    Parsed { members, metadata: request_id(reply) }
}

/// A body that is not JSON is the message.
pub(super) fn error_body(reply: &Reply) -> Map<String, Value> {
    match body_of(reply) {
        Ok(Value::Object(body)) => body,
        _ => {
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            Map::from_iter([("message".to_owned(), Value::String(text))])
        }
    }
}

/// The name of an error without what services put around it: `namespace#Name:http://…`.
pub(super) fn bare(name: &str) -> &str {
    let name = name.split(':').next().unwrap_or(name);
    name.rsplit('#').next().unwrap_or(name)
}

/// Reads JSON by the shapes of an operation. It cannot be nested deeper than its parser allows.
pub(super) struct Reader<'a> {
    pub(super) operation: &'a OperationModel,
    /// Whether values of other types are converted to numbers and booleans, as in REST bodies.
    pub(super) converts: bool,
}

impl Reader<'_> {
    /// The members of a structure that are set, in the order of the model.
    ///
    /// # Errors
    /// A value is not of its type.
    pub(super) fn structure(
        &self,
        shape: ShapeId,
        value: Value,
    ) -> Result<Map<String, Value>, ProtocolError> {
        let structure = self.operation.shapes.get(shape).and_then(|shape| shape.structure());
        let Some(structure) = structure else { return Ok(Map::new()) };
        let Value::Object(mut value) = value else { return Err(mismatch("an object", &value)) };
        if structure.union
            && let Some(unknown) = self.unknown_member(structure, &value)
        {
            return Ok(unknown_member(&unknown));
        }
        let mut members = Map::new();
        for member in &structure.members {
            let name = self.operation.location_name(&member.target).unwrap_or(&member.name);
            // Two members never share a name on the wire.
            if let Some(found) = value.get_mut(name).map(Value::take).filter(|v| !v.is_null()) {
                members.insert(member.name.clone(), self.value(&member.target, found)?);
            }
        }
        Ok(members)
    }

    /// The only member that a union has, if the model does not know it.
    fn unknown_member(&self, union: &Structure, value: &Map<String, Value>) -> Option<String> {
        let set = value.iter().filter(|(name, value)| *name != "__type" && !value.is_null());
        let mut names = set.map(|(name, _)| name);
        let (only, None) = (names.next()?, names.next()) else { return None };
        let wire_name = |target| self.operation.location_name(target);
        let known = union
            .members
            .iter()
            .any(|member| wire_name(&member.target).unwrap_or(&member.name) == only);
        (!known).then(|| only.clone())
    }

    /// A value of any shape; `null` stays.
    ///
    /// # Errors
    /// As [`Reader::structure`].
    pub(super) fn value(&self, reference: &ShapeRef, value: Value) -> Result<Value, ProtocolError> {
        let kind = &self.operation.shape(reference).kind;
        match (kind, value) {
            (_, Value::Null) => Ok(Value::Null),
            (ShapeKind::Structure(Structure { document: true, .. }), value) => Ok(value),
            (ShapeKind::Structure(_), value) => {
                self.structure(reference.shape, value).map(Value::Object)
            }
            (ShapeKind::List(member), Value::Array(items)) => {
                let items = items.into_iter().map(|item| self.value(member, item));
                items.collect::<Result<_, _>>().map(Value::Array)
            }
            (ShapeKind::Map { value: element, .. }, Value::Object(entries)) => {
                let entries =
                    entries.into_iter().map(|(key, entry)| Ok((key, self.value(element, entry)?)));
                entries.collect::<Result<_, _>>().map(Value::Object)
            }
            (ShapeKind::List(_), value) => Err(mismatch("a list", &value)),
            (ShapeKind::Map { .. }, value) => Err(mismatch("an object", &value)),
            (ShapeKind::Timestamp, value) => Ok(time(value)),
            (kind, value) if self.converts => convert(kind, value),
            (_, value) => Ok(value),
        }
    }
}

/// A time that cannot be read is passed on unchanged: nothing depends on it.
fn time(value: Value) -> Value {
    let time = match &value {
        Value::Number(number) => number.as_f64().and_then(DateTime::from_epoch),
        Value::String(text) => DateTime::parse(text),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    time.map_or(value, |time| Value::String(time.isoformat()))
}

fn convert(kind: &ShapeKind, value: Value) -> Result<Value, ProtocolError> {
    match (kind, value) {
        (ShapeKind::Boolean, Value::String(text)) => {
            Ok(Value::Bool(text.eq_ignore_ascii_case("true")))
        }
        (ShapeKind::Integer | ShapeKind::Long, Value::Number(number)) if number.is_f64() => {
            let text = format!("{:.0}", number.as_f64().unwrap_or_default().trunc());
            parse_scalar(kind, text)
        }
        (ShapeKind::Float | ShapeKind::Double, Value::Number(number)) => {
            let float = number.as_f64().and_then(Number::from_f64);
            Ok(Value::Number(float.unwrap_or(number)))
        }
        (
            ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double,
            Value::String(text),
        ) => parse_scalar(kind, text),
        (_, value) => Ok(value),
    }
}

fn mismatch(expected: &str, value: &Value) -> ProtocolError {
    ProtocolError(format!("the reply has {} where {expected} must be", json_type(value)))
}
