//! OAuth 2.0 client credentials: a token is cached, and renewed before it expires.
//!
//! RFC 6749, section 4.4: <https://www.rfc-editor.org/rfc/rfc6749#section-4.4>.

use std::fmt;
use std::time::Duration;

use reqwest::header::HeaderValue;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use maitred_core::client::{CallError, CallErrorKind, Output, transport};
use maitred_core::clock::{Clock, Moment};

/// A token is renewed this long before it expires, or a tenth of its lifetime if that is less.
const MARGIN: Duration = Duration::from_secs(60);

/// The defaults of a connection that apply to its token server too.
const SHARED: [&str; 6] = ["verify", "cert", "key", "proxy", "requestTimeout", "connectTimeout"];

/// How to get tokens. `Debug` does not show the secret.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OAuth2 {
    /// The URL of the token server.
    pub token_url: String,
    /// The client's id.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: String,
    /// The scope to request; several are separated by spaces.
    pub scope: Option<String>,
    /// The audience to request, which some servers need.
    pub audience: Option<String>,
    /// True if id and secret are sent in the body (`client_secret_post`) instead of a Basic header
    /// (`client_secret_basic`).
    pub in_body: bool,
}

impl fmt::Debug for OAuth2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth2").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl OAuth2 {
    /// Tokens of this server for this client.
    pub fn new(token_url: String, client_id: String, client_secret: String) -> Self {
        Self { token_url, client_id, client_secret, scope: None, audience: None, in_body: false }
    }

    /// The input of the request for a token.
    pub(super) fn request(&self, defaults: &Map<String, Value>) -> Map<String, Value> {
        let shared = defaults.iter().filter(|(key, _)| SHARED.contains(&key.as_str()));
        let mut input: Map<_, _> =
            shared.map(|(key, value)| (key.clone(), value.clone())).collect();
        let mut form = Map::new();
        form.insert("grant_type".to_owned(), json!("client_credentials"));
        for (name, value) in [("scope", &self.scope), ("audience", &self.audience)] {
            form.extend(value.iter().map(|value| (name.to_owned(), json!(value))));
        }
        if self.in_body {
            form.insert("client_id".to_owned(), json!(self.client_id));
            form.insert("client_secret".to_owned(), json!(self.client_secret));
        } else {
            // RFC 6749, section 2.3.1: both are encoded as in a form before they are joined.
            let basic = json!({
                "username": form_encoded(&self.client_id),
                "password": form_encoded(&self.client_secret),
            });
            input.insert("auth".to_owned(), json!({ "basic": basic }));
        }
        input.insert("url".to_owned(), json!(self.token_url));
        input.insert("data".to_owned(), Value::Object(form));
        input.insert("headers".to_owned(), json!({ "Accept": "application/json" }));
        // The secret is sent only to the given URL.
        input.insert("followRedirects".to_owned(), json!(false));
        input
    }
}

fn form_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'*' | b'-' | b'.' | b'_' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

/// The cached token. It is renewed by one request, however many calls need it.
#[derive(Default)]
pub(super) struct TokenCache(pub(super) Mutex<Option<Token>>);

/// A token as the header that carries it, whose `Debug` hides it.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) header: HeaderValue,
    /// When it was received, and how long it is valid.
    lifetime: Option<(Moment, Duration)>,
}

impl Token {
    /// Reads the reply of the token server. Of an error, a message quotes no more than the code.
    pub(super) fn read(output: &Output, clock: &dyn Clock) -> Result<Self, CallError> {
        let body = &output.document.value()["Body"];
        if let Some(error) = &output.error {
            let code = body["error"].as_str().filter(|code| is_error_code(code));
            let said = code.map_or_else(|| error.code().to_owned(), str::to_owned);
            let message = format!("the token server refused: {said}");
            // A transient error does not end a wait.
            let passes = output.status.is_some_and(|status| status >= 500 || status == 429);
            let kind = if passes { CallErrorKind::Service } else { CallErrorKind::Credentials };
            let failed = CallError::new(kind, error.code(), message);
            let failed = output.status.into_iter().fold(failed, CallError::with_status);
            return Err(error.retry_after().into_iter().fold(failed, CallError::with_retry_after));
        }
        let header = body["access_token"]
            .as_str()
            .and_then(|token| HeaderValue::try_from(format!("Bearer {token}")).ok());
        let Some(mut header) = header else {
            return Err(refused("the token server's reply has no `access_token` that can be sent"));
        };
        let kind = body["token_type"].as_str().unwrap_or("Bearer");
        if !kind.eq_ignore_ascii_case("bearer") {
            return Err(refused("the token server's tokens are not of type Bearer"));
        }
        header.set_sensitive(true);
        // Some servers write the number as a string.
        let seconds = &body["expires_in"];
        let seconds = seconds.as_f64().or_else(|| seconds.as_str()?.parse().ok());
        let life = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let life = life.map(|life| (Moment::of(clock), life - MARGIN.min(life / 10)));
        Ok(Self { header, lifetime: life })
    }

    /// Whether it is valid now.
    pub(super) fn is_fresh(&self, clock: &dyn Clock) -> bool {
        self.lifetime.is_none_or(|(came, life)| !came.left_of(life, clock).is_zero())
    }
}

/// Whether this is an error code of RFC 6749, section 5.2, such as `invalid_client`.
fn is_error_code(code: &str) -> bool {
    code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// The token server did not answer within the time of the call.
pub(super) fn too_slow(timeout: Duration) -> CallError {
    let message = format!("the token server gave no token within {} s", timeout.as_secs_f64());
    CallError::new(CallErrorKind::Transport, transport::TIMEOUT, message)
}

fn refused(message: &str) -> CallError {
    CallError::new(CallErrorKind::Credentials, "OAuth2", message)
}
