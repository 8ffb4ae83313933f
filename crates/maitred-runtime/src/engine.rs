//! What starts, watches and cancels tasks, whatever runs them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::access::on_store;
use super::definitions::StoreDefinitions;
use super::known_waiters::KnownWaiters;
use super::registry::{Registry, Unusable};
use super::store::{Store, StoreError, Submitted, TaskFilter};
use super::task::{CancelRequest, NewTask, Task, TaskId, TaskState};
use super::triggerer::{Triggerer, TriggererOptions};
use crate::connection::Clients;
use crate::connection::Connections;
use crate::connection::Environment;
use crate::operator::Settled;
use crate::trigger::CancelReason;
use crate::trigger::Definitions;
use crate::trigger::Services;
use maitred_core::catalog::{Catalog, Sources};
use maitred_core::clock::BoxFuture;
use maitred_core::clock::Clock;

/// How long the end of a task may go unseen by [`Engine::result`].
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Starts, watches and cancels tasks. The seam to other engines: nothing of an engine's own types is
/// in operators, triggers or waiters.
pub trait Engine: Send + Sync + fmt::Debug {
    /// Submits a task; its operator's arguments are checked first.
    ///
    /// # Errors
    /// The operator is unknown, its arguments cannot be used, or the key is taken.
    fn start(&self, task: NewTask) -> BoxFuture<'_, Result<Submitted, EngineError>>;

    /// Asks for the end of a task; `undo` also sends the call that undoes what it has started.
    ///
    /// # Errors
    /// There is no such task, or it has ended.
    fn cancel(&self, id: TaskId, undo: bool) -> BoxFuture<'_, Result<TaskState, EngineError>>;

    /// Takes a user's word for what became of the call for which a task is in doubt; the task goes on with
    /// the result of the call, or makes it again.
    ///
    /// # Errors
    /// There is no such task, it is not in doubt, or its key is taken.
    fn settle(&self, id: TaskId, settled: Settled) -> BoxFuture<'_, Result<(), EngineError>>;

    /// Puts a task that has failed, was skipped or cancelled up for one more try from the beginning, due now;
    /// with `args`, those are its arguments from now on, checked as those of a new task.
    ///
    /// # Errors
    /// There is no such task, it is in another state, its key is taken, or the arguments cannot be used.
    fn retry(&self, id: TaskId, args: Option<Value>) -> BoxFuture<'_, Result<(), EngineError>>;

    /// A task.
    ///
    /// # Errors
    /// There is no such task.
    fn get(&self, id: TaskId) -> BoxFuture<'_, Result<Task, EngineError>>;

    /// Tasks, the newest first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn list(&self, filter: TaskFilter) -> BoxFuture<'_, Result<Vec<Task>, EngineError>>;

    /// A task once it has come to its end.
    ///
    /// # Errors
    /// There is no such task.
    fn result(&self, id: TaskId) -> BoxFuture<'_, Result<Task, EngineError>>;
}

/// Why an engine did not do what it was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum EngineError {
    /// The task cannot be run as it is.
    Unusable(Unusable),
    /// One of several tasks cannot be run as it is.
    UnusableTask {
        /// Which of them, counted from 0.
        index: usize,
        /// Why.
        error: Unusable,
    },
    /// The store refused, or is broken.
    Store(StoreError),
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable(error) | Self::UnusableTask { error, .. } => error.fmt(f),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for EngineError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unusable(_) | Self::UnusableTask { .. } => None,
            Self::Store(error) => error.source(),
        }
    }
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Tasks in a store, run by the [`Triggerer`] of that store, in this process or in
/// another.
#[derive(Debug, Clone)]
pub struct EmbeddedEngine {
    store: Arc<dyn Store>,
    registry: Arc<Registry>,
    clock: Arc<dyn Clock>,
    catalog: Option<Arc<Catalog>>,
    clients: Arc<Clients>,
}

