//! Redirects of requests that are sent once: they only lead to the result.

use reqwest::header::LOCATION;
use reqwest::{Method, Response, StatusCode, Url};
use serde_json::{Map, Value};

use super::send::Outgoing;
use super::{CallError, CallErrorKind, Delivery, HttpClient, Output, transport};

/// What of a request says how its server is reached. Only this goes along to another origin.
const REACHED_BY: [&str; 6] =
    ["verify", "proxy", "requestTimeout", "connectTimeout", "maxRedirects", "maxBodyBytes"];

/// What of a request belongs to the method and the address that it had.
const OF_ITS_OWN: [&str; 5] = ["url", "endpoint", "params", "json", "data"];

/// Where a reply leads.
pub(super) enum Lead {
    /// The server wants the request itself somewhere else: it has done nothing.
    Again(String),
    /// The request was accepted, and what came of it is at this URL.
    Result(Url),
}

impl Lead {
    /// Where `reply` to a request of `method` to `url` leads; `None`: it is the reply itself.
    pub(super) fn of(reply: &Response, method: &Method, url: &Url) -> Option<Self> {
        let keeps_method = match reply.status() {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => *method != Method::POST,
            StatusCode::SEE_OTHER => false,
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
            _ => return None,
        };
        let location = reply.headers().get(LOCATION);
        let location = location.map(|location| String::from_utf8_lossy(location.as_bytes()));
        let target = location.and_then(|location| url.join(&location).ok());
        let target = target.filter(|target| matches!(target.scheme(), "http" | "https"));
        match target {
            Some(target) if !keeps_method => Some(Self::Result(target)),
            Some(target) => Some(Self::Again(named(&target))),
            None if keeps_method => Some(Self::Again("no URL that can be asked".to_owned())),
            None => None,
        }
    }
}

/// A URL without what may be secret in it.
fn named(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

/// The error of a request that the server wants to have sent somewhere else.
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

impl HttpClient {
    /// Fetches what came of a request to `from` that the server has accepted. A failure here says nothing
    /// about that request, which was made.
    pub(super) async fn fetch_result(
        &self,
        sent: &Outgoing<'_>,
        from: &Url,
        mut to: Url,
    ) -> Result<Output, CallError> {
        let place = named(&to);
        let same = from.origin() == to.origin();
        if same {
            // Neither call can fail: the URL has a host.
            let _ = to.set_username(from.username());
            let _ = to.set_password(from.password());
        }
        let goes_along = |key: &str| {
            if same { !OF_ITS_OWN.contains(&key) } else { REACHED_BY.contains(&key) }
        };
        let kept = sent.input.iter().filter(|(key, _)| goes_along(key));
        let mut input: Map<_, _> = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
        if let Some(headers) = input.get_mut("headers").and_then(Value::as_object_mut) {
            headers.retain(|name, _| !name.to_ascii_lowercase().starts_with("content-"));
        }
        input.insert("url".to_owned(), String::from(to).into());
        let fetch = Outgoing {
            method: Method::GET,
            input: &input,
            ours: sent.ours && same,
            token: sent.token.filter(|_| same),
            delivery: Delivery::Repeated,
            wanted: sent.wanted,
            deadline: sent.deadline,
        };
        let unseen = |why: CallError| {
            let message =
                format!("the request was accepted, but its result at {place} is unseen: {why}");
            CallError::new(CallErrorKind::Transport, transport::RESPONSE, message)
        };
        match Box::pin(self.send(&fetch)).await {
            Ok(Output { error: Some(error), .. }) if self.settings.check_response => {
                Err(unseen(error))
            }
            Ok(output) => Ok(output),
            Err(error) => Err(unseen(error)),
        }
    }
}
