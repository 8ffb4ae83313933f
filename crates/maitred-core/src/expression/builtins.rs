//! The bodies of JMESPath's functions: from values to a value.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use super::error::EvaluationError;
use crate::python;

pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(super) fn entries(value: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    value.as_object().into_iter()
}

pub(super) fn value_length(value: &Value) -> usize {
    match value {
        Value::String(text) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(entries) => entries.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

pub(super) fn number(value: &Value, function: impl Fn(&Number) -> Option<Number>) -> Value {
    value.as_number().and_then(function).map_or(Value::Null, Value::Number)
}

pub(super) fn abs(number: &Number) -> Option<Number> {
    match number.as_i64() {
        Some(integer) => Some(integer.unsigned_abs().into()),
        None if number.is_u64() => Some(number.clone()),
        None => Number::from_f64(number.as_f64()?.abs()),
    }
}

/// Rounds as Python does: a float becomes an integer.
pub(super) fn whole(number: &Number, round: fn(f64) -> f64) -> Option<Number> {
    if !number.is_f64() {
        return Some(number.clone());
    }
    let rounded = round(number.as_f64()?);
    if rounded.abs() < 9e18 { Some((rounded as i64).into()) } else { Number::from_f64(rounded) }
}

pub(super) fn sum(items: &[Value]) -> Value {
    let integers: Option<i128> = items
        .iter()
        .map(|item| item.as_i64().map(i128::from).or_else(|| item.as_u64().map(i128::from)))
        .sum();
    match integers.and_then(Number::from_i128) {
        Some(total) => Value::Number(total),
        None => items.iter().filter_map(Value::as_f64).sum::<f64>().into(),
    }
}

pub(super) fn average(items: &[Value]) -> Value {
    match (sum(items).as_f64(), items.len()) {
        (_, 0) | (None, _) => Value::Null,
        (Some(total), count) => (total / count as f64).into(),
    }
}

pub(super) fn contains(arguments: Vec<Value>) -> Result<Value, EvaluationError> {
    let (subject, search) = (&arguments[0], &arguments[1]);
    match (subject, search) {
        (Value::String(subject), Value::String(search)) => Ok(subject.contains(&**search).into()),
        (Value::String(_), search) => Err(EvaluationError::new(format!(
            "'in <string>' requires string as left operand, not {}",
            python::type_name(search)
        ))),
        (subject, search) => {
            for item in list(subject) {
                if python::try_equal(item, search).map_err(EvaluationError::new)? {
                    return Ok(true.into());
                }
            }
            Ok(false.into())
        }
    }
}

/// Python's order of two numbers or two strings.
pub(super) fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            python::compare_numbers(a, b).unwrap_or(Ordering::Equal)
        }
        (a, b) => text(a).cmp(text(b)),
    }
}

/// The first of the largest or smallest items.
pub(super) fn extreme(items: &[Value], wanted: Ordering) -> Value {
    let best =
        items.iter().reduce(|best, next| if order(next, best) == wanted { next } else { best });
    best.cloned().unwrap_or_default()
}

pub(super) fn merge(arguments: Vec<Value>) -> Result<Value, EvaluationError> {
    let mut merged = Map::new();
    for argument in arguments {
        if let Value::Object(object) = argument {
            merged.extend(object);
        } else {
            // Only the first argument is type-checked.
            not_mergeable(&argument)?;
        }
    }
    Ok(Value::Object(merged))
}

/// The error of Python's `dict.update` on a value that is not an object.
fn not_mergeable(value: &Value) -> Result<(), EvaluationError> {
    let first = match value {
        Value::String(text) => text.chars().next().map(|first| Value::from(first.to_string())),
        Value::Array(items) => items.first().cloned(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            let kind = python::type_name(value);
            return Err(EvaluationError::new(format!("'{kind}' object is not iterable")));
        }
    };
    let Some(first) = first else { return Ok(()) };
    let length = value_length(&first);
    Err(EvaluationError::new(format!(
        "dictionary update sequence element #0 has length {length}; 2 is required"
    )))
}

pub(super) fn not_null(arguments: Vec<Value>) -> Result<Value, EvaluationError> {
    Ok(arguments.into_iter().find(|argument| !argument.is_null()).unwrap_or_default())
}

pub(super) fn reverse(value: &Value) -> Value {
    match value.as_str() {
        Some(text) => text.chars().rev().collect::<String>().into(),
        None => list(value).iter().rev().cloned().collect(),
    }
}

pub(super) fn to_number(value: &Value) -> Value {
    match value {
        Value::Number(_) => value.clone(),
        Value::String(text) => python::parse_number(text).map_or(Value::Null, Value::Number),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Value::Null,
    }
}

pub(super) fn to_string(value: &Value) -> String {
    value.as_str().map_or_else(|| python::dumps(value), str::to_owned)
}
