//! Values of options as JSON.

use serde_json::Value;

use crate::config::{ParameterType, WaiterConfig};

/// The value of a waiter's parameter. One that is not of the declared type stays a string, which the
/// compiler then names.
pub(super) fn parameter(config: &WaiterConfig, name: &str, text: &str) -> Value {
    let kind = config.parameters.get(name).map(|parameter| parameter.kind).unwrap_or_default();
    let string = || Value::String(text.to_owned());
    match kind {
        ParameterType::String | ParameterType::Expression => string(),
        ParameterType::Number | ParameterType::Boolean | ParameterType::Json => {
            serde_json::from_str(text).unwrap_or_else(|_| string())
        }
    }
}

/// JSON, or else the text itself. A number that JSON would print in another way, such as `1e10` or one
/// that is too long, is an id and no number.
pub(super) fn baseline(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Number(number)) if number.to_string() != text => Value::from(text),
        Ok(value) => value,
        Err(_) => Value::from(text),
    }
}
