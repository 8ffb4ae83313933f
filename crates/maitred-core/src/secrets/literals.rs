//! Literals that are, or look like, secrets: by the names above them, or as parts of URLs.

use std::fmt;
use std::ops::Range;

use serde_json::{Map, Value};

use super::urls::{self, UrlSecret};
use super::{HIDDEN, names};

/// A literal that is, or looks like, a secret. `Debug` does not print its value.
#[non_exhaustive]
pub struct Literal {
    /// Its path, e.g. `json.db.password`.
    pub path: String,
    /// A description for messages, without the value: `is a secret`.
    pub what: &'static str,
    /// The value.
    pub value: String,
}

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Literal").field("path", &self.path).finish_non_exhaustive()
    }
}

const NAMED: &str = "is a secret";
const LOGIN: &str = "has a login in it";
const QUERY: &str = "has a secret in its query";
const INSIDE: &str = "has a secret in it";

/// A shorter word after the name of a scheme is prose: `Basic plan`.
const MIN_CREDENTIAL: usize = 8;

/// The beginnings of header values that are credentials, whatever the header.
const SCHEMES: [&str; 6] =
    ["ApiKey ", "AWS4-HMAC-SHA256 ", "Basic ", "Bearer ", "Digest ", "Token "];

/// The secrets in `value`, whose path is `path`. References, placeholders, `null`, booleans and empty strings
/// are not secrets.
pub fn of_value(path: &str, value: &Value) -> Vec<Literal> {
    let mut found = Vec::new();
    look(path, value, false, &mut found);
    found
}

