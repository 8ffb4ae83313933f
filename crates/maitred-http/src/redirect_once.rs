//! Redirects of requests that are sent once: one of them is followed only to fetch the result.

use reqwest::header::LOCATION;
use reqwest::{Method, Response, StatusCode, Url};
use serde_json::{Map, Value};

use maitred_core::client::{CallError, CallErrorKind, transport};

use super::redirect::{becomes_get, is_redirect, quoted};

/// The members of an input that say how a server is reached. Only these are kept for another origin.
const ROUTE_KEYS: [&str; 6] =
    ["verify", "proxy", "requestTimeout", "connectTimeout", "maxRedirects", "maxBodyBytes"];

/// The members of an input that belong to its method and address.
const REQUEST_KEYS: [&str; 5] = ["url", "endpoint", "params", "json", "data"];

/// What the redirect of a request that is sent once means.
pub(super) enum Redirect {
    /// The server wants the same request at another address, and has done nothing.
    Resend(String),
    /// The request was accepted, and its result is at this URL.
    Result(Url),
}

impl Redirect {
    /// Reads the redirect in `reply` to a request of `method` to `url`. `None`: the reply is the result.
    pub(super) fn of(reply: &Response, method: &Method, url: &Url) -> Option<Self> {
        let status = reply.status();
        if !is_redirect(status) {
            return None;
        }
        let is_result = status == StatusCode::SEE_OTHER || becomes_get(status, method);
        let location = reply.headers().get(LOCATION);
        let location = location.map(|location| String::from_utf8_lossy(location.as_bytes()));
        let target = location.and_then(|location| url.join(&location).ok());
        let target = target.filter(|target| matches!(target.scheme(), "http" | "https"));
        match target {
            Some(target) if is_result => Some(Self::Result(target)),
            Some(target) => Some(Self::Resend(quoted(target.as_str()))),
            None if is_result => None,
            None => Some(Self::Resend("no URL that can be requested".to_owned())),
        }
    }
}

/// The error of a request that the server wants at another address.
pub(super) fn sent_elsewhere(status: StatusCode, target: &str) -> CallError {
    let message = format!(
        "the server redirects to {target} ({}), and a request that is sent once is not sent again \
         there: give that address",
        status.as_u16()
    );
    CallError::new(CallErrorKind::Transport, transport::RESPONSE, message)
        .with_status(status.as_u16())
        .with_never_sent()
}

/// The error of a request that was accepted, and whose result at `url` cannot be fetched. It says nothing
/// about the request itself, which was made.
pub(super) fn unseen_result(url: &Url, why: &CallError) -> CallError {
    let at = quoted(url.as_str());
    let message = format!("the request was accepted, but its result at {at} is unseen: {why}");
    CallError::new(CallErrorKind::Transport, transport::RESPONSE, message)
}

/// The input of the request that fetches from `to` the result of a request with `sent` to `from`.
pub(super) fn result_input(
    sent: &Map<String, Value>,
    from: &Url,
    mut to: Url,
) -> Map<String, Value> {
    let same_origin = from.origin() == to.origin();
    if same_origin {
        // Neither call can fail: the URL has a host.
        let _ = to.set_username(from.username());
        let _ = to.set_password(from.password());
    }
    let is_kept = |key: &str| {
        if same_origin { !REQUEST_KEYS.contains(&key) } else { ROUTE_KEYS.contains(&key) }
    };
    let kept = sent.iter().filter(|(key, _)| is_kept(key));
    let mut input: Map<_, _> = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
    if let Some(headers) = input.get_mut("headers").and_then(Value::as_object_mut) {
        headers.retain(|name, _| !name.to_ascii_lowercase().starts_with("content-"));
    }
    input.insert("url".to_owned(), String::from(to).into());
    input
}
