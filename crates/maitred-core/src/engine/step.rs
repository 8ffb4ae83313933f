//! The pure decision after a poll.

use std::time::Duration;

use serde_json::Value;

use super::baseline;
use super::ending::Ending;
use super::progress::{LastError, LastMatched, Progress};
use super::transient::is_transient;
use crate::client::{CallError, CallErrorKind, Observation, transport};
use crate::clock::Timestamp;
use crate::config::State;
use crate::diagnostic::shortened;
use crate::document::Document;
use crate::matcher::{self, Acceptor, Decision, Matcher};
use crate::python;
use crate::schedule::Schedule;
use crate::waiter::Waiter;

/// The longest pause that a `Retry-After` can ask for, so that a single reply cannot stall a wait.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(15 * 60);

/// What to do after a poll. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone)]
pub enum NextAction {
    /// Sleep for this long, then poll again.
    Sleep(Duration),
    /// The wait is over.
    Done(Ending),
}

/// The result of a poll.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StepResult {
    /// The acceptors' decision.
    pub decision: Decision,
    /// The values of the waiter's `show` expressions ([`shown`]).
    pub shown: Option<Value>,
    /// The next action.
    pub next: NextAction,
}

/// Records the observation of a poll in `progress` and decides what to do next. This function is pure: the
/// same arguments give the same result.
///
/// `now` is the time at which the poll ended.
pub fn step(
    waiter: &Waiter,
    progress: &mut Progress,
    seen: &Observation,
    now: Timestamp,
) -> StepResult {
    progress.attempts += 1;
    let mut decision = matcher::decide(waiter.acceptors(), seen);
    decision.is_baseline = baseline::observe(waiter, progress, seen);
    let shown = shown(waiter, seen);
    if shown.is_some() {
        progress.shown.clone_from(&shown);
    }
    record(waiter, progress, seen, &decision);
    let next = next_step(waiter, progress, seen, &decision, now);
    StepResult { decision, shown, next }
}

/// Records the observation of a poll.
fn record(waiter: &Waiter, progress: &mut Progress, seen: &Observation, decision: &Decision) {
    if let Some(acceptor) = decision.matched {
        progress.last_matched = Some(LastMatched { acceptor, attempt: progress.attempts });
    }
    if let Some(error) = seen.error() {
        progress.failed_polls += u64::from(is_transient(error, &waiter.transient().codes));
        progress.last_error = Some(LastError {
            code: error.code().to_owned(),
            message: error.message().to_owned(),
            status: seen.status(),
            kind: Some(error.kind()),
        });
    }
    for (index, error) in &decision.unevaluable {
        if !progress.unevaluable.iter().any(|(known, _)| known == index) {
            progress.unevaluable.push((*index, shortened(&error.to_string())));
        }
    }
}

/// The values of the waiter's `show` expressions: that of a single one as it is, those of several as a
/// list. `None` if there is nothing to show.
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
) -> NextAction {
    if let Some(error) = abort(waiter, decision) {
        return NextAction::Done(Ending::Error(error));
    }
    let streak = std::mem::take(&mut progress.transient_failures);
    let state =
        decision.matched.and_then(|index| Some((index, waiter.acceptors().get(index)?.state)));
    match state {
        // This is still the state of the previous run.
        Some((_, State::Success | State::Failure)) if decision.is_baseline => {
            progress.successes = 0;
        }
        Some((_, State::Success)) => {
            progress.successes = progress.successes.saturating_add(1);
            if progress.successes >= waiter.consecutive() {
                return NextAction::Done(Ending::Success);
            }
        }
        Some((acceptor, State::Failure)) => {
            let reason = failure_reason(&waiter.acceptors()[acceptor], seen);
            return NextAction::Done(Ending::Failure { acceptor, reason });
        }
        Some((_, State::Retry)) => progress.successes = 0,
        None => match unmatched_error(waiter, seen) {
            Some(error) => return after_error(waiter, progress, error, streak, now),
            None => progress.successes = 0,
        },
    }
    go_on(waiter, progress, now, asked_pause(waiter, seen.error()))
}

/// The value of the acceptor's `message`, or else the error or the acceptor's explanation.
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

/// The text with each run of spaces collapsed: a name that the reply does not have leaves two behind.
fn single_spaced(text: &str) -> String {
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| text + " " + word)
}

/// The error of an acceptor that could not be evaluated, which ends the wait in strict mode, as the
/// exception does in botocore.
fn abort(waiter: &Waiter, decision: &Decision) -> Option<CallError> {
    let (_, error) = decision.unevaluable.first().filter(|_| waiter.is_strict())?;
    Some(CallError::new(CallErrorKind::Invalid, "JMESPathTypeError", error.to_string()))
}

/// The error of an observation that no acceptor matched. In strict mode it is read from the document, as
/// in botocore.
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
) -> NextAction {
    if waiter.is_strict() || !is_transient(&error, &waiter.transient().codes) {
        return NextAction::Done(Ending::Error(error));
    }
    progress.transient_failures = streak.saturating_add(1);
    let policy = waiter.transient();
    let asked = asked_pause(waiter, Some(&error));
    // A certificate that is rejected now will be rejected later.
    if policy.is_not_yet && error.code() != transport::TLS {
        return go_on(waiter, progress, now, asked);
    }
    if policy.max_consecutive.is_some_and(|most| progress.transient_failures > most) {
        return NextAction::Done(Ending::Error(error));
    }
    let mut random = fastrand::Rng::with_seed(progress.seed);
    let pause = Schedule::transient_delay(progress.transient_failures, &mut random);
    progress.seed = random.u64(..);
    let delay = waiter.schedule().delay.saturating_add(pause);
    go_on(waiter, progress, now, delay.max(asked))
}

/// The pause that the service requests with `Retry-After`, at most [`MAX_RETRY_AFTER`].
fn asked_pause(waiter: &Waiter, error: Option<&CallError>) -> Duration {
    let asked = error.and_then(CallError::retry_after).filter(|_| !waiter.is_strict());
    asked.unwrap_or_default().min(MAX_RETRY_AFTER)
}

/// Polls again after the schedule's delay, but at least after `pause`, unless a bound is reached.
fn go_on(waiter: &Waiter, progress: &mut Progress, now: Timestamp, pause: Duration) -> NextAction {
    let schedule = waiter.schedule();
    if schedule.max_attempts.is_some_and(|most| progress.attempts >= most) {
        return NextAction::Done(Ending::Exhausted);
    }
    let remaining = progress.remaining(now);
    if remaining.is_some_and(|remaining| remaining.is_zero()) {
        return NextAction::Done(Ending::TimedOut);
    }
    let mut random = fastrand::Rng::with_seed(progress.seed);
    let delay = schedule.delay_after(progress.attempts, remaining, &mut random).max(pause);
    progress.seed = random.u64(..);
    NextAction::Sleep(remaining.map_or(delay, |remaining| delay.min(remaining)))
}
