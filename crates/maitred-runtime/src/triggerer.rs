//! The triggerer: one process that holds the triggers of deferred tasks and runs operators on workers.
//!
//! Triggers are values in one timer queue, not tasks of the async runtime: a hundred thousand of them
//! cost memory for their data alone. Only a step in flight, of which there are
//! [`TriggererOptions::polls`] at most, is a task of its own.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::access::StoreAccess;
use super::log::LogBuffer;
use super::registry::Registry;
use super::store::{Share, Store, StoreError};
use super::task::TaskId;
use super::worker::Workplace;
use crate::trigger::Services;

mod driver;
mod places;
mod queue;
mod resting;

use driver::Driver;

pub use super::notice::{Notice, Observer};

/// What a triggerer may take up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggererOptions {
    /// How many triggers it holds at most; further deferred tasks wait in the store. Default: 1,000,000.
    pub capacity: usize,
    /// How many operators run at a time. Default: 16.
    pub workers: usize,
    /// How many steps of triggers are begun before earlier ones are over, not counting those that have had no
    /// answer for a second: of these each server may have as many. All together are bounded by what the process
    /// may open. Default: 512.
    pub polls: usize,
    /// Ends once no task is left that could run. Default: false.
    pub until_idle: bool,
    /// Which tasks it runs. Default: all.
    pub scope: Scope,
}

/// Which tasks of its store a triggerer runs. Those outside of its scope are left exactly as they are: they
/// are not started, resumed, cancelled or taken up again, and no failure hook of theirs is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// All tasks; the only triggerer of its store.
    #[default]
    All,
    /// This one, which the caller has just submitted. Others may run a task of their own beside it.
    New(TaskId),
    /// This one, which may have been begun by another process; that process must not be alive.
    Existing(TaskId),
}

impl Scope {
    /// The one task, if it is not all.
    pub(super) fn only(self) -> Option<TaskId> {
        match self {
            Self::All => None,
            Self::New(id) | Self::Existing(id) => Some(id),
        }
    }

    /// Whether the triggerer has to do with this task.
    pub(super) fn has(self, id: TaskId) -> bool {
        self.only().is_none_or(|only| only == id)
    }
}

impl Default for TriggererOptions {
    fn default() -> Self {
        Self { capacity: 1_000_000, workers: 16, polls: 512, until_idle: false, scope: Scope::All }
    }
}

/// How long the state of a trigger may be newer than what is stored of it: after a crash at most this
/// much is done again.
pub const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);

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
        let (store, broken) = StoreAccess::new(self.store, clock, self.observer);
        let fence = store.run(acquire).await?;
        let known = self.services.clients.connections().known().clone();
        let log = LogBuffer::new(Arc::clone(&self.services.clock), known);
        let (stopped, stop_of_workers) = watch::channel(None);
        let workplace = Workplace {
            store,
            fence,
            registry: self.registry,
            services: self.services,
            log,
            commands: Arc::default(),
            stop: stop_of_workers,
        };
        let mut driver = Driver::new(workplace, self.options, broken, stopped);
        driver.load().await?;
        driver.run(stop).await
    }
}
