//! The triggerer: one process that holds the triggers of deferred tasks and runs operators on workers.
//!
//! Triggers are values in one timer queue, not tasks of the async runtime: a hundred thousand of them
//! cost memory for their data alone. Only a step in flight, of which there are
//! [`TriggererOptions::polls`] at most, is a task of its own.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use super::access::{BlockingStore, StoreAccess};
use super::journal::StoreJournal;
use super::log::LogBuffer;
use super::registry::Registry;
use super::store::{Share, Store, StoreError};
use super::worker::Workplace;
use crate::trigger::Services;

mod driver;
mod options;
mod poll_slots;
mod queue;
mod parked_trigger;

use driver::Driver;

pub use options::{CHECKPOINT_EVERY, Scope, TriggererOptions};

pub use super::notice::{Notice, Observer};

/// Runs the tasks of one store, or one of them.
pub struct Triggerer {
    store: Arc<dyn Store>,
    registry: Arc<Registry>,
    services: Arc<Services>,
    options: TriggererOptions,
    observer: Option<Observer>,
}

impl fmt::Debug for Triggerer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Triggerer")
            .field("store", &self.store)
            .field("registry", &self.registry)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Triggerer {
    /// A triggerer of `store` that knows the operators and triggers of `registry`.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        registry: Arc<Registry>,
        services: Arc<Services>,
        options: TriggererOptions,
    ) -> Self {
        Self { store, registry, services, options, observer: None }
    }

    /// The same with somebody who is told of tasks that end or are blocked, and of a store that cannot be used.
    #[must_use]
    pub fn with_observer(mut self, observer: Observer) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Runs until `stop` completes, or until there is nothing left to do if the options say so. On
    /// `stop`, no new step and no failure hook begins, and those in hand are finished. An operator that is still running 25
    /// seconds later is dropped and its step put back, to be run again by the next triggerer; not while it
    /// makes a main call.
    ///
    /// # Errors
    /// The store is locked by another triggerer, was taken over by one, was deleted or replaced, or is broken. One
    /// that is busy, or whose disk is full, is waited for.
    ///
    /// # Cancellation
    /// Dropping the future is like a crash: nothing is lost, and what was in flight is done again.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> Result<(), StoreError> {
        let now = self.services.clock.now();
        let scope = self.options.scope;
        let acquire = move |store: &dyn Store| match scope {
            Scope::All => store.acquire(now),
            Scope::New(id) => store.acquire_task(id, Share::New, now),
            Scope::Existing(id) => store.acquire_task(id, Share::Existing, now),
        };
        let clock = Arc::clone(&self.services.clock);
        let blocking = Arc::clone(&self.services.blocking);
        let store = BlockingStore { store: self.store, blocking };
        let (store, broken) = StoreAccess::new(store, clock, self.observer);
        let fence = store.run(acquire).await?;
        let known = self.services.clients.connections().known().clone();
        let log = LogBuffer::new(Arc::clone(&self.services.clock), known);
        let (stopped, stop_of_workers) = watch::channel(None);
        let workplace = Workplace {
            journal: Arc::new(StoreJournal { store: store.clone(), fence }),
            registry: self.registry,
            services: self.services,
            log,
            commands: Arc::default(),
            stop: stop_of_workers,
        };
        let mut driver = Driver::new(workplace, (store, fence), self.options, broken, stopped);
        driver.load().await?;
        driver.run(stop).await
    }
}
