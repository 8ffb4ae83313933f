//! The interface to the network: a [`Client`] sends a [`Call`] and returns an [`Observation`].

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::BoxFuture;
use crate::document::Document;

mod config;
mod problem;
mod saved;

pub use config::{ClientConfig, Retries, RetryMode, SignatureVersion};
pub use problem::{InputProblem, json_type};

/// The service of HTTP requests, which no AWS service is called.
pub const HTTP_SERVICE: &str = "http";

/// A request as data: service, operation, input, and how it is made.
///
/// `Debug` prints only the names of the input's members: their values may be secrets.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Call {
    /// The service, e.g. `redshift` or `http`.
    pub service: String,
    /// The operation, e.g. `DescribeClusters` or `GET`.
    pub operation: String,
    /// The operation's parameters.
    #[serde(default)]
    pub input: Map<String, Value>,
    /// How the call is made. It is not stored with the call.
    #[serde(skip)]
    pub mode: CallMode,
}

/// How a call is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallMode {
    /// The client may retry, reuse a connection and follow redirects.
    #[default]
    Repeatable,
    /// The call is sent at most once, as it must not be repeated. It is not retried, does not follow redirects,
    /// and uses a new connection, as a server may have closed an old one. [`CallError::is_never_sent`] tells
    /// whether a failed call may be made again.
    Once,
    /// As `Repeatable`, for a caller that does not need the `Body` of an HTTP reply. The body, which may be large
    /// or endless, need not be read and may be missing in the document.
    WithoutBody,
    /// Every page of a paginated operation is requested, and the document is that of all pages. For an operation
    /// without pages this is an error, as the first page alone could be a wrong answer.
    AllPages,
}

impl Call {
    /// A call of `operation` of `service`, e.g. `Call::new("http", "GET", [("endpoint", "jobs/7")])`.
    pub fn new<K: Into<String>, V: Into<Value>>(
        service: impl Into<String>,
        operation: impl Into<String>,
        input: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let input = input.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self {
            service: service.into(),
            operation: operation.into(),
            input: input.collect(),
            mode: CallMode::default(),
        }
    }

    /// Sets how the call is made.
    #[must_use]
    pub fn with_mode(mut self, mode: CallMode) -> Self {
        self.mode = mode;
        self
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("service", &self.service)
            .field("operation", &self.operation)
            .field("input", &self.input.keys().collect::<Vec<_>>())
            .field("mode", &self.mode)
            .finish()
    }
}

/// Sends calls. Implemented by `HttpClient` of `maitred-http` and `AwsClient` of `maitred-aws`, and in tests
/// and embedding programs for anything else that is polled.
pub trait Client: Send + Sync + fmt::Debug {
    /// Sends `call` in its [mode](Call::mode) and returns the observation. A client that cannot merge pages has to
    /// answer [`CallMode::AllPages`] with [`CallError::not_paginated`]: the first page alone would be a wrong answer.
    ///
    /// # Cancellation
    /// Dropping the future cancels the call, which may have been sent.
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation>;

    /// Sends a call that is sent again and again, as a wait does. The client keeps in `prepared` what stays the
    /// same, such as the checked input, the endpoint and the serialised request.
    ///
    /// A client that wraps another one should forward this. The default is [`Client::call`], which keeps nothing.
    ///
    /// # Cancellation
    /// As for [`Client::call`].
    fn poll<'a>(
        &'a self,
        call: &'a Call,
        prepared: &'a mut PreparedCall,
    ) -> BoxFuture<'a, Observation> {
        let _ = prepared;
        self.call(call)
    }

    /// The client as its concrete type, for a caller that needs more than calls, such as an operator that
    /// creates an SDK client from it. The default is `None`.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }
}

/// The part of a call that a client keeps from poll to poll ([`Client::poll`]). It starts empty, belongs to the call that
/// it was first used with, and is filled anew by a client that finds nothing of its own in it.
///
/// `Debug` does not print the content, which may hold secrets. Cloning is cheap.
#[derive(Clone, Default)]
pub struct PreparedCall(Option<Arc<dyn Any + Send + Sync>>);

impl PreparedCall {
    /// The value that was kept, if it is a `T`.
    #[must_use]
    pub fn get<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        Arc::clone(self.0.as_ref()?).downcast().ok()
    }

    /// Keeps `value` in place of what was kept.
    pub fn keep<T: Any + Send + Sync>(&mut self, value: Arc<T>) {
        self.0 = Some(value);
    }
}

impl fmt::Debug for PreparedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PreparedCall").field(&self.0.is_some()).finish()
    }
}

impl dyn Client + '_ {
    /// The client as a `T`, if it is one that says so ([`Client::as_any`]).
    #[must_use]
    pub fn downcast_ref<T: Any>(&self) -> Option<&T> {
        self.as_any()?.downcast_ref()
    }
}

/// Which server certificates are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Verify {
    /// `true`: those that the system trusts; `false`: any certificate.
    Enabled(bool),
    /// Those that the system trusts, and those of this PEM file.
    CaFile(String),
}

/// The observation of a poll. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone)]
pub enum Observation {
    /// A reply with an output.
    Output(Output),
    /// An error of the service, or no reply.
    Error(CallError),
}

