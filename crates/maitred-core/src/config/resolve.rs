//! From the waiters of files to complete ones, and back.

use super::{AcceptorConfig, PartialWaiter, WaiterConfig};
use crate::diagnostic::{Diagnostic, Invalid};

impl PartialWaiter {
    /// The waiter, which has all required keys.
    ///
    /// # Errors
    /// The waiter extends another one, which only a [`Catalog`](crate::catalog::Catalog) can look up, or a
    /// required key is missing, empty or zero.
    pub fn resolve(&self) -> Result<WaiterConfig, Invalid> {
        if let Some(base) = &self.extends {
            let message =
                format!("this waiter cannot extend `{base}`: it is not one of a waiter file");
            let problem = Diagnostic::error("extends", "/extends", message);
            let help = "write out all its keys, or put it in a waiter file";
            return Err(Invalid::new(vec![problem.with_help(help)]));
        }
        let (Some(operation), Some(delay), Some(max_attempts)) =
            (&self.operation, self.delay, self.max_attempts)
        else {
            return Err(Invalid::new(self.missing_keys()));
        };
        let config = WaiterConfig::with(operation.clone(), delay, max_attempts, self.clone());
        let problems = config.check_required();
        if problems.is_empty() { Ok(config) } else { Err(Invalid::new(problems)) }
    }

    /// A problem for each required key that is missing.
    pub(crate) fn missing_keys(&self) -> Vec<Diagnostic> {
        let keys = [
            ("operation", self.operation.is_none()),
            ("delay", self.delay.is_none()),
            ("maxAttempts", self.max_attempts.is_none()),
        ];
        let missing = keys.into_iter().filter(|(_, is_missing)| *is_missing);
        let message = |key| format!("the key `{key}` is missing");
        missing.map(|(key, _)| Diagnostic::error("missing-key", "", message(key))).collect()
    }
}

impl WaiterConfig {
    /// A waiter with only the required keys.
    #[must_use]
    pub fn new(
        operation: impl Into<String>,
        delay: f64,
        max_attempts: u64,
        acceptors: Vec<AcceptorConfig>,
    ) -> Self {
        let optional = PartialWaiter { acceptors, ..PartialWaiter::default() };
        Self::with(operation.into(), delay, max_attempts, optional)
    }

    /// A problem for each required key with a value that no waiter can have.
    pub(crate) fn check_required(&self) -> Vec<Diagnostic> {
        let operation = self.operation.is_empty().then(|| {
            Diagnostic::error("operation", "/operation", "the operation must not be empty")
        });
        let attempts = (self.max_attempts == 0).then(|| {
            Diagnostic::error("attempts", "/maxAttempts", "there must be at least one attempt")
        });
        operation.into_iter().chain(attempts).collect()
    }

    /// A waiter with these required keys, and all others of `optional`.
    pub(crate) fn with(
        operation: String,
        delay: f64,
        max_attempts: u64,
        optional: PartialWaiter,
    ) -> Self {
        Self {
            kind: optional.kind,
            description: optional.description,
            operation,
            delay,
            max_attempts,
            acceptors: optional.acceptors,
            input: optional.input,
            timeout: optional.timeout,
            initial_delay: optional.initial_delay,
            backoff: optional.backoff,
            consecutive: optional.consecutive,
            transient: optional.transient,
            show: optional.show,
            baseline: optional.baseline,
            all_pages: optional.all_pages,
            parameters: optional.parameters,
            diagnose: optional.diagnose,
            mutating: optional.mutating,
        }
    }
}

impl TryFrom<PartialWaiter> for WaiterConfig {
    type Error = Invalid;

    fn try_from(partial: PartialWaiter) -> Result<Self, Invalid> {
        partial.resolve()
    }
}

impl From<WaiterConfig> for PartialWaiter {
    fn from(whole: WaiterConfig) -> Self {
        Self {
            kind: whole.kind,
            description: whole.description,
            extends: None,
            operation: Some(whole.operation),
            delay: Some(whole.delay),
            max_attempts: Some(whole.max_attempts),
            acceptors: whole.acceptors,
            input: whole.input,
            timeout: whole.timeout,
            initial_delay: whole.initial_delay,
            backoff: whole.backoff,
            consecutive: whole.consecutive,
            transient: whole.transient,
            show: whole.show,
            baseline: whole.baseline,
            all_pages: whole.all_pages,
            parameters: whole.parameters,
            diagnose: whole.diagnose,
            mutating: whole.mutating,
        }
    }
}
