//! The tasks that are killed, and what must come of each.

use std::time::Duration;

use maitred::clock::Timestamp;
use maitred::runtime::{NewTask, TaskState};
use serde_json::json;

/// What a task does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Pauses, and waits in a trigger.
    Pause,
    /// Resumes, and waits in a trigger.
    Resume,
    /// Pauses, and does not wait.
    PauseOnly,
    /// Pauses, and waits on the worker.
    PauseOnWorker,
    /// Waits for a pause that never ends, until its polls are used up.
    Exhausted,
    /// The same until the execution time-out passes, twice.
    OutOfTime,
    /// Pauses a cluster that breaks, and is tried again.
    Breaks,
    /// Pauses a cluster that is not there.
    Missing,
    /// Is due a little later.
    Later,
    /// Finds the cluster busy at first.
    Busy,
    /// Of an operator that nobody knows.
    Unknown,
}

impl Kind {
    /// The common ones are there more than once.
    pub(super) const ALL: [Self; 14] = [
        Self::Pause,
        Self::Pause,
        Self::Pause,
        Self::Resume,
        Self::Resume,
        Self::PauseOnly,
        Self::PauseOnWorker,
        Self::Exhausted,
        Self::OutOfTime,
        Self::Breaks,
        Self::Missing,
        Self::Later,
        Self::Busy,
        Self::Unknown,
    ];

    /// Those that need no cluster that takes its time: moto's are at once what they shall be.
    pub(super) const OF_MOTO: [Self; 7] = [
        Self::Pause,
        Self::Resume,
        Self::PauseOnly,
        Self::PauseOnWorker,
        Self::Missing,
        Self::Later,
        Self::Unknown,
    ];

    /// The states of its cluster.
    pub(super) fn cluster(self) -> &'static [&'static str] {
        match self {
            Self::Pause | Self::PauseOnly | Self::PauseOnWorker | Self::Later => &["available"],
            Self::Resume => &["paused"],
            Self::Exhausted | Self::OutOfTime => &["pausing"],
            Self::Breaks => &["pausing", "pausing", "deleting"],
            Self::Busy => &["modifying", "modifying", "available"],
            Self::Missing | Self::Unknown => &[],
        }
    }

    /// The states in which it may end if nobody cancels it.
    pub(super) fn ends(self) -> TaskState {
        match self {
            Self::Pause
            | Self::Resume
            | Self::PauseOnly
            | Self::PauseOnWorker
            | Self::Later
            | Self::Busy => TaskState::Success,
            Self::Exhausted | Self::OutOfTime | Self::Breaks | Self::Missing => TaskState::Failed,
            Self::Unknown => TaskState::Blocked,
        }
    }

    /// The calls that change something, which it makes if nobody cancels it; a refused one may be made again.
    pub(super) fn main_call(self) -> Option<&'static str> {
        match self {
            Self::Pause | Self::PauseOnly | Self::PauseOnWorker | Self::Later | Self::Busy => {
                Some("PauseCluster")
            }
            Self::Resume => Some("ResumeCluster"),
            Self::Exhausted | Self::OutOfTime | Self::Breaks | Self::Missing | Self::Unknown => {
                None
            }
        }
    }
}

pub(super) fn new_task(kind: Kind, cluster: &str, url: &str, now: Timestamp) -> NewTask {
    let operator = if kind == Kind::Resume {
        "redshift.resume_cluster"
    } else if kind == Kind::Unknown {
        "example.unknown"
    } else {
        "redshift.pause_cluster"
    };
    let args = json!({
        "cluster_identifier": cluster,
        "wait_for_completion": kind != Kind::PauseOnly,
        "deferrable": kind != Kind::PauseOnWorker,
        "poll_interval": 0.3,
        "max_attempts": if kind == Kind::Exhausted { 6 } else { 10_000 },
        "region_name": "eu-west-1",
        "endpoint_url": url,
    });
    let mut task = NewTask::new(operator, 1, args);
    task.key = Some(cluster.to_owned());
    // Long enough not to pass: it must stay what it is.
    task.execution_timeout = Some(Duration::from_secs(3600));
    if kind == Kind::OutOfTime {
        task.execution_timeout = Some(Duration::from_millis(2500));
    }
    if matches!(kind, Kind::OutOfTime | Kind::Breaks) {
        task.retries = 1;
        task.retry_delay = Duration::from_millis(700);
    }
    if kind == Kind::Later {
        task.due = Some(now.plus(Duration::from_millis(1500)));
    }
    task
}
