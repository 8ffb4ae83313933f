//! Tasks in memory, for tests and for programs that need nothing to outlive them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::store::{Claimed, Fence, Share, Store, StoreError, Submitted, TaskFilter};
use super::task::{
    CancelRequest, Change, Checkpoint, DeferredTask, HistoryEntry, HookProgress, LogLine, NewTask,
    OnConflict, StoredDeferral, StoredIntent, Task, TaskId, TaskState, Transition,
};
use super::transitions::{self, Conflict, Undoable};
use crate::operator::Begun;
use crate::operator::Intent;
use crate::operator::Settled;
use maitred_core::clock::Timestamp;

/// A [`Store`] whose promises end with the process.
#[derive(Debug, Default)]
pub struct MemoryStore {
    content: Mutex<Content>,
}

#[derive(Debug, Default, Clone)]
struct Content {
    fence: u64,
    last: TaskId,
    tasks: BTreeMap<TaskId, Kept>,
    definitions: BTreeMap<String, String>,
    changes: u64,
}

/// A task and what belongs to it.
#[derive(Debug, Clone)]
struct Kept {
    task: Task,
    deferral: Option<StoredDeferral>,
    intents: BTreeMap<(u32, u32), StoredIntent>,
    history: Vec<HistoryEntry>,
    lines: Vec<LogLine>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        // The guarded code cannot panic half-way, so poisoned content is still whole.
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fenced(&self, fence: Fence) -> Result<MutexGuard<'_, Content>, StoreError> {
        let content = self.content();
        if content.fence == fence.0 { Ok(content) } else { Err(StoreError::Fenced) }
    }
}

impl Kept {
    /// Takes up a transition, and drops what the task has no more use for.
    fn passed(&mut self, entry: HistoryEntry) {
        self.history.push(entry);
        if !matches!(self.task.state, TaskState::Deferred | TaskState::Blocked) {
            self.deferral = None;
        }
        if !self.task.keeps_calls() {
            self.intents.clear();
        }
    }

    /// The main calls of a step, in order.
    fn calls(&self, step: u32) -> Vec<StoredIntent> {
        let of_step = self.intents.range((step, 0)..=(step, u32::MAX));
        of_step.map(|(_, intent)| intent.clone()).collect()
    }

    /// The main calls of the task's step, which only who cancels it has to know.
    fn calls_if_cancelled(&self) -> Vec<StoredIntent> {
        self.task.cancel.map_or_else(Vec::new, |_| self.calls(self.task.step))
    }

    /// Puts it back to where it was when its triggerer ended, or it was blocked.
    fn take_up_again(&mut self, now: Timestamp) {
        if matches!(self.task.state, TaskState::Running | TaskState::Blocked) {
            let calls = self.calls_if_cancelled();
            let entry = self.task.take_up_again(self.deferral.is_some(), &calls, now);
            self.passed(entry);
        }
    }

    /// The hashes of the definitions that the task and its deferral need.
    fn definitions(&self) -> impl Iterator<Item = String> {
        let state = self.deferral.as_ref().map(|deferral| deferral.state.as_str());
        let state: Option<Value> = state.and_then(|state| serde_json::from_str(state).ok());
        let waits_for = state.and_then(|state| Some(state.get("definition")?.as_str()?.to_owned()));
        self.task.spec.waiters.values().cloned().chain(waits_for)
    }
}

impl Content {
    fn kept(&self, id: TaskId) -> Result<&Kept, StoreError> {
        self.tasks.get(&id).ok_or(StoreError::NotFound(id))
    }

    fn kept_mut(&mut self, id: TaskId) -> Result<&mut Kept, StoreError> {
        self.tasks.get_mut(&id).ok_or(StoreError::NotFound(id))
    }

    fn holder(&self, key: &str) -> Option<TaskId> {
        let has_it = |task: &Task| task.spec.key.as_deref() == Some(key) && task.holds_key();
        Some(self.tasks.values().find(|kept| has_it(&kept.task))?.task.id)
    }

