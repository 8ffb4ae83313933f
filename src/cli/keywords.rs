//! The keywords of a waiter file for compiled states and matchers.

use crate::config::State;
use crate::matcher::Matcher;

/// The keyword of a state.
pub(super) fn state(state: State) -> &'static str {
    match state {
        State::Success => "success",
        State::Failure => "failure",
        State::Retry => "retry",
    }
}

/// The keyword of a matcher; `truth` for --until and --fail-if.
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
