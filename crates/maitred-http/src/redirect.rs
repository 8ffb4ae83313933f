//! Redirects: the target, and what of the request may be sent there.
//!
//! <https://www.rfc-editor.org/rfc/rfc9110#section-15.4>

use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE,
    CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderName, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LOCATION, RANGE, SET_COOKIE, USER_AGENT,
};
use reqwest::{Method, Request, Response, StatusCode, Url};

use maitred_core::client::{CallError, CallErrorKind, transport};

use super::url::without_login;

/// How many characters of a URL an error message quotes.
const QUOTED_CHARS: usize = 200;

/// The headers that do not identify the caller. Any other may hold a secret, whatever its name, and is not
/// sent to another origin.
const HARMLESS: [HeaderName; 12] = [
    ACCEPT,
    ACCEPT_ENCODING,
    ACCEPT_LANGUAGE,
    CACHE_CONTROL,
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    RANGE,
    USER_AGENT,
];

/// A request and the redirects that it has followed.
pub(super) struct Chain {
    /// The most redirects that are followed.
    limit: usize,
    /// Whether redirects to another origin are refused.
    same_origin: bool,
    followed: usize,
    /// The cookies that the servers have set, for this chain only.
    cookies: Jar,
    /// The `Cookie` header of the request itself.
    own_cookie: Option<HeaderValue>,
}

impl Chain {
    pub(super) fn new(request: &Request, limit: usize, same_origin: bool) -> Self {
        let own_cookie = request.headers().get(COOKIE).cloned();
        Self { limit, same_origin, followed: 0, cookies: Jar::default(), own_cookie }
    }

    /// Whether a redirect was followed.
    pub(super) fn has_begun(&self) -> bool {
        self.followed > 0
    }

    /// Changes `request` to the target of a redirect; `false` if `response` is not one to follow.
    ///
    /// # Errors
    /// The redirect cannot be followed, or must not be followed.
    pub(super) fn follow(
        &mut self,
        request: &mut Request,
        response: &Response,
    ) -> Result<bool, CallError> {
        let status = response.status();
        if self.limit == 0 || !is_redirect(status) {
            return Ok(false);
        }
        let target = target(request.url(), response)?;
        if self.followed >= self.limit {
            let most = self.limit;
            let message = format!(
                "too many redirects: more than {most}, the last of them to {}",
                quoted(target.as_str())
            );
            return Err(refused(status, message));
        }
        self.followed += 1;
        self.cookies.set_cookies(&mut response.headers().get_all(SET_COOKIE).iter(), request.url());
        change_method(request, status);
        if target.origin() != request.url().origin() {
            self.leave(request, &target, status)?;
        }
        *request.url_mut() = target;
        self.put_cookies(request);
        Ok(true)
    }

    /// Removes what is meant for the origin of `request` only.
    fn leave(
        &mut self,
        request: &mut Request,
        target: &Url,
        status: StatusCode,
    ) -> Result<(), CallError> {
        let to = quoted(target.as_str());
        if self.same_origin {
            let message = format!(
                "a redirect to another origin, {to}: the connection's headers are not for it"
            );
            return Err(refused(status, message));
        }
        if request.body().is_some() {
            let message = format!(
                "a redirect to another origin, {to}: the body of the request is not sent there; \
                 ask that URL itself if it is the right one"
            );
            return Err(refused(status, message));
        }
        let names: Vec<HeaderName> = request.headers().keys().cloned().collect();
        for name in names.iter().filter(|name| !HARMLESS.contains(name)) {
            request.headers_mut().remove(name);
        }
        self.own_cookie = None;
        // Cookies ignore ports, but two ports of a host may be two services.
        let from = request.url();
        if from.host() == target.host() && from.scheme() == target.scheme() {
            self.cookies = Jar::default();
        }
        Ok(())
    }

    fn put_cookies(&self, request: &mut Request) {
        let set = self.cookies.cookies(request.url());
        let bytes = |value: &HeaderValue| value.as_bytes().to_vec();
        let all: Vec<_> = self.own_cookie.iter().chain(&set).map(bytes).collect();
        request.headers_mut().remove(COOKIE);
        if let Ok(mut cookie) = HeaderValue::from_bytes(&all.join(&b"; "[..]))
            && !all.is_empty()
        {
            cookie.set_sensitive(true);
            request.headers_mut().insert(COOKIE, cookie);
        }
    }
}

/// Whether a status asks for another request.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Whether the target is requested with GET: after a 303, and as every client does after a 301 or 302 of
/// a POST.
pub(super) fn becomes_get(status: StatusCode, method: &Method) -> bool {
    match status.as_u16() {
        301 | 302 => method == Method::POST,
        303 => method != Method::HEAD,
        _ => false,
    }
}

fn change_method(request: &mut Request, status: StatusCode) {
    if becomes_get(status, request.method()) {
        *request.method_mut() = Method::GET;
        *request.body_mut() = None;
        for name in [CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE] {
            request.headers_mut().remove(name);
        }
    }
}

/// The target of the redirect, without a login.
fn target(from: &Url, response: &Response) -> Result<Url, CallError> {
    let status = response.status();
    let Some(location) = response.headers().get(LOCATION) else {
        return Err(refused(status, "a redirect without a Location header".to_owned()));
    };
    let text = String::from_utf8_lossy(location.as_bytes());
    match from.join(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            Ok(without_login(url))
        }
        Ok(_) => {
            let target = quoted(&text);
            Err(refused(status, format!("a redirect to {target}, which is neither http nor https")))
        }
        Err(error) => {
            let target = quoted(&text);
            Err(refused(status, format!("a redirect to {target}, which is not a URL: {error}")))
        }
    }
}

fn refused(status: StatusCode, message: String) -> CallError {
    let message = format!("{status}: {message}");
    CallError::new(CallErrorKind::Transport, transport::RESPONSE, message)
        .with_status(status.as_u16())
}

/// A URL as a message quotes it: short, without control characters, and without its login, query and
/// fragment, which may be secret. A redirect has secrets under any name, so that masking the known ones
/// does not do.
pub(super) fn quoted(location: &str) -> String {
    let open = location.split(['?', '#']).next().unwrap_or_default();
    let open = match open.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            let host = authority.rsplit('@').next().unwrap_or(authority);
            format!("{scheme}://{host}{path}")
        }
        None => open.to_owned(),
    };
    let harmless = open.chars().map(|char| if char.is_control() { ' ' } else { char });
    let quoted: String = harmless.clone().take(QUOTED_CHARS).collect();
    let more = if harmless.count() > QUOTED_CHARS { "…" } else { "" };
    format!("`{quoted}{more}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_quoted_without_login_query_and_fragment() {
        for (location, expected) in [
            ("myapp://callback?code=secret", "`myapp://callback`"),
            ("https://u:secret@host/path#secret", "`https://host/path`"),
            ("/relative?token=secret", "`/relative`"),
            ("http://h\u{1b}[31m/x", "`http://h [31m/x`"),
        ] {
            assert_eq!(quoted(location), expected);
        }
        assert_eq!(quoted(&"x".repeat(201)), format!("`{}…`", "x".repeat(200)));
    }
}
