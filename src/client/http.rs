//! Service `http`: one request is one call, and every reply that arrives is an output.
//!
//! The operation is the method ([`METHODS`]). The input, of which all but an address may be left out
//! ([`PARAMETERS`] has it as data):
//!
//! | key | value | meaning |
//! |---|---|---|
//! | `url` | string | the http:// or https:// URL to ask |
//! | `endpoint` | string | instead of `url`: a path below the base URL, which is the `host` of the connection or [`ClientSettings::endpoint_url`](crate::connection::ClientSettings::endpoint_url); it may have a query |
//! | `headers` | object of string or list | request headers |
//! | `params` | object of scalar or list | appended, percent-encoded, to the query of the URL; a list repeats its key |
//! | `json` | any | the body, as JSON |
//! | `data` | string or object | instead of `json`: the body as it is, or as a form |
//! | `auth` | object | `{"basic": {"username", "password"}}` or `{"bearer": token}`; never sent to another origin |
//! | `requestTimeout` | number | seconds for the whole request, body included; default 30, at most 86400 |
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
//! - `Body` is parsed if it is JSON: anything that parses under a JSON content type, an object or a
//!   list under any other. Else it is the text as it came (bytes that are not UTF-8 become U+FFFD),
//!   and `null` when it is empty.
//! - A status of 400 or more leaves a reply an output, with [`Output::error`] set: its code is the
//!   status (`"503"`).
//! - A request without a usable reply is a transport failure with a code of [`transport`].
//!
//! The environment's proxies (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`) are used, but never for loopback
//! addresses. `NO_PROXY` is a list, divided by commas or spaces, of hosts that need none, with curl's
//! rules (`*`, addresses, networks, domains with those below them) and Python's `host:port`. A name in
//! lower case wins over one in capitals. Requests need a tokio runtime with time and I/O; their time-outs run on its timer,
//! not on the [`Clock`], which dates `Retry-After`.

use std::fmt;
use std::sync::Arc;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, Url};
use serde_json::{Map, Value};

use crate::client::delivery::Delivery;
use crate::client::{Call, CallError, CallErrorKind, Client, Observation, Output, transport};
use crate::clock::{BoxFuture, Clock, Timestamp};
use crate::diagnostic::nearest;
use crate::document::Document;
use crate::model::InputProblem;
use crate::secrets::KnownSecrets;

mod connections;
mod failure;
mod input;
mod oauth2;
mod once;
mod parameters;
mod reply;
mod settings;

pub use input::check_input;
pub use oauth2::OAuth2;
pub use parameters::{MAX_REDIRECTS, METHODS, PARAMETERS, Parameter, ROUTE};
pub use settings::HttpSettings;

use connections::{Connections, Verify};
#[cfg(feature = "aws")]
pub(super) use connections::{certificates, of_environment};
use failure::Attempt;
use input::{Body, Credentials, Request, Target};
use oauth2::{Token, TokenCache};
use once::Lead;
use reply::Reply;
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

