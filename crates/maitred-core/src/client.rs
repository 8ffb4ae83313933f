//! The only door to the network: a [`Call`] goes in, an [`Observation`] comes out.

use std::any::Any;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::BoxFuture;
use crate::document::Document;

mod config;
mod problem;
mod saved;

pub use config::{ClientConfig, Retries, RetryMode, SignatureVersion};
pub use problem::InputProblem;

/// The service of HTTP requests, which no AWS service is called.
pub const HTTP_SERVICE: &str = "http";

/// One request, as data: which operation of which service, with what input.
///
/// `Debug` shows the names of the input's members only: their values may be secrets.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The service, e.g. `redshift` or `http`.
    pub service: String,
    /// The operation, e.g. `DescribeClusters` or `GET`.
    pub operation: String,
    /// The operation's parameters.
    #[serde(default)]
    pub input: Map<String, Value>,
}

impl Call {
    /// A call of `operation` of `service`, e.g. `Call::new("http", "GET", [("endpoint", "jobs/7")])`.
    pub fn new<K: Into<String>, V: Into<Value>>(
        service: impl Into<String>,
        operation: impl Into<String>,
        input: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let input = input.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { service: service.into(), operation: operation.into(), input: input.collect() }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("service", &self.service)
            .field("operation", &self.operation)
            .field("input", &self.input.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// Sends calls. Implemented by `HttpClient` of `maitred-http`, `AwsClient` of `maitred-aws`, and by whatever a
/// test or an embedding program wants to poll.
pub trait Client: Send + Sync + fmt::Debug {
    /// Sends `call` and tells what came of it.
    ///
    /// # Cancellation
    /// Dropping the future gives the call up.
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation>;

    /// Sends `call` at most once, for what must not happen twice: a main call, or one that undoes it. It is
    /// not retried, goes over a connection of its own, which no server can have closed in between, and
    /// is not sent again to where a redirect leads. [`CallError::is_never_sent`] tells of a failure whether
    /// the call may be made again.
    ///
    /// A client that wraps another one passes this on. The default is [`Client::call`], which is right for a
    /// client that sends each call once anyway.
    ///
    /// # Cancellation
    /// Dropping the future gives the call up; it may have been sent.
    fn call_once<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        self.call(call)
    }

    /// Sends `call` for a caller that does not read the `Body` of an HTTP reply: it need not be read off
    /// the wire, where it may be large or have no end, and may be missing in the document.
    ///
    /// A client that wraps another one passes this on. The default is [`Client::call`].
    ///
    /// # Cancellation
    /// Dropping the future gives the call up.
    fn call_without_body<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        self.call(call)
    }

    /// Sends `call` for every page of a paginated operation and tells the document of all of them.
    ///
    /// A client that wraps another one passes this on; one that answers by itself, in a test for
    /// example, may answer as in [`Client::call`]. The default is an error, because the first page
    /// alone is a wrong answer.
    ///
    /// # Cancellation
    /// Dropping the future gives the call up.
    fn call_all_pages<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        let message =
            format!("{} of {} has no pages that could be merged", call.operation, call.service);
        let error = CallError::new(CallErrorKind::Invalid, "NotPaginated", message);
        Box::pin(std::future::ready(Observation::Error(error)))
    }

    /// The client as its own type, for a caller that needs more of it than calls, such as an operator that
    /// makes the client of an SDK from it. The default is `None`.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }
}

/// Which certificates a server may show.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Verify {
    /// `true`: those that the system trusts; `false`: any.
    Enabled(bool),
    /// Those that the system trusts, and those of this PEM file.
    CaFile(String),
}

/// What one poll saw.
#[derive(Debug, Clone)]
pub enum Observation {
    /// A reply that acceptors can look into.
    Output(Output),
    /// The service refused, or no reply came.
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

    /// The document of a reply that is no error, for who makes a single call.
    ///
    /// # Errors
    /// [`Self::error`]. The document of an HTTP reply with a status of 400 or more is lost with it.
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

    /// The HTTP status of the reply, if one came.
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
pub struct Output {
    /// What the acceptors read.
    pub document: Document,
    /// The HTTP status.
    pub status: Option<u16>,
    /// Service `http` only: set when the status is 400 or more, for a reply that no acceptor matches.
    pub error: Option<CallError>,
}

impl Output {
    /// An output of JSON, as a test or an embedding program makes it.
    #[must_use]
    pub fn from_json(document: Value) -> Self {
        Self { document: Document::from(document), status: Some(200), error: None }
    }
}

/// Where a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CallErrorKind {
    /// The service answered with an error.
    Service,
    /// No usable reply came: name resolution, connection, TLS, time-out, a body that was cut off
    /// or cannot be parsed. The codes are in [`transport`].
    Transport,
    /// There are no credentials, or they could not be fetched.
    Credentials,
    /// The call cannot be sent as it is: an unknown operation, an ill-typed parameter, no region.
    Invalid,
}

/// The stable codes of transport failures, for `error` acceptors and JSON output.
pub mod transport {
    /// The connection was refused, reset, or could not be made.
    pub const CONNECT: &str = "ConnectError";
    /// The host name could not be resolved.
    pub const DNS: &str = "DnsError";
    /// No reply in time.
    pub const TIMEOUT: &str = "Timeout";
    /// The TLS handshake failed.
    pub const TLS: &str = "TlsError";
    /// A reply came, but its body was cut off or cannot be parsed.
    pub const RESPONSE: &str = "ResponseError";
    /// Any of them, as the `expected` of an `error` acceptor.
    pub const ANY: &str = "TransportError";
}

/// The code of a call of a service that there is no model of, which cannot be sent.
pub const UNKNOWN_SERVICE: &str = "UnknownService";

/// A call that failed, as data.
#[derive(Debug, Clone)]
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

    /// The same with the HTTP status of the reply.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The same with the parsed error response, in botocore's shape:
    /// `{"Error": {"Code", "Message"}, "ResponseMetadata": {…}}`.
    #[must_use]
    pub fn with_document(mut self, document: Document) -> Self {
        self.document = Some(document);
        self
    }

    /// The same with the time after which the service asks to be called again.
    #[must_use]
    pub fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    /// The same for a call of which the service has certainly seen nothing, e.g. because there was no
    /// connection.
    #[must_use]
    pub fn with_never_sent(mut self) -> Self {
        self.never_sent = true;
        self
    }

    /// Where the call failed.
    #[must_use]
    pub fn kind(&self) -> CallErrorKind {
        self.kind
    }

    /// The code: the service's own, the HTTP status as a string, or one of [`transport`].
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The message for people. It holds nothing of the request's input.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP status, if a reply came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The parsed error response, if a service answered.
    #[must_use]
    pub fn document(&self) -> Option<&Document> {
        self.document.as_ref()
    }

    /// What the reply's `Retry-After` asks for.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl CallError {
    /// Whether the service has certainly seen nothing of the call. For a call that was retried or redirected,
    /// only [`Client::call_once`] knows.
    #[must_use]
    pub fn is_never_sent(&self) -> bool {
        self.never_sent || matches!(self.kind, CallErrorKind::Invalid | CallErrorKind::Credentials)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for CallError {}
