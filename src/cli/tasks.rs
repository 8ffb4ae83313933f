//! `maitred tasks`: submits, shows and changes the tasks of a store.

use super::report::Report;
use super::store::StoreArgs;
use crate::clock::Timestamp;
use crate::model::timestamp::DateTime;
use crate::runtime::Task;

mod change;
mod check;
mod hook;
mod operators;
mod show;
pub(super) mod submit;
mod text;

pub(super) use hook::text as hook_text;
pub(super) use show::{ended, follow};

/// Submit, show and change the tasks that `maitred triggerer` runs
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Submit(submit::Args),
    List(show::ListArgs),
    Show(show::ShowArgs),
    Watch(show::WatchArgs),
    Logs(show::LogsArgs),
    Cancel(change::CancelArgs),
    Retry(change::RetryArgs),
    Settle(change::SettleArgs),
    Prune(change::PruneArgs),
    Operators(operators::OperatorsArgs),
}

pub(super) fn run(args: &Args) -> anyhow::Result<Report> {
    match &args.command {
        Command::Submit(args) => submit::run(args),
        Command::List(args) => show::list(args),
        Command::Show(args) => show::show(args),
        Command::Watch(args) => show::watch(args),
        Command::Logs(args) => show::logs(args),
        Command::Cancel(args) => change::cancel(args),
        Command::Retry(args) => change::retry(args),
        Command::Settle(args) => change::settle(args),
        Command::Prune(args) => change::prune(args),
        Command::Operators(args) => operators::operators(args),
    }
}

/// Which task of which store.
#[derive(Debug, Clone, clap::Args)]
struct TaskArgs {
    /// The task's number, or its key
    #[arg(value_name = "TASK")]
    task: String,
    #[command(flatten)]
    store: StoreArgs,
}

/// A task in a few words: `task 7 (nightly), redshift.pause_cluster`.
pub(super) fn title(task: &Task) -> String {
    let key = task.spec.key.as_ref().map_or_else(String::new, |key| format!(" ({key})"));
    format!("task {}{key}, {}", task.id, task.spec.operator)
}

/// A point in time for people, in UTC.
fn time(at: Timestamp) -> String {
    #[expect(clippy::cast_precision_loss, reason = "seconds of this age are exact")]
    let seconds = at.as_millis() as f64 / 1000.0;
    DateTime::from_epoch(seconds).map_or_else(|| at.as_millis().to_string(), DateTime::isoformat)
}
