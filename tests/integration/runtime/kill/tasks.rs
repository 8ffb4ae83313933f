//! The tasks that are killed, and what must come of each.

use std::time::Duration;

use maitred::clock::Timestamp;
use maitred::runtime::task::FailureHook;
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
    /// Starts from its trigger, and makes no main call.
    Wait,
    /// Posts something that must not be posted twice, and that nobody can look up.
    Post,
    /// Of an operator that nobody knows.
    Unknown,
}

impl Kind {
    /// The common ones are there more than once.
    pub(super) const ALL: [Self; 19] = [
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
        Self::Wait,
        Self::Wait,
        Self::Post,
        Self::Post,
        Self::Post,
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

    fn operator(self) -> &'static str {
        match self {
            Self::Wait => "maitred.wait",
            Self::Post => "http.request",
            Self::Resume => "redshift.resume_cluster",
            Self::Unknown => "example.unknown",
            Self::Pause
            | Self::PauseOnly
            | Self::PauseOnWorker
            | Self::Exhausted
            | Self::OutOfTime
            | Self::Breaks
            | Self::Missing
            | Self::Later
            | Self::Busy => "redshift.pause_cluster",
        }
    }

    /// The states of its cluster.
    pub(super) fn cluster(self) -> &'static [&'static str] {
        match self {
            Self::Pause | Self::PauseOnly | Self::PauseOnWorker | Self::Later => &["available"],
            Self::Resume => &["paused"],
            Self::Exhausted | Self::OutOfTime => &["pausing"],
            Self::Breaks => &["pausing", "pausing", "deleting"],
            Self::Wait => &["pausing", "pausing", "paused"],
            Self::Busy => &["modifying", "modifying", "available"],
            Self::Missing | Self::Post | Self::Unknown => &[],
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
            | Self::Wait
            | Self::Post
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
            Self::Exhausted
            | Self::OutOfTime
            | Self::Breaks
            | Self::Missing
            | Self::Wait
            | Self::Post
            | Self::Unknown => None,
        }
    }
}

/// A task of this kind; its failure is told to `told`.
pub(super) fn new_task(
    kind: Kind,
    cluster: &str,
    url: &str,
    told: &str,
    now: Timestamp,
) -> NewTask {
    let operator = kind.operator();
    let wait = json!({
        "service": "redshift",
        "waiter": "cluster_paused",
        "input": {"ClusterIdentifier": cluster},
        "overrides": {"delay": 0.3, "max_attempts": 10_000},
        "client": {"region": "eu-west-1", "endpoint_url": url},
    });
    let work = json!({
        "cluster_identifier": cluster,
        "wait_for_completion": kind != Kind::PauseOnly,
        "deferrable": kind != Kind::PauseOnWorker,
        "poll_interval": 0.3,
        "max_attempts": if kind == Kind::Exhausted { 6 } else { 10_000 },
        "region_name": "eu-west-1",
        "endpoint_url": url,
    });
    let post = json!({"method": "POST", "endpoint": format!("{told}post/{cluster}")});
    let args = [(Kind::Wait, wait), (Kind::Post, post)].into_iter().find(|(one, _)| *one == kind);
    let args = args.map_or(work, |(_, args)| args);
    let mut task = NewTask::new(operator, args);
    task.on_failure = Some(FailureHook::Webhook(told.to_owned().into()));
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
