//! The door to the store: every operation can go wrong before and after it is done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use maitred_core::clock::{Clock as _, Timestamp};
use maitred_runtime::operator::{Begun, Intent, Settled};
use maitred_runtime::store::{Claimed, Fence, Share, Store, StoreError, Submitted, TaskFilter};
use maitred_runtime::task::{
    CancelRequest, Change, Checkpoint, DeferredTask, HistoryEntry, HookProgress, LogLine, NewTask,
    StoredDeferral, StoredIntent, Task, TaskId, TaskState,
};

use crate::fault::{Door, Fault};
use crate::judge::By;
use crate::process::Process;
use crate::world::World;

/// A store as one process sees it.
#[derive(Debug)]
pub struct SimStore {
    /// The world.
    pub world: Arc<World>,
    /// The process.
    pub process: Arc<Process>,
    /// The real store.
    pub inner: Arc<dyn Store>,
}

type Done<T> = Result<T, StoreError>;

/// A task before a change, with the main calls of its step.
type Before = (Task, Vec<StoredIntent>);

impl SimStore {
    fn op<T>(&self, name: &str, work: impl FnOnce(&dyn Store) -> Done<T>) -> Done<T> {
        let broken = || StoreError::Broken("the simulated store is broken".into());
        if self.process.is_dead() {
            return Err(broken());
        }
        match self.world.cross(&self.process, Door::Store, name) {
            None => work(&*self.inner),
            Some(Fault::KillBefore) => {
                self.process.kill();
                Err(broken())
            }
            Some(Fault::KillAfter) => {
                let _ = work(&*self.inner);
                self.process.kill();
                Err(broken())
            }
            Some(Fault::Unavailable) => {
                Err(StoreError::Unavailable("the simulated store is busy".into()))
            }
            Some(Fault::BrokenAfter) => {
                let _ = work(&*self.inner);
                Err(broken())
            }
            Some(_) => Err(broken()),
        }
    }

    /// An operation of a triggerer that writes.
    fn fenced<T>(
        &self,
        name: &str,
        fence: Fence,
        work: impl FnOnce(&dyn Store) -> Done<T>,
    ) -> Done<T> {
        self.op(name, |store| {
            let done = work(store)?;
            self.world.lock().judge.wrote(fence, name);
            Ok(done)
        })
    }

    fn say(&self, what: &str) {
        self.world.say(self.process.name(), what);
    }

    /// Shows the judge how tasks are now.
    fn observe(&self, store: &dyn Store, ids: impl IntoIterator<Item = TaskId>, by: By) {
        for id in ids {
            let Ok(Some(task)) = store.task(id) else { continue };
            let now = self.world.clock.now();
            let mut state = self.world.lock();
            let token = state.trace.name(&task.token);
            let line = format!(
                "task {id} is {}, try {}, step {}, {token}: {}",
                task.state,
                task.try_number,
                task.step,
                task.message.as_deref().unwrap_or_default()
            );
            state.trace.add(self.world.clock.elapsed(), self.process.name(), &line);
            state.judge.observe(&task, by, now);
        }
    }

    /// Acquires the store, and shows the judge what becomes of the tasks that have not ended.
    fn acquired(&self, store: &dyn Store, acquire: impl FnOnce() -> Done<Fence>) -> Done<Fence> {
        let mut tasks = store.tasks(&TaskFilter::default())?;
        tasks.retain(|task| !task.state.is_final());
        let fence = acquire()?;
        {
            let mut state = self.world.lock();
            state.judge.acquired(fence);
            let last = state.owner.replace(Arc::clone(&self.process));
            last.into_iter().for_each(|last| last.supersede());
        }
        self.say("has the store");
        self.observe(store, tasks.iter().rev().map(|task| task.id), By::Triggerer);
        Ok(fence)
    }

