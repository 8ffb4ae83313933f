//! A store, and a triggerer of it in this process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use maitred::catalog::Catalog;
use maitred::clock::{Clock, Timestamp};
use maitred::connection::{Connections, Environment};
use maitred::runtime::{
    EmbeddedEngine, NewTask, Registry, SqliteStore, Store, StoreDefinitions, StoreError, Task,
    TaskId, Triggerer, TriggererOptions,
};
use maitred::trigger::{Definitions, Services};

use super::clocks::TwoClocks;
use super::probe::{self, ProbeTask};

pub(super) struct Scene {
    pub(super) store: Arc<dyn Store>,
    clock: Arc<TwoClocks>,
    /// Where waiters are.
    waiters: Vec<PathBuf>,
}

impl Scene {
    pub(super) fn new() -> Self {
        let clock = Arc::new(TwoClocks::new());
        Self { store: Arc::new(SqliteStore::in_memory().unwrap()), clock, waiters: Vec::new() }
    }

    /// One of this store.
    pub(super) fn of(store: Arc<dyn Store>) -> Self {
        Self { store, ..Self::new() }
    }

    pub(super) fn find_waiters(&mut self, folder: PathBuf) {
        self.waiters.push(folder);
    }

    pub(super) fn with_waiters(folder: PathBuf) -> Self {
        Self { waiters: vec![folder], ..Self::new() }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::<TwoClocks>::clone(&self.clock)
    }

    pub(super) fn clocks(&self) -> &TwoClocks {
        &self.clock
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn submit(&self, probe: ProbeTask) -> TaskId {
        self.submit_task(probe.into_task())
    }

    pub(super) fn submit_task(&self, task: NewTask) -> TaskId {
        self.store.submit(&[task], self.clock.now()).unwrap()[0].id()
    }

    pub(super) fn task(&self, id: TaskId) -> Task {
        self.store.task(id).unwrap().unwrap()
    }

    pub(super) fn engine(&self) -> EmbeddedEngine {
        let registry = Arc::new(probe::registry());
        EmbeddedEngine::new(Arc::clone(&self.store), registry, self.clock())
    }

    fn triggerer(&self, registry: Registry, options: TriggererOptions) -> Triggerer {
        let services = Services::new(
            self.clock(),
            Arc::new(maitred::clients(Connections::new(Environment::empty()), self.clock())),
            Arc::new(Catalog::new(maitred::sources().with_user(self.waiters.clone()))),
            Definitions::new(Arc::new(StoreDefinitions::new(Arc::clone(&self.store)))),
        );
        let store = Arc::clone(&self.store);
        Triggerer::new(store, Arc::new(registry), Arc::new(services), options)
    }

    /// Runs until nothing is left to do.
    pub(super) async fn run(&self) {
        let options = TriggererOptions::until_idle();
        self.run_with(probe::registry(), options).await;
    }

    pub(super) async fn run_with(&self, registry: Registry, options: TriggererOptions) {
        let triggerer = self.triggerer(registry, options);
        triggerer.run(std::future::pending()).await.unwrap();
    }

    /// Runs with somebody who is told of what happens.
    pub(super) async fn run_observed(&self, options: TriggererOptions) -> Result<(), StoreError> {
        let triggerer = self.triggerer(probe::registry(), options);
        triggerer.with_observer(Arc::new(|_| {})).run(std::future::pending()).await
    }

    /// Runs until this is so, and then stops gracefully.
    pub(super) async fn run_until(&self, so: impl Fn() -> bool + Send + Sync) {
        self.run_with_until(probe::registry(), TriggererOptions::default(), so).await;
    }

    pub(super) async fn run_with_until(
        &self,
        registry: Registry,
        options: TriggererOptions,
        so: impl Fn() -> bool + Send + Sync,
    ) {
        let triggerer = self.triggerer(registry, options);
        triggerer.run(self.until(so)).await.unwrap();
    }

    /// Returns once this is so.
    pub(super) async fn until(&self, so: impl Fn() -> bool + Send) {
        while !so() {
            self.clock.sleep(Duration::from_millis(10)).await;
        }
    }
}
