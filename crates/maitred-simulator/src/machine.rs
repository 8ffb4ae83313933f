//! The machine on which everything runs, and its triggerers, one after the other.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use maitred_core::catalog::Catalog;
use maitred_core::clock::Clock as _;
use maitred_runtime::connection::{Clients, Connections, Environment};
use maitred_runtime::store::{StoreError, TaskFilter};
use maitred_runtime::trigger::{Definitions, Services};
use maitred_runtime::{Registry, Store, StoreDefinitions, Task, Triggerer, TriggererOptions};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::blocking::SimBlocking;
use crate::client::SimClient;
use crate::fault::Fault;
use crate::process::Process;
use crate::store::SimStore;
use crate::workload;
use crate::world::{Injected, World};

/// The machine on which everything runs.
#[derive(Clone)]
pub(crate) struct Machine {
    pub(crate) world: Arc<World>,
    pub(crate) inner: Arc<dyn Store>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) catalog: Arc<Catalog>,
    current: Arc<Mutex<Option<Running>>>,
    /// Another triggerer is to begin although one is alive.
    pub(crate) taken: Arc<Notify>,
}

/// A triggerer that runs.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) process: Arc<Process>,
    pub(crate) stop: Arc<Notify>,
}

impl Machine {
    pub(crate) fn new(world: World, inner: Arc<dyn Store>) -> Self {
        Self {
            world: Arc::new(world),
            inner,
            registry: Arc::new(workload::registry()),
            catalog: Arc::new(workload::catalog()),
            current: Arc::default(),
            taken: Arc::default(),
        }
    }

    pub(crate) async fn until(&self, at: Duration) {
        let clock = &self.world.clock;
        // A wall clock that is set ends a sleep early.
        while clock.elapsed() < at {
            clock.sleep(at.saturating_sub(clock.elapsed())).await;
        }
    }

    /// Runs one triggerer after the other.
    pub(crate) async fn supervise(self) {
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

    pub(crate) fn current(&self) -> Option<Running> {
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

    pub(crate) fn store(&self, process: &Arc<Process>) -> SimStore {
        let (world, process) = (Arc::clone(&self.world), Arc::clone(process));
        SimStore { world, process, inner: Arc::clone(&self.inner) }
    }

    pub(crate) fn blocking(&self, process: &Arc<Process>) -> Arc<SimBlocking> {
        Arc::new(SimBlocking { world: Arc::clone(&self.world), process: Arc::clone(process) })
    }

    pub(crate) fn clients(&self, process: &Arc<Process>) -> Clients {
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
            Arc::clone(&self.catalog),
            Definitions::new(Arc::new(definitions)),
        )
        .with_blocking(self.blocking(process))
    }

    pub(crate) fn tasks(&self) -> Vec<Task> {
        let mut tasks = self.inner.tasks(&TaskFilter::default()).unwrap_or_default();
        tasks.reverse();
        tasks
    }

    /// True if every task has come to its end, and every failure is told.
    pub(crate) fn rests(&self) -> bool {
        self.tasks().iter().all(|task| task.state.is_final() && !task.hook_pending)
    }

    /// Only code that hangs may keep a task from its end.
    pub(crate) fn judge_what_is_left(&self) {
        let tasks = self.tasks();
        let mut state = self.world.lock();
        if state.injected.iter().any(|(_, _, fault)| *fault == Fault::Hang) {
            return;
        }
        for task in tasks.iter().filter(|task| !task.state.is_final()) {
            let text = format!("a task ends by itself: {} is {}", task.id, task.state);
            state.judge.violations.push(text);
        }
    }

    /// Stops the triggerer, and waits for its end.
    pub(crate) async fn end(&self, supervisor: tokio::task::JoinHandle<()>) {
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
}
