//! The states of tasks.

use std::fmt;
use std::str::FromStr;

use maitred_core::diagnostic::nearest;
use serde::{Deserialize, Serialize};

/// The state of a task. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Waits for a worker.
    Queued,
    /// On a worker.
    Running,
    /// Waits for its trigger.
    Deferred,
    /// Failed, and waits for its next try.
    UpForRetry,
    /// Something is not defined where it was to run: its operator, trigger or waiter, a service's model, a
    /// connection. It goes on once a triggerer begins that has it.
    Blocked,
    /// Ended well.
    Success,
    /// Ended by an error, a time-out, or a wait that did not succeed.
    Failed,
    /// Ended because there was nothing to do.
    Skipped,
    /// Ended by a user.
    Cancelled,
    /// Ended because nobody can tell whether its main call was made, until a user does
    /// ([`Store::settle_by_user`](crate::Store::settle_by_user)).
    InDoubt,
}

impl TaskState {
    /// All states, in the order of a task's life.
    pub const ALL: [Self; 10] = [
        Self::Queued,
        Self::Running,
        Self::Deferred,
        Self::UpForRetry,
        Self::Blocked,
        Self::Success,
        Self::Failed,
        Self::Skipped,
        Self::Cancelled,
        Self::InDoubt,
    ];

    /// The name, e.g. `up_for_retry`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Deferred => "deferred",
            Self::UpForRetry => "up_for_retry",
            Self::Blocked => "blocked",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
            Self::InDoubt => "in_doubt",
        }
    }

    /// True if a task in this state has come to its end.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Queued | Self::Running | Self::Deferred | Self::UpForRetry | Self::Blocked => {
                false
            }
            Self::Success | Self::Failed | Self::Skipped | Self::Cancelled | Self::InDoubt => true,
        }
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TaskState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::as_str);
        let state = Self::ALL.into_iter().find(|state| state.as_str() == text);
        state.ok_or_else(|| match nearest(text, known) {
            Some(near) => format!("`{text}` is no state of a task; did you mean `{near}`?"),
            None => format!("`{text}` is no state of a task; they are {}", known.join(", ")),
        })
    }
}
