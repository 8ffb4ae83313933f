//! Service `http`: one request is one call, and every reply that arrives is an output.
//!
//! The operation is the method ([`METHODS`]), the input is described by [`PARAMETERS`], and the
//! document is
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
//! The environment's proxies (`HTTPS_PROXY`, `NO_PROXY`, …) are used, but never for loopback
//! addresses. Requests need a tokio runtime with time and I/O; their time-outs run on its timer,
//! not on the [`Clock`], which dates `Retry-After`.

use std::fmt;
use std::sync::Arc;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, Url};

use crate::client::{Call, CallError, CallErrorKind, Client, Observation, Output, transport};
use crate::clock::{BoxFuture, Clock, Timestamp};
use crate::diagnostic::nearest;
use crate::document::Document;
use crate::model::InputProblem;

mod connections;
mod failure;
mod input;
mod parameters;
mod reply;

pub use input::check_input;
pub use parameters::{MAX_REDIRECTS, METHODS, PARAMETERS, Parameter};

use connections::Connections;
use failure::Attempt;
use input::{Body, Credentials, Request, Target};
use reply::Reply;

/// The code of a call that cannot be sent as it is.
const INVALID: &str = "InvalidInput";

/// Sends HTTP requests. Connections are kept and used again; share one client.
pub struct HttpClient {
    clock: Arc<dyn Clock>,
    base_url: Option<Url>,
    connections: Connections,
}

impl HttpClient {
    /// A client for requests that name a whole `url`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, base_url: None, connections: Connections::default() }
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

    async fn exchange(&self, call: &Call) -> Result<Output, CallError> {
        let method = method(&call.operation)?;
        let request = Request::read(&call.input).map_err(|problems| refused(&problems))?;
        let mut url = self.resolve(&request.target)?;
        if request.has_login() {
            // A login of the base URL is only a default; sent too, it would be a second one.
            // Neither call can fail: the URL has a host.
            let _ = url.set_username("");
            let _ = url.set_password(None);
        }
        let pool = self.connections.pool(&request.settings, &url).map_err(invalid)?;
        let attempt = Attempt::new(&url, &request.settings, request.timeout);
        let max_body_bytes = request.max_body_bytes;
        let response = fill(pool.request(method, url), request)
            .send()
            .await
            .map_err(|error| attempt.failed(&error))?;
        let reply = receive(response, max_body_bytes, &attempt).await?;
        Ok(reply.into_output(self.clock.now()))
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

impl Client for HttpClient {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        Box::pin(async move {
            match self.exchange(call).await {
                Ok(output) => Observation::Output(output),
                Err(error) => Observation::Error(error),
            }
        })
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
