//! The body of a reply: reads it within limits, and parses it.

use std::borrow::Cow;
use std::time::Duration;

use encoding_rs::{Encoding, UTF_8};
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use tokio::time::timeout;

use maitred_core::client::{CallError, CallErrorKind, transport};
use maitred_net::coding::{self, CodingError};

use super::failure::Attempt;

/// How much of the body of an error is read for its message if the caller does not want the body.
const EXCERPT_BYTES: usize = 4 * 1024;

/// How long to wait for it.
const EXCERPT_TIME: Duration = Duration::from_secs(1);

/// A reply before it is decoded.
pub(super) struct Received {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// The part of the body that was read, in its content coding.
    pub(super) bytes: Vec<u8>,
    pub(super) has_body: bool,
}

/// Reads a reply, with its body if the caller `wants_body`: it may be large or endless.
pub(super) async fn receive(
    mut response: Response,
    wants_body: bool,
    cap: usize,
    attempt: &Attempt,
) -> Result<Received, CallError> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let mut bytes = Vec::new();
    if wants_body {
        read_whole(&mut response, &mut bytes, wire_cap(&headers, cap))
            .await
            .map_err(|stop| stop.into_error(attempt, &headers, cap).with_status(status.as_u16()))?;
    } else if status.as_u16() >= 400 {
        // What has arrived by then is enough.
        let excerpt = read_whole(&mut response, &mut bytes, EXCERPT_BYTES);
        let _ = timeout(EXCERPT_TIME, excerpt).await;
    }
    Ok(Received { status, headers, bytes, has_body: wants_body })
}

/// Why the reading of a body stopped before its end.
enum Stop {
    TooLarge,
    Failed(reqwest::Error),
}

impl Stop {
    fn into_error(self, attempt: &Attempt, headers: &HeaderMap, cap: usize) -> CallError {
        match self {
            Self::TooLarge => unreadable(too_large(cap)),
            Self::Failed(error) if error.is_timeout() => {
                attempt.unfinished(is_event_stream(headers))
            }
            Self::Failed(error) => attempt.failed(&error),
        }
    }
}

async fn read_whole(response: &mut Response, bytes: &mut Vec<u8>, cap: usize) -> Result<(), Stop> {
    while let Some(chunk) = response.chunk().await.map_err(Stop::Failed)? {
        if bytes.len() + chunk.len() > cap {
            return Err(Stop::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(())
}

/// The cap on the coded body. The cap counts decoded bytes, of which a small body can have fewer.
fn wire_cap(headers: &HeaderMap, cap: usize) -> usize {
    const FRAME: usize = 1024;
    if headers.contains_key(CONTENT_ENCODING) { cap.saturating_add(FRAME) } else { cap }
}

fn too_large(cap: usize) -> String {
    format!("the body is larger than {cap} bytes; `maxBodyBytes` raises the cap")
}

pub(super) fn unreadable(message: String) -> CallError {
    CallError::new(CallErrorKind::Transport, transport::RESPONSE, message)
}

/// Decodes a body to at most `cap` bytes, and drops the headers that describe the coded one. The error is
/// a message.
pub(super) fn decode<'a>(
    headers: &mut HeaderMap,
    bytes: &'a [u8],
    cap: usize,
) -> Result<Cow<'a, [u8]>, String> {
    let values = headers.get_all(CONTENT_ENCODING).iter();
    let codings: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    let decoded = coding::decode(bytes, &codings.join(","), cap).map_err(|error| match error {
        CodingError::TooLarge => too_large(cap),
        error @ (CodingError::Unknown(_) | CodingError::Garbled(_)) => error.to_string(),
    })?;
    if matches!(decoded, Cow::Owned(_)) {
        headers.remove(CONTENT_ENCODING);
        headers.remove(CONTENT_LENGTH);
    }
    Ok(decoded)
}

/// The value of a body: JSON if its content type is JSON or if it is an object or a list, otherwise text;
/// `null` if it is empty.
///
/// # Errors
/// The body is malformed for its content type. The error is a message.
pub(super) fn content(headers: &HeaderMap, bytes: &[u8]) -> Result<Value, String> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let media_type = MediaType::of(headers);
    let label = media_type.charset.as_deref();
    let charset = charset(label).ok_or_else(|| {
        format!("the body has the charset `{}`, which is unknown", label.unwrap_or_default())
    })?;
    // A byte order mark wins over the charset.
    let (text, _, is_garbled) = charset.decode(bytes);
    let first = text.trim_start().chars().next();
    if media_type.is_json {
        return match first {
            None => Ok(Value::Null),
            // Characters were lost.
            Some(_) if is_garbled => {
                Err("the body says that it is JSON, but it has bytes that are \
                                          not of its charset"
                    .to_owned())
            }
            Some(_) => serde_json::from_str(&text)
                .map_err(|error| format!("the body says that it is JSON, but it is not: {error}")),
        };
    }
    let json = match first {
        Some('{' | '[') if !is_garbled => serde_json::from_str(&text).ok(),
        _ => None,
    };
    Ok(json.unwrap_or_else(|| Value::from(text)))
}

