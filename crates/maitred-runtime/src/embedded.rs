//! The engine whose tasks are in a store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::access::BlockingStore;
use super::admission::{Admission, Admitted};
use super::blocking::{self, Blocking};
use super::definitions::StoreDefinitions;
use super::engine::{Accepted, Engine, EngineError, TaskDetails, Warning};
use super::registry::Registry;
use super::store::{Store, StoreError, TaskFilter};
use super::task::{CancelRequest, LogLine, NewTask, StoredDeferral, Task, TaskId, TaskState};
use super::triggerer::{Triggerer, TriggererOptions};
use crate::connection::{Clients, Connections, Environment};
use crate::operator::Settled;
use crate::trigger::{CancelReason, Definitions, Services};
use maitred_core::catalog::{Catalog, Sources};
use maitred_core::clock::{BoxFuture, Clock, Timestamp};

/// How long the end of a task may go unseen by [`Engine::result`].
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Tasks in a store, run by the [`Triggerer`] of that store, in this process or in
/// another.
#[derive(Debug, Clone)]
pub struct EmbeddedEngine {
    store: BlockingStore,
    clock: Arc<dyn Clock>,
    admission: Admission,
}

impl EmbeddedEngine {
    /// The engine of `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, registry: Arc<Registry>, clock: Arc<dyn Clock>) -> Self {
        let connections = Connections::new(Environment::of_process());
        let clients = Arc::new(Clients::new(connections, Arc::clone(&clock)));
        let (store, admission) = (BlockingStore::new(store), Admission::new(registry, clients));
        Self { store, clock, admission }
    }

    /// The same that runs transactions and checks with `blocking`, as do its triggerers. Default:
    /// [`BlockingThreads`](crate::blocking::BlockingThreads).
    #[must_use]
    pub fn with_blocking(mut self, blocking: Arc<dyn Blocking>) -> Self {
        self.store.blocking = blocking;
        self
    }

    /// The same that accepts what `admission` does, with its operators, clients and waiters.
    #[must_use]
    pub fn with_admission(mut self, admission: Admission) -> Self {
        self.admission = admission;
        self
    }

    /// The same that finds waiters here: see [`Admission::with_catalog`].
    #[must_use]
    pub fn with_catalog(mut self, catalog: Arc<Catalog>) -> Self {
        self.admission.catalog = Some(catalog);
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
    /// engine.triggerer(TriggererOptions::until_idle())
    /// # }
    /// ```
    #[must_use]
    pub fn with_clients(mut self, clients: Clients) -> Self {
        self.admission.clients = Arc::new(clients);
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
        let (store, registry) =
            (Arc::clone(&self.store.store), Arc::clone(&self.admission.registry));
        Triggerer::new(store, registry, Arc::new(services), options)
    }

    /// What operators and triggers get: the clients and the catalog of this engine.
    #[must_use]
    pub fn services(&self) -> Services {
        let catalog = || Arc::new(Catalog::new(Sources::default().with_environment()));
        let definitions = StoreDefinitions::new(Arc::clone(&self.store.store))
            .with_clock(Arc::clone(&self.clock))
            .with_blocking(Arc::clone(&self.store.blocking));
        Services::new(
            Arc::clone(&self.clock),
            Arc::clone(&self.admission.clients),
            self.admission.catalog.clone().unwrap_or_else(catalog),
            Definitions::new(Arc::new(definitions)),
        )
        .with_blocking(Arc::clone(&self.store.blocking))
    }
}

impl EmbeddedEngine {
    /// Checks tasks, which reads files, without holding up the others.
    async fn admit(
        &self,
        mut tasks: Vec<NewTask>,
    ) -> Result<(Vec<NewTask>, Admitted), EngineError> {
        let admission = self.admission.clone();
        let admit = move || admission.admit(&mut tasks).map(|admitted| (tasks, admitted));
        let done = blocking::run(&self.store.blocking, admit).await;
        done.unwrap_or_else(|error| Err(EngineError::Failed(Box::new(error))))
    }

