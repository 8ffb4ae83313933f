//! What a step of an operator comes to.

use std::time::Duration;

use maitred_core::client::Call;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::OperatorError;
use crate::connection::ClientSettings;
use crate::trigger::{SerializedTrigger, Trigger};

/// What comes after a step of an operator.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one a step, and a box would be in everybody's way"
)]
pub enum Flow {
    /// The task has succeeded, with this result.
    Done(Value),
    /// The task waits for a trigger.
    Defer(Deferral),
    /// There was nothing to do, for this reason.
    Skip(String),
}

/// A hand-over to a trigger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deferral {
    /// What to wait for.
    pub trigger: SerializedTrigger,
    /// What [`Operator::resume`] gets as `method`.
    pub method_name: String,
    /// What [`Operator::resume`] gets as `kwargs`.
    #[serde(default)]
    pub kwargs: Value,
    /// How long the trigger may take; then the operator is resumed with [`Resumed::TimedOut`].
    #[serde(default)]
    pub timeout: Option<Duration>,
    /// The call that undoes what this task has started ([`Self::with_undo`]).
    #[serde(default, rename = "on_cancel")]
    pub undo: Option<UndoCall>,
}

impl Deferral {
    /// Waits for `trigger`, without a time-out, and goes on at `method_name`.
    ///
    /// # Errors
    /// The trigger cannot be stored.
    pub fn new(
        trigger: &impl Trigger,
        method_name: impl Into<String>,
    ) -> Result<Self, OperatorError> {
        Ok(Self {
            trigger: trigger.serialize_trigger()?,
            method_name: method_name.into(),
            kwargs: Value::Null,
            timeout: None,
            undo: None,
        })
    }

    /// The same with arguments for the method.
    #[must_use]
    pub fn with_kwargs(mut self, kwargs: Value) -> Self {
        self.kwargs = kwargs;
        self
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
pub struct UndoCall {
    /// What it does, in words, e.g. `delete cluster analytics`: shown before it is sent.
    pub description: String,
    /// The call.
    pub call: Call,
    /// The connection that it goes through.
    pub client: ClientSettings,
}
