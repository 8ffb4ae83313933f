//! What starts, watches and cancels tasks, whatever runs them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::registry::{Registry, Unusable};
use super::store::{Store, StoreError, Submitted, TaskFilter};
use super::task::{CancelRequest, NewTask, Task, TaskId, TaskState};
use super::worker::on_store;
use crate::clock::BoxFuture;
use crate::clock::Clock;
use crate::trigger::CancelReason;

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
    /// The store refused, or is broken.
    Store(StoreError),
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for EngineError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unusable(_) => None,
            Self::Store(error) => error.source(),
        }
    }
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Tasks in a store, run by the [`Triggerer`](super::Triggerer) of that store, in this process or in
/// another.
#[derive(Debug, Clone)]
pub struct EmbeddedEngine {
    store: Arc<dyn Store>,
    registry: Arc<Registry>,
    clock: Arc<dyn Clock>,
}

impl EmbeddedEngine {
    /// The engine of `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, registry: Arc<Registry>, clock: Arc<dyn Clock>) -> Self {
        Self { store, registry, clock }
    }

    /// Submits tasks: all of them, or none.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub async fn start_all(&self, mut tasks: Vec<NewTask>) -> Result<Vec<Submitted>, EngineError> {
        for task in &mut tasks {
            self.registry.check(&task.operator, &task.args).map_err(EngineError::Unusable)?;
            task.version = self.registry.version(&task.operator).map_err(EngineError::Unusable)?;
        }
        let now = self.clock.now();
        Ok(on_store(&self.store, move |store| store.submit(&tasks, now)).await?)
    }
}

impl Engine for EmbeddedEngine {
    fn start(&self, task: NewTask) -> BoxFuture<'_, Result<Submitted, EngineError>> {
        Box::pin(async move {
            let submitted = self.start_all(vec![task]).await?;
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
