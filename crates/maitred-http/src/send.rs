//! From a call to its output: the request, its token, its redirects, its reply.

use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RANGE,
};
use reqwest::{Method, RequestBuilder, Url};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::body::{self, Wanted};
use super::connections::Verify;
use super::failure::Attempt;
use super::input::{Body, Credentials, Request, Target};
use super::oauth2::{self, OAuth2, Token};
use super::once::{self, Lead};
use super::redirect::Chain;
use super::reply::Reply;
use super::settings::{self, Merged};
use super::{Call, CallError, Delivery, HttpClient, Output, invalid, method, refused};

/// A request, and how it is sent.
#[derive(Clone)]
pub(super) struct Outgoing<'a> {
    pub(super) method: Method,
    pub(super) input: &'a Map<String, Value>,
    /// Whether it carries what belongs to the origin of the base URL.
    pub(super) ours: bool,
    pub(super) token: Option<&'a HeaderValue>,
    pub(super) delivery: Delivery,
    pub(super) wanted: Wanted,
    pub(super) deadline: Deadline,
}

/// When a call has to be over, with all that belongs to it: tokens, redirects, the body.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    timeout: Duration,
    at: Instant,
}

impl HttpClient {
    pub(super) async fn exchange(
        &self,
        call: &Call,
        delivery: Delivery,
        wanted: Wanted,
    ) -> Result<Output, CallError> {
        let method = method(&call.operation)?;
        let base = self.base_url.as_ref();
        let Merged { input, ours, has_login } = settings::merge(&self.settings, base, &call.input)?;
        // What cannot be sent needs no token.
        let timeout = Request::read(&input).map_err(|problems| refused(&problems))?.timeout;
        let deadline = Deadline { timeout, at: Instant::now() + timeout };
        let input = &input;
        let outgoing = Outgoing { method, input, ours, token: None, delivery, wanted, deadline };
        let oauth2 = self.settings.oauth2.as_ref().filter(|_| ours && !has_login);
        let Some(oauth2) = oauth2 else {
            return self.send(&outgoing).await;
        };
        let token = self.token(oauth2, None, deadline).await?;
        let output = self.send(&Outgoing { token: Some(&token), ..outgoing.clone() }).await?;
        if output.status != Some(401) {
            return Ok(output);
        }
        // It was revoked, or the clocks differ. A request that was refused has done nothing.
        let token = self.token(oauth2, Some(&token), deadline).await?;
        self.send(&Outgoing { token: Some(&token), ..outgoing }).await
    }

    /// A token that is fresh, and is not `rejected`. Without one, the request itself is not sent.
    async fn token(
        &self,
        oauth2: &OAuth2,
        rejected: Option<&HeaderValue>,
        deadline: Deadline,
    ) -> Result<HeaderValue, CallError> {
        // Another call may be at it, for longer than there is time.
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
        let output = self
            .send(&Outgoing {
                method: Method::POST,
                input: &oauth2.request(&self.settings.defaults),
                ours: false,
                token: None,
                delivery: Delivery::Repeated,
                wanted: Wanted::Body,
                deadline,
            })
            .await?;
        self.known.add_named(&output.document.value()["Body"]);
        Token::read(&output, &*self.clock)
    }

    /// Sends one request, and follows where it is redirected to.
    pub(super) async fn send(&self, outgoing: &Outgoing<'_>) -> Result<Output, CallError> {
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
        let once = outgoing.delivery == Delivery::Once;
        request.settings.once = once;
        let settings = request.settings.clone();
        let (cap, max_redirects) = (request.max_body_bytes, request.max_redirects);
        let timeout = outgoing.deadline.timeout;
        let pool = self.connections.pool(&settings, &url).map_err(invalid)?;
        let builder = pool.request(outgoing.method.clone(), url.clone());
        let mut request = fill(builder, &outgoing.method, request)
            .build()
            .map_err(|error| Attempt::new(&url, &settings, timeout, false).failed(&error))?;
        let same_origin = outgoing.ours && self.settings.defaults.contains_key("headers");
        let followed = if once { 0 } else { max_redirects };
        let mut chain = Chain::new(&request, followed, same_origin);
        loop {
            let attempt = Attempt::new(request.url(), &settings, timeout, chain.has_begun());
            let pool = self.connections.pool(&settings, request.url()).map_err(invalid)?;
            let response = pool.execute(copy(&request, outgoing.deadline.at)?).await;
            let response = response.map_err(|error| attempt.failed(&error))?;
            let lead = Lead::of(&response, &outgoing.method, &url);
            match lead.filter(|_| once && max_redirects > 0) {
                Some(Lead::Again(to)) => return Err(once::sent_elsewhere(response.status(), &to)),
                Some(Lead::Result(to)) => return self.fetch_result(outgoing, &url, to).await,
                None if chain.follow(&mut request, &response)? => {}
                None => {
                    let received = body::receive(response, outgoing.wanted, cap, &attempt).await?;
                    let reply = Reply::read(received, cap, &self.known)?;
                    return Ok(reply.into_output(self.clock.now()));
                }
            }
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

/// The request to be sent now, with the time that is left for it.
fn copy(request: &reqwest::Request, deadline: Instant) -> Result<reqwest::Request, CallError> {
    let mut copy = request.try_clone().ok_or_else(|| invalid("the body is a stream"))?;
    *copy.timeout_mut() = Some(deadline.saturating_duration_since(Instant::now()));
    Ok(copy)
}

fn fill(mut builder: RequestBuilder, method: &Method, request: Request) -> RequestBuilder {
    if !request.query.is_empty() {
        builder = builder.query(&request.query);
    }
    builder = match request.credentials {
        Credentials::None => builder,
        Credentials::Basic { username, password } => builder.basic_auth(username, Some(password)),
        Credentials::Bearer(value) => builder.header(AUTHORIZATION, value),
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
    builder = match request.body {
        Body::None => builder,
        Body::Text(text) => builder.body(text),
        Body::Form(pairs) => builder.form(&pairs),
        Body::Json(json) => {
            builder.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(json)
        }
    };
    let mut headers = request.headers;
    // A part of a compressed body is of no use.
    if !headers.contains_key(RANGE) {
        headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("gzip"));
    }
    // The last word: a header that the input names replaces one that was derived.
    builder.headers(headers)
}
