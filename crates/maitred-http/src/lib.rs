//! Service `http`: one request is one call, and every reply that arrives is an output.
//!
//! The operation is the method ([`METHODS`]). The input, of which all but an address may be left out
//! ([`PARAMETERS`] has it as data):
//!
//! | key | value | meaning |
//! |---|---|---|
//! | `url` | string | the http:// or https:// URL to ask |
//! | `endpoint` | string | instead of `url`: a path below the base URL, which is the `host` of the connection or `ClientSettings::endpoint_url`; it may have a query |
//! | `headers` | object of string or list | request headers |
//! | `params` | object of scalar or list | appended, percent-encoded, to the query of the URL; a list repeats its key |
//! | `json` | any | the body, as JSON |
//! | `data` | string or object | instead of `json`: the body as it is, or as a form |
//! | `auth` | object | `{"basic": {"username", "password"}}` or `{"bearer": token}`; never sent to another origin |
//! | `requestTimeout` | number | seconds for the whole request, with redirects, token and body; default 30, at most 86400 |
//! | `connectTimeout` | number | seconds to connect; default 10 |
//! | `verify` | boolean or string | `false` accepts any certificate, a path is a PEM file of CA certificates to trust as well as the system's; default `true` |
//! | `cert` | string | the path of a PEM file with the client certificate, and its key if it is in there |
//! | `key` | string | the path of a PEM file with that key |
//! | `proxy` | string or `false` | the URL of a proxy (http, https, socks5, socks5h); `false`: none, not even the environment's |
//! | `followRedirects` | boolean | default `true` |
//! | `maxRedirects` | integer | how many are followed at most; default 10 |
//! | `maxBodyBytes` | integer | the largest body accepted, in bytes after decompression; default 8 MiB, at most 1 GiB |
//!
//! In what is stored (triggers, tasks), a value may be a reference to a secret,
//! `{"$secret": "env:TOKEN"}`, and a literal login is refused. The document of a reply is
//!
//! ```json
//! {"StatusCode": 200, "Headers": {"content-type": "application/json"}, "Body": {"state": "ready"}}
//! ```
//!
//! - An input key whose value is `null` counts as absent.
//! - Header names are in lower case; the values of a repeated header are joined with `", "`.
//! - `Body` is parsed if it is JSON: anything under a JSON content type, an object or a list under any
//!   other. Else it is text (bytes that are not of its charset become U+FFFD), and `null` when it is
//!   empty. The content codings gzip, deflate, br and zstd are undone, and text is read in the charset
//!   that its content type names, else in UTF-8.
//! - `Body` is missing where nobody reads it: [`Client::call_without_body`] leaves it on the wire.
//! - A reply with a status below 400 whose body is not what it says (JSON that does not parse, a coding
//!   or a charset that is not known) is a `ResponseError`. Of an error such a body is taken as text.
//! - A status of 400 or more leaves a reply an output, with [`Output::error`] set: its code is the
//!   status (`"503"`).
//! - A request without a usable reply is a transport failure with a code of [`transport`].
//!
//! Redirects carry the cookies that the servers on the way set. To another origin (scheme, host or port)
//! go only headers that say nothing of the caller, such as `Accept`, and no body: a redirect that would
//! have to send one there is a `ResponseError`, and so is one that leads nowhere (too many, no or no
//! usable `Location`).
//!
//! The environment's proxies (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`) are used, but never for loopback
//! addresses. `NO_PROXY` is a list, divided by commas or spaces, of hosts that need none, with curl's
//! rules (`*`, addresses, networks, domains with those below them) and Python's `host:port`. A name in
//! lower case wins over one in capitals. Requests need a tokio runtime with time and I/O; their time-outs run on its timer,
//! not on the [`Clock`], which dates `Retry-After`.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use reqwest::{Method, Url};
use serde_json::{Map, Value};

use maitred_core::client::{
    Call, CallError, CallErrorKind, Client, InputProblem, Observation, Output, transport,
};
use maitred_core::clock::{BoxFuture, Clock, Timestamp};
use maitred_core::diagnostic::nearest;
use maitred_core::document::Document;
use maitred_core::secrets::KnownSecrets;
use maitred_net::delivery::Delivery;

mod body;
mod connections;
mod failure;
mod input;
mod oauth2;
mod once;
mod parameters;
mod redirect;
mod reply;
mod send;
mod settings;

pub use input::check_input;
pub use oauth2::OAuth2;
pub use parameters::{MAX_REDIRECTS, METHODS, PARAMETERS, Parameter, ROUTE};
pub use settings::HttpSettings;

use body::Wanted;
use connections::Connections;
use input::Request;
use oauth2::TokenCache;
use settings::Merged;

/// The code of a call that cannot be sent as it is.
const INVALID: &str = "InvalidInput";

