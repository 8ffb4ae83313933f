//! Values that are known to be secrets, and texts without them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use serde_json::{Map, Value};

use super::encodings::spellings;
use super::literals::{self, Literal};
use super::{HIDDEN, names, urls};

/// Shorter values are not replaced, since they are parts of other words (as in Airflow).
const MIN_CHARS: usize = 5;

/// The most bytes of the encodings of all secrets together. Tokens change, so there must be a bound: beyond it
/// the older half is forgotten, except lasting ones.
const MAX_BYTES: usize = 1 << 20;

/// A shorter value of a cookie is a secret only by the name of the cookie: `view=compact` is none.
const MIN_COOKIE: usize = 16;

/// Values that are known to be secrets: resolved references, passwords of connections, logins and tokens of
/// requests. Clones are cheap and share their values.
#[derive(Clone, Default)]
pub struct KnownSecrets(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    added: HashSet<String>,
    /// All encodings, in the order in which they were added.
    spellings: Vec<String>,
    /// The number of encodings that are never forgotten, and their secrets.
    lasting: usize,
    lasting_secrets: HashSet<String>,
    finder: Option<AhoCorasick>,
}

impl KnownSecrets {
    /// Remembers `secret`, and each of its lines if it has several.
    pub fn add(&self, secret: &str) {
        self.add_all([secret.to_owned()]);
    }

    /// Makes all secrets that are known now lasting, such as those of the process's environment.
    pub fn keep(&self) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.lasting = known.spellings.len();
        known.lasting_secrets = known.added.clone();
    }

    /// Remembers a password, and the login as it is sent.
    pub fn add_login(&self, user: &str, password: &str) {
        self.add_all([password.to_owned(), format!("{user}:{password}")]);
    }

    /// Remembers the secrets of the URLs in `text`, or of `text` as a single address.
    pub fn add_urls(&self, text: &str) {
        let found = urls::found(text).into_iter().map(|(_, range)| range);
        self.add_all(found.chain(urls::bare_login(text)).flat_map(|range| parts(&text[range])));
    }

    /// Remembers the secrets of a request of service `http`.
    pub fn add_request(&self, input: &Map<String, Value>) {
        self.add_literals(literals::of_request(input));
        let basic = |name: &str| input.get("auth")?.get("basic")?.get(name)?.as_str();
        if let (Some(user), Some(password)) = (basic("username"), basic("password")) {
            self.add_login(user, password);
        }
    }

    /// Remembers the values in `value` that are secrets by their names.
    pub fn add_named(&self, value: &Value) {
        self.add_literals(literals::of_value("", value));
    }

    /// Remembers the secrets of a value whose name is `name`.
    pub fn add_of(&self, name: &str, value: &Value) {
        self.add_literals(literals::of_named(name, value));
    }

    fn add_literals(&self, found: Vec<Literal>) {
        self.add_all(found.into_iter().flat_map(|literal| parts(&literal.value)));
    }

    fn add_all(&self, secrets: impl IntoIterator<Item = String>) {
        let new: Vec<_> = {
            let known = self.read();
            let is_new = |secret: &String| {
                secret.chars().count() >= MIN_CHARS
                    && secret != HIDDEN
                    && !known.added.contains(secret)
            };
            secrets.into_iter().filter(is_new).collect()
        };
        if new.is_empty() {
            return;
        }
        // Every change is made whole or not at all, so a poisoned state is consistent.
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for secret in new {
            known.spellings.extend(spellings(&secret, MIN_CHARS));
            known.added.insert(secret);
        }
        known.forget();
        // Building the other kinds takes time that grows with the square of a secret's length.
        let finder = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::LeftmostLongest)
            .build(&known.spellings);
        match finder {
            Ok(finder) => known.finder = Some(finder),
            Err(error) => {
                tracing::warn!(%error, "a new secret cannot be kept out of what is printed")
            }
        }
    }

    /// `text` with each known secret replaced by [`HIDDEN`], also where it is percent-encoded, escaped as in JSON
    /// or HTML, or in base64.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.replace(text, HIDDEN)
    }

    /// Like [`Self::redact`], with `instead` in place of [`HIDDEN`].
    pub fn replace<'a>(&self, text: &'a str, instead: &str) -> Cow<'a, str> {
        let known = self.read();
        let Some(finder) = known.finder.as_ref().filter(|finder| finder.is_match(text)) else {
            return Cow::Borrowed(text);
        };
        let mut out = String::with_capacity(text.len());
        finder.replace_all_with(text, &mut out, |_, _, out| {
            out.push_str(instead);
            true
        });
        Cow::Owned(out)
    }

    /// Redacts all texts in `value`, including names of members, and numbers that are secrets.
    pub fn redact_value(&self, value: &mut Value) {
        self.replace_in(value, HIDDEN);
    }

    /// Like [`Self::redact_value`], but keeps the names of members, for a structure of the program's own.
    pub fn redact_members(&self, value: &mut Value) {
        self.replace_all(value, HIDDEN, false);
    }

    /// Like [`Self::redact_value`], with `instead` in place of [`HIDDEN`].
    pub fn replace_in(&self, value: &mut Value, instead: &str) {
        self.replace_all(value, instead, true);
    }

    fn replace_all(&self, value: &mut Value, instead: &str, names: bool) {
        if self.read().finder.is_none() {
            return;
        }
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => {
                if self.is_one(&number.to_string()) {
                    *value = Value::from(instead);
                }
            }
            Value::String(text) => {
                if let Cow::Owned(redacted) = self.replace(text, instead) {
                    *text = redacted;
                }
            }
            Value::Array(items) => {
                items.iter_mut().for_each(|item| self.replace_all(item, instead, names));
            }
            Value::Object(entries) => {
                entries.values_mut().for_each(|entry| self.replace_all(entry, instead, names));
                if names && entries.keys().any(|name| matches!(self.redact(name), Cow::Owned(_))) {
                    let renamed = std::mem::take(entries).into_iter();
                    let name = |name: &str| self.replace(name, instead).into_owned();
                    *entries = renamed.map(|(key, entry)| (name(&key), entry)).collect();
                }
            }
        }
    }

    /// Returns whether the whole of `text` is a secret.
    pub fn is_one(&self, text: &str) -> bool {
        self.read().added.contains(text)
    }

    /// Returns whether a known secret is in `value`.
    pub fn is_in(&self, value: &Value) -> bool {
        if self.read().finder.is_none() {
            return false;
        }
        let mut redacted = value.clone();
        self.redact_value(&mut redacted);
        redacted != *value
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn forget(&mut self) {
        let bytes: usize = self.spellings[self.lasting..].iter().map(String::len).sum();
        if bytes > MAX_BYTES {
            let passing = self.spellings.len() - self.lasting;
            self.spellings.drain(self.lasting..self.lasting + passing.div_ceil(2));
            self.added.clone_from(&self.lasting_secrets);
        }
    }
}

