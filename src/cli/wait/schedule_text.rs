//! The pace and the limits of a wait, in words and as JSON.

use serde_json::{Value, json};

use crate::cli::duration::show;
use crate::schedule::Schedule;

/// E.g. `every 30 s, at most 60 attempts (29 min 30 s)`.
pub(super) fn describe(schedule: &Schedule) -> String {
    let pace = match &schedule.backoff {
        Some(backoff) => {
            format!("every {} to {}", show(schedule.delay), show(backoff.max_delay))
        }
        None => format!("every {}", show(schedule.delay)),
    };
    let attempts = schedule.max_attempts.map(|attempts| {
        let longest = schedule.longest().filter(|it| schedule.timeout.is_none() && !it.is_zero());
        let longest = longest.map(|longest| format!(" ({})", show(longest))).unwrap_or_default();
        let plural = if attempts == 1 { "" } else { "s" };
        format!(", at most {attempts} attempt{plural}{longest}")
    });
    let timeout = schedule.timeout.map(|timeout| format!(", for at most {}", show(timeout)));
    format!("{pace}{}{}", attempts.unwrap_or_default(), timeout.unwrap_or_default())
}

/// The same for programs, in seconds.
pub(super) fn to_json(schedule: &Schedule) -> Value {
    json!({
        "delay": schedule.delay.as_secs_f64(),
        "maxDelay": schedule.backoff.as_ref().map(|backoff| backoff.max_delay.as_secs_f64()),
        "initialDelay": schedule.initial_delay.as_secs_f64(),
        "maxAttempts": schedule.max_attempts,
        "timeout": schedule.timeout.map(|timeout| timeout.as_secs_f64()),
    })
}
