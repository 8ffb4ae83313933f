//! How a wait runs: [`step`] decides, [`Wait`] sleeps and calls around it.
//!
//! `step` knows no clock, no network and no sleep. Everything that waits calls it, so nothing that
//! waits can disagree.
//!
//! # Where this differs from botocore
//!
//! In strict mode ([`Options::strict`](crate::waiter::Options::strict)) a wait goes as in botocore to
//! the letter. Otherwise:
//!
//! 1. **Transient failures are borne.** Throttling, a status of 408, 429 or 5xx and a failure of the
//!    transport that no acceptor names counts as an attempt and is followed by another after
//!    `delay + rand(0, min(60 s, 1 s * 2^k))`, `k` being how many there have been in a row. Where no
//!    time-out bounds the wait, more than [`MAX_CONSECUTIVE_TRANSIENT`](crate::waiter::MAX_CONSECUTIVE_TRANSIENT)
//!    in a row end it. Where the caller takes them for "not yet"
//!    ([`Options::transient_is_not_yet`](crate::waiter::Options::transient_is_not_yet)) there is neither
//!    the random pause nor that bound. botocore ends it on the first. A `Retry-After` is waited for, up to
//!    [`MAX_RETRY_AFTER`], also where an acceptor says `retry`.
//! 2. **An acceptor that cannot be evaluated does not match**, such as `length(Things)` where there are
//!    no `Things`. It is named when the wait ends. In botocore the exception ends the wait.
//! 3. **"Previously accepted" names the acceptor that matched last**, not the one that was asked last.
//! 4. **A time-out that the caller gives is the only bound**, unless the caller gives attempts too.
//! 5. **An acceptor's `state` must be one of three.** botocore takes any other word for `retry`.
//!
//! The keys of a waiter file that botocore does not know, such as `baseline`, are not on this list:
//! without them nothing else differs, and strict mode does not read them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::CallError;
use crate::client::CallErrorKind;
use crate::client::Observation;
use crate::client::transport;
use crate::clock::Timestamp;
use crate::config::State;
use crate::diagnostic::shortened;
use crate::document::Document;
use crate::matcher;
use crate::matcher::Acceptor;
use crate::matcher::Decision;
use crate::matcher::Matcher;
use crate::python;
use crate::schedule::Schedule;
use crate::waiter::Waiter;

mod baseline;
mod diagnose;
mod outcome;
mod run;
mod transient;

pub use baseline::BaselineProgress;
pub use diagnose::{DIAGNOSE_LIMIT, Diagnosis, DiagnosisFinding, diagnose};
pub use outcome::{Ending, Outcome, Status, WaitError};
pub use run::{LAST_POLL_GRACE, Poll, Wait, WaitEvent, wait};
pub use transient::is_transient;

/// The longest pause that a `Retry-After` can ask for: a wait must not stand still because of one odd reply.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(15 * 60);

/// Where one wait stands: plain data, to be stored between two polls and resumed after a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// The polls so far.
    pub attempts: u64,
    /// When the wait began.
    pub started: Timestamp,
    /// When it ends as timed out, if it has a time-out.
    pub deadline: Option<Timestamp>,
    /// The successes in a row.
    #[serde(default)]
    pub successes: u32,
    /// The transient failures in a row.
    #[serde(default)]
    pub transient_failures: u32,
    /// The acceptor that matched last.
    #[serde(default)]
    pub last_matched: Option<LastMatched>,
    /// The error of the last poll that failed.
    #[serde(default)]
    pub last_error: Option<LastError>,
    /// The value shown last.
    #[serde(default)]
    pub shown: Option<Value>,
    /// The value that has to change, once it is known, if the waiter has a baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineProgress>,
    /// The acceptors that could not be evaluated so far, by index, with the reason.
    #[serde(default)]
    pub unevaluable: Vec<(usize, String)>,
    /// The state of the random numbers for jitter.
    pub seed: u64,
}

/// A match as progress keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastMatched {
    /// The index of the acceptor.
    pub acceptor: usize,
    /// The number of the poll, from 1.
    pub attempt: u64,
}

/// An error as progress keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastError {
    /// The code, e.g. `Throttling`.
    pub code: String,
    /// The message for people.
    pub message: String,
    /// The HTTP status of the reply, if one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Where the call failed. Not known of an error that an older version has stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<CallErrorKind>,
}

