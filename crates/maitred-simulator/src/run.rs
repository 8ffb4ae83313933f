//! One run: the program, its users and its service, from a seed.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use maitred_core::catalog::{Catalog, Sources};
use maitred_core::clock::Clock as _;
use maitred_runtime::connection::{Clients, Connections, Environment};
use maitred_runtime::operator::Settled;
use maitred_runtime::store::{StoreError, TaskFilter};
use maitred_runtime::task::TaskState;
use maitred_runtime::trigger::{Definitions, Services};
use maitred_runtime::{
    EmbeddedEngine, Engine as _, Registry, SqliteStore, Store, StoreDefinitions, Task, Triggerer,
    TriggererOptions,
};
use serde_json::json;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::blocking::SimBlocking;
use crate::client::SimClient;
use crate::fault::{Choice, Fault};
use crate::plan::{self, Act, Planned};
use crate::process::Process;
use crate::store::SimStore;
use crate::trace::Trace;
use crate::workload;
use crate::world::{Counts, Injected, World};

/// How long faults go on after the last act.
const UNREST: Duration = Duration::from_secs(20);

/// How long tasks may go on once nothing goes wrong any more, before they are cancelled, and after that.
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
    let machine = Machine {
        world: Arc::new(world),
        inner,
        registry: Arc::new(workload::registry()),
        current: Arc::default(),
        taken: Arc::default(),
    };
    let acts = match &config.acts {
        Some(acts) => acts.clone(),
        None => plan::acts(&mut machine.world.plan("acts")),
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
        let until = machine.world.clock.elapsed() + limit;
        while !machine.rests() && machine.world.clock.elapsed() < until {
            machine.until(machine.world.clock.elapsed() + Duration::from_secs(1)).await;
        }
        if machine.rests() {
            break;
        }
    }
    users.abort_all();
    machine.end(supervisor).await;
    machine.outcome(acts.len())
}

/// The machine on which everything runs.
#[derive(Clone)]
struct Machine {
    world: Arc<World>,
    inner: Arc<dyn Store>,
    registry: Arc<Registry>,
    current: Arc<Mutex<Option<Running>>>,
    /// Another triggerer is to begin although one is alive.
    taken: Arc<Notify>,
}

/// A triggerer that runs.
#[derive(Debug, Clone)]
struct Running {
    process: Arc<Process>,
    stop: Arc<Notify>,
}

impl Machine {
    async fn until(&self, at: Duration) {
        let left = at.saturating_sub(self.world.clock.elapsed());
        self.world.clock.sleep(left).await;
        // The wall clock may have been set, which ends a sleep early.
        while self.world.clock.elapsed() < at {
            self.world.clock.sleep(at.saturating_sub(self.world.clock.elapsed())).await;
        }
    }

    /// Runs one triggerer after the other.
    async fn supervise(self) {
        let mut alive = JoinSet::new();
        for number in 1_u32.. {
            let running = Running {
                process: Arc::new(Process::new(format!("triggerer {number}"))),
                stop: Arc::default(),
            };
            *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(running.clone());
            alive.spawn(self.clone().run_triggerer(running));
            tokio::select! {
                biased;
                () = self.taken.notified() => continue,
                () = async { while alive.join_next().await.is_some() {} } => {}
            }
            let pause = Duration::from_millis(self.world.plan("restart").u64(200..8_000));
            self.until(self.world.clock.elapsed() + pause).await;
        }
    }

    fn current(&self) -> Option<Running> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn run_triggerer(self, running: Running) {
        let Running { process, stop } = running;
        self.world.lock().judge.interrupted(self.world.clock.now());
        self.world.say(process.name(), "begins");
        let workers = self.world.plan("workers").usize(1..5);
        let options = TriggererOptions::default().with_workers(workers);
        let store: Arc<dyn Store> = Arc::new(self.store(&process));
        let services = self.services(&process, &store);
        let registry = Arc::clone(&self.registry);
        let triggerer = Triggerer::new(store, registry, Arc::new(services), options);
        let ended = tokio::select! {
            biased;
            () = process.killed() => None,
            ended = triggerer.run(async { stop.notified().await }) => Some(ended),
        };
        let mut state = self.world.lock();
        let text = match &ended {
            None => "is dead".to_owned(),
            Some(Ok(())) => "ends".to_owned(),
            Some(Err(error)) => format!("ends: {error}"),
        };
        let now = self.world.clock.elapsed();
        state.trace.add(now, process.name(), &text);
        state.judge.interrupted(self.world.clock.now());
        let broke = |(key, _, fault): &Injected| {
            let is_broken = matches!(fault, Fault::BrokenBefore | Fault::BrokenAfter);
            is_broken && key.starts_with(&format!("{}/", process.name()))
        };
        let is_right = match &ended {
            None | Some(Ok(()) | Err(StoreError::Fenced)) => true,
            Some(Err(_)) => state.injected.iter().any(broke),
        };
        if !is_right {
            state.judge.violations.push(format!("a triggerer ends only for a reason: {text}"));
        }
    }

