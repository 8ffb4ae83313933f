//! What the triggerer asks of the store, and what follows from the answers.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::state::{Driver, LOOK_EVERY, Look, Stored};
use crate::access::StoreAccess;
use crate::notice::Notice;
use crate::redact;
use crate::store::{Claimed, Store, StoreError};
use crate::task::{Change, DeferredTask, Task, TaskId, TaskState, Transition};
use crate::triggerer::options::{CHECKPOINT_EVERY, Scope};
use maitred_core::clock::Timestamp;

/// How many due tasks are looked at, at once: beyond those that there are workers for, some may need none.
const CLAIM_AT_ONCE: usize = 512;

impl Driver {
    pub(super) fn commit(&mut self) {
        if self.in_flight.commit || self.changes.is_empty() {
            return;
        }
        self.in_flight.commit = true;
        let mut changes = std::mem::take(&mut self.changes);
        let (fence, clock) = (self.fence, Arc::clone(&self.clock));
        let store = self.store.clone();
        let known = self.workplace.known().clone();
        self.stores.spawn(async move {
            changes.iter_mut().for_each(|change| redact::change(&known, change));
            let changes = Arc::new(changes);
            let committed = Arc::clone(&changes);
            let commit = move |store: &dyn Store| store.commit(fence, &committed, clock.now());
            let made = store.run(commit).await?;
            if store.is_observed() {
                tell_ends(&store, &changes, &made).await?;
            }
            Ok(Stored::Committed(Arc::unwrap_or_clone(changes), made))
        });
    }

    /// Lets the store know that the wall clock was set back.
    pub(super) fn take_in_wall_clock(&mut self) {
        if self.in_flight.set_back || self.set_back.is_zero() {
            return;
        }
        self.in_flight.set_back = true;
        let by = std::mem::take(&mut self.set_back);
        let (fence, only) = (self.fence, self.options.scope.only());
        let store = self.store.clone();
        self.stores.spawn(async move {
            store
                .run(move |store| {
                    store.clock_set_back(fence, only, by)?;
                    Ok(Stored::SetBack)
                })
                .await
        });
    }

    pub(super) fn claim(&mut self, now: Timestamp) {
        let due = self.next_due.is_some_and(|due| due <= now);
        let room = self.options.workers.saturating_sub(self.busy);
        let wanted = self.want_claim || (due && room > 0);
        if self.in_flight.claim || !wanted {
            return;
        }
        self.in_flight.claim = true;
        self.want_claim = false;
        self.next_due = None;
        let fence = self.fence;
        let only = self.options.scope.only();
        let (workplace, store) = (self.workplace.clone(), self.store.clone());
        let clock = Arc::clone(&self.clock);
        self.stores.spawn(async move {
            let due = move |store: &dyn Store| match only {
                Some(id) => {
                    let task = store.task(id)?.filter(|task| task.is_due(now));
                    Ok(task.into_iter().collect())
                }
                None => store.due(fence, now, room.max(CLAIM_AT_ONCE)),
            };
            let (mut wanted, mut on_workers) = (Vec::new(), HashSet::new());
            for task in store.run(due).await? {
                if workplace.starts_from_trigger(&task) {
                    wanted.push(task.id);
                } else if on_workers.len() < room {
                    wanted.push(task.id);
                    on_workers.insert(task.id);
                }
            }
            // At the time of the transaction: others may have been made since the look.
            let claim = move |store: &dyn Store| store.claim(fence, clock.now(), &wanted);
            let mut claimed = store.run(claim).await?;
            // What was claimed stays claimed, whatever the next look at the store comes to.
            if let Some(id) = only {
                let left = store.run(move |store| store.task(id)).await?;
                let left = left.filter(Task::waits_for_a_worker);
                claimed.next_due = left.map(|task| task.due_by(now));
            }
            Ok(Stored::Claimed(claimed, on_workers))
        });
    }

    pub(super) fn checkpoint(&mut self, now: Duration) {
        let resting = self.is_ending() && self.rests_in_memory();
        if self.in_flight.checkpoint || (now < self.next_checkpoint && !resting) {
            return;
        }
        self.next_checkpoint = now + CHECKPOINT_EVERY;
        let mut checkpoints = self.queue.checkpoints();
        let lines = self.workplace.log.take();
        if checkpoints.is_empty() && lines.is_empty() {
            return;
        }
        self.in_flight.checkpoint = true;
        let fence = self.fence;
        let store = self.store.clone();
        let known = self.workplace.known().clone();
        self.stores.spawn(async move {
            checkpoints.iter_mut().for_each(|it| redact::checkpoint(&known, it));
            store
                .run(move |store| {
                    store.checkpoint(fence, &checkpoints, &lines)?;
                    Ok(Stored::Checkpointed)
                })
                .await
        });
    }

