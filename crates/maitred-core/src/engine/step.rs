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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client::Output;
    use crate::engine::progress::BaselineProgress;
    use crate::waiter::Options;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);
    const SEED: u64 = 7;

    /// A waiter with a delay of ten seconds, with `keys` over that.
    fn waiter(keys: &Value, options: &Options) -> Waiter {
        let mut config = json!({
            "operation": "DescribeThing", "delay": 10, "maxAttempts": 9,
            "acceptors": [
                {"state": "success", "matcher": "path", "argument": "State", "expected": "ready"},
                {"state": "retry", "matcher": "path", "argument": "State", "expected": "odd"},
                {"state": "retry", "matcher": "error", "expected": "Busy"},
            ],
        });
        config.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        let config = serde_json::from_value(config).unwrap();
        Waiter::compile("things", "thing_ready", &config, options).unwrap()
    }

    fn plain(keys: &Value) -> Waiter {
        waiter(keys, &Options::default())
    }

    fn start(waiter: &Waiter) -> Progress {
        Progress::start(waiter, NOW, SEED)
    }

    fn output(document: Value) -> Observation {
        Observation::Output(Output::from_json(document))
    }

    fn state(state: &str) -> Observation {
        output(json!({ "State": state }))
    }

    fn service(code: &str, status: u16) -> CallError {
        CallError::new(CallErrorKind::Service, code, "later").with_status(status)
    }

    fn asking(error: CallError, seconds: u64) -> Observation {
        Observation::Error(error.with_retry_after(Duration::from_secs(seconds)))
    }

    fn pause(waiter: &Waiter, progress: &mut Progress, seen: &Observation) -> Duration {
        match step(waiter, progress, seen, NOW).next {
            NextAction::Sleep(pause) => pause,
            NextAction::Done(ending) => panic!("{ending:?}"),
        }
    }

    fn ending(waiter: &Waiter, seen: &Observation) -> Ending {
        match step(waiter, &mut start(waiter), seen, NOW).next {
            NextAction::Done(ending) => ending,
            NextAction::Sleep(pause) => panic!("{pause:?}"),
        }
    }

    #[test]
    fn a_pause_that_the_service_asks_for_ends_at_the_deadline() {
        let waiter = plain(&json!({"timeout": 60}));
        for (asked, paused) in [(59, 59), (60, 60), (61, 60), (1000, 60)] {
            for error in [service("Busy", 400), service("503", 503)] {
                let seen = asking(error, asked);
                let paused = Duration::from_secs(paused);
                assert_eq!(pause(&waiter, &mut start(&waiter), &seen), paused, "{seen:?}");
            }
        }
    }

    #[test]
    fn a_pause_that_the_service_asks_for_has_a_bound_of_its_own() {
        let waiter = plain(&json!({}));
        for (asked, paused) in [(899, 899), (900, 900), (901, 900)] {
            for error in [service("Busy", 400), service("503", 503)] {
                let paused = Duration::from_secs(paused);
                assert_eq!(pause(&waiter, &mut start(&waiter), &asking(error, asked)), paused);
            }
        }
    }

    #[test]
    fn a_transient_failure_that_means_not_yet_is_still_waited_for_as_asked() {
        let options = Options { transient_is_not_yet: true, ..Options::default() };
        let waiter = waiter(&json!({}), &options);
        let pause =
            |seconds| pause(&waiter, &mut start(&waiter), &asking(service("503", 503), seconds));
        assert_eq!(pause(120), Duration::from_secs(120));
        assert_eq!(pause(1), Duration::from_secs(10));
    }

    #[test]
    fn after_a_transient_failure_a_random_time_comes_on_top_of_the_delay() {
        let waiter = plain(&json!({"delay": 10, "backoff": {"maxDelay": 11}}));
        let mut progress = start(&waiter);
        progress.transient_failures = 3;
        progress.attempts = 3;
        let paused = pause(&waiter, &mut progress, &Observation::Error(service("503", 503)));
        let mut random = fastrand::Rng::with_seed(SEED);
        let extra = Schedule::transient_delay(4, &mut random);
        let mut next = fastrand::Rng::with_seed(random.u64(..));
        let delay = waiter.schedule().delay_after(4, None, &mut next);
        assert_eq!(paused, delay.max(Duration::from_secs(10) + extra));
        assert!(Duration::from_secs(10) + extra > delay, "the seed is one that tells them apart");
        assert_eq!(progress.transient_failures, 4);
        assert_eq!(progress.seed, next.u64(..));
    }

    #[test]
    fn more_transient_failures_in_a_row_than_are_allowed_end_the_wait() {
        let waiter = plain(&json!({"transient": {"maxConsecutive": 2}}));
        let mut progress = start(&waiter);
        let failed = Observation::Error(service("503", 503));
        for failures in 1..=2 {
            pause(&waiter, &mut progress, &failed);
            assert_eq!(progress.transient_failures, failures);
        }
        pause(&waiter, &mut progress, &state("creating"));
        assert_eq!(progress.transient_failures, 0);
        pause(&waiter, &mut progress, &failed);
        pause(&waiter, &mut progress, &failed);
        let end = step(&waiter, &mut progress, &failed, NOW).next;
        assert!(
            matches!(&end, NextAction::Done(Ending::Error(error)) if error.code() == "503"),
            "{end:?}"
        );
    }

    #[test]
    fn successes_in_a_row_begin_anew_after_anything_but_a_transient_failure() {
        let waiter = plain(&json!({"consecutive": 3}));
        let busy = Observation::Error(service("Busy", 400));
        let failed = Observation::Error(service("503", 503));
        for (between, successes) in
            [(state("creating"), 0), (state("odd"), 0), (busy, 0), (failed, 2)]
        {
            let mut progress = start(&waiter);
            pause(&waiter, &mut progress, &state("ready"));
            pause(&waiter, &mut progress, &state("ready"));
            assert_eq!(progress.successes, 2);
            pause(&waiter, &mut progress, &between);
            assert_eq!(progress.successes, successes, "{between:?}");
        }
    }

    #[test]
    fn successes_in_a_row_begin_anew_when_the_baseline_is_back() {
        let waiter = plain(&json!({"consecutive": 3, "baseline": "Run"}));
        let mut progress = start(&waiter);
        let run = |run: u64| output(json!({"State": "ready", "Run": run}));
        for (number, successes) in [(1, 0), (2, 1), (2, 2), (1, 0), (2, 1)] {
            pause(&waiter, &mut progress, &run(number));
            assert_eq!(progress.successes, successes, "{number}");
        }
    }

    #[test]
    fn the_last_poll_is_the_one_at_the_bound() {
        let waiter = plain(&json!({"maxAttempts": 2, "timeout": 100}));
        let mut progress = start(&waiter);
        pause(&waiter, &mut progress, &state("creating"));
        let end = step(&waiter, &mut progress, &state("creating"), NOW).next;
        assert!(matches!(end, NextAction::Done(Ending::Exhausted)), "{end:?}");
        let mut progress = start(&waiter);
        let before = NOW.plus(Duration::from_millis(99_999));
        let next = step(&waiter, &mut progress, &state("creating"), before).next;
        assert!(matches!(next, NextAction::Sleep(pause) if pause == Duration::from_millis(1)));
        let mut progress = start(&waiter);
        let end =
            step(&waiter, &mut progress, &state("creating"), NOW.plus(Duration::from_secs(100)));
        assert!(matches!(end.next, NextAction::Done(Ending::TimedOut)), "{end:?}");
    }

    #[test]
    fn a_failure_says_its_reason_in_the_words_of_the_service_if_there_are_any() {
        let said = |matcher: &str, expected: Value, message: Option<&str>, seen: &Observation| {
            let acceptor = json!({"state": "failure", "matcher": matcher, "expected": expected});
            let mut acceptor = acceptor.as_object().unwrap().clone();
            acceptor.extend(message.map(|message| ("message".to_owned(), json!(message))));
            if matcher == "path" {
                acceptor.insert("argument".to_owned(), json!("State"));
            }
            let ended = ending(&plain(&json!({ "acceptors": [acceptor] })), seen);
            let Ending::Failure { acceptor: 0, reason } = ended else { panic!("{ended:?}") };
            reason
        };
        let broken = output(json!({
            "State": "broken", "Why": " no  space ", "Blank": " ", "Code": 7, "List": ["a"],
        }));
        let explained = "For expression \"State\" we matched expected path: \"broken\"";
        for (message, reason) in [
            (Some("Why"), "no space"),
            (Some("Code"), "7"),
            (Some("List"), r#"["a"]"#),
            (Some("Blank"), explained),
            (Some("Missing"), explained),
            (Some("length(Code)"), explained),
            (None, explained),
        ] {
            assert_eq!(said("path", json!("broken"), message, &broken), reason, "{message:?}");
        }
        let denied = Observation::Error(service("Denied", 403));
        assert_eq!(said("error", json!("Denied"), None, &denied), "Denied: later");
        let status = "Matched expected HTTP status code: 403";
        assert_eq!(said("status", json!(403), None, &denied), status);
    }

    #[test]
    fn an_error_in_the_document_of_a_reply_ends_the_wait_like_one_of_the_call() {
        let seen = Output::new(json!({"Error": {"Code": "Denied", "Message": "no"}}), 403);
        let Ending::Error(error) = ending(&plain(&json!({})), &Observation::Output(seen)) else {
            panic!("the wait goes on");
        };
        assert_eq!((error.code(), error.message(), error.status()), ("Denied", "no", Some(403)));
        let bare = output(json!({"Error": {"Code": 7}}));
        let Ending::Error(error) = ending(&plain(&json!({})), &bare) else { panic!() };
        assert_eq!((error.code(), error.message(), error.status()), ("7", "Unknown", Some(200)));
        // Without a code it is a member like others.
        let waiter = plain(&json!({}));
        pause(&waiter, &mut start(&waiter), &output(json!({"Error": {"Message": "no"}})));
    }

    #[test]
    fn an_error_with_a_document_is_read_from_it_in_strict_mode_only() {
        let strict = Options { strict: true, ..Options::default() };
        let document = json!({"Error": {"Code": "Inner", "Message": "inner"}});
        let outer = || service("Outer", 400);
        let read = |options: &Options, error: CallError| {
            let ended = ending(&waiter(&json!({}), options), &Observation::Error(error));
            let Ending::Error(error) = ended else { panic!("{ended:?}") };
            error.code().to_owned()
        };
        let default = Options::default();
        assert_eq!(read(&default, outer().with_document(document.clone().into())), "Outer");
        assert_eq!(read(&strict, outer().with_document(document.into())), "Inner");
        assert_eq!(read(&strict, outer()), "Outer");
    }

    #[test]
    fn the_last_error_is_kept_with_its_status_and_kind() {
        let waiter = plain(&json!({}));
        let mut progress = start(&waiter);
        pause(&waiter, &mut progress, &Observation::Error(service("Busy", 409)));
        pause(&waiter, &mut progress, &state("creating"));
        let kept = LastError {
            code: "Busy".to_owned(),
            message: "later".to_owned(),
            status: Some(409),
            kind: Some(CallErrorKind::Service),
        };
        assert_eq!(progress.last_error, Some(kept));
        assert_eq!(progress.attempts, 2);
        let matched = LastMatched { acceptor: 2, attempt: 1 };
        assert_eq!(progress.last_matched, Some(matched));
    }

    #[test]
    fn what_is_shown_stays_until_there_is_something_else_to_show() {
        let waiter = plain(&json!({"show": ["State", "Detail"]}));
        let mut progress = start(&waiter);
        for (seen, shown) in [
            (output(json!({"State": "a", "Detail": 1})), json!(["a", 1])),
            (output(json!({"State": "b"})), json!(["b", null])),
            (output(json!({})), json!(["b", null])),
            (Observation::Error(service("Busy", 400)), json!(["b", null])),
        ] {
            pause(&waiter, &mut progress, &seen);
            assert_eq!(progress.shown, Some(shown), "{seen:?}");
        }
    }

    #[test]
    fn a_growing_delay_reaches_to_the_deadline_where_no_other_poll_fits_before_it() {
        let waiter = plain(&json!({"timeout": 15, "backoff": {"maxDelay": 40, "jitter": false}}));
        let paused = pause(&waiter, &mut start(&waiter), &state("creating"));
        assert_eq!(paused, Duration::from_secs(15));
    }

    #[test]
    fn the_baseline_is_that_of_the_first_reply_that_is_no_error() {
        let waiter = plain(&json!({"baseline": "Run"}));
        let mut progress = start(&waiter);
        let busy = service("503", 503).with_document(json!({"Run": 1}).into());
        let inner = json!({"Run": 1, "Error": {"Code": "Busy"}});
        for (seen, known) in [
            (Observation::Error(busy), None),
            (output(inner), None),
            (output(json!({"Run": 2})), Some(true)),
            (output(json!({"Run": 3})), Some(false)),
            (output(json!({"Run": 2})), Some(true)),
        ] {
            pause(&waiter, &mut progress, &seen);
            let expected = known.map(|unchanged| BaselineProgress { value: json!(2), unchanged });
            assert_eq!(progress.baseline, expected, "{seen:?}");
        }
        let options = Options { baseline_value: Some(json!(1)), ..Options::default() };
        let given = self::waiter(&json!({"baseline": "Run"}), &options);
        let expected = BaselineProgress { value: json!(1), unchanged: false };
        assert_eq!(start(&given).baseline, Some(expected));
    }
}
