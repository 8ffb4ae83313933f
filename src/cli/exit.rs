//! Exit codes, and errors that carry one.

use std::fmt;
use std::process::ExitCode;

use crate::client::{CallError, CallErrorKind};
use crate::engine::{Outcome, Status};

/// The exit codes of the command. The numbers are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Exit {
    /// Success; for `lint`, no findings.
    #[default]
    Success = 0,
    /// A failure acceptor matched; for `lint`, there are findings.
    Failure = 1,
    /// Bad usage, or a waiter file that is not valid; also a result that could not be written.
    Usage = 2,
    /// Gave up: the attempts or the time were used up. With `--once`: not there yet.
    GaveUp = 3,
    /// The service refused: access denied, validation; or there are no credentials.
    Refused = 4,
    /// The service could not be reached, or throttled for too long; also where the attempts or the
    /// time were used up and every single poll failed so.
    Unreachable = 5,
    /// Interrupted by SIGINT. A triggerer that a first signal has ended exits with 0.
    Interrupted = 130,
    /// Ended by SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The code for an outcome; [`Exit::Interrupted`] for a cancelled wait.
    #[must_use]
    pub fn of_outcome(outcome: &Outcome) -> Self {
        match outcome.status() {
            Status::Success => Self::Success,
            Status::Failure => Self::Failure,
            Status::Cancelled => Self::Interrupted,
            _ if outcome.is_unreachable() => Self::Unreachable,
            Status::Exhausted | Status::Timeout => Self::GaveUp,
            Status::Error => outcome.call_error().map_or(Self::Refused, Self::of_error),
        }
    }

    /// The code for a failed call.
    #[must_use]
    pub fn of_error(error: &CallError) -> Self {
        if crate::engine::is_transient(error, &[]) {
            return Self::Unreachable;
        }
        match error.kind() {
            CallErrorKind::Invalid => Self::Usage,
            CallErrorKind::Transport => Self::Unreachable,
            CallErrorKind::Service | CallErrorKind::Credentials => Self::Refused,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error with an exit code and advice.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub(super) struct Failure {
    pub(super) exit: Exit,
    message: String,
    pub(super) help: Option<String>,
}

impl Failure {
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), help: None }
    }

    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The same with advice.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with advice, where there is some.
    pub(super) fn maybe_help(self, help: Option<String>) -> Self {
        Self { help, ..self }
    }

    /// The same with a suggestion, or else with other advice.
    pub(super) fn did_you_mean(
        self,
        near: Option<impl fmt::Display>,
        otherwise: impl Into<String>,
    ) -> Self {
        self.help(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => otherwise.into(),
        })
    }
}
