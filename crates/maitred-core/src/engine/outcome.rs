//! The outcome of a wait and its message.

use std::time::Duration;

use serde_json::Value;

use super::diagnose::{self, Diagnosis};
use super::ending::{Ending, Status};
use super::progress::Progress;
use super::transient::is_transient;
use crate::client::{CallError, CallErrorKind};
use crate::diagnostic::shortened;
use crate::document::Document;
use crate::matcher::Acceptor;
use crate::waiter::Waiter;

/// The outcome of a wait: what ended it, its progress, and the last document.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub(super) ending: Ending,
    pub(super) progress: Progress,
    pub(super) elapsed: Duration,
    pub(super) document: Option<Document>,
    pub(super) diagnosis: Vec<Diagnosis>,
    pub(super) message: String,
}

impl Outcome {
    pub(super) fn new(
        waiter: &Waiter,
        ending: Ending,
        progress: Progress,
        elapsed: Duration,
        document: Option<Document>,
        diagnosis: Vec<Diagnosis>,
    ) -> Self {
        let message = if waiter.is_strict() {
            strict_message(waiter, &ending, &progress)
        } else {
            let message = message(waiter, &ending, &progress, elapsed);
            message + &diagnose::summary(&diagnosis)
        };
        Self { ending, progress, elapsed, document, diagnosis, message }
    }

    /// What ended the wait.
    #[must_use]
    pub fn ending(&self) -> &Ending {
        &self.ending
    }

    /// The status of the wait.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.ending {
            Ending::Success => Status::Success,
            Ending::Failure { .. } => Status::Failure,
            Ending::Exhausted => Status::Exhausted,
            Ending::TimedOut => Status::Timeout,
            Ending::Error(_) => Status::Error,
            Ending::Cancelled => Status::Cancelled,
        }
    }

    /// A sentence for people about what happened. In strict mode it is the text of botocore's
    /// `WaiterError`, and empty for a success.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The progress at the end.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// How long the wait took from start to end, including restarts.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The document of the last reply.
    #[must_use]
    pub fn document(&self) -> Option<&Document> {
        self.document.as_ref()
    }

    /// What the calls of the waiter's `diagnose` found, if the wait did not succeed. It is also part of the
    /// message.
    #[must_use]
    pub fn diagnosis(&self) -> &[Diagnosis] {
        &self.diagnosis
    }

    /// The call error that ended the wait, if that is what ended it.
    #[must_use]
    pub fn call_error(&self) -> Option<&CallError> {
        match &self.ending {
            Ending::Error(error) => Some(error),
            Ending::Success
            | Ending::Failure { .. }
            | Ending::Exhausted
            | Ending::TimedOut
            | Ending::Cancelled => None,
        }
    }

    /// Whether the wait ended because of transient errors: the service could not be reached, failed or
    /// throttled for too long. Also true if the wait was exhausted or timed out and every poll failed so, even if
    /// an acceptor took that for a reason to go on.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        let Progress { attempts, transient_failures, failed_polls, .. } = self.progress;
        match &self.ending {
            Ending::Error(error) => transient_failures > 0 || is_transient(error, &[]),
            Ending::Exhausted | Ending::TimedOut => failed_polls > 0 && failed_polls >= attempts,
            Ending::Success | Ending::Failure { .. } | Ending::Cancelled => false,
        }
    }

    /// The last document of a successful wait.
    ///
    /// # Errors
    /// The wait did not end as a success.
    pub fn into_result(self) -> Result<Value, WaitError> {
        if self.status() != Status::Success {
            return Err(WaitError { outcome: Box::new(self) });
        }
        Ok(self.document.map_or(Value::Null, |document| document.value().clone()))
    }
}

/// A wait that did not end as a success.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", outcome.message())]
pub struct WaitError {
    outcome: Box<Outcome>,
}

impl WaitError {
    /// How the wait ended.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }
}

fn message(waiter: &Waiter, ending: &Ending, progress: &Progress, elapsed: Duration) -> String {
    let id = waiter.id();
    let polls = count(progress.attempts, "attempt");
    match ending {
        Ending::Success => format!("{id} succeeded after {polls}"),
        Ending::Failure { reason, .. } => format!("{id} failed: {reason}"),
        Ending::Exhausted => {
            format!("{id} gave up after {polls}{}", progress_text(waiter, progress))
        }
        Ending::TimedOut => format!(
            "{id} timed out after {} ({polls}){}",
            seconds(elapsed),
            progress_text(waiter, progress)
        ),
        Ending::Error(error) => {
            let streak = match progress.transient_failures {
                0 => String::new(),
                streak => format!(" ({} in a row)", count(u64::from(streak), "such failure")),
            };
            format!("{id} ended by an error: {error}{streak}{}", unevaluable(progress))
        }
        Ending::Cancelled => {
            format!("{id} was cancelled after {polls}{}", progress_text(waiter, progress))
        }
    }
}

