//! Running cases: a waiter polls saved replies on a simulated clock.
//!
//! The wait is run by the engine, as a live one. Nothing is sent and nothing sleeps, so a wait of a day takes
//! milliseconds.
//!
//! ```
//! # use maitred_authoring::{replay, schema};
//! # use maitred_core::catalog::Catalog;
//! let case = schema::parse_case(r#"{
//!     "input": {"ClusterIdentifier": "nightly"},
//!     "replies": [
//!         {"output": {"Clusters": [{"ClusterStatus": "pausing"}]}, "repeat": 9},
//!         {"output": {"Clusters": [{"ClusterStatus": "paused"}]}}
//!     ],
//!     "expect": {"outcome": "success", "attempts": 10}
//! }"#)?;
//! let waiter = Catalog::default().find("redshift", "cluster_paused")?;
//! let waiter = waiter.compile(&replay::options(&case)?)?;
//! let replayed = replay::replay(&case, &waiter);
//! assert!(replayed.differences(&case.expect).is_empty());
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use serde::Serialize;
use serde_json::Value;

use crate::case::{Case, Expect};
use maitred_core::client::{Call, Client, Observation};
use maitred_core::clock::{BoxFuture, ManualClock, Timestamp};
use maitred_core::config::State;
use maitred_core::diagnostic::{Diagnostic, Invalid};
use maitred_core::engine::{Outcome, Progress, Wait, WaitEvent};
use maitred_core::waiter::{Options, Waiter};

mod check;

pub use check::{MAX_BYTES, MAX_REPLIES, MAX_STEPS, check};

/// The caller's options of a case.
///
/// # Errors
/// A number of seconds is not a valid duration.
pub fn options(case: &Case) -> Result<Options, Invalid> {
    let mut problems = Vec::new();
    let mut duration = |pointer: &str, seconds: Option<f64>| {
        let duration = Duration::try_from_secs_f64(seconds?);
        if duration.is_err() {
            let message = "this is not a number of seconds that can be waited";
            problems.push(Diagnostic::error("duration", pointer, message));
        }
        duration.ok()
    };
    let mut options = Options::with_input(case.input.clone());
    options.parameters.clone_from(&case.parameters);
    options.delay = duration("/delay", case.delay);
    options.max_attempts = case.max_attempts;
    options.baseline_value.clone_from(&case.baseline);
    options.timeout = duration("/timeout", case.timeout);
    // Nothing is sent.
    options.allow_mutating = true;
    if problems.is_empty() { Ok(options) } else { Err(Invalid::new(problems)) }
}

/// The result of running a case.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Replayed {
    /// How the wait ended; cancelled if it would have continued after the last reply.
    pub outcome: Outcome,
    /// The acceptors that matched, by index.
    pub reached: BTreeSet<usize>,
    /// The number of polls in which neither a success nor a failure acceptor matched.
    pub went_on: u64,
    /// The number of unused replies.
    pub left: u64,
    /// The number of unused replies to calls of `diagnose`.
    pub left_diagnose: u64,
}

/// A difference from the case's expectation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// What differs: `outcome`, `attempts`, `shown`, `message`, `replies` or `diagnose`.
    pub what: &'static str,
    /// The expected value.
    pub expected: Value,
    /// The actual value.
    pub actual: Value,
}

/// Runs `case` against `waiter`, which is compiled with the case's [`options`].
///
/// At most [`MAX_REPLIES`] replies are used. Call [`check`] before running an untrusted case: it rejects one
/// that has more, or takes too long.
#[must_use]
pub fn replay(case: &Case, waiter: &Waiter) -> Replayed {
    // Without replies to them, diagnostic calls are not made.
    let mute = case.diagnose.is_empty() && !waiter.diagnose().is_empty();
    let waiter =
        &if mute { Cow::Owned(waiter.clone().without_diagnose()) } else { Cow::Borrowed(waiter) };
    let script = Script::new(case, waiter.service());
    let start = Timestamp::default();
    // A fixed seed, so that a case always has the same result.
    let progress = Progress::start(waiter, start, 0);
    let schedule = waiter.schedule();
    let first = schedule.initial_delay.min(schedule.timeout.unwrap_or(Duration::MAX));
    let clock = ManualClock::at(start.plus(first));
    let mut wait = Wait::resume(waiter, &script, &clock, progress);
    let mut reached = BTreeSet::new();
    let mut went_on = 0;
    let outcome = loop {
        // A poll without a reply is never ready, or cancelled at the deadline.
        let event = wait.next_event().now_or_never().flatten();
        if script.is_overdrawn() {
            break wait.cancel();
        }
        match event {
            Some(WaitEvent::Polled(poll)) => {
                let matched = poll.decision.matched;
                let state = matched.and_then(|index| Some(waiter.acceptors().get(index)?.state));
                let waits = matches!(state, None | Some(State::Retry));
                // Matches while the baseline is unchanged do not count.
                let held = poll.decision.is_baseline && !waits;
                went_on += u64::from(waits || held);
                reached.extend(matched.filter(|_| !held));
                if poll.next_delay.is_none() {
                    script.end_polls();
                }
            }
            Some(WaitEvent::Done(outcome)) => break *outcome,
            None => break wait.cancel(),
        }
    };
    let (left, left_diagnose) = script.left();
    Replayed { outcome, reached, went_on, left, left_diagnose }
}

