//! The simulated world: its machine's clocks, its chance, its service, and the judge who watches.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use maitred_core::clock::Clock as _;

use crate::chance::{Chance, Stream};
use crate::clock::SimClock;
use crate::fault::{Choice, Door, Fault, Rates};
use crate::judge::Judge;
use crate::process::Process;
use crate::service::Service;
use crate::trace::Trace;

/// A fault that has happened: the key of its crossing, and which crossing of that key it was.
pub type Injected = (String, u64, Fault);

/// What was counted in a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    /// Crossings of doors at which something could go wrong.
    pub crossings: u64,
    /// Faults, kills included.
    pub faults: u64,
    /// Processes that were killed.
    pub kills: u64,
    /// Operations on the store.
    pub store: u64,
}

/// All that is shared in a run.
#[derive(Debug)]
pub struct World {
    /// The clocks of the machine.
    pub clock: SimClock,
    state: Mutex<State>,
}

/// What is behind the world's lock.
#[derive(Debug)]
pub struct State {
    chance: Chance,
    rates: Rates,
    choice: Choice,
    calm: bool,
    /// The faults so far.
    pub injected: Vec<Injected>,
    /// What was counted.
    pub counts: Counts,
    /// The trace.
    pub trace: Trace,
    /// The service.
    pub service: Service,
    /// The judge.
    pub judge: Judge,
    /// The process that has acquired the store last.
    pub owner: Option<Arc<Process>>,
}

impl World {
    /// The world of a seed.
    #[must_use]
    pub fn new(seed: u64, choice: Choice, trace: Trace) -> Self {
        let mut chance = Chance::new(seed);
        let rates = Rates::drawn(&mut chance.draw(Stream::Fault, "rates").0);
        let state = State {
            chance,
            rates,
            choice,
            calm: false,
            injected: Vec::new(),
            counts: Counts::default(),
            trace,
            service: Service::default(),
            judge: Judge::default(),
            owner: None,
        };
        Self { clock: SimClock::new(), state: Mutex::new(state) }
    }

    /// What is behind the lock.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        // A panic of a simulated user does not happen inside.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line to the trace.
    pub fn say(&self, who: &str, what: &str) {
        self.lock().trace.add(self.clock.elapsed(), who, what);
    }

    /// From now on nothing goes wrong by itself.
    pub fn be_calm(&self) {
        self.lock().calm = true;
        self.say("world", "is calm from now on");
    }

    /// A draw of the plan.
    pub fn plan(&self, key: &str) -> fastrand::Rng {
        self.lock().chance.draw(Stream::Plan, key).0
    }

    /// The pause before something happens that could happen at any time.
    pub fn pause(&self, key: &str) -> Duration {
        let (mut random, _) = self.lock().chance.draw(Stream::Schedule, key);
        let most = if random.u8(..8) == 0 { 40 } else { 4 };
        Duration::from_millis(random.u64(..most))
    }

    /// The fault of a crossing of `door` by `process`, if there is one. A kill is done by the caller.
    pub fn cross(&self, process: &Process, door: Door, key: &str) -> Option<Fault> {
        let mut state = self.lock();
        let state = &mut *state;
        state.counts.crossings += 1;
        state.counts.store += u64::from(door == Door::Store);
        let key = format!("{}/{key}", process.name());
        let (mut random, number) = state.chance.draw(Stream::Fault, &key);
        let fault = match &state.choice {
            _ if state.calm => None,
            Choice::Drawn => state.rates.fault(door, &mut random),
            Choice::Only(faults) => faults.get(&(key.clone(), number)).copied(),
            Choice::At(crossing, fault) => (state.counts.crossings == *crossing).then_some(*fault),
        }?;
        state.counts.faults += 1;
        state.counts.kills += u64::from(matches!(fault, Fault::KillBefore | Fault::KillAfter));
        let now = self.clock.elapsed();
        state.trace.add(now, process.name(), &format!("{fault} at {key} {number}"));
        state.judge.disturbed(door, fault, self.clock.now());
        state.injected.push((key, number, fault));
        Some(fault)
    }
}
