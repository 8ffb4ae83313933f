//! Calls that must not be made twice: what is stored of them, and what becomes of them.

use maitred_core::client::CallError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::OperatorError;

/// That a main call is about to be made. Stored before the call, so that a crash leaves a trace of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// The place of the call among the calls of this step, from 0.
    pub ordinal: u32,
    /// Which call, e.g. `pause_cluster`.
    pub name: String,
    /// What identifies the work, for [`Operator::reconcile`](super::Operator::reconcile). Holds no secrets.
    pub details: Value,
}

/// What became of a main call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reconciled {
    /// It was made: this is its result, as the call would have given it.
    Found(Value),
    /// It was certainly not made, so it can be made now.
    NotStarted,
    /// It cannot be told. The task ends as `in_doubt`; the call is never made twice.
    InDoubt,
}

/// What an engine knows of a main call that an operator wants to make.
#[derive(Debug, Clone, PartialEq)]
pub enum Begun {
    /// Nothing: make it.
    Go,
    /// It was made before a crash; this is its result.
    Recorded(Value),
}

/// What became of a main call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// It was made, with this result.
    Done(Value),
    /// It was certainly not made.
    NotMade,
}

/// How a main call failed. A [`CallError`] of [`Client::call_once`](maitred_core::client::Client::call_once) becomes
/// the right one with `?` or `into()`: refused if the service answered with a status of 4xx or has certainly
/// seen nothing of the call, else ambiguous.
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
