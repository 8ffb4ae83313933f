//! The report on a wait: for people, for `$(…)`, and as JSON.

use serde_json::{Value, json};

use super::plan::Plan;
use super::schedule_text;
use crate::cli::exit::Exit;
use crate::cli::report::{self, Format, Report};
use crate::cli::{advice, duration, keywords};
use crate::document::Document;
use crate::engine::{Ending, Outcome, Status};
use crate::matcher::Acceptor;
use crate::waiter::Waiter;

/// The report on the outcome.
pub(super) fn report(plan: &Plan, region: Option<&str>, outcome: &Outcome, exit: Exit) -> Report {
    let stdout = match plan.args.output.format {
        Format::Json => report::json(to_json(plan, region, outcome)),
        Format::Text if outcome.status() == Status::Success => shown(&plan.waiter, outcome),
        Format::Text => String::new(),
    };
    let mut said = summary(plan, outcome);
    if !plan.args.output.quiet && rests_on_first_page(plan, &plan.waiter, outcome) {
        said = format!("{}\n{FIRST_PAGE}", said.trim_end_matches('\n'));
    }
    Report::text(stdout).with_stderr(said.trim_start_matches('\n')).with_exit(exit)
}

/// The note that the verdict may differ with all pages.
pub(super) const FIRST_PAGE: &str =
    "note: only the first page of the last reply was read; --all-pages reads all of them";

/// True if a wait was decided by one page of several.
pub(super) fn rests_on_first_page(plan: &Plan, waiter: &Waiter, outcome: &Outcome) -> bool {
    let decides = |acceptor: &Acceptor| acceptor.expression().is_some();
    let page = outcome.document().filter(|_| !waiter.all_pages());
    page.is_some_and(|page| plan.resolved.signature.has_next_page(waiter.call(), page.value()))
        && waiter.acceptors().iter().any(decides)
}

/// The shown value as a script wants it: a string as it is, several values line by line.
pub(super) fn shown(waiter: &Waiter, outcome: &Outcome) -> String {
    match &outcome.progress().shown {
        None => String::new(),
        Some(Value::Array(values)) if waiter.show().len() > 1 => {
            values.iter().map(|value| format!("{}\n", report::plain(value))).collect()
        }
        Some(value) => report::plain(value),
    }
}

fn summary(plan: &Plan, outcome: &Outcome) -> String {
    let message = match message(&plan.waiter, outcome) {
        // Strict mode has botocore's messages, and botocore has none for a success.
        message if message.is_empty() => format!("{} succeeded", plan.waiter.id()),
        message => message,
    };
    match outcome.status() {
        Status::Success if plan.args.output.quiet => String::new(),
        Status::Success => {
            let elapsed = duration::show(outcome.elapsed());
            format!("{message} in {elapsed}{}", unevaluable(outcome))
        }
        Status::Cancelled => report::printable(&message),
        Status::Exhausted if plan.args.pace.once => {
            if plan.args.output.quiet {
                return String::new();
            }
            let progress = outcome.progress();
            let seen = match (&progress.shown, &progress.last_error) {
                (Some(shown), _) => format!(": {}", report::plain(shown)),
                (None, Some(error)) => format!(": {}", report::printable(&error.message)),
                (None, None) => String::new(),
            };
            let advice = advice::unquoted(outcome, &plan.waiter).map(|it| report::advice(&it));
            format!(
                "{} is not there yet{seen}{}{}",
                plan.waiter.id(),
                unevaluable(outcome),
                advice.unwrap_or_default()
            )
        }
        Status::Failure | Status::Exhausted | Status::Timeout | Status::Error => {
            let verbose = plan.args.output.verbose > 0;
            let named = plan.resolved.origin.is_some();
            let signature = &plan.resolved.signature;
            let advice = advice::of_outcome(outcome, &plan.waiter, signature, named, verbose);
            report::error_and_advice(&message, advice.as_deref())
        }
    }
}

/// The message of the outcome; of a wait that gave up, also with the last error that an acceptor took as a
/// reason to go on. Strict mode has exactly botocore's messages.
pub(super) fn message(waiter: &Waiter, outcome: &Outcome) -> String {
    let message = outcome.message();
    let gave_up = matches!(outcome.status(), Status::Exhausted | Status::Timeout);
    let progress = outcome.progress();
    match &progress.last_error {
        Some(error)
            if gave_up
                && !waiter.is_strict()
                && progress.shown.is_none()
                && !message.contains(&error.message) =>
        {
            format!("{message}; last error: {}: {}", error.code, error.message)
        }
        _ => message.to_owned(),
    }
}

/// The expressions that could not be evaluated, which may be why it took so long.
fn unevaluable(outcome: &Outcome) -> String {
    let problems = outcome.progress().unevaluable.iter();
    problems
        .map(|(index, error)| format!("\nacceptor {} could not be evaluated: {error}", index + 1))
        .collect()
}

/// One versioned object, the same members however the wait ended.
pub(super) fn to_json(plan: &Plan, region: Option<&str>, outcome: &Outcome) -> Value {
    let waiter = &plan.waiter;
    report::merged([heading(plan, region, outcome.status()), details(waiter, outcome)])
}

/// The members about what is waited for, where, and how that ended.
pub(super) fn heading(plan: &Plan, region: Option<&str>, status: Status) -> Value {
    let waiter = &plan.waiter;
    json!({
        "version": 1,
        "status": status.as_str(),
        "waiter": waiter.snake_name(),
        "original": waiter.name(),
        "service": waiter.service(),
        "operation": waiter.call().operation,
        "origin": plan.resolved.origin.as_deref().unwrap_or("command line"),
        "region": region,
    })
}

/// The members about the outcome of one wait.
pub(super) fn details(waiter: &Waiter, outcome: &Outcome) -> Value {
    let progress = outcome.progress();
    let matched = match outcome.ending() {
        Ending::Failure { acceptor, .. } => Some(*acceptor),
        Ending::Success => progress.last_matched.map(|matched| matched.acceptor),
        Ending::Exhausted | Ending::TimedOut | Ending::Error(_) | Ending::Cancelled => None,
    };
    json!({
        "attempts": progress.attempts,
        "elapsed": outcome.elapsed().as_millis() as f64 / 1000.0,
        "message": message(waiter, outcome),
        "shown": progress.shown,
        "baseline": progress.baseline,
        "acceptor": matched.and_then(|index| Some(acceptor(index, waiter.acceptors().get(index)?))),
        "error": error(outcome),
        "diagnosis": outcome.diagnosis(),
        "unevaluable": progress.unevaluable.iter()
            .map(|(index, error)| json!({"index": index, "message": error}))
            .collect::<Vec<_>>(),
        "bound": schedule_text::to_json(waiter.schedule()),
        "document": outcome.document().map(Document::value),
    })
}

fn acceptor(index: usize, acceptor: &Acceptor) -> Value {
    json!({
        "index": index,
        "state": acceptor.state,
        "matcher": keywords::matcher(&acceptor.matcher),
        "argument": acceptor.expression().map(|expression| expression.as_str()),
        "expected": acceptor.expected,
    })
}

/// The error that ended the wait, or else the one of the last poll that failed.
fn error(outcome: &Outcome) -> Value {
    match (outcome.call_error(), &outcome.progress().last_error) {
        (Some(error), _) => report::call_error(error),
        (None, Some(last)) if outcome.status() != Status::Success => json!({
            "code": last.code, "message": last.message, "status": last.status, "kind": last.kind,
        }),
        (None, _) => Value::Null,
    }
}
