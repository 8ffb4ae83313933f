//! Secrets in URLs: a login before the host, a token in the query.

use std::ops::Range;

use super::{HIDDEN, names};

/// The kind of a secret in a URL. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlSecret {
    /// The user, or user and password, before an `@`.
    Login,
    /// The value of a query parameter that is a secret.
    Query,
}

/// `text` with each login and each secret query parameter of its URLs replaced by [`HIDDEN`]. A path with a
/// query counts as a URL.
pub fn masked(text: &str) -> String {
    replaced(text, HIDDEN)
}

/// Like [`masked`], with `instead` in place of [`HIDDEN`].
pub fn replaced(text: &str, instead: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for (_, range) in found(text) {
        out.push_str(&text[end..range.start]);
        out.push_str(instead);
        end = range.end;
    }
    out.push_str(&text[end..]);
    out
}

/// Like [`masked`], for a text that is a single address, which may lack the scheme: `user:password@host`.
pub fn masked_address(text: &str) -> String {
    match bare_login(text) {
        Some(range) => format!("{HIDDEN}{}", &masked(text)[range.end..]),
        None => masked(text),
    }
}

/// The login of an address without a scheme.
pub fn bare_login(text: &str) -> Option<Range<usize>> {
    if has_authority(text) || text.contains(ends_url) {
        return None;
    }
    let authority = text.split(['/', '?', '#']).next()?;
    let end = authority.rfind('@').filter(|end| authority[..*end].contains(':'))?;
    Some(0..end)
}

/// Returns whether a text has a URL with a host.
pub fn has_authority(text: &str) -> bool {
    authorities(text).next().is_some()
}

/// The logins and the secret query parameters in a text, in order and without overlaps.
pub fn found(text: &str) -> Vec<(UrlSecret, Range<usize>)> {
    let mut found: Vec<_> = logins(text).map(|range| (UrlSecret::Login, range)).collect();
    found.extend(queries(text).into_iter().map(|range| (UrlSecret::Query, range)));
    found.sort_by_key(|(_, range)| range.start);
    let mut end = 0;
    found.retain(|(_, range)| {
        let is_new = range.start >= end && !range.is_empty();
        end = end.max(range.end);
        is_new
    });
    found
}

/// Returns whether a character ends a URL in a text.
fn ends_url(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || matches!(letter, '"' | '<' | '>' | '`')
}

fn logins(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut last = 0;
    authorities(text).filter_map(move |start| {
        // It is inside of the one before, and hidden with it.
        if start < last {
            return None;
        }
        let rest = &text[start..];
        let end = rest.find(|letter| ends_url(letter) || matches!(letter, '/' | '?' | '#' | '\\'));
        let authority = &rest[..end.unwrap_or(rest.len())];
        last = start + authority.len();
        Some(start..start + authority.rfind('@')?)
    })
}

/// The positions of the authorities of URLs. By the URL standard, those of http need no slashes: `http:host`
/// and `http:\\host` are read as `http://host`.
fn authorities(text: &str) -> impl Iterator<Item = usize> {
    let after_colon = text.match_indices(':').map(|(at, _)| at + 1);
    after_colon.filter_map(move |at| {
        let rest = &text[at..];
        let slashes = rest.find(|letter| !matches!(letter, '/' | '\\')).unwrap_or(rest.len());
        let scheme = text[..at - 1].rsplit(|letter: char| !letter.is_ascii_alphabetic()).next();
        let is_http = scheme.is_some_and(|scheme| {
            scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
        });
        (is_http || rest.starts_with("//")).then_some(at + slashes)
    })
}

