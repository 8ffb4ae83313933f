//! `maitred tasks list`, `show`, `watch` and `logs`.

use std::time::Duration;

use serde_json::{Value, json};

use super::{TaskArgs, hook, text, time, title};
use crate::cli::block_on;
use crate::cli::exit::{Exit, Failure};
use crate::cli::moment::{self, Moment};
use crate::cli::report::{self, Format, Report};
use crate::cli::store::{Opened, StoreArgs, store_failure};
use crate::clock::Timestamp;
use crate::operator::FailureKind;
use crate::runtime::StoreError;
use crate::runtime::Task;
use crate::runtime::TaskId;
use crate::runtime::TaskState;
use crate::runtime::store::TaskFilter;
use crate::runtime::task::LogLine;

/// How long a change may go unseen by `watch` and `logs --follow`.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// List tasks, the newest first
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// Only tasks in this state: queued, running, deferred, up_for_retry, blocked, success, failed,
    /// skipped, cancelled or in_doubt. May be repeated
    #[arg(long, value_name = "STATE")]
    state: Vec<TaskState>,
    /// Only tasks of this operator
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// Only tasks of this key
    #[arg(long)]
    key: Option<String>,
    /// Only tasks that were submitted since then: a time such as 2026-12-01T03:00:00Z, or a duration
    /// such as 12h
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    since: Option<Moment>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    store: StoreArgs,
    /// How the list is written
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

/// Show a task, its deferral and its history
#[derive(Debug, clap::Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    task: TaskArgs,
    /// How the task is written
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

/// Follow a task to its end; exits as `maitred run` would
#[derive(Debug, clap::Args)]
pub(super) struct WatchArgs {
    #[command(flatten)]
    task: TaskArgs,
    /// How the task is written at its end
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

/// Show the log of a task
#[derive(Debug, clap::Args)]
pub(super) struct LogsArgs {
    #[command(flatten)]
    task: TaskArgs,
    /// Go on until the task ends
    #[arg(long, short)]
    follow: bool,
}

impl TaskArgs {
    pub(super) fn find(&self) -> anyhow::Result<(Opened, Task)> {
        let opened = self.store.open_existing()?;
        let found = match self.task.parse::<TaskId>() {
            Ok(id) => opened.store.task(id),
            Err(_) => opened.store.task_of_key(&self.task),
        };
        let found = found.map_err(|error| store_failure(&error))?;
        let task = found.ok_or_else(|| {
            Failure::usage(format!("there is no task {} in {}", self.task, opened.path.display()))
                .help("`maitred tasks list` shows the tasks there are")
        })?;
        Ok((opened, task))
    }
}

/// How many tasks are in memory at a time.
const PAGE: usize = 500;

pub(super) fn list(args: &ListArgs) -> anyhow::Result<Report> {
    let opened = args.store.open_existing()?;
    let now = opened.clock.now();
    let mut filter = TaskFilter {
        states: args.state.clone(),
        operator: args.operator.clone(),
        key: args.key.clone(),
        created_since: args.since.map(|since| since.before(now)),
        ..TaskFilter::default()
    };
    let mut list = (args.output == Format::Json).then(|| report::JsonList::new("tasks"));
    let mut shown = 0;
    let is_whole = loop {
        let page = PAGE.min(args.limit - shown);
        filter.limit = Some(page);
        let tasks = opened.store.tasks(&filter).map_err(|error| store_failure(&error))?;
        shown += tasks.len();
        filter.before = tasks.last().map(|task| task.id);
        let written = match &mut list {
            None => {
                let lines: String = tasks.iter().map(|task| text::line(task, now) + "\n").collect();
                report::result(&lines)
            }
            Some(list) => {
                let items: String = tasks.iter().map(|task| list.item(&json(task))).collect();
                report::json_piece(&items)
            }
        };
        written.map_err(unwritten)?;
        if tasks.len() < page {
            break true;
        }
        if shown == args.limit {
            break false;
        }
    };
    let remark = match (&list, shown, is_whole) {
        (Some(_), ..) => String::new(),
        (None, 0, _) => format!("no task of {} matches", opened.path.display()),
        (None, _, true) => String::new(),
        (None, shown, false) => format!("the newest {shown}; --limit shows more"),
    };
    if let Some(list) = list {
        report::json_piece(&list.end()).map_err(unwritten)?;
    }
    Ok(Report::text(String::new()).with_stderr(remark))
}

fn unwritten(error: std::io::Error) -> Failure {
    Failure::usage(format!("the result could not be written: {error}"))
}

/// A task for programs.
pub(in crate::cli) fn json(task: &Task) -> Value {
    let mut value = json!({
        "id": task.id,
        "key": task.spec.key,
        "operator": task.spec.operator,
        "state": task.state,
        "message": task.message,
        "failure": task.failure,
        "result": task.result,
        "try": task.try_number,
        "retries": task.spec.retries,
        "args": task.spec.args,
        "created": time(task.created),
        "started": task.started.map(time),
        "ended": task.ended.map(time),
        "elapsed": task.started.zip(task.ended).map(|(started, ended)| seconds(started, ended)),
        "deadline": task.deadline.map(time),
    });
    if task.waits_for_a_worker() {
        value["due"] = time(task.due).into();
    }
    if task.spec.on_failure.is_some() {
        value["hook"] = hook::json(task);
    }
    if let Some(cancel) = task.cancel {
        value["cancel"] = json!({"reason": cancel.reason, "undo": cancel.undo});
    }
    value
}

/// Seconds between two times.
fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.since(from).as_secs_f64()
}

