//! Compiling the schedule of a waiter.

use std::time::Duration;

use super::options::{Options, extension};
use crate::config::{BackoffConfig, WaiterConfig};
use crate::diagnostic::Diagnostic;
use crate::schedule::{Backoff, Schedule};

pub(super) fn compile(
    config: &WaiterConfig,
    options: &Options,
    problems: &mut Vec<Diagnostic>,
) -> Schedule {
    let mut seconds = |pointer: &str, value: f64| match Duration::try_from_secs_f64(value) {
        Ok(duration) => duration,
        Err(_) => {
            let message = format!("{value:?} is not a number of seconds that can be waited");
            problems.push(Diagnostic::error("duration", pointer, message));
            Duration::ZERO
        }
    };
    let delay = options.delay.unwrap_or_else(|| seconds("/delay", config.delay));
    let initial_delay =
        seconds("/initialDelay", extension(options, config.initial_delay).unwrap_or(0.0));
    let timeout = options
        .timeout
        .or_else(|| extension(options, config.timeout).map(|timeout| seconds("/timeout", timeout)));
    let backoff = extension(options, config.backoff.as_ref()).map(|config| Backoff {
        max_delay: seconds("/backoff/maxDelay", config.max_delay),
        jitter: config.jitter,
    });
    let max_attempts = match (options.max_attempts, options.timeout) {
        (Some(attempts), _) => Some(attempts),
        (None, Some(_)) if !options.strict => None,
        (None, _) => Some(config.max_attempts),
    };
    if let Some(backoff) = extension(options, config.backoff.as_ref()) {
        check_backoff(delay, backoff, problems);
    }
    Schedule { delay, initial_delay, backoff, max_attempts, timeout }
}

fn check_backoff(delay: Duration, backoff: &BackoffConfig, problems: &mut Vec<Diagnostic>) {
    if delay.is_zero() {
        let message = "a back-off cannot grow from a delay of 0";
        problems
            .push(Diagnostic::error("backoff", "/delay", message).with_help("set a delay above 0"));
    } else if backoff.max_delay < delay.as_secs_f64() {
        let message = format!(
            "maxDelay ({}) is shorter than the delay ({})",
            backoff.max_delay,
            delay.as_secs_f64()
        );
        problems.push(Diagnostic::error("backoff", "/backoff/maxDelay", message));
    }
}
