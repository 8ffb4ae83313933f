//! Errors of triggers.

use serde::{Deserialize, Serialize};

use crate::connection::{ConnectionError, SecretError};

/// A trigger that cannot start or go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TriggerError {
    message: String,
    cause: Cause,
    /// True if the store of the tasks cannot be used, which says nothing about the task.
    of_store: bool,
}

/// The cause of a trigger's failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cause {
    /// The trigger is broken.
    #[default]
    Broken,
    /// An argument cannot be used.
    Refused,
    /// Something is missing here that may exist in another process or later.
    Missing,
}

impl Cause {
    /// True for the default, which is not stored.
    pub(crate) fn is_broken(&self) -> bool {
        *self == Self::Broken
    }
}

impl TriggerError {
    /// An error with a message for people. It must not hold secrets: it is stored.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), cause: Cause::Broken, of_store: false }
    }

    /// An error about something that is not defined here, and may be in another process or later: a waiter, a
    /// service model, a connection, a secret. It parks the task as `blocked`, until a triggerer starts that has it.
    pub fn missing(message: impl Into<String>) -> Self {
        Self { cause: Cause::Missing, ..Self::new(message) }
    }

    /// An error about a store of tasks that cannot be used. It ends the triggerer, not the task.
    pub(crate) fn of_store(message: impl Into<String>) -> Self {
        Self { of_store: true, ..Self::new(message) }
    }

    /// Whether the store of the tasks cannot be used.
    pub(crate) fn is_of_store(&self) -> bool {
        self.of_store
    }

    /// Whether something is not defined here.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.cause == Cause::Missing
    }

    pub(crate) fn cause(&self) -> Cause {
        self.cause
    }
}

impl From<ConnectionError> for TriggerError {
    fn from(error: ConnectionError) -> Self {
        let cause = if error.is_missing() { Cause::Missing } else { Cause::Refused };
        Self { cause, ..Self::new(error.to_string()) }
    }
}

impl From<SecretError> for TriggerError {
    fn from(error: SecretError) -> Self {
        ConnectionError::from(error).into()
    }
}
