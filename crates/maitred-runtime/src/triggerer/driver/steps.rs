//! Triggers: their steps, and how a deferral begins and ends.

use tokio::sync::oneshot;
use tracing::Instrument as _;

use super::state::{Driver, Running, Stepped, Stored};
use crate::journal::JournalError;
use crate::operator::{Crash, OperatorError, Resumed};
use crate::registry::Unusable;
use crate::store::StoreError;
use crate::task::{Change, DeferredTask, StoredDeferral, TaskId, TaskState, Transition};
use crate::trigger::{MIN_PAUSE, Step, TaskEnd, TriggerError};
use crate::triggerer::parked_trigger::ParkedTrigger;
use crate::triggerer::queue::{Bound, Held, Pause};
use crate::worker::{EndDeferral, caught, too_large};
use maitred_core::clock::{Moment, Timestamp};

impl Driver {
    pub(super) fn start_steps(&mut self) {
        let now = self.clock.monotonic();
        self.slots.grow_old(now);
        while self.slots.is_free()
            && let Some(id) = self.ready.pop_front()
        {
            let Some(server) = self.queue.server_of_due(id) else { continue };
            let Some(slot) = self.slots.take(id, server, now) else { continue };
            let Some((step, mut trigger)) = self.queue.take(id) else { continue };
            let ctx = self.workplace.trigger_context(id);
            let span = tracing::debug_span!("trigger", task = id.0, step);
            let (abandon, abandoned) = oneshot::channel();
            self.abandons.insert(id, abandon);
            let stepped = async move {
                let result = tokio::select! {
                    biased;
                    _ = abandoned => None,
                    result = caught(trigger.step(&ctx)) => Some(result),
                };
                let result =
                    result.map(|done| done.unwrap_or_else(|panic| Err(TriggerError::new(panic))));
                Stepped { id, step, slot, trigger, result }
            };
            self.steps.spawn(stepped.instrument(span));
        }
    }

    pub(super) fn stepped(&mut self, stepped: Stepped) {
        let Stepped { id, step, slot, trigger, result } = stepped;
        self.ready.extend(self.slots.give_back(slot));
        // It may have been cancelled, or out of time, meanwhile.
        let Some(result) = result.filter(|_| self.queue.holds(id, step)) else { return };
        self.abandons.remove(&id);
        let (transition, reason) = match result {
            Ok(Step::Again { after }) => {
                let pause = Pause::of(after.max(MIN_PAUSE), Moment::of(&*self.clock));
                self.queue.put_back(id, trigger, pause);
                return;
            }
            Ok(Step::Fire(event)) => {
                let (with, reason) = match too_large("event", &event.payload) {
                    Some(message) => {
                        (Resumed::TriggerCrashed(Crash::new(message.as_str())), message)
                    }
                    None => (Resumed::Event(event), "the trigger fired".to_owned()),
                };
                (Transition::Resume(Box::new(with)), reason)
            }
            Ok(Step::End(TaskEnd::Success(result))) => {
                if let Some(message) = too_large("result", &result) {
                    self.queue.remove(id);
                    self.fail(id, OperatorError::fatal(message));
                    return;
                }
                let end = Transition::End(TaskState::Success, Some(result));
                (end, "ended by its trigger".to_owned())
            }
            Ok(Step::End(TaskEnd::Skip(reason))) => {
                (Transition::End(TaskState::Skipped, None), reason)
            }
            Ok(Step::End(TaskEnd::Failure(reason))) => {
                self.queue.remove(id);
                self.fail(id, OperatorError::new(reason));
                return;
            }
            Err(error) if error.is_of_store() => {
                self.store.end(error);
                return;
            }
            Err(error) if error.is_missing() => (Transition::Block, error.to_string()),
            Err(error) => {
                let reason = format!("the trigger failed: {error}");
                let with = Resumed::TriggerCrashed(error.into());
                (Transition::Resume(Box::new(with)), reason)
            }
        };
        self.queue.remove(id);
        self.change(Change::new(id, step, transition, reason));
    }

