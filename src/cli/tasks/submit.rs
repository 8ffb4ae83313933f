//! `maitred tasks submit`.

use serde_json::json;

use super::spec_args::SpecArgs;
use super::submission::submit;
use super::task_lines;
use crate::cli::connections_args::ConnectionsArgs;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::report::{self, Format, Report};
use crate::cli::source_args::SourceArgs;
use crate::cli::store::{OpenEngine, StoreArgs, engine_failure};
use crate::runtime::EngineError;
use crate::runtime::store::Submitted;

/// Submit a task, or many
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  maitred tasks submit redshift.pause_cluster --args '{\"cluster_identifier\": \"analytics\", \
\"wait_for_completion\": true, \"deferrable\": true}'
  maitred tasks submit http.sensor --args @sensor.json --key nightly --on-conflict attach
  maitred tasks submit --from - < tasks.ndjson

With --from, every line is a JSON object: {\"operator\", \"args\", \"key\", \"on_conflict\", \"due\", \"retries\",
\"retry_delay\", \"execution_timeout\", \"on_failure\": {\"command\": [..]} or {\"webhook\": \"..\"}}. Times are
seconds, or text as for the options. A webhook may be {\"$secret\": \"env:NAME\"}. Either all lines are submitted
or none.")]
pub(super) struct Args {
    /// The operator, e.g. redshift.pause_cluster
    #[arg(required_unless_present = "from")]
    operator: Option<String>,
    #[command(flatten)]
    task: SpecArgs,
    /// Submit the tasks of this file, one JSON object a line; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["operator", "SpecArgs"])]
    from: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    connections: ConnectionsArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<Report> {
    // An untrusted store is an error even if the tasks are not valid.
    args.store.path(context)?;
    let now = context.clock.now();
    let (lines, tasks) = match (&args.from, &args.operator) {
        (Some(from), _) => task_lines::read(from, now)?
            .into_iter()
            .map(|(line, task)| ((line, task.key.clone()), task))
            .unzip(),
        (None, Some(operator)) => (Vec::new(), vec![args.task.new_task(operator, now)?]),
        (None, None) => return Err(Failure::usage("which operator?").into()),
    };
    let sources = SourceArgs::of_environment(context);
    let submitted = submit(tasks, &args.store, &args.connections, &sources, context)?;
    let (opened, submitted) = submitted.map_err(|error| refused(error, &lines))?;
    let ids: Vec<_> = submitted.iter().map(|submitted| submitted.id()).collect();
    let text = match args.output {
        Format::Text => ids.iter().map(|id| format!("{id}\n")).collect(),
        Format::Json => report::json(json!({"version": 1, "tasks": ids})),
    };
    Ok(Report::text(text).with_stderr(remark(&opened, &submitted)))
}

fn remark(opened: &OpenEngine, submitted: &[Submitted]) -> String {
    let path = opened.path.display();
    match submitted {
        [Submitted::Created(id)] => {
            format!("task {id} is in {path}; `maitred triggerer` runs it")
        }
        [Submitted::Attached(id)] => {
            format!("task {id} has this key already, and nothing was submitted; it is in {path}")
        }
        [Submitted::Replaced { new, old }] => {
            format!("task {new} is in {path} and takes the place of task {old}, which is cancelled")
        }
        many => format!("{} tasks are in {path}; `maitred triggerer` runs them", many.len()),
    }
}

/// Why tasks of a file were not submitted, with the lines that it is about.
fn refused(error: EngineError, lines: &[(usize, Option<String>)]) -> Failure {
    if let EngineError::Unusable { index, .. } | EngineError::NoHost { index, .. } = &error
        && let Some((line, _)) = lines.get(*index)
    {
        let line = format!("line {line}: {}", engine_failure(error));
        return Failure::usage(line).help("nothing was submitted");
    }
    let (EngineError::Conflict { key, id }, [_, ..]) = (&error, lines) else {
        return engine_failure(error);
    };
    let of_key = lines.iter().filter(|(_, other)| other.as_ref() == Some(key));
    let numbers: Vec<_> = of_key.map(|(number, _)| number.to_string()).collect();
    let message = match &numbers[..] {
        [one] => format!("line {one}: task {id} has the key `{key}` and has not ended"),
        many => format!("lines {} have the same key `{key}`", many.join(", ")),
    };
    let help = "nothing was submitted; \"on_conflict\": \"attach\" or \"replace\" allows it";
    Failure::usage(message).help(help)
}
