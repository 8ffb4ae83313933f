//! One run: the program, its users and its service, from a seed.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use maitred_runtime::{SqliteStore, Store};
use tokio::task::JoinSet;

use crate::fault::Choice;
use crate::machine::Machine;
use crate::plan::{self, Planned};
use crate::trace::Trace;
use crate::world::{Counts, Injected, World};

/// How long faults go on after the last act.
const UNREST: Duration = Duration::from_secs(20);

/// How long tasks may go on once nothing goes wrong any more, before they are cancelled, and after that. A wall clock that
/// was set back adds to it.
const CALM: [Duration; 2] = [Duration::from_secs(400), Duration::from_secs(400)];

/// What is run.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The seed.
    pub seed: u64,
    /// Which faults happen.
    pub choice: Choice,
    /// The acts that are left out, by their numbers.
    pub without: BTreeSet<usize>,
    /// The file of the store; in memory if there is none.
    pub file: Option<PathBuf>,
    /// True if the lines of the trace are kept.
    pub traced: bool,
    /// The acts, in place of those of the seed.
    pub acts: Option<Vec<Planned>>,
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// What must not be, in the order in which it was found.
    pub violations: Vec<String>,
    /// The hash of the trace.
    pub hash: u64,
    /// The lines of the trace, if they were kept.
    pub lines: Vec<String>,
    /// The faults.
    pub injected: Vec<Injected>,
    /// The number of acts of the plan.
    pub acts: usize,
    /// What was counted.
    pub counts: Counts,
    /// The simulated time.
    pub simulated: Duration,
}

/// Runs a seed to its end, on this thread.
///
/// # Panics
/// The store or the runtime of the simulation cannot be made.
#[must_use]
pub fn run(config: &Config) -> Outcome {
    // The jitter of waits, and the epochs of the store.
    fastrand::seed(config.seed);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime can be made").block_on(simulate(config))
}

async fn simulate(config: &Config) -> Outcome {
    let world = World::new(config.seed, config.choice.clone(), Trace::new(config.traced));
    let inner: Arc<dyn Store> = Arc::new(match &config.file {
        Some(path) => SqliteStore::open(path).expect("a store can be made"),
        None => SqliteStore::in_memory().expect("a store can be made"),
    });
    let machine = Machine::new(world, inner);
    let acts = match &config.acts {
        Some(acts) => acts.clone(),
        None => plan::acts(&mut machine.world.plan("acts"), &mut machine.world.plan("kinds")),
    };
    let mut users = JoinSet::new();
    let supervisor = tokio::spawn(machine.clone().supervise());
    for (number, planned) in acts.iter().enumerate() {
        machine.until(planned.at).await;
        if !config.without.contains(&number) {
            users.spawn(machine.clone().perform(number, planned.act.clone()));
        }
    }
    machine.until(acts.last().map_or(Duration::ZERO, |last| last.at) + UNREST).await;
    machine.world.be_calm();
    machine.current().into_iter().for_each(|running| running.process.freeze(false));
    for (round, limit) in CALM.into_iter().enumerate() {
        if round > 0 {
            machine.judge_what_is_left();
            machine.cancel_all().await;
        }
        let until = machine.world.clock.elapsed() + limit + machine.world.clock.set_back();
        while !machine.rests() && machine.world.clock.elapsed() < until {
            machine.until(machine.world.clock.elapsed() + Duration::from_secs(1)).await;
        }
        if machine.rests() {
            break;
        }
    }
    users.abort_all();
    machine.end(supervisor).await;
    outcome(&machine.world, acts.len())
}

fn outcome(world: &World, acts: usize) -> Outcome {
    let mut state = world.lock();
    Outcome {
        violations: std::mem::take(&mut state.judge.violations),
        hash: state.trace.hash(),
        lines: state.trace.lines().to_vec(),
        injected: std::mem::take(&mut state.injected),
        acts,
        counts: state.counts,
        simulated: world.clock.elapsed(),
    }
}
