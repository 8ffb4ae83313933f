//! The waiters of waits in flight, stored by the hash of their content.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use maitred_core::clock::BoxFuture;
use maitred_core::config::WaiterConfig;
use maitred_core::waiter::Waiter;
use sha2::{Digest as _, Sha256};

use super::error::TriggerError;
use crate::operator::file::OperatorDefinition;

/// A store of definitions by the hash of their text, which keeps them as long as a wait in flight needs them.
pub trait DefinitionStore: Send + Sync + fmt::Debug {
    /// Stores `text` under `hash`. Once this has returned, the text survives a crash.
    fn put<'a>(&'a self, hash: &'a str, text: &'a str) -> BoxFuture<'a, Result<(), TriggerError>>;
    /// The text that was stored under `hash`.
    fn get<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<Option<String>, TriggerError>>;
}

/// The waiters of waits in flight, each stored once by the hash of its content: editing or upgrading
/// a file does not change a wait that has begun.
#[derive(Debug)]
pub struct Definitions {
    store: Arc<dyn DefinitionStore>,
    configs: Mutex<HashMap<String, Arc<WaiterConfig>>>,
    operators: Mutex<HashMap<String, Arc<OperatorDefinition>>>,
    compiled: Mutex<HashMap<String, Arc<Waiter>>>,
}

/// The most compiled waiters that are kept. Others are compiled again when they are needed.
const MAX_COMPILED: usize = 10_000;

impl Definitions {
    /// Definitions that are kept in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn DefinitionStore>) -> Self {
        Self {
            store,
            configs: Mutex::default(),
            operators: Mutex::default(),
            compiled: Mutex::default(),
        }
    }

    /// Stores a definition and returns the hash of its content.
    ///
    /// # Errors
    /// It cannot be stored.
    pub async fn put(&self, config: &Arc<WaiterConfig>) -> Result<String, TriggerError> {
        let (hash, text) = stored_form(config)?;
        if self.known(&hash).is_none() {
            self.store.put(&hash, &text).await?;
            lock(&self.configs).insert(hash.clone(), Arc::clone(config));
        }
        Ok(hash)
    }

    /// The definition of this hash.
    ///
    /// # Errors
    /// It does not exist, or cannot be read.
    pub async fn get(&self, hash: &str) -> Result<Arc<WaiterConfig>, TriggerError> {
        if let Some(config) = self.known(hash) {
            return Ok(config);
        }
        let text = self.store.get(hash).await?;
        let text = text.ok_or_else(|| {
            TriggerError::missing(format!("the waiter of hash {hash} is not in the store"))
        })?;
        let config = serde_json::from_str(&text).map_err(|error| {
            TriggerError::new(format!("the waiter of hash {hash} cannot be read: {error}"))
        })?;
        let config = Arc::new(config);
        lock(&self.configs).insert(hash.to_owned(), Arc::clone(&config));
        Ok(config)
    }

    /// The operator of this hash.
    pub(crate) async fn operator(
        &self,
        hash: &str,
    ) -> Result<Arc<OperatorDefinition>, TriggerError> {
        if let Some(known) = lock(&self.operators).get(hash) {
            return Ok(Arc::clone(known));
        }
        let text = self.store.get(hash).await?.ok_or_else(|| {
            TriggerError::missing(format!("the operator of hash {hash} is not in the store"))
        })?;
        let definition = OperatorDefinition::from_stored(&text).map_err(|error| {
            TriggerError::missing(format!("the operator of hash {hash} cannot be read: {error}"))
        })?;
        lock(&self.operators).insert(hash.to_owned(), Arc::clone(&definition));
        Ok(definition)
    }

    fn known(&self, hash: &str) -> Option<Arc<WaiterConfig>> {
        lock(&self.configs).get(hash).cloned()
    }

    /// The compiled waiter of this key, which `compile` makes if it is missing.
    pub(super) fn compiled(
        &self,
        key: String,
        compile: impl FnOnce() -> Result<Waiter, TriggerError>,
    ) -> Result<Arc<Waiter>, TriggerError> {
        if let Some(waiter) = lock(&self.compiled).get(&key) {
            return Ok(Arc::clone(waiter));
        }
        let waiter = Arc::new(compile()?);
        let mut compiled = lock(&self.compiled);
        if compiled.len() >= MAX_COMPILED {
            compiled.clear();
        }
        compiled.insert(key, Arc::clone(&waiter));
        Ok(waiter)
    }
}

/// The hash of a definition and its text.
pub(crate) fn stored_form(config: &WaiterConfig) -> Result<(String, String), TriggerError> {
    let text = serde_json::to_string(config)
        .map_err(|error| TriggerError::new(format!("a waiter cannot be stored: {error}")))?;
    let hash = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((hash, text))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // The guarded code cannot panic half-way, so a poisoned map is still whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
