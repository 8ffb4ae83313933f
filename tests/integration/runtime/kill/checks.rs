//! What holds after every kill, and at the end.

use std::collections::BTreeSet;
use std::time::Duration;

use maitred::clock::Timestamp;
use maitred::runtime::task::{HistoryEntry, StoredDeferral};
use maitred::runtime::{Store as _, Task, TaskId, TaskState};
use serde_json::Value;

use super::Scene;
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

impl Scene {
    /// What holds whenever the triggerer has been killed.
    pub(super) fn check_between(&mut self, context: &str) {
        let ids: Vec<_> = self.kinds.keys().copied().collect();
        for id in ids {
            let task = self.store.task(id).unwrap();
            let task = task.unwrap_or_else(|| panic!("{context}: task {id} is lost"));
            let history = self.store.history(id).unwrap();
            let context = format!("{context}: {task:#?}\n{history:#?}");
            chained(&history, &task, &context);
            deadline_exact(&history, &task, &context);
            if task.state == TaskState::Deferred {
                self.check_deferral(&task, &history, &context);
            }
            self.check_main_calls(id, &context);
        }
    }

    /// A deferral keeps its bounds, and its attempts are at most a flush behind for every kill.
    fn check_deferral(&mut self, task: &Task, history: &[HistoryEntry], context: &str) {
        let deferral = self.store.deferral(task.id).unwrap();
        let deferral = deferral.unwrap_or_else(|| panic!("{context}: its deferral is lost"));
        let fixed = Fixed::of(&deferral);
        let before = self.deferrals.entry((task.id, task.step)).or_insert_with(|| fixed.clone());
        assert_eq!(*before, fixed, "{context}");
        let state: Value = serde_json::from_str(&deferral.state).unwrap();
        let Some(stored) = state["progress"]["attempts"].as_u64() else { return };
        let deferred = |entry: &&HistoryEntry| entry.to == TaskState::Deferred;
        let since = history.iter().rev().find(deferred).unwrap().at;
        let cluster = task.spec.key.as_deref().unwrap();
        let calls = self.service.calls();
        let polls: Vec<_> = calls
            .iter()
            .filter(|call| call.cluster == cluster && call.at >= since && !call.is_main())
            .map(|call| call.at)
            .collect();
        let lost = |at: &Timestamp| {
            self.runs.iter().any(|run| *at <= run.killed && run.killed.since(*at) < FLUSH)
        };
        let safe = polls.iter().filter(|at| !lost(at)).count() as u64;
        let seen = polls.len() as u64;
        assert!(safe <= stored && stored <= seen, "{safe} <= {stored} <= {seen}: {context}");
    }

    /// A main call that was accepted is not made again. One that the service refused, because the cluster was
    /// busy, may be; and a cancelled task may have been undone, once.
    fn check_main_calls(&self, id: TaskId, context: &str) {
        let kind = self.kinds[&id];
        let cluster = self.store.task(id).unwrap().unwrap().spec.key.unwrap();
        let calls = self.service.calls();
        let made = |action: &str| {
            let of_it = |call: &&super::service::Seen| call.cluster == cluster;
            calls.iter().filter(of_it).filter(|call| call.action == action).count()
        };
        let (own, other) = match kind.main_call() {
            Some("ResumeCluster") => (made("ResumeCluster"), made("PauseCluster")),
            _ => (made("PauseCluster"), made("ResumeCluster")),
        };
        let most = usize::from(kind.main_call().is_some());
        assert!(kind == Kind::Busy || own <= most, "{own} main calls: {context}");
        let posts = self.told.requests();
        let posts = posts.iter().filter(|request| request.path == format!("/post/{cluster}"));
        let posts = posts.count();
        assert!(posts <= 1, "{posts} posts: {context}");
        let undo = self.cancelled.get(&id).is_some_and(|request| request.undo);
        assert!(other <= usize::from(undo), "{other} undoing calls: {context}");
    }

    /// What holds when there is nothing left to do.
    pub(super) fn check_end(&self, context: &str) {
        let told = self.told();
        for (id, kind) in &self.kinds {
            let task = self.store.task(*id).unwrap().unwrap();
            let history = self.store.history(*id).unwrap();
            let context = format!("{context}: {kind:?} {task:#?}\n{history:#?}");
            let cancelled = self.cancelled.contains_key(id);
            let expected = task.state == kind.ends()
                || task.state == TaskState::Cancelled && cancelled
                || task.state == TaskState::InDoubt && (cancelled || *kind == Kind::Post);
            assert!(expected, "{context}");
            let failed = matches!(task.state, TaskState::Failed | TaskState::InDoubt);
            assert_eq!(told.contains(id), failed, "whether its failure was told: {context}");
            if kind.main_call().is_some() && task.state == TaskState::Success {
                let cluster = task.spec.key.as_deref().unwrap();
                let main = self.service.calls();
                let main = main.iter().filter(|call| call.cluster == cluster && call.is_main());
                assert!(main.count() >= 1, "{context}");
            }
            if *kind == Kind::OutOfTime && !cancelled {
                self.check_time_outs(&history, &task, &context);
            }
        }
    }

    /// The tasks whose failure was told, once or again after a kill.
    fn told(&self) -> BTreeSet<TaskId> {
        let requests = self.told.requests();
        let told = |text: String| -> Option<TaskId> {
            serde_json::from_str::<Value>(&text).unwrap()["task"]["id"].as_i64()
        };
        let requests = requests.iter().filter(|request| request.path == "/");
        requests.filter_map(|request| told(request.text())).collect()
    }

    /// Every try ended at its execution time-out: not before, and not after if a triggerer ran then.
    fn check_time_outs(&self, history: &[HistoryEntry], task: &Task, context: &str) {
        let timeout = task.spec.execution_timeout.unwrap();
        let mut tries = 0;
        for (begun, ended) in tries_of(history) {
            let deadline = begun.plus(timeout);
            assert!(ended >= deadline, "it ended early: {context}");
            let run = self.runs.iter().find(|run| run.begun <= ended && ended <= run.killed);
            let possible = run.unwrap().begun.max(deadline);
            assert!(ended.since(possible) < LATE, "it ended late: {context}");
            tries += 1;
        }
        assert_eq!(tries, 2, "{context}");
    }
}

/// Every transition begins where the one before it ended: so every deferral is left exactly once.
fn chained(history: &[HistoryEntry], task: &Task, context: &str) {
    assert_eq!(history.first().map(|entry| entry.from), Some(None), "{context}");
    for pair in history.windows(2) {
        assert_eq!(pair[1].from, Some(pair[0].to), "{context}");
        assert!(pair[1].at >= pair[0].at, "{context}");
    }
    assert_eq!(history.last().map(|entry| entry.to), Some(task.state), "{context}");
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
fn deadline_exact(history: &[HistoryEntry], task: &Task, context: &str) {
    let mut begun = None;
    for entry in history {
        if entry.to == TaskState::Running {
            begun.get_or_insert(entry.at);
        } else if entry.to == TaskState::UpForRetry {
            begun = None;
        }
    }
    let expected = begun.and_then(|begun| Some(begun.plus(task.spec.execution_timeout?)));
    assert_eq!(task.deadline, expected, "{context}");
}
