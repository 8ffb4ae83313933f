//! Values that must not be seen, and references that stand for them where things are stored.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::ser::{Error as _, SerializeMap as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// The text that is shown in place of a secret.
pub const HIDDEN: &str = maitred_core::secrets::HIDDEN;

/// The key of an object that refers to a secret.
const KEY: &str = "$secret";

/// The forms of a reference, for messages.
pub(super) const FORMS: &str =
    r#"{"$secret": "env:NAME"}, {"$secret": "file:PATH"} or {"$secret": "conn:ID.password"}"#;

/// A text that is not shown: `Debug` and `Display` print `***`, and it cannot be serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the request that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom(format!("a secret is not stored; store a reference to it: {FORMS}")))
    }
}

/// A reference to a secret: what may be stored in its place. The value is looked up whenever it is
/// used ([`super::Connections::secret`]).
///
/// As JSON it is `{"$secret": "env:NAME"}`, `{"$secret": "file:PATH"}` or
/// `{"$secret": "conn:ID.FIELD"}`, where FIELD is `login`, `password` or `extra.KEY`. A literal is
/// refused with a message that does not repeat it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretRef {
    /// The value of an environment variable.
    Env(String),
    /// The content of a file, without the newline at its end.
    File(PathBuf),
    /// A field of a connection.
    Connection {
        /// The id of the connection.
        id: String,
        /// The field.
        field: SecretField,
    },
}

/// The field of a connection that holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretField {
    /// `login`
    Login,
    /// `password`
    Password,
    /// `extra.KEY`
    Extra(String),
}

impl SecretRef {
    /// Reads `env:NAME`, `file:PATH` or `conn:ID.FIELD`.
    ///
    /// # Errors
    /// It is none of these. The message does not repeat `text`, which may be a secret itself.
    pub fn parse(text: &str) -> Result<Self, BadSecretRef> {
        let bad = |message: &'static str| BadSecretRef(message);
        let (scheme, rest) =
            text.split_once(':').ok_or(bad("it has no `env:`, `file:` or `conn:`"))?;
        match scheme {
            "env" if rest.is_empty() => Err(bad("`env:` needs the name of a variable")),
            "env" => Ok(Self::Env(rest.to_owned())),
            "file" if rest.is_empty() => Err(bad("`file:` needs the path of a file")),
            "file" => Ok(Self::File(PathBuf::from(rest))),
            "conn" => connection_field(rest)
                .ok_or(bad("`conn:` needs ID.password, ID.login or ID.extra.KEY")),
            _ => Err(bad("it begins with none of `env:`, `file:` and `conn:`")),
        }
    }

    /// The reference that `value` is, if it is an object with the key `$secret`.
    pub(super) fn from_value(value: &Value) -> Option<Result<Self, BadSecretRef>> {
        let entries = value.as_object().filter(|entries| entries.contains_key(KEY))?;
        Some(Self::from_object(entries))
    }

    fn from_object(entries: &Map<String, Value>) -> Result<Self, BadSecretRef> {
        match (entries.get(KEY), entries.len()) {
            (Some(Value::String(text)), 1) => Self::parse(text),
            (Some(_), 1) => Err(BadSecretRef("`$secret` must be a string")),
            (Some(_), _) => Err(BadSecretRef("`$secret` must stand alone in its object")),
            (None, _) => Err(BadSecretRef("it has no key `$secret`")),
        }
    }
}

fn connection_field(text: &str) -> Option<SecretRef> {
    let (id, field) = match text.split_once(".extra.") {
        Some((id, key)) if !key.is_empty() => (id, SecretField::Extra(key.to_owned())),
        Some(_) => return None,
        None => match text.rsplit_once('.')? {
            (id, "login") => (id, SecretField::Login),
            (id, "password") => (id, SecretField::Password),
            _ => return None,
        },
    };
    (!id.is_empty()).then(|| SecretRef::Connection { id: id.to_owned(), field })
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Connection { id, field } => match field {
                SecretField::Login => write!(f, "conn:{id}.login"),
                SecretField::Password => write!(f, "conn:{id}.password"),
                SecretField::Extra(key) => write!(f, "conn:{id}.extra.{key}"),
            },
        }
    }
}

impl Serialize for SecretRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(KEY, &self.to_string())?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Serde's own messages about a wrong type repeat the value, which here may be a secret.
        let value = Value::deserialize(deserializer)
            .map_err(|_| D::Error::custom("a secret's reference cannot be read"))?;
        match &value {
            Value::Object(entries) => Self::from_object(entries).map_err(D::Error::custom),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Err(D::Error::custom(format!(
                "a secret must be given as a reference, because it would be stored: {FORMS}"
            ))),
        }
    }
}

