//! The input of a request: what may stand in it, and what is wrong with one.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

use super::connections::{Proxy, Settings, Verify};
use super::parameters::{MAX_REDIRECTS, PARAMETERS, range};
use super::{InputProblem, nearest};

const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// Checks the input of a request before anything is sent. An empty list means it can be sent,
/// provided that an `endpoint` finds a base URL.
#[must_use]
pub fn check_input(input: &Map<String, Value>) -> Vec<InputProblem> {
    Request::read(input).err().unwrap_or_default()
}

/// Where a request goes.
pub(super) enum Target {
    Url(Url),
    Endpoint(String),
}

pub(super) enum Credentials {
    None,
    Basic { username: String, password: String },
    Bearer(HeaderValue),
}

pub(super) enum Body {
    None,
    Json(Vec<u8>),
    Form(Vec<(String, String)>),
    Text(String),
}

/// An input that has been read. It holds secrets, so it has no `Debug`.
pub(super) struct Request {
    pub(super) target: Target,
    pub(super) headers: HeaderMap,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Body,
    pub(super) credentials: Credentials,
    pub(super) timeout: Duration,
    pub(super) max_body_bytes: usize,
    /// How many redirects are followed at most.
    pub(super) max_redirects: usize,
    pub(super) settings: Settings,
}

impl Request {
    pub(super) fn read(input: &Map<String, Value>) -> Result<Self, Vec<InputProblem>> {
        let mut reader = Reader { input, problems: Vec::new() };
        reader.unknown_keys();
        let target = reader.target();
        let (headers, credentials) = (reader.headers(), reader.credentials());
        reader.one_login(target.as_ref(), &headers, &credentials);
        let request = Self {
            headers,
            credentials,
            query: reader.pairs("params"),
            body: reader.body(),
            timeout: reader.seconds("requestTimeout", DEFAULT_REQUEST_TIMEOUT),
            max_body_bytes: reader.whole("maxBodyBytes", " of bytes", DEFAULT_MAX_BODY_BYTES),
            max_redirects: reader.redirects(),
            settings: reader.settings(),
            // Without a target there is a problem, and this is never used.
            target: target.unwrap_or(Target::Endpoint(String::new())),
        };
        if reader.problems.is_empty() { Ok(request) } else { Err(reader.problems) }
    }

    /// Whether the input itself, and not a URL, says who asks.
    pub(super) fn has_login(&self) -> bool {
        !matches!(self.credentials, Credentials::None) || self.headers.contains_key(AUTHORIZATION)
    }
}

/// Reads keys one by one and collects what is wrong.
struct Reader<'a> {
    input: &'a Map<String, Value>,
    problems: Vec<InputProblem>,
}

impl<'a> Reader<'a> {
    fn problem(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.problems.push(InputProblem::new(path, message));
    }

    fn expected(&mut self, path: impl Into<String>, expected: &str, found: &Value) {
        self.problem(path, format!("must be {expected}, not {}", type_name(found)));
    }

    /// A value that is there; `null` counts as absent.
    fn get(&self, key: &str) -> Option<&'a Value> {
        self.input.get(key).filter(|value| !value.is_null())
    }

    fn unknown_keys(&mut self) {
        let known: Vec<&str> = PARAMETERS.iter().map(|parameter| parameter.name).collect();
        for key in self.input.keys().filter(|key| !known.contains(&key.as_str())) {
            self.problems.push(
                InputProblem::new(key.as_str(), "is not a parameter of an HTTP request")
                    .with_help(suggestion(key, &known)),
            );
        }
    }

    fn string(&mut self, key: &str) -> Option<&'a str> {
        let value = self.get(key)?;
        if value.as_str().is_none() {
            self.expected(key, "a string", value);
        }
        value.as_str()
    }

    fn boolean(&mut self, key: &str, default: bool) -> bool {
        let Some(value) = self.get(key) else { return default };
        value.as_bool().unwrap_or_else(|| {
            self.expected(key, "true or false", value);
            default
        })
    }

    fn seconds(&mut self, key: &str, default: Duration) -> Duration {
        let Some(value) = self.get(key) else { return default };
        let (least, most) = range(key);
        match value.as_f64() {
            Some(seconds) if seconds > least as f64 && seconds <= most as f64 => {
                Duration::from_secs_f64(seconds)
            }
            Some(_) => {
                self.problem(key, format!("must be more than {least} and at most {most} seconds"));
                default
            }
            None => {
                self.expected(key, "a number of seconds", value);
                default
            }
        }
    }

    fn whole(&mut self, key: &str, unit: &str, default: usize) -> usize {
        let Some(value) = self.get(key) else { return default };
        let (least, most) = range(key);
        let number = value.as_u64().filter(|number| (least..=most).contains(number));
        number.and_then(|number| usize::try_from(number).ok()).unwrap_or_else(|| {
            self.problem(key, format!("must be a whole number{unit} from {least} to {most}"));
            default
        })
    }

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

    /// An object of scalars or lists of scalars, as pairs; a list repeats its key.
    fn pairs(&mut self, key: &str) -> Vec<(String, String)> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let Some(entries) = value.as_object() else {
            self.expected(key, "an object", value);
            return Vec::new();
        };
        let mut pairs = Vec::new();
        for (name, value) in entries {
            let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            for item in items {
                match scalar(item) {
                    Some(text) => pairs.push((name.clone(), text)),
                    None if item.is_null() => {}
                    None => {
                        self.expected(format!("{key}.{name}"), "a scalar or a list of them", item)
                    }
                }
            }
        }
        pairs
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

    /// Two logins in one request: nobody can know which one was meant.
    fn one_login(&mut self, target: Option<&Target>, headers: &HeaderMap, auth: &Credentials) {
        let in_url = matches!(target, Some(Target::Url(url)) if has_login(url));
        let in_headers = headers.contains_key(AUTHORIZATION);
        let in_auth = !matches!(auth, Credentials::None);
        if [in_url, in_headers, in_auth].into_iter().filter(|given| *given).count() > 1 {
            let message = "is given more than once: use one of `auth`, an Authorization header, \
                           and user:password in the URL";
            self.problem("auth", message);
        }
    }

    fn settings(&mut self) -> Settings {
        let settings = Settings {
            verify: self.verify(),
            cert: self.string("cert").map(str::to_owned),
            key: self.string("key").map(str::to_owned),
            proxy: self.proxy(),
            connect_timeout: self.seconds("connectTimeout", DEFAULT_CONNECT_TIMEOUT),
            once: false,
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
            None | Some(Value::Bool(true)) => Verify::System,
            Some(Value::Bool(false)) => Verify::Nothing,
            Some(Value::String(path)) => Verify::SystemAnd(path.clone()),
            Some(other) => {
                self.expected("verify", "true, false, or the path of a CA file", other);
                Verify::System
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

/// The URL of a request, or what is wrong with it, without repeating it.
pub(super) fn parse_url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        Ok(_) => Err("must begin with http:// or https://".to_owned()),
        Err(error) => Err(format!("is not a URL: {error}")),
    }
}

/// The one of `known` that was probably meant.
pub(super) fn suggestion(word: &str, known: &[&str]) -> Option<String> {
    Some(format!("did you mean `{}`?", nearest(word, known.iter().copied())?))
}

/// Whether there is a user or a password in the URL.
pub(super) fn has_login(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Headers that say where a message ends; a wrong one would garble the connection.
fn is_framing(name: &HeaderName) -> bool {
    matches!(name.as_str(), "connection" | "content-length" | "transfer-encoding" | "upgrade")
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