    fn store(&self, process: &Arc<Process>) -> SimStore {
        let (world, process) = (Arc::clone(&self.world), Arc::clone(process));
        SimStore { world, process, inner: Arc::clone(&self.inner) }
    }

    fn blocking(&self, process: &Arc<Process>) -> Arc<SimBlocking> {
        Arc::new(SimBlocking { world: Arc::clone(&self.world), process: Arc::clone(process) })
    }

    fn clients(&self, process: &Arc<Process>) -> Clients {
        let client = SimClient { world: Arc::clone(&self.world), process: Arc::clone(process) };
        let clock = Arc::new(self.world.clock.clone());
        let connections = Connections::new(Environment::empty());
        Clients::new(connections, clock).with_client("http", Arc::new(client))
    }

    fn services(&self, process: &Arc<Process>, store: &Arc<dyn Store>) -> Services {
        let clock = Arc::new(self.world.clock.clone());
        let definitions = StoreDefinitions::new(Arc::clone(store))
            .with_clock(clock.clone())
            .with_blocking(self.blocking(process));
        Services::new(
            clock,
            Arc::new(self.clients(process)),
            Arc::new(Catalog::new(Sources::default())),
            Definitions::new(Arc::new(definitions)),
        )
        .with_blocking(self.blocking(process))
    }

    /// The engine of a process of a user.
    fn engine(&self, process: &Arc<Process>) -> EmbeddedEngine {
        let clock = Arc::new(self.world.clock.clone());
        EmbeddedEngine::new(Arc::new(self.store(process)), Arc::clone(&self.registry), clock)
            .with_clients(self.clients(process))
            .with_blocking(self.blocking(process))
    }

    /// Does what a user does, in a process of its own.
    async fn perform(self, number: usize, act: Act) {
        let process = Arc::new(Process::new(format!("user {number}")));
        tokio::select! {
            biased;
            () = process.killed() => self.world.say(process.name(), "is dead"),
            () = self.perform_in(&process, act) => {}
        }
    }

    async fn perform_in(&self, process: &Arc<Process>, act: Act) {
        let engine = self.engine(process);
        let said = match act {
            Act::Submit(task, due) => {
                let task = plan::due_after(&task, due, self.world.clock.now());
                let started = engine.start(task).await;
                format!("submits: {}", shown(&started))
            }
            Act::Cancel(which, undo) => {
                let Some(task) = self.task(which, |state| !state.is_final()) else { return };
                let undo_text = if undo { ", with undo" } else { "" };
                let cancelled = engine.cancel(task.id, undo).await;
                format!("cancels task {}{undo_text}: {}", task.id, shown(&cancelled))
            }
            Act::Retry(which) => {
                let Some(task) = self.task(which, TaskState::is_final) else { return };
                format!("retries task {}: {}", task.id, shown(&engine.retry(task.id, None).await))
            }
            Act::Settle(which) => {
                let in_doubt = |state| state == TaskState::InDoubt;
                let Some(task) = self.task(which, in_doubt) else { return };
                let Some(settled) = self.truth(&task) else { return };
                let done = engine.settle(task.id, settled.clone()).await;
                format!("settles task {} as {settled:?}: {}", task.id, shown(&done))
            }
            Act::Prune => format!("prunes: {}", shown(&engine.prune(self.world.clock.now()).await)),
            Act::SetWall(by) => {
                self.world.lock().judge.clock_set = true;
                self.world.clock.set_wall(by);
                format!("sets the clock by {by} ms")
            }
            Act::Stop => {
                let running = self.current();
                running.into_iter().for_each(|running| running.stop.notify_one());
                "stops the triggerer".to_owned()
            }
            Act::TakeOver => {
                self.taken.notify_one();
                "starts another triggerer".to_owned()
            }
            Act::Freeze(pause) => {
                self.freeze(pause).await;
                format!("lets the triggerer go on after {} ms", pause.as_millis())
            }
        };
        self.world.say(process.name(), &said);
    }

