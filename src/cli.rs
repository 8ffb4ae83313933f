//! The `maitred` command: what it takes, what it says, how it exits ([`Exit`]).
//!
//! Results go to stdout, everything else to stderr.

use std::ffi::OsString;
use std::future::Future;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

mod advice;
mod arguments;
mod call;
mod clients;
mod completions;
mod connections;
mod dry_run;
mod duration;
mod exit;
mod explain;
mod foreign;
mod lint;
mod list;
mod man;
mod misnamed;
mod moment;
#[cfg(feature = "aws")]
mod models;
mod new;
mod progress;
mod project;
mod record;
mod render;
mod report;
#[cfg(feature = "runtime")]
mod run;
mod schema;
mod services;
mod shorthand;
mod signals;
mod signature;
#[cfg(feature = "runtime")]
mod store;
#[cfg(feature = "runtime")]
mod tasks;
mod terms;
mod test;
#[cfg(feature = "runtime")]
mod triggerer;
mod trust;
mod values;
mod wait;
mod words;

pub use exit::Exit;
use exit::Failure;
use report::Report;

use crate::client::aws::MIN_SECRET_LENGTH;
use crate::descriptors;
use crate::runtime::Registry;
use crate::secrets::names::is_secret_name;
use crate::secrets::urls;

/// Wait on things in the cloud.
#[derive(Debug, clap::Parser)]
#[command(name = "maitred", version, disable_help_subcommand = true, arg_required_else_help = true)]
#[command(after_help = "Examples:
  maitred wait redshift cluster_available --cluster-identifier analytics
  maitred wait http get --url http://localhost:8080/health --until 'StatusCode == `200`'
  maitred call redshift describe-clusters

`maitred COMMAND --help` says more. MAITRED_LOG=debug logs to stderr.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Wait until something is as it should be
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
    #[cfg(feature = "aws")]
    Models(models::Args),
    #[cfg(feature = "runtime")]
    Run(run::Args),
    #[cfg(feature = "runtime")]
    Triggerer(triggerer::Args),
    #[cfg(feature = "runtime")]
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
}

fn with_names(command: clap::Command, name: &'static str) -> clap::Command {
    command.arg(clap::Arg::new("SERVICE").index(1)).arg(clap::Arg::new(name).index(2))
}

/// Runs the command with the arguments of a process, the program's name first.
pub fn main_with_args(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    main_with(crate::registry(), args)
}

/// Runs the command with the operators and triggers of `registry`: the `main` of a program that has some
/// of its own, and is otherwise all of `maitred`.
///
/// `run`, `triggerer` and `tasks` know what the registry knows. The plain `maitred` on the same store
/// leaves tasks of other operators alone: its triggerer marks them `blocked`, and they go on once a
/// triggerer that knows them runs.
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
/// `examples/own_command.rs` is a whole one.
pub fn main_with(registry: Registry, args: impl IntoIterator<Item = OsString>) -> ExitCode {
    start();
    let args = help_as_flag(args.into_iter().collect());
    let exit = match Cli::try_parse_from(&args) {
        Ok(cli) => finish(store::with_registry(registry, || dispatch(cli.command))),
        Err(error) => finish(match foreign::misplaced(&args, &Cli::command()) {
            Some(failure) => Err(failure.into()),
            None => Ok(usage(&error)),
        }),
    };
    exit.into()
}

