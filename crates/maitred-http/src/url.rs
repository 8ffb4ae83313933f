//! URLs of requests.

use reqwest::Url;

/// The URL of a request, or what is wrong with it. The message does not repeat it.
pub(super) fn parse_url(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        Ok(_) => Err("must begin with http:// or https://".to_owned()),
        Err(error) => Err(format!("is not a URL: {error}")),
    }
}

/// Whether the URL has a user or a password.
pub(super) fn has_login(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// The URL of an http server without its user and password.
pub(super) fn without_login(mut url: Url) -> Url {
    // Neither call can fail: the URL has a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}
