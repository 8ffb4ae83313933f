//! The log of a task.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much a line of a task's log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For those who look for a mistake.
    Debug,
    /// What happens.
    Info,
    /// What should not happen, and is borne.
    Warning,
    /// What ends a task.
    Error,
}

impl Level {
    /// The name, e.g. `warning`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Takes the lines of one task's log.
pub trait Log: Send + Sync + fmt::Debug {
    /// Takes a line. It must not hold secrets: it is stored.
    fn log(&self, level: Level, message: String);
}