fn dispatch(command: Command) -> anyhow::Result<Report> {
    match command {
        Command::Wait(args) => {
            wait::run(&args.words).or_else(|error| explained(error, wait::wants_json(&args.words)))
        }
        Command::Call(args) => call::run(&args.words),
        Command::Record(args) => record::run(&args.words)
            .or_else(|error| explained(error, wait::wants_json(&args.words))),
        Command::List(args) => list::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Lint(args) => lint::run(&args),
        Command::Test(args) => test::run(&args),
        Command::New(args) => new::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Connections(args) => connections::run(&args),
        Command::Trust(args) => trust::run(&args),
        #[cfg(feature = "aws")]
        Command::Models(args) => models::run(&args),
        #[cfg(feature = "runtime")]
        Command::Run(args) => run::run(&args),
        #[cfg(feature = "runtime")]
        Command::Triggerer(args) => triggerer::run(&args),
        #[cfg(feature = "runtime")]
        Command::Tasks(args) => tasks::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
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

/// An error as a report; to those who asked for JSON, as JSON too.
fn explained(error: anyhow::Error, json: bool) -> anyhow::Result<Report> {
    let report = failed(&error);
    if !json || report.exit == Exit::Success {
        return Ok(report);
    }
    let message = urls::masked(&anstream::adapter::strip_str(&report.stderr).to_string());
    let (status, code, kind) = match report.exit {
        Exit::GaveUp => ("timeout", "Timeout", None),
        Exit::Interrupted | Exit::Terminated => ("cancelled", "Cancelled", None),
        Exit::Success | Exit::Failure | Exit::Usage | Exit::Refused | Exit::Unreachable => {
            ("error", "Usage", Some("invalid"))
        }
    };
    let object = serde_json::json!({
        "version": 1,
        "status": status,
        "message": urls::masked(&error.to_string()),
        "error": {"code": code, "message": message, "status": null, "kind": kind},
    });
    Ok(Report { stdout: report::json(&object), ..report })
}

fn failed(error: &anyhow::Error) -> Report {
    match error.downcast_ref::<clap::Error>() {
        Some(error) => usage(error),
        None => Report::default()
            .with_stderr(report::error_text(error))
            .with_exit(error.downcast_ref::<Failure>().map_or(Exit::Usage, Failure::exit)),
    }
}

/// Prints what a command came to.
fn finish(result: anyhow::Result<Report>) -> Exit {
    let report = result.unwrap_or_else(|error| failed(&error));
    report.print()
}

/// What clap says: help and version are results, the rest is bad usage.
fn usage(error: &clap::Error) -> Report {
    let text = report::usage_text(error);
    if error.use_stderr() {
        Report::default().with_stderr(text).with_exit(Exit::Usage)
    } else {
        Report::text(text)
    }
}

/// Runs a future to its end, in a runtime of its own.
fn block_on<T>(future: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = runtime(tokio::runtime::Builder::new_current_thread())?;
    let result = runtime.block_on(future);
    // A name look-up that hangs must not keep the process alive.
    runtime.shutdown_background();
    Ok(result)
}

/// How many files a runtime, its signals, and one connection with its certificates need.
const FILES_NEEDED: usize = 8;

/// A runtime with all drivers. Several parts of it panic where no file can be opened.
fn runtime(mut builder: tokio::runtime::Builder) -> anyhow::Result<tokio::runtime::Runtime> {
    can_open_files()?;
    Ok(builder.enable_all().build()?)
}

/// Refuses a command that could not open what it needs.
fn can_open_files() -> Result<(), Failure> {
    match descriptors::available() {
        Some(left) if left < FILES_NEEDED => {
            let message = format!(
                "this process may open only {left} more files, and needs {FILES_NEEDED} or more"
            );
            Err(Failure::usage(message).help("raise the limit, e.g. `ulimit -n 1024`"))
        }
        _ => Ok(()),
    }
}

/// What every command begins with.
fn start() {
    descriptors::raise_limit();
    std::panic::set_hook(Box::new(report::panicked));
    remember_environment();
    start_log();
}

/// Secrets of the environment that no connection names: keys of AWS, logins of proxies and endpoints.
fn remember_environment() {
    let known = report::known();
    for (name, value) in std::env::vars_os() {
        let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
        if name.starts_with("AWS_") && is_secret_name(name) && value.len() >= MIN_SECRET_LENGTH {
            known.add(value);
        }
        if name.starts_with("AWS_ENDPOINT_URL") || name.to_ascii_lowercase().ends_with("_proxy") {
            known.add_urls(value);
        }
    }
    known.keep();
}

/// Logs to stderr what `MAITRED_LOG`, or else `RUST_LOG`, asks for; by default nothing.
fn start_log() {
    use tracing_subscriber::EnvFilter;
    let filter =
        ["MAITRED_LOG", "RUST_LOG"].iter().find_map(|name| EnvFilter::try_from_env(name).ok());
    if let Some(filter) = filter {
        let log = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(report::has_colors())
            .with_writer(|| report::LogWriter);
        // In a process that has a log already, e.g. a test, that one stays.
        let _ = log.try_init();
    }
}