/// The progress of a wait that was exhausted, timed out or cancelled, as text.
fn progress_text(waiter: &Waiter, progress: &Progress) -> String {
    let mut out = String::new();
    if let Some(shown) = &progress.shown {
        out.push_str(&format!("; last seen: {}", shortened(&shown.to_string())));
    }
    if let Some(baseline) = progress.baseline.as_ref().filter(|baseline| baseline.unchanged) {
        let value = shortened(&baseline.value.to_string());
        out.push_str(&format!("; still the baseline: {value}"));
    }
    if progress.transient_failures > 0
        && let Some(error) = &progress.last_error
    {
        out.push_str(&format!("; last error: {}: {}", error.code, error.message));
    }
    if progress.successes > 0 {
        out.push_str(&format!(
            "; {} of {} successes in a row",
            progress.successes,
            waiter.consecutive()
        ));
    }
    let matched =
        progress.last_matched.and_then(|matched| waiter.acceptors().get(matched.acceptor));
    if let Some(acceptor) = matched {
        out.push_str(&format!("; previously accepted: {}", acceptor.explanation()));
    }
    out.push_str(&unevaluable(progress));
    out
}

/// The acceptors that could not be evaluated, each with the reason.
fn unevaluable(progress: &Progress) -> String {
    let named = progress.unevaluable.iter();
    named
        .map(|(index, error)| format!("; acceptor {} could not be evaluated: {error}", index + 1))
        .collect()
}

fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

/// The text of botocore's exceptions, including its bugs: after an unmatched poll, the "previously accepted
/// state" is that of the acceptor that was checked last, not of the one that matched.
fn strict_message(waiter: &Waiter, ending: &Ending, progress: &Progress) -> String {
    let reason = match ending {
        Ending::Success => return String::new(),
        Ending::Failure { acceptor, .. } => {
            let explanation =
                waiter.acceptors().get(*acceptor).map(Acceptor::explanation).unwrap_or_default();
            format!("Waiter encountered a terminal failure state: {explanation}")
        }
        Ending::Exhausted => match scanned_last(waiter, progress) {
            None => "Max attempts exceeded".to_owned(),
            Some(acceptor) => {
                format!(
                    "Max attempts exceeded. Previously accepted state: {}",
                    acceptor.explanation()
                )
            }
        },
        Ending::Error(error) if error.kind() == CallErrorKind::Service => {
            format!("An error occurred ({}): {}", error.code(), error.message())
        }
        // Exceptions other than ClientError pass through botocore's wait() unchanged.
        Ending::Error(error) => return error.message().to_owned(),
        Ending::TimedOut => "Timed out".to_owned(),
        Ending::Cancelled => "Cancelled".to_owned(),
    };
    format!("Waiter {} failed: {reason}", waiter.name())
}

