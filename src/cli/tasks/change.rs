//! `maitred tasks cancel`, `retry` and `prune`.

use std::io::{BufRead as _, IsTerminal as _};
use std::time::Duration;

use super::{TaskArgs, title};
use crate::cli::block_on;
use crate::cli::duration;
use crate::cli::exit::Failure;
use crate::cli::report::{self, Report};
use crate::cli::store::{StoreArgs, engine_failure, store_failure};
use crate::clock::Timestamp;
use crate::runtime::Engine as _;

/// Stop a task, and undo what it has started if that is asked for
#[derive(Debug, clap::Args)]
pub(super) struct CancelArgs {
    #[command(flatten)]
    task: TaskArgs,
    /// Also send the call that undoes what the task has started, e.g. delete the cluster that it created
    #[arg(long)]
    undo: bool,
    /// Do not ask before undoing
    #[arg(long, requires = "undo")]
    yes: bool,
}

/// Run a task again that has failed, was cancelled or is in doubt
#[derive(Debug, clap::Args)]
pub(super) struct RetryArgs {
    #[command(flatten)]
    task: TaskArgs,
}

/// Remove tasks that have ended
#[derive(Debug, clap::Args)]
pub(super) struct PruneArgs {
    /// Those that ended longer ago than this
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "30d")]
    older_than: Duration,
    #[command(flatten)]
    store: StoreArgs,
}

pub(super) fn cancel(args: &CancelArgs) -> anyhow::Result<Report> {
    let (opened, task) = args.task.find()?;
    if args.undo {
        let deferral = opened.store.deferral(task.id).map_err(|error| store_failure(&error))?;
        let undo = deferral.and_then(|deferral| deferral.on_cancel).ok_or_else(|| {
            Failure::usage(format!("{} has started nothing that could be undone", title(&task)))
                .help("without --undo, the task is stopped and nothing else")
        })?;
        let call = format!("{} {}", undo.call.service, undo.call.operation);
        let input = serde_json::Value::Object(undo.call.input.clone());
        report::note(&format!("undo: {} ({call} {input})", undo.description));
        if !args.yes && !confirmed()? {
            let message = "nothing was cancelled";
            return Err(Failure::usage(message)
                .help("give --yes to undo without a question")
                .into());
        }
    }
    let cancelled = block_on(opened.engine().cancel(task.id, args.undo))?;
    let state = cancelled.map_err(|error| engine_failure(&error))?;
    let text = if state.is_final() {
        format!("{} is {state}", title(&task))
    } else {
        format!("{} is {state}; the triggerer will end it", title(&task))
    };
    Ok(Report::default().with_stderr(text))
}

fn confirmed() -> anyhow::Result<bool> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(false);
    }
    report::note("send it? [y/N] ");
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

pub(super) fn retry(args: &RetryArgs) -> anyhow::Result<Report> {
    let (opened, task) = args.task.find()?;
    let now = opened.clock.now();
    opened.store.retry(task.id, now).map_err(|error| store_failure(&error))?;
    Ok(Report::default().with_stderr(format!("{} is queued again", title(&task))))
}

pub(super) fn prune(args: &PruneArgs) -> anyhow::Result<Report> {
    let opened = args.store.open()?;
    let now = opened.clock.now();
    let before = now.as_millis().saturating_sub(args.older_than.as_millis() as u64);
    let before = Timestamp::from_millis(before);
    let removed = opened.store.prune(before).map_err(|error| store_failure(&error))?;
    Ok(Report::default().with_stderr(format!("{removed} tasks removed")))
}
