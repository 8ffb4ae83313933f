//! The `maitred` command: its arguments, what it prints, and its exit codes ([`Exit`]).
//!
//! Results go to stdout, everything else to stderr.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

mod advice;
mod async_runtime;
mod call;
mod clients;
mod completions;
mod connections;
mod connections_args;
mod context;
mod dry_run;
mod duration;
mod error_report;
mod exit;
mod explain;
mod findings;
mod keywords;
mod lint;
mod list;
mod man;
mod misplaced_service;
mod models;
mod new;
mod number;
mod operation_flags;
mod point_in_time;
mod progress;
mod project;
mod record;
mod report;
mod run;
mod schema;
mod screen;
mod services;
mod shorthand;
mod signals;
mod signature;
mod source_args;
mod startup;
mod store;
mod tasks;
mod test;
mod text_layout;
mod triggerer;
mod trust;
mod values;
mod wait;
mod waiter_lookup;
mod words;

use context::Context;
pub use exit::Exit;
use report::Report;

use crate::runtime::Registry;

/// Waits for cloud resources and HTTP endpoints.
#[derive(Debug, clap::Parser)]
#[command(name = "maitred", version, disable_help_subcommand = true, arg_required_else_help = true)]
#[command(after_help = "Examples:
  maitred wait redshift cluster_available --cluster-identifier analytics
  maitred wait http get --url http://localhost:8080/health --until 'StatusCode == `200`'
  maitred call redshift describe-clusters

`maitred COMMAND --help` shows the details. MAITRED_LOG=debug logs to stderr.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Wait until a condition holds
    #[command(disable_help_flag = true)]
    Wait(RawArgs),
    /// Call any operation once and print the reply as JSON
    #[command(disable_help_flag = true)]
    Call(RawArgs),
    /// Wait, and write the replies as a case for `maitred test`
    #[command(disable_help_flag = true)]
    Record(RawArgs),
    List(list::Args),
    Explain(explain::Args),
    Lint(lint::Args),
    Test(test::Args),
    New(new::Args),
    Schema(schema::Args),
    Connections(connections::Args),
    Trust(trust::Args),
    Models(models::Args),
    /// Submit one task and follow it to its end
    #[command(disable_help_flag = true)]
    Run(RawArgs),
    Triggerer(triggerer::Args),
    Tasks(tasks::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// The words of a command whose flags depend on its first words.
#[derive(Debug, clap::Args)]
struct RawArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

/// The whole tree of commands, for completions and for documentation.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
        .mut_subcommand("wait", |_| with_names(wait::general(), "WAITER"))
        .mut_subcommand("record", |_| with_names(record::general(), "WAITER"))
        .mut_subcommand("call", |_| with_names(call::general(), "OPERATION"))
        .mut_subcommand("run", |_| run::general())
}

fn with_names(command: clap::Command, name: &'static str) -> clap::Command {
    command.arg(clap::Arg::new("SERVICE").index(1)).arg(clap::Arg::new(name).index(2))
}

/// Runs the command with the arguments of a process, the program's name first.
pub fn main_with_args(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    main_with(crate::registry(), args)
}

/// Runs the command with the operators and triggers of `registry`: the `main` of a program that adds its own.
///
/// `run`, `triggerer` and `tasks` use this registry. A plain `maitred` on the same store marks tasks of
/// operators that it does not know as `blocked`; a triggerer that knows them continues them.
///
/// ```no_run
/// use maitred::runtime::Registry;
///
/// fn main() -> std::process::ExitCode {
///     let registry = maitred::registry(); // .with_operator::<Report>().with_trigger::<FileTrigger>()
///     maitred::cli::main_with(registry, std::env::args_os())
/// }
/// ```
///
/// `examples/own_command.rs` is a complete program.
pub fn main_with(registry: Registry, args: impl IntoIterator<Item = OsString>) -> ExitCode {
    startup::start();
    let context = Context::new(registry);
    let args = help_as_flag(args.into_iter().collect());
    let report = match Cli::try_parse_from(&args) {
        Ok(cli) => {
            dispatch(cli.command, &context).unwrap_or_else(|error| error_report::of_error(&error))
        }
        Err(error) => match misplaced_service::failure(&args, &Cli::command(), &context) {
            Some(failure) => error_report::of_error(&failure.into()),
            None => error_report::of_clap(&error),
        },
    };
    report.print().into()
}

fn dispatch(command: Command, context: &Context) -> anyhow::Result<Report> {
    match command {
        Command::Wait(args) => with_json_error(&args, wait::run(&args.words, context)),
        Command::Call(args) => call::run(&args.words, context),
        Command::Record(args) => with_json_error(&args, record::run(&args.words, context)),
        Command::List(args) => list::run(&args, context),
        Command::Explain(args) => explain::run(&args, context),
        Command::Lint(args) => lint::run(&args, context),
        Command::Test(args) => test::run(&args, context),
        Command::New(args) => new::run(&args, context),
        Command::Schema(args) => Ok(schema::run(&args)),
        Command::Connections(args) => connections::run(&args, context),
        Command::Trust(args) => trust::run(&args),
        Command::Models(args) => models::run(&args, context),
        Command::Run(args) => run::run(&args.words, context),
        Command::Triggerer(args) => triggerer::run(&args, context),
        Command::Tasks(args) => tasks::run(&args, context),
        Command::Completions(args) => completions::run(&args, self::command(), context),
        Command::Man(args) => man::run(&args, self::command()),
    }
}

/// Reports an error as JSON, too, where the words ask for JSON.
fn with_json_error(args: &RawArgs, result: anyhow::Result<Report>) -> anyhow::Result<Report> {
    match result {
        Err(error) if words::ask_for_json(&args.words) => Ok(error_report::with_json(&error)),
        result => result,
    }
}

/// `maitred help wait redshift` is `maitred wait redshift --help`.
fn help_as_flag(mut args: Vec<OsString>) -> Vec<OsString> {
    if args.get(1).is_some_and(|word| word == "help") {
        args.remove(1);
        args.push("--help".into());
    }
    args
}
