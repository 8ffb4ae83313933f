//! A case: an offline wait, as a file. It has the replies that a waiter gets, and the expected outcome.
//!
//! The doc comments of these fields are the descriptions in the JSON Schema
//! ([`schema::case_schema`](crate::schema::case_schema)). [`replay`](crate::replay) runs a case.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use maitred_core::client::{CallError, CallErrorKind, Observation, Output, transport};
use maitred_core::engine::Status;

/// The members of an output of service `http`.
pub(crate) const HTTP_REPLY: [&str; 3] = ["StatusCode", "Headers", "Body"];

/// An offline wait: the options of the caller, the replies, and the expected outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Case {
    /// The JSON Schema of this file, for editors.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Marks replies of a live wait, as `maitred record` writes them: what the service's model does not
    /// know of them is a warning, not an error. Default: false.
    #[serde(default, skip_serializing_if = "is_false")]
    #[schemars(extend("default" = false))]
    pub recorded: bool,
    /// A description of the case, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The operation's parameters that the caller gives.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub input: Map<String, Value>,
    /// Values for the parameters that the waiter declares.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Value>,
    /// The value of the waiter's baseline before the wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_value")]
    pub baseline: Option<Value>,
    /// Seconds between two polls that the caller gives. Default: the waiter's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub delay: Option<f64>,
    /// The maximum number of polls that the caller gives. Default: the waiter's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 9_007_199_254_740_992_u64), example = 60)]
    pub max_attempts: Option<u64>,
    /// The limit in seconds for the whole wait that the caller gives. Default: the waiter's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub timeout: Option<f64>,
    /// The replies in order. The wait must use all of them.
    #[schemars(length(min = 1))]
    pub replies: Vec<Reply>,
    /// The replies to the calls of the waiter's `diagnose`, one for each, in order. The wait must use all of
    /// them. Default: the calls are not made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnose: Vec<Reply>,
    /// The expected outcome.
    pub expect: Expect,
}

/// One reply, or the same one several times. It has exactly one of `output`, `error` and `transport`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("oneOf" = [
    { "required": ["output"] }, { "required": ["error"] }, { "required": ["transport"] }
]))]
#[non_exhaustive]
pub struct Reply {
    /// The reply's document, as `maitred call` prints it; for service `http` an object of
    /// `StatusCode`, `Headers` and `Body`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    pub output: Option<Value>,
    /// The error that the service returns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ReplyError>,
    /// The reason why there is no reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// The number of times in a row. A call of `diagnose` is made once. Default: 1.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    #[schemars(range(min = 1, max = 9_007_199_254_740_992_u64), extend("default" = 1))]
    pub repeat: u64,
}

/// An error of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ReplyError {
    /// The code on the wire, e.g. `ClusterNotFound`.
    #[schemars(length(min = 1), example = &"ClusterNotFound")]
    pub code: String,
    /// The message for people. Default: empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The HTTP status. Default: 400.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 599))]
    pub status: Option<u16>,
}

/// The reason why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum Transport {
    /// The connection was refused, reset, or could not be made.
    ConnectError,
    /// The host name could not be resolved.
    DnsError,
    /// There was no reply in time.
    Timeout,
    /// The TLS handshake failed.
    TlsError,
    /// The body of the reply was truncated or cannot be parsed.
    ResponseError,
}

/// The expected outcome of a wait. Omitted keys are not compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct Expect {
    /// The outcome of the wait: `cancelled` if it would go on after the last reply.
    pub outcome: Status,
    /// The number of polls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1), example = 1)]
    pub attempts: Option<u64>,
    /// The value shown last; `null` if none was shown.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_value")]
    pub shown: Option<Value>,
    /// A part of the final message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Case {
    /// A case with these replies, without options of the caller.
    #[must_use]
    pub fn new(replies: Vec<Reply>, expect: Expect) -> Self {
        Self {
            schema: None,
            recorded: false,
            description: None,
            input: Map::new(),
            parameters: BTreeMap::new(),
            baseline: None,
            delay: None,
            max_attempts: None,
            timeout: None,
            replies,
            diagnose: Vec::new(),
            expect,
        }
    }
}

impl Expect {
    /// Expects the outcome and compares nothing else.
    #[must_use]
    pub fn new(outcome: Status) -> Self {
        Self { outcome, attempts: None, shown: None, message: None }
    }
}

impl Reply {
    /// One reply with this document.
    #[must_use]
    pub fn output(document: Value) -> Self {
        Self { output: Some(document), error: None, transport: None, repeat: 1 }
    }

    /// One error of the service.
    #[must_use]
    pub fn error(code: impl Into<String>, message: impl Into<String>, status: Option<u16>) -> Self {
        let error = ReplyError { code: code.into(), message: message.into(), status };
        Self { output: None, error: Some(error), transport: None, repeat: 1 }
    }

    /// No reply.
    #[must_use]
    pub fn transport(transport: Transport) -> Self {
        Self { output: None, error: None, transport: Some(transport), repeat: 1 }
    }

    /// Repeats the reply `repeat` times in all.
    #[must_use]
    pub fn times(self, repeat: u64) -> Self {
        Self { repeat, ..self }
    }

    /// The observation of a poll of `service` that receives this reply.
    #[must_use]
    pub fn observation(&self, service: &str) -> Observation {
        if let Some(transport) = self.transport {
            let (code, message) = transport.code_and_message();
            Observation::Error(CallError::new(CallErrorKind::Transport, code, message))
        } else if let Some(error) = &self.error {
            let status = error.status.or(Some(400));
            Observation::Error(CallError::from_saved(&error.code, &error.message, status))
        } else {
            Observation::Output(Output::from_saved(
                service,
                self.output.clone().unwrap_or_default(),
            ))
        }
    }
}

impl Transport {
    /// The failure with this code; `ConnectError` for an unknown code.
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        let all = [Self::DnsError, Self::Timeout, Self::TlsError, Self::ResponseError];
        all.into_iter().find(|known| known.code() == code).unwrap_or(Self::ConnectError)
    }

    /// The code, as `error` acceptors name it.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.code_and_message().0
    }

    /// The code, and the message of such a failure in a replay.
    fn code_and_message(self) -> (&'static str, &'static str) {
        match self {
            Self::ConnectError => (transport::CONNECT, "connection refused"),
            Self::DnsError => (transport::DNS, "the host name is not known"),
            Self::Timeout => (transport::TIMEOUT, "no reply in time"),
            Self::TlsError => (transport::TLS, "the TLS handshake failed"),
            Self::ResponseError => (transport::RESPONSE, "the reply was cut off"),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_false(value: &bool) -> bool {
    !*value
}

fn once() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_once(repeat: &u64) -> bool {
    *repeat == 1
}

/// `Some` for a key that is present, even if its value is `null`.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn any_value(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": ["string", "number", "boolean", "object", "array", "null"]
    })
}
