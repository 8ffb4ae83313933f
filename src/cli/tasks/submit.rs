//! `maitred tasks submit`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::check;
use crate::cli::block_on;
use crate::cli::clients::{self, SourceArgs};
use crate::cli::duration;
use crate::cli::exit::Failure;
use crate::cli::moment::{self, Moment};
use crate::cli::project::ConnectionsArgs;
use crate::cli::report::{self, Format, Report};
use crate::cli::store::{Opened, StoreArgs, engine_failure, registry};
use crate::cli::values::MAX_FILE;
use crate::clock::{Clock as _, SystemClock, Timestamp};
use crate::connection::Connections;
use crate::file::{self, FileError};
use crate::runtime::Engine as _;
use crate::runtime::NewTask;
use crate::runtime::OnConflict;
use crate::runtime::Registry;
use crate::runtime::StoreError;
use crate::runtime::Task;
use crate::runtime::engine::EngineError;
use crate::runtime::store::Submitted;
use crate::runtime::task::{FailureHook, WebhookUrl};

/// Submit a task, or many
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  maitred tasks submit redshift.pause_cluster --args '{\"cluster_identifier\": \"analytics\", \
\"wait_for_completion\": true, \"deferrable\": true}'
  maitred tasks submit http.sensor --args @sensor.json --key nightly --on-conflict attach
  maitred tasks submit --from - < tasks.ndjson

With --from, every line is a JSON object: {\"operator\", \"args\", \"key\", \"on_conflict\", \"due\", \"retries\",
\"retry_delay\", \"execution_timeout\", \"on_failure\": {\"command\": [..]} or {\"webhook\": \"..\"}}. Times are
seconds, or text as for the options. A webhook may be {\"$secret\": \"env:NAME\"}. Either all lines are submitted
or none.")]
pub(in crate::cli) struct Args {
    /// The operator, e.g. redshift.pause_cluster
    #[arg(required_unless_present = "from")]
    operator: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) task: SpecArgs,
    /// Submit the tasks of this file, one JSON object a line; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["operator", "SpecArgs"])]
    from: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    connections: ConnectionsArgs,
    /// How the numbers of the tasks are written
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

/// What a task is, beside its operator.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct SpecArgs {
    /// The operator's arguments: a JSON object, @FILE, or - for standard input
    #[arg(long, value_name = "JSON")]
    args: Option<String>,
    /// A name for the task; at most one task of a name is unfinished
    #[arg(long)]
    key: Option<String>,
    /// What happens if the key is taken: reject this task, attach to the one that has not ended, replace
    /// that one, or take it for done if the last task of the key has succeeded, is in doubt or has not ended
    #[arg(long, value_name = "WHAT", value_parser = on_conflict, default_value = "reject")]
    on_conflict: OnConflict,
    /// When it is due, at once if this is left out: a time such as 2026-12-01T03:00:00Z, or a duration from
    /// now such as 90m
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    due: Option<Moment>,
    /// How many tries more after the first
    #[arg(long, value_name = "N", value_parser = retries, default_value = "0")]
    retries: u32,
    /// Time between two tries
    #[arg(long, value_name = "TIME", value_parser = duration::parse, default_value = "5m")]
    retry_delay: Duration,
    /// How long one try may take, from its start to its end, deferrals included
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    execution_timeout: Option<Duration>,
    /// A command line that gets the task as JSON on standard input when it fails; again, if the triggerer
    /// died before it had noted that
    #[arg(long, value_name = "COMMAND", conflicts_with = "on_failure_webhook")]
    on_failure_command: Option<String>,
    /// A URL that gets the task as JSON in a POST when it fails; again, likewise. One with a secret in it
    /// is given as a reference, {"$secret": "env:NAME"}, whose value is the URL
    #[arg(long, value_name = "URL")]
    on_failure_webhook: Option<String>,
}

fn on_conflict(text: &str) -> Result<OnConflict, String> {
    match text {
        "reject" => Ok(OnConflict::Reject),
        "attach" => Ok(OnConflict::Attach),
        "replace" => Ok(OnConflict::Replace),
        "done" => Ok(OnConflict::Done),
        _ => Err("one of reject, attach, replace, done".to_owned()),
    }
}

fn retries(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "give a number of further tries, e.g. 3; 0 is none".to_owned())
}

/// What submissions are checked against, and when they are made.
struct Submitter {
    registry: Arc<Registry>,
    connections: Connections,
    now: Timestamp,
}

impl Submitter {
    fn new(connections: &ConnectionsArgs) -> Result<Self, Failure> {
        let now = SystemClock::new().now();
        Ok(Self { registry: registry(), connections: connections.open()?, now })
    }

    /// Refuses a task that this program could not run, or that is certain to fail.
    fn check(&self, task: &NewTask) -> Result<(), Failure> {
        let usable = self.registry.check_task(task);
        usable.map_err(|error| engine_failure(&EngineError::Unusable(error)))?;
        check::can_succeed(task, &self.connections).map_err(|error| {
            Failure::usage(error)
                .help("`maitred connections list` shows what is defined, and where")
        })
    }
}

