//! The named values of replies.

use std::collections::BTreeMap;

use maitred_core::operator_file::{ValueConfig, ValueType};
use maitred_core::placeholder::Scope as _;
use serde_json::{Map, Value};

use super::scope::StepScope;
use crate::operator::OperatorError;
use maitred_core::expression::Expression;

/// The value of an expression on a document.
pub(super) fn evaluate(
    text: &str,
    document: &Value,
    scope: &StepScope<'_>,
) -> Result<Value, OperatorError> {
    let wrong =
        |why: &dyn std::fmt::Display| OperatorError::new(format!("`{text}` of the reply: {why}"));
    let expression = Expression::compile(text).map_err(|error| wrong(&error))?;
    let expression = scope.expression(&expression).map_err(|error| wrong(&error))?;
    expression.evaluate(document).map_err(|error| wrong(&error))
}

/// The values of a document. Those that are null are left out.
pub(super) fn read(
    values: &BTreeMap<String, ValueConfig>,
    document: &Value,
    scope: &StepScope<'_>,
) -> Result<Map<String, Value>, OperatorError> {
    let mut found = Map::new();
    for (name, value) in values {
        let read = evaluate(value.expression(), document, scope)?;
        insert(&mut found, name, value, read);
    }
    Ok(found)
}

/// Takes a value that was read, in its type, unless it is null.
pub(super) fn insert(
    values: &mut Map<String, Value>,
    name: &str,
    config: &ValueConfig,
    value: Value,
) {
    let value = match (config, &value) {
        // A text that is no JSON stays a text.
        (ValueConfig::Typed { kind: ValueType::JsonText, .. }, Value::String(text)) => {
            serde_json::from_str(text).unwrap_or(value)
        }
        _ => value,
    };
    if !value.is_null() {
        values.insert(name.to_owned(), value);
    }
}