pub(super) fn show(args: &ShowArgs) -> anyhow::Result<Report> {
    let (opened, task) = args.task.find()?;
    let read = |error: StoreError| store_failure(&error);
    let deferral = opened.store.deferral(task.id).map_err(read)?;
    let history = opened.store.history(task.id).map_err(read)?;
    if args.output == Format::Text {
        return Ok(Report::text(text::details(
            &task,
            deferral.as_ref(),
            &history,
            opened.clock.now(),
        )));
    }
    let mut value = json(&task);
    if let Some(deferral) = &deferral {
        value["deferral"] = json!({
            "trigger": deferral.trigger,
            "state": serde_json::from_str::<Value>(&deferral.state).unwrap_or_default(),
            "next_step": time(deferral.due),
            "times_out": deferral.timeout_at.map(time),
            "method": deferral.method,
            "undo": deferral.on_cancel.as_ref().map(|undo| &undo.description),
        });
    }
    let entries = history.iter().map(|entry| {
        json!({
            "at": time(entry.at),
            "from": entry.from,
            "to": entry.to,
            "reason": entry.reason,
        })
    });
    value["history"] = entries.collect();
    let mut whole = json!({"version": 1});
    whole["task"] = value;
    Ok(Report::text(report::json(&whole)))
}

pub(super) fn logs(args: &LogsArgs) -> anyhow::Result<Report> {
    let (opened, task) = args.task.find()?;
    if args.follow {
        // Whoever follows is there as long as the pipe is.
        block_on(follow(&opened, task.id, |text| drop(report::result(text))))??;
        return Ok(Report::default());
    }
    let lines = opened.store.logs(task.id, 0).map_err(|error| store_failure(&error))?;
    Ok(Report::text(lines.iter().map(log_line).collect::<String>()))
}

fn log_line(line: &LogLine) -> String {
    let text = format!("{}  {:7}  {}", time(line.at), line.level.as_str(), line.message);
    report::printable(&text) + "\n"
}

pub(super) fn watch(args: &WatchArgs) -> anyhow::Result<Report> {
    let (opened, task) = args.task.find()?;
    let task = block_on(follow(&opened, task.id, report::note))??;
    Ok(ended(&task, args.output))
}

/// Follows a task to its end, telling the lines of its log and its states.
pub(in crate::cli) async fn follow(
    opened: &Opened,
    id: TaskId,
    tell: impl Fn(&str),
) -> Result<Task, Failure> {
    let read = |error: StoreError| store_failure(&error);
    let (mut told, mut state) = (0, None);
    loop {
        let task = opened.store.task(id).map_err(read)?.ok_or(StoreError::NotFound(id));
        let task = task.map_err(read)?;
        let lines = opened.store.logs(id, told).map_err(read)?;
        told += lines.len();
        for line in &lines {
            tell(&log_line(line));
        }
        if state != Some(task.state) {
            let message = task.message.as_deref().unwrap_or_default();
            let told = format!("{}: {} {message}", title(&task), task.state);
            tell(&report::printable(told.trim_end()));
            state = Some(task.state);
        }
        if task.state.is_final() || task.state == TaskState::Blocked {
            return Ok(task);
        }
        opened.clock.sleep(LOOK_EVERY).await;
    }
}

/// The end of a task that was followed.
pub(in crate::cli) fn ended(task: &Task, output: Format) -> Report {
    let text = match (output, &task.result) {
        (Format::Json, _) => {
            let mut whole = json!({"version": 1});
            whole["task"] = json(task);
            report::json(&whole)
        }
        (Format::Text, None | Some(Value::Null)) => String::new(),
        (Format::Text, Some(Value::String(text))) => format!("{text}\n"),
        (Format::Text, Some(value)) => report::json(value),
    };
    Report::text(text).with_exit(exit(task))
}

/// The exit code of `maitred wait` that says the same, where it is known how the wait or the call has failed;
/// any other failure exits with 1.
fn exit(task: &Task) -> Exit {
    match task.state {
        TaskState::Success | TaskState::Skipped => Exit::Success,
        TaskState::Cancelled => Exit::Interrupted,
        TaskState::Blocked => Exit::Usage,
        TaskState::Failed => match task.failure {
            Some(FailureKind::GaveUp) => Exit::GaveUp,
            Some(FailureKind::Refused) => Exit::Refused,
            Some(FailureKind::Unreachable) => Exit::Unreachable,
            None | Some(_) => Exit::Failure,
        },
        TaskState::InDoubt
        | TaskState::Queued
        | TaskState::Running
        | TaskState::Deferred
        | TaskState::UpForRetry => Exit::Failure,
    }
}