    /// The task that has this key, else the last one that had it.
    fn last_of_key(&self, key: &str) -> Option<&Task> {
        let tasks = self.tasks.values().map(|kept| &kept.task);
        let of_key = tasks.filter(|task| task.spec.key.as_deref() == Some(key));
        of_key.max_by_key(|task| (task.holds_key(), task.id))
    }

    fn submit(&mut self, spec: &NewTask, now: Timestamp) -> Result<Submitted, StoreError> {
        let holder = spec.key.as_deref().and_then(|key| match spec.on_conflict {
            OnConflict::Done => self
                .last_of_key(key)
                .filter(|last| last.makes_another_needless())
                .map(|last| last.id),
            OnConflict::Reject | OnConflict::Attach | OnConflict::Replace => self.holder(key),
        });
        let Some(old) = holder else {
            return Ok(Submitted::Created(self.insert(spec, now)));
        };
        match transitions::conflict(spec, old)? {
            Conflict::Attach => Ok(Submitted::Attached(old)),
            Conflict::Replace => {
                self.request_cancel(old, transitions::REPLACE, now)?;
                Ok(Submitted::Replaced { new: self.insert(spec, now), old })
            }
        }
    }

    fn insert(&mut self, spec: &NewTask, now: Timestamp) -> TaskId {
        self.last += 1;
        let (task, entry) = Task::submitted(self.last, spec.clone(), now);
        let kept = Kept {
            task,
            deferral: None,
            intents: BTreeMap::new(),
            history: vec![entry],
            lines: Vec::new(),
        };
        self.tasks.insert(self.last, kept);
        self.last
    }

    fn request_cancel(
        &mut self,
        id: TaskId,
        request: CancelRequest,
        now: Timestamp,
    ) -> Result<TaskState, StoreError> {
        let kept = self.kept_mut(id)?;
        let undoable = kept.deferral.as_ref().is_some_and(|deferral| deferral.on_cancel.is_some());
        let calls = kept.calls(kept.task.step);
        if let Some(entry) = kept.task.request_cancel(request, Undoable(undoable), &calls, now)? {
            kept.passed(entry);
        }
        Ok(kept.task.state)
    }

    fn change(&mut self, change: &Change, now: Timestamp) -> bool {
        let Some(kept) = self.tasks.get_mut(&change.id) else { return false };
        let deferral = kept.deferral.as_ref();
        let entry = || deferral.map(|deferral| (deferral.method.clone(), deferral.kwargs.clone()));
        let calls = kept.calls_if_cancelled();
        let Some(entry) = kept.task.change(change, || entry().unwrap_or_default(), &calls, now)
        else {
            return false;
        };
        if let (Transition::Defer(deferral), TaskState::Deferred) =
            (&change.transition, kept.task.state)
        {
            kept.deferral = Some((**deferral).clone());
        }
        kept.passed(entry);
        true
    }

    /// Checks that an ended task may have its key again.
    fn check_key(&self, id: TaskId) -> Result<(), StoreError> {
        let Some(key) = &self.kept(id)?.task.spec.key else { return Ok(()) };
        match self.holder(key) {
            None => Ok(()),
            Some(holder) => Err(StoreError::Conflict { key: key.clone(), id: holder }),
        }
    }

    fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let waiting = self.tasks.values().map(|kept| &kept.task);
        let waiting = waiting.filter(|task| task.waits_for_a_worker());
        waiting.map(|task| task.due_by(now)).min()
    }
}

