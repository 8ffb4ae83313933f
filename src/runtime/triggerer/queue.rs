//! The triggers that are held, and when to look at which.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use std::time::Duration;

use super::places::Server;
use super::resting::Resting;
use crate::clock::{Moment, Timestamp};
use crate::runtime::task::{Checkpoint, TaskId};

/// A trigger that is held.
pub(super) struct Held {
    /// The task's step that was deferred.
    step: u32,
    at: At,
    pause: Pause,
    /// When the deferral or the task's try times out, whichever is first.
    ends: Option<(Timestamp, Bound)>,
}

/// The pause before the next step. It is over once either clock has come to its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pause {
    from: Timestamp,
    end: Moment,
}

impl Pause {
    /// A pause that begins now.
    pub(super) fn of(duration: Duration, now: Moment) -> Self {
        let monotonic = now.monotonic.saturating_add(duration);
        Self { from: now.wall, end: Moment { wall: now.wall.plus(duration), monotonic } }
    }

    /// A pause that was stored: it ends at `due`, but is no longer than it was when it began, if the wall clock
    /// was set back since.
    pub(super) fn stored(from: Option<Timestamp>, due: Timestamp, now: Moment) -> Self {
        let left = due.since(now.wall);
        let left = from.map_or(left, |from| left.min(due.since(from)));
        let end = Moment { wall: due, monotonic: now.monotonic.saturating_add(left) };
        Self { from: from.unwrap_or(now.wall), end }
    }
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
    /// A trigger whose next step is due after `pause`.
    pub(super) fn new(
        step: u32,
        trigger: Resting,
        pause: Pause,
        ends: Option<(Timestamp, Bound)>,
    ) -> Self {
        Self { step, at: At::Rest(trigger), pause, ends }
    }

    /// One for which there is no room: it stays in the store, but ends in time.
    pub(super) fn outside(step: u32, pause: Pause, ends: Option<(Timestamp, Bound)>) -> Self {
        Self { step, at: At::Store, pause, ends }
    }

    /// The time of the wall clock at which something has to be done; never, if nothing but its end is awaited
    /// and it has none.
    fn wakes_by_wall(&self) -> Option<Timestamp> {
        let end = self.ends.map(|(end, _)| end);
        match self.at {
            At::Rest(_) => {
                Some(end.map_or(self.pause.end.wall, |end| end.min(self.pause.end.wall)))
            }
            At::Due(_) | At::Step | At::Store => end,
        }
    }

    /// The same for the monotonic clock, which only pauses follow.
    fn wakes_by_monotonic(&self) -> Option<Duration> {
        matches!(self.at, At::Rest(_)).then_some(self.pause.end.monotonic)
    }
}

/// One timer queue for all triggers.
#[derive(Default)]
pub(super) struct TriggerQueue {
    held: HashMap<TaskId, Held>,
    /// How many of them are only in the store.
    outside: usize,
    /// An entry that is not the time at which its trigger wakes is stale, and skipped; here and below.
    by_wall: BinaryHeap<Reverse<(Timestamp, TaskId)>>,
    by_monotonic: BinaryHeap<Reverse<(Duration, TaskId)>>,
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
        self.schedule(id, &held);
        self.outside += usize::from(matches!(held.at, At::Store));
        self.held.insert(id, held);
    }

    pub(super) fn remove(&mut self, id: TaskId) {
        if let Some(held) = self.held.remove(&id) {
            self.outside -= usize::from(matches!(held.at, At::Store));
        }
    }

    fn schedule(&mut self, id: TaskId, held: &Held) {
        self.by_wall.extend(held.wakes_by_wall().map(|time| Reverse((time, id))));
        self.by_monotonic.extend(held.wakes_by_monotonic().map(|time| Reverse((time, id))));
    }

    /// How long nothing has to be done; for ever, if nothing is held.
    pub(super) fn rests_for(&self, now: Moment) -> Option<Duration> {
        let wall = self.by_wall.peek().map(|Reverse((time, _))| time.since(now.wall));
        let monotonic = self.by_monotonic.peek();
        let monotonic = monotonic.map(|Reverse((time, _))| time.saturating_sub(now.monotonic));
        [wall, monotonic].into_iter().flatten().min()
    }

    /// The next trigger that wakes at `now` or has woken before.
    pub(super) fn pop(&mut self, now: Moment) -> Option<Woken> {
        while let Some(id) = self.pop_entry(now) {
            let Some(held) = self.held.get_mut(&id) else { continue };
            if let Some((end, bound)) = held.ends
                && end <= now.wall
            {
                return Some(Woken::Ended(id, bound));
            }
            match std::mem::replace(&mut held.at, At::Step) {
                At::Rest(trigger) => {
                    held.at = At::Due(trigger);
                    self.by_wall.extend(held.wakes_by_wall().map(|end| Reverse((end, id))));
                    return Some(Woken::Step(id));
                }
                other @ (At::Due(_) | At::Step | At::Store) => held.at = other,
            }
        }
        None
    }

    /// Takes the next entry that has come to its time and is not stale.
    fn pop_entry(&mut self, now: Moment) -> Option<TaskId> {
        while let Some(Reverse((time, id))) = self.by_wall.peek().copied()
            && time <= now.wall
        {
            self.by_wall.pop();
            if self.held.get(&id).and_then(Held::wakes_by_wall) == Some(time) {
                return Some(id);
            }
        }
        while let Some(Reverse((time, id))) = self.by_monotonic.peek().copied()
            && time <= now.monotonic
        {
            self.by_monotonic.pop();
            if self.held.get(&id).and_then(Held::wakes_by_monotonic) == Some(time) {
                return Some(id);
            }
        }
        None
    }

    /// The server that a trigger asks whose step is due.
    pub(super) fn server_of_due(&self, id: TaskId) -> Option<Server> {
        match &self.held.get(&id)?.at {
            At::Due(trigger) => Some(trigger.server()),
            At::Rest(_) | At::Step | At::Store => None,
        }
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

    /// Takes a trigger back whose next step is due after `pause`; one that is no longer held is dropped.
    pub(super) fn put_back(&mut self, id: TaskId, trigger: Resting, pause: Pause) {
        let Some(held) = self.held.get_mut(&id) else { return };
        held.at = At::Rest(trigger);
        held.pause = pause;
        self.by_wall.extend(held.wakes_by_wall().map(|time| Reverse((time, id))));
        self.by_monotonic.extend(held.wakes_by_monotonic().map(|time| Reverse((time, id))));
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
            let Pause { from: pause_from, end } = held.pause;
            Some(Checkpoint { id, step: held.step, state, due: end.wall, pause_from })
        };
        dirty.into_iter().filter_map(checkpoint).collect()
    }
}
