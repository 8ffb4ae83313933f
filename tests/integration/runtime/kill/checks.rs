//! What holds after every kill, and at the end.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use maitred::clock::Timestamp;
use maitred::runtime::task::{HistoryEntry, StoredDeferral};
use maitred::runtime::{Store as _, Task, TaskId, TaskState};
use serde_json::Value;

use super::Scene;
use super::service::Seen;
use super::tasks::Kind;

/// How much of a trigger's state a kill may lose: a flush, and the time that storing it takes here.
const FLUSH: Duration = Duration::from_millis(1000 + 900);

/// How late the end of a time-out may be seen on a busy machine, once a triggerer runs.
const LATE: Duration = Duration::from_secs(4);

/// What must not change while a deferral lasts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fixed {
    timeout_at: Option<Timestamp>,
    definition: Value,
    started: Value,
    deadline: Value,
}

impl Fixed {
    fn of(deferral: &StoredDeferral) -> Self {
        let state: Value = serde_json::from_str(&deferral.state).unwrap();
        let progress = &state["progress"];
        Self {
            timeout_at: deferral.timeout_at,
            definition: state["definition"].clone(),
            started: progress["started"].clone(),
            deadline: progress["deadline"].clone(),
        }
    }
}

/// A task as the store has it, and what it is called when something about it is wrong.
pub(super) struct Checked<'a> {
    place: &'a str,
    kind: Kind,
    task: Task,
    history: Vec<HistoryEntry>,
}

impl Display for Checked<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { place, kind, task, history } = self;
        write!(f, "{place}: {kind:?} {task:#?}\n{history:#?}")
    }
}

impl Checked<'_> {
    /// The cluster that it works on.
    fn cluster(&self) -> &str {
        self.task.spec.key.as_deref().unwrap()
    }
}

