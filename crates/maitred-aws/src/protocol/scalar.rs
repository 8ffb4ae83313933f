//! Scalar values, which the protocols share.

use serde_json::{Map, Number, Value};

use maitred_model::timestamp::DateTime;
use maitred_model::{ShapeKind, TimestampFormat};

use super::message::ProtocolError;

/// A timestamp of the input, ISO 8601, RFC 822 or seconds since 1970, in the format of the wire.
///
/// # Errors
/// The value is not a timestamp.
pub(super) fn timestamp(
    path: &str,
    value: &Value,
    format: TimestampFormat,
) -> Result<String, ProtocolError> {
    let time = match value {
        Value::String(text) => DateTime::parse(text),
        Value::Number(number) => number.as_f64().and_then(DateTime::from_epoch),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let time = time.ok_or_else(|| ProtocolError(format!("{path} is no timestamp: {value}")))?;
    Ok(time.format(format))
}

/// A string, number or boolean as text.
pub(super) fn scalar_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A union whose member is newer than the model, as botocore shows it.
pub(super) fn unknown_member(name: &str) -> Map<String, Value> {
    let unknown = serde_json::json!({ "name": name });
    Map::from_iter([("SDK_UNKNOWN_MEMBER".to_owned(), unknown)])
}

/// The value of a scalar shape.
///
/// # Errors
/// A number is malformed.
pub(super) fn parse_scalar(kind: &ShapeKind, text: String) -> Result<Value, ProtocolError> {
    match kind {
        ShapeKind::Boolean => Ok(Value::Bool(text == "true")),
        ShapeKind::Integer | ShapeKind::Long => integer(&text).map(Value::Number),
        ShapeKind::Float | ShapeKind::Double => float(text),
        // A time that cannot be read is passed on unchanged: nothing depends on it.
        ShapeKind::Timestamp => {
            Ok(Value::String(DateTime::parse(&text).map_or(text, DateTime::isoformat)))
        }
        ShapeKind::Blob => Ok(Value::String(text.split_whitespace().collect())),
        ShapeKind::String(_)
        | ShapeKind::Structure(_)
        | ShapeKind::List(_)
        | ShapeKind::Map { .. } => Ok(Value::String(text)),
    }
}

fn integer(text: &str) -> Result<Number, ProtocolError> {
    let text = text.trim();
    let signed = text.parse::<i64>().map(Number::from);
    let number = signed.or_else(|_| text.parse::<u64>().map(Number::from));
    number.map_err(|_| ProtocolError(format!("the reply has `{text}` where an integer must be")))
}

/// JSON has no number for what is not finite: that stays a text.
fn float(text: String) -> Result<Value, ProtocolError> {
    let number = text.trim().parse::<f64>();
    let number = number
        .map_err(|_| ProtocolError(format!("the reply has `{text}` where a number must be")))?;
    Ok(Number::from_f64(number).map_or_else(|| Value::String(text), Value::Number))
}
