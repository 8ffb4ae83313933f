//! How transient failures are retried.

use super::compiler::Compiler;

/// The default number of transient failures in a row that are retried in a wait without a time-out.
pub const MAX_CONSECUTIVE_TRANSIENT: u32 = 10;

/// The retries of throttling, 5xx replies and lost connections that no acceptor names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransientPolicy {
    /// The most in a row; `None` where a time-out bounds the wait.
    pub max_consecutive: Option<u32>,
    /// Additional error codes that are retried.
    pub codes: Vec<String>,
    /// Whether they count as "not yet": [`transient_is_not_yet`](super::Options::transient_is_not_yet).
    pub is_not_yet: bool,
}

impl Compiler<'_> {
    pub(super) fn transient(&self) -> TransientPolicy {
        let (config, options) = (self.config, self.options);
        let transient = config.transient.clone().unwrap_or_default();
        let is_bounded = options.timeout.is_some() || config.timeout.is_some();
        let max_consecutive = transient.max_consecutive.unwrap_or(MAX_CONSECUTIVE_TRANSIENT);
        TransientPolicy {
            max_consecutive: (!is_bounded).then_some(max_consecutive),
            codes: transient.codes,
            is_not_yet: options.transient_is_not_yet,
        }
    }
}
