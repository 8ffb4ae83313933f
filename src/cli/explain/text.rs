//! The explanation for people.

use serde_json::Value;

use super::Explained;
use super::reply::{Trial, Verdict as Decided};
use crate::catalog::Base;
use crate::catalog::Entry;
use crate::cli::duration;
use crate::cli::render::plain;
use crate::cli::report;
use crate::client::HTTP_SERVICE;
use crate::config::ParameterConfig;
use crate::config::ParameterType;
use crate::config::Show;
use crate::matcher::Finding;
use crate::matcher::Verdict;
use crate::matcher::{condition, verb};
use crate::schedule::Schedule;
use crate::waiter::show_of;

/// How much of a value is shown, in characters.
const SHOWN: usize = 200;

pub(super) fn text(explained: &Explained) -> String {
    let entry = &explained.entry;
    let mut text = format!("{} {}\n", entry.service, entry.snake_name());
    if let Some(description) = &entry.config.description {
        text.push_str(&format!("{}\n", report::printable(description)));
    }
    text.push('\n');
    for (key, value) in facts(explained) {
        text.push_str(&format!("  {key:10} {value}\n"));
    }
    text.push_str(&parameters(explained));
    text.push_str("\nAfter each poll, the first of these that is true decides:\n");
    text.push_str(&acceptors(explained));
    text.push_str("If none is:\n");
    text.push_str(&otherwise(explained));
    if let Some(trial) = &explained.trial {
        text.push_str(&format!("\n{}\n", verdict(explained, trial)));
    }
    // Files and replies may hold what a terminal would obey.
    text.lines().map(|line| plain(line) + "\n").collect()
}

fn facts(explained: &Explained) -> Vec<(&'static str, String)> {
    let (entry, schedule) = (&explained.entry, explained.frame.schedule());
    let config = &entry.config;
    let mut facts = vec![("from", entry.origin.to_string())];
    for base in &entry.bases {
        facts.push(("extends", format!("{} ({})", base.id, base.origin)));
    }
    facts.extend([("polls", format!("{} {}", entry.service, config.operation))]);
    if !config.input.is_empty() {
        facts.push(("with", Value::Object(config.input.clone()).to_string()));
    }
    if explained.frame.all_pages() {
        facts.push(("pages", "all of them are merged before anything is decided".to_owned()));
    }
    facts.push(("pace", pace(schedule)));
    facts.push(("bound", bound(schedule)));
    if explained.frame.consecutive() > 1 {
        facts.push(("stable", format!("{} successes in a row", explained.frame.consecutive())));
    }
    let show = show_of(config).filter(|_| !explained.frame.is_strict());
    for expression in show.as_ref().map_or(&[][..], Show::expressions) {
        facts.push(("shows", expression.clone()));
    }
    let baseline = config.baseline.as_ref().filter(|_| !explained.frame.is_strict());
    if let Some(expression) = baseline {
        facts.push(("baseline", format!("{expression} has to change before anything counts")));
    }
    let asked = config.diagnose.iter().filter(|_| !explained.frame.is_strict());
    for call in asked {
        let input = Value::Object(call.input.clone());
        let shown = call.show.expressions().join(", ");
        facts.push(("on failure", format!("asks {} {input} for {shown}", call.operation)));
    }
    if config.mutating {
        facts.push(("careful", "a poll changes something; --allow-mutating permits it".to_owned()));
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
            format!(
                "{}: at most {} and the time of the calls",
                bounds.join(" or "),
                duration::show(longest)
            )
        }
        Some(_) | None => bounds.join(" or "),
    }
}

fn parameters(explained: &Explained) -> String {
    let parameters = &explained.entry.config.parameters;
    if parameters.is_empty() || explained.frame.is_strict() {
        return String::new();
    }
    let mut text = "\nParameters, given with --parameter NAME=VALUE:\n".to_owned();
    for (name, parameter) in parameters {
        text.push_str(&format!("  {name}  {}\n", describe(parameter)));
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

fn acceptors(explained: &Explained) -> String {
    let entry = &explained.entry;
    let mut text = String::new();
    for (index, acceptor) in entry.config.acceptors.iter().enumerate() {
        let condition = condition(acceptor, &entry.service);
        let base = base_of(entry, index).map(|base| format!(" (from {})", base.id));
        let base = base.unwrap_or_default();
        let number = index + 1;
        text.push_str(&format!("  {number}. {} when {condition}{base}\n", verb(acceptor.state)));
        if let Some(trial) = &explained.trial
            && let Some(finding) = trial.findings.get(index)
        {
            text.push_str(&format!("     {}\n", found(trial, index, finding)));
        }
    }
    if text.is_empty() {
        text.push_str("  (there are none)\n");
    }
    text
}

/// The waiter that acceptor `index` is inherited from: they stand at the end, the farthest last.
pub(super) fn base_of(entry: &Entry, index: usize) -> Option<&Base> {
    let mut first = entry.config.acceptors.len();
    let mut bases = entry.bases.iter().rev();
    bases.find(|base| {
        let end = first;
        first -= base.acceptors.min(first);
        (first..end).contains(&index)
    })
}

/// What an acceptor made of the reply.
fn found(trial: &Trial, index: usize, finding: &Finding) -> String {
    let saw = match &finding.saw {
        Some(value) => shorten(&value.to_string()),
        None => "nothing".to_owned(),
    };
    let decided = match &finding.verdict {
        Verdict::Match if trial.matched == Some(index) => "matches and decides".to_owned(),
        Verdict::Match => "would match, but is not asked".to_owned(),
        Verdict::NoMatch => "does not match".to_owned(),
        Verdict::Unevaluable(error) => format!("cannot be evaluated: {error}"),
    };
    let mark = if trial.matched == Some(index) { "=>" } else { "->" };
    format!("{mark} saw {saw}: {decided}")
}

fn otherwise(explained: &Explained) -> String {
    let frame = &explained.frame;
    if frame.is_strict() {
        return "  - goes on after an output\n  - ends with the error after any error\n".to_owned();
    }
    let is_http = explained.entry.service == HTTP_SERVICE;
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
    text.push_str(&format!("  - {bound} after {passing}{codes} or a lost connection\n"));
    text.push_str("  - ends with the error after any other\n");
    text
}

fn verdict(explained: &Explained, trial: &Trial) -> String {
    let decided = match trial.verdict {
        Decided::Success => "succeeds",
        Decided::Failure => "fails",
        Decided::Retry => "goes on",
        Decided::Error => "ends with an error",
    };
    let matched = trial
        .matched
        .and_then(|index| Some((index + 1, explained.entry.config.acceptors.get(index)?)));
    let reason = match matched {
        // The words above say it better than the engine, which has only the expression.
        Some((_, acceptor)) if trial.verdict == Decided::Failure && acceptor.message.is_none() => {
            condition(acceptor, &explained.entry.service)
        }
        _ => trial.reason.clone(),
    };
    let number = matched.map(|(number, _)| format!("by {number}"));
    let reasons: Vec<_> =
        number.into_iter().chain(Some(reason).filter(|text| !text.is_empty())).collect();
    let mut text = format!("With this reply the wait {decided}: {}", reasons.join(", "));
    if let Some(shown) = &trial.shown {
        text.push_str(&format!("\nIt shows: {}", shorten(&shown.to_string())));
    }
    text
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