/// A request, and how it is sent.
struct Outgoing<'a> {
    method: Method,
    input: &'a Map<String, Value>,
    /// Whether it carries what belongs to the origin of the base URL.
    ours: bool,
    token: Option<&'a HeaderValue>,
    delivery: Delivery,
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
    pub(crate) fn remembering(self, known: KnownSecrets) -> Self {
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

    async fn exchange(&self, call: &Call, delivery: Delivery) -> Result<Output, CallError> {
        let method = method(&call.operation)?;
        let base = self.base_url.as_ref();
        let Merged { input, ours, has_login } = settings::merge(&self.settings, base, &call.input)?;
        let mut outgoing = Outgoing { method, input: &input, ours, token: None, delivery };
        let oauth2 = self.settings.oauth2.as_ref().filter(|_| ours && !has_login);
        let Some(oauth2) = oauth2 else {
            return self.send(&outgoing).await;
        };
        // What cannot be sent needs no token.
        Request::read(&input).map_err(|problems| refused(&problems))?;
        let token = self.token(oauth2, None).await?;
        outgoing.token = Some(&token);
        let output = self.send(&outgoing).await?;
        if output.status != Some(401) {
            return Ok(output);
        }
        // It was revoked, or the clocks differ. A request that was refused has done nothing.
        let token = self.token(oauth2, Some(&token)).await?;
        self.send(&Outgoing { token: Some(&token), ..outgoing }).await
    }

    /// A token that is fresh, and is not `rejected`. Without one, the request itself is not sent.
    async fn token(
        &self,
        oauth2: &OAuth2,
        rejected: Option<&HeaderValue>,
    ) -> Result<HeaderValue, CallError> {
        let mut kept = self.token.0.lock().await;
        let now = self.clock.now();
        if let Some(token) = &*kept
            && token.is_fresh(now)
            && Some(&token.header) != rejected
        {
            return Ok(token.header.clone());
        }
        *kept = None;
        let token = self.new_token(oauth2).await.map_err(CallError::with_never_sent)?;
        Ok(kept.insert(token).header.clone())
    }

    async fn new_token(&self, oauth2: &OAuth2) -> Result<Token, CallError> {
        let output = self
            .send(&Outgoing {
                method: Method::POST,
                input: &oauth2.request(&self.settings.defaults),
                ours: false,
                token: None,
                delivery: Delivery::Repeated,
            })
            .await?;
        self.known.add_named(&output.document.value()["Body"]);
        Token::read(&output, &*self.clock)
    }

    /// Sends one request.
    async fn send(&self, outgoing: &Outgoing<'_>) -> Result<Output, CallError> {
        let mut request = Request::read(outgoing.input).map_err(|problems| refused(&problems))?;
        self.known.add_request(outgoing.input);
        let mut url = self.resolve(&request.target)?;
        if let Some(token) = outgoing.token {
            request.credentials = Credentials::Bearer(token.clone());
        }
        if request.has_login() {
            // A login of the base URL is only a default; sent too, it would be a second one.
            // Neither call can fail: the URL has a host.
            let _ = url.set_username("");
            let _ = url.set_password(None);
        }
        if let Some(path) = &self.settings.ca_file
            && outgoing.input.get("verify").is_none_or(Value::is_null)
        {
            request.settings.verify = Verify::SystemAnd(path.clone());
        }
        request.settings.same_origin =
            outgoing.ours && self.settings.defaults.contains_key("headers");
        let once = outgoing.delivery == Delivery::Once;
        request.settings.once = once;
        let is_led = once && request.settings.redirects > 0;
        let pool = self.connections.pool(&request.settings, &url).map_err(invalid)?;
        let attempt = Attempt::new(&url, &request.settings, request.timeout);
        let max_body_bytes = request.max_body_bytes;
        let response = fill(pool.request(outgoing.method.clone(), url.clone()), request)
            .send()
            .await
            .map_err(|error| attempt.failed(&error))?;
        let reply = receive(response, max_body_bytes, &attempt).await?;
        match Lead::of(&reply, &outgoing.method, &url).filter(|_| is_led) {
            None => Ok(reply.into_output(self.clock.now(), &self.known)),
            Some(Lead::Again(target)) => Err(once::sent_elsewhere(reply.status, &target)),
            Some(Lead::Result(target)) => self.fetch_result(outgoing, &url, target).await,
        }
    }

    fn resolve(&self, target: &Target) -> Result<Url, CallError> {
        let endpoint = match target {
            Target::Url(url) => return Ok(url.clone()),
            Target::Endpoint(endpoint) => endpoint.as_str(),
        };
        let Some(base) = &self.base_url else {
            return Err(invalid("`endpoint` needs a base URL; give a whole `url` instead"));
        };
        let (path, query) = endpoint.split_once('?').unzip();
        let path = path.unwrap_or(endpoint).trim_start_matches('/');
        let mut url = base.clone();
        if !path.is_empty() {
            url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
        }
        if query.is_some() {
            url.set_query(query);
        }
        Ok(url)
    }
}

impl HttpClient {
    async fn observe(&self, call: &Call, delivery: Delivery) -> Observation {
        match self.exchange(call, delivery).await {
            Ok(output) if self.settings.check_response => Observation::Output(output),
            Ok(output) => Observation::Output(Output { error: None, ..output }),
            Err(error) => Observation::Error(error),
        }
    }
}

impl Client for HttpClient {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        Box::pin(self.observe(call, Delivery::Repeated))
    }

    fn call_once<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        Box::pin(self.observe(call, Delivery::Once))
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A base URL may hold a password, and its query a token.
        let host = self.base_url.as_ref().and_then(Url::host_str);
        f.debug_struct("HttpClient").field("base_host", &host).finish_non_exhaustive()
    }
}

fn fill(builder: RequestBuilder, request: Request) -> RequestBuilder {
    let mut builder = builder.timeout(request.timeout);
    if !request.query.is_empty() {
        builder = builder.query(&request.query);
    }
    builder = match request.credentials {
        Credentials::None => builder,
        Credentials::Basic { username, password } => builder.basic_auth(username, Some(password)),
        Credentials::Bearer(value) => builder.header(AUTHORIZATION, value),
    };
    builder = match request.body {
        Body::None => builder,
        Body::Text(text) => builder.body(text),
        Body::Form(pairs) => builder.form(&pairs),
        Body::Json(json) => {
            builder.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(json)
        }
    };
    // The last word: a header that the input names replaces one that was derived.
    builder.headers(request.headers)
}

/// Reads the body up to its cap, which counts what decompression yields.
async fn receive(
    mut response: Response,
    max_body_bytes: usize,
    attempt: &Attempt,
) -> Result<Reply, CallError> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > max_body_bytes => {
                let message = format!(
                    "the body is larger than {max_body_bytes} bytes; `maxBodyBytes` raises the cap"
                );
                return Err(CallError::new(CallErrorKind::Transport, transport::RESPONSE, message)
                    .with_status(status.as_u16()));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(Reply { status, headers, body }),
            Err(error) => return Err(attempt.failed(&error).with_status(status.as_u16())),
        }
    }
}

fn method(operation: &str) -> Result<Method, CallError> {
    if METHODS.contains(&operation) {
        // Every entry of the table is a token, so it is a method.
        return Method::from_bytes(operation.as_bytes()).map_err(|_| invalid("not a method"));
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