impl JsonSchema for SecretRef {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SecretRef".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "description": "A reference to a secret: the value itself is never stored.",
            "properties": {
                "$secret": {
                    "type": "string",
                    "pattern": r"^(env:.+|file:.+|conn:.+\.(login|password|extra\..+))$",
                },
            },
            "required": ["$secret"],
            "additionalProperties": false,
        })
    }
}

/// The reason why a text is not a reference to a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a reference to a secret: {0}; write {FORMS}")]
pub struct BadSecretRef(&'static str);

/// A secret that has no value here. The message never holds the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secret `{reference}` cannot be had: {problem}")]
pub struct SecretError {
    reference: SecretRef,
    problem: String,
}

impl SecretError {
    pub(super) fn new(reference: &SecretRef, problem: impl Into<String>) -> Self {
        Self { reference: reference.clone(), problem: problem.into() }
    }
}

/// A value of a connection: as it was written, or a reference.
#[derive(Clone, PartialEq)]
pub(super) enum SecretValue {
    Literal(Secret),
    Reference(SecretRef),
}

impl SecretValue {
    /// Reads a field: a scalar or a reference. The error does not repeat the value.
    pub(super) fn read(value: &Value) -> Result<Option<Self>, String> {
        if let Some(reference) = SecretRef::from_value(value) {
            return reference
                .map(|found| Some(Self::Reference(found)))
                .map_err(|bad| bad.to_string());
        }
        match value {
            Value::Null => Ok(None),
            Value::String(text) if text.is_empty() => Ok(None),
            Value::String(text) => Ok(Some(Self::Literal(Secret::new(text)))),
            Value::Number(number) => Ok(Some(Self::Literal(Secret::new(number.to_string())))),
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                Err(format!("must be a string or a reference: {FORMS}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reference_names_a_variable_a_file_or_a_field() {
        let field = |id: &str, field| SecretRef::Connection { id: id.to_owned(), field };
        for (text, reference) in [
            ("env:A", SecretRef::Env("A".to_owned())),
            ("file:/a:b", SecretRef::File("/a:b".into())),
            ("conn:a.login", field("a", SecretField::Login)),
            ("conn:a.b.password", field("a.b", SecretField::Password)),
            ("conn:a.extra.k", field("a", SecretField::Extra("k".to_owned()))),
            ("conn:a.extra.k.login", field("a", SecretField::Extra("k.login".to_owned()))),
        ] {
            assert_eq!(SecretRef::parse(text), Ok(reference.clone()));
            assert_eq!(reference.to_string(), text);
        }
        let conn = "`conn:` needs ID.password, ID.login or ID.extra.KEY";
        for (text, said) in [
            ("env", "it has no `env:`, `file:` or `conn:`"),
            ("env:", "`env:` needs the name of a variable"),
            ("file:", "`file:` needs the path of a file"),
            ("Env:A", "it begins with none of `env:`, `file:` and `conn:`"),
            ("conn:", conn),
            ("conn:a", conn),
            ("conn:a.host", conn),
            ("conn:.password", conn),
            ("conn:a.extra.", conn),
            ("conn:.extra.k", conn),
        ] {
            assert_eq!(SecretRef::parse(text), Err(BadSecretRef(said)), "{text}");
        }
    }

    #[test]
    fn a_reference_stands_alone_in_its_object() {
        let alone = json!({ "$secret": "env:A" });
        assert_eq!(SecretRef::from_value(&alone), Some(Ok(SecretRef::Env("A".to_owned()))));
        assert_eq!(SecretRef::from_value(&json!({ "secret": "env:A" })), None);
        for (value, said) in [
            (json!({ "$secret": "env:A", "x": 1 }), "`$secret` must stand alone in its object"),
            (json!({ "$secret": 7 }), "`$secret` must be a string"),
        ] {
            assert_eq!(SecretRef::from_value(&value), Some(Err(BadSecretRef(said))));
        }
    }

    #[test]
    fn a_number_is_a_secret_too_and_nothing_is_none() {
        let read = |value: Value| match SecretValue::read(&value) {
            Ok(Some(SecretValue::Literal(secret))) => Ok(Some(secret.expose().to_owned())),
            Ok(Some(SecretValue::Reference(reference))) => Ok(Some(reference.to_string())),
            Ok(None) => Ok(None),
            Err(message) => Err(message),
        };
        for (value, secret) in [
            (json!("a"), Some("a")),
            (json!(1234), Some("1234")),
            (json!(1.5), Some("1.5")),
            (json!({ "$secret": "env:A" }), Some("env:A")),
            (json!(""), None),
            (json!(null), None),
        ] {
            assert_eq!(read(value.clone()), Ok(secret.map(str::to_owned)), "{value}");
        }
        for value in [json!(true), json!(["a"]), json!({ "a": 1 })] {
            assert!(read(value.clone()).is_err(), "{value}");
        }
    }
}
