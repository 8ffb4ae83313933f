//! What must not be in a trigger, because it is stored.

use serde_json::{Map, Value};

/// What stands in the place of a secret.
const HELP: &str = "arguments are stored: put it in the connection";
const REFERENCE: &str = "or a reference, {\"$secret\": \"env:NAME\"}, in its place";

/// Why the input of a request of service `http` must not be stored, if it has a secret that is no
/// reference; `url` is what its address is called where it was given.
pub(crate) fn literal_secret(input: &Map<String, Value>, url: &str) -> Option<String> {
    for (key, name) in [("url", url), ("endpoint", url), ("proxy", "proxy")] {
        if input.get(key).and_then(Value::as_str).is_some_and(has_login) {
            return Some(format!("{name} has a login in it, and {HELP}"));
        }
    }
    let headers = input.get("headers").and_then(Value::as_object);
    for (name, value) in headers.into_iter().flatten() {
        if is_secret(name) && has_text(value) {
            return Some(format!("the header {name} is a secret, and {HELP}, {REFERENCE}"));
        }
    }
    let auth = input.get("auth")?;
    for path in ["/bearer", "/basic/password"] {
        if auth.pointer(path).is_some_and(has_text) {
            let path = path.replace('/', ".");
            return Some(format!("auth{path} is a secret, and {HELP}, {REFERENCE}"));
        }
    }
    None
}

/// Why a parameter of a waiter must not be stored: it is, or begins, a URL with a login in it.
pub(super) fn secret_parameter<'a>(
    mut parameters: impl Iterator<Item = (&'a String, &'a Value)>,
) -> Option<String> {
    let (name, _) = parameters.find(|(_, value)| value.as_str().is_some_and(has_login))?;
    Some(format!("the parameter {name} has a login in it, and {HELP}"))
}

/// Whether there is a login in a URL, which need not be whole: it may have placeholders.
fn has_login(text: &str) -> bool {
    let authority = text.split_once("://").map(|(_, rest)| rest.split(['/', '?', '#']).next());
    let in_text = authority.flatten().is_some_and(|authority| authority.contains('@'));
    let parsed = url::Url::parse(text);
    in_text || parsed.is_ok_and(|url| !url.username().is_empty() || url.password().is_some())
}

/// Headers that are secrets by their name.
fn is_secret(header: &str) -> bool {
    let names = ["authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token"];
    names.iter().any(|name| header.eq_ignore_ascii_case(name))
}

fn has_text(value: &Value) -> bool {
    match value {
        Value::String(_) => true,
        Value::Array(items) => items.iter().any(Value::is_string),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}
