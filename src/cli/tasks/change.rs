//! `maitred tasks cancel`, `retry`, `settle` and `prune`.

use std::io::{BufRead as _, IsTerminal as _};
use std::sync::Arc;
use std::time::Duration;

use super::task_args::{TaskArgs, title};
use super::{arguments, submission};
use crate::cli::async_runtime::block_on;
use crate::cli::connections_args::ConnectionsArgs;
use crate::cli::context::Context;
use crate::cli::duration;
use crate::cli::exit::Failure;
use crate::cli::report::{self, Report};
use crate::cli::source_args::SourceArgs;
use crate::cli::store::{StoreArgs, admission, engine_failure};
use crate::cli::text_layout;
use crate::clock::Timestamp;
use crate::operator::Settled;
use crate::runtime::task::StoredIntent;
use crate::runtime::{Engine as _, EngineError, Task, TaskState};

/// Stop a task, and undo what it has started if asked to
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

/// Settle a task that is in doubt: say whether its call was made
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("word").required(true).args(["made", "not_made"]))]
#[command(after_help = "\
A task is in_doubt if its call may have been sent, no reply was received, and the service cannot say whether
the call was made. Find out, then say which. The task goes on with RESULT: null for a call of Redshift, the
task's result for http.request. The call is made again only with --not-made.

Examples:
  maitred tasks settle 7 --not-made
  maitred tasks settle nightly --made '{\"id\": 4711}'")]
pub(super) struct SettleArgs {
    #[command(flatten)]
    task: TaskArgs,
    /// The call was made, and returned this JSON
    #[arg(long, value_name = "RESULT")]
    made: Option<String>,
    /// The call was not made
    #[arg(long)]
    not_made: bool,
}

/// Run a failed, skipped or cancelled task again from the beginning
#[derive(Debug, clap::Args)]
pub(super) struct RetryArgs {
    #[command(flatten)]
    task: TaskArgs,
    /// New arguments in place of its own: a JSON object, @FILE, or - for standard input
    #[arg(long, value_name = "JSON")]
    args: Option<String>,
    #[command(flatten)]
    connections: ConnectionsArgs,
}

/// Remove tasks that have ended; those in doubt stay until they are settled
#[derive(Debug, clap::Args)]
pub(super) struct PruneArgs {
    /// Remove those that ended longer ago than this
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "30d")]
    older_than: Duration,
    #[command(flatten)]
    store: StoreArgs,
}

