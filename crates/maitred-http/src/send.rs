//! From a call to its output: request, token, redirects, reply.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RANGE,
};
use reqwest::{Method, RequestBuilder, Url};
use serde_json::{Map, Value};
use tokio::time::Instant;

use maitred_core::client::{Call, CallError, CallMode, Output, Verify};
use maitred_core::clock::Clock;
use maitred_core::secrets::KnownSecrets;

use super::body;
use super::connections::{ConnectionSettings, Connections};
use super::error::invalid;
use super::failure::Attempt;
use super::input::{self, suggestion};
use super::oauth2::{self, OAuth2, Token, TokenCache};
use super::parameters::METHODS;
use super::redirect::Chain;
use super::redirect_once::{self, Redirect};
use super::reply::Reply;
use super::request::{Body, Credentials, Request, Target};
use super::settings::{self, HttpSettings, Merged};
use super::url::without_login;

/// What a client sends requests with.
pub(super) struct Sender {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) base_url: Option<Url>,
    pub(super) settings: HttpSettings,
    pub(super) known: KnownSecrets,
    token: TokenCache,
    connections: Connections,
}

/// A request and how it is sent.
#[derive(Clone)]
struct Outgoing<'a> {
    method: Method,
    input: &'a Map<String, Value>,
    /// The request that was read from the input.
    request: &'a Request,
    /// Whether it carries the defaults, which are for the origin of the base URL.
    ours: bool,
    token: Option<&'a HeaderValue>,
    mode: CallMode,
    deadline: Deadline,
}

/// When a call has to end, including tokens, redirects and the body.
#[derive(Clone, Copy)]
struct Deadline {
    timeout: Duration,
    at: Instant,
}