    /// Looks whether another process has changed the store.
    pub(super) fn look(&mut self, now: Duration) {
        if self.in_flight.look || now < self.next_look {
            return;
        }
        self.next_look = now + LOOK_EVERY;
        self.in_flight.look = true;
        let anew = std::mem::take(&mut self.look_anew);
        let seen = self.seen.filter(|_| !anew);
        let (fence, scope) = (self.fence, self.options.scope);
        let count = self.options.until_idle && self.rests();
        let store = self.store.clone();
        self.stores.spawn(async move {
            let counter = store.run(|store| store.change_counter()).await?;
            let (mut cancelled, mut failed) = (Vec::new(), Vec::new());
            let news = seen != Some(counter);
            if news {
                cancelled = store.run(move |store| store.cancel_requests(fence)).await?;
                cancelled.retain(|task| scope.has(task.id));
                // A task that somebody has cancelled elsewhere may have ended in doubt.
                failed = store.run(move |store| store.pending_hooks(fence)).await?;
                failed.retain(|id| scope.has(*id));
            }
            let idle = count && store.run(move |store| nothing_left(store, scope)).await?;
            Ok(Stored::Looked(Look { counter, news, cancelled, failed, idle }))
        });
    }

    pub(super) fn stored(&mut self, stored: Stored) -> Result<(), StoreError> {
        match stored {
            Stored::Checkpointed => self.in_flight.checkpoint = false,
            Stored::SetBack => {
                self.in_flight.set_back = false;
                self.want_claim = true;
            }
            Stored::Loaded(task) => {
                self.in_flight.load = false;
                // It may have come to its end while it was read.
                if let Some(task) = task
                    && self.queue.is_outside(task.id)
                {
                    self.hold(*task);
                }
            }
            Stored::Claimed(claimed, on_workers) => self.claimed(claimed, &on_workers),
            Stored::Committed(changes, made) => {
                self.in_flight.commit = false;
                for (change, made) in changes.into_iter().zip(made) {
                    self.unstored.remove(&change.id);
                    if made {
                        self.committed(change);
                    } else {
                        // Somebody has asked for its end meanwhile, most likely: this must be seen.
                        self.deadlines.remove(&change.id);
                        self.look_anew = true;
                    }
                }
            }
            Stored::Looked(look) => {
                self.in_flight.look = false;
                self.want_claim |= look.news;
                self.seen = Some(look.counter);
                self.idle = look.idle && self.rests();
                for task in look.cancelled {
                    self.cancel(&task);
                }
                for id in look.failed {
                    self.tell_failure(id);
                }
            }
        }
        Ok(())
    }

    pub(super) fn claimed(&mut self, claimed: Claimed, on_workers: &HashSet<TaskId>) {
        self.in_flight.claim = false;
        self.next_due = earliest(self.next_due, claimed.next_due);
        for task in claimed.tasks {
            let on_worker = on_workers.contains(&task.id);
            if on_worker {
                self.busy += 1;
            } else {
                // There may be more of those that need no worker.
                self.want_claim = true;
            }
            self.start_worker(task, on_worker);
        }
    }

    /// A change is stored: what follows from it here.
    pub(super) fn committed(&mut self, change: Change) {
        let Change { id, step, transition, .. } = change;
        let deadline = self.deadlines.remove(&id);
        match transition {
            Transition::Defer(deferral) => {
                // Somebody may have asked for its end while it was running.
                self.look_anew = true;
                self.hold(DeferredTask { id, step, deadline, deferral: *deferral });
            }
            Transition::Resume(_) => self.want_claim = true,
            Transition::Retry(due) | Transition::Requeue(due) => {
                self.next_due = earliest(self.next_due, Some(due));
                // It may have ended in doubt instead, which has to be told.
                self.look_anew = true;
            }
            Transition::End(TaskState::Failed | TaskState::InDoubt, _) => {
                self.tell_failure(id);
            }
            Transition::Block => self.look_anew = true,
            Transition::End(..) => {}
        }
    }
}

/// Whether no task is left that could run.
fn nothing_left(store: &dyn Store, scope: Scope) -> Result<bool, StoreError> {
    let is_over = |state: TaskState| state.is_final() || state == TaskState::Blocked;
    match scope.only() {
        Some(id) => Ok(store.task(id)?.is_none_or(|task| is_over(task.state))),
        None => {
            let counts = store.counts()?;
            Ok(counts.iter().all(|(state, count)| *count == 0 || is_over(*state)))
        }
    }
}

/// Tells of the tasks that have come to an end or are blocked by these changes, as they are now: one whose end
/// was asked for may have been cancelled instead of what its change says.
async fn tell_ends(
    store: &StoreAccess,
    changes: &[Change],
    made: &[bool],
) -> Result<(), StoreError> {
    let goes_on =
        |change: &Change| matches!(change.transition, Transition::Defer(_) | Transition::Resume(_));
    let ended = changes.iter().zip(made).filter(|(change, made)| **made && !goes_on(change));
    let ended: Vec<TaskId> = ended.map(|(change, _)| change.id).collect();
    if ended.is_empty() {
        return Ok(());
    }
    let read = move |store: &dyn Store| ended.iter().map(|id| store.task(*id)).collect();
    let tasks: Vec<Option<Task>> = store.run(read).await?;
    tasks.iter().flatten().for_each(|task| tell(store, task));
    Ok(())
}

fn tell(store: &StoreAccess, task: &Task) {
    if task.state.is_final() {
        store.tell(Notice::Ended(task));
    } else if task.state == TaskState::Blocked {
        store.tell(Notice::Blocked(task));
    }
}

fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    [one, other].into_iter().flatten().min()
}
