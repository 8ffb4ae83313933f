//! The reason for which a wait or a task is stopped from outside.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The reason for which a wait or a task is stopped from outside.
///
/// | what happens | the trigger's [`on_cancel`](super::Trigger::on_cancel) | the operator's [`on_cancel`](crate::operator::Operator::on_cancel) | the [undo call](crate::operator::Deferral::with_undo) | then |
/// |---|---|---|---|---|
/// | cancelled while it is deferred | `User` or `Replaced` | the same | if asked for (`--undo`) | `cancelled` |
/// | cancelled while a step of the operator runs | – | the same; the step is dropped | – | `cancelled`, or `in_doubt` if [`reconcile`](crate::operator::Operator::reconcile) says so |
/// | cancelled while it is queued, awaits a retry, or is blocked (with `--undo`: as deferred) | – | – | – | `cancelled`, or `in_doubt` if a main call may have been made |
/// | the deferral's time-out | `Timeout` | – | – | resumed with [`TimedOut`](crate::operator::Resumed::TimedOut) |
/// | the execution time-out, deferred | `Timeout` | `Timeout` | – | fails, and is retried if it may be |
/// | the execution time-out, in a step | – | `Timeout`; the step is dropped | – | the same |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CancelReason {
    /// Somebody cancelled the task.
    User,
    /// The deferral's time-out or the task's execution time-out passed.
    Timeout,
    /// Another task took its key.
    Replaced,
}

impl fmt::Display for CancelReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "cancelled by a user",
            Self::Timeout => "out of time",
            Self::Replaced => "replaced by another task of the same key",
        })
    }
}
