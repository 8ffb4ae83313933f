//! A saved reply, and the verdict of a waiter on it.

use std::path::Path;

use serde_json::Value;

use crate::cli::exit::Failure;
use crate::cli::values::MAX_FILE;
use crate::client::{CallError, CallErrorKind, Observation, Output, transport};
use crate::clock::Timestamp;
use crate::engine::{Ending, NextAction, Progress, step};
use crate::file;
use crate::matcher::Finding;
use crate::replay;
use crate::schema;
use crate::waiter::Waiter;

/// One poll as it would have been.
pub(super) struct Trial {
    pub(super) waiter: Waiter,
    /// What each acceptor found, those after the one that matched too.
    pub(super) findings: Vec<Finding>,
    pub(super) matched: Option<usize>,
    pub(super) verdict: Verdict,
    /// The reason, in words.
    pub(super) reason: String,
    pub(super) shown: Option<Value>,
}

/// What the wait does after the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Success,
    Failure,
    Retry,
    Error,
}

impl Verdict {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Retry => "retry",
            Self::Error => "error",
        }
    }
}

impl Trial {
    pub(super) fn new(waiter: Waiter, seen: &Observation) -> Self {
        let start = Timestamp::from_millis(0);
        let mut progress = Progress::start(&waiter, start, 0);
        let (decision, next) = step(&waiter, &mut progress, seen, start);
        let (verdict, reason) = match next {
            // The limits of the wait do not matter here.
            NextAction::Sleep(_) | NextAction::Done(Ending::Exhausted | Ending::TimedOut) => {
                (Verdict::Retry, why_not_over(&waiter, &progress, decision.matched))
            }
            NextAction::Done(Ending::Success) => (Verdict::Success, String::new()),
            NextAction::Done(Ending::Failure { reason, .. }) => (Verdict::Failure, reason),
            NextAction::Done(Ending::Error(error)) => {
                (Verdict::Error, format!("no acceptor matches {error}"))
            }
            NextAction::Done(Ending::Cancelled) => (Verdict::Error, "cancelled".to_owned()),
        };
        Self {
            findings: waiter.acceptors().iter().map(|acceptor| acceptor.examine(seen)).collect(),
            matched: decision.matched,
            verdict,
            reason,
            shown: progress.shown,
            waiter,
        }
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
    let name =
        if path == Path::new("-") { "<stdin>".to_owned() } else { path.display().to_string() };
    let bytes = if path == Path::new("-") {
        file::all(std::io::stdin().lock(), MAX_FILE)
    } else {
        file::named(path, MAX_FILE)
    };
    let text = bytes.and_then(file::as_text);
    let text = text.map_err(|error| Failure::usage(format!("{name} {error}")))?;
    let value: Value = serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("{name} is not JSON: {error}")))?;
    // A case, of which the last reply is the one that ended the wait.
    if value.get("replies").is_some() && value.get("expect").is_some() {
        let case = schema::parse_case(&text)
            .map_err(|problems| Failure::usage(format!("{name} is not a case\n{problems}")))?;
        if let Some(last) = case.replies.last() {
            return Ok(replay::observation(last, service));
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

const TRANSPORT: &[&str] = &[
    transport::CONNECT,
    transport::DNS,
    transport::TIMEOUT,
    transport::TLS,
    transport::RESPONSE,
    transport::ANY,
];

fn call_error(error: &Value) -> CallError {
    let member = |name: &str| match error.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let code = member("code");
    let status = error.get("status").and_then(Value::as_u64);
    let status = status.and_then(|status| u16::try_from(status).ok());
    if TRANSPORT.contains(&code.as_str()) {
        let failed = CallError::new(CallErrorKind::Transport, code, member("message"));
        return status.into_iter().fold(failed, CallError::with_status);
    }
    CallError::from_saved(&code, &member("message"), status)
}
