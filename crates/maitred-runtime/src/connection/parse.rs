//! The forms of a connection as text: Airflow's URI and JSON, and a table of a TOML file.
//!
//! Facts: <https://airflow.apache.org/docs/apache-airflow/stable/howto/connection.html>. Messages
//! never repeat what they are about.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use maitred_core::diagnostic::nearest;

use super::secret::{Secret, SecretValue};

/// A connection as it was written.
#[derive(Clone, PartialEq, Default)]
pub(super) struct Fields {
    pub(super) kind: String,
    pub(super) description: Option<String>,
    pub(super) host: Option<String>,
    pub(super) login: Option<SecretValue>,
    pub(super) password: Option<SecretValue>,
    pub(super) schema: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) extra: Map<String, Value>,
}

const KEYS: [&str; 9] =
    ["type", "conn_type", "description", "host", "login", "password", "schema", "port", "extra"];

/// Reads the value of a variable: JSON if it begins with `{`, else a URI.
pub(super) fn text(text: &str) -> Result<Fields, String> {
    let text = text.trim();
    if !text.starts_with('{') {
        return uri(text);
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(entries)) => table(&entries),
        Ok(_) => Err("it is not a JSON object".to_owned()),
        Err(error) => {
            Err(format!("it is not JSON (line {}, column {})", error.line(), error.column()))
        }
    }
}

/// Reads the fields of a JSON object or a TOML table.
pub(super) fn table(entries: &Map<String, Value>) -> Result<Fields, String> {
    if let Some(key) = entries.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let help = match nearest(key, KEYS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "there are {}; settings of a type of connection go in `extra`",
                KEYS.join(", ")
            ),
        };
        return Err(format!("`{key}` is not a field of a connection; {help}"));
    }
    let string = |key: &str| match entries.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(_) => Err(format!("`{key}` must be a string")),
    };
    let secret = |key: &str| match entries.get(key) {
        None => Ok(None),
        Some(value) => SecretValue::read(value).map_err(|message| format!("`{key}` {message}")),
    };
    let kind = match (string("type")?, string("conn_type")?) {
        (Some(_), Some(_)) => {
            return Err("`type` and `conn_type` are the same; give one".to_owned());
        }
        (one, other) => one.or(other).unwrap_or_default(),
    };
    Ok(Fields {
        kind: normalized(&kind),
        description: string("description")?,
        host: string("host")?,
        login: secret("login")?,
        password: secret("password")?,
        schema: string("schema")?,
        port: entries.get("port").map_or(Ok(None), port_of)?,
        extra: entries.get("extra").map_or(Ok(Map::new()), extra_of)?,
    })
}

fn port_of(value: &Value) -> Result<Option<u16>, String> {
    let port = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.is_empty() => return Ok(None),
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number.as_u64().and_then(|port| u16::try_from(port).ok()),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    port.map(Some).ok_or_else(|| "`port` must be a number up to 65535".to_owned())
}

fn extra_of(value: &Value) -> Result<Map<String, Value>, String> {
    match value {
        Value::Null => Ok(Map::new()),
        Value::Object(entries) => Ok(entries.clone()),
        Value::String(text) if text.trim().is_empty() => Ok(Map::new()),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(Value::Object(entries)) => Ok(entries),
            Ok(_) | Err(_) => Err("`extra` is a string that is not a JSON object".to_owned()),
        },
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Err("`extra` must be an object".to_owned())
        }
    }
}

fn normalized(kind: &str) -> String {
    match kind {
        "postgresql" => "postgres".to_owned(),
        other => other.replace('-', "_"),
    }
}

/// Reads `type://login:password@host:port/schema?key=value`, each part percent-encoded, or
/// `type://protocol://…`, whose host keeps its protocol.
fn uri(text: &str) -> Result<Fields, String> {
    let not_a_uri = || "it is neither a JSON object nor a URI `type://…`".to_owned();
    let (kind, rest) = text.split_once("://").ok_or_else(not_a_uri)?;
    let in_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
    if kind.is_empty() || !kind.chars().all(in_scheme) {
        return Err(not_a_uri());
    }
    if rest.contains('#') {
        return Err("a `#` in the URI must be written %23".to_owned());
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (protocol, rest) = match rest.split_once("://") {
        None => (None, rest),
        Some((protocol, rest))
            if !protocol.is_empty() && protocol.chars().all(in_scheme) && !rest.contains("://") =>
        {
            (Some(protocol), rest)
        }
        Some(_) => {
            return Err("the URI has a `://` too many; percent-encode its parts".to_owned());
        }
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, address) = match authority.rsplit_once('@') {
        Some((user, address)) => (Some(user), address),
        None => (None, authority),
    };
    let (login, password) = user.map_or((None, None), |user| match user.split_once(':') {
        Some((login, password)) => (Some(login), Some(password)),
        None => (Some(user), None),
    });
    let (host, port) = host_and_port(address)?;
    let host = match protocol {
        Some(protocol) => Some(format!("{protocol}://{}", host.unwrap_or_default())),
        None => host,
    };
    Ok(Fields {
        kind: normalized(&kind.to_ascii_lowercase()),
        description: None,
        host,
        login: secret_part(login, "login")?,
        password: secret_part(password, "password")?,
        schema: Some(decoded(path, "schema")?).filter(|schema| !schema.is_empty()),
        port,
        extra: extra_of_query(query)?,
    })
}

fn secret_part(part: Option<&str>, name: &str) -> Result<Option<SecretValue>, String> {
    let Some(part) = part.filter(|part| !part.is_empty()) else { return Ok(None) };
    Ok(Some(SecretValue::Literal(Secret::new(decoded(part, name)?))))
}

fn host_and_port(address: &str) -> Result<(Option<String>, Option<u16>), String> {
    let bracketed = address.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) = match bracketed {
        Some((host, rest)) => (host, rest.strip_prefix(':').unwrap_or(rest)),
        None => address.split_once(':').unwrap_or((address, "")),
    };
    let port = match port {
        "" => None,
        digits => Some(digits.parse().map_err(|_| {
            "the port is not a number up to 65535; a `/`, `:` or `@` in the login or the password \
             must be percent-encoded"
        })?),
    };
    let host = decoded(host, "host")?;
    // A host that is a path or a URL of its own is no name, and its case counts.
    let host = if host.contains('/') { host } else { host.to_lowercase() };
    Ok((Some(host).filter(|host| !host.is_empty()), port))
}

/// `__extra__` is a whole object and wins; else every pair is one key.
fn extra_of_query(query: &str) -> Result<Map<String, Value>, String> {
    let mut extra = Map::new();
    let query = query.replace('+', " ");
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = Value::String(decoded(value, "query")?);
        extra.insert(decoded(key, "query")?, value);
    }
    if let Some(whole) = extra.get("__extra__") {
        return extra_of(whole).map_err(|_| "`__extra__` must be a JSON object".to_owned());
    }
    extra.values_mut().for_each(decode_json);
    Ok(extra)
}

/// Takes a text for the JSON that it may be. A number stays a text unless it says the same again: an
/// account id with more digits than a float has must not change.
fn decode_json(value: &mut Value) {
    let Value::String(text) = value else { return };
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Number(number)) => {
            let same = number.to_string();
            if same == *text {
                *value = Value::Number(number);
            }
        }
        Ok(decoded) => *value = decoded,
        Err(_) => {}
    }
}

/// Percent-decodes one part. What is not a valid escape stays as it is, as in Python.
fn decoded(text: &str, part: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded
        .map(Cow::into_owned)
        .map_err(|_| format!("the {part} in the URI is not UTF-8 after percent-decoding"))
}
