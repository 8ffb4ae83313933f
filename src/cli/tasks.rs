//! `maitred tasks`: submits, shows and changes the tasks of a store.

use super::context::Context;
use super::report::Report;

mod arguments;
mod change;
mod failure_hook;
mod follow;
mod json;
mod operators;
mod show;
mod spec_args;
mod submission;
mod submit;
mod task_args;
mod task_lines;
mod text;

pub(super) use failure_hook::text as hook_text;
pub(super) use follow::{ended, follow};
pub(super) use spec_args::SpecArgs;
pub(super) use submission::submit_one;
pub(super) use task_args::title;

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

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<Report> {
    match &args.command {
        Command::Submit(args) => submit::run(args, context),
        Command::List(args) => show::list(args, context),
        Command::Show(args) => show::show(args, context),
        Command::Watch(args) => show::watch(args, context),
        Command::Logs(args) => show::logs(args, context),
        Command::Cancel(args) => change::cancel(args, context),
        Command::Retry(args) => change::retry(args, context),
        Command::Settle(args) => change::settle(args, context),
        Command::Prune(args) => change::prune(args, context),
        Command::Operators(args) => operators::operators(args, context),
    }
}
