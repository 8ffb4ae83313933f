//! The triggers that are held, and when to look at which.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use std::time::Duration;

use super::parked_trigger::ParkedTrigger;
use super::poll_slots::Server;
use crate::task::{Checkpoint, TaskId};
use maitred_core::clock::{Moment, Timestamp};

/// How many ends of deferrals that are over may be kept, beside twice as many as are held.
const STALE_ENDS: usize = 1_000;

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
    Rest(ParkedTrigger),
    /// Here; it was told that its step is due.
    Due(ParkedTrigger),
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
        trigger: ParkedTrigger,
        pause: Pause,
        ends: Option<(Timestamp, Bound)>,
    ) -> Self {
        Self { step, at: At::Rest(trigger), pause, ends }
    }

    /// One for which there is no room: it stays in the store, but ends in time.
    pub(super) fn outside(step: u32, pause: Pause, ends: Option<(Timestamp, Bound)>) -> Self {
        Self { step, at: At::Store, pause, ends }
    }

    /// The end of its pause, if it is in one.
    fn wakes(&self) -> Option<Moment> {
        matches!(self.at, At::Rest(_)).then_some(self.pause.end)
    }

    /// The time that ends it.
    fn end(&self) -> Option<Timestamp> {
        self.ends.map(|(end, _)| end)
    }
}

