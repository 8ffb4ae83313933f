//! The waiters of waits in flight, in the store of the tasks.

use std::sync::Arc;

use super::access::BlockingStore;
use super::blocking::Blocking;
use super::store::{Store, StoreError};
use crate::trigger::{DefinitionStore, TriggerError};
use maitred_core::clock::{BoxFuture, Clock, SystemClock};

/// Keeps definitions where the tasks are.
#[derive(Debug, Clone)]
pub struct StoreDefinitions {
    store: BlockingStore,
    clock: Arc<dyn Clock>,
}

impl StoreDefinitions {
    /// Definitions in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store: BlockingStore::new(store), clock: Arc::new(SystemClock::new()) }
    }

    /// Sets the clock for the pauses while the store is busy. Default: [`SystemClock`].
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets what runs transactions. Default: [`BlockingThreads`](crate::blocking::BlockingThreads).
    #[must_use]
    pub fn with_blocking(mut self, blocking: Arc<dyn Blocking>) -> Self {
        self.store.blocking = blocking;
        self
    }

    /// A store that is busy is waited for: this must not end a wait.
    async fn run<T: Send + 'static>(
        &self,
        work: impl Fn(&dyn Store) -> Result<T, StoreError> + Send + Sync + 'static,
    ) -> Result<T, StoreError> {
        let told = |error: &StoreError| {
            tracing::warn!(%error, "the store of a waiter cannot be used; trying again");
        };
        self.store.insist(&*self.clock, told, work).await
    }
}

impl DefinitionStore for StoreDefinitions {
    fn put<'a>(&'a self, hash: &'a str, text: &'a str) -> BoxFuture<'a, Result<(), TriggerError>> {
        let (hash, text) = (hash.to_owned(), text.to_owned());
        Box::pin(async move {
            let put = self.run(move |store| store.put_definition(&hash, &text)).await;
            put.map_err(|error| failed(&error))
        })
    }

    fn get<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<Option<String>, TriggerError>> {
        let hash = hash.to_owned();
        Box::pin(async move {
            let text = self.run(move |store| store.definition(&hash)).await;
            text.map_err(|error| failed(&error))
        })
    }
}

/// An error of the store, which must not end a task.
fn failed(error: &StoreError) -> TriggerError {
    let because =
        std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    TriggerError::of_store(because)
}