/// Sends HTTP requests. Connections are kept and used again; share one client.
pub struct HttpClient {
    clock: Arc<dyn Clock>,
    base_url: Option<Url>,
    settings: HttpSettings,
    token: TokenCache,
    connections: Connections,
    known: KnownSecrets,
}

impl HttpClient {
    /// A client for requests that name a whole `url`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            base_url: None,
            settings: HttpSettings::default(),
            token: TokenCache::default(),
            connections: Connections::default(),
            known: KnownSecrets::default(),
        }
    }

    /// The same, whose secrets are remembered in `known`, and left out of the messages of errors.
    pub fn remembering(self, known: KnownSecrets) -> Self {
        known.add_urls(self.settings.base_url.as_deref().unwrap_or_default());
        if let Some(oauth2) = &self.settings.oauth2 {
            known.add_login(&oauth2.client_id, &oauth2.client_secret);
        }
        Self { known, ..self }
    }

    /// The same with a base URL, below which the `endpoint` of an input is found. The path of the
    /// base URL is kept: `https://host/api` and `/jobs/7` make `https://host/api/jobs/7`.
    ///
    /// # Errors
    /// `base_url` is not an http or https URL.
    pub fn with_base_url(mut self, base_url: &str) -> Result<Self, CallError> {
        let url = input::parse_url(base_url)
            .map_err(|message| invalid(format!("the base URL {message}")))?;
        self.base_url = Some(url);
        Ok(self)
    }

    /// The base URL, without a login and a query in it.
    #[must_use]
    pub fn base_url(&self) -> Option<String> {
        let mut url = self.base_url.clone()?;
        // Neither call can fail: the URL has a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(None);
        Some(url.to_string())
    }

    /// A client with settings of its own. Defaults and tokens go to the origin of the base URL only,
    /// if there is one.
    ///
    /// # Errors
    /// The settings are not those of a request, or have two logins.
    pub fn with_settings(clock: Arc<dyn Clock>, settings: HttpSettings) -> Result<Self, CallError> {
        let mut client = Self::new(clock);
        if let Some(url) = &settings.base_url {
            client = client.with_base_url(url)?;
        }
        let base = client.base_url.as_ref();
        let in_url = base.is_some_and(input::has_login);
        let Merged { mut input, has_login, .. } = settings::merge(&settings, base, &Map::new())?;
        let logins = [in_url, has_login, settings.oauth2.is_some()];
        if logins.into_iter().filter(|given| *given).count() > 1 {
            return Err(invalid(
                "there are two logins: use one of login and password, an Authorization header, \
                 `oauth2`, and user:password in the host",
            ));
        }
        input.insert("endpoint".to_owned(), Value::from("/"));
        Request::read(&input).map_err(|problems| refused(&problems))?;
        if let Some(oauth2) = &settings.oauth2 {
            Request::read(&oauth2.request(&settings.defaults))
                .map_err(|_| invalid("`oauth2.token_url` is not an http or https URL"))?;
        }
        client.settings = settings;
        Ok(client)
    }
}

impl HttpClient {
    async fn observe(&self, call: &Call, delivery: Delivery, wanted: Wanted) -> Observation {
        match self.exchange(call, delivery, wanted).await {
            Ok(output) if self.settings.check_response => Observation::Output(output),
            Ok(output) => Observation::Output(Output { error: None, ..output }),
            Err(error) => Observation::Error(error),
        }
    }
}

impl Client for HttpClient {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        Box::pin(self.observe(call, Delivery::Repeated, Wanted::Body))
    }

    fn call_once<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        Box::pin(self.observe(call, Delivery::Once, Wanted::Body))
    }

    fn call_without_body<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        Box::pin(self.observe(call, Delivery::Repeated, Wanted::Status))
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A base URL may hold a password, and its query a token.
        let host = self.base_url.as_ref().and_then(Url::host_str);
        f.debug_struct("HttpClient").field("base_host", &host).finish_non_exhaustive()
    }
}

fn method(operation: &str) -> Result<Method, CallError> {
    if let Some(method) = METHODS.iter().find(|method| method.eq_ignore_ascii_case(operation)) {
        // Every entry of the table is a token, so it is a method.
        return Method::from_bytes(method.as_bytes()).map_err(|_| invalid("not a method"));
    }
    let help = input::suggestion(operation, METHODS)
        .unwrap_or_else(|| format!("it is one of {}", METHODS.join(", ")));
    Err(invalid(format!("`{operation}` is not a method of service http: {help}")))
}

/// All that is wrong with an input, in one message.
fn refused(problems: &[InputProblem]) -> CallError {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| {
            let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
            format!("`{}` {}{help}", problem.path, problem.message)
        })
        .collect();
    invalid(lines.join("; "))
}

fn invalid(message: impl Into<String>) -> CallError {
    CallError::new(CallErrorKind::Invalid, INVALID, message)
}
