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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Login, password, host, port and schema.
    type Parts<'a> =
        (Option<&'a str>, Option<&'a str>, Option<&'a str>, Option<u16>, Option<&'a str>);

    fn literal(value: &Option<SecretValue>) -> Option<&str> {
        match value {
            Some(SecretValue::Literal(secret)) => Some(secret.expose()),
            Some(SecretValue::Reference(reference)) => panic!("{reference}"),
            None => None,
        }
    }

    fn parts(fields: &Fields) -> Parts<'_> {
        let (host, schema) = (fields.host.as_deref(), fields.schema.as_deref());
        (literal(&fields.login), literal(&fields.password), host, fields.port, schema)
    }

    #[test]
    fn each_part_of_a_uri_ends_where_airflow_ends_it() {
        for (uri, expected) in [
            ("http://me:p@ss@host/s", (Some("me"), Some("p@ss"), Some("host"), None, Some("s"))),
            ("http://me:a:b@host", (Some("me"), Some("a:b"), Some("host"), None, None)),
            ("http://me@x@host", (Some("me@x"), None, Some("host"), None, None)),
            ("http://me:@host", (Some("me"), None, Some("host"), None, None)),
            ("http://:pw@host", (None, Some("pw"), Some("host"), None, None)),
            ("http://@host", (None, None, Some("host"), None, None)),
            ("http://me%40x:p%3Aw@host", (Some("me@x"), Some("p:w"), Some("host"), None, None)),
            ("http://host:8080/a/b", (None, None, Some("host"), Some(8080), Some("a/b"))),
            ("http://host:", (None, None, Some("host"), None, None)),
            ("http://:8080", (None, None, None, Some(8080), None)),
            ("http://[::1]:80", (None, None, Some("::1"), Some(80), None)),
            ("http://[::1]", (None, None, Some("::1"), None, None)),
            ("http://me:pw@/s", (Some("me"), Some("pw"), None, None, Some("s"))),
            ("http://https://H:1/s", (None, None, Some("https://h"), Some(1), Some("s"))),
            ("http://%2FVar%2FRun", (None, None, Some("/Var/Run"), None, None)),
        ] {
            assert_eq!(parts(&super::uri(uri).unwrap()), expected, "{uri}");
        }
    }

    #[test]
    fn what_is_no_uri_is_refused() {
        let not_a_uri = "it is neither a JSON object nor a URI `type://…`";
        let too_many = "the URI has a `://` too many; percent-encode its parts";
        let port = "the port is not a number up to 65535; a `/`, `:` or `@` in the login or the \
                    password must be percent-encoded";
        for (uri, said) in [
            ("://host", not_a_uri),
            ("a b://host", not_a_uri),
            ("a/b://host", not_a_uri),
            ("http:host", not_a_uri),
            ("http://://host", too_many),
            ("http://a b://host", too_many),
            ("http://a://b://c", too_many),
            ("http://host:1:2", port),
            ("http://host:65536", port),
            ("http://[::1]x", port),
        ] {
            assert_eq!(super::uri(uri).err().as_deref(), Some(said), "{uri}");
        }
        assert_eq!(super::uri("a+b-c.d_1://host:65535").unwrap().port, Some(65535));
        assert_eq!(super::uri("HTTP://host").unwrap().kind, "http");
        assert_eq!(super::uri("a-b://").unwrap().kind, "a_b");
    }

    #[test]
    fn a_value_of_the_query_is_the_json_that_it_is() {
        for (query, extra) in [
            ("a=5", json!({"a": 5})),
            ("a=5.0", json!({"a": 5.0})),
            ("a=007", json!({"a": "007"})),
            ("a=1e3", json!({"a": "1e3"})),
            ("a=123456789012", json!({"a": 123_456_789_012_u64})),
            ("a=true&b=null", json!({"a": true, "b": null})),
            ("a=%5B1%5D", json!({"a": [1]})),
            ("a=x+y&&b=%2B", json!({"a": "x y", "b": "+"})),
            ("a%20b=c&d", json!({"a b": "c", "d": ""})),
            ("a=b=c", json!({"a": "b=c"})),
            ("", json!({})),
            ("a=1&__extra__=%7B%22b%22%3A%222%22%7D", json!({"b": "2"})),
            ("__extra__=", json!({})),
        ] {
            assert_eq!(Value::Object(extra_of_query(query).unwrap()), extra, "{query}");
        }
    }

    #[test]
    fn a_field_of_json_may_be_empty_and_numbers_may_be_texts() {
        let port = |port: Value| table(json!({ "port": port }).as_object().unwrap());
        for (value, expected) in [
            (json!(""), None),
            (json!(null), None),
            (json!(" 80 "), Some(80)),
            (json!(65535), Some(65535)),
            (json!(0), Some(0)),
        ] {
            assert_eq!(port(value.clone()).unwrap().port, expected, "{value}");
        }
        for value in [json!(65536), json!(-1), json!(8.5), json!("x"), json!(true), json!([80])] {
            let said = port(value.clone()).err();
            assert_eq!(said.as_deref(), Some("`port` must be a number up to 65535"), "{value}");
        }
        let fields = table(
            json!({ "login": 7, "password": "", "host": "", "schema": null, "extra": " " })
                .as_object()
                .unwrap(),
        )
        .unwrap();
        assert_eq!(parts(&fields), (Some("7"), None, None, None, None));
        assert!(fields.extra.is_empty());
        let both = json!({ "type": "aws", "conn_type": "aws" });
        assert!(table(both.as_object().unwrap()).is_err());
        let one = json!({ "type": "", "conn_type": "Google-Cloud" });
        assert_eq!(table(one.as_object().unwrap()).unwrap().kind, "Google_Cloud");
    }
}
