//! What a client adds to every request, and to which origins.

use std::fmt;

use reqwest::Url;
use serde_json::{Map, Value};

use maitred_core::client::CallError;

use super::error::invalid;
use super::oauth2::OAuth2;
use super::url::{has_login, parse_url};

/// The settings of a client.
///
/// `Debug` shows neither defaults nor tokens.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct HttpSettings {
    /// The URL that the `endpoint` of an input is appended to.
    pub base_url: Option<String>,
    /// Default members of inputs. Headers are merged by name.
    pub defaults: Map<String, Value>,
    /// Gets bearer tokens for requests that have no other login.
    pub oauth2: Option<OAuth2>,
    /// A PEM file of CA certificates to trust in addition to those of the system, if neither the input nor
    /// the defaults have `verify`.
    pub ca_file: Option<String>,
    /// Whether a status of 400 or more that no acceptor matches is an error (default true).
    pub check_response: bool,
    /// Whether a `url` of another origin than `base_url` is requested, without the defaults. By default, it
    /// is refused.
    pub other_origins: bool,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            base_url: None,
            defaults: Map::new(),
            oauth2: None,
            ca_file: None,
            check_response: true,
            other_origins: false,
        }
    }
}

impl fmt::Debug for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSettings").field("oauth2", &self.oauth2).finish_non_exhaustive()
    }
}

/// The input of a request, merged with the defaults.
pub(super) struct Merged {
    pub(super) input: Map<String, Value>,
    /// Whether the defaults apply.
    pub(super) ours: bool,
    /// Whether the request has a login, its own or a default.
    pub(super) has_login: bool,
}

/// Adds the defaults to `input`. Credentials are only for the origin of the base URL.
pub(super) fn merge(
    settings: &HttpSettings,
    base: Option<&Url>,
    input: &Map<String, Value>,
) -> Result<Merged, CallError> {
    let url = input.get("url").and_then(Value::as_str).and_then(|url| parse_url(url).ok());
    let own_login = has_auth(input) || url.as_ref().is_some_and(has_login);
    if let (Some(url), Some(base)) = (&url, base)
        && url.origin() != base.origin()
        && !(settings.defaults.is_empty() && settings.oauth2.is_none())
    {
        if settings.other_origins {
            return Ok(Merged { input: input.clone(), ours: false, has_login: own_login });
        }
        let (wanted, host) = (origin(url), origin(base));
        return Err(invalid(format!(
            "`url` is at {wanted}, but the connection is for {host}, and its credentials are not \
             sent elsewhere: give `endpoint`, or another connection"
        )));
    }
    let mut merged = settings.defaults.clone();
    if own_login {
        merged.remove("auth");
        if let Some(headers) = merged.get_mut("headers").and_then(Value::as_object_mut) {
            headers.retain(|name, _| !name.eq_ignore_ascii_case("authorization"));
        }
    }
    for (key, value) in input.iter().filter(|(_, value)| !value.is_null()) {
        match (key.as_str(), merged.get_mut(key), value) {
            ("headers", Some(Value::Object(headers)), Value::Object(own)) => {
                headers.retain(|name, _| !own.keys().any(|own| own.eq_ignore_ascii_case(name)));
                headers.extend(own.clone());
            }
            ("cert", _, _) => {
                merged.remove("key");
                merged.insert(key.clone(), value.clone());
            }
            _ => {
                merged.insert(key.clone(), value.clone());
            }
        }
    }
    // The default `key` belongs to the default `cert`, and the input's own was removed with it.
    if let Some(key) = input.get("key").filter(|key| !key.is_null()) {
        merged.insert("key".to_owned(), key.clone());
    }
    let has_login = own_login || has_auth(&merged);
    Ok(Merged { input: merged, ours: true, has_login })
}

fn has_auth(input: &Map<String, Value>) -> bool {
    let headers = input.get("headers").and_then(Value::as_object);
    let in_headers = headers.is_some_and(|headers| {
        headers.keys().any(|name| name.eq_ignore_ascii_case("authorization"))
    });
    in_headers || input.get("auth").is_some_and(|auth| !auth.is_null())
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