impl Progress {
    /// The beginning of a wait at `now`. `seed` begins the random numbers for jitter.
    #[must_use]
    pub fn start(waiter: &Waiter, now: Timestamp, seed: u64) -> Self {
        Self {
            attempts: 0,
            started: now,
            deadline: waiter.schedule().timeout.map(|timeout| now.plus(timeout)),
            successes: 0,
            transient_failures: 0,
            last_matched: None,
            last_error: None,
            shown: None,
            baseline: baseline::start(waiter),
            unevaluable: Vec::new(),
            seed,
        }
    }

    fn remaining(&self, now: Timestamp) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.since(now))
    }
}

/// What is to be done after a poll.
#[derive(Debug, Clone)]
pub enum Step {
    /// Sleep, then poll again.
    Sleep(Duration),
    /// The wait is over.
    Done(Ending),
}

/// Takes in what a poll saw and decides what comes next. Pure: the same arguments give the same answer.
///
/// `now` is the time at which the poll ended.
pub fn step(
    waiter: &Waiter,
    progress: &mut Progress,
    seen: &Observation,
    now: Timestamp,
) -> (Decision, Step) {
    progress.attempts += 1;
    let mut decision = matcher::decide(waiter.acceptors(), seen);
    decision.is_baseline = baseline::observe(waiter, progress, seen);
    record(waiter, progress, seen, &decision);
    let next = next_step(waiter, progress, seen, &decision, now);
    (decision, next)
}

/// Remembers what this poll saw.
fn record(waiter: &Waiter, progress: &mut Progress, seen: &Observation, decision: &Decision) {
    if let Some(acceptor) = decision.matched {
        progress.last_matched = Some(LastMatched { acceptor, attempt: progress.attempts });
    }
    if let Some(error) = seen.error() {
        progress.last_error = Some(LastError {
            code: error.code().to_owned(),
            message: error.message().to_owned(),
            status: seen.status(),
            kind: Some(error.kind()),
        });
    }
    if let Some(shown) = shown(waiter, seen) {
        progress.shown = Some(shown);
    }
    for (index, error) in &decision.unevaluable {
        if !progress.unevaluable.iter().any(|(known, _)| known == index) {
            progress.unevaluable.push((*index, shortened(&error.to_string())));
        }
    }
}

/// The values of the waiter's `show` expressions: the value of a single one as it is, of several
/// as a list; `None` where there is nothing to show.
#[must_use]
pub fn shown(waiter: &Waiter, seen: &Observation) -> Option<Value> {
    let Observation::Output(output) = seen else { return None };
    let mut values: Vec<_> = waiter
        .show()
        .iter()
        .map(|expression| expression.evaluate(output.document.value()).unwrap_or_default())
        .collect();
    if values.iter().all(Value::is_null) {
        return None;
    }
    if values.len() == 1 { values.pop() } else { Some(Value::Array(values)) }
}

fn next_step(
    waiter: &Waiter,
    progress: &mut Progress,
    seen: &Observation,
    decision: &Decision,
    now: Timestamp,
) -> Step {
    if let Some(error) = abort(waiter, decision) {
        return Step::Done(Ending::Error(error));
    }
    let streak = std::mem::take(&mut progress.transient_failures);
    let state =
        decision.matched.and_then(|index| Some((index, waiter.acceptors().get(index)?.state)));
    match state {
        // It tells about the run before, which is none of this wait's.
        Some((_, State::Success | State::Failure)) if decision.is_baseline => {
            progress.successes = 0;
        }
        Some((_, State::Success)) => {
            progress.successes = progress.successes.saturating_add(1);
            if progress.successes >= waiter.consecutive() {
                return Step::Done(Ending::Success);
            }
        }
        Some((acceptor, State::Failure)) => {
            let reason = failure_reason(&waiter.acceptors()[acceptor], seen);
            return Step::Done(Ending::Failure { acceptor, reason });
        }
        Some((_, State::Retry)) => progress.successes = 0,
        None => match unmatched_error(waiter, seen) {
            Some(error) => return after_error(waiter, progress, error, streak, now),
            None => progress.successes = 0,
        },
    }
    go_on(waiter, progress, now, asked_pause(waiter, seen.error()))
}

