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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read<T>(value: Value, read: impl Fn(&Reader<'_>) -> Result<T, String>) -> Result<T, String> {
        let entries = Map::from_iter([("k".to_owned(), value)]);
        read(&Reader::new(&entries, "extra"))
    }

    fn must_be<T>(what: &str) -> Result<T, String> {
        Err(format!("`extra.k` must be {what}"))
    }

    #[test]
    fn what_is_empty_is_not_there() {
        for value in [json!(null), json!("")] {
            assert_eq!(read(value.clone(), |reader| reader.text("k")), Ok(None));
            assert_eq!(read(value.clone(), |reader| reader.number("k")), Ok(None));
            assert_eq!(read(value.clone(), |reader| reader.boolean("k")), Ok(None));
            assert_eq!(read(value.clone(), |reader| reader.object("k")), Ok(None));
            assert_eq!(read(value.clone(), |reader| reader.verify("k")), Ok(None));
            let missing = read(value, |reader| reader.required("k"));
            assert_eq!(missing, Err("`extra.k` is missing".to_owned()));
        }
    }

    #[test]
    fn a_member_has_its_type_also_as_a_text() {
        let text = |value| read(value, |reader| reader.text("k"));
        assert_eq!(text(json!("a")), Ok(Some("a".to_owned())));
        assert_eq!(text(json!(7)), Ok(Some("7".to_owned())));
        assert_eq!(text(json!(true)), must_be("a string"));
        let number = |value| read(value, |reader| reader.number("k"));
        assert_eq!(number(json!(7)), Ok(Some(json!(7))));
        assert_eq!(number(json!("7.5")), Ok(Some(json!(7.5))));
        for wrong in [json!("x"), json!("true"), json!("[1]"), json!(true)] {
            assert_eq!(number(wrong), must_be("a number"));
        }
        let boolean = |value| read(value, |reader| reader.boolean("k"));
        for (value, is) in [
            (json!(true), true),
            (json!("True"), true),
            (json!(false), false),
            (json!("FALSE"), false),
        ] {
            assert_eq!(boolean(value), Ok(Some(is)));
        }
        for wrong in [json!(1), json!("yes"), json!("1")] {
            assert_eq!(boolean(wrong), must_be("true or false"));
        }
        let object = |value| read(value, |reader| reader.object("k"));
        let expected = Map::from_iter([("a".to_owned(), json!(1))]);
        assert_eq!(object(json!({"a": 1})), Ok(Some(expected.clone())));
        assert_eq!(object(json!("{\"a\": 1}")), Ok(Some(expected)));
        for wrong in [json!("x"), json!("[1]"), json!([1])] {
            assert_eq!(object(wrong), must_be("an object"));
        }
        let verify = |value| read(value, |reader| reader.verify("k"));
        assert_eq!(verify(json!("false")), Ok(Some(Verify::Enabled(false))));
        assert_eq!(verify(json!("/ca.pem")), Ok(Some(Verify::CaFile("/ca.pem".to_owned()))));
        assert_eq!(verify(json!(1)), must_be("true, false, or the path of a CA file"));
    }
}
