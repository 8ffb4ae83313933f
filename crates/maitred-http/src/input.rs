//! The input of a request: reads it and reports what is wrong with it.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

use maitred_core::client::{CallError, InputProblem, Verify};

use super::connections::{ConnectionSettings, Proxy};
use super::error::invalid_input;
use super::parameters::MAX_REDIRECTS;
use super::request::{Body, Credentials, Request, Target};
use super::url::{has_login, parse_url};
use reader::Reader;

mod reader;

pub(super) use reader::suggestion;

const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// Checks the input of a request before anything is sent. An empty list means that it can be sent,
/// provided that there is a base URL for an `endpoint`.
#[must_use]
pub fn check_input(input: &Map<String, Value>) -> Vec<InputProblem> {
    read(input).err().unwrap_or_default()
}

/// Reads the input of a request.
///
/// # Errors
/// The input is invalid; the message has every problem.
pub(super) fn request(input: &Map<String, Value>) -> Result<Request, CallError> {
    read(input).map_err(|problems| invalid_input(&problems))
}

fn read(input: &Map<String, Value>) -> Result<Request, Vec<InputProblem>> {
    let mut reader = Reader::new(input);
    reader.check_keys();
    let target = reader.target();
    let (headers, credentials) = (reader.headers(), reader.credentials());
    reader.check_logins(target.as_ref(), &headers, &credentials);
    let request = Request {
        headers,
        credentials,
        query: reader.pairs("params"),
        body: reader.body(),
        timeout: reader.seconds("requestTimeout", DEFAULT_REQUEST_TIMEOUT),
        max_body_bytes: reader.whole("maxBodyBytes", " of bytes", DEFAULT_MAX_BODY_BYTES),
        max_redirects: reader.redirects(),
        connection: reader.connection(),
        // Without a target there is a problem, and this is never used.
        target: target.unwrap_or(Target::Endpoint(String::new())),
    };
    if reader.problems.is_empty() { Ok(request) } else { Err(reader.problems) }
}

