//! From a reply to its document, and to an error if the status is 400 or more.

use std::borrow::Cow;
use std::time::{Duration, UNIX_EPOCH};

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::{Map, Value};

use maitred_core::client::{CallError, CallErrorKind, Output};
use maitred_core::clock::Timestamp;
use maitred_core::document::Document;
use maitred_core::secrets::KnownSecrets;

use super::body::{self, Received};

/// How many characters of a body an error message quotes.
const EXCERPT_CHARS: usize = 200;
/// How many bytes of a body are searched for them.
const EXCERPT_BYTES: usize = 16 * EXCERPT_CHARS;

/// A decoded reply.
pub(super) struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    /// `None`: the caller does not want it.
    body: Option<Value>,
    /// The beginning of the body of an error, for its message.
    excerpt: String,
}

impl Reply {
    /// Decodes a received reply.
    ///
    /// # Errors
    /// The body is malformed and the status is below 400. With a status of 400 or more, it is taken as text.
    pub(super) fn read(
        received: Received,
        cap: usize,
        known: &KnownSecrets,
    ) -> Result<Self, CallError> {
        let Received { status, mut headers, bytes, has_body } = received;
        let is_error = status.as_u16() >= 400;
        let decoded = match body::decode(&mut headers, &bytes, cap) {
            Ok(decoded) => decoded,
            Err(_) if is_error => Cow::Borrowed(&bytes[..]),
            Err(message) => return Err(body::unreadable(message).with_status(status.as_u16())),
        };
        let body = match has_body.then(|| body::content(&headers, &decoded)) {
            None => None,
            Some(Ok(content)) => Some(content),
            Some(Err(_)) if is_error => Some(body::text(&headers, &decoded).into()),
            Some(Err(message)) => {
                return Err(body::unreadable(message).with_status(status.as_u16()));
            }
        };
        let excerpt =
            if is_error { excerpt(&body::text(&headers, &decoded), known) } else { String::new() };
        Ok(Self { status, headers, body, excerpt })
    }

    pub(super) fn into_output(self, now: Timestamp) -> Output {
        let status = self.status.as_u16();
        let error = (status >= 400).then(|| self.error(now));
        let mut output = Output::new(self.into_document(), status);
        output.error = error;
        output
    }

    fn into_document(self) -> Document {
        let headers = self.headers.keys().map(|name| {
            let values: Vec<_> = self
                .headers
                .get_all(name)
                .iter()
                .map(|value| String::from_utf8_lossy(value.as_bytes()))
                .collect();
            (name.as_str().to_owned(), Value::from(values.join(", ")))
        });
        // Member by member: `json!` would copy the body.
        let mut document = Map::new();
        document.insert("StatusCode".to_owned(), self.status.as_u16().into());
        document.insert("Headers".to_owned(), Value::Object(headers.collect()));
        document.extend(self.body.map(|body| ("Body".to_owned(), body)));
        Document::from(Value::Object(document))
    }

    fn error(&self, now: Timestamp) -> CallError {
        let reason = self.status.canonical_reason().unwrap_or("no reason given");
        let message = match self.excerpt.as_str() {
            "" => reason.to_owned(),
            excerpt => format!("{reason}: {excerpt}"),
        };
        let error = CallError::new(CallErrorKind::Service, self.status.as_str(), message)
            .with_status(self.status.as_u16());
        match self.retry_after(now) {
            Some(retry_after) => error.with_retry_after(retry_after),
            None => error,
        }
    }

    /// `Retry-After`, in seconds or as a date:
    /// <https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3>. A date that has passed is zero.
    fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        let value = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
            let seconds = value.parse::<u32>().unwrap_or(u32::MAX);
            return Some(Duration::from_secs(seconds.into()));
        }
        let date = httpdate::parse_http_date(value).ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(Timestamp::default().plus(date).since(now))
    }
}

/// The beginning of a body on one line, without the tags of HTML or XML, control characters and known
/// secrets. Secrets are removed before the text is cut, because half of one would not be recognised.
fn excerpt(text: &str, known: &KnownSecrets) -> String {
    // Markup may come first; after this much of it, nothing is worth quoting.
    let text = known.redact(&text[..text.floor_char_boundary(2 * EXCERPT_BYTES)]);
    let text = &text[..text.floor_char_boundary(EXCERPT_BYTES)];
    let is_markup = text.trim_start().starts_with('<');
    let mut in_tag = false;
    let plain: String = text
        .chars()
        .map(|char| {
            let hidden = is_markup && (in_tag || char == '<');
            in_tag = hidden && char != '>';
            if hidden || char.is_control() { ' ' } else { char }
        })
        .collect();
    let line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = known.redact(&line).into_owned();
    match line.char_indices().nth(EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
