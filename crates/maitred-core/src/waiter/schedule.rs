//! Compiling the schedule of a waiter.

use std::time::Duration;

use super::compiler::Compiler;
use crate::config::BackoffConfig;
use crate::schedule::{Backoff, Schedule};

impl Compiler<'_> {
    pub(super) fn schedule(&mut self) -> Schedule {
        let (config, options) = (self.config, self.options);
        let delay = options.delay.unwrap_or_else(|| self.seconds("/delay", config.delay));
        let initial_delay = self.extension(config.initial_delay).unwrap_or(0.0);
        let initial_delay = self.seconds("/initialDelay", initial_delay);
        let file = self.extension(config.timeout);
        let timeout =
            options.timeout.or_else(|| file.map(|timeout| self.seconds("/timeout", timeout)));
        let backoff = self.extension(config.backoff.as_ref());
        let backoff = backoff.map(|backoff| self.backoff(delay, backoff));
        // A caller's time-out replaces the file's attempts.
        let by_time = options.timeout.is_some() && !options.strict;
        let max_attempts = options.max_attempts.or((!by_time).then_some(config.max_attempts));
        Schedule { delay, initial_delay, backoff, max_attempts, timeout }
    }

    fn backoff(&mut self, delay: Duration, config: &BackoffConfig) -> Backoff {
        let max_delay = self.seconds("/backoff/maxDelay", config.max_delay);
        let (longest, shortest) = (config.max_delay, delay.as_secs_f64());
        if delay.is_zero() {
            let message = "a back-off cannot grow from a delay of 0";
            self.report_with_help("backoff", "/delay", message, "set a delay above 0");
        } else if longest < shortest {
            let message = format!("maxDelay ({longest}) is shorter than the delay ({shortest})");
            self.report("backoff", "/backoff/maxDelay", message);
        }
        Backoff { max_delay, jitter: config.jitter }
    }

    fn seconds(&mut self, pointer: &str, value: f64) -> Duration {
        Duration::try_from_secs_f64(value).unwrap_or_else(|_| {
            let message = format!("{value:?} is not a number of seconds that can be waited");
            self.report("duration", pointer, message);
            Duration::ZERO
        })
    }
}
