//! The report on many waits: for people, for `$(…)`, and as one JSON object.

use serde_json::{Value, json};

use super::outcome::ManyOutcome;
use crate::cli::clients::ServiceClient;
use crate::cli::exit::Exit;
use crate::cli::report::{self, Format, Report};
use crate::cli::text_layout::{counted, members};
use crate::cli::wait::plan::Plan;
use crate::cli::wait::targets::{Target, Targets};
use crate::cli::wait::{outcome, schedule_text};
use crate::cli::{advice, dry_run, duration};
use crate::engine::{Outcome, Status};
use crate::secrets::urls;

/// The first line of output.
pub(super) fn first_line(targets: &Targets, about: &str) -> String {
    let total = targets.all.len();
    let needed = match targets.needed {
        needed if needed == total => "all".to_owned(),
        needed => needed.to_string(),
    };
    format!("{about}; {}, {needed} needed", counted(total, "target"))
}

/// The requests of all targets, and nothing sent.
pub(super) fn dry_run(
    plan: &Plan,
    targets: &Targets,
    client: &ServiceClient,
) -> anyhow::Result<Report> {
    let facts = |target: &Target| {
        let (call, signature) = (target.waiter.call(), &plan.resolved.signature);
        let facts = dry_run::facts(client, call, signature, &plan.args.connection)?;
        Ok(report::merged([json!({ "target": target.label }), facts]))
    };
    let all = targets.all.iter().map(facts).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Report::text(match plan.args.output.format {
        Format::Json => report::json(json!({
            "version": 1, "dryRun": true, "parameter": targets.parameter, "need": targets.needed,
            "targets": all,
        })),
        Format::Text => {
            let blocks: String = all.iter().map(|facts| format!("\n{}", members(facts))).collect();
            format!("dry run: nothing is sent\n{blocks}")
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
    let many = ManyReport { plan, targets, ended, decisive: decisive(targets, ended) };
    let exit = match (ended.signal, &many.decisive) {
        (Some(signal), _) => signal,
        _ if ended.tally.is_met() => Exit::Success,
        (None, Some(decisive)) => decisive.exit,
        // Too few succeeded and nothing failed: the wait was cancelled.
        (None, None) => Exit::Interrupted,
    };
    let message = many.message();
    let stdout = match plan.args.output.format {
        Format::Json => report::json(many.to_json(region, exit, &message)),
        Format::Text => many.lines(),
    };
    let mut stderr = many.summary(exit, &message);
    let mut ends = targets.all.iter().zip(&ended.outcomes);
    if !plan.args.output.quiet
        && ends.any(|(target, outcome)| outcome::rests_on_first_page(plan, &target.waiter, outcome))
    {
        stderr += &format!("\n{}", outcome::FIRST_PAGE);
    }
    Report::text(stdout).with_stderr(stderr).with_exit(exit)
}

/// The target that decides the exit code where too few succeeded.
struct Decisive<'a> {
    target: &'a Target,
    outcome: &'a Outcome,
    exit: Exit,
}

/// A failed target before a refused one, before one that could not be reached, before one that gave up; among
/// equals the first in the order given.
fn decisive<'a>(targets: &'a Targets, ended: &'a ManyOutcome) -> Option<Decisive<'a>> {
    let ends = targets.all.iter().zip(&ended.outcomes);
    let failed = ends
        .filter(|(_, outcome)| !matches!(outcome.status(), Status::Success | Status::Cancelled))
        .map(|(target, outcome)| Decisive { target, outcome, exit: Exit::of_outcome(outcome) });
    failed.min_by_key(|decisive| (decisive.exit == Exit::GaveUp, decisive.exit.code()))
}

struct ManyReport<'a> {
    plan: &'a Plan,
    targets: &'a Targets,
    ended: &'a ManyOutcome,
    decisive: Option<Decisive<'a>>,
}

impl ManyReport<'_> {
    fn message(&self) -> String {
        let (id, tally) = (self.plan.waiter.id(), self.ended.tally);
        let needed = match tally.needed {
            needed if needed == tally.total && (tally.is_met() || tally.total == 1) => {
                String::new()
            }
            needed if needed == tally.total => " (all needed)".to_owned(),
            needed => format!(" ({needed} needed)"),
        };
        let total = counted(tally.total, "target");
        let counts = format!("{} of {total} succeeded{needed}", tally.succeeded);
        match &self.decisive {
            _ if self.ended.signal.is_some() => format!("{id} was cancelled: {counts}"),
            Some(Decisive { target, outcome, .. }) if !tally.is_met() => {
                let message = outcome::message(&target.waiter, outcome);
                format!("{id}: {counts}; {}: {message}", target.label)
            }
            _ => format!("{id}: {counts}"),
        }
    }

    fn summary(&self, exit: Exit, message: &str) -> String {
        let (output, once) = (&self.plan.args.output, self.plan.args.pace.once);
        // With --once, not there yet is an answer, and no error.
        if exit == Exit::Success || (once && exit == Exit::GaveUp) {
            let elapsed = duration::show(self.ended.elapsed);
            return if output.quiet { String::new() } else { format!("{message} in {elapsed}") };
        }
        if self.ended.signal.is_some() {
            return report::printable(message);
        }
        let resolved = &self.plan.resolved;
        let advice = self.decisive.as_ref().and_then(|Decisive { target, outcome, .. }| {
            let (verbose, named) = (output.verbose > 0, resolved.origin.is_some());
            advice::of_outcome(outcome, &target.waiter, &resolved.signature, named, verbose)
        });
        report::error_and_advice(message, advice.as_deref())
    }

    /// A line per target, in the order given: target, status, and the value shown of a success, or else what
    /// happened; separated by tabs.
    fn lines(&self) -> String {
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
        self.targets.all.iter().zip(&self.ended.outcomes).map(line).collect()
    }

    fn to_json(&self, region: Option<&str>, exit: Exit, message: &str) -> Value {
        let target = |(target, outcome): (&Target, &Outcome)| {
            let mut details = outcome::details(&target.waiter, outcome);
            // It is the same for all, and written once.
            details.as_object_mut().and_then(|members| members.shift_remove("bound"));
            let text = urls::masked(&target.text);
            report::merged([json!({"target": text, "status": outcome.status().as_str()}), details])
        };
        let all = self.targets.all.iter().zip(&self.ended.outcomes).map(target);
        let status = match &self.decisive {
            _ if exit == Exit::Success => Status::Success,
            Some(decisive) if self.ended.signal.is_none() => decisive.outcome.status(),
            _ => Status::Cancelled,
        };
        let members = json!({
            "parameter": self.targets.parameter,
            "need": self.targets.needed,
            "succeeded": self.ended.tally.succeeded,
            "elapsed": self.ended.elapsed.as_millis() as f64 / 1000.0,
            "message": message,
            "bound": schedule_text::to_json(self.plan.waiter.schedule()),
            "targets": all.collect::<Vec<_>>(),
        });
        report::merged([outcome::heading(self.plan, region, status), members])
    }
}
