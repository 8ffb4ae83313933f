//! `maitred triggerer`: runs the tasks of a store.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::connections_args::ConnectionsArgs;
use super::context::Context;
use super::exit::Exit;
use super::report::{self, Report};
use super::signals::Signals;
use super::source_args::SourceArgs;
use super::store::{StoreArgs, admission, engine_failure, store_failure};
use super::waiter_lookup::warn_of_unusable_files;
use super::{async_runtime, number, tasks};
use crate::runtime::store::TaskFilter;
use crate::runtime::triggerer::Notice;
use crate::runtime::{
    EmbeddedEngine, Engine as _, EngineError, Registry, Task, TaskState, TriggererOptions,
};

/// Run the tasks of a store: operators on workers, triggers in one timer queue
///
/// One triggerer runs a store at a time; a second one exits with 5. SIGTERM, SIGHUP, SIGQUIT or Ctrl-C ends it
/// once the steps in hand are finished, which exits with 0; a second signal ends it at once, with 143 or 130.
/// Either way nothing is lost: the next triggerer continues where this one ended.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  maitred triggerer
  maitred triggerer --until-idle --store /var/lib/maitred/tasks.sqlite
  maitred triggerer --check")]
pub(super) struct Args {
    #[command(flatten)]
    store: StoreArgs,
    /// The maximum number of triggers in memory; further deferred tasks wait
    #[arg(long, value_name = "N", value_parser = number::from_one::<usize>, allow_negative_numbers = true, default_value_t = TriggererOptions::default().capacity)]
    capacity: usize,
    /// The maximum number of operators that run at the same time
    #[arg(long, value_name = "N", value_parser = number::from_one::<usize>, allow_negative_numbers = true, default_value_t = TriggererOptions::default().workers)]
    workers: usize,
    /// The maximum number of polls in flight
    #[arg(long, value_name = "N", value_parser = number::from_one::<usize>, allow_negative_numbers = true, default_value_t = TriggererOptions::default().polls)]
    polls: usize,
    /// Exit once no task is left that can run
    #[arg(long)]
    until_idle: bool,
    /// Run nothing, and list the unfinished tasks that this program cannot run; exits with 1 if there are any
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    connections: ConnectionsArgs,
    #[command(flatten)]
    sources: SourceArgs,
    /// Do not print a line for each task that ends
    #[arg(long, short)]
    quiet: bool,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<Report> {
    args.sources.check()?;
    if args.check {
        let opened = args.store.open_existing(context)?;
        let checked = async_runtime::block_on(check(&opened.engine, &context.registry))?;
        return Ok(checked.map_err(engine_failure)?);
    }
    let mut options =
        TriggererOptions::default().with_capacity(args.capacity).with_workers(args.workers);
    options.polls = args.polls;
    options.until_idle = args.until_idle;
    let catalog = Arc::new(args.sources.catalog(context)?);
    warn_of_unusable_files(&catalog.bad_files());
    let admission = admission(catalog, &args.sources, &args.connections, context)?;
    let opened = args.store.open(admission, context)?;
    let ended = Arc::new(EndedTasks { quiet: args.quiet, counts: Mutex::default() });
    let observer = Arc::clone(&ended);
    let triggerer = opened.engine.triggerer(options);
    let triggerer = triggerer.with_observer(Arc::new(move |notice| observer.take(&notice)));
    report::note(&format!("running the tasks of {}", opened.path.display()));
    let runtime = async_runtime::multi_thread()?;
    let exit = runtime.block_on(async {
        let mut signals = Signals::listen_to_all()?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let mut running = std::pin::pin!(triggerer.run(async {
            // A sender that is gone means the end, too.
            let _ = stopped.await;
        }));
        tokio::select! {
            done = &mut running => return std::io::Result::Ok(done.map(|()| Exit::Success)),
            _ = signals.next() => {}
        }
        report::note("ending: running steps are finished first; a second signal ends at once");
        let _ = stop.send(());
        Ok(tokio::select! {
            done = &mut running => done.map(|()| Exit::Success),
            exit = signals.next() => Ok(exit),
        })
    })?;
    let counts = runtime.block_on(opened.engine.counts());
    // What hangs in flight must not keep the process alive.
    runtime.shutdown_background();
    let exit = exit.map_err(store_failure)?;
    let blocked = counts.map_err(engine_failure)?.get(&TaskState::Blocked).copied();
    Ok(Report::default().with_stderr(ended.summary(blocked.unwrap_or(0))).with_exit(exit))
}

/// Reports and counts tasks that end.
#[derive(Debug)]
struct EndedTasks {
    quiet: bool,
    /// How many have ended in this run, by their state.
    counts: Mutex<BTreeMap<TaskState, u64>>,
}

impl EndedTasks {
    fn take(&self, notice: &Notice<'_>) {
        match notice {
            Notice::Ended(task) => {
                let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
                *counts.entry(task.state).or_default() += 1;
                drop(counts);
                if !self.quiet {
                    report::note(&line(task));
                }
            }
            Notice::Blocked(task) => report::note(&format!("warning: {}", line(task))),
            Notice::StoreUnavailable(error) => {
                let because = std::error::Error::source(error);
                let because = because.map_or_else(|| error.to_string(), ToString::to_string);
                let because = report::one_line(&because);
                report::note(&format!("warning: {because}; trying again until it can be used"));
            }
            Notice::StoreAvailable => report::note("the store can be used again"),
            _ => {}
        }
    }

    /// The tasks that have ended and those that are blocked, in a line.
    fn summary(&self, blocked: u64) -> String {
        let ended = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let ended: Vec<_> = ended.iter().map(|(state, count)| format!("{count} {state}")).collect();
        let ended = if ended.is_empty() { "none".to_owned() } else { ended.join(", ") };
        let blocked = match blocked {
            0 => String::new(),
            count => format!("; {count} blocked, which `maitred triggerer --check` explains"),
        };
        format!("tasks that ended in this run: {ended}{blocked}")
    }
}

/// A task in a line: `task 7 (nightly), redshift.pause_cluster: failed: access denied`.
fn line(task: &Task) -> String {
    let mut line = format!("{}: {}", tasks::title(task), task.state);
    if let Some(message) = task.message.as_ref().filter(|_| task.state != TaskState::Success) {
        line.push_str(&format!(": {message}"));
    }
    report::one_line(&line)
}

/// Lists the tasks that this program cannot run.
async fn check(engine: &EmbeddedEngine, registry: &Registry) -> Result<Report, EngineError> {
    let mut unfinished = TaskFilter::default();
    unfinished.states = TaskState::ALL.into_iter().filter(|state| !state.is_final()).collect();
    let tasks = engine.list(unfinished).await?;
    let mut text = String::new();
    for task in &tasks {
        let deferral = engine.deferral(task.id).await?;
        let trigger = deferral.map(|deferral| deferral.trigger);
        let title = tasks::title(task);
        match registry.can_run(&task.spec, trigger.as_ref()) {
            Err(reason) => text.push_str(&format!("{title}: {reason}\n")),
            Ok(()) if task.state == TaskState::Blocked => {
                let reason = report::one_line(task.message.as_deref().unwrap_or_default());
                text.push_str(&format!("{title}: at the last try: {reason}\n"));
            }
            Ok(()) => {}
        }
    }
    if text.is_empty() {
        return Ok(Report::text(match tasks.len() {
            0 => "there is no unfinished task\n".to_owned(),
            1 => "the one unfinished task can be run\n".to_owned(),
            count => format!("all {count} unfinished tasks can be run\n"),
        }));
    }
    Ok(Report::text(text).with_exit(Exit::Failure))
}
