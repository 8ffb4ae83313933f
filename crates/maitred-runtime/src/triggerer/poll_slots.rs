//! The slots of the polls in flight, and who gets them.
//!
//! As many polls as there are slots may be young. One that has no answer after a second gives its slot up and
//! stays in flight, so that servers that hang do not hold up the polls of others. Each server may have as many such
//! polls as there are slots; its further ones wait for these, and only for these. All polls together are bounded
//! by what the process may open.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::time::Duration;

use serde_json::Value;

use crate::task::TaskId;
use crate::trigger::SerializedTrigger;

/// From when on a poll has no slot any longer.
const SLOW: Duration = Duration::from_secs(1);

/// How many polls may be in flight for each slot.
const IN_FLIGHT_PER_PLACE: usize = 64;

/// Tells one server from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Server(u64);

impl Server {
    /// The server that a trigger asks: the client, the service, and where a request says it, the host. Triggers
    /// that have nothing of this are told apart by their type.
    pub(super) fn of(trigger: &SerializedTrigger) -> Self {
        let text = |pointer| trigger.kwargs.pointer(pointer).map(Value::to_string);
        let url = trigger.kwargs.pointer("/input/url").and_then(Value::as_str);
        let host = url.map(|url| url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/"));
        let asked = (&trigger.name, text("/service"), text("/client"), host);
        Self(BuildHasherDefault::<DefaultHasher>::default().hash_one(asked))
    }
}

/// The slot of one poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PollSlot(u64);

#[derive(Debug)]
struct Poll {
    server: Server,
    is_slow: bool,
}

#[derive(Debug)]
pub(super) struct PollSlots {
    /// How many polls may be young.
    young: usize,
    /// How many may be in flight.
    all: usize,
    polls: HashMap<PollSlot, Poll>,
    /// The polls that may still be young, the oldest first.
    ages: VecDeque<(Duration, PollSlot)>,
    now_young: usize,
    slow: HashMap<Server, usize>,
    next: u64,
    /// The triggers of servers that have all the polls in flight that they may have.
    held_back: HashMap<Server, VecDeque<TaskId>>,
}

impl PollSlots {
    /// `young` slots, and at most `all` polls in flight.
    pub(super) fn new(young: usize, all: usize) -> Self {
        Self {
            young: young.min(all),
            all: all.min(young.saturating_mul(IN_FLIGHT_PER_PLACE)),
            polls: HashMap::new(),
            ages: VecDeque::new(),
            now_young: 0,
            slow: HashMap::new(),
            next: 0,
            held_back: HashMap::new(),
        }
    }

    /// Takes the slots of polls that have become slow by `now`, on the monotonic clock.
    pub(super) fn grow_old(&mut self, now: Duration) {
        while let Some((begun, slot)) = self.ages.front().copied()
            && begun + SLOW <= now
        {
            self.ages.pop_front();
            let Some(poll) = self.polls.get_mut(&slot) else { continue };
            poll.is_slow = true;
            self.now_young -= 1;
            *self.slow.entry(poll.server).or_default() += 1;
        }
    }

    /// Whether a poll may begin.
    pub(super) fn is_free(&self) -> bool {
        self.now_young < self.young && self.polls.len() < self.all
    }

    /// A slot for a poll of `server`; if that has too many already, `id` is kept until one of them is over.
    pub(super) fn take(&mut self, id: TaskId, server: Server, now: Duration) -> Option<PollSlot> {
        if self.slow.get(&server).is_some_and(|slow| *slow >= self.young) {
            self.held_back.entry(server).or_default().push_back(id);
            return None;
        }
        let slot = PollSlot(self.next);
        self.next += 1;
        self.polls.insert(slot, Poll { server, is_slow: false });
        self.ages.push_back((now, slot));
        self.now_young += 1;
        Some(slot)
    }

    /// Gives a slot back; gives the triggers that have waited for that and may try again.
    pub(super) fn give_back(&mut self, slot: PollSlot) -> VecDeque<TaskId> {
        let Some(Poll { server, is_slow }) = self.polls.remove(&slot) else {
            return VecDeque::new();
        };
        if !is_slow {
            self.now_young -= 1;
            return VecDeque::new();
        }
        let left = self.slow.get(&server).map_or(0, |slow| slow - 1);
        if left > 0 {
            self.slow.insert(server, left);
            let waiting = self.held_back.get_mut(&server);
            return waiting.and_then(VecDeque::pop_front).into_iter().collect();
        }
        // None comes after this one that could let more of them go.
        self.slow.remove(&server);
        self.held_back.remove(&server).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const A: Server = Server(1);
    const B: Server = Server(2);

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_poll_without_an_answer_gives_its_place_up_after_a_second() {
        let mut slots = PollSlots::new(2, 100);
        assert!(slots.take(TaskId(1), A, seconds(0.0)).is_some());
        assert!(slots.take(TaskId(2), A, seconds(0.5)).is_some());
        slots.grow_old(seconds(0.9));
        assert!(!slots.is_free());
        slots.grow_old(seconds(1.0));
        assert!(slots.is_free(), "the first one is slow now");
        let healthy = slots.take(TaskId(3), B, seconds(1.0)).unwrap();
        assert!(!slots.is_free());
        assert!(slots.give_back(healthy).is_empty());
        assert!(slots.is_free());
    }

    #[test]
    fn a_server_that_hangs_leaves_places_to_others() {
        let mut slots = PollSlots::new(2, 100);
        let first = slots.take(TaskId(1), A, seconds(0.0)).unwrap();
        let second = slots.take(TaskId(2), A, seconds(0.0)).unwrap();
        slots.grow_old(seconds(1.0));
        for id in [3, 4, 5].map(TaskId) {
            assert_eq!(slots.take(id, A, seconds(1.0)), None, "it has two that hang");
        }
        assert!(slots.is_free());
        assert!(slots.take(TaskId(6), B, seconds(1.0)).is_some());
        assert_eq!(slots.give_back(first), [TaskId(3)]);
        // The third one may have been cancelled meanwhile: the last that hangs lets all others go.
        assert_eq!(slots.give_back(second), [4, 5].map(TaskId));
        assert!(slots.take(TaskId(4), A, seconds(2.0)).is_some());
    }

    #[test]
    fn all_polls_together_are_bounded() {
        let mut slots = PollSlots::new(2, 3);
        for id in 0..3 {
            assert!(slots.is_free());
            slots.take(TaskId(id), Server(id as u64), seconds(id as f64)).unwrap();
            slots.grow_old(seconds(id as f64 + 1.0));
        }
        assert!(!slots.is_free());
        assert!(!PollSlots::new(8, 0).is_free());
    }

    #[test]
    fn a_server_is_told_by_its_client_service_and_host() {
        let of = |kwargs| {
            let name = "maitred.waiter".to_owned();
            Server::of(&SerializedTrigger { name, version: 1, kwargs })
        };
        let http = |url: &str| of(json!({"service": "http", "client": {}, "input": {"url": url}}));
        assert_eq!(http("http://a/x"), http("http://a/y?z=1"));
        assert_ne!(http("http://a/x"), http("http://b/x"));
        let aws = |service: &str, region: &str| {
            of(json!({"service": service, "client": {"region": region}, "input": {"Id": "x"}}))
        };
        assert_eq!(aws("ec2", "eu-west-1"), aws("ec2", "eu-west-1"));
        assert_ne!(aws("ec2", "eu-west-1"), aws("ec2", "us-east-1"));
        assert_ne!(aws("ec2", "eu-west-1"), aws("ecs", "eu-west-1"));
    }
}
