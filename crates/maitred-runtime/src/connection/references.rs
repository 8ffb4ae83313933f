//! References to secrets inside of JSON, e.g. in the headers of a request.

use serde_json::Value;

use super::secret::{BadSecretRef, HIDDEN, SecretRef};

/// True if there is a reference to a secret in `value`.
#[must_use]
pub fn has_reference(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_reference),
        Value::Object(entries) => {
            SecretRef::from_value(value).is_some() || entries.values().any(has_reference)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// `value` with [`HIDDEN`] in the place of the references in it, to be checked.
///
/// # Errors
/// An object with the key `$secret` is not a reference.
pub fn without_references(value: &Value) -> Result<Value, BadSecretRef> {
    if let Some(reference) = SecretRef::from_value(value) {
        return reference.map(|_| Value::from(HIDDEN));
    }
    match value {
        Value::Array(items) => items.iter().map(without_references).collect(),
        Value::Object(entries) => {
            let entries = entries.iter();
            entries.map(|(key, entry)| Ok((key.clone(), without_references(entry)?))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(value.clone()),
    }
}