    async fn freeze(&self, pause: Duration) {
        let Some(Running { process, .. }) = self.current() else { return };
        process.freeze(true);
        self.world.say(process.name(), "stands still");
        self.until(self.world.clock.elapsed() + pause).await;
        process.freeze(false);
        self.world.lock().judge.interrupted(self.world.clock.now());
    }

    /// One of the tasks in such a state.
    fn task(&self, which: usize, such: impl Fn(TaskState) -> bool) -> Option<Task> {
        let mut tasks = self.tasks();
        tasks.retain(|task| such(task.state));
        let count = tasks.len().max(1);
        tasks.into_iter().nth(which % count)
    }

    fn tasks(&self) -> Vec<Task> {
        let mut tasks = self.inner.tasks(&TaskFilter::default()).unwrap_or_default();
        tasks.reverse();
        tasks
    }

    /// What has become of the call in question, as the service knows it.
    fn truth(&self, task: &Task) -> Option<Settled> {
        let calls = self.inner.intents(task.id, task.step).ok()?;
        let open = calls.into_iter().find(|call| call.settled.is_none())?.intent;
        let state = self.world.lock();
        let call = (task.token.clone(), u64::from(open.ordinal));
        let made = state.service.jobs.iter().position(|job| job.call == call);
        Some(made.map_or(Settled::NotMade, |job| Settled::Done(json!(job))))
    }

    /// True if every task has come to its end, and every failure is told.
    fn rests(&self) -> bool {
        self.tasks().iter().all(|task| task.state.is_final() && !task.hook_pending)
    }

    /// Only code that hangs may keep a task from its end.
    fn judge_what_is_left(&self) {
        let tasks = self.tasks();
        let mut state = self.world.lock();
        if state.injected.iter().any(|(_, _, fault)| *fault == Fault::Hang) {
            return;
        }
        // A time that was asked for, and a time-out, come later if the clock was set back.
        let clock_set = state.judge.clock_set;
        let late = |task: &&Task| clock_set && (task.spec.due.is_some() || task.deadline.is_some());
        for task in tasks.iter().filter(|task| !task.state.is_final() && !late(task)) {
            let text = format!("a task ends by itself: {} is {}", task.id, task.state);
            state.judge.violations.push(text);
        }
    }

    /// A user ends what goes on.
    async fn cancel_all(&self) {
        let process = Arc::new(Process::new("user"));
        let engine = self.engine(&process);
        for task in self.tasks().into_iter().filter(|task| !task.state.is_final()) {
            let cancelled = engine.cancel(task.id, false).await;
            let what = format!("cancels task {}: {}", task.id, shown(&cancelled));
            self.world.say(process.name(), &what);
        }
    }

    /// Stops the triggerer, and waits for its end.
    async fn end(&self, supervisor: tokio::task::JoinHandle<()>) {
        if let Some(Running { process, stop }) = self.current() {
            stop.notify_one();
            self.until(self.world.clock.elapsed() + Duration::from_secs(70)).await;
            let is_over = Arc::strong_count(&stop) <= 2;
            if !is_over {
                let text = format!("{} ends once it is asked to", process.name());
                self.world.lock().judge.violations.push(text);
            }
        }
        supervisor.abort();
        let tasks = self.tasks();
        let mut state = self.world.lock();
        let state = &mut *state;
        state.judge.finish(&tasks, &state.service);
    }

    fn outcome(&self, acts: usize) -> Outcome {
        let mut state = self.world.lock();
        Outcome {
            violations: std::mem::take(&mut state.judge.violations),
            hash: state.trace.hash(),
            lines: state.trace.lines().to_vec(),
            injected: std::mem::take(&mut state.injected),
            acts,
            counts: state.counts,
            simulated: self.world.clock.elapsed(),
        }
    }
}

fn shown<T: std::fmt::Debug, E: std::fmt::Display>(done: &Result<T, E>) -> String {
    match done {
        Ok(value) => format!("{value:?}"),
        Err(error) => error.to_string(),
    }
}