impl Observation {
    /// The error of this poll: of the call itself, or of an HTTP reply with a status of 400 or more.
    #[must_use]
    pub fn error(&self) -> Option<&CallError> {
        match self {
            Self::Output(output) => output.error.as_ref(),
            Self::Error(error) => Some(error),
        }
    }

    /// The document of a successful reply.
    ///
    /// # Errors
    /// The observation is an error, see [`Self::error`]. The document of an HTTP reply with a status of 400
    /// or more is lost.
    pub fn into_result(self) -> Result<Document, CallError> {
        match self {
            Self::Output(Output { error: None, document, .. }) => Ok(document),
            Self::Output(Output { error: Some(error), .. }) | Self::Error(error) => Err(error),
        }
    }

    /// The reply's document: an output's, or the parsed error response of a service.
    #[must_use]
    pub fn document(&self) -> Option<&Document> {
        match self {
            Self::Output(output) => Some(&output.document),
            Self::Error(error) => error.document.as_ref(),
        }
    }

    /// The HTTP status, if there was a reply.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Output(output) => output.status,
            Self::Error(error) => error.status,
        }
    }
}

/// A reply.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Output {
    /// The document that acceptors read.
    pub document: Document,
    /// The HTTP status.
    pub status: Option<u16>,
    /// Service `http` only: set when the status is 400 or more, for a reply that no acceptor matches.
    pub error: Option<CallError>,
}

impl Output {
    /// A reply with this document and this HTTP status, if there is one.
    pub fn new(document: impl Into<Document>, status: impl Into<Option<u16>>) -> Self {
        Self { document: document.into(), status: status.into(), error: None }
    }

    /// An output with this JSON document.
    #[must_use]
    pub fn from_json(document: Value) -> Self {
        Self::new(document, 200)
    }
}

/// The kind of a failed call. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CallErrorKind {
    /// The service replied with an error.
    Service,
    /// There was no usable reply: name resolution, connection, TLS, time-out, or a truncated or invalid body.
    /// The codes are in [`transport`].
    Transport,
    /// There are no credentials, or they could not be obtained.
    Credentials,
    /// The call is invalid: an unknown operation, a parameter of the wrong type, or no region.
    Invalid,
}

/// The stable codes of transport failures, for `error` acceptors and JSON output.
pub mod transport {
    /// The connection was refused or reset, or could not be established.
    pub const CONNECT: &str = "ConnectError";
    /// The host name could not be resolved.
    pub const DNS: &str = "DnsError";
    /// There was no reply in time.
    pub const TIMEOUT: &str = "Timeout";
    /// The TLS handshake failed.
    pub const TLS: &str = "TlsError";
    /// The body of the reply was truncated or cannot be parsed.
    pub const RESPONSE: &str = "ResponseError";
    /// Any of them, as the `expected` of an `error` acceptor.
    pub const ANY: &str = "TransportError";
}

/// The code of a call of an unknown service, which is not sent.
pub const UNKNOWN_SERVICE: &str = "UnknownService";

/// A failed call, as data.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{code}: {message}")]
pub struct CallError {
    kind: CallErrorKind,
    code: String,
    message: String,
    status: Option<u16>,
    document: Option<Document>,
    retry_after: Option<Duration>,
    never_sent: bool,
}

impl CallError {
    /// An error of `kind` with a code such as `ClusterNotFound` and a message for people.
    pub fn new(kind: CallErrorKind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.into(),
            message: message.into(),
            status: None,
            document: None,
            retry_after: None,
            never_sent: false,
        }
    }

    /// The error of a call of [`CallMode::AllPages`] whose operation does not come in pages.
    #[must_use]
    pub fn not_paginated(call: &Call) -> Self {
        let message = format!("{} of {} does not come in pages", call.operation, call.service);
        Self::new(CallErrorKind::Invalid, "NotPaginated", message)
    }

    /// Sets the HTTP status of the reply.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Sets the parsed error response, in botocore's shape:
    /// `{"Error": {"Code", "Message"}, "ResponseMetadata": {…}}`.
    #[must_use]
    pub fn with_document(mut self, document: Document) -> Self {
        self.document = Some(document);
        self
    }

    /// Sets the time after which the service asks to be called again.
    #[must_use]
    pub fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    /// Marks a call that has certainly not reached the service, e.g. because there was no connection.
    #[must_use]
    pub fn with_never_sent(mut self) -> Self {
        self.never_sent = true;
        self
    }

    /// The kind of failure.
    #[must_use]
    pub fn kind(&self) -> CallErrorKind {
        self.kind
    }

    /// The code: the service's own, the HTTP status as a string, or one of [`transport`].
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The message for people. It contains nothing of the request's input.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP status, if there was a reply.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The parsed error response, if the service replied.
    #[must_use]
    pub fn document(&self) -> Option<&Document> {
        self.document.as_ref()
    }

    /// The pause that the reply's `Retry-After` asks for.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// True if the call has certainly not reached the service. This is only known for [`CallMode::Once`], as
    /// other calls may be retried or redirected.
    #[must_use]
    pub fn is_never_sent(&self) -> bool {
        self.never_sent || matches!(self.kind, CallErrorKind::Invalid | CallErrorKind::Credentials)
    }
}