/// One timer queue for all triggers.
#[derive(Default)]
pub(super) struct TriggerQueue {
    held: HashMap<TaskId, Held>,
    /// How many of them are only in the store.
    outside: usize,
    /// The ends of pauses. An entry that is not the time at which its trigger wakes is stale, and skipped; here and
    /// below.
    by_wall: BinaryHeap<Reverse<(Timestamp, TaskId)>>,
    by_monotonic: BinaryHeap<Reverse<(Duration, TaskId)>>,
    /// The ends of deferrals, one entry for each that was held, however often it polls.
    ends: BinaryHeap<Reverse<(Timestamp, TaskId)>>,
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
        self.forget_ends();
        self.ends.extend(held.end().map(|end| Reverse((end, id))));
        self.schedule(id, held.wakes());
        self.outside += usize::from(matches!(held.at, At::Store));
        self.held.insert(id, held);
    }

    pub(super) fn remove(&mut self, id: TaskId) {
        if let Some(held) = self.held.remove(&id) {
            self.outside -= usize::from(matches!(held.at, At::Store));
        }
    }

    fn schedule(&mut self, id: TaskId, wakes: Option<Moment>) {
        self.by_wall.extend(wakes.map(|end| Reverse((end.wall, id))));
        self.by_monotonic.extend(wakes.map(|end| Reverse((end.monotonic, id))));
    }

    /// Removes the ends of deferrals that are over, once these are most of all.
    fn forget_ends(&mut self) {
        if self.ends.len() > 2 * self.held.len() + STALE_ENDS {
            let held = &self.held;
            self.ends.retain(|Reverse((end, id))| {
                held.get(id).is_some_and(|held| held.end() == Some(*end))
            });
        }
    }

    /// How long nothing has to be done; for ever, if nothing is held.
    pub(super) fn rests_for(&self, now: Moment) -> Option<Duration> {
        let wall = [self.by_wall.peek(), self.ends.peek()].into_iter().flatten();
        let wall = wall.map(|Reverse((time, _))| time.since(now.wall));
        let monotonic = self.by_monotonic.peek();
        let monotonic = monotonic.map(|Reverse((time, _))| time.saturating_sub(now.monotonic));
        wall.chain(monotonic).min()
    }

    /// The next trigger that wakes at `now` or has woken before.
    pub(super) fn pop(&mut self, now: Moment) -> Option<Woken> {
        if let Some(ended) = self.pop_end(now.wall) {
            return Some(ended);
        }
        while let Some(id) = self.pop_pause(now) {
            let Some(held) = self.held.get_mut(&id) else { continue };
            match std::mem::replace(&mut held.at, At::Step) {
                At::Rest(trigger) => {
                    held.at = At::Due(trigger);
                    return Some(Woken::Step(id));
                }
                other @ (At::Due(_) | At::Step | At::Store) => held.at = other,
            }
        }
        None
    }

    /// The next deferral whose time is over.
    fn pop_end(&mut self, now: Timestamp) -> Option<Woken> {
        while let Some(Reverse((time, id))) = self.ends.peek().copied()
            && time <= now
        {
            self.ends.pop();
            let ends = self.held.get(&id).and_then(|held| held.ends);
            if let Some((_, bound)) = ends.filter(|(end, _)| *end == time) {
                return Some(Woken::Ended(id, bound));
            }
        }
        None
    }

    /// Takes the next pause that has come to its end and is not stale.
    fn pop_pause(&mut self, now: Moment) -> Option<TaskId> {
        while let Some(Reverse((time, id))) = self.by_wall.peek().copied()
            && time <= now.wall
        {
            self.by_wall.pop();
            if self.wakes(id).is_some_and(|end| end.wall == time) {
                return Some(id);
            }
        }
        while let Some(Reverse((time, id))) = self.by_monotonic.peek().copied()
            && time <= now.monotonic
        {
            self.by_monotonic.pop();
            if self.wakes(id).is_some_and(|end| end.monotonic == time) {
                return Some(id);
            }
        }
        None
    }

    fn wakes(&self, id: TaskId) -> Option<Moment> {
        self.held.get(&id)?.wakes()
    }

    /// The server that a trigger asks whose step is due.
    pub(super) fn server_of_due(&self, id: TaskId) -> Option<Server> {
        match &self.held.get(&id)?.at {
            At::Due(trigger) => Some(trigger.server()),
            At::Rest(_) | At::Step | At::Store => None,
        }
    }

    /// Hands out a trigger whose step is due.
    pub(super) fn take(&mut self, id: TaskId) -> Option<(u32, ParkedTrigger)> {
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
    pub(super) fn put_back(&mut self, id: TaskId, trigger: ParkedTrigger, pause: Pause) {
        let Some(held) = self.held.get_mut(&id) else { return };
        held.at = At::Rest(trigger);
        held.pause = pause;
        self.schedule(id, Some(pause.end));
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Registry;
    use crate::trigger::{SerializedTrigger, TimeDeltaTrigger, Trigger as _};

    fn resting() -> ParkedTrigger {
        let name = TimeDeltaTrigger::NAME.to_owned();
        let trigger =
            SerializedTrigger { name, version: TimeDeltaTrigger::VERSION, kwargs: json!({}) };
        let kind = Registry::builtin().trigger_type(&trigger).unwrap();
        ParkedTrigger::new(kind, &trigger, String::new())
    }

    fn at(seconds: u64) -> Moment {
        let monotonic = Duration::from_secs(seconds);
        Moment { wall: Timestamp::default().plus(monotonic), monotonic }
    }

    #[test]
    fn a_wait_takes_no_more_room_however_often_it_polls() {
        let mut queue = TriggerQueue::default();
        let pause = Duration::from_secs(5);
        let end = (at(86_400).wall, Bound::Execution);
        queue.insert(TaskId(1), Held::new(1, resting(), Pause::of(pause, at(0)), Some(end)));
        for poll in 1..1_000 {
            let now = at(poll * 5);
            assert_eq!(queue.pop(now), Some(Woken::Step(TaskId(1))));
            assert_eq!(queue.pop(now), None);
            let (_, trigger) = queue.take(TaskId(1)).unwrap();
            queue.put_back(TaskId(1), trigger, Pause::of(pause, now));
        }
        let entries = queue.by_wall.len() + queue.by_monotonic.len() + queue.ends.len();
        assert!(entries <= 4, "{entries}");
        assert_eq!(queue.pop(at(86_400)), Some(Woken::Ended(TaskId(1), Bound::Execution)));
    }

    #[test]
    fn the_ends_of_deferrals_that_are_over_are_forgotten() {
        let mut queue = TriggerQueue::default();
        let end = (at(86_400).wall, Bound::Deferral);
        for id in (1..10_000).map(TaskId) {
            queue.insert(id, Held::outside(1, Pause::of(Duration::ZERO, at(0)), Some(end)));
            queue.remove(id);
        }
        assert!(queue.ends.len() <= STALE_ENDS + 1, "{}", queue.ends.len());
    }
}
