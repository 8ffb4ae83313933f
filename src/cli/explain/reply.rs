//! A saved reply, and the verdict of a waiter on it.

use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use crate::case::Transport;
use crate::cli::exit::Failure;
use crate::cli::values::{self, MAX_FILE};
use crate::client::{CallError, CallErrorKind, Observation, Output, transport};
use crate::clock::Timestamp;
use crate::engine::{Ending, NextAction, Progress, step};
use crate::matcher::{Finding, Verdict};
use crate::waiter::Waiter;
use crate::{file, schema};

/// One poll as it would have been.
pub(super) struct Trial {
    pub(super) waiter: Waiter,
    /// The findings of all acceptors, those after the one that matched too.
    pub(super) findings: Vec<Finding>,
    pub(super) matched: Option<usize>,
    pub(super) verdict: TrialVerdict,
    /// The reason, in words.
    pub(super) reason: String,
    pub(super) shown: Option<Value>,
}

/// The state of the wait after the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum TrialVerdict {
    Success,
    Failure,
    Retry,
    Error,
}

impl Trial {
    pub(super) fn new(waiter: Waiter, seen: &Observation) -> Self {
        let start = Timestamp::from_millis(0);
        let mut progress = Progress::start(&waiter, start, 0);
        let result = step(&waiter, &mut progress, seen, start);
        let matched = result.decision.matched;
        let (verdict, reason) = match result.next {
            // The limits of the wait do not matter here.
            NextAction::Sleep(_) | NextAction::Done(Ending::Exhausted | Ending::TimedOut) => {
                (TrialVerdict::Retry, why_not_over(&waiter, &progress, matched))
            }
            NextAction::Done(Ending::Success) => (TrialVerdict::Success, String::new()),
            NextAction::Done(Ending::Failure { reason, .. }) => (TrialVerdict::Failure, reason),
            NextAction::Done(Ending::Error(error)) => {
                (TrialVerdict::Error, format!("no acceptor matches {error}"))
            }
            NextAction::Done(Ending::Cancelled) => (TrialVerdict::Error, "cancelled".to_owned()),
        };
        Self {
            findings: waiter.acceptors().iter().map(|acceptor| acceptor.examine(seen)).collect(),
            matched,
            verdict,
            reason,
            shown: progress.shown,
            waiter,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let acceptors = self.findings.iter().zip(self.waiter.acceptors());
        let acceptors = acceptors.map(|(finding, acceptor)| {
            let error = match &finding.verdict {
                Verdict::Unevaluable(error) => Some(error.to_string()),
                Verdict::Match | Verdict::NoMatch => None,
            };
            json!({
                "saw": finding.saw,
                "expected": acceptor.expected,
                "matches": finding.verdict == Verdict::Match,
                "error": error,
            })
        });
        json!({
            "verdict": self.verdict,
            "reason": self.reason,
            "acceptor": self.matched,
            "shown": self.shown,
            "acceptors": acceptors.collect::<Vec<_>>(),
        })
    }
}

fn why_not_over(waiter: &Waiter, progress: &Progress, matched: Option<usize>) -> String {
    match matched {
        Some(_) if progress.successes > 0 => {
            format!("this is success {} of {} in a row", progress.successes, waiter.consecutive())
        }
        Some(_) => String::new(),
        None if progress.transient_failures > 0 => {
            "no acceptor matches, and the error is transient".to_owned()
        }
        None => "no acceptor matches".to_owned(),
    }
}

/// Reads a saved reply of `service`.
pub(super) fn read(path: &Path, service: &str) -> Result<Observation, Failure> {
    let name = values::file_name(path);
    let text = values::bytes(path, MAX_FILE).and_then(file::as_text);
    let text = text.map_err(|error| Failure::usage(format!("{name} {error}")))?;
    let value: Value = serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("{name} is not JSON: {error}")))?;
    // A case, of which the last reply is the one that ended the wait.
    if value.get("replies").is_some() && value.get("expect").is_some() {
        let case = schema::parse_case(&text)
            .map_err(|problems| Failure::usage(format!("{name} is not a case\n{problems}")))?;
        if let Some(last) = case.replies.last() {
            return Ok(last.observation(service));
        }
    }
    Ok(observation(value, service))
}

fn observation(reply: Value, service: &str) -> Observation {
    if let Some(error) = reply.get("error").filter(|error| error.get("code").is_some()) {
        return Observation::Error(call_error(error));
    }
    Observation::Output(Output::from_saved(service, reply))
}

fn call_error(error: &Value) -> CallError {
    let member = |name: &str| match error.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let code = member("code");
    let status = error.get("status").and_then(Value::as_u64);
    let status = status.and_then(|status| u16::try_from(status).ok());
    if code == transport::ANY || code == Transport::from_code(&code).code() {
        let failed = CallError::new(CallErrorKind::Transport, code, member("message"));
        return status.into_iter().fold(failed, CallError::with_status);
    }
    CallError::from_saved(&code, &member("message"), status)
}
