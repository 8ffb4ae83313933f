//! Calls that must not be made twice.

use maitred_core::client::{Call, CallError, CallMode, Observation, Output};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::OperatorError;
use crate::connection::{ClientSettings, Clients};
use crate::trigger::send;

/// A main call that is about to be made. It is stored before the call, so that a crash leaves a trace of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Intent {
    /// The index of the call among the calls of this step.
    pub ordinal: u32,
    /// The name of the call, e.g. `pause_cluster`.
    pub name: String,
    /// Details that identify the work, for [`Operator::reconcile`](super::Operator::reconcile), without secrets.
    pub details: Value,
}

impl Intent {
    /// A call with these details.
    pub fn new(ordinal: u32, name: impl Into<String>, details: Value) -> Self {
        Self { ordinal, name: name.into(), details }
    }
}

/// The end of a main call whose reply was not seen. Callers match it exhaustively: a new variant is a breaking
/// change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reconciled {
    /// It was made, with this result, as the call itself would have returned it.
    Found(Value),
    /// It was certainly not made, so it can be made now.
    NotStarted,
    /// It is unknown. The task ends as `in_doubt`; the call is never made twice.
    InDoubt,
}

/// The entry of a journal for a main call that an operator wants to make. Callers match it exhaustively: a new
/// variant is a breaking change.
#[derive(Debug, Clone, PartialEq)]
pub enum Begun {
    /// Nothing: make it.
    Go,
    /// It was made before a crash, with this result.
    Recorded(Value),
}

/// The end of a main call. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// It was made, with this result.
    Done(Value),
    /// It was certainly not made.
    NotMade,
}

/// How a main call failed. A [`CallError`] of a call of [`CallMode::Once`] becomes the right one with `?` or
/// `into()`: refused if the service answered with a status of 4xx or has certainly seen nothing of the call, or else
/// ambiguous. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MainCallError {
    /// The service refused it, or it was never sent: nothing has been started.
    Refused(OperatorError),
    /// It was sent and no reply was seen: something may have been started.
    Ambiguous(String),
}

impl From<CallError> for MainCallError {
    fn from(error: CallError) -> Self {
        let is_no = error.status().is_some_and(|status| (400..500).contains(&status));
        if is_no || error.is_never_sent() {
            return Self::Refused(error.into());
        }
        Self::Ambiguous(error.to_string())
    }
}

/// Sends a main call, or the call that undoes one: at most once.
pub(crate) async fn send_once(
    clients: &Clients,
    settings: &ClientSettings,
    call: Call,
) -> Result<Output, MainCallError> {
    let seen = send(clients, settings, call.with_mode(CallMode::Once)).await;
    match seen.map_err(|error| MainCallError::Refused(error.into()))? {
        Observation::Output(output) => Ok(output),
        Observation::Error(error) => Err(error.into()),
    }
}
