//! The stored form of a trigger, and the result of a step.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The stored form of a trigger: its name, the version of the form, and its fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SerializedTrigger {
    /// [`Trigger::NAME`](super::Trigger::NAME).
    pub name: String,
    /// [`Trigger::VERSION`](super::Trigger::VERSION) of the program that stored it.
    pub version: u32,
    /// The fields.
    pub kwargs: Value,
}

/// The result of a step. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The wait is over: the operator is resumed with this event.
    Fire(TriggerEvent),
    /// Not yet: step again.
    Again {
        /// Time from now to the next step, at least [`MIN_PAUSE`](super::MIN_PAUSE).
        after: Duration,
    },
    /// Ends the task here, without resuming the operator.
    End(TaskEnd),
}

/// The event of a trigger for its operator: JSON of at most
/// [`MAX_RESULT_BYTES`](crate::task::MAX_RESULT_BYTES).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TriggerEvent {
    /// The event. By convention an object with a `status`, which is `success` if all went well, and a
    /// `message` if not: [`Resumed::success`](crate::operator::Resumed::success) reads them.
    pub payload: Value,
}

impl TriggerEvent {
    /// An event with this payload.
    #[must_use]
    pub fn new(payload: Value) -> Self {
        Self { payload }
    }

    /// The payload's `status`, if it is an object that has one.
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        self.payload.get("status")?.as_str()
    }
}

/// The end of a task that a trigger declares. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskEnd {
    /// It succeeded, with this result.
    Success(Value),
    /// It failed; retries are made if the task has any left.
    Failure(String),
    /// It was not needed.
    Skip(String),
}
