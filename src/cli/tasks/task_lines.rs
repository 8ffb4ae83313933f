//! Tasks as lines of JSON, for `--from`.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::duration;
use crate::cli::exit::Failure;
use crate::cli::point_in_time::{self, PointInTime};
use crate::cli::values::MAX_FILE;
use crate::clock::Timestamp;
use crate::file::{self, FileError};
use crate::runtime::task::FailureHook;
use crate::runtime::{NewTask, OnConflict};

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
    due: Option<TimeValue>,
    #[serde(default)]
    retries: u32,
    #[serde(default)]
    retry_delay: Option<TimeValue>,
    #[serde(default)]
    execution_timeout: Option<TimeValue>,
    #[serde(default)]
    on_failure: Option<FailureHook>,
}

/// A time in a line: seconds, or text as on the command line.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a number of seconds, or text such as \"90m\"")]
enum TimeValue {
    Seconds(f64),
    Text(String),
}

impl TimeValue {
    fn duration(&self) -> Result<Duration, String> {
        match self {
            Self::Seconds(seconds) => Duration::try_from_secs_f64(*seconds)
                .map_err(|_| format!("{seconds} is not a valid number of seconds")),
            Self::Text(text) => duration::parse(text),
        }
    }

    fn point_in_time(&self) -> Result<PointInTime, String> {
        match self {
            Self::Seconds(_) => self.duration().map(PointInTime::FromNow),
            Self::Text(text) => point_in_time::parse(text),
        }
    }
}

impl Line {
    fn new_task(self, now: Timestamp) -> Result<NewTask, String> {
        let due = self.due.map(|value| value.point_in_time()).transpose()?;
        let mut task = NewTask::new(self.operator, self.args.unwrap_or_else(|| json!({})))
            .with_on_conflict(self.on_conflict)
            .with_retries(self.retries)
            .with_execution_timeout(
                self.execution_timeout.map(|value| value.duration()).transpose()?,
            )
            .with_due(due.map(|due| due.after(now)))
            .with_on_failure(self.on_failure);
        task.key = self.key;
        if let Some(delay) = self.retry_delay {
            task.retry_delay = delay.duration()?;
        }
        Ok(task)
    }
}

/// How many bytes the lines of `--from` may have together: some 500,000 tasks.
const MAX_LINES: u64 = 256 * 1024 * 1024;

/// Tasks, each with the number of its line.
pub(super) type NumberedTasks = Vec<(usize, NewTask)>;

/// Reads the tasks of a file, or of standard input for `-`.
///
/// # Errors
/// The file cannot be read, or a line is not a task.
pub(super) fn read(from: &str, now: Timestamp) -> Result<NumberedTasks, Failure> {
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
        let task = line.new_task(now).map_err(|error| failure(&error))?;
        tasks.push((index + 1, task));
    }
    if tasks.is_empty() {
        return Err(Failure::usage(format!("{place} has no task; nothing was submitted"))
            .help("every line is a JSON object, as `maitred tasks submit --help` shows"));
    }
    Ok(tasks)
}