impl Sender {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            base_url: None,
            settings: HttpSettings::default(),
            known: KnownSecrets::default(),
            token: TokenCache::default(),
            connections: Connections::default(),
        }
    }

    pub(super) async fn exchange(&self, call: &Call) -> Result<Output, CallError> {
        let method = method(&call.operation)?;
        let base = self.base_url.as_ref();
        let Merged { input, ours, has_login } = settings::merge(&self.settings, base, &call.input)?;
        // An invalid request needs no token.
        let request = &input::request(&input)?;
        let timeout = request.timeout;
        let deadline = Deadline { timeout, at: Instant::now() + timeout };
        let input = &input;
        let mode = call.mode;
        let outgoing = Outgoing { method, input, request, ours, token: None, mode, deadline };
        let oauth2 = self.settings.oauth2.as_ref().filter(|_| ours && !has_login);
        let Some(oauth2) = oauth2 else {
            return self.send(&outgoing).await;
        };
        let token = self.token(oauth2, None, deadline).await?;
        let output = self.send(&Outgoing { token: Some(&token), ..outgoing.clone() }).await?;
        if output.status != Some(401) {
            return Ok(output);
        }
        // The token was revoked, or the clocks differ. A refused request has done nothing.
        let token = self.token(oauth2, Some(&token), deadline).await?;
        self.send(&Outgoing { token: Some(&token), ..outgoing }).await
    }

    /// A valid token other than `rejected`. If there is none, the request is not sent.
    async fn token(
        &self,
        oauth2: &OAuth2,
        rejected: Option<&HeaderValue>,
        deadline: Deadline,
    ) -> Result<HeaderValue, CallError> {
        // Another call may be renewing it, for longer than this call has time.
        let kept = tokio::time::timeout_at(deadline.at, self.token.0.lock()).await;
        let mut kept = kept.map_err(|_| oauth2::too_slow(deadline.timeout))?;
        if let Some(token) = &*kept
            && token.is_fresh(&*self.clock)
            && Some(&token.header) != rejected
        {
            return Ok(token.header.clone());
        }
        *kept = None;
        let token = self.new_token(oauth2, deadline).await.map_err(CallError::with_never_sent)?;
        Ok(kept.insert(token).header.clone())
    }

    async fn new_token(&self, oauth2: &OAuth2, deadline: Deadline) -> Result<Token, CallError> {
        let input = &oauth2.request(&self.settings.defaults);
        let outgoing = Outgoing {
            method: Method::POST,
            input,
            request: &input::request(input)?,
            ours: false,
            token: None,
            mode: CallMode::Repeatable,
            deadline,
        };
        let output = self.send(&outgoing).await?;
        self.known.add_named(&output.document.value()["Body"]);
        Token::read(&output, &*self.clock)
    }

    /// Sends one request and follows its redirects.
    async fn send(&self, outgoing: &Outgoing<'_>) -> Result<Output, CallError> {
        let Outgoing { input, request, token, mode, .. } = *outgoing;
        self.known.add_request(input);
        let mut url = self.resolve(&request.target)?;
        if token.is_some() || request.has_login() {
            // A login in the base URL is only a default.
            url = without_login(url);
        }
        let once = mode == CallMode::Once;
        let mut connection = ConnectionSettings { sent_once: once, ..request.connection.clone() };
        if let Some(path) = &self.settings.ca_file
            && input.get("verify").is_none_or(Value::is_null)
        {
            connection.verify = Verify::CaFile(path.clone());
        }
        let (cap, max_redirects) = (request.max_body_bytes, request.max_redirects);
        let timeout = outgoing.deadline.timeout;
        let pool = self.connections.pool(&connection, &url).map_err(invalid)?;
        let builder = pool.request(outgoing.method.clone(), url.clone());
        let mut request = fill(builder, &outgoing.method, request, token)
            .build()
            .map_err(|error| Attempt::new(&url, &connection, timeout, false).failed(&error))?;
        let same_origin = outgoing.ours && self.settings.defaults.contains_key("headers");
        let followed = if once { 0 } else { max_redirects };
        let mut chain = Chain::new(&request, followed, same_origin);
        loop {
            let attempt = Attempt::new(request.url(), &connection, timeout, chain.has_begun());
            let pool = self.connections.pool(&connection, request.url()).map_err(invalid)?;
            let response = pool.execute(copy(&request, outgoing.deadline.at)?).await;
            let response = response.map_err(|error| attempt.failed(&error))?;
            let redirect = Redirect::of(&response, &outgoing.method, &url);
            match redirect.filter(|_| once && max_redirects > 0) {
                Some(Redirect::Resend(to)) => {
                    return Err(redirect_once::sent_elsewhere(response.status(), &to));
                }
                Some(Redirect::Result(to)) => return self.fetch_result(outgoing, &url, to).await,
                None if chain.follow(&mut request, &response)? => {}
                None => {
                    let wants_body = mode != CallMode::WithoutBody;
                    let received = body::receive(response, wants_body, cap, &attempt).await?;
                    let reply = Reply::read(received, cap, &self.known)?;
                    return Ok(reply.into_output(self.clock.now()));
                }
            }
        }
    }

    /// Fetches from `to` the result of a request to `from` that the server has accepted.
    async fn fetch_result(
        &self,
        sent: &Outgoing<'_>,
        from: &Url,
        to: Url,
    ) -> Result<Output, CallError> {
        let same_origin = from.origin() == to.origin();
        let input = &redirect_once::result_input(sent.input, from, to.clone());
        let fetch = Outgoing {
            method: Method::GET,
            input,
            request: &input::request(input)
                .map_err(|why| redirect_once::unseen_result(&to, &why))?,
            ours: sent.ours && same_origin,
            token: sent.token.filter(|_| same_origin),
            mode: CallMode::Repeatable,
            deadline: sent.deadline,
        };
        let unseen = |why| redirect_once::unseen_result(&to, &why);
        match Box::pin(self.send(&fetch)).await {
            Ok(Output { error: Some(error), .. }) if self.settings.check_response => {
                Err(unseen(error))
            }
            other => other.map_err(unseen),
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

fn method(operation: &str) -> Result<Method, CallError> {
    if let Some(method) = METHODS.iter().find(|method| method.eq_ignore_ascii_case(operation)) {
        // Every entry of the table is a token, so it is a method.
        return Method::from_bytes(method.as_bytes()).map_err(|_| invalid("not a method"));
    }
    let help = suggestion(operation, METHODS)
        .unwrap_or_else(|| format!("it is one of {}", METHODS.join(", ")));
    Err(invalid(format!("`{operation}` is not a method of service http: {help}")))
}

/// A copy of the request, with the time that is left as its time-out.
fn copy(request: &reqwest::Request, deadline: Instant) -> Result<reqwest::Request, CallError> {
    let mut copy = request.try_clone().ok_or_else(|| invalid("the body is a stream"))?;
    *copy.timeout_mut() = Some(deadline.saturating_duration_since(Instant::now()));
    Ok(copy)
}

fn fill(
    mut builder: RequestBuilder,
    method: &Method,
    request: &Request,
    token: Option<&HeaderValue>,
) -> RequestBuilder {
    if !request.query.is_empty() {
        builder = builder.query(&request.query);
    }
    builder = match (token, &request.credentials) {
        (Some(value), _) | (None, Credentials::Bearer(value)) => {
            builder.header(AUTHORIZATION, value)
        }
        (None, Credentials::Basic { username, password }) => {
            builder.basic_auth(username, Some(password))
        }
        (None, Credentials::None) => builder,
    };
    let is_empty = match &request.body {
        Body::None => true,
        Body::Text(text) => text.is_empty(),
        Body::Form(pairs) => pairs.is_empty(),
        Body::Json(_) => false,
    };
    // Some servers refuse these without it: <https://www.rfc-editor.org/rfc/rfc9110#section-8.6>.
    if is_empty && matches!(*method, Method::POST | Method::PUT | Method::PATCH) {
        builder = builder.header(CONTENT_LENGTH, HeaderValue::from(0));
    }
    builder = match &request.body {
        Body::None => builder,
        Body::Text(text) => builder.body(text.clone()),
        Body::Form(pairs) => builder.form(pairs),
        Body::Json(json) => builder
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(json.clone()),
    };
    let mut headers = request.headers.clone();
    // A part of a compressed body is of no use.
    if !headers.contains_key(RANGE) {
        headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip"));
    }
    // Last: a header of the input replaces a derived one.
    builder.headers(headers)
}
