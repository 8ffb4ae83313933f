//! Diagnostic calls, which ask the service why a wait failed.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ending::Ending;
use super::progress::LastError;
use crate::client::{Client, Observation};
use crate::clock::{Clock, Moment, Timestamp};
use crate::document::Document;
use crate::waiter::{Diagnose, Waiter};

/// How long all the calls of one diagnosis may take together.
pub const DIAGNOSE_LIMIT: Duration = Duration::from_secs(30);

/// The result of one call of a waiter's `diagnose`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The operation that was called.
    pub operation: String,
    /// What it found.
    #[serde(flatten)]
    pub finding: DiagnosisFinding,
}

/// What a diagnostic call found. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiagnosisFinding {
    /// The value of the call's `show`: a list for several expressions; `null` if nothing was found.
    Value(Value),
    /// The call failed, or `show` could not be evaluated on its reply.
    Error(LastError),
}

/// Makes the calls of the waiter's `diagnose`, each once and in order, to find out why a wait ended. They
/// take [`DIAGNOSE_LIMIT`] at most, and end at `until`.
///
/// No call is made unless the wait failed, was exhausted or timed out: after a call error, further calls
/// would fail, too. A call that fails is reported as a finding.
///
/// [`Wait`](super::Wait) calls this before it returns its outcome.
///
/// # Cancellation
/// Dropping the future cancels the call in flight.
pub async fn diagnose(
    waiter: &Waiter,
    client: &dyn Client,
    clock: &dyn Clock,
    ending: &Ending,
    until: Option<Timestamp>,
) -> Vec<Diagnosis> {
    if !matches!(ending, Ending::Failure { .. } | Ending::Exhausted | Ending::TimedOut) {
        return Vec::new();
    }
    let begun = Moment::of(clock);
    let mut found = Vec::new();
    for asked in waiter.diagnose() {
        let remaining = begun.left_of(DIAGNOSE_LIMIT, clock);
        let remaining = until.map_or(remaining, |until| remaining.min(until.since(clock.now())));
        let seen = if remaining.is_zero() {
            None
        } else {
            tokio::select! {
                biased;
                seen = client.call(&asked.call) => Some(seen),
                () = clock.sleep(remaining) => None,
            }
        };
        let operation = asked.call.operation.clone();
        let finding = match seen {
            Some(seen) => finding(asked, &seen),
            None if remaining.is_zero() => failed("Timeout", "there is no time left"),
            None => failed("Timeout", "there was no answer in time"),
        };
        found.push(Diagnosis { operation, finding });
    }
    found
}

fn failed(code: &str, message: impl Into<String>) -> DiagnosisFinding {
    let (code, message) = (code.to_owned(), message.into());
    DiagnosisFinding::Error(LastError { code, message, status: None, kind: None })
}

fn finding(asked: &Diagnose, seen: &Observation) -> DiagnosisFinding {
    if let Some(error) = seen.error() {
        return failed(error.code(), error.message());
    }
    let document = seen.document().map_or(&Value::Null, Document::value);
    let values: Result<Vec<Value>, _> =
        asked.show.iter().map(|expression| expression.evaluate(document)).collect();
    match values {
        Ok(mut values) if values.len() == 1 => {
            DiagnosisFinding::Value(values.pop().unwrap_or_default())
        }
        Ok(values) => DiagnosisFinding::Value(Value::Array(values)),
        Err(error) => failed("JMESPathTypeError", error.to_string()),
    }
}

/// The findings as text to append to a message; empty for calls that found nothing.
pub(super) fn summary(diagnosis: &[Diagnosis]) -> String {
    let findings = diagnosis.iter().filter_map(|one| match &one.finding {
        DiagnosisFinding::Value(Value::Null) => None,
        DiagnosisFinding::Value(Value::String(text)) => {
            Some(format!("; {}: {text}", one.operation))
        }
        DiagnosisFinding::Value(value) => Some(format!("; {}: {value}", one.operation)),
        DiagnosisFinding::Error(error) => Some(format!(
            "; {} could not be asked for the reason: {}: {}",
            one.operation, error.code, error.message
        )),
    });
    findings.collect()
}
