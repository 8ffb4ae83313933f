//! The outcome of a step of an operator.

use std::time::Duration;

use maitred_core::client::Call;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::OperatorError;
use crate::connection::ClientSettings;
use crate::trigger::{SerializedTrigger, Trigger};

/// The outcome of a step of an operator that is resumed at `R` ([`Operator::Resume`](super::Operator::Resume)).
/// Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one a step, and a box would be in everybody's way"
)]
pub enum Flow<R> {
    /// The task has succeeded, with this result.
    Done(Value),
    /// The task waits for a trigger.
    Defer(Deferral<R>),
    /// There was nothing to do, for this reason.
    Skip(String),
}

/// A hand-over to a trigger.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Deferral<R> {
    /// The trigger.
    pub trigger: SerializedTrigger,
    /// The place where the operator goes on.
    pub resume: R,
    /// The time that the trigger may take; then the operator is resumed with
    /// [`Resumed::TimedOut`](super::Resumed::TimedOut).
    pub timeout: Option<Duration>,
    /// The call that undoes what this task has started ([`Self::with_undo`]).
    pub undo: Option<UndoCall>,
}

/// The [`Operator::Resume`](super::Operator::Resume) of an operator that is resumed at one place only.
/// Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", content = "kwargs", rename_all = "snake_case")]
pub enum ExecuteComplete {
    /// Once its trigger has fired.
    ExecuteComplete,
}

/// The place where an operator goes on, as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Method {
    /// The name of the variant of [`Operator::Resume`](super::Operator::Resume).
    pub(crate) method: String,
    /// Its content; null if it has none.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(crate) kwargs: Value,
}

impl Method {
    /// The stored form of `resume`.
    fn of(resume: &impl Serialize) -> Result<Self, OperatorError> {
        serde_json::to_value(resume).and_then(Self::deserialize).map_err(|error| {
            OperatorError::fatal(format!("the place to go on at cannot be stored: {error}"))
        })
    }

    /// Reads the stored form. One that this program does not know may be of another version of the
    /// operator.
    pub(super) fn read<R: DeserializeOwned>(&self) -> Result<R, OperatorError> {
        serde_json::to_value(self).and_then(R::deserialize).map_err(|error| {
            OperatorError::missing(format!("it cannot go on at `{}`: {error}", self.method))
        })
    }
}

impl<R: Serialize> Flow<R> {
    /// The same as it is stored.
    pub(super) fn erased(self) -> Result<Flow<Method>, OperatorError> {
        Ok(match self {
            Self::Done(result) => Flow::Done(result),
            Self::Defer(deferral) => Flow::Defer(deferral.erased()?),
            Self::Skip(reason) => Flow::Skip(reason),
        })
    }
}

impl<R: Serialize> Deferral<R> {
    /// The same as it is stored.
    pub(super) fn erased(self) -> Result<Deferral<Method>, OperatorError> {
        let Self { trigger, resume, timeout, undo } = self;
        Ok(Deferral { trigger, resume: Method::of(&resume)?, timeout, undo })
    }
}

impl<R> Deferral<R> {
    /// Waits for `trigger`, without a time-out, and goes on at `resume`.
    ///
    /// # Errors
    /// The trigger cannot be stored.
    pub fn new(trigger: &impl Trigger, resume: R) -> Result<Self, OperatorError> {
        Ok(Self { trigger: trigger.serialize_trigger()?, resume, timeout: None, undo: None })
    }

    /// The same with a time-out.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The same with a call that undoes what this task itself has started. It is sent, once, if the task is
    /// cancelled while it is deferred here and whoever cancels it asks for that (`tasks cancel --undo`,
    /// [`Engine::cancel`](crate::Engine::cancel)); never on a time-out or a failure. A task that
    /// only waits for somebody else's work must not have one.
    #[must_use]
    pub fn with_undo(mut self, call: UndoCall) -> Self {
        self.undo = Some(call);
        self
    }
}

/// A call that undoes what a task has started, as data. It is stored as it is and sent as it is, so it holds
/// no secrets, nor references to any: those are in the connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UndoCall {
    /// The description, e.g. `delete cluster analytics`: shown before it is sent.
    pub description: String,
    /// The call.
    pub call: Call,
    /// The connection that it goes through.
    pub client: ClientSettings,
    /// Further calls, which are sent after this one, whatever becomes of it. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<Self>,
}

impl UndoCall {
    /// A call that goes through this connection.
    pub fn new(description: impl Into<String>, call: Call, client: ClientSettings) -> Self {
        Self { description: description.into(), call, client, then: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "method", content = "kwargs", rename_all = "snake_case")]
    enum At {
        Again { tries: u32 },
        Complete,
    }

    #[test]
    fn where_an_operator_goes_on_is_stored_as_a_method_and_its_arguments() {
        for (at, stored) in [
            (At::Again { tries: 2 }, json!({"method": "again", "kwargs": {"tries": 2}})),
            (At::Complete, json!({"method": "complete"})),
        ] {
            let method = Method::of(&at).unwrap();
            assert_eq!(json!(method), stored);
            assert_eq!(method.read::<At>().unwrap(), at);
        }
    }

    #[test]
    fn a_method_that_is_not_known_here_parks_the_task() {
        for (method, kwargs) in [("other", Value::Null), ("again", json!({"tries": "two"}))] {
            let error = Method { method: method.to_owned(), kwargs }.read::<At>().unwrap_err();
            assert!(error.is_missing(), "{error}");
        }
    }
}
