//! The triggers that are held, and when to look at which.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::resting::Resting;
use crate::clock::Timestamp;
use crate::runtime::task::{Checkpoint, TaskId};

/// A trigger that is held.
pub(super) struct Held {
    /// The task's step that was deferred.
    step: u32,
    at: At,
    /// When the next step is due.
    due: Timestamp,
    /// When the deferral or the task's try times out, whichever is first.
    ends: Option<(Timestamp, Bound)>,
}

/// Where a trigger is.
enum At {
    /// Here, until its step is due.
    Rest(Resting),
    /// Here; it was told that its step is due.
    Due(Resting),
    /// Its step is in flight.
    Step,
    /// In the store, for want of room; only its end is minded.
    Store,
}

/// What a deferral can run out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// The deferral's time-out.
    Deferral,
    /// The execution time-out of the task's try.
    Execution,
}

/// What has to be done about a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    /// Its next step is due.
    Step(TaskId),
    /// Its time is over.
    Ended(TaskId, Bound),
}

impl Held {
    /// A trigger whose next step is due at `due`.
    pub(super) fn new(
        step: u32,
        trigger: Resting,
        due: Timestamp,
        ends: Option<(Timestamp, Bound)>,
    ) -> Self {
        Self { step, at: At::Rest(trigger), due, ends }
    }

    /// One for which there is no room: it stays in the store, but ends in time.
    pub(super) fn outside(step: u32, due: Timestamp, ends: Option<(Timestamp, Bound)>) -> Self {
        Self { step, at: At::Store, due, ends }
    }

    /// When something has to be done; never, if nothing but its end is awaited and it has none.
    fn wakes(&self) -> Option<Timestamp> {
        let end = self.ends.map(|(end, _)| end);
        match self.at {
            At::Rest(_) => Some(end.map_or(self.due, |end| end.min(self.due))),
            At::Due(_) | At::Step | At::Store => end,
        }
    }
}

/// One timer queue for all triggers.
#[derive(Default)]
pub(super) struct TriggerQueue {
    held: HashMap<TaskId, Held>,
    /// How many of them are only in the store.
    outside: usize,
    /// An entry that is not the time at which its trigger wakes is stale, and skipped.
    times: BinaryHeap<Reverse<(Timestamp, TaskId)>>,
    /// The triggers whose state is newer than the store's.
    dirty: Vec<TaskId>,
}

impl TriggerQueue {
    /// How many triggers take up room.
    pub(super) fn len(&self) -> usize {
        self.held.len() - self.outside
    }

    /// How many deferrals are minded, those in the store too.
    pub(super) fn all(&self) -> usize {
        self.held.len()
    }

    /// Whether this step's trigger is held.
    pub(super) fn holds(&self, id: TaskId, step: u32) -> bool {
        self.held.get(&id).is_some_and(|held| held.step == step)
    }

    /// Whether the trigger of this task waits in the store for room.
    pub(super) fn is_outside(&self, id: TaskId) -> bool {
        self.held.get(&id).is_some_and(|held| matches!(held.at, At::Store))
    }

    pub(super) fn insert(&mut self, id: TaskId, held: Held) {
        self.remove(id);
        if let Some(wakes) = held.wakes() {
            self.times.push(Reverse((wakes, id)));
        }
        self.outside += usize::from(matches!(held.at, At::Store));
        self.held.insert(id, held);
    }

    pub(super) fn remove(&mut self, id: TaskId) {
        if let Some(held) = self.held.remove(&id) {
            self.outside -= usize::from(matches!(held.at, At::Store));
        }
    }

    /// When to look again.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        self.times.peek().map(|Reverse((time, _))| *time)
    }

    /// The next trigger that wakes at `now` or has woken before.
    pub(super) fn pop(&mut self, now: Timestamp) -> Option<Woken> {
        while let Some(Reverse((time, id))) = self.times.peek().copied() {
            if time > now {
                return None;
            }
            self.times.pop();
            let Some(held) = self.held.get_mut(&id).filter(|held| held.wakes() == Some(time))
            else {
                continue;
            };
            if let Some((end, bound)) = held.ends
                && end <= now
            {
                return Some(Woken::Ended(id, bound));
            }
            if let At::Rest(trigger) = std::mem::replace(&mut held.at, At::Step) {
                held.at = At::Due(trigger);
                self.times.extend(held.wakes().map(|end| Reverse((end, id))));
                return Some(Woken::Step(id));
            }
        }
        None
    }

    /// Hands out a trigger whose step is due.
    pub(super) fn take(&mut self, id: TaskId) -> Option<(u32, Resting)> {
        let held = self.held.get_mut(&id)?;
        match std::mem::replace(&mut held.at, At::Step) {
            At::Due(trigger) => Some((held.step, trigger)),
            other @ (At::Rest(_) | At::Step | At::Store) => {
                held.at = other;
                None
            }
        }
    }

    /// Takes a trigger back whose next step is due at `due`; one that is no longer held is dropped.
    pub(super) fn put_back(&mut self, id: TaskId, trigger: Resting, due: Timestamp) {
        let Some(held) = self.held.get_mut(&id) else { return };
        held.at = At::Rest(trigger);
        held.due = due;
        if let Some(wakes) = held.wakes() {
            self.times.push(Reverse((wakes, id)));
        }
        self.dirty.push(id);
    }

    /// The states that are newer than the store's. What is in flight comes when it is back.
    pub(super) fn checkpoints(&mut self) -> Vec<Checkpoint> {
        let mut dirty = std::mem::take(&mut self.dirty);
        dirty.sort_unstable();
        dirty.dedup();
        let checkpoint = |id| {
            let held = self.held.get(&id)?;
            let (At::Rest(trigger) | At::Due(trigger)) = &held.at else { return None };
            let state = trigger.state().to_owned();
            Some(Checkpoint { id, step: held.step, state, due: held.due })
        };
        dirty.into_iter().filter_map(checkpoint).collect()
    }
}
