//! The report on many waits: for people, for `$(…)`, and as one JSON object.

use serde_json::{Map, Value, json};

use super::outcome::ManyOutcome;
use crate::cli::clients::ServiceClient;
use crate::cli::exit::Exit;
use crate::cli::report::{self, Format, Report};
use crate::cli::wait::outcome;
use crate::cli::wait::plan::Plan;
use crate::cli::wait::targets::{Target, Targets};
use crate::cli::{advice, dry_run, duration};
use crate::engine::{Outcome, Status};
use crate::secrets::urls;

/// The members that are the same for every target, and written once.
const SHARED: &[&str] =
    &["version", "waiter", "original", "service", "operation", "origin", "region", "bound"];

/// The first line of output.
pub(super) fn first_line(targets: &Targets, about: &str) -> String {
    let total = targets.all.len();
    let needed = match targets.needed {
        needed if needed == total => "all".to_owned(),
        needed => needed.to_string(),
    };
    let plural = if total == 1 { "" } else { "s" };
    format!("{about}; {total} target{plural}, {needed} needed")
}

/// The requests of all targets, and nothing sent.
pub(super) fn dry_run(
    plan: &Plan,
    targets: &Targets,
    client: &ServiceClient,
) -> anyhow::Result<Report> {
    let mut all = Vec::with_capacity(targets.all.len());
    for target in &targets.all {
        let (call, signature) = (target.waiter.call(), &plan.resolved.signature);
        all.push((target, dry_run::facts(client, call, signature, &plan.args.connection)?));
    }
    Ok(Report::text(match plan.args.output.format {
        Format::Json => {
            let member = |(target, facts): &(&Target, Value)| {
                let mut resolved = Map::from_iter([("target".to_owned(), json!(target.label))]);
                resolved.extend(facts.as_object().cloned().unwrap_or_default());
                Value::Object(resolved)
            };
            let all: Vec<_> = all.iter().map(member).collect();
            let parameter = &targets.parameter;
            report::json(json!({
                "version": 1, "dryRun": true, "parameter": parameter, "need": targets.needed,
                "targets": all,
            }))
        }
        Format::Text => {
            let blocks = all.iter().map(|(target, facts)| {
                format!("\n{:<12} {}\n{}", "target", target.label, dry_run::text(facts))
            });
            format!("dry run: nothing is sent\n{}", blocks.collect::<String>())
        }
    }))
}

/// The report on the outcome.
pub(super) fn report(
    plan: &Plan,
    targets: &Targets,
    region: Option<&str>,
    ended: &ManyOutcome,
) -> Report {
    let gravest = gravest(ended);
    let exit = match (ended.signal, gravest) {
        (Some(signal), _) => signal,
        _ if ended.tally.is_met() => Exit::Success,
        (None, Some((_, exit))) => exit,
        // Too few succeeded and nothing failed: the wait was cancelled.
        (None, None) => Exit::Interrupted,
    };
    let message = message(plan, targets, ended, gravest.map(|(index, _)| index));
    let stdout = match plan.args.output.format {
        Format::Json => report::json(to_json(plan, targets, region, ended, exit, &message)),
        Format::Text => lines(targets, ended),
    };
    let mut stderr = summary(plan, targets, ended, gravest.map(|(index, _)| index), exit, &message);
    let mut ends = targets.all.iter().zip(&ended.outcomes);
    if !plan.args.output.quiet
        && ends.any(|(target, outcome)| outcome::rests_on_first_page(plan, &target.waiter, outcome))
    {
        stderr.push_str(&format!("\n{}", outcome::FIRST_PAGE));
    }
    Report::text(stdout).with_stderr(stderr).with_exit(exit)
}

/// The target that decides the exit code where too few succeeded, with that code: a failed one before a refused
/// one, before one that could not be reached, before one that gave up; among equals the first in the order
/// given.
fn gravest(ended: &ManyOutcome) -> Option<(usize, Exit)> {
    let exits =
        ended.outcomes.iter().enumerate().filter(|(_, outcome)| {
            !matches!(outcome.status(), Status::Success | Status::Cancelled)
        });
    let exits = exits.map(|(index, outcome)| (index, Exit::of_outcome(outcome)));
    exits.min_by_key(|(_, exit)| (*exit == Exit::GaveUp, exit.code()))
}

