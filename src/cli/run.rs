//! `maitred run`: one task, from its submission to its end.

use std::time::Duration;

use super::clients::SourceArgs;
use super::exit::Exit;
use super::report::{self, Format, Report};
use super::signals::Signals;
use super::store::{Opened, StoreArgs, store_failure};
use super::tasks::submit::SpecArgs;
use super::tasks::{self, submit};
use crate::runtime::StoreError;
use crate::runtime::TaskId;
use crate::runtime::TriggererOptions;

/// Submit one task and follow it to its end; exits as `maitred wait` would: 0 success, 1 failed or in
/// doubt, 2 bad usage or blocked, 3 gave up, 4 refused, 5 unreachable, 130 cancelled
///
/// The task is run in this process, unless a triggerer runs the store already. It is as durable as any:
/// if this process is killed, `maitred triggerer` goes on with it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  maitred run redshift.pause_cluster --args '{\"cluster_identifier\": \"analytics\", \
\"wait_for_completion\": true, \"deferrable\": true}'")]
pub(super) struct Args {
    /// The operator; `maitred tasks operators` lists them
    operator: String,
    #[command(flatten)]
    task: SpecArgs,
    #[command(flatten)]
    store: StoreArgs,
    /// How the result is written
    #[arg(long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    sources: SourceArgs,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Report> {
    args.sources.check()?;
    let (opened, submitted) =
        submit::submit(&args.task, &args.operator, &args.store, &args.sources)?;
    let id = submitted.id();
    report::note(&format!("task {id} is in {}", opened.path.display()));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(follow(args, &opened, id));
    // What hangs in flight must not keep the process alive.
    runtime.shutdown_background();
    ended
}

async fn follow(args: &Args, opened: &Opened, id: TaskId) -> anyhow::Result<Report> {
    let mut signals = Signals::listen()?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let triggerer = opened.triggerer(&args.sources, TriggererOptions::default())?;
    let mut running = std::pin::pin!(triggerer.run(async {
        // A sender that is gone means the end, too.
        let _ = stopped.await;
    }));
    let mut followed = std::pin::pin!(tasks::follow(opened, id, report::note));
    let mut elsewhere = false;
    let report = loop {
        tokio::select! {
            biased;
            exit = signals.next() => break interrupted(id, exit),
            task = &mut followed => break tasks::ended(&task?, args.output),
            ended = &mut running, if !elsewhere => match ended {
                // Another process runs the store: the task is followed there.
                Ok(()) | Err(StoreError::Locked(_)) => elsewhere = true,
                Err(error) => return Err(store_failure(&error).into()),
            },
        }
    };
    let _ = stop.send(());
    if !elsewhere {
        tokio::select! {
            ended = finished(running) => ended.map_err(|error| store_failure(&error))?,
            _ = signals.next() => {}
        }
    }
    let task = opened.store.task(id).map_err(|error| store_failure(&error))?;
    if let Some(hook) = task.as_ref().filter(|task| task.hook_pending).and_then(tasks::hook_text) {
        report::note(&format!("the failure hook {hook}; `maitred triggerer` goes on with it"));
    }
    Ok(report)
}

/// How long an end may take that is not told of.
const SOON: Duration = Duration::from_secs(1);

/// Waits for the triggerer's end, and says why if that takes a while.
async fn finished(
    mut running: std::pin::Pin<&mut impl Future<Output = Result<(), StoreError>>>,
) -> Result<(), StoreError> {
    match tokio::time::timeout(SOON, running.as_mut()).await {
        Ok(ended) => ended,
        Err(_) => {
            report::note("ending: hooks and steps in hand are finished first; Ctrl-C ends at once");
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