impl Store for MemoryStore {
    fn submit_with(
        &self,
        tasks: &[NewTask],
        definitions: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<Vec<Submitted>, StoreError> {
        let mut content = self.content();
        // Only a later one that is refused has anything to take back.
        let refusable =
            |task: &NewTask| task.key.is_some() && task.on_conflict == OnConflict::Reject;
        let before = tasks.iter().skip(1).any(refusable).then(|| content.clone());
        let submitted = tasks.iter().map(|task| content.submit(task, now)).collect();
        if let (Err(_), Some(before)) = (&submitted, before) {
            *content = before;
        } else {
            content.changes += 1;
            content.definitions.extend(definitions.clone());
        }
        submitted
    }

    fn acquire(&self, now: Timestamp) -> Result<Fence, StoreError> {
        let mut content = self.content();
        content.fence += 1;
        for kept in content.tasks.values_mut() {
            kept.task.begin_pause_by(now);
            kept.take_up_again(now);
        }
        let needed: Vec<_> = content.tasks.values().flat_map(Kept::definitions).collect();
        content.definitions.retain(|hash, _| needed.contains(hash));
        Ok(Fence(content.fence))
    }

    fn acquire_task(&self, id: TaskId, _: Share, now: Timestamp) -> Result<Fence, StoreError> {
        let mut content = self.content();
        let kept = content.kept_mut(id)?;
        kept.task.begin_pause_by(now);
        kept.take_up_again(now);
        Ok(Fence(content.fence))
    }

    fn due(&self, fence: Fence, now: Timestamp, limit: usize) -> Result<Vec<Task>, StoreError> {
        let content = self.fenced(fence)?;
        let tasks = content.tasks.values().map(|kept| &kept.task);
        let mut due: Vec<_> = tasks.filter(|task| task.is_due(now)).collect();
        due.sort_unstable_by_key(|task| (task.due, task.id));
        let (early, on_time) = due.into_iter().partition(|task| task.is_due_early(now));
        Ok(transitions::take_turns(on_time, early, limit).into_iter().cloned().collect())
    }

    fn claim(&self, fence: Fence, now: Timestamp, ids: &[TaskId]) -> Result<Claimed, StoreError> {
        let mut content = self.fenced(fence)?;
        let mut tasks = Vec::with_capacity(ids.len());
        for id in ids {
            let kept = content.tasks.get_mut(id).filter(|kept| kept.task.is_due(now));
            let Some(kept) = kept else { continue };
            let entry = kept.task.claim(now);
            kept.passed(entry);
            tasks.push(kept.task.clone());
        }
        Ok(Claimed { tasks, next_due: content.next_due(now) })
    }

    fn commit(
        &self,
        fence: Fence,
        changes: &[Change],
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError> {
        let mut content = self.fenced(fence)?;
        Ok(changes.iter().map(|change| content.change(change, now)).collect())
    }

    fn clock_set_back(
        &self,
        fence: Fence,
        only: Option<TaskId>,
        by: Duration,
    ) -> Result<(), StoreError> {
        let mut content = self.fenced(fence)?;
        let tasks = content.tasks.values_mut().map(|kept| &mut kept.task);
        let tasks = tasks.filter(|task| only.is_none_or(|only| only == task.id));
        tasks.for_each(|task| task.clock_set_back(by));
        Ok(())
    }

    fn checkpoint(
        &self,
        fence: Fence,
        checkpoints: &[Checkpoint],
        lines: &[LogLine],
    ) -> Result<(), StoreError> {
        let mut content = self.fenced(fence)?;
        for checkpoint in checkpoints {
            let Some(kept) = content.tasks.get_mut(&checkpoint.id) else { continue };
            if kept.task.step != checkpoint.step || kept.task.state != TaskState::Deferred {
                continue;
            }
            if let Some(deferral) = &mut kept.deferral {
                deferral.state.clone_from(&checkpoint.state);
                deferral.due = checkpoint.due;
                deferral.pause_from = Some(checkpoint.pause_from);
            }
        }
        for line in lines {
            if let Some(kept) = content.tasks.get_mut(&line.id) {
                kept.lines.push(line.clone());
            }
        }
        Ok(())
    }

    fn deferred(
        &self,
        fence: Fence,
        after: TaskId,
        limit: usize,
    ) -> Result<Vec<DeferredTask>, StoreError> {
        let content = self.fenced(fence)?;
        let later = content.tasks.range(after.saturating_add(1)..).map(|(_, kept)| kept);
        let deferred = later.filter(|kept| kept.task.state == TaskState::Deferred);
        let deferred = deferred.filter_map(|kept| {
            Some(DeferredTask {
                id: kept.task.id,
                step: kept.task.step,
                deadline: kept.task.deadline,
                deferral: kept.deferral.clone()?,
            })
        });
        Ok(deferred.take(limit).collect())
    }

    fn begin(
        &self,
        fence: Fence,
        id: TaskId,
        step: u32,
        intent: &Intent,
    ) -> Result<Begun, StoreError> {
        let mut content = self.fenced(fence)?;
        let kept = content.kept_mut(id)?;
        transitions::check_running(&kept.task, step)?;
        if let Some(known) = kept.intents.get(&(step, intent.ordinal)) {
            let result = match &known.settled {
                Some(Settled::Done(result)) => Some(result.clone()),
                _ => None,
            };
            return transitions::known_call(id, intent, known.intent.name.clone(), result);
        }
        let stored = StoredIntent { intent: intent.clone(), settled: None };
        kept.intents.insert((step, intent.ordinal), stored);
        Ok(Begun::Go)
    }

    fn settle(
        &self,
        fence: Fence,
        id: TaskId,
        step: u32,
        ordinal: u32,
        settled: &Settled,
    ) -> Result<(), StoreError> {
        let mut content = self.fenced(fence)?;
        let place = (step, ordinal);
        let kept = content.tasks.get_mut(&id);
        match settled {
            Settled::NotMade => {
                if let Some(kept) = kept {
                    kept.intents.retain(|at, intent| *at != place || intent.settled.is_some());
                }
            }
            Settled::Done(_) => {
                let kept = kept.ok_or(StoreError::NotFound(id))?;
                let state = kept.task.state;
                let intent = kept.intents.get_mut(&place);
                let intent = intent.ok_or(StoreError::WrongState { id, state })?;
                intent.settled.get_or_insert_with(|| settled.clone());
            }
        }
        Ok(())
    }

    fn intents(&self, id: TaskId, step: u32) -> Result<Vec<StoredIntent>, StoreError> {
        let content = self.content();
        Ok(content.tasks.get(&id).map_or_else(Vec::new, |kept| kept.calls(step)))
    }

    fn all_intents(&self, id: TaskId) -> Result<Vec<StoredIntent>, StoreError> {
        let kept =
            self.content().tasks.get(&id).map(|kept| kept.intents.values().cloned().collect());
        Ok(kept.unwrap_or_default())
    }

    fn request_cancel(
        &self,
        id: TaskId,
        request: CancelRequest,
        now: Timestamp,
    ) -> Result<TaskState, StoreError> {
        let mut content = self.content();
        content.changes += 1;
        content.request_cancel(id, request, now)
    }

    fn cancel_requests(&self, fence: Fence) -> Result<Vec<Task>, StoreError> {
        let content = self.fenced(fence)?;
        let held = |task: &&Task| matches!(task.state, TaskState::Running | TaskState::Deferred);
        let tasks = content.tasks.values().map(|kept| &kept.task).filter(held);
        Ok(tasks.filter(|task| task.cancel.is_some()).cloned().collect())
    }

    fn pending_hooks(&self, fence: Fence) -> Result<Vec<TaskId>, StoreError> {
        let content = self.fenced(fence)?;
        let pending = content.tasks.values().filter(|kept| kept.task.hook_pending);
        Ok(pending.map(|kept| kept.task.id).collect())
    }

    fn hook_run(
        &self,
        fence: Fence,
        id: TaskId,
        ended: Timestamp,
        progress: &HookProgress,
        line: &LogLine,
    ) -> Result<(), StoreError> {
        let mut content = self.fenced(fence)?;
        let Some(kept) = content.tasks.get_mut(&id) else { return Ok(()) };
        kept.lines.push(line.clone());
        if kept.task.ended == Some(ended) {
            kept.task.hook_pending = progress.next.is_some();
            kept.task.hook = progress.clone();
        }
        Ok(())
    }

    fn settle_by_user(
        &self,
        id: TaskId,
        settled: &Settled,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut content = self.content();
        let kept = content.kept(id)?;
        let calls = kept.calls(kept.task.step);
        let call = kept.task.in_question(&calls, settled)?;
        content.check_key(id)?;
        content.changes += 1;
        let kept = content.kept_mut(id)?;
        if let Some(intent) = call {
            let place = (kept.task.step, intent.ordinal);
            kept.intents.remove(&place);
            if let Settled::Done(_) = settled {
                let settled = Some(settled.clone());
                kept.intents.insert(place, StoredIntent { intent: intent.clone(), settled });
            }
        }
        let entry = kept.task.settled_by_user(call, settled, now);
        kept.passed(entry);
        Ok(())
    }

    fn retry_with(
        &self,
        id: TaskId,
        changed: Option<&NewTask>,
        definitions: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut content = self.content();
        content.kept(id)?.task.can_be_retried()?;
        content.check_key(id)?;
        content.changes += 1;
        content.definitions.extend(definitions.clone());
        let kept = content.kept_mut(id)?;
        let entry = kept.task.retry(changed, now);
        kept.passed(entry);
        Ok(())
    }

    fn task(&self, id: TaskId) -> Result<Option<Task>, StoreError> {
        Ok(self.content().tasks.get(&id).map(|kept| kept.task.clone()))
    }

    fn task_of_key(&self, key: &str) -> Result<Option<Task>, StoreError> {
        Ok(self.content().last_of_key(key).cloned())
    }

    fn tasks(&self, filter: &TaskFilter) -> Result<Vec<Task>, StoreError> {
        let content = self.content();
        let wanted = |task: &&Task| {
            (filter.states.is_empty() || filter.states.contains(&task.state))
                && filter.operator.as_ref().is_none_or(|operator| task.spec.operator == *operator)
                && filter.key.as_ref().is_none_or(|key| task.spec.key.as_ref() == Some(key))
                && filter.created_since.is_none_or(|since| task.created >= since)
        };
        let before = filter.before.unwrap_or(TaskId::MAX);
        let newest = content.tasks.range(..before).rev().map(|(_, kept)| &kept.task).filter(wanted);
        Ok(newest.take(filter.limit.unwrap_or(usize::MAX)).cloned().collect())
    }

    fn counts(&self) -> Result<Vec<(TaskState, u64)>, StoreError> {
        let mut counts = BTreeMap::new();
        for kept in self.content().tasks.values() {
            *counts.entry(kept.task.state).or_insert(0) += 1;
        }
        Ok(counts.into_iter().collect())
    }

    fn deferral(&self, id: TaskId) -> Result<Option<StoredDeferral>, StoreError> {
        Ok(self.content().tasks.get(&id).and_then(|kept| kept.deferral.clone()))
    }

    fn history(&self, id: TaskId) -> Result<Vec<HistoryEntry>, StoreError> {
        let content = self.content();
        Ok(content.tasks.get(&id).map_or_else(Vec::new, |kept| kept.history.clone()))
    }

    fn logs(&self, id: TaskId, skip: usize) -> Result<Vec<LogLine>, StoreError> {
        let content = self.content();
        let lines = content.tasks.get(&id).map(|kept| kept.lines.iter().skip(skip));
        Ok(lines.into_iter().flatten().cloned().collect())
    }

    fn prune(&self, before: Timestamp) -> Result<usize, StoreError> {
        let mut content = self.content();
        let count = content.tasks.len();
        content.tasks.retain(|_, kept| {
            kept.task.state == TaskState::InDoubt
                || kept.task.ended.is_none_or(|ended| ended >= before)
        });
        Ok(count - content.tasks.len())
    }

    fn put_definition(&self, hash: &str, text: &str) -> Result<(), StoreError> {
        let mut content = self.content();
        content.definitions.entry(hash.to_owned()).or_insert_with(|| text.to_owned());
        Ok(())
    }

    fn definition(&self, hash: &str) -> Result<Option<String>, StoreError> {
        Ok(self.content().definitions.get(hash).cloned())
    }

    fn change_counter(&self) -> Result<u64, StoreError> {
        Ok(self.content().changes)
    }
}