/// The file's own reason if its expression yields one, else what the acceptor found.
fn failure_reason(acceptor: &Acceptor, seen: &Observation) -> String {
    let document = seen.document().map_or(&Value::Null, Document::value);
    let message = acceptor.message.as_ref().and_then(|message| message.evaluate(document).ok());
    match (message, seen.error()) {
        (Some(Value::String(text)), _) if !text.trim().is_empty() => single_spaced(&text),
        (Some(value), _) if !value.is_null() && !value.is_string() => value.to_string(),
        (_, Some(error)) if acceptor.matcher == Matcher::Error => error.to_string(),
        _ => acceptor.explanation(),
    }
}

/// The text without the doubled spaces around a name that the reply does not have.
fn single_spaced(text: &str) -> String {
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| text + " " + word)
}

/// In strict mode an acceptor that cannot be evaluated ends the wait, as the exception does in botocore.
fn abort(waiter: &Waiter, decision: &Decision) -> Option<CallError> {
    let (_, error) = decision.unevaluable.first().filter(|_| waiter.is_strict())?;
    Some(CallError::new(CallErrorKind::Invalid, "JMESPathTypeError", error.to_string()))
}

/// The error of an observation that no acceptor matched. Strict mode reads it out of the document,
/// as botocore does.
fn unmatched_error(waiter: &Waiter, seen: &Observation) -> Option<CallError> {
    let own = match seen {
        Observation::Output(output) => output.error.as_ref(),
        Observation::Error(error) if waiter.is_strict() && error.document().is_some() => None,
        Observation::Error(error) => Some(error),
    };
    if own.is_some() || !matcher::is_error(seen) {
        return own.cloned();
    }
    let error = seen.document()?.value().get("Error")?;
    let member = |name| error.get(name).map_or_else(|| "Unknown".to_owned(), python::text);
    let error = CallError::new(CallErrorKind::Service, member("Code"), member("Message"));
    Some(match seen.status() {
        Some(status) => error.with_status(status),
        None => error,
    })
}

fn after_error(
    waiter: &Waiter,
    progress: &mut Progress,
    error: CallError,
    streak: u32,
    now: Timestamp,
) -> Step {
    if waiter.is_strict() || !is_transient(&error, &waiter.transient().codes) {
        return Step::Done(Ending::Error(error));
    }
    progress.transient_failures = streak.saturating_add(1);
    let policy = waiter.transient();
    let asked = asked_pause(waiter, Some(&error));
    // A certificate that is not accepted now will not be accepted later.
    if policy.is_not_yet && error.code() != transport::TLS {
        return go_on(waiter, progress, now, asked);
    }
    if policy.max_consecutive.is_some_and(|most| progress.transient_failures > most) {
        return Step::Done(Ending::Error(error));
    }
    let mut random = fastrand::Rng::with_seed(progress.seed);
    let pause = Schedule::transient_delay(progress.transient_failures, &mut random);
    progress.seed = random.u64(..);
    let delay = waiter.schedule().delay.saturating_add(pause);
    go_on(waiter, progress, now, delay.max(asked))
}

/// The pause that the service asks for with `Retry-After`, up to [`MAX_RETRY_AFTER`].
fn asked_pause(waiter: &Waiter, error: Option<&CallError>) -> Duration {
    let asked = error.and_then(CallError::retry_after).filter(|_| !waiter.is_strict());
    asked.unwrap_or_default().min(MAX_RETRY_AFTER)
}

/// Another poll after the schedule's delay, but not before `pause` is over; unless a bound is reached.
fn go_on(waiter: &Waiter, progress: &mut Progress, now: Timestamp, pause: Duration) -> Step {
    let schedule = waiter.schedule();
    if schedule.max_attempts.is_some_and(|most| progress.attempts >= most) {
        return Step::Done(Ending::Exhausted);
    }
    let remaining = progress.remaining(now);
    if remaining.is_some_and(|remaining| remaining.is_zero()) {
        return Step::Done(Ending::TimedOut);
    }
    let mut random = fastrand::Rng::with_seed(progress.seed);
    let delay = schedule.delay_after(progress.attempts, remaining, &mut random).max(pause);
    progress.seed = random.u64(..);
    Step::Sleep(remaining.map_or(delay, |remaining| delay.min(remaining)))
}
