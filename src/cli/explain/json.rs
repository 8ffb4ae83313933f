//! The explanation for programs.

use serde_json::{Value, json};

use super::explanation::Explanation;
use super::reply::Trial;
use crate::cli::list::origin;
use crate::config::Show;
use crate::matcher::{Verdict, condition, verb};
use crate::waiter::show_of;

pub(super) fn json(explanation: &Explanation) -> Value {
    let (entry, frame) = (&explanation.entry, &explanation.frame);
    let (config, schedule) = (&entry.config, frame.schedule());
    let acceptors: Vec<_> = config
        .acceptors
        .iter()
        .enumerate()
        .map(|(index, acceptor)| {
            let words =
                format!("{} when {}", verb(acceptor.state), condition(acceptor, &entry.service));
            json!({
                "state": acceptor.state,
                "matcher": acceptor.matcher,
                "argument": acceptor.argument,
                "expected": acceptor.expected,
                "message": acceptor.message,
                "words": words,
                "from": explanation.base_of(index).map(|base| base.id.as_str()),
            })
        })
        .collect();
    json!({
        "version": 1,
        "service": entry.service,
        "name": entry.snake_name(),
        "original": entry.name,
        "origin": origin(&entry.origin),
        "extends": entry.bases.iter()
            .map(|base| json!({ "id": base.id, "origin": origin(&base.origin) }))
            .collect::<Vec<_>>(),
        "description": config.description,
        "operation": config.operation,
        "input": config.input,
        "strict": frame.is_strict(),
        "mutating": config.mutating,
        "delay": schedule.delay.as_secs_f64(),
        "initialDelay": schedule.initial_delay.as_secs_f64(),
        "maxDelay": schedule.backoff.as_ref().map(|backoff| backoff.max_delay.as_secs_f64()),
        "maxAttempts": schedule.max_attempts,
        "timeout": schedule.timeout.map(|timeout| timeout.as_secs_f64()),
        "longest": schedule.longest().map(|longest| longest.as_secs_f64()),
        "consecutive": frame.consecutive(),
        "transient": {
            "maxConsecutive": frame.transient().max_consecutive,
            "codes": frame.transient().codes,
        },
        "show": show_of(config).as_ref().map_or(&[][..], Show::expressions),
        "baseline": config.baseline,
        "allPages": explanation.frame.all_pages(),
        "diagnose": config.diagnose,
        "parameters": config.parameters,
        "acceptors": acceptors,
        "reply": explanation.trial.as_ref().map(trial),
    })
}

fn trial(trial: &Trial) -> Value {
    let acceptors: Vec<_> = trial
        .findings
        .iter()
        .zip(trial.waiter.acceptors())
        .map(|(finding, acceptor)| {
            let error = match &finding.verdict {
                Verdict::Unevaluable(error) => Some(error.to_string()),
                Verdict::Match | Verdict::NoMatch => None,
            };
            json!({
                "saw": finding.saw,
                "expected": acceptor.expected,
                "matches": finding.verdict == Verdict::Match,
                "error": error,
            })
        })
        .collect();
    json!({
        "verdict": trial.verdict.as_str(),
        "reason": trial.reason,
        "acceptor": trial.matched,
        "shown": trial.shown,
        "acceptors": acceptors,
    })
}
