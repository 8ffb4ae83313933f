//! A case: a wait offline, as a file. The replies that a waiter gets, and what is to come of them.
//!
//! The doc comments of these fields are the descriptions in the JSON Schema
//! ([`schema::case_schema`](crate::schema::case_schema)). [`replay`](crate::replay) runs a case.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use maitred_core::client::transport;

/// One wait offline: what the caller gives, the replies that come, and what becomes of the wait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Case {
    /// The JSON Schema of this file, for editors.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Whether the replies are those of a live wait, as `maitred record` writes them: what the service's
    /// model does not know of them is warned of, and not refused. Default: false.
    #[serde(default, skip_serializing_if = "is_false")]
    #[schemars(extend("default" = false))]
    pub recorded: bool,
    /// What this case shows, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The operation's parameters, as the caller gives them.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub input: Map<String, Value>,
    /// Values of the parameters that the waiter declares.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Value>,
    /// The value that was there before, of a waiter that has a baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_value")]
    pub baseline: Option<Value>,
    /// Seconds between two polls, as the caller gives them. Default: the waiter's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub delay: Option<f64>,
    /// How many polls at most, as the caller gives it. Default: the waiter's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 9_007_199_254_740_992_u64), example = 60)]
    pub max_attempts: Option<u64>,
    /// The seconds that the whole wait may take, as the caller gives them. Default: the waiter's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub timeout: Option<f64>,
    /// The replies in the order in which they come. All of them must be used up.
    #[schemars(length(min = 1))]
    pub replies: Vec<Reply>,
    /// The replies to the calls of the waiter's `diagnose`, one for each in their order; all of them
    /// must be used up. Default: nobody is asked why the wait failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnose: Vec<Reply>,
    /// What becomes of the wait.
    pub expect: Expect,
}

/// One reply, or several of the same. Exactly one of `output`, `error` and `transport` is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("oneOf" = [
    { "required": ["output"] }, { "required": ["error"] }, { "required": ["transport"] }
]))]
pub struct Reply {
    /// The reply's document, as `maitred call` prints it; for service `http` an object of
    /// `StatusCode`, `Headers` and `Body`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Map<String, Value>>")]
    pub output: Option<Value>,
    /// The error with which the service replies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ReplyError>,
    /// No reply comes: what went wrong on the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// How many times in a row it comes; a call of `diagnose` is made once. Default: 1.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    #[schemars(range(min = 1, max = 9_007_199_254_740_992_u64), extend("default" = 1))]
    pub repeat: u64,
}

/// An error of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
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

/// Why no reply came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Transport {
    /// The connection was refused, reset, or could not be made.
    ConnectError,
    /// The host name could not be resolved.
    DnsError,
    /// No reply in time.
    Timeout,
    /// The TLS handshake failed.
    TlsError,
    /// A reply came, but its body was cut off or cannot be parsed.
    ResponseError,
}

/// What becomes of the wait. What is left out is not compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Expect {
    /// How the wait ends.
    pub outcome: ExpectedOutcome,
    /// The number of polls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1), example = 1)]
    pub attempts: Option<u64>,
    /// The value shown last; `null` if none was shown.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_value")]
    pub shown: Option<Value>,
    /// A part of the message with which the wait ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// How a wait is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExpectedOutcome {
    /// A success acceptor matches.
    Success,
    /// A failure acceptor matches.
    Failure,
    /// The attempts are used up.
    Exhausted,
    /// The time is over.
    Timeout,
    /// A call fails in a way that no acceptor names.
    Error,
    /// The replies come to an end and the wait would go on.
    Cancelled,
}

impl Reply {
    /// One reply with this document.
    #[must_use]
    pub fn output(document: Value) -> Self {
        Self { output: Some(document), error: None, transport: None, repeat: 1 }
    }

    /// One error of the service.
    #[must_use]
    pub fn error(error: ReplyError) -> Self {
        Self { output: None, error: Some(error), transport: None, repeat: 1 }
    }

    /// No reply.
    #[must_use]
    pub fn transport(transport: Transport) -> Self {
        Self { output: None, error: None, transport: Some(transport), repeat: 1 }
    }

    /// The same, `repeat` times in a row.
    #[must_use]
    pub fn times(self, repeat: u64) -> Self {
        Self { repeat, ..self }
    }
}

impl Transport {
    /// The code, as `error` acceptors name it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ConnectError => transport::CONNECT,
            Self::DnsError => transport::DNS,
            Self::Timeout => transport::TIMEOUT,
            Self::TlsError => transport::TLS,
            Self::ResponseError => transport::RESPONSE,
        }
    }

    /// The failure with this code; that of the connection for a code that is none of these.
    #[must_use]
    pub fn from_code(code: &str) -> Self {
        let all = [Self::DnsError, Self::Timeout, Self::TlsError, Self::ResponseError];
        all.into_iter().find(|known| known.code() == code).unwrap_or(Self::ConnectError)
    }

    /// The message that such a failure has in a replay.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::ConnectError => "connection refused",
            Self::DnsError => "the host name is not known",
            Self::Timeout => "no reply in time",
            Self::TlsError => "the TLS handshake failed",
            Self::ResponseError => "the reply was cut off",
        }
    }
}

impl ExpectedOutcome {
    /// The name in JSON, e.g. `exhausted`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Exhausted => "exhausted",
            Self::Timeout => "timeout",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
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

/// A key that is there, also where its value is `null`.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn any_value(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": ["string", "number", "boolean", "object", "array", "null"]
    })
}
