//! The triggerer's way to its store: off the threads for asynchronous work, and with patience.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

use super::blocking::{self, Blocking, BlockingThreads};
use super::notice::{Notice, Observer};
use super::store::{Store, StoreError};
use crate::trigger::TriggerError;
use maitred_core::clock::Clock;

/// The pause before a store that could not be used is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// A store whose transactions, which block, do not hold up asynchronous work.
#[derive(Debug, Clone)]
pub(super) struct BlockingStore {
    pub(super) store: Arc<dyn Store>,
    pub(super) blocking: Arc<dyn Blocking>,
}

impl BlockingStore {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, blocking: Arc::new(BlockingThreads) }
    }

    /// Runs something on the store.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(&self.store);
        let done = blocking::run(&self.blocking, move || work(&*store)).await;
        done.unwrap_or_else(|error| Err(StoreError::Broken(Box::new(error))))
    }

    /// The same, and again as long as the store cannot be used for a reason that may pass. `told` hears of the
    /// first time.
    pub(super) async fn insist<T: Send + 'static>(
        &self,
        clock: &dyn Clock,
        told: impl Fn(&StoreError) + Send,
        work: impl Fn(&dyn Store) -> Result<T, StoreError> + Send + Sync + 'static,
    ) -> Result<T, StoreError> {
        let work = Arc::new(work);
        loop {
            let attempt = Arc::clone(&work);
            match self.run(move |store| attempt(store)).await {
                Err(error @ StoreError::Unavailable(_)) => {
                    told(&error);
                    clock.sleep(TRY_AGAIN).await;
                }
                done => return done,
            }
        }
    }
}

/// A store as the parts of a triggerer use it. A store that is busy or whose disk is full is waited for: this is
/// the host's trouble, and never becomes what a task came to. What cannot pass ends the triggerer.
#[derive(Clone)]
pub(super) struct StoreAccess {
    store: BlockingStore,
    clock: Arc<dyn Clock>,
    observer: Option<Observer>,
    unavailable: Arc<AtomicBool>,
    broken: mpsc::UnboundedSender<StoreError>,
}

impl fmt::Debug for StoreAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreAccess").field("store", &self.store).finish_non_exhaustive()
    }
}

impl StoreAccess {
    /// The way to `store`, and where the errors come out that must end the triggerer.
    pub(super) fn new(
        store: BlockingStore,
        clock: Arc<dyn Clock>,
        observer: Option<Observer>,
    ) -> (Self, mpsc::UnboundedReceiver<StoreError>) {
        let (broken, ends) = mpsc::unbounded_channel();
        (Self { store, clock, observer, unavailable: Arc::default(), broken }, ends)
    }

    /// Runs something on the store.
    ///
    /// # Errors
    /// Any error of the store but [`StoreError::Unavailable`].
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Fn(&dyn Store) -> Result<T, StoreError> + Send + Sync + 'static,
    ) -> Result<T, StoreError> {
        let told = |error: &StoreError| {
            tracing::warn!(%error, "the store cannot be used; trying again");
            if !self.unavailable.swap(true, Ordering::SeqCst) {
                self.tell(Notice::StoreUnavailable(error));
            }
        };
        let done = self.store.insist(&*self.clock, told, work).await;
        if self.unavailable.swap(false, Ordering::SeqCst) {
            self.tell(Notice::StoreAvailable);
        }
        done
    }

    /// The same for an operator, which must not take an error of the store for one of its call: this ends the
    /// triggerer instead.
    pub(super) async fn run_for_operator<T: Send + 'static>(
        &self,
        work: impl Fn(&dyn Store) -> Result<T, StoreError> + Send + Sync + 'static,
    ) -> Result<T, StoreError> {
        match self.run(work).await {
            Err(error) if error.is_of_the_store() => {
                // A receiver that is gone means that the triggerer has ended.
                let _ = self.broken.send(error);
                std::future::pending().await
            }
            done => done,
        }
    }

    /// Ends the triggerer, because a trigger could not use the store.
    pub(super) fn end(&self, error: TriggerError) {
        // A receiver that is gone means that the triggerer has ended.
        let _ = self.broken.send(StoreError::Broken(Box::new(error)));
    }

    pub(super) fn tell(&self, notice: Notice<'_>) {
        if let Some(observer) = &self.observer {
            observer(notice);
        }
    }

    /// True if there is an observer.
    pub(super) fn is_observed(&self) -> bool {
        self.observer.is_some()
    }
}