impl Replayed {
    /// The differences from `expect`.
    #[must_use]
    pub fn differences(&self, expect: &Expect) -> Vec<Difference> {
        let progress = self.outcome.progress();
        let mut differences = Vec::new();
        let mut compare = |what, expected: Value, actual: Value, same: bool| {
            if !same {
                differences.push(Difference { what, expected, actual });
            }
        };
        let (outcome, actual) = (expect.outcome, self.outcome.status());
        compare("outcome", outcome.as_str().into(), actual.as_str().into(), outcome == actual);
        if let Some(attempts) = expect.attempts {
            let actual = progress.attempts;
            compare("attempts", attempts.into(), actual.into(), attempts == actual);
        }
        if let Some(shown) = &expect.shown {
            let actual = progress.shown.clone().unwrap_or_default();
            let same = *shown == actual;
            compare("shown", shown.clone(), actual, same);
        }
        if let Some(message) = &expect.message {
            let actual = self.outcome.message();
            compare("message", message.as_str().into(), actual.into(), actual.contains(message));
        }
        for (what, left) in [("replies", self.left), ("diagnose", self.left_diagnose)] {
            compare(what, "all used up".into(), format!("{left} left").into(), left == 0);
        }
        differences
    }
}

/// A client that returns the replies of a case in order.
#[derive(Debug)]
struct Script {
    state: Mutex<Remaining>,
}

#[derive(Debug)]
struct Remaining {
    /// The replies with their remaining repetitions, in reverse order.
    replies: Vec<(Observation, u64)>,
    /// The replies to diagnostic calls, in reverse order.
    diagnose: Vec<Observation>,
    /// The last poll is over: further calls are diagnostic.
    ended: bool,
    overdrawn: bool,
}

impl Script {
    fn new(case: &Case, service: &str) -> Self {
        let mut most = MAX_REPLIES;
        let mut replies = Vec::new();
        for reply in &case.replies {
            let times = reply.repeat.min(most);
            most -= times;
            replies.extend((times > 0).then(|| (reply.observation(service), times)));
        }
        replies.reverse();
        let diagnose = case.diagnose.iter().rev().map(|reply| reply.observation(service));
        let diagnose = diagnose.collect();
        Self { state: Mutex::new(Remaining { replies, diagnose, ended: false, overdrawn: false }) }
    }

    fn lock(&self) -> MutexGuard<'_, Remaining> {
        // The guarded code cannot panic midway, so a poisoned state is consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Observation> {
        let mut state = self.lock();
        if state.ended {
            return state.diagnose.pop();
        }
        let Some((reply, times)) = state.replies.last_mut() else {
            state.overdrawn = true;
            return None;
        };
        *times -= 1;
        if *times > 0 {
            return Some(reply.clone());
        }
        state.replies.pop().map(|(reply, _)| reply)
    }

    fn is_overdrawn(&self) -> bool {
        self.lock().overdrawn
    }

    fn end_polls(&self) {
        self.lock().ended = true;
    }

    /// The numbers of unused replies, and of unused replies to diagnostic calls.
    fn left(&self) -> (u64, u64) {
        let state = self.lock();
        let replies = state.replies.iter().map(|(_, times)| times).sum();
        (replies, state.diagnose.len() as u64)
    }
}

/// The replies of a case are merged pages where the waiter merges pages.
impl Client for Script {
    fn call<'a>(&'a self, _: &'a Call) -> BoxFuture<'a, Observation> {
        match self.next() {
            Some(reply) => Box::pin(std::future::ready(reply)),
            None => Box::pin(std::future::pending()),
        }
    }
}
