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
