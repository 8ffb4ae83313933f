//! Errors of calls that are not sent.

use maitred_core::client::{CallError, CallErrorKind, InputProblem};

/// The code of a call that cannot be sent as it is.
const INVALID: &str = "InvalidInput";

pub(super) fn invalid(message: impl Into<String>) -> CallError {
    CallError::new(CallErrorKind::Invalid, INVALID, message)
}

/// All problems of an input in one error.
pub(super) fn invalid_input(problems: &[InputProblem]) -> CallError {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| {
            let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
            format!("`{}` {}{help}", problem.path, problem.message)
        })
        .collect();
    invalid(lines.join("; "))
}
