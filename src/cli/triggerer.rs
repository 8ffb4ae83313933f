//! `maitred triggerer`: runs the tasks of a store.

use super::clients::SourceArgs;
use super::exit::{Exit, Failure};
use super::report::{self, Report};
use super::signals::Signals;
use super::store::{Opened, StoreArgs, store_failure};
use super::tasks;
use crate::runtime::StoreError;
use crate::runtime::TaskState;
use crate::runtime::TriggererOptions;
use crate::runtime::store::TaskFilter;

/// Run the tasks of a store: operators on workers, triggers in one timer queue
///
/// One triggerer runs a store at a time; a second one exits with 2. SIGTERM or Ctrl-C ends it once the
/// steps in hand are finished, a second one at once. Either way nothing is lost: the next triggerer goes
/// on where this one was.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  maitred triggerer
  maitred triggerer --until-idle --store /var/lib/maitred/tasks.sqlite
  maitred triggerer --check")]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreArgs,
    /// How many triggers are held at most; further deferred tasks wait
    #[arg(long, value_name = "N", default_value_t = TriggererOptions::default().capacity)]
    capacity: usize,
    /// How many operators run at a time
    #[arg(long, value_name = "N", default_value_t = TriggererOptions::default().workers)]
    workers: usize,
    /// How many polls are in flight at a time
    #[arg(long, value_name = "N", default_value_t = TriggererOptions::default().polls)]
    polls: usize,
    /// End once no task is left that could run
    #[arg(long)]
    until_idle: bool,
    /// Run nothing; tell which unfinished tasks this program could not run. Exits with 1 if there are any
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    sources: SourceArgs,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Report> {
    args.sources.check()?;
    let opened = args.store.open()?;
    if args.check {
        return check(&opened);
    }
    for (name, number) in
        [("--capacity", args.capacity), ("--workers", args.workers), ("--polls", args.polls)]
    {
        if number == 0 {
            return Err(Failure::usage(format!("{name} is at least 1")).into());
        }
    }
    let options = TriggererOptions {
        capacity: args.capacity,
        workers: args.workers,
        polls: args.polls,
        until_idle: args.until_idle,
    };
    let triggerer = opened.triggerer(&args.sources, options);
    report::note(&format!("running the tasks of {}", opened.path.display()));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let mut running = std::pin::pin!(triggerer.run(async {
            // A sender that is gone means the end, too.
            let _ = stopped.await;
        }));
        let first = tokio::select! {
            done = &mut running => return std::io::Result::Ok(done.map(|()| None)),
            exit = signals.next() => exit,
        };
        report::note("ending: the steps in hand are finished first; once more ends at once");
        let _ = stop.send(());
        Ok(tokio::select! {
            done = &mut running => done.map(|()| Some(first)),
            exit = signals.next() => Ok(Some(exit)),
        })
    })?;
    // What hangs in flight must not keep the process alive.
    runtime.shutdown_background();
    match ended {
        Ok(exit) => Ok(Report::default().with_exit(exit.unwrap_or(Exit::Success))),
        Err(error) => Err(store_failure(&error).into()),
    }
}

/// What this program could not run.
fn check(opened: &Opened) -> anyhow::Result<Report> {
    let read = |error: StoreError| store_failure(&error);
    let unfinished = TaskFilter {
        states: TaskState::ALL.into_iter().filter(|state| !state.is_final()).collect(),
        ..TaskFilter::default()
    };
    let tasks = opened.store.tasks(&unfinished).map_err(read)?;
    let mut text = String::new();
    for task in &tasks {
        let deferral = opened.store.deferral(task.id).map_err(read)?;
        let trigger = deferral.map(|deferral| deferral.trigger);
        if let Err(reason) = opened.registry.can_run(&task.spec, trigger.as_ref()) {
            text.push_str(&format!("{}: {reason}\n", tasks::title(task)));
        }
    }
    if text.is_empty() {
        let count = tasks.len();
        return Ok(Report::text(format!("all {count} unfinished tasks can be run\n")));
    }
    Ok(Report::text(text).with_exit(Exit::Failure))
}
