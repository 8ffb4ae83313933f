//! References to secrets inside of JSON, e.g. in the headers of a request.

use serde_json::Value;

use super::lookup::Connections;
use super::secret::{BadSecretRef, HIDDEN, SecretError, SecretRef};

impl Connections {
    /// `value` with the secrets in the place of the references in it, for the request that needs them.
    /// The result must not be stored.
    ///
    /// # Errors
    /// A secret cannot be had. The message does not hold any.
    pub async fn resolve(&self, mut value: Value) -> Result<Value, SecretError> {
        if !has_reference(&value) {
            return Ok(value);
        }
        let this = self.clone();
        // A file may be on a disk that is slow. A panic goes on where it was asked for.
        let resolved = tokio::task::spawn_blocking(move || {
            this.put_secrets(&mut value)?;
            Ok(value)
        });
        resolved.await.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
    }

    /// What is parsed is not nested deep: serde_json has a limit.
    fn put_secrets(&self, value: &mut Value) -> Result<(), SecretError> {
        if let Some(Ok(reference)) = SecretRef::from_value(value) {
            *value = Value::String(self.secret_now(&reference, 0)?.expose().to_owned());
            return Ok(());
        }
        match value {
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.put_secrets(item)),
            Value::Object(entries) => {
                entries.values_mut().try_for_each(|entry| self.put_secrets(entry))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }
}

/// Whether there is a reference to a secret in `value`.
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
/// What looks like a reference is none.
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
