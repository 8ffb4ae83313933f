//! `maitred run`: one task, from its submission to its end.

use std::time::Duration;

use clap::{Args as _, FromArgMatches as _};
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::async_runtime;
use super::connections_args::ConnectionsArgs;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::report::{self, Format, Report};
use super::signals::Signals;
use super::source_args::SourceArgs;
use super::store::{OpenEngine, StoreArgs, engine_failure, store_failure, unusable_failure};
use super::tasks::{self, SpecArgs};
use crate::runtime::store::Submitted;
use crate::runtime::{Engine as _, Scope, StoreError, TaskId, TriggererOptions};

mod operator_flags;

use operator_flags::OperatorFlags;

/// Submit one task and follow it to its end; exits as `maitred wait` would: 0 success, 1 failed or in
/// doubt, 2 bad usage or blocked, 3 gave up, 4 refused, 5 unreachable, 130 cancelled
///
/// This process runs only this task; if a triggerer already runs the store, that one runs it. The task is
/// durable: if this process is killed, `maitred triggerer` continues it. A failure hook is run once; if its
/// server cannot be reached, `maitred triggerer` tries again.
///
/// The arguments of the operator are flags: `maitred run OPERATOR --help` lists them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  maitred run glue.start_job_run --job-name nightly
  maitred run redshift.pause_cluster --cluster-identifier analytics --wait-for-completion --deferrable")]
pub(super) struct Args {
    /// The operator; `maitred tasks operators` lists them
    operator: String,
    #[command(flatten)]
    task: SpecArgs,
    /// End when the work is started, without waiting for it
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    store: StoreArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    connections: ConnectionsArgs,
    #[command(flatten)]
    sources: SourceArgs,
}

/// `run` with our options, and no operator's.
pub(super) fn general() -> clap::Command {
    Args::augment_args(clap::Command::new("run").no_binary_name(true))
        .override_usage("maitred run OPERATOR [--ARGUMENT VALUE]… [OPTIONS]")
}

/// `run` with the flags of an operator, which come first in its help.
fn with_operator(flags: &OperatorFlags, operator: &str, about: &str) -> clap::Command {
    let command = flags.add_to(clap::Command::new("run").no_binary_name(true));
    Args::augment_args(command)
        .override_usage(format!("maitred run {operator} [--ARGUMENT VALUE]… [OPTIONS]"))
        .about(about.to_owned())
        .long_about(None)
        .after_help(None)
}

/// Runs `run` with the words after it.
pub(super) fn run(words: &[String], context: &Context) -> anyhow::Result<Report> {
    let seen = general().ignore_errors(true).disable_help_flag(true).try_get_matches_from(words)?;
    let operator = seen.get_one::<String>("operator").filter(|word| !word.starts_with('-'));
    let Some(operator) = operator else {
        general().try_get_matches_from(words)?;
        return Err(Failure::usage("run what? name an operator").into());
    };
    let flags = OperatorFlags::of(operator, &general(), context).map_err(unusable_failure)?;
    let about = context.registry.summary(operator).map_err(unusable_failure)?;
    let matches = with_operator(&flags, operator, about).try_get_matches_from(words)?;
    let args = Args::from_arg_matches(&matches)?;
    let mut given = flags.arguments(&matches)?;
    if args.no_wait {
        given.insert("wait_for_completion".to_owned(), false.into());
    }
    run_task(&args, given, context)
}

fn run_task(args: &Args, given: Map<String, Value>, context: &Context) -> anyhow::Result<Report> {
    args.sources.check()?;
    let (opened, submitted) = tasks::submit_one(
        &args.task,
        given,
        &args.operator,
        &args.store,
        &args.connections,
        &args.sources,
        context,
    )?;
    let (id, scope) = match submitted {
        Submitted::Created(id) | Submitted::Replaced { new: id, .. } => (id, Scope::New(id)),
        Submitted::Attached(id) => (id, Scope::Existing(id)),
    };
    report::note(&format!("task {id} is in {}", opened.path.display()));
    let runtime = async_runtime::multi_thread()?;
    let ended = runtime.block_on(follow(args, &opened, id, scope));
    // What hangs in flight must not keep the process alive.
    runtime.shutdown_background();
    ended
}

async fn follow(
    args: &Args,
    opened: &OpenEngine,
    id: TaskId,
    scope: Scope,
) -> anyhow::Result<Report> {
    let mut signals = Signals::listen_to_all()?;
    let (stop, stopped) = watch::channel(false);
    let mut running = std::pin::pin!(run_here(opened, scope, stopped));
    let mut followed = std::pin::pin!(tasks::follow(opened, id, report::note));
    let report = tokio::select! {
        biased;
        exit = signals.next() => interrupted(id, exit),
        task = &mut followed => tasks::ended(&task?, args.output),
        ended = &mut running => return Err(broken_off(ended)),
    };
    stop.send_replace(true);
    let finished = async {
        tokio::select! {
            ended = finished(running) => ended?,
            _ = signals.next() => {}
        }
        tell_of_hook(opened, id).await
    };
    // The outcome of the task is known whatever happens now.
    if let Err(error) = finished.await {
        report::note(&format!("warning: the end of this process: {error:#}"));
    }
    Ok(report)
}

/// Notes a failure hook that still has to run.
async fn tell_of_hook(opened: &OpenEngine, id: TaskId) -> anyhow::Result<()> {
    let task = opened.engine.get(id).await.map_err(engine_failure)?;
    if let Some(hook) = Some(&task).filter(|task| task.hook_pending).and_then(tasks::hook_text) {
        report::note(&format!("the failure hook {hook}; `maitred triggerer` goes on with it"));
    }
    Ok(())
}

/// Runs the one task until `stopped`, unless a triggerer runs the store, and with it this task.
async fn run_here(
    opened: &OpenEngine,
    mut scope: Scope,
    mut stopped: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    loop {
        let options = TriggererOptions::default().with_scope(scope);
        let mut asked = stopped.clone();
        let ended = opened.engine.triggerer(options).run(async move {
            // A sender that is gone means the end, too.
            let _ = asked.wait_for(|stop| *stop).await;
        });
        match ended.await {
            Err(StoreError::Locked(_)) => {}
            ended => return ended.map_err(|error| store_failure(error).into()),
        }
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return Ok(()),
            () = opened.clock.sleep(TRY_EVERY) => {}
        }
        // Meanwhile another process may have begun it.
        if let Scope::New(id) = scope {
            scope = Scope::Existing(id);
        }
    }
}

/// The triggerer ended without being asked to.
fn broken_off(ended: anyhow::Result<()>) -> anyhow::Error {
    ended.err().unwrap_or_else(|| anyhow::anyhow!("the task is no longer run"))
}

/// How often a process tries to run its task while another one runs the store.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// How long the end may take without a note.
const SOON: Duration = Duration::from_secs(1);

/// Waits for the triggerer to end, with a note if that takes a while.
async fn finished(
    mut running: std::pin::Pin<&mut impl Future<Output = anyhow::Result<()>>>,
) -> anyhow::Result<()> {
    match tokio::time::timeout(SOON, running.as_mut()).await {
        Ok(ended) => ended,
        Err(_) => {
            report::note("ending: running hooks and steps are finished first; Ctrl-C ends at once");
            running.await
        }
    }
}

fn interrupted(id: TaskId, exit: Exit) -> Report {
    let text = format!(
        "task {id} is not over: `maitred triggerer` goes on with it, \
        `maitred tasks cancel {id}` ends it"
    );
    Report::default().with_stderr(text).with_exit(exit)
}
