//! The explanation for people.

use serde_json::Value;

use super::explanation::Explanation;
use super::reply::{Trial, TrialVerdict};
use crate::cli::{duration, report};
use crate::config::{ParameterConfig, ParameterType, Show};
use crate::diagnostic::shortened;
use crate::matcher::{Finding, Verdict, condition, verb};
use crate::schedule::Schedule;
use crate::waiter::show_of;

pub(super) fn text(explanation: &Explanation) -> String {
    let entry = &explanation.entry;
    let mut text = format!("{} {}\n", entry.service, entry.snake_name());
    if let Some(description) = &entry.config.description {
        text += &format!("{}\n", report::printable(description));
    }
    text.push('\n');
    for (key, value) in facts(explanation) {
        text += &format!("  {key:10} {value}\n");
    }
    text += &parameters(explanation);
    text += "\nAfter each poll, the first of these that is true decides:\n";
    text += &acceptors(explanation);
    text += "If none is:\n";
    text += &otherwise(explanation);
    if let Some(trial) = &explanation.trial {
        text += &format!("\n{}\n", verdict(explanation, trial));
    }
    // Files and replies may hold what a terminal would obey.
    text.lines().map(|line| report::one_line(line) + "\n").collect()
}

fn facts(explanation: &Explanation) -> Vec<(&'static str, String)> {
    let (entry, frame) = (&explanation.entry, &explanation.frame);
    let (config, schedule) = (&entry.config, frame.schedule());
    let is_strict = frame.is_strict();
    let mut facts = vec![("from", entry.origin.to_string())];
    let bases = entry.bases.iter();
    facts.extend(bases.map(|base| ("extends", format!("{} ({})", base.id, base.origin))));
    facts.push(("polls", format!("{} {}", entry.service, config.operation)));
    if !config.input.is_empty() {
        facts.push(("with", Value::Object(config.input.clone()).to_string()));
    }
    if frame.all_pages() {
        facts.push(("pages", "all are fetched and merged".to_owned()));
    }
    facts.extend([("pace", pace(schedule)), ("bound", bound(schedule))]);
    if frame.consecutive() > 1 {
        facts.push(("stable", format!("{} successes in a row", frame.consecutive())));
    }
    if !is_strict {
        let show = show_of(config);
        let shown = show.iter().flat_map(Show::expressions);
        facts.extend(shown.map(|expression| ("shows", expression.clone())));
        facts.extend(config.baseline.iter().map(|expression| {
            let text = format!("{expression} has to change before success or failure counts");
            ("baseline", text)
        }));
        facts.extend(config.diagnose.iter().map(|call| {
            let (input, shown) = (Value::Object(call.input.clone()), call.show.expressions());
            ("on failure", format!("asks {} {input} for {}", call.operation, shown.join(", ")))
        }));
    }
    if config.mutating {
        let text = "polls are not read-only; --allow-mutating permits them";
        facts.push(("careful", text.to_owned()));
    }
    facts
}

fn pace(schedule: &Schedule) -> String {
    let delay = duration::show(schedule.delay);
    let mut pace = match &schedule.backoff {
        None => format!("a poll every {delay}"),
        Some(backoff) => {
            let most = duration::show(backoff.max_delay);
            let jitter = if backoff.jitter { ", with jitter" } else { "" };
            format!("{delay} between two polls, growing up to {most}{jitter}")
        }
    };
    if !schedule.initial_delay.is_zero() {
        pace.push_str(&format!("; the first after {}", duration::show(schedule.initial_delay)));
    }
    pace
}

fn bound(schedule: &Schedule) -> String {
    let polls = schedule.max_attempts.map(|attempts| match attempts {
        1 => "1 poll".to_owned(),
        attempts => format!("{attempts} polls"),
    });
    let timeout = schedule.timeout.map(duration::show);
    let bounds: Vec<_> = polls.into_iter().chain(timeout).collect();
    match schedule.longest() {
        Some(longest) if schedule.timeout != Some(longest) => {
            let longest = duration::show(longest);
            format!("{}: at most {longest} and the time of the calls", bounds.join(" or "))
        }
        Some(_) | None => bounds.join(" or "),
    }
}

fn parameters(explanation: &Explanation) -> String {
    let parameters = &explanation.entry.config.parameters;
    if parameters.is_empty() || explanation.frame.is_strict() {
        return String::new();
    }
    let mut text = "\nParameters, given with --parameter NAME=VALUE:\n".to_owned();
    for (name, parameter) in parameters {
        text += &format!("  {name}  {}\n", describe(parameter));
    }
    text
}

