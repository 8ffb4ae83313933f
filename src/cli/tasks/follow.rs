//! Follows a task to its end.

use std::time::Duration;

use serde_json::{Value, json};

use super::json::json as task_json;
use super::task_args::title;
use crate::cli::exit::{Exit, Failure};
use crate::cli::point_in_time;
use crate::cli::report::{self, Format, Report};
use crate::cli::store::{OpenEngine, engine_failure};
use crate::operator::FailureKind;
use crate::runtime::task::LogLine;
use crate::runtime::{Engine as _, Task, TaskId, TaskState};

/// How long a change may go unseen by `watch` and `logs --follow`.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Follows a task to its end, and passes the lines of its log and its states to `print`.
pub(crate) async fn follow(
    opened: &OpenEngine,
    id: TaskId,
    print: impl Fn(&str),
) -> Result<Task, Failure> {
    let (mut seen, mut state) = (0, None);
    loop {
        let task = opened.engine.get(id).await.map_err(engine_failure)?;
        let lines = opened.engine.logs(id, seen).await.map_err(engine_failure)?;
        seen += lines.len();
        for line in &lines {
            print(&log_line(line));
        }
        if state != Some(task.state) {
            let message = task.message.as_deref().unwrap_or_default();
            let text = format!("{}: {} {message}", title(&task), task.state);
            print(&report::printable(text.trim_end()));
            state = Some(task.state);
        }
        if task.state.is_final() || task.state == TaskState::Blocked {
            return Ok(task);
        }
        opened.clock.sleep(LOOK_EVERY).await;
    }
}

/// The report of a task that was followed to its end.
pub(crate) fn ended(task: &Task, output: Format) -> Report {
    let text = match (output, &task.result) {
        (Format::Json, _) => report::json(json!({"version": 1, "task": task_json(task)})),
        (Format::Text, None | Some(Value::Null)) => String::new(),
        (Format::Text, Some(Value::String(text))) => format!("{text}\n"),
        (Format::Text, Some(value)) => report::json(value.clone()),
    };
    Report::text(text).with_exit(exit(task))
}

/// The exit code that `maitred wait` would have, where it is known how the wait or the call failed; 1 for any
/// other failure.
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

/// A line of the log of a task.
pub(super) fn log_line(line: &LogLine) -> String {
    let text =
        format!("{}  {:7}  {}", point_in_time::show(line.at), line.level.as_str(), line.message);
    report::printable(&text) + "\n"
}
