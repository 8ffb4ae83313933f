//! The log of a task.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The level of a line in a task's log. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Details for debugging.
    Debug,
    /// Normal progress.
    Info,
    /// A problem that is retried or worked around.
    Warning,
    /// A problem that ends the task.
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

/// The log of one task.
pub trait Log: Send + Sync + fmt::Debug {
    /// Adds a line. It must not hold secrets: it is stored.
    fn log(&self, level: Level, message: String);
}
