//! The error of an operator.

use maitred_core::client::CallError;
use maitred_core::engine::is_transient;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::connection::ConnectionError;
use crate::trigger::{Cause, TriggerError, TriggerEvent};

/// The error of an operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OperatorError {
    message: String,
    retry: bool,
    in_doubt: bool,
    missing: bool,
    kind: Option<FailureKind>,
}

/// The kind of failure of a wait that no failure acceptor has ended: `maitred run` exits as `maitred wait` would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureKind {
    /// The attempts or the time were used up.
    GaveUp,
    /// The service refused.
    Refused,
    /// The service could not be reached, or throttled for too long.
    Unreachable,
}

impl FailureKind {
    /// The kind of a failed call.
    #[must_use]
    pub fn of_call(error: &CallError) -> Self {
        if is_transient(error, &[]) { Self::Unreachable } else { Self::Refused }
    }

    /// The kind that an event tells of. One that a trigger fires for a call that may succeed later has a member
    /// `unreachable`, beside the `status` or in the `outcome`.
    fn of_event(event: &TriggerEvent) -> Option<Self> {
        let places = ["/unreachable", "/outcome/unreachable"];
        let is_true = |place: &&str| event.payload.pointer(place) == Some(&Value::Bool(true));
        match event.status()? {
            "exhausted" | "timeout" | "error" if places.iter().any(is_true) => {
                Some(Self::Unreachable)
            }
            "exhausted" | "timeout" => Some(Self::GaveUp),
            "error" => Some(Self::Refused),
            _ => None,
        }
    }
}

impl OperatorError {
    /// A failure with a message for people, to be retried if the task has retries left. The message
    /// must not hold secrets: it is stored.
    pub fn new(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { message, retry: true, in_doubt: false, missing: false, kind: None }
    }

    /// Something is not defined here that may be in another process or later, such as a connection. It
    /// parks the task as `blocked`, until a triggerer begins that has it.
    pub fn missing(message: impl Into<String>) -> Self {
        Self { missing: true, ..Self::new(message) }
    }

    /// A failure that no retry can mend.
    pub fn fatal(message: impl Into<String>) -> Self {
        Self { retry: false, ..Self::new(message) }
    }

    /// A main call was made and its reply not seen.
    pub(super) fn in_doubt(message: impl Into<String>) -> Self {
        Self { in_doubt: true, ..Self::new(message) }
    }

    /// A main call was made, and its recorded result is of no use: to go on could mean to make it again.
    pub(super) fn unreadable(message: impl Into<String>) -> Self {
        Self { in_doubt: true, ..Self::fatal(message) }
    }

    /// The same of this kind.
    #[must_use]
    pub fn with_kind(mut self, kind: FailureKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// The same of the kind that an event tells of.
    pub(super) fn with_kind_of(mut self, event: &TriggerEvent) -> Self {
        self.kind = FailureKind::of_event(event);
        self
    }

    /// The kind of failure, if it comes from a wait or a call of which that is known.
    #[must_use]
    pub fn kind(&self) -> Option<FailureKind> {
        self.kind
    }

    /// True if a retry could help.
    #[must_use]
    pub fn can_be_retried(&self) -> bool {
        self.retry
    }

    /// True if something is not defined here.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.missing
    }

    /// True if nobody can tell whether a main call was made.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }
}

/// A call that failed, to be retried.
impl From<CallError> for OperatorError {
    fn from(error: CallError) -> Self {
        Self::new(error.to_string()).with_kind(FailureKind::of_call(&error))
    }
}

impl From<TriggerError> for OperatorError {
    fn from(error: TriggerError) -> Self {
        match error.cause() {
            Cause::Missing => Self::missing(error.to_string()),
            Cause::Refused => Self::new(error.to_string()).with_kind(FailureKind::Refused),
            Cause::Broken => Self::new(error.to_string()),
        }
    }
}

impl From<ConnectionError> for OperatorError {
    fn from(error: ConnectionError) -> Self {
        TriggerError::from(error).into()
    }
}
