//! The encodings of a secret: verbatim, and as in JSON, HTML, a URL or base64.

use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, Engine as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Shorter lines of a secret are not searched for by themselves.
const MIN_LINE: usize = 16;

/// All but the unreserved characters of RFC 3986.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The characters that JavaScript's `encodeURIComponent` encodes.
const COMPONENT: &AsciiSet =
    &UNRESERVED.remove(b'!').remove(b'*').remove(b'\'').remove(b'(').remove(b')');
/// The characters that a form encodes.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*');
/// The characters that are encoded in a path.
const PATH: &AsciiSet = &COMPONENT
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'/');

/// The distinct encodings of `secret` that have at least `min` characters.
pub(super) fn spellings(secret: &str, min: usize) -> Vec<String> {
    let mut found = vec![secret.to_owned(), secret.trim().to_owned()];
    found.push(secret.split_whitespace().collect::<Vec<_>>().join(" "));
    let lines = secret.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
    if secret.trim().contains('\n') {
        found.extend(lines.filter(|line| line.len() >= MIN_LINE).map(str::to_owned));
    }
    // JSON in a JSON string, as a server quotes a request.
    found.extend([
        json(secret),
        json(&json(secret)),
        html(secret, "&quot;", "&#x27;"),
        html(secret, "&#34;", "&#39;"),
    ]);
    found.push(html(secret, "&quot;", "'"));
    for set in [UNRESERVED, COMPONENT, PATH] {
        percent(&utf8_percent_encode(secret, set).to_string(), &mut found);
    }
    percent(&utf8_percent_encode(secret, FORM).to_string().replace("%20", "+"), &mut found);
    found.push(BASE64_STANDARD.encode(secret));
    found.push(BASE64_STANDARD_NO_PAD.encode(secret));
    found.push(BASE64_URL_SAFE.encode(secret));
    found.push(BASE64_URL_SAFE.encode(secret).trim_end_matches('=').to_owned());
    found.retain(|spelling| spelling.chars().count() >= min);
    found.sort_unstable();
    found.dedup();
    found
}

/// Adds a percent-encoded text with upper-case and with lower-case digits.
fn percent(encoded: &str, found: &mut Vec<String>) {
    let mut small = encoded.to_owned();
    for (at, _) in encoded.match_indices('%') {
        if let Some(digits) = encoded.get(at + 1..at + 3) {
            small.replace_range(at + 1..at + 3, &digits.to_ascii_lowercase());
        }
    }
    found.extend([small, encoded.to_owned()]);
}

fn json(secret: &str) -> String {
    let quoted = serde_json::Value::from(secret).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn html(secret: &str, quote: &str, apostrophe: &str) -> String {
    let text = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', quote).replace('\'', apostrophe)
}
