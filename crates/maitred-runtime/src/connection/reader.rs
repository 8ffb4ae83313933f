//! Reads the members of `extra`, whose values came from a URI, JSON or TOML.

use serde_json::{Map, Value};

use maitred_core::client::Verify;
use maitred_core::diagnostic::nearest;

/// The members of an object, and where it stands in the connection, e.g. `extra.oauth2`. The errors are messages
/// that name the member and repeat no value.
#[derive(Debug)]
pub struct Reader<'a> {
    entries: &'a Map<String, Value>,
    path: String,
}

impl<'a> Reader<'a> {
    /// The members of `entries`, which stand at `path`.
    pub fn new(entries: &'a Map<String, Value>, path: impl Into<String>) -> Self {
        Self { entries, path: path.into() }
    }

    /// Refuses members that are not `known`; `otherwise` is the advice where none is near.
    pub fn only(&self, known: &[&str], otherwise: &str) -> Result<(), String> {
        let Some(key) = self.entries.keys().find(|key| !known.contains(&key.as_str())) else {
            return Ok(());
        };
        let help = match nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`? {otherwise}"),
            None => otherwise.to_owned(),
        };
        Err(format!("`{}.{key}` is not known; {}", self.path, help.trim_end()))
    }

    /// A member that is there; `null` and an empty string count as absent.
    pub fn get(&self, key: &str) -> Option<&'a Value> {
        self.entries.get(key).filter(|value| !value.is_null() && value.as_str() != Some(""))
    }

    /// A text. A number is one too: in a URI, nothing tells them apart.
    pub fn text(&self, key: &str) -> Result<Option<String>, String> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(self.expected(key, "a string")),
        }
    }

    /// A text that must be there.
    pub fn required(&self, key: &str) -> Result<String, String> {
        self.text(key)?.ok_or_else(|| format!("`{}.{key}` is missing", self.path))
    }

    /// `true` or `false`, also as a text.
    pub fn boolean(&self, key: &str) -> Result<Option<bool>, String> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => {
                as_boolean(value).map(Some).ok_or_else(|| self.expected(key, "true or false"))
            }
        }
    }

    /// A number, also as a text.
    pub fn number(&self, key: &str) -> Result<Option<Value>, String> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let number = match value {
            Value::String(text) => serde_json::from_str(text).ok().filter(Value::is_number),
            Value::Number(_) => Some(value.clone()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        number.map(Some).ok_or_else(|| self.expected(key, "a number"))
    }

    /// `true`, `false` or the path of a CA file.
    pub fn verify(&self, key: &str) -> Result<Option<Verify>, String> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match (as_boolean(value), value) {
            (Some(enabled), _) => Ok(Some(Verify::Enabled(enabled))),
            (None, Value::String(path)) => Ok(Some(Verify::CaFile(path.clone()))),
            _ => Err(self.expected(key, "true, false, or the path of a CA file")),
        }
    }

    /// An object, also as a text of JSON.
    pub fn object(&self, key: &str) -> Result<Option<Map<String, Value>>, String> {
        let decoded = match self.get(key) {
            None => return Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).ok(),
            Some(other) => Some(other.clone()),
        };
        match decoded {
            Some(Value::Object(entries)) => Ok(Some(entries)),
            _ => Err(self.expected(key, "an object")),
        }
    }

    fn expected(&self, key: &str, what: &str) -> String {
        format!("`{}.{key}` must be {what}", self.path)
    }
}

fn as_boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}