pub(super) fn cancel(args: &CancelArgs, context: &Context) -> anyhow::Result<Report> {
    let (opened, mut task) = args.task.find(context)?;
    if task.state.is_final() {
        return Err(has_ended(&task).into());
    }
    if args.undo {
        let details = opened.ask(opened.engine.details(task.id))?;
        let Some(undo) = details.deferral.and_then(|deferral| deferral.on_cancel) else {
            return Err(nothing_to_undo(&task, details.calls).into());
        };
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
    let state = match block_on(opened.engine.cancel(task.id, args.undo))? {
        Err(EngineError::WrongState { state, .. }) => {
            task.state = state;
            return Err(has_ended(&task).into());
        }
        cancelled => cancelled.map_err(engine_failure)?,
    };
    let text = if state == TaskState::InDoubt {
        let message = opened.ask(opened.engine.get(task.id))?.message.unwrap_or_default();
        format!("{} is {state}: {message}", title(&task))
    } else if state.is_final() {
        format!("{} is {state}", title(&task))
    } else {
        format!("{} is {state}; the triggerer will end it", title(&task))
    };
    Ok(Report::default().with_stderr(text))
}

/// The failure for a task that cannot be undone.
fn nothing_to_undo(task: &Task, calls: Vec<StoredIntent>) -> Failure {
    let (mut made, mut unknown) = (Vec::new(), Vec::new());
    for call in calls {
        if call.settled.is_some() { &mut made } else { &mut unknown }.push(call.intent.name);
    }
    let mut message = format!("{} has started nothing that could be undone", title(task));
    if !made.is_empty() || !unknown.is_empty() {
        message = format!("there is no call that would undo {}", title(task));
    }
    if !made.is_empty() {
        message.push_str(&format!("; it has made {}", made.join(", ")));
    }
    if !unknown.is_empty() {
        message.push_str(&format!("; it may or may not have made {}", unknown.join(", ")));
    }
    Failure::usage(message).help("without --undo, the task is stopped and nothing else")
}

/// The failure for a task that has ended and cannot be cancelled.
fn has_ended(task: &Task) -> Failure {
    let failure = Failure::usage(format!(
        "{} has ended: it is {}, and only a task that has not ended can be cancelled",
        title(task),
        task.state
    ));
    if task.state == TaskState::InDoubt { failure.help(settle_help(task)) } else { failure }
}

fn settle_help(task: &Task) -> String {
    let id = task.id;
    format!(
        "find out whether its call was made, then `maitred tasks settle {id} --made RESULT` or \
         `maitred tasks settle {id} --not-made`"
    )
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

pub(super) fn settle(args: &SettleArgs, context: &Context) -> anyhow::Result<Report> {
    let settled = match &args.made {
        None => Settled::NotMade,
        Some(text) => Settled::Done(serde_json::from_str(text).map_err(|error| {
            Failure::usage(format!("the result is not JSON: {error}"))
                .help("give what the call returned as JSON; null if it returned nothing")
        })?),
    };
    let (opened, task) = args.task.find(context)?;
    if task.state != TaskState::InDoubt {
        let title = title(&task);
        return Err(Failure::usage(format!(
            "{title} is {}; only a task that is in_doubt can be settled",
            task.state
        ))
        .into());
    }
    opened.ask(opened.engine.settle(task.id, settled))?;
    let next = match &args.made {
        Some(_) => "goes on without making it again",
        None => "makes it again",
    };
    Ok(Report::default().with_stderr(format!(
        "{} is up_for_retry, due now, and {next}; `maitred triggerer` runs it",
        title(&task)
    )))
}

pub(super) fn retry(args: &RetryArgs, context: &Context) -> anyhow::Result<Report> {
    let (mut opened, task) = args.task.find(context)?;
    let changed = args.args.as_deref().map(arguments::read).transpose()?;
    if changed.is_some() {
        let sources = SourceArgs::of_environment(context);
        let catalog = Arc::new(sources.catalog(context)?);
        opened = opened.with_admission(admission(catalog, &sources, &args.connections, context)?);
    }
    match block_on(opened.engine.retry(task.id, changed))? {
        Err(EngineError::WrongState { state, .. }) => Err(cannot_be_retried(&task, state).into()),
        Err(error) => Err(engine_failure(error).into()),
        Ok(warnings) => {
            submission::warn(&warnings);
            Ok(Report::default().with_stderr(format!(
                "{} is up_for_retry, due now; `maitred triggerer` runs it",
                title(&task)
            )))
        }
    }
}

fn cannot_be_retried(task: &Task, state: TaskState) -> Failure {
    if state == TaskState::InDoubt {
        let message = format!("{} is in_doubt, and a retry could make its call twice", title(task));
        return Failure::usage(message).help(settle_help(task));
    }
    let title = title(task);
    Failure::usage(format!(
        "{title} is {state}; only a task that is failed, skipped or cancelled can be retried"
    ))
}

pub(super) fn prune(args: &PruneArgs, context: &Context) -> anyhow::Result<Report> {
    let opened = args.store.open_existing(context)?;
    let now = opened.clock.now();
    let before = now.as_millis().saturating_sub(args.older_than.as_millis() as u64);
    let before = Timestamp::from_millis(before);
    let removed = opened.ask(opened.engine.prune(before))?;
    Ok(Report::default().with_stderr(format!("{} removed", text_layout::counted(removed, "task"))))
}