    /// The tasks that are to be changed, with the main calls of their steps.
    fn before(store: &dyn Store, changes: &[Change]) -> Done<Vec<Option<Before>>> {
        let before = |change: &Change| -> Done<Option<Before>> {
            let Some(task) = store.task(change.id)? else { return Ok(None) };
            let calls = store.intents(task.id, task.step)?;
            Ok(Some((task, calls)))
        };
        changes.iter().map(before).collect()
    }
}

impl Store for SimStore {
    fn submit_with(
        &self,
        tasks: &[NewTask],
        definitions: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Done<Vec<Submitted>> {
        self.op("submit", |store| {
            let submitted = store.submit_with(tasks, definitions, now)?;
            for one in &submitted {
                if let Submitted::Replaced { old, .. } = one {
                    self.world.lock().judge.replaced(*old);
                    self.observe(store, [*old], By::User);
                }
                self.observe(store, [one.id()], By::Submission);
            }
            Ok(submitted)
        })
    }

    fn acquire(&self, now: Timestamp) -> Done<Fence> {
        self.op("acquire", |store| self.acquired(store, || store.acquire(now)))
    }

    fn acquire_task(&self, id: TaskId, share: Share, now: Timestamp) -> Done<Fence> {
        self.op("acquire_task", |store| self.acquired(store, || store.acquire_task(id, share, now)))
    }

    fn due(&self, fence: Fence, now: Timestamp, limit: usize) -> Done<Vec<Task>> {
        self.op("due", |store| store.due(fence, now, limit))
    }

    fn claim(&self, fence: Fence, now: Timestamp, ids: &[TaskId]) -> Done<Claimed> {
        self.fenced("claim", fence, |store| {
            let claimed = store.claim(fence, now, ids)?;
            self.observe(store, claimed.tasks.iter().map(|task| task.id), By::Claim(now));
            Ok(claimed)
        })
    }

    fn commit(&self, fence: Fence, changes: &[Change], now: Timestamp) -> Done<Vec<bool>> {
        self.fenced("commit", fence, |store| {
            let before = Self::before(store, changes)?;
            let made = store.commit(fence, changes, now)?;
            for ((change, made), before) in changes.iter().zip(&made).zip(before) {
                if *made {
                    let to = store.task(change.id)?.map(|task| task.state);
                    if let (Some((task, calls)), Some(to)) = (before, to) {
                        self.world.lock().judge.changed(change, &task, &calls, to);
                    }
                    self.observe(store, [change.id], By::Triggerer);
                } else {
                    self.say(&format!("task {} is left as it is: {}", change.id, change.reason));
                }
            }
            Ok(made)
        })
    }

    fn clock_set_back(&self, fence: Fence, only: Option<TaskId>, by: Duration) -> Done<()> {
        self.fenced("clock_set_back", fence, |store| store.clock_set_back(fence, only, by))
    }

    fn checkpoint(&self, fence: Fence, checkpoints: &[Checkpoint], lines: &[LogLine]) -> Done<()> {
        self.fenced("checkpoint", fence, |store| store.checkpoint(fence, checkpoints, lines))
    }

    fn deferred(&self, fence: Fence, after: TaskId, limit: usize) -> Done<Vec<DeferredTask>> {
        self.op("deferred", |store| store.deferred(fence, after, limit))
    }

    fn begin(&self, fence: Fence, id: TaskId, step: u32, intent: &Intent) -> Done<Begun> {
        self.fenced("begin", fence, |store| {
            let begun = store.begin(fence, id, step, intent)?;
            let what = format!("task {id} begins {} {}: {begun:?}", intent.name, intent.ordinal);
            self.say(&what);
            Ok(begun)
        })
    }

    fn settle(
        &self,
        fence: Fence,
        id: TaskId,
        step: u32,
        ordinal: u32,
        settled: &Settled,
    ) -> Done<()> {
        self.fenced("settle", fence, |store| {
            store.settle(fence, id, step, ordinal, settled)?;
            self.say(&format!("task {id} settles {ordinal}: {settled:?}"));
            Ok(())
        })
    }

    fn intents(&self, id: TaskId, step: u32) -> Done<Vec<StoredIntent>> {
        self.op("intents", |store| store.intents(id, step))
    }

    fn all_intents(&self, id: TaskId) -> Done<Vec<StoredIntent>> {
        self.op("all_intents", |store| store.all_intents(id))
    }

    fn request_cancel(
        &self,
        id: TaskId,
        request: CancelRequest,
        now: Timestamp,
    ) -> Done<TaskState> {
        self.op("request_cancel", |store| {
            let before = store.task(id)?;
            let has_undo = store.deferral(id)?.is_some_and(|deferral| deferral.on_cancel.is_some());
            let judged = before.filter(|task| !task.state.is_final());
            if let Some(task) = &judged {
                self.world.lock().judge.cancel_asked(task, request, has_undo);
            }
            let state = store.request_cancel(id, request, now)?;
            self.observe(store, [id], By::User);
            Ok(state)
        })
    }

    fn cancel_requests(&self, fence: Fence) -> Done<Vec<Task>> {
        self.op("cancel_requests", |store| store.cancel_requests(fence))
    }

    fn pending_hooks(&self, fence: Fence) -> Done<Vec<TaskId>> {
        self.op("pending_hooks", |store| store.pending_hooks(fence))
    }

    fn hook_run(
        &self,
        fence: Fence,
        id: TaskId,
        ended: Timestamp,
        progress: &HookProgress,
        line: &LogLine,
    ) -> Done<()> {
        self.fenced("hook_run", fence, |store| {
            store.hook_run(fence, id, ended, progress, line)?;
            self.say(&format!("task {id} hook: {}", line.message));
            Ok(())
        })
    }

    fn settle_by_user(&self, id: TaskId, settled: &Settled, now: Timestamp) -> Done<()> {
        self.op("settle_by_user", |store| {
            store.settle_by_user(id, settled, now)?;
            self.world.lock().judge.asked_for_another_try(id, Some(settled));
            self.observe(store, [id], By::User);
            Ok(())
        })
    }

    fn retry_with(
        &self,
        id: TaskId,
        changed: Option<&NewTask>,
        definitions: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Done<()> {
        self.op("retry", |store| {
            store.retry_with(id, changed, definitions, now)?;
            self.world.lock().judge.asked_for_another_try(id, None);
            self.observe(store, [id], By::User);
            Ok(())
        })
    }

    fn task(&self, id: TaskId) -> Done<Option<Task>> {
        self.op("task", |store| store.task(id))
    }

    fn task_of_key(&self, key: &str) -> Done<Option<Task>> {
        self.op("task_of_key", |store| store.task_of_key(key))
    }

    fn tasks(&self, filter: &TaskFilter) -> Done<Vec<Task>> {
        self.op("tasks", |store| store.tasks(filter))
    }

    fn counts(&self) -> Done<Vec<(TaskState, u64)>> {
        self.op("counts", |store| store.counts())
    }

    fn deferral(&self, id: TaskId) -> Done<Option<StoredDeferral>> {
        self.op("deferral", |store| store.deferral(id))
    }

    fn history(&self, id: TaskId) -> Done<Vec<HistoryEntry>> {
        self.op("history", |store| store.history(id))
    }

    fn logs(&self, id: TaskId, skip: usize) -> Done<Vec<LogLine>> {
        self.op("logs", |store| store.logs(id, skip))
    }

    fn prune(&self, before: Timestamp) -> Done<usize> {
        self.op("prune", |store| {
            let pruned = store.prune(before)?;
            self.say(&format!("{pruned} pruned"));
            Ok(pruned)
        })
    }

    fn put_definition(&self, hash: &str, text: &str) -> Done<()> {
        self.op("put_definition", |store| store.put_definition(hash, text))
    }

    fn definition(&self, hash: &str) -> Done<Option<String>> {
        self.op("definition", |store| store.definition(hash))
    }

    fn change_counter(&self) -> Done<u64> {
        self.op("change_counter", |store| store.change_counter())
    }
}
