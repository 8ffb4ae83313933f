//! The end of a deferral, as its operator sees it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{FailureKind, OperatorError};
use crate::trigger::{Cause, TriggerError, TriggerEvent};

/// The end of a deferral, with which the operator is resumed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Resumed {
    /// The trigger fired.
    Event(TriggerEvent),
    /// The deferral's time-out passed.
    TimedOut,
    /// The trigger could not start or go on.
    TriggerCrashed(Crash),
}

impl Resumed {
    /// The event, whatever it says: also that of a wait that failed. See [`Self::success`].
    ///
    /// # Errors
    /// There is none: the deferral timed out, or its trigger crashed.
    pub fn event(self) -> Result<TriggerEvent, OperatorError> {
        match self {
            Self::Event(event) => Ok(event),
            Self::TimedOut => {
                let error = OperatorError::new("the deferral timed out");
                Err(error.with_kind(FailureKind::GaveUp))
            }
            Self::TriggerCrashed(Crash { message, cause }) => Err(match cause {
                Cause::Missing => OperatorError::missing(message),
                Cause::Refused => OperatorError::new(message).with_kind(FailureKind::Refused),
                Cause::Broken => OperatorError::new(format!("the trigger failed: {message}")),
            }),
        }
    }

    /// The event of a wait that succeeded: its `status` is `success`. A trigger of one's own says so
    /// too; an event without a `status`, or one that is no object, is no success.
    ///
    /// # Errors
    /// There is no event, or its `status` is not `success`: then the message is the event's `message`, or
    /// else the event.
    pub fn success(self) -> Result<TriggerEvent, OperatorError> {
        let event = self.event()?;
        if event.status() == Some("success") {
            return Ok(event);
        }
        let message = event.payload.get("message").and_then(Value::as_str);
        let message = message.filter(|message| !message.is_empty());
        let error = OperatorError::new(match message {
            Some(message) => message.to_owned(),
            None => format!("the wait did not succeed: {}", event.payload),
        });
        Err(error.with_kind_of(&event))
    }
}

/// The error of a trigger that could not start or go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crash {
    /// The message, for people.
    pub message: String,
    /// The consequence for the task.
    #[serde(default, skip_serializing_if = "Cause::is_broken")]
    pub(crate) cause: Cause,
}

impl Crash {
    /// A crash that fails the task.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), cause: Cause::Broken }
    }
}

impl From<TriggerError> for Crash {
    fn from(error: TriggerError) -> Self {
        Self { cause: error.cause(), ..Self::new(error.to_string()) }
    }
}