impl Reader<'_> {
    fn target(&mut self) -> Option<Target> {
        match (self.string("url"), self.string("endpoint")) {
            (Some(_), Some(_)) => {
                self.problem("endpoint", "cannot be given together with `url`");
                None
            }
            (Some(url), None) => match parse_url(url) {
                Ok(url) => Some(Target::Url(url)),
                Err(message) => {
                    self.problem("url", message);
                    None
                }
            },
            (None, Some(endpoint)) if has_scheme(endpoint) => {
                self.problems.push(
                    InputProblem::new("endpoint", "must be a path below the base URL")
                        .with_help(Some("a whole URL goes in `url`".to_owned())),
                );
                None
            }
            (None, Some(endpoint)) => Some(Target::Endpoint(endpoint.to_owned())),
            (None, None) => {
                if self.get("url").or(self.get("endpoint")).is_none() {
                    self.problem("url", "is required");
                }
                None
            }
        }
    }

    fn headers(&mut self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in self.pairs("headers") {
            let path = format!("headers.{name}");
            match (HeaderName::try_from(&name), HeaderValue::try_from(value)) {
                (Err(_), _) => self.problem(path, "is not a header name"),
                (_, Err(_)) => self.problem(path, "has a character that a header cannot carry"),
                (Ok(name), _) if is_framing(&name) => {
                    self.problem(path, "is set by the client and cannot be given");
                }
                (Ok(name), Ok(mut value)) => {
                    value.set_sensitive(true);
                    headers.append(name, value);
                }
            }
        }
        headers
    }

    fn body(&mut self) -> Body {
        match (self.get("json"), self.get("data")) {
            (Some(_), Some(_)) => {
                self.problem("data", "cannot be given together with `json`");
                Body::None
            }
            (Some(json), None) => Body::Json(json.to_string().into_bytes()),
            (None, Some(Value::String(text))) => Body::Text(text.clone()),
            (None, Some(Value::Object(_))) => Body::Form(self.pairs("data")),
            (None, Some(other)) => {
                self.expected("data", "a string, or an object for a form", other);
                Body::None
            }
            (None, None) => Body::None,
        }
    }

    fn credentials(&mut self) -> Credentials {
        let Some(value) = self.get("auth") else { return Credentials::None };
        let entries: Vec<_> = value.as_object().into_iter().flatten().collect();
        let [(scheme, value)] = entries.as_slice() else {
            self.problem("auth", "must be an object with one key, `basic` or `bearer`");
            return Credentials::None;
        };
        match scheme.as_str() {
            "basic" => self.basic(value),
            "bearer" => self.bearer(value),
            other => {
                self.problems.push(
                    InputProblem::new(
                        format!("auth.{other}"),
                        "is not a known scheme: `basic` or `bearer`",
                    )
                    .with_help(suggestion(other, &["basic", "bearer"])),
                );
                Credentials::None
            }
        }
    }

    fn basic(&mut self, value: &Value) -> Credentials {
        let known = ["username", "password"];
        let Some(entries) = value.as_object() else {
            self.expected("auth.basic", "an object with `username` and `password`", value);
            return Credentials::None;
        };
        for key in entries.keys().filter(|key| !known.contains(&key.as_str())) {
            self.problems.push(
                InputProblem::new(format!("auth.basic.{key}"), "is not known here")
                    .with_help(suggestion(key, &known)),
            );
        }
        let [username, password] = known.map(|key| match entries.get(key) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => {
                self.expected(format!("auth.basic.{key}"), "a string", other);
                String::new()
            }
            None if key == "username" => {
                self.problem("auth.basic.username", "is required");
                String::new()
            }
            None => String::new(),
        });
        Credentials::Basic { username, password }
    }

    fn bearer(&mut self, value: &Value) -> Credentials {
        let Some(token) = value.as_str() else {
            self.expected("auth.bearer", "a string", value);
            return Credentials::None;
        };
        match HeaderValue::try_from(format!("Bearer {token}")) {
            Ok(mut value) => {
                value.set_sensitive(true);
                Credentials::Bearer(value)
            }
            Err(_) => {
                self.problem("auth.bearer", "has a character that a header cannot carry");
                Credentials::None
            }
        }
    }

    /// Refuses two logins in one request: nobody can know which one was meant.
    fn check_logins(&mut self, target: Option<&Target>, headers: &HeaderMap, auth: &Credentials) {
        let in_url = matches!(target, Some(Target::Url(url)) if has_login(url));
        let in_headers = headers.contains_key(AUTHORIZATION);
        let in_auth = !matches!(auth, Credentials::None);
        if [in_url, in_headers, in_auth].into_iter().filter(|given| *given).count() > 1 {
            let message = "is given more than once: use one of `auth`, an Authorization header, \
                           and user:password in the URL";
            self.problem("auth", message);
        }
    }

    fn connection(&mut self) -> ConnectionSettings {
        let settings = ConnectionSettings {
            verify: self.verify(),
            cert: self.string("cert").map(str::to_owned),
            key: self.string("key").map(str::to_owned),
            proxy: self.proxy(),
            connect_timeout: self.seconds("connectTimeout", DEFAULT_CONNECT_TIMEOUT),
            sent_once: false,
        };
        if settings.key.is_some() && self.get("cert").is_none() {
            self.problem("key", "needs `cert`");
        }
        settings
    }

    fn redirects(&mut self) -> usize {
        let limit = self.whole("maxRedirects", "", MAX_REDIRECTS);
        if self.boolean("followRedirects", true) { limit } else { 0 }
    }

    fn verify(&mut self) -> Verify {
        match self.get("verify") {
            None => Verify::Enabled(true),
            Some(Value::Bool(enabled)) => Verify::Enabled(*enabled),
            Some(Value::String(path)) => Verify::CaFile(path.clone()),
            Some(other) => {
                self.expected("verify", "true, false, or the path of a CA file", other);
                Verify::Enabled(true)
            }
        }
    }

    fn proxy(&mut self) -> Proxy {
        let Some(value) = self.get("proxy") else { return Proxy::Environment };
        if value == &Value::Bool(false) {
            return Proxy::None;
        }
        let Some(text) = value.as_str() else {
            self.expected("proxy", "a URL or false", value);
            return Proxy::None;
        };
        let known = ["http", "https", "socks5", "socks5h"];
        match Url::parse(text) {
            Ok(url) if known.contains(&url.scheme()) && url.has_host() => {
                Proxy::Url(text.to_owned())
            }
            Ok(_) | Err(_) => {
                self.problem("proxy", "must be a URL: http://, https://, socks5:// or socks5h://");
                Proxy::None
            }
        }
    }
}

/// Whether this is a whole URL: one in the query of a path is not.
fn has_scheme(endpoint: &str) -> bool {
    endpoint.split(['/', '?', '#']).next().is_some_and(|first| first.ends_with(':'))
}

/// Headers that say where a message ends; a wrong one would garble the connection.
fn is_framing(name: &HeaderName) -> bool {
    matches!(name.as_str(), "connection" | "content-length" | "transfer-encoding" | "upgrade")
}
