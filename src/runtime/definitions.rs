//! The waiters of waits in flight, in the store of the tasks.

use std::sync::Arc;

use super::store::Store;
use super::worker::on_store;
use crate::clock::BoxFuture;
use crate::trigger::DefinitionStore;
use crate::trigger::TriggerError;

/// Keeps definitions where the tasks are.
#[derive(Debug, Clone)]
pub struct StoreDefinitions(Arc<dyn Store>);

impl StoreDefinitions {
    /// Definitions in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self(store)
    }
}

impl DefinitionStore for StoreDefinitions {
    fn put<'a>(&'a self, hash: &'a str, text: &'a str) -> BoxFuture<'a, Result<(), TriggerError>> {
        let (hash, text) = (hash.to_owned(), text.to_owned());
        Box::pin(async move {
            let put = on_store(&self.0, move |store| store.put_definition(&hash, &text)).await;
            put.map_err(|error| TriggerError::new(error.to_string()))
        })
    }

    fn get<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<Option<String>, TriggerError>> {
        let hash = hash.to_owned();
        Box::pin(async move {
            let text = on_store(&self.0, move |store| store.definition(&hash)).await;
            text.map_err(|error| TriggerError::new(error.to_string()))
        })
    }
}