fn describe(parameter: &ParameterConfig) -> String {
    let kind = match parameter.kind {
        ParameterType::String => "text",
        ParameterType::Number => "a number",
        ParameterType::Boolean => "true or false",
        ParameterType::Json => "JSON",
        ParameterType::Expression => "a JMESPath expression",
    };
    let default = match &parameter.default {
        Some(default) => format!("default {default}"),
        None => "required".to_owned(),
    };
    let description = parameter.description.as_deref().map(|text| format!(": {text}"));
    format!("({kind}, {default}){}", description.unwrap_or_default())
}

fn acceptors(explanation: &Explanation) -> String {
    let entry = &explanation.entry;
    let mut text = String::new();
    for (index, acceptor) in entry.config.acceptors.iter().enumerate() {
        let condition = condition(acceptor, &entry.service);
        let base = explanation.base_of(index).map(|base| format!(" (from {})", base.id));
        let base = base.unwrap_or_default();
        let number = index + 1;
        text += &format!("  {number}. {} when {condition}{base}\n", verb(acceptor.state));
        if let Some(trial) = &explanation.trial
            && let Some(finding) = trial.findings.get(index)
        {
            text += &format!("     {}\n", found(trial, index, finding));
        }
    }
    if text.is_empty() {
        text += "  (there are none)\n";
    }
    text
}

/// The verdict of an acceptor on the reply.
fn found(trial: &Trial, index: usize, finding: &Finding) -> String {
    let saw = match &finding.saw {
        Some(value) => shortened(&value.to_string()),
        None => "nothing".to_owned(),
    };
    let decided = match &finding.verdict {
        Verdict::Match if trial.matched == Some(index) => "matches and decides".to_owned(),
        Verdict::Match => "would match, but an earlier one decides".to_owned(),
        Verdict::NoMatch => "does not match".to_owned(),
        Verdict::Unevaluable(error) => format!("cannot be evaluated: {error}"),
    };
    let mark = if trial.matched == Some(index) { "=>" } else { "->" };
    format!("{mark} saw {saw}: {decided}")
}

fn otherwise(explanation: &Explanation) -> String {
    let frame = &explanation.frame;
    if frame.is_strict() {
        return "  - goes on after an output\n  - ends with the error after any error\n".to_owned();
    }
    let is_http = explanation.entry.service == "http";
    let (output, passing) = if is_http {
        ("an answer below 400", "408, 429, 5xx")
    } else {
        ("an output", "throttling, 5xx")
    };
    let mut text = format!("  - goes on after {output}\n");
    let codes = &frame.transient().codes;
    let codes = if codes.is_empty() { String::new() } else { format!(", {}", codes.join(", ")) };
    let bound = match frame.transient().max_consecutive {
        Some(0) => "ends".to_owned(),
        Some(most) => format!("goes on, up to {most} times in a row,"),
        None => "goes on until the time is up,".to_owned(),
    };
    text += &format!("  - {bound} after {passing}{codes} or a lost connection\n");
    text += "  - ends with the error after any other\n";
    text
}

fn verdict(explanation: &Explanation, trial: &Trial) -> String {
    let decided = match trial.verdict {
        TrialVerdict::Success => "succeeds",
        TrialVerdict::Failure => "fails",
        TrialVerdict::Retry => "goes on",
        TrialVerdict::Error => "ends with an error",
    };
    let matched = trial
        .matched
        .and_then(|index| Some((index + 1, explanation.entry.config.acceptors.get(index)?)));
    let reason = match matched {
        // These words are clearer than the engine's, which has only the expression.
        Some((_, acceptor))
            if trial.verdict == TrialVerdict::Failure && acceptor.message.is_none() =>
        {
            condition(acceptor, &explanation.entry.service)
        }
        _ => trial.reason.clone(),
    };
    let number = matched.map(|(number, _)| format!("by {number}"));
    let reasons: Vec<_> =
        number.into_iter().chain(Some(reason).filter(|text| !text.is_empty())).collect();
    let mut text = format!("With this reply the wait {decided}: {}", reasons.join(", "));
    if let Some(shown) = &trial.shown {
        text += &format!("\nIt shows: {}", shortened(&shown.to_string()));
    }
    text
}
