//! The journal of running steps: what is stored of a step's main calls before and after they are made, and what a
//! task waits for. Beneath a running step there is this and no store, so that another engine can keep it
//! elsewhere.

use std::fmt;

use maitred_core::clock::BoxFuture;

use crate::access::StoreAccess;
use crate::operator::{Begun, Intent, Settled};
use crate::store::{Fence, Store, StoreError};
use crate::task::{StoredDeferral, StoredIntent, Task, TaskId};
use crate::trigger::TriggerError;

/// A step of a task.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepId {
    pub(super) task: TaskId,
    pub(super) step: u32,
}

impl StepId {
    /// The step that a task is in.
    pub(super) fn of(task: &Task) -> Self {
        Self { task: task.id, step: task.step }
    }
}

/// Why a journal does not take something in. What goes wrong with the journal itself never comes back from here:
/// it ends the engine.
#[derive(Debug, thiserror::Error)]
pub(super) enum JournalError {
    /// The call was begun before, and nobody knows what became of it.
    #[error("{0}")]
    Unsettled(String),
    /// The task is no longer in this step.
    #[error("{0}")]
    NotRunning(String),
    /// Any other reason, for people.
    #[error("{0}")]
    Refused(String),
}

/// Keeps what must survive a crash of the process that runs a step. When a method has returned, its effect
/// survives one.
pub(super) trait Journal: Send + Sync + fmt::Debug {
    /// Takes in that a main call is about to be made.
    fn begin(&self, step: StepId, intent: Intent) -> BoxFuture<'_, Result<Begun, JournalError>>;

    /// Takes in what became of a call.
    fn settle(
        &self,
        step: StepId,
        ordinal: u32,
        settled: Settled,
    ) -> BoxFuture<'_, Result<(), JournalError>>;

    /// The main calls of a step so far.
    fn intents(&self, step: StepId) -> BoxFuture<'_, Result<Vec<StoredIntent>, JournalError>>;

    /// What a task waits for.
    fn deferral(&self, task: TaskId)
    -> BoxFuture<'_, Result<Option<StoredDeferral>, JournalError>>;

    /// Ends the engine, because a trigger cannot use what the engine gives it. Never returns.
    fn give_up(&self, error: TriggerError) -> BoxFuture<'_, std::convert::Infallible>;
}

/// The journal in a store.
#[derive(Debug)]
pub(super) struct StoreJournal {
    pub(super) store: StoreAccess,
    pub(super) fence: Fence,
}

impl StoreJournal {
    async fn run<T: Send + 'static>(
        &self,
        work: impl Fn(&dyn Store) -> Result<T, StoreError> + Send + Sync + 'static,
    ) -> Result<T, JournalError> {
        self.store.run_for_operator(work).await.map_err(|error| {
            let message = error.to_string();
            match error {
                StoreError::Unsettled { .. } => JournalError::Unsettled(message),
                StoreError::WrongState { .. } | StoreError::NotFound(_) => {
                    JournalError::NotRunning(message)
                }
                StoreError::Conflict { .. }
                | StoreError::Locked(_)
                | StoreError::Fenced
                | StoreError::OtherCall { .. }
                | StoreError::NoCall(_)
                | StoreError::Replaced(_)
                | StoreError::Newer(_)
                | StoreError::Unavailable(_)
                | StoreError::Broken(_) => JournalError::Refused(message),
            }
        })
    }
}

impl Journal for StoreJournal {
    fn begin(&self, step: StepId, intent: Intent) -> BoxFuture<'_, Result<Begun, JournalError>> {
        let fence = self.fence;
        Box::pin(self.run(move |store| store.begin(fence, step.task, step.step, &intent)))
    }

    fn settle(
        &self,
        step: StepId,
        ordinal: u32,
        settled: Settled,
    ) -> BoxFuture<'_, Result<(), JournalError>> {
        let fence = self.fence;
        Box::pin(
            self.run(move |store| store.settle(fence, step.task, step.step, ordinal, &settled)),
        )
    }

    fn intents(&self, step: StepId) -> BoxFuture<'_, Result<Vec<StoredIntent>, JournalError>> {
        Box::pin(self.run(move |store| store.intents(step.task, step.step)))
    }

    fn deferral(
        &self,
        task: TaskId,
    ) -> BoxFuture<'_, Result<Option<StoredDeferral>, JournalError>> {
        Box::pin(self.run(move |store| store.deferral(task)))
    }

    fn give_up(&self, error: TriggerError) -> BoxFuture<'_, std::convert::Infallible> {
        self.store.end(error);
        Box::pin(std::future::pending())
    }
}