fn scanned_last<'a>(waiter: &'a Waiter, progress: &Progress) -> Option<&'a Acceptor> {
    let matched = progress.last_matched?;
    if matched.attempt == progress.attempts {
        waiter.acceptors().get(matched.acceptor)
    } else {
        waiter.acceptors().last()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clock::Timestamp;
    use crate::engine::progress::{BaselineProgress, LastError, LastMatched};
    use crate::waiter::Options;

    fn waiter(strict: bool) -> Waiter {
        let config = json!({
            "operation": "DescribeThing", "delay": 10, "maxAttempts": 9, "consecutive": 3,
            "acceptors": [
                {"state": "success", "matcher": "path", "argument": "State", "expected": "ready"},
                {"state": "retry", "matcher": "path", "argument": "State", "expected": "odd"},
            ],
        });
        let options = Options { strict, ..Options::default() };
        let config = serde_json::from_value(config).unwrap();
        Waiter::compile("things", "thing_ready", &config, &options).unwrap()
    }

    /// After `attempts` polls, of which the last `failures` failed for a time.
    fn progress(attempts: u64, failures: u32) -> Progress {
        let mut progress = Progress::start(&waiter(false), Timestamp::from_millis(0), 7);
        (progress.attempts, progress.transient_failures) = (attempts, failures);
        progress.failed_polls = u64::from(failures);
        progress
    }

    fn outcome(strict: bool, ending: Ending, progress: Progress) -> Outcome {
        let elapsed = Duration::from_millis(1_500);
        Outcome::new(&waiter(strict), ending, progress, elapsed, None, Vec::new())
    }

    fn error(kind: CallErrorKind, code: &str) -> Ending {
        Ending::Error(CallError::new(kind, code, "no"))
    }

    #[test]
    fn a_wait_was_unreachable_if_its_error_is_transient_or_every_poll_failed_so() {
        let denied = || error(CallErrorKind::Service, "Denied");
        let failure = || Ending::Failure { acceptor: 0, reason: String::new() };
        for (ending, attempts, failures, unreachable) in [
            (denied(), 3, 0, false),
            (denied(), 3, 1, true),
            (error(CallErrorKind::Service, "Throttling"), 1, 0, true),
            (Ending::Exhausted, 3, 3, true),
            (Ending::Exhausted, 3, 2, false),
            (Ending::TimedOut, 3, 3, true),
            (Ending::TimedOut, 3, 2, false),
            (Ending::TimedOut, 0, 0, false),
            (Ending::Success, 3, 3, false),
            (failure(), 3, 3, false),
            (Ending::Cancelled, 3, 3, false),
        ] {
            let outcome = outcome(false, ending, progress(attempts, failures));
            assert_eq!(outcome.is_unreachable(), unreachable, "{outcome:?}");
        }
    }

    #[test]
    fn the_message_says_what_is_of_use_and_no_more() {
        let said = |progress: Progress| {
            let outcome = outcome(false, Ending::TimedOut, progress);
            let start = "things.thing_ready timed out after 1.5 s";
            outcome.message().strip_prefix(start).unwrap().to_owned()
        };
        assert_eq!(said(progress(1, 0)), " (1 attempt)");
        let mut full = progress(2, 1);
        full.shown = Some(json!("creating"));
        full.successes = 2;
        let last_error =
            LastError { code: "Busy".into(), message: "later".into(), status: None, kind: None };
        full.last_error = Some(last_error);
        full.last_matched = Some(LastMatched { acceptor: 1, attempt: 1 });
        full.unevaluable = vec![(0, "odd".to_owned())];
        full.baseline = Some(BaselineProgress { value: json!("run-1"), unchanged: true });
        assert_eq!(
            said(full.clone()),
            " (2 attempts); last seen: \"creating\"; still the baseline: \"run-1\"; last error: \
             Busy: later; 2 of 3 successes in a row; previously accepted: For expression \"State\" \
             we matched expected path: \"odd\"; acceptor 1 could not be evaluated: odd"
        );
        // An error that was followed by a reply, and a baseline that has changed, are over.
        full.transient_failures = 0;
        full.successes = 0;
        full.baseline = Some(BaselineProgress { value: json!("run-1"), unchanged: false });
        full.last_matched = None;
        full.unevaluable.clear();
        assert_eq!(said(full), " (2 attempts); last seen: \"creating\"");
    }

    #[test]
    fn strict_messages_are_those_of_botocore() {
        let mut matched_last = progress(3, 0);
        matched_last.last_matched = Some(LastMatched { acceptor: 0, attempt: 3 });
        let mut matched_before = progress(3, 0);
        matched_before.last_matched = Some(LastMatched { acceptor: 0, attempt: 2 });
        let accepted = |state: &str| {
            format!(
                "Waiter thing_ready failed: Max attempts exceeded. Previously accepted state: For \
                 expression \"State\" we matched expected path: \"{state}\""
            )
        };
        for (ending, progress, message) in [
            (Ending::Success, progress(1, 0), String::new()),
            (Ending::Exhausted, matched_last, accepted("ready")),
            (Ending::Exhausted, matched_before, accepted("odd")),
            (
                Ending::Exhausted,
                progress(3, 0),
                "Waiter thing_ready failed: Max attempts exceeded".to_owned(),
            ),
            (
                error(CallErrorKind::Service, "Denied"),
                progress(1, 0),
                "Waiter thing_ready failed: An error occurred (Denied): no".to_owned(),
            ),
            (error(CallErrorKind::Transport, "ConnectError"), progress(1, 0), "no".to_owned()),
        ] {
            assert_eq!(outcome(true, ending, progress).message(), message);
        }
    }
}