/// One line of `--from`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    operator: String,
    #[serde(default)]
    args: Option<Value>,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    on_conflict: OnConflict,
    #[serde(default)]
    due: Option<Written>,
    #[serde(default)]
    retries: u32,
    #[serde(default)]
    retry_delay: Option<Written>,
    #[serde(default)]
    execution_timeout: Option<Written>,
    #[serde(default)]
    on_failure: Option<FailureHook>,
}

/// A time as a line has it: seconds, or text as on the command line.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a number of seconds, or text such as \"90m\"")]
enum Written {
    Seconds(f64),
    Text(String),
}

impl Written {
    fn duration(&self) -> Result<Duration, String> {
        match self {
            Self::Seconds(seconds) => Duration::try_from_secs_f64(*seconds)
                .map_err(|_| format!("{seconds} is no time in seconds")),
            Self::Text(text) => duration::parse(text),
        }
    }

    fn moment(&self) -> Result<Moment, String> {
        match self {
            Self::Seconds(_) => self.duration().map(Moment::Away),
            Self::Text(text) => moment::parse(text),
        }
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<Report> {
    // What may not be used is told before anything is read.
    args.store.path()?;
    let submitter = Submitter::new(&args.connections)?;
    let (lines, tasks) = match (&args.from, &args.operator) {
        (Some(from), _) => {
            let (lines, tasks): (Vec<_>, Vec<_>) = lines(from, &submitter)?
                .into_iter()
                .map(|(line, task)| ((line, task.key.clone()), task))
                .unzip();
            (lines, tasks)
        }
        (None, Some(operator)) => (Vec::new(), vec![args.task.new_task(operator, &submitter)?]),
        (None, None) => return Err(Failure::usage("which operator?").into()),
    };
    check::warn(&tasks, &submitter.connections);
    let opened = args.store.open()?;
    let engine = opened.submitting_engine(&SourceArgs::of_process(), submitter.connections)?;
    let started = block_on(engine.start_all(tasks))?;
    clients::tell_bad_files(&engine.services().catalog.bad_files_met());
    let submitted = match started {
        Ok(submitted) => submitted,
        Err(error) => return Err(refused(&error, &lines).into()),
    };
    let ids: Vec<_> = submitted.iter().map(|submitted| submitted.id()).collect();
    let text = match args.output {
        Format::Text => ids.iter().map(|id| format!("{id}\n")).collect(),
        Format::Json => report::json(&json!({"version": 1, "tasks": ids})),
    };
    Ok(Report::text(text).with_stderr(remark(&opened, &submitted)))
}

/// Submits one task for `maitred run`.
pub(in crate::cli) fn submit(
    task: &SpecArgs,
    operator: &str,
    store: &StoreArgs,
    connections: &ConnectionsArgs,
    sources: &SourceArgs,
) -> anyhow::Result<(Opened, Submitted)> {
    store.path()?;
    let submitter = Submitter::new(connections)?;
    let task = task.new_task(operator, &submitter)?;
    check::warn(std::slice::from_ref(&task), &submitter.connections);
    let opened = store.open()?;
    let engine = opened.submitting_engine(sources, submitter.connections)?;
    let submitted = block_on(engine.start(task))?;
    clients::tell_bad_files(&engine.services().catalog.bad_files_met());
    let submitted = submitted.map_err(|error| engine_failure(&error))?;
    Ok((opened, submitted))
}

/// Arguments for another try of a task, of which nothing says that they cannot succeed.
pub(super) fn changed_arguments(
    task: &Task,
    text: &str,
    connections: &ConnectionsArgs,
) -> Result<Value, Failure> {
    let submitter = Submitter::new(connections)?;
    let changed = NewTask { args: arguments(text)?, ..task.spec.clone() };
    submitter.check(&changed)?;
    check::warn(std::slice::from_ref(&changed), &submitter.connections);
    Ok(changed.args)
}

fn remark(opened: &Opened, submitted: &[Submitted]) -> String {
    let path = opened.path.display();
    match submitted {
        [Submitted::Created(id)] => {
            format!("task {id} is in {path}; `maitred triggerer` runs it")
        }
        [Submitted::Attached(id)] => {
            format!("task {id} has this key already, and nothing was submitted; it is in {path}")
        }
        [Submitted::Replaced { new, old }] => {
            format!("task {new} is in {path} and takes the place of task {old}, which is cancelled")
        }
        many => format!("{} tasks are in {path}; `maitred triggerer` runs them", many.len()),
    }
}

impl SpecArgs {
    /// A task of `operator`.
    fn new_task(&self, operator: &str, submitter: &Submitter) -> Result<NewTask, Failure> {
        let args = match self.args.as_deref() {
            None => json!({}),
            Some(text) => arguments(text)?,
        };
        let command = self
            .on_failure_command
            .as_ref()
            .map(|line| FailureHook::Command(["sh", "-c", line].map(str::to_owned).to_vec()));
        let webhook = self.on_failure_webhook.as_deref().map(webhook).transpose()?;
        let task = NewTask {
            key: self.key.clone(),
            on_conflict: self.on_conflict,
            retries: self.retries,
            retry_delay: self.retry_delay,
            execution_timeout: self.execution_timeout,
            on_failure: command.or(webhook.map(FailureHook::Webhook)),
            due: self.due.map(|due| due.after(submitter.now)),
            ..NewTask::new(operator, args)
        };
        submitter.check(&task)?;
        Ok(task)
    }
}

/// A URL, or a reference to a secret that is one.
fn webhook(text: &str) -> Result<WebhookUrl, Failure> {
    if !text.trim_start().starts_with('{') {
        return Ok(WebhookUrl::Literal(text.to_owned()));
    }
    serde_json::from_str(text)
        .map_err(|error| Failure::usage(format!("--on-failure-webhook: {error}")))
}

fn arguments(text: &str) -> Result<Value, Failure> {
    let wrong = |message: String| {
        Failure::usage(message).help("give a JSON object, @FILE, or - for standard input")
    };
    let (place, text) = match text.strip_prefix('@') {
        Some(path) => {
            let text = file::named(Path::new(path), MAX_FILE).and_then(file::as_text);
            (path, text.map_err(|error| wrong(format!("--args: {path} {error}")))?)
        }
        None if text == "-" => {
            let text = file::all(std::io::stdin().lock(), MAX_FILE).and_then(file::as_text);
            let wrong = |error| wrong(format!("--args: standard input {error}"));
            ("standard input", text.map_err(wrong)?)
        }
        None => ("--args", text.to_owned()),
    };
    if text.trim().is_empty() {
        return Err(wrong(format!("{place} is empty, where the operator's arguments should be")));
    }
    match serde_json::from_str(&text) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(wrong(format!("{place} is JSON, but no object"))),
        Err(error) => Err(wrong(format!("{place} is not JSON: {error}"))),
    }
}

/// How many bytes the lines of `--from` may have together: some 500,000 tasks.
const MAX_LINES: u64 = 256 * 1024 * 1024;

/// Tasks, each with the number of its line.
type Lines = Vec<(usize, NewTask)>;

/// The tasks of a file, each of which this program could run.
fn lines(from: &str, submitter: &Submitter) -> Result<Lines, Failure> {
    let place = if from == "-" { "standard input" } else { from };
    let read = |error: FileError| Failure::usage(format!("{place} {error}"));
    let input: Box<dyn std::io::Read> = match from {
        "-" => Box::new(std::io::stdin().lock()),
        path => Box::new(file::open_named(Path::new(path)).map_err(read)?),
    };
    let mut tasks = Vec::new();
    for (index, line) in file::lines(input, MAX_FILE, MAX_LINES).enumerate() {
        let line = line.map_err(read)?;
        if line.trim().is_empty() {
            continue;
        }
        let failure = |error: &dyn std::fmt::Display| {
            Failure::usage(format!("line {}: {error}", index + 1)).help("nothing was submitted")
        };
        let line: Line = serde_json::from_str(&line).map_err(|error| failure(&error))?;
        let task = line.new_task(submitter.now).map_err(|error| failure(&error))?;
        submitter.registry.check_task(&task).map_err(|error| failure(&error))?;
        check::can_succeed(&task, &submitter.connections).map_err(|error| failure(&error))?;
        tasks.push((index + 1, task));
    }
    if tasks.is_empty() {
        return Err(Failure::usage(format!("{place} has no task; nothing was submitted"))
            .help("every line is a JSON object, as `maitred tasks submit --help` shows"));
    }
    Ok(tasks)
}

/// Why tasks of a file were not submitted, with the lines that it is about.
fn refused(error: &EngineError, lines: &[(usize, Option<String>)]) -> Failure {
    if let EngineError::UnusableTask { index, error } = error
        && let Some((line, _)) = lines.get(*index)
    {
        return Failure::usage(format!("line {line}: {error}")).help("nothing was submitted");
    }
    let (EngineError::Store(StoreError::Conflict { key, id }), [_, ..]) = (error, lines) else {
        return engine_failure(error);
    };
    let of_key = lines.iter().filter(|(_, other)| other.as_ref() == Some(key));
    let numbers: Vec<_> = of_key.map(|(number, _)| number.to_string()).collect();
    let message = match &numbers[..] {
        [one] => format!("line {one}: task {id} has the key `{key}` and has not ended"),
        many => format!("lines {} have the same key `{key}`", many.join(", ")),
    };
    let help = "nothing was submitted; \"on_conflict\": \"attach\" or \"replace\" allows it";
    Failure::usage(message).help(help)
}

impl Line {
    fn new_task(self, now: Timestamp) -> Result<NewTask, String> {
        let task = NewTask::new(self.operator, self.args.unwrap_or_else(|| json!({})));
        Ok(NewTask {
            key: self.key,
            on_conflict: self.on_conflict,
            retries: self.retries,
            retry_delay: self
                .retry_delay
                .map_or(Ok(task.retry_delay), |written| written.duration())?,
            execution_timeout: self
                .execution_timeout
                .map(|written| written.duration())
                .transpose()?,
            due: self.due.map(|written| written.moment()).transpose()?.map(|due| due.after(now)),
            on_failure: self.on_failure,
            ..task
        })
    }
}