impl Scene {
    fn look<'a>(&self, id: TaskId, place: &'a str) -> Checked<'a> {
        let task = self.store.task(id).unwrap();
        let task = task.unwrap_or_else(|| panic!("{place}: task {id} is lost"));
        let history = self.store.history(id).unwrap();
        Checked { place, kind: self.kinds[&id], task, history }
    }

    /// What holds whenever the triggerer has been killed, of the tasks that had not ended at the last kill. Those
    /// that had are looked at once more at the end.
    pub(super) fn check_between(&mut self, place: &str) {
        for id in self.open.clone() {
            let checked = self.look(id, place);
            self.check(&checked);
            if checked.task.state.is_final() {
                self.open.remove(&id);
            }
        }
    }

    fn check(&mut self, checked: &Checked<'_>) {
        chained(checked);
        deadline_exact(checked);
        if checked.task.state == TaskState::Deferred {
            self.check_deferral(checked);
        }
        self.check_main_calls(checked);
    }

    /// A deferral keeps its bounds, and its attempts are at most a flush behind for every kill.
    fn check_deferral(&mut self, checked: &Checked<'_>) {
        let Checked { task, history, .. } = checked;
        let deferral = self.store.deferral(task.id).unwrap();
        let deferral = deferral.unwrap_or_else(|| panic!("{checked}: its deferral is lost"));
        let fixed = Fixed::of(&deferral);
        let before = self.deferrals.entry((task.id, task.step)).or_insert_with(|| fixed.clone());
        assert_eq!(*before, fixed, "{checked}");
        let state: Value = serde_json::from_str(&deferral.state).unwrap();
        let Some(stored) = state["progress"]["attempts"].as_u64() else { return };
        let deferred = |entry: &&HistoryEntry| entry.to == TaskState::Deferred;
        let since = history.iter().rev().find(deferred).unwrap().at;
        let calls = self.service.calls(checked.cluster());
        let polls = calls.iter().filter(|call| call.at >= since && !call.is_main());
        let polls: Vec<_> = polls.map(|call| call.at).collect();
        let lost = |at: &Timestamp| {
            self.runs.iter().any(|run| *at <= run.killed && run.killed.since(*at) < FLUSH)
        };
        let safe = polls.iter().filter(|at| !lost(at)).count() as u64;
        let seen = polls.len() as u64;
        assert!(safe <= stored && stored <= seen, "{safe} <= {stored} <= {seen}: {checked}");
    }

    /// A main call that was accepted is not made again. One that the service refused, because the cluster was
    /// busy, may be; and a cancelled task may have been undone, once.
    fn check_main_calls(&self, checked: &Checked<'_>) {
        let Checked { task, kind, .. } = checked;
        let calls = self.service.calls(checked.cluster());
        let made = |action: &str| calls.iter().filter(|call| call.action == action).count();
        let (own, other) = match kind.main_call() {
            Some("ResumeCluster") => (made("ResumeCluster"), made("PauseCluster")),
            _ => (made("PauseCluster"), made("ResumeCluster")),
        };
        let most = usize::from(kind.main_call().is_some());
        assert!(*kind == Kind::Busy || own <= most, "{own} main calls: {checked}");
        let posts = self.told.requests(&format!("/post/{}", checked.cluster())).len();
        assert!(posts <= 1, "{posts} posts: {checked}");
        let undo = self.cancelled.get(&task.id).is_some_and(|request| request.undo);
        assert!(other <= usize::from(undo), "{other} undoing calls: {checked}");
    }

    /// What holds when there is nothing left to do.
    pub(super) fn check_end(&mut self, place: &str) {
        let told = self.told_of();
        for id in self.kinds.keys().copied().collect::<Vec<_>>() {
            let checked = self.look(id, place);
            self.check(&checked);
            let Checked { task, kind, .. } = &checked;
            let cancelled = self.cancelled.contains_key(&id);
            let expected = task.state == kind.ends()
                || task.state == TaskState::Cancelled && cancelled
                || task.state == TaskState::InDoubt && (cancelled || *kind == Kind::Post);
            assert!(expected, "{checked}");
            let failed = matches!(task.state, TaskState::Failed | TaskState::InDoubt);
            assert_eq!(told.contains(&id), failed, "whether its failure was told: {checked}");
            if kind.main_call().is_some() && task.state == TaskState::Success {
                let calls = self.service.calls(checked.cluster());
                assert!(calls.iter().any(Seen::is_main), "{checked}");
            }
            if *kind == Kind::OutOfTime && !cancelled {
                self.check_time_outs(&checked);
            }
        }
    }

    /// The tasks whose failure was told, once or again after a kill.
    fn told_of(&self) -> BTreeSet<TaskId> {
        let told = self.told.requests("/").into_iter().map(|text| -> Option<TaskId> {
            serde_json::from_str::<Value>(&text).unwrap()["task"]["id"].as_i64().map(TaskId)
        });
        told.flatten().collect()
    }

    /// Every try ended at its execution time-out: not before, and not after if a triggerer ran then.
    fn check_time_outs(&self, checked: &Checked<'_>) {
        let timeout = checked.task.spec.execution_timeout.unwrap();
        let mut tries = 0;
        for (begun, ended) in tries_of(&checked.history) {
            let deadline = begun.plus(timeout);
            assert!(ended >= deadline, "it ended early: {checked}");
            let run = self.runs.iter().find(|run| run.begun <= ended && ended <= run.killed);
            let possible = run.unwrap().begun.max(deadline);
            assert!(ended.since(possible) < LATE, "it ended late: {checked}");
            tries += 1;
        }
        assert_eq!(tries, 2, "{checked}");
    }
}

/// Every transition begins where the one before it ended: so every deferral is left exactly once.
fn chained(checked: &Checked<'_>) {
    let Checked { task, history, .. } = checked;
    assert_eq!(history.first().map(|entry| entry.from), Some(None), "{checked}");
    for pair in history.windows(2) {
        assert_eq!(pair[1].from, Some(pair[0].to), "{checked}");
        assert!(pair[1].at >= pair[0].at, "{checked}");
    }
    assert_eq!(history.last().map(|entry| entry.to), Some(task.state), "{checked}");
}

/// When each try began and when it ended.
fn tries_of(history: &[HistoryEntry]) -> Vec<(Timestamp, Timestamp)> {
    let mut tries = Vec::new();
    let mut begun = None;
    for entry in history {
        if entry.to == TaskState::Running {
            begun.get_or_insert(entry.at);
        }
        if let (true, Some(start)) =
            (entry.to == TaskState::UpForRetry || entry.to.is_final(), begun)
        {
            tries.push((start, entry.at));
            begun = None;
        }
    }
    tries
}

/// The deadline of a try is its begin and the time-out, to the millisecond, however often it was killed.
fn deadline_exact(checked: &Checked<'_>) {
    let Checked { task, history, .. } = checked;
    let mut begun = None;
    for entry in history {
        if entry.to == TaskState::Running {
            begun.get_or_insert(entry.at);
        } else if entry.to == TaskState::UpForRetry {
            begun = None;
        }
    }
    let expected = begun.and_then(|begun| Some(begun.plus(task.spec.execution_timeout?)));
    assert_eq!(task.deadline, expected, "{checked}");
}
