//! The error of an attempt at a failure hook.

use std::time::Duration;

/// The time that one attempt may take.
pub(super) const HOOK_TIMEOUT: Duration = Duration::from_secs(30);

/// The error of an attempt.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct HookError {
    pub(super) message: String,
    /// True if another attempt may succeed.
    pub(super) passes: bool,
    /// The pause that the server asks for.
    pub(super) retry_after: Option<Duration>,
}

impl HookError {
    /// A failure that stays.
    pub(super) fn lasting(message: impl Into<String>) -> Self {
        Self { message: message.into(), passes: false, retry_after: None }
    }

    /// A failure that may pass.
    pub(super) fn passing(message: impl Into<String>) -> Self {
        Self { passes: true, ..Self::lasting(message) }
    }
}
