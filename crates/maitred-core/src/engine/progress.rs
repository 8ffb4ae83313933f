//! The progress of a wait.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::CallErrorKind;
use crate::clock::Timestamp;
use crate::waiter::Waiter;

/// The progress of a wait: plain data, which can be stored between two polls and resumed after a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Progress {
    /// The number of polls so far.
    pub attempts: u64,
    /// When the wait began.
    pub started: Timestamp,
    /// When the wait times out, if it has a time-out.
    pub deadline: Option<Timestamp>,
    /// The number of successes in a row.
    #[serde(default)]
    pub successes: u32,
    /// The number of transient failures in a row.
    #[serde(default)]
    pub transient_failures: u32,
    /// The number of polls that failed for a transient reason, also where an acceptor takes that for a reason to
    /// go on.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failed_polls: u64,
    /// The acceptor that matched last.
    #[serde(default)]
    pub last_matched: Option<LastMatched>,
    /// The error of the last poll that failed.
    #[serde(default)]
    pub last_error: Option<LastError>,
    /// The value shown last.
    #[serde(default)]
    pub shown: Option<Value>,
    /// The baseline, once it is known, if the waiter has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineProgress>,
    /// The acceptors that could not be evaluated so far: index and reason.
    #[serde(default)]
    pub unevaluable: Vec<(usize, String)>,
    /// The state of the random number generator for jitter.
    pub seed: u64,
}

/// A progress without failed polls is stored without their number.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A match, as stored in [`Progress`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LastMatched {
    /// The index of the acceptor.
    pub acceptor: usize,
    /// The number of the poll, from 1.
    pub attempt: u64,
}

/// An error, as stored in [`Progress`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LastError {
    /// The code, e.g. `Throttling`.
    pub code: String,
    /// The message for people.
    pub message: String,
    /// The HTTP status of the reply, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The kind of failure; `None` for an error that an older version has stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<CallErrorKind>,
}

impl Progress {
    /// The progress of a wait that starts at `now`. `seed` seeds the random numbers for jitter.
    #[must_use]
    pub fn start(waiter: &Waiter, now: Timestamp, seed: u64) -> Self {
        Self {
            attempts: 0,
            started: now,
            deadline: waiter.schedule().timeout.map(|timeout| now.plus(timeout)),
            successes: 0,
            transient_failures: 0,
            failed_polls: 0,
            last_matched: None,
            last_error: None,
            shown: None,
            baseline: waiter
                .baseline()
                .and_then(|baseline| baseline.given.clone())
                .map(|value| BaselineProgress { value, unchanged: false }),
            unevaluable: Vec::new(),
            seed,
        }
    }

    pub(super) fn remaining(&self, now: Timestamp) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.since(now))
    }
}

/// A known baseline, as stored in [`Progress`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BaselineProgress {
    /// The value to differ from, which may be `null`.
    #[serde(default)]
    pub value: Value,
    /// Whether the last reply still had it.
    #[serde(default)]
    pub unchanged: bool,
}