/// The values of secret parameters in `?name=value&name=value`.
fn queries(text: &str) -> Vec<Range<usize>> {
    let mut values = Vec::new();
    // The end of the last value: a value that begins in it ends with it.
    let mut last = 0;
    for (at, _) in text.match_indices(['?', '&', ';', '#']) {
        let rest = &text[at + 1..];
        let Some(equals) = rest.find(|letter: char| letter == '=' || ends_name(letter)) else {
            continue;
        };
        // `Tags[?Key=='a']` is an expression.
        if !rest[equals..].starts_with('=') || rest[equals..].starts_with("==") {
            continue;
        }
        let start = at + 1 + equals + 1;
        let is_inner = start < last;
        if !is_inner {
            let ends = |letter: char| ends_url(letter) || matches!(letter, '&' | '#' | '\'');
            last = text[start..].find(ends).map_or(text.len(), |length| start + length);
        }
        let value = &text[start..last];
        let named = names::is_secret_pair(&decoded(&rest[..equals]), value);
        if named || (!is_inner && is_secret_url(value)) {
            values.push(start..last);
        }
    }
    values
}

/// Returns whether a query value is a percent-encoded URL with a secret of its own.
fn is_secret_url(value: &str) -> bool {
    let inner = decoded(value);
    inner.len() < value.len() && inner.contains("://") && !found(&inner).is_empty()
}

fn ends_name(letter: char) -> bool {
    ends_url(letter) || matches!(letter, '&' | '?' | '#' | '/' | ';' | ',')
}

/// A part of a URL without percent-encoding.
pub fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_and_secrets_of_queries_are_masked_and_the_rest_stays() {
        for (text, expected) in [
            ("http://u:p@host/x", "http://***@host/x"),
            ("http://token@host", "http://***@host"),
            ("http:u:p@host", "http:***@host"),
            ("HTTPS:/u:p@host/x", "HTTPS:/***@host/x"),
            ("http:\\\\u:p@host and http: a@b", "http:\\\\***@host and http: a@b"),
            ("mailto:me@host and time 12:30@noon", "mailto:me@host and time 12:30@noon"),
            (
                "no connection to https://me:p@ss@h:1/a?b=c: refused",
                "no connection to https://***@h:1/a?b=c: refused",
            ),
            (
                "postgres+ssl://u:p@h/db and redis://:pw@h",
                "postgres+ssl://***@h/db and redis://***@h",
            ),
            ("/jobs/7?page=2&api_key=S&x=1", "/jobs/7?page=2&api_key=***&x=1"),
            (
                "https://h/?access%5Ftoken=S#id_token=T",
                "https://h/?access%5Ftoken=***#id_token=***",
            ),
            (
                "https://b/k?X-Amz-Credential=A%2Fb&X-Amz-Signature=c now",
                "https://b/k?X-Amz-Credential=***&X-Amz-Signature=*** now",
            ),
            ("(\"http://h/?sig=S\")", "(\"http://h/?sig=***\")"),
            (
                "https://h/a@b?next_token=1&max_tokens=2&q=a?b",
                "https://h/a@b?next_token=1&max_tokens=2&q=a?b",
            ),
            ("mail me@example.com; key=value", "mail me@example.com; key=value"),
            ("http://h/?token=", "http://h/?token="),
            ("Tags[?Key=='env'].Value | [?token=='a']", "Tags[?Key=='env'].Value | [?token=='a']"),
            ("http://h/?to=http%3A%2F%2Fu%3Ap%40h%2F&x=1", "http://h/?to=***&x=1"),
            ("http://h/?to=http%3A%2F%2Fh%2F&x=1", "http://h/?to=http%3A%2F%2Fh%2F&x=1"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }

    #[test]
    fn a_long_text_is_read_once() {
        for part in ["http:", "http://", "?a=", "?a=%3A//", "&token=", "?to=http%3A%2F%2Fu%3Ap%40h"]
        {
            let text = part.repeat(1 << 15);
            assert!(masked(&text).len() <= text.len() + 10, "{part}");
        }
        assert_eq!(masked("http:http:u:p@h?q=a?token=S"), "http:***@h?q=a?token=***");
    }
}