impl fmt::Debug for KnownSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KnownSecrets")
    }
}

/// The parts of a credential that may appear alone: the token of `Bearer …`, the password of a login, the values
/// of cookies, the secrets of a URL.
fn parts(credential: &str) -> Vec<String> {
    let mut parts = vec![credential.to_owned()];
    let decoded = urls::decoded(credential);
    if let Some((_, password)) = credential.split_once(':')
        && !credential.contains(char::is_whitespace)
        && !credential.contains("://")
    {
        parts.push(password.to_owned());
    }
    if let Some((scheme, token)) = credential.split_once(' ')
        && ["basic", "bearer", "token", "apikey"].contains(&scheme.to_ascii_lowercase().as_str())
    {
        parts.push(token.to_owned());
    }
    let cookies = credential.split(';').filter_map(|cookie| cookie.trim().split_once('='));
    let secrets =
        cookies.filter(|(name, value)| value.len() >= MIN_COOKIE || names::is_secret_query(name));
    parts.extend(secrets.map(|(_, value)| value.to_owned()));
    if decoded != credential {
        if let Some((_, password)) = decoded.split_once(':') {
            parts.push(password.to_owned());
        }
        parts.push(decoded);
    }
    let inside = urls::found(credential).into_iter();
    parts.extend(inside.map(|(_, range)| credential[range].to_owned()));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_known_secret_is_replaced_in_every_usual_encoding() {
        let known = KnownSecrets::default();
        let secret = "p&ss \"wörd\"/+";
        known.add(secret);
        known.add_login("me", "hunter2");
        for echo in [
            "it is p&ss \"wörd\"/+!",
            r#"{"echo": "p&ss \"wörd\"/+"}"#,
            "<b>p&amp;ss &quot;wörd&quot;/+</b>",
            "?q=p%26ss%20%22w%C3%B6rd%22%2F%2B",
            "?q=p%26ss+%22w%c3%b6rd%22%2f%2b",
            "cCZzcyAid8O2cmQiLys=",
            "Basic bWU6aHVudGVyMg==",
            "'hunter2'",
        ] {
            let redacted = known.redact(echo);
            assert!(redacted.contains(HIDDEN), "{redacted}");
            assert!(!redacted.contains("rd") && !redacted.contains("hunter2"), "{redacted}");
        }
        assert_eq!(known.redact("nothing of it"), "nothing of it");
    }

    #[test]
    fn json_stays_json_and_short_values_stay() {
        let known = KnownSecrets::default();
        known.add("12345");
        known.add("abc");
        let mut value = json!({"n": 12345, "m": 123456, "at 12345": ["x12345x", "abc", null]});
        known.redact_value(&mut value);
        assert_eq!(value, json!({"n": "***", "m": 123456, "at ***": ["x***x", "abc", null]}));
        let mut value = json!({"12345": {"12345": "12345"}});
        known.redact_members(&mut value);
        assert_eq!(value, json!({"12345": {"12345": "***"}}));
    }

    #[test]
    fn secrets_of_requests_are_remembered_with_their_parts() {
        let known = KnownSecrets::default();
        let input = json!({
            "url": "https://me:p%40ssword@h/?token=querytoken",
            "headers": {"Authorization": "Bearer headertoken", "Cookie": "a=1; sid=cookievalue; view=compact"},
            "json": {"db": {"password": "jsonpassword"}},
        });
        known.add_request(input.as_object().unwrap());
        for echo in ["p@ssword", "querytoken", "headertoken", "cookievalue", "jsonpassword"] {
            assert_eq!(known.redact(echo), HIDDEN, "{echo}");
        }
        assert_eq!(known.redact("Bearer of a=1"), "Bearer of a=1");
        assert_eq!(known.redact("a compact view"), "a compact view");
    }

    #[test]
    fn what_is_lasting_is_never_forgotten() {
        let known = KnownSecrets::default();
        known.add("of the environment");
        known.keep();
        for token in 0..12 {
            known.add(&format!("{token:02}{}", "t".repeat(50_000)));
        }
        assert_eq!(known.redact("of the environment"), HIDDEN);
        assert_eq!(known.redact(&format!("11{}", "t".repeat(50_000))), HIDDEN);
        assert_ne!(known.redact(&format!("00{}", "t".repeat(50_000))), HIDDEN);
    }
}
