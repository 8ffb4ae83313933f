//! Why a trigger cannot start or go on.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::connection::{ConnectionError, SecretError};

/// Why a trigger cannot start or go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerError {
    message: String,
    cause: Cause,
    /// Whether it is the store of the tasks that cannot be used, which says nothing of the task.
    of_store: bool,
}

/// What follows from the failure of a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cause {
    /// It broke.
    #[default]
    Broken,
    /// What it was given cannot be used.
    Refused,
    /// Something is not here that may be elsewhere, or later.
    Missing,
}

impl Cause {
    /// Whether it is the one that is not written down.
    pub(crate) fn is_broken(&self) -> bool {
        *self == Self::Broken
    }
}

impl TriggerError {
    /// An error with a message for people. It must not hold secrets: it is stored.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), cause: Cause::Broken, of_store: false }
    }

    /// The same for something that is not defined here, and may be in another process or later: a waiter, a
    /// service model, a connection, a secret. It parks the task as `blocked`, until a triggerer begins that
    /// has it.
    pub fn missing(message: impl Into<String>) -> Self {
        Self { cause: Cause::Missing, ..Self::new(message) }
    }

    /// The same for a store of tasks that cannot be used: this ends the triggerer, and not the task.
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

impl fmt::Display for TriggerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TriggerError {}
