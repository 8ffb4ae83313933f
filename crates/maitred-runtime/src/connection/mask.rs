//! A connection without what may be a secret, to be shown.

use serde_json::{Map, Value, json};

use super::origin::Origin;
use super::parse::Fields;
use super::secret::{HIDDEN, SecretRef, SecretValue};
use maitred_core::secrets::names::is_secret_name;
use maitred_core::secrets::urls;

/// Keys of `extra`, at any depth, whose values are not secrets, one a line. Everything else is hidden: a key that
/// nobody thought of may hold anything.
const PLAIN: &str = include_str!("plain_keys.txt");

fn is_plain(key: &str) -> bool {
    PLAIN.lines().any(|plain| plain.eq_ignore_ascii_case(key))
}

/// True if `key` names a secret, or `value` is a URL with a login in it.
pub(super) fn is_secret(key: &str, value: &Value) -> bool {
    let plain = is_plain(key);
    // An external id is what makes a role trust us.
    let external = key.to_ascii_lowercase().contains("external");
    let named = !plain && (external || is_secret_name(key));
    // A JSON document as a string may hold anything.
    let packed = key == "extra" && value.is_string();
    named || packed || value.as_str().is_some_and(|text| without_login(text) != text)
}

/// A URL without its login and its query, and any other text without what looks like a secret of a URL.
pub(super) fn without_login(text: &str) -> String {
    let masked = urls::masked_address(text);
    let is_url = urls::has_authority(text) || urls::bare_login(text).is_some();
    match masked.find(['?', '#']) {
        Some(end) if is_url => format!("{}?…", &masked[..end]),
        Some(_) | None => masked,
    }
}

/// The connection as JSON, with `***` for what is or may be a secret.
pub(super) fn shown(id: &str, origin: &Origin, fields: &Fields) -> Value {
    let Fields { kind, description, host, login, password, schema, port, extra } = fields;
    let mut shown = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        shown.extend(value.map(|value| (key.to_owned(), value)));
    };
    put("id", Some(json!(id)));
    put("type", Some(json!(kind)));
    put("origin", Some(json!(origin.to_string())));
    put("description", description.as_ref().map(|text| json!(text)));
    put("host", host.as_ref().map(|host| json!(without_login(host))));
    put("port", port.map(|port| json!(port)));
    put("schema", schema.as_ref().map(|schema| json!(schema)));
    // A login without a password is often a token.
    put("login", login.as_ref().map(|login| shown_field(login, password.is_some())));
    put("password", password.as_ref().map(|password| shown_field(password, false)));
    put("extra", (!extra.is_empty()).then(|| Value::Object(hidden(extra))));
    Value::Object(shown)
}

fn shown_field(value: &SecretValue, plain: bool) -> Value {
    match value {
        SecretValue::Reference(reference) => json!(reference),
        SecretValue::Literal(secret) if plain => json!(secret.expose()),
        SecretValue::Literal(_) => json!(HIDDEN),
    }
}

fn hidden(extra: &Map<String, Value>) -> Map<String, Value> {
    extra.iter().map(|(key, value)| (key.clone(), hidden_value(key, value))).collect()
}

fn hidden_value(key: &str, value: &Value) -> Value {
    if let Some(Ok(reference)) = SecretRef::from_value(value) {
        return json!(reference);
    }
    let plain = is_plain(key);
    match value {
        Value::Object(entries) if key == "proxies" => {
            let urls = entries.iter().map(|(key, url)| (key.clone(), hidden_value("proxy", url)));
            Value::Object(urls.collect())
        }
        Value::Object(entries) => Value::Object(hidden(entries)),
        Value::Array(items) if plain => {
            Value::Array(items.iter().map(|item| hidden_value(key, item)).collect())
        }
        Value::String(text) if plain => json!(without_login(text)),
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(_) if plain => value.clone(),
        Value::Number(_) | Value::String(_) | Value::Array(_) => json!(HIDDEN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_extra_only_what_is_known_to_be_plain_is_shown() {
        for (key, value, shown) in [
            ("region_name", json!("eu-west-1"), json!("eu-west-1")),
            ("Region_Name", json!("eu-west-1"), json!("eu-west-1")),
            ("timeout", json!(30), json!(30)),
            ("timeout", json!([3, 30]), json!([3, 30])),
            ("knob", json!(1234), json!("***")),
            ("knob", json!([1234]), json!("***")),
            ("knob", json!("1234"), json!("***")),
            ("knob", json!(true), json!(true)),
            ("knob", json!(null), json!(null)),
            ("knob", json!({ "timeout": 3, "x": 4 }), json!({ "timeout": 3, "x": "***" })),
            ("knob", json!({ "$secret": "env:A" }), json!({ "$secret": "env:A" })),
            ("endpoint_url", json!("https://me:pw@h/x?y=1"), json!("https://***@h/x?…")),
            (
                "proxies",
                json!({ "https": "http://me:pw@p:1", "http": "http://p:2" }),
                json!({ "https": "http://***@p:1", "http": "http://p:2" }),
            ),
            ("other", json!({ "https": "http://p:2" }), json!({ "https": "***" })),
        ] {
            assert_eq!(hidden_value(key, &value), shown, "{key} {value}");
        }
    }

    #[test]
    fn a_secret_is_known_by_its_name_or_as_a_login_in_a_url() {
        for (key, value, secret) in [
            ("password", json!("x"), true),
            ("password", json!(7), true),
            ("api_key", json!("x"), true),
            ("external_id", json!("x"), true),
            ("ExternalId", json!("x"), true),
            ("region_name", json!("x"), false),
            ("host", json!("https://h"), false),
            ("host", json!("https://me:pw@h"), true),
            ("extra", json!("{}"), true),
            ("extra", json!({}), false),
            ("knob", json!("x"), false),
        ] {
            assert_eq!(is_secret(key, &value), secret, "{key} {value}");
        }
        // The name has the word, and is about something else.
        for plain in PLAIN.lines() {
            assert!(!is_secret(plain, &json!("x")), "{plain}");
        }
    }

    #[test]
    fn a_url_is_shown_without_its_login_and_its_query() {
        for (text, shown) in [
            ("https://h/a?b=c", "https://h/a?…"),
            ("https://h/a#b", "https://h/a?…"),
            ("https://me:pw@h/a", "https://***@h/a"),
            ("me:pw@h:1/a?b=c", "***@h:1/a?…"),
            ("what? nothing", "what? nothing"),
        ] {
            assert_eq!(without_login(text), shown);
        }
    }
}