    /// A trigger has ended its task as failed: another try, if there is one left.
    pub(super) fn fail(&mut self, id: TaskId, error: OperatorError) {
        let (workplace, store) = (self.workplace.clone(), self.store.clone());
        self.running.insert(id, Running { cancel: None, on_worker: false });
        self.workers.spawn(async move {
            let change = match store.run(move |store| store.task(id)).await {
                Ok(task) => Ok(task.map(|task| workplace.after_failure(&task, &error))),
                Err(error) => Err(error),
            };
            (id, change)
        });
    }

    /// Ends a deferral from outside. A step that is in flight is abandoned: nobody would hear of it.
    pub(super) fn end(&mut self, id: TaskId, why: EndDeferral) {
        self.queue.remove(id);
        self.abandons.remove(&id);
        let (workplace, store) = (self.workplace.clone(), self.store.clone());
        self.running.insert(id, Running { cancel: None, on_worker: false });
        self.workers.spawn(async move {
            let change = match store.run(move |store| store.task(id)).await {
                Ok(Some(task)) if task.state == TaskState::Deferred => {
                    if_running(workplace.end_deferral(task, why).await)
                }
                // Who asked for its end may have read the task before it ended by itself, or was removed.
                Ok(_) => Ok(None),
                Err(error) => Err(error),
            };
            (id, change)
        });
    }

    /// Holds the trigger of a deferred task, or lets it wait in the store if there is no room.
    pub(super) fn hold(&mut self, task: DeferredTask) {
        let DeferredTask { id, step, deadline, deferral } = task;
        // Its end is in hand already.
        if self.running.contains_key(&id) {
            return;
        }
        let ends = ends(&deferral, deadline);
        let now = Moment::of(&*self.clock);
        let pause = Pause::stored(deferral.pause_from, deferral.due, now);
        if self.queue.len() >= self.options.capacity {
            self.waiting.push_back(id);
            self.queue.insert(id, Held::outside(step, pause, ends));
            return;
        }
        let (transition, reason) = match self.workplace.registry.trigger_type(&deferral.trigger) {
            Ok(kind) => {
                let trigger = ParkedTrigger::new(kind, &deferral.trigger, deferral.state);
                self.queue.insert(id, Held::new(step, trigger, pause, ends));
                return;
            }
            Err(Unusable::Unknown(reason)) => (Transition::Block, reason),
            Err(Unusable::Invalid(message)) => {
                let with = Resumed::TriggerCrashed(Crash::new(message.as_str()));
                (Transition::Resume(Box::new(with)), message)
            }
        };
        self.queue.remove(id);
        self.change(Change::new(id, step, transition, reason));
    }

    /// Reads the next task that waits for a slot among the triggers.
    pub(super) fn take_waiting(&mut self) {
        if self.in_flight.load || self.queue.len() >= self.options.capacity {
            return;
        }
        let id = loop {
            let Some(id) = self.waiting.pop_front() else { return };
            if self.queue.is_outside(id) {
                break id;
            }
        };
        self.in_flight.load = true;
        let fence = self.fence;
        let store = self.store.clone();
        self.stores.spawn(async move {
            store
                .run(move |store| {
                    let tasks = store.deferred(fence, id.previous(), 1)?;
                    let task = tasks.into_iter().find(|task| task.id == id);
                    Ok(Stored::Loaded(task.map(Box::new)))
                })
                .await
        });
    }
}

fn ends(deferral: &StoredDeferral, deadline: Option<Timestamp>) -> Option<(Timestamp, Bound)> {
    let deferral = deferral.timeout_at.map(|end| (end, Bound::Deferral));
    let execution = deadline.map(|end| (end, Bound::Execution));
    [deferral, execution].into_iter().flatten().min_by_key(|(end, _)| *end)
}

/// What a step has come to; nothing if the task is no longer in it.
pub(super) fn if_running(
    change: Result<Change, JournalError>,
) -> Result<Option<Change>, StoreError> {
    match change {
        Ok(change) => Ok(Some(change)),
        Err(JournalError::NotRunning(_)) => Ok(None),
        Err(error @ (JournalError::Unsettled(_) | JournalError::Refused(_))) => {
            Err(StoreError::Broken(error.to_string().into()))
        }
    }
}
