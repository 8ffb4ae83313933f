//! The values of a reply that go into an event.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::TriggerError;
use maitred_core::expression::Expression;

/// Checks JMESPath expressions by name.
pub(super) fn check(values: &BTreeMap<String, String>) -> Result<(), TriggerError> {
    for (name, text) in values {
        Expression::compile(text)
            .map_err(|error| TriggerError::new(format!("values.{name}: {error}")))?;
    }
    Ok(())
}

/// Whether one of the expressions reads the member `name` of a document.
pub(super) fn read_member(values: &BTreeMap<String, String>, name: &str) -> bool {
    let mut compiled = values.values().filter_map(|text| Expression::compile(text).ok());
    compiled.any(|expression| expression.reads(name))
}

/// The values of the expressions for a document.
pub(super) fn read(
    values: &BTreeMap<String, String>,
    document: &Value,
) -> Result<Map<String, Value>, String> {
    let read = |(name, text): (&String, &String)| {
        let fail = |why: &dyn std::fmt::Display| format!("`{text}` of the reply: {why}");
        let expression = Expression::compile(text).map_err(|error| fail(&error))?;
        let value = expression.evaluate(document).map_err(|error| fail(&error))?;
        Ok((name.clone(), value))
    };
    values.iter().map(read).collect()
}