impl EmbeddedEngine {
    /// The engine of `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, registry: Arc<Registry>, clock: Arc<dyn Clock>) -> Self {
        let connections = Connections::new(Environment::of_process());
        let clients = Arc::new(Clients::new(connections, Arc::clone(&clock)));
        Self { store, registry, clock, catalog: None, clients }
    }

    /// The same that finds waiters here. A task that begins with a wait, such as `maitred.wait`, is accepted
    /// only if there is that waiter, it compiles, and its input is what the service's model says. The waiter
    /// is stored with the task, which then waits with it wherever it runs.
    #[must_use]
    pub fn with_catalog(mut self, catalog: Arc<Catalog>) -> Self {
        self.catalog = Some(catalog);
        self
    }

    /// The same whose tasks call with these clients; the input of waits is checked with them. Default: those of
    /// service `http`, with the connections of the process's environment.
    ///
    /// A test gives a client that answers by itself:
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use maitred_core::clock::SystemClock;
    /// # use maitred_runtime::connection::{Clients, Connections, Environment};
    /// # use maitred_runtime::{EmbeddedEngine, Triggerer, TriggererOptions};
    /// # fn test(engine: EmbeddedEngine, fake: Arc<dyn maitred_core::client::Client>) -> Triggerer {
    /// let connections = Connections::new(Environment::empty());
    /// let clients = Clients::new(connections, Arc::new(SystemClock::new()));
    /// let engine = engine.with_clients(clients.with_client("http", fake));
    /// engine.triggerer(TriggererOptions { until_idle: true, ..TriggererOptions::default() })
    /// # }
    /// ```
    #[must_use]
    pub fn with_clients(mut self, clients: Clients) -> Self {
        self.clients = Arc::new(clients);
        self
    }

    /// A triggerer of this engine's tasks, with [`Self::services`].
    #[must_use]
    pub fn triggerer(&self, options: TriggererOptions) -> Triggerer {
        self.triggerer_with(self.services(), options)
    }

    /// A triggerer of this engine's tasks with other services.
    #[must_use]
    pub fn triggerer_with(&self, services: Services, options: TriggererOptions) -> Triggerer {
        let (store, registry) = (Arc::clone(&self.store), Arc::clone(&self.registry));
        Triggerer::new(store, registry, Arc::new(services), options)
    }

    /// What operators and triggers get: the clients and the catalog of this engine.
    #[must_use]
    pub fn services(&self) -> Services {
        let catalog = || Arc::new(Catalog::new(Sources::default().with_environment()));
        let definitions = StoreDefinitions::new(Arc::clone(&self.store));
        Services {
            clock: Arc::clone(&self.clock),
            clients: Arc::clone(&self.clients),
            catalog: self.catalog.clone().unwrap_or_else(catalog),
            definitions: Definitions::new(Arc::new(definitions)),
        }
    }

    /// Submits tasks: all of them, or none.
    ///
    /// # Errors
    /// As [`Engine::start`]; a task that cannot be run is [`EngineError::UnusableTask`].
    pub async fn start_all(&self, mut tasks: Vec<NewTask>) -> Result<Vec<Submitted>, EngineError> {
        let mut known = KnownWaiters::new(&self.clients);
        for (index, task) in tasks.iter_mut().enumerate() {
            let checked = self.check(task, &mut known);
            checked.map_err(|error| EngineError::UnusableTask { index, error })?;
        }
        let definitions = known.into_definitions();
        let now = self.clock.now();
        let submit = move |store: &dyn Store| store.submit_with(&tasks, &definitions, now);
        Ok(on_store(&self.store, submit).await?)
    }

    /// Checks a task before it is accepted, and fills in the version of its arguments.
    fn check(&self, task: &mut NewTask, known: &mut KnownWaiters) -> Result<(), Unusable> {
        let operator = self.registry.checked_task(task)?;
        if let Some(catalog) = &self.catalog {
            let waiter = known.check(&*operator, catalog)?;
            task.waiters = waiter.into_iter().collect();
        }
        task.version = self.registry.version(&task.operator)?;
        Ok(())
    }
}

impl Engine for EmbeddedEngine {
    fn start(&self, task: NewTask) -> BoxFuture<'_, Result<Submitted, EngineError>> {
        Box::pin(async move {
            let submitted = self.start_all(vec![task]).await.map_err(|error| match error {
                EngineError::UnusableTask { error, .. } => EngineError::Unusable(error),
                other @ (EngineError::Unusable(_) | EngineError::Store(_)) => other,
            })?;
            let missing = || StoreError::Broken("the store gave no number".into());
            Ok(submitted.into_iter().next().ok_or_else(missing)?)
        })
    }

    fn cancel(&self, id: TaskId, undo: bool) -> BoxFuture<'_, Result<TaskState, EngineError>> {
        let request = CancelRequest { reason: CancelReason::User, undo };
        let now = self.clock.now();
        Box::pin(async move {
            Ok(on_store(&self.store, move |store| store.request_cancel(id, request, now)).await?)
        })
    }

    fn settle(&self, id: TaskId, settled: Settled) -> BoxFuture<'_, Result<(), EngineError>> {
        let now = self.clock.now();
        Box::pin(async move {
            Ok(on_store(&self.store, move |store| store.settle_by_user(id, &settled, now)).await?)
        })
    }

    fn retry(&self, id: TaskId, args: Option<Value>) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let mut known = KnownWaiters::new(&self.clients);
            let changed = match args {
                None => None,
                Some(args) => {
                    let mut task = NewTask { args, ..self.get(id).await?.spec };
                    self.check(&mut task, &mut known).map_err(EngineError::Unusable)?;
                    Some(task)
                }
            };
            let definitions = known.into_definitions();
            let now = self.clock.now();
            let retry =
                move |store: &dyn Store| store.retry_with(id, changed.as_ref(), &definitions, now);
            Ok(on_store(&self.store, retry).await?)
        })
    }

    fn get(&self, id: TaskId) -> BoxFuture<'_, Result<Task, EngineError>> {
        Box::pin(async move {
            let task = on_store(&self.store, move |store| store.task(id)).await?;
            Ok(task.ok_or(StoreError::NotFound(id))?)
        })
    }

    fn list(&self, filter: TaskFilter) -> BoxFuture<'_, Result<Vec<Task>, EngineError>> {
        Box::pin(async move { Ok(on_store(&self.store, move |store| store.tasks(&filter)).await?) })
    }

    fn result(&self, id: TaskId) -> BoxFuture<'_, Result<Task, EngineError>> {
        Box::pin(async move {
            loop {
                let task = self.get(id).await?;
                if task.state.is_final() {
                    return Ok(task);
                }
                self.clock.sleep(LOOK_EVERY).await;
            }
        })
    }
}