    /// Runs something on the store, which blocks, without holding up the others.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, EngineError> {
        Ok(self.store.run(work).await?)
    }

    /// The same with a task of the store.
    async fn with_task<T: Send + 'static>(
        &self,
        id: TaskId,
        work: impl FnOnce(&dyn Store, Task) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, EngineError> {
        self.run(move |store| work(store, store.task(id)?.ok_or(StoreError::NotFound(id))?)).await
    }
}

impl Engine for EmbeddedEngine {
    fn start_all(&self, tasks: Vec<NewTask>) -> BoxFuture<'_, Result<Accepted, EngineError>> {
        Box::pin(async move {
            let (tasks, Admitted { definitions, warnings }) = self.admit(tasks).await?;
            let now = self.clock.now();
            let tasks = self.run(move |store| store.submit_with(&tasks, &definitions, now)).await?;
            Ok(Accepted { tasks, warnings })
        })
    }

    fn get(&self, id: TaskId) -> BoxFuture<'_, Result<Task, EngineError>> {
        Box::pin(self.with_task(id, |_, task| Ok(task)))
    }

    fn find<'a>(&'a self, id_or_key: &'a str) -> BoxFuture<'a, Result<Task, EngineError>> {
        let key = id_or_key.to_owned();
        Box::pin(async move {
            let found = self.run(move |store| {
                // A key may be a number, such as a date.
                let numbered = key.parse().map_or(Ok(None), |id| store.task(id))?;
                numbered.map_or_else(|| store.task_of_key(&key), |task| Ok(Some(task)))
            });
            found.await?.ok_or_else(|| EngineError::NotFound(id_or_key.to_owned()))
        })
    }

    fn list(&self, filter: TaskFilter) -> BoxFuture<'_, Result<Vec<Task>, EngineError>> {
        Box::pin(self.run(move |store| store.tasks(&filter)))
    }

    fn counts(&self) -> BoxFuture<'_, Result<BTreeMap<TaskState, u64>, EngineError>> {
        Box::pin(self.run(|store| Ok(store.counts()?.into_iter().collect())))
    }

    fn details(&self, id: TaskId) -> BoxFuture<'_, Result<TaskDetails, EngineError>> {
        Box::pin(self.with_task(id, move |store, task| {
            let (deferral, history) = (store.deferral(id)?, store.history(id)?);
            Ok(TaskDetails { task, deferral, calls: store.all_intents(id)?, history })
        }))
    }

    fn deferral(&self, id: TaskId) -> BoxFuture<'_, Result<Option<StoredDeferral>, EngineError>> {
        Box::pin(self.run(move |store| store.deferral(id)))
    }

    fn logs(&self, id: TaskId, skip: usize) -> BoxFuture<'_, Result<Vec<LogLine>, EngineError>> {
        Box::pin(self.run(move |store| store.logs(id, skip)))
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

    fn cancel(&self, id: TaskId, undo: bool) -> BoxFuture<'_, Result<TaskState, EngineError>> {
        let request = CancelRequest::new(CancelReason::User, undo);
        let now = self.clock.now();
        Box::pin(self.run(move |store| store.request_cancel(id, request, now)))
    }

    fn settle(&self, id: TaskId, settled: Settled) -> BoxFuture<'_, Result<(), EngineError>> {
        let now = self.clock.now();
        Box::pin(self.run(move |store| store.settle_by_user(id, &settled, now)))
    }

    fn retry(
        &self,
        id: TaskId,
        args: Option<Value>,
    ) -> BoxFuture<'_, Result<Vec<Warning>, EngineError>> {
        Box::pin(async move {
            let changed = match args {
                None => Vec::new(),
                Some(args) => vec![NewTask { args, ..self.get(id).await?.spec }],
            };
            let (changed, admitted) = self.admit(changed).await?;
            let (definitions, now) = (admitted.definitions, self.clock.now());
            let retry =
                move |store: &dyn Store| store.retry_with(id, changed.first(), &definitions, now);
            self.run(retry).await?;
            Ok(admitted.warnings)
        })
    }

    fn prune(&self, before: Timestamp) -> BoxFuture<'_, Result<usize, EngineError>> {
        Box::pin(self.run(move |store| store.prune(before)))
    }
}