/// The path of a URL with a login in `value`.
pub fn login_in(path: &str, value: &Value) -> Option<String> {
    match value {
        Value::String(text) => {
            let mut found = urls_in(path, text);
            let is_login = |(kind, range): (UrlSecret, Range<usize>)| {
                kind == UrlSecret::Login && !is_open(&text[range])
            };
            found.any(is_login).then(|| path.to_owned())
        }
        Value::Array(items) => items.iter().find_map(|item| login_in(path, item)),
        Value::Object(entries) => {
            entries.iter().find_map(|(name, value)| login_in(&join(path, name), value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// The secrets in a value whose name is `name`.
pub fn of_named(name: &str, value: &Value) -> Vec<Literal> {
    let mut found = Vec::new();
    look(name, value, names::is_secret_name(name), &mut found);
    found
}

/// The secrets in the input of a request of service `http`.
pub fn of_request(input: &Map<String, Value>) -> Vec<Literal> {
    let mut found = Vec::new();
    for (name, value) in input {
        match (name.as_str(), value) {
            ("auth", _) => look(name, value, true, &mut found),
            ("params", Value::Object(query)) => {
                for (key, value) in query {
                    look(&join(name, key), value, is_secret_in_query(key, value), &mut found);
                }
            }
            ("headers", Value::Object(headers)) => {
                for (key, value) in headers {
                    look(&join(name, key), value, is_secret_header(key, value), &mut found);
                }
            }
            ("data" | "json", Value::String(text)) => in_body(name, text, &mut found),
            _ => look(name, value, false, &mut found),
        }
    }
    found
}

/// The secrets in a text: in URLs, and in JSON.
pub fn of_text(path: &str, text: &str) -> Vec<Literal> {
    let mut found = Vec::new();
    in_text(path, text, &mut found);
    found
}

/// The secrets in the words of a command, each of which may be a command itself. Shell variables and
/// substitutions are not literals.
pub fn of_command(words: &[String]) -> Vec<Literal> {
    let mut found: Vec<_> = words.iter().flat_map(|word| of_text("", word)).collect();
    let trim = |word: &'_ str| word.trim_matches(['"', '\'']).to_owned();
    let split: Vec<_> = words.iter().flat_map(|word| word.split_whitespace()).map(trim).collect();
    for (index, word) in split.iter().enumerate() {
        let next = split.get(index + 1).filter(|next| !next.starts_with('-'));
        let option = word.trim_start_matches('-');
        let value = match option.split_once('=') {
            Some((name, value)) if names::is_secret_name(name) => Some(value),
            Some(_) => None,
            None => next.map(String::as_str).filter(|next| is_before_secret(word, next)),
        };
        let value = value.filter(|value| !is_open(value)).map(str::to_owned);
        found.extend(value.map(|value| Literal { path: String::new(), what: INSIDE, value }));
    }
    found.retain(|literal| !literal.value.contains(['$', '`']));
    found
}

/// Returns whether `next`, the word after `word`, is a secret: the value of an option, a login, a credential.
fn is_before_secret(word: &str, next: &str) -> bool {
    let is_scheme = SCHEMES.iter().any(|scheme| scheme.trim_end().eq_ignore_ascii_case(word));
    let login = matches!(word, "-u" | "--user" | "--proxy-user") && next.contains(':');
    let option = word.strip_prefix("--").is_some_and(names::is_secret_name);
    login || option || (is_scheme && next.len() >= MIN_CREDENTIAL)
}

/// Returns whether a word is a JSON Web Token.
pub fn is_web_token(word: &str) -> bool {
    word.starts_with("eyJ") && word.len() > 30 && word.contains('.')
}

/// The input of a request of service `http` with its secrets replaced by `instead`.
pub fn hidden_in_request(input: &Map<String, Value>, instead: &str) -> Map<String, Value> {
    let each = |members: &Map<String, Value>, is_secret: fn(&str, &Value) -> bool| {
        let hide = |(key, value): (&String, &Value)| {
            (key.clone(), hidden(key, value, is_secret(key, value), instead))
        };
        Value::Object(members.iter().map(hide).collect())
    };
    let member = |(name, value): (&String, &Value)| {
        let shown = match (name.as_str(), value) {
            ("auth", _) => Value::from(instead),
            ("params", Value::Object(query)) => each(query, is_secret_in_query),
            ("headers", Value::Object(headers)) => each(headers, is_secret_header),
            ("data" | "json", Value::String(text)) if is_form(text) => {
                Value::from(&urls::replaced(&format!("?{text}"), instead)[1..])
            }
            _ => hidden(name, value, false, instead),
        };
        (name.clone(), shown)
    };
    input.iter().map(member).collect()
}

/// Finds secrets in a body that is a text, which may be JSON or a form.
fn in_body(path: &str, text: &str, found: &mut Vec<Literal>) {
    let before = found.len();
    if is_form(text) {
        in_text(path, &format!("?{text}"), found);
    } else {
        in_text(path, text, found);
    }
    for literal in &mut found[before..] {
        if literal.what == QUERY {
            literal.what = INSIDE;
        }
    }
}

/// Returns whether a body is a form: `name=value&name=value`.
fn is_form(text: &str) -> bool {
    text.contains('=') && !text.contains(char::is_whitespace) && !text.contains(['{', '['])
}

/// The secrets of the URLs in a text, whose path is `path`. An address may lack its scheme.
fn urls_in(path: &str, text: &str) -> impl Iterator<Item = (UrlSecret, Range<usize>)> {
    let bare = urls::bare_login(text).filter(|_| names::is_address(path));
    bare.map(|range| (UrlSecret::Login, range)).into_iter().chain(urls::found(text))
}

fn in_text(path: &str, text: &str, found: &mut Vec<Literal>) {
    for (kind, range) in urls_in(path, text) {
        let value = &text[range];
        if !is_open(value) {
            let what = if kind == UrlSecret::Login { LOGIN } else { QUERY };
            found.push(Literal { path: path.to_owned(), what, value: value.to_owned() });
        }
    }
    if is_only_web_token(text) {
        found.push(Literal { path: path.to_owned(), what: NAMED, value: text.to_owned() });
    }
    if let Some(value) = inner_json(text) {
        look(path, &value, false, found);
    }
}

/// Finds secrets in `value`; `is_secret` is whether a name above makes it one.
fn look(path: &str, value: &Value, is_secret: bool, found: &mut Vec<Literal>) {
    let mut secret = |value: String| {
        found.push(Literal { path: path.to_owned(), what: NAMED, value });
    };
    match value {
        Value::Number(number) if is_secret && !names::is_plural(path) => secret(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) if is_secret && !is_open(text) => secret(text.clone()),
        Value::String(text) => in_text(path, text, found),
        Value::Array(items) => items.iter().for_each(|item| look(path, item, is_secret, found)),
        // A reference: it is resolved when it is used.
        Value::Object(entries) if entries.contains_key("$secret") => {}
        Value::Object(entries) => {
            for (name, value) in entries {
                let is_secret = is_secret_entry(entries, name, is_secret);
                look(&join(path, name), value, is_secret, found);
            }
        }
    }
}

/// `value` with what [`look`] finds in it replaced by `instead`.
fn hidden(name: &str, value: &Value, is_secret: bool, instead: &str) -> Value {
    match value {
        Value::Number(_) if is_secret && !names::is_plural(name) => Value::from(instead),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::String(text) if is_secret && !is_open(text) => Value::from(instead),
        Value::String(text) if is_only_web_token(text) => Value::from(instead),
        Value::String(text) => match inner_json(text) {
            Some(inner) => Value::from(hidden(name, &inner, false, instead).to_string()),
            None => {
                let mut shown = text.clone();
                let login = urls::bare_login(text).filter(|_| names::is_address(name));
                if let Some(range) = login.filter(|range| !is_open(&text[range.clone()])) {
                    shown.replace_range(range, instead);
                }
                Value::from(urls::replaced(&shown, instead))
            }
        },
        Value::Array(items) => {
            items.iter().map(|item| hidden(name, item, is_secret, instead)).collect()
        }
        Value::Object(entries) if entries.contains_key("$secret") => value.clone(),
        Value::Object(entries) => {
            let entry = |(name, value): (&String, &Value)| {
                let is_secret = is_secret_entry(entries, name, is_secret);
                (name.clone(), hidden(name, value, is_secret, instead))
            };
            Value::Object(entries.iter().map(entry).collect())
        }
    }
}

/// Returns whether the entry `name` of an object is a secret; `inherited` is whether the object is one.
fn is_secret_entry(entries: &Map<String, Value>, name: &str, inherited: bool) -> bool {
    (inherited && !names::is_about_secret(name))
        || names::is_named_beside(entries, name)
        || names::is_secret_name(name)
}

fn is_only_web_token(text: &str) -> bool {
    is_web_token(text) && !text.contains(char::is_whitespace)
}

/// The JSON of a text that is an object or a list.
fn inner_json(text: &str) -> Option<Value> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(text).ok()
}

fn is_secret_in_query(key: &str, value: &Value) -> bool {
    names::is_secret_pair(key, value.as_str().unwrap_or_default())
}

fn is_secret_header(name: &str, value: &Value) -> bool {
    names::is_secret_query(name) || value.as_str().is_some_and(is_credential)
}

fn is_credential(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// Returns whether a text is not a secret yet: it is empty, hidden, or has a placeholder.
fn is_open(text: &str) -> bool {
    let filled_in = text.split_once("{{").is_some_and(|(_, rest)| rest.contains("}}"));
    text.is_empty() || text == HIDDEN || filled_in
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(input: &Value) -> Vec<String> {
        of_request(input.as_object().unwrap()).into_iter().map(|found| found.path).collect()
    }

    #[test]
    fn a_secret_in_a_request_is_found_wherever_it_stands() {
        let input = json!({
            "url": "http://u:p@h/?token=t",
            "endpoint": "/x?api_key=S",
            "proxy": "http://u:p@proxy:1",
            "params": {"key": "S", "page": 2, "access_token": ["S"]},
            "headers": {"x-api-key": "S", "Accept": "a", "X-Custom": "Bearer S", "Cookie": ["a=b"]},
            "json": {"env": [{"name": "DB_PASSWORD", "value": "S"}, {"name": "A", "value": "b"}],
                "db": [{"password": "S"}], "auth": {"user": "me", "value": "S"}, "pin": 1234},
            "auth": {"basic": {"username": "me", "password": "S"}},
        });
        let expected = [
            "url",
            "url",
            "endpoint",
            "proxy",
            "params.key",
            "params.access_token",
            "headers.x-api-key",
            "headers.X-Custom",
            "headers.Cookie",
            "json.env.value",
            "json.db.password",
            "json.auth.value",
            "json.pin",
            "auth.basic.password",
        ];
        assert_eq!(paths(&input), expected);
        for body in ["a=b&password=S", r#"{"a": {"secret": "S"}}"#, "see http://u:p@h/"] {
            assert_eq!(paths(&json!({"data": body})).len(), 1, "{body}");
        }
    }

    #[test]
    fn what_is_found_in_a_request_is_hidden_where_the_request_is_shown() {
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl";
        let input = json!({
            "url": "u:p@h/", "json": {"session": token, "proxy": "u:p@h:1", "note": "see http://u:p@h/"},
        });
        assert_eq!(paths(&input), ["url", "json.session", "json.proxy", "json.note"]);
        let shown = Value::Object(hidden_in_request(input.as_object().unwrap(), "***"));
        assert!(!shown.to_string().contains(token), "{shown}");
        assert!(!shown.to_string().contains("u:p@"), "{shown}");
    }

    #[test]
    fn what_is_no_secret_may_stand_in_a_request() {
        let reference = json!({"$secret": "env:TOKEN"});
        let input = json!({
            "url": "https://h/a@b?next_token=1&token={{TOKEN}}",
            "params": {"token": reference, "max_tokens": 5, "page_token": "x"},
            "headers": {"Authorization": "Bearer {{TOKEN}}", "X-Api-Key": reference, "Cookie": ""},
            "json": {
                "password": null, "secret": true, "token": "", "tokens": 5, "token_type": "Bearer",
                "authorization_url": "https://h/", "auth": {"type": "none"}, "credentials": reference,
            },
            "data": "a=b&token=",
            "auth": {"bearer": reference},
        });
        assert_eq!(paths(&input), Vec::<String>::new());
    }
}
