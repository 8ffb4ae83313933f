//! The words of a waiter file for what is compiled from it.

use crate::config::State;
use crate::matcher::Matcher;

/// The state as a file has it.
pub(super) fn state(state: State) -> &'static str {
    match state {
        State::Success => "success",
        State::Failure => "failure",
        State::Retry => "retry",
    }
}

/// The matcher as a file has it; `truth` is that of --until and --fail-if.
pub(super) fn matcher(matcher: &Matcher) -> &'static str {
    match matcher {
        Matcher::Path(_) => "path",
        Matcher::PathAll(_) => "pathAll",
        Matcher::PathAny(_) => "pathAny",
        Matcher::Truth(_) => "truth",
        Matcher::Status => "status",
        Matcher::Error => "error",
    }
}
