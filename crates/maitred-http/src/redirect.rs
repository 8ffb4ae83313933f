//! Redirects: where one leads, and what of the request may go there.
//!
//! <https://www.rfc-editor.org/rfc/rfc9110#section-15.4>

use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE,
    CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderName, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, LOCATION, RANGE, SET_COOKIE, USER_AGENT,
};
use reqwest::{Method, Request, Response, StatusCode, Url};

use super::{CallError, CallErrorKind, transport};

/// Characters of a `Location` that an error message quotes.
const QUOTED_CHARS: usize = 100;

/// The headers that say nothing of who asks. Any other may hold a secret, whatever its name is, and
/// stays with the origin that it was meant for.
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

/// One request and what it is redirected to.
pub(super) struct Chain {
    /// The most redirects that are followed.
    limit: usize,
    /// Whether redirects to another origin are refused.
    same_origin: bool,
    followed: usize,
    /// What the servers have set on the way; it goes no further than this chain.
    cookies: Jar,
    /// The `Cookie` header of the request itself.
    own_cookie: Option<HeaderValue>,
}

impl Chain {
    pub(super) fn new(request: &Request, limit: usize, same_origin: bool) -> Self {
        let own_cookie = request.headers().get(COOKIE).cloned();
        Self { limit, same_origin, followed: 0, cookies: Jar::default(), own_cookie }
    }

    /// Whether a redirect was followed already.
    pub(super) fn has_begun(&self) -> bool {
        self.followed > 0
    }

    /// Turns `request` into the one that `response` redirects to; `false` if it redirects nowhere.
    ///
    /// # Errors
    /// The redirect cannot be followed, or must not be.
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
                shown(target.as_str())
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

    /// Leaves behind what is for the origin of `request` alone.
    fn leave(
        &mut self,
        request: &mut Request,
        target: &Url,
        status: StatusCode,
    ) -> Result<(), CallError> {
        let to = shown(target.as_str());
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
        // Cookies do not know ports, but two ports of one host may well be two services.
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

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// After a 303, and as every client does after a 301 or 302 of a POST, the target is asked with GET.
fn change_method(request: &mut Request, status: StatusCode) {
    let becomes_get = match status.as_u16() {
        301 | 302 => request.method() == Method::POST,
        303 => request.method() != Method::HEAD,
        _ => false,
    };
    if becomes_get {
        *request.method_mut() = Method::GET;
        *request.body_mut() = None;
        for name in [CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE] {
            request.headers_mut().remove(name);
        }
    }
}

/// Where the redirect leads, without the login that a URL may have.
fn target(from: &Url, response: &Response) -> Result<Url, CallError> {
    let status = response.status();
    let Some(location) = response.headers().get(LOCATION) else {
        return Err(refused(status, "a redirect without a Location header".to_owned()));
    };
    let text = String::from_utf8_lossy(location.as_bytes());
    match from.join(&text) {
        Ok(mut url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            // Neither call can fail: the URL has a host.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            Ok(url)
        }
        Ok(_) => {
            let shown = shown(&text);
            Err(refused(status, format!("a redirect to {shown}, which is neither http nor https")))
        }
        Err(error) => {
            let shown = shown(&text);
            Err(refused(status, format!("a redirect to {shown}, which is not a URL: {error}")))
        }
    }
}

fn refused(status: StatusCode, message: String) -> CallError {
    let message = format!("{status}: {message}");
    CallError::new(CallErrorKind::Transport, transport::RESPONSE, message)
        .with_status(status.as_u16())
}

/// A `Location` for a message: short, harmless, and without what may be a secret, which are its login,
/// its query and its fragment.
fn shown(location: &str) -> String {
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
    fn a_location_is_shown_without_login_query_and_fragment() {
        for (location, expected) in [
            ("myapp://callback?code=secret", "`myapp://callback`"),
            ("https://u:secret@host/path#secret", "`https://host/path`"),
            ("/relative?token=secret", "`/relative`"),
            ("http://h\u{1b}[31m/x", "`http://h [31m/x`"),
        ] {
            assert_eq!(shown(location), expected);
        }
        assert_eq!(shown(&"x".repeat(101)), format!("`{}…`", "x".repeat(100)));
    }
}
