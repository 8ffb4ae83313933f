//! How a wait can end.

use serde::{Deserialize, Serialize};

use crate::client::CallError;

/// The status of a finished wait, as in outcomes, events, JSON and exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// A success acceptor matched.
    Success,
    /// A failure acceptor matched.
    Failure,
    /// The attempts were used up.
    Exhausted,
    /// The deadline passed.
    Timeout,
    /// A call failed with an error that no acceptor names and that is not transient.
    Error,
    /// The caller cancelled the wait.
    Cancelled,
}

impl Status {
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

/// What ended a wait, with details. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone)]
pub enum Ending {
    /// A success acceptor matched, often enough in a row.
    Success,
    /// A failure acceptor matched.
    Failure {
        /// Its index among the waiter's acceptors.
        acceptor: usize,
        /// The reason in words for people: the value of its `message`, or what it matched.
        reason: String,
    },
    /// The attempts were used up.
    Exhausted,
    /// The deadline passed.
    TimedOut,
    /// A call failed permanently, or with too many transient failures in a row.
    Error(CallError),
    /// The caller cancelled the wait.
    Cancelled,
}
