//! A request that was read from an input.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};

use super::connections::ConnectionSettings;

/// Where a request goes.
pub(super) enum Target {
    Url(Url),
    Endpoint(String),
}

pub(super) enum Credentials {
    None,
    Basic { username: String, password: String },
    Bearer(HeaderValue),
}

pub(super) enum Body {
    None,
    Json(Vec<u8>),
    Form(Vec<(String, String)>),
    Text(String),
}

/// A request. It holds secrets, so it has no `Debug`.
pub(super) struct Request {
    pub(super) target: Target,
    pub(super) headers: HeaderMap,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Body,
    pub(super) credentials: Credentials,
    pub(super) timeout: Duration,
    pub(super) max_body_bytes: usize,
    /// How many redirects are followed at most.
    pub(super) max_redirects: usize,
    pub(super) connection: ConnectionSettings,
}

impl Request {
    /// Whether the input itself has a login, apart from one in a URL.
    pub(super) fn has_login(&self) -> bool {
        !matches!(self.credentials, Credentials::None) || self.headers.contains_key(AUTHORIZATION)
    }
}
