//! A reply as a document, and as an error when its status is one.

use std::time::{Duration, UNIX_EPOCH};

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde_json::{Map, Value};

use crate::secrets::KnownSecrets;

use super::{CallError, CallErrorKind, Document, Output, Timestamp};

/// Characters of a body that an error message quotes.
const EXCERPT_CHARS: usize = 200;
/// Bytes of a body that are looked at for that.
const EXCERPT_BYTES: usize = 16 * EXCERPT_CHARS;

/// A reply that has arrived whole.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn into_output(self, now: Timestamp, known: &KnownSecrets) -> Output {
        let status = self.status.as_u16();
        let error = (status >= 400).then(|| self.error(now, known));
        Output { document: self.into_document(), status: Some(status), error }
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
        document.insert("Body".to_owned(), self.json().unwrap_or_else(|| self.text()));
        Document::from(Value::Object(document))
    }

    /// The body, if it is JSON: anything under a JSON content type, an object or a list under any
    /// other. The parser refuses what nests deeper than 128 levels, which then is text.
    fn json(&self) -> Option<Value> {
        let body = self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body);
        let first = body.iter().find(|byte| !byte.is_ascii_whitespace())?;
        if !self.says_json() && !matches!(first, b'{' | b'[') {
            return None;
        }
        serde_json::from_slice(body).ok()
    }

    fn says_json(&self) -> bool {
        let value = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = value.unwrap_or_default().split(';').next().unwrap_or_default();
        let essence = essence.trim().to_ascii_lowercase();
        essence.ends_with("/json") || essence.ends_with("+json")
    }

    fn text(&self) -> Value {
        if self.body.is_empty() {
            Value::Null
        } else {
            Value::from(String::from_utf8_lossy(&self.body))
        }
    }

    fn error(&self, now: Timestamp, known: &KnownSecrets) -> CallError {
        let reason = self.status.canonical_reason().unwrap_or("no reason given");
        let excerpt = excerpt(&self.body, known);
        let message =
            if excerpt.is_empty() { reason.to_owned() } else { format!("{reason}: {excerpt}") };
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

/// The beginning of a body on one line, without tags if it is HTML or XML, and without control
/// characters, which could play tricks on a terminal. Known secrets go before it is cut: half of one would
/// not be known any more.
fn excerpt(body: &[u8], known: &KnownSecrets) -> String {
    // Markup may come before the text; past this much of it, there is nothing worth quoting.
    let text = String::from_utf8_lossy(&body[..body.len().min(2 * EXCERPT_BYTES)]);
    let text = known.redact(&text);
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
