//! `--record`: writes the wait as a test case.

use std::path::Path;

use super::plan::Plan;
use crate::case::{Case, Expect};
use crate::cli::exit::{Exit, Failure};
use crate::cli::report::{self, Report};
use crate::cli::signature::Signature;
use crate::cli::values;
use crate::client::Client;
use crate::config::{AcceptorConfig, Show};
use crate::engine::{Outcome, Status};
use crate::lint;
use crate::record::{self, Recorder, Scrubber};

/// The recorder, if the wait is to be recorded to a new file.
pub(super) fn recorder<'a>(
    plan: &Plan,
    client: &'a dyn Client,
) -> Result<Option<Recorder<'a>>, Failure> {
    let Some(path) = &plan.args.output.record else { return Ok(None) };
    let condition = &plan.args.condition;
    let own = !condition.until.is_empty() || !condition.fail_if.is_empty() || condition.strict;
    if own || plan.resolved.origin.is_none() || plan.args.pace.once {
        let message = "a case records a waiter as its file defines it: --until, --fail-if, \
                       --strict and --once cannot be recorded";
        return Err(Failure::usage(message));
    }
    if path.exists() && !plan.args.output.force {
        let message = format!("{} already exists", path.display());
        return Err(
            Failure::usage(message).help("name another file, or give --force to replace it")
        );
    }
    let operation = match &plan.resolved.signature {
        Signature::Aws { operation, .. } => Some(operation.clone()),
        Signature::Http { .. } => None,
    };
    let config = &plan.resolved.config;
    let of = |acceptor: &AcceptorConfig| {
        [acceptor.argument.clone(), acceptor.message.clone()].into_iter().flatten()
    };
    let shown = config.show.as_ref().map(Show::expressions).unwrap_or_default();
    let expressions = config.acceptors.iter().flat_map(of).chain(shown.iter().cloned());
    let values = condition.parameter.iter().cloned();
    let headers: Vec<_> = expressions.chain(values).collect();
    let scrubber = Scrubber::new(operation)
        .with_headers_in(headers)
        .knowing(report::known().clone())
        .with_secrets_of(&plan.waiter.call().input);
    let asked = plan.waiter.diagnose().iter().map(|asked| {
        let call = &asked.call;
        let models = &plan.resolved.models;
        scrubber.of_operation(lint::ModelSource::operation(models, &call.service, &call.operation))
    });
    let asked = asked.collect();
    let recorder = Recorder::new(client, scrubber);
    Ok(Some(recorder.with_diagnosis(asked)))
}

/// Writes the recording, however the wait ended, and adds that to the report.
pub(super) fn save(
    plan: &Plan,
    recorder: &Recorder<'_>,
    outcome: &Outcome,
    report: Report,
) -> Report {
    let Some(path) = &plan.args.output.record else { return report };
    let (text, exit) = match write(plan, recorder, outcome, path) {
        Ok(text) => (text, report.exit),
        Err(error) => {
            let exit = if report.exit == Exit::Success { Exit::Usage } else { report.exit };
            let message = format!("{} cannot be written: {error:#}", path.display());
            (report::error_and_advice(&message, None), exit)
        }
    };
    let stderr = [report.stderr.trim_end(), &text].join("\n").trim_start().to_owned();
    Report { stderr, exit, ..report }
}

fn write(
    plan: &Plan,
    recorder: &Recorder<'_>,
    outcome: &Outcome,
    path: &Path,
) -> anyhow::Result<String> {
    if recorder.replies().is_empty() {
        return Ok(format!("nothing was recorded to {}: there was no reply", path.display()));
    }
    let config = &plan.resolved.config;
    let waiter = (plan.waiter.service(), plan.resolved.name.as_str(), &**config);
    let (case, same) = record::case(recorder, given(plan), outcome, waiter)?;
    let text = report::json(serde_json::to_value(&case)?);
    path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    std::fs::write(path, text)?;
    let polls: u64 = case.replies.iter().map(|reply| reply.repeat).sum();
    let replies = if polls == 1 { "reply" } else { "replies" };
    let text = format!("recorded {polls} {replies} to {}", path.display());
    Ok(if same {
        text
    } else {
        format!(
            "{text}\nthe case ends differently from the wait: an acceptor reads a value that was scrubbed"
        )
    })
}

/// The options of the caller, as a case without replies.
fn given(plan: &Plan) -> Case {
    let pace = &plan.args.pace;
    let seconds = |duration: Option<std::time::Duration>| duration.map(|it| it.as_secs_f64());
    let mut case = Case::new(Vec::new(), Expect::new(Status::Cancelled));
    case.input = plan.waiter.call().input.clone();
    case.parameters = plan.args.parameters(&plan.resolved.config, &mut Vec::new());
    case.baseline = plan.args.condition.baseline.as_deref().map(values::baseline);
    case.delay = seconds(pace.delay);
    case.max_attempts = pace.max_attempts;
    case.timeout = seconds(pace.timeout);
    case
}