/// A body as text, whatever its content type.
pub(super) fn text(headers: &HeaderMap, bytes: &[u8]) -> String {
    let charset = charset(MediaType::of(headers).charset.as_deref()).unwrap_or(UTF_8);
    charset.decode(bytes).0.into_owned()
}

/// The charset of that name (default UTF-8); `None` if it is not known.
fn charset(label: Option<&str>) -> Option<&'static Encoding> {
    label.map_or(Some(UTF_8), |label| Encoding::for_label(label.as_bytes()))
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    MediaType::of(headers).essence == "text/event-stream"
}

/// A parsed `Content-Type`.
#[derive(Default)]
struct MediaType {
    essence: String,
    is_json: bool,
    charset: Option<String>,
}

impl MediaType {
    fn of(headers: &HeaderMap) -> Self {
        let value = headers.get(CONTENT_TYPE).map(|value| value.as_bytes()).unwrap_or_default();
        let value = String::from_utf8_lossy(value);
        let mut parts = value.split(';');
        let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let charset = parts
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
            .map(|(_, label)| label.trim().trim_matches(['"', '\'']).to_owned())
            .filter(|label| !label.is_empty());
        let is_json = essence.ends_with("/json") || essence.ends_with("+json");
        Self { essence, is_json, charset }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;
    use serde_json::json;

    use super::*;

    fn read(content_type: &str, bytes: &[u8]) -> Result<Value, String> {
        let value = HeaderValue::try_from(content_type).unwrap();
        content(&HeaderMap::from_iter([(CONTENT_TYPE, value)]), bytes)
    }

    #[test]
    fn text_is_read_in_its_charset() {
        let cases: [(&str, &[u8], &str); 6] = [
            ("text/plain; charset=iso-8859-1", b"caf\xe9", "café"),
            ("text/plain;Charset=\"Windows-1252\"", b"\x80", "€"),
            ("text/plain; charset=utf-16le", b"o\0k\0", "ok"),
            ("text/plain; charset=shift_jis", b"\x83\x65", "テ"),
            ("text/plain", b"\xff\xfeo\0k\0", "ok"),
            ("text/plain", b"o\xffk", "o\u{fffd}k"),
        ];
        for (content_type, bytes, expected) in cases {
            assert_eq!(read(content_type, bytes).unwrap(), expected, "{content_type}");
        }
        let json = read("application/json; charset=ISO-8859-1", b"{\"a\": \"\xe9\"}");
        assert_eq!(json.unwrap(), json!({"a": "é"}));
        let error = read("text/plain; charset=klingon", b"x").unwrap_err();
        assert!(error.contains("`klingon`"), "{error}");
    }

    #[test]
    fn malformed_json_is_an_error() {
        for body in [&b"<html>"[..], b"{\"a\": 1", b"{} {}", b"\"\xff\"", b")]}'\n{}"] {
            let error = read("application/json", body).unwrap_err();
            assert!(error.starts_with("the body says that it is JSON"), "{error}");
        }
        assert_eq!(read("application/json", b" \n").unwrap(), Value::Null);
        assert_eq!(read("text/html", b"{not json}").unwrap(), "{not json}");
        assert_eq!(read("application/x-ndjson", b"{}\n{}").unwrap(), "{}\n{}");
    }
}