fn message(plan: &Plan, targets: &Targets, ended: &ManyOutcome, gravest: Option<usize>) -> String {
    let tally = ended.tally;
    let id = plan.waiter.id();
    let needed = match tally.needed {
        needed if needed == tally.total && (tally.is_met() || tally.total == 1) => String::new(),
        needed if needed == tally.total => " (all needed)".to_owned(),
        needed => format!(" ({needed} needed)"),
    };
    let plural = if tally.total == 1 { "" } else { "s" };
    let counts = format!("{} of {} target{plural} succeeded", tally.succeeded, tally.total);
    if ended.signal.is_some() {
        return format!("{id} was cancelled: {counts}{needed}");
    }
    if tally.is_met() {
        return format!("{id}: {counts}{needed}");
    }
    let because = gravest.and_then(|index| {
        let (target, outcome) = (targets.all.get(index)?, ended.outcomes.get(index)?);
        Some(format!("; {}: {}", target.label, outcome::message(&target.waiter, outcome)))
    });
    format!("{id}: {counts}{needed}{}", because.unwrap_or_default())
}

fn summary(
    plan: &Plan,
    targets: &Targets,
    ended: &ManyOutcome,
    gravest: Option<usize>,
    exit: Exit,
    message: &str,
) -> String {
    let quiet = plan.args.output.quiet;
    // With --once, not there yet is an answer, and no error.
    let calm = exit == Exit::Success || (plan.args.pace.once && exit == Exit::GaveUp);
    if calm {
        let elapsed = duration::show(ended.elapsed);
        return if quiet { String::new() } else { format!("{message} in {elapsed}") };
    }
    if ended.signal.is_some() {
        return report::printable(message);
    }
    let advice = gravest.and_then(|index| {
        let (target, outcome) = (targets.all.get(index)?, ended.outcomes.get(index)?);
        let (verbose, named) = (plan.args.output.verbose > 0, plan.resolved.origin.is_some());
        advice::of_outcome(outcome, &target.waiter, &plan.resolved.signature, named, verbose)
    });
    report::error_and_advice(message, advice.as_deref())
}

/// A line per target, in the order given: target, status, and the value shown of a success, or else what
/// happened; separated by tabs.
fn lines(targets: &Targets, ended: &ManyOutcome) -> String {
    let line = |(target, outcome): (&Target, &Outcome)| {
        let detail = if outcome.status() == Status::Success {
            outcome::shown(&target.waiter, outcome)
        } else {
            outcome::message(&target.waiter, outcome)
        };
        let detail = report::one_line(detail.trim_end());
        let line = format!("{}\t{}\t{detail}", target.label, outcome.status().as_str());
        format!("{}\n", line.trim_end())
    };
    targets.all.iter().zip(&ended.outcomes).map(line).collect()
}

fn to_json(
    plan: &Plan,
    targets: &Targets,
    region: Option<&str>,
    ended: &ManyOutcome,
    exit: Exit,
    message: &str,
) -> Value {
    let origin = plan.resolved.origin.as_deref();
    let members = |target: &Target, outcome: &Outcome| {
        outcome::to_json(&target.waiter, origin, region, outcome)
            .as_object()
            .cloned()
            .unwrap_or_default()
    };
    let all = targets.all.iter().zip(&ended.outcomes).map(|(target, outcome)| {
        let mut resolved =
            Map::from_iter([("target".to_owned(), json!(urls::masked(&target.text)))]);
        resolved.extend(
            members(target, outcome)
                .into_iter()
                .filter(|(name, _)| !SHARED.contains(&name.as_str())),
        );
        Value::Object(resolved)
    });
    let all: Vec<_> = all.collect();
    let status = if exit == Exit::Success {
        Status::Success
    } else {
        let gravest = gravest(ended).filter(|_| ended.signal.is_none());
        let outcome = gravest.and_then(|(index, _)| ended.outcomes.get(index));
        outcome.map_or(Status::Cancelled, Outcome::status)
    };
    json!({
        "version": 1,
        "status": status.as_str(),
        "waiter": plan.waiter.snake_name(),
        "original": plan.waiter.name(),
        "service": plan.waiter.service(),
        "operation": plan.waiter.call().operation,
        "origin": origin.unwrap_or("command line"),
        "region": region,
        "parameter": targets.parameter,
        "need": targets.needed,
        "succeeded": ended.tally.succeeded,
        "elapsed": ended.elapsed.as_millis() as f64 / 1000.0,
        "message": message,
        "bound": crate::cli::wait::schedule_text::to_json(plan.waiter.schedule()),
        "targets": all,
    })
}
