//! Work that blocks: transactions of a store, and checks that read files.

use std::fmt;
use std::sync::Arc;

use maitred_core::clock::BoxFuture;
use tokio::sync::oneshot;

/// Runs work that blocks, without holding up asynchronous work. A program may bring its own, as a simulation does
/// that decides when a transaction happens.
pub trait Blocking: Send + Sync + fmt::Debug {
    /// Runs `work`, and returns when it is done, or has panicked.
    ///
    /// # Cancellation
    /// Dropping the future does not end work that has begun.
    fn run(&self, work: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, ()>;
}

/// The threads of tokio that are meant for work that blocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct BlockingThreads;

impl Blocking for BlockingThreads {
    fn run(&self, work: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, ()> {
        Box::pin(async {
            // A panic is seen by the missing result of the work.
            let _ = tokio::task::spawn_blocking(work).await;
        })
    }
}

/// The work panicked, or the runtime is ending.
#[derive(Debug, thiserror::Error)]
#[error("work on the store did not finish")]
pub(crate) struct Unfinished;

/// Runs `work`, and returns its result.
pub(crate) async fn run<T: Send + 'static>(
    blocking: &Arc<dyn Blocking>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Unfinished> {
    let (send, mut receive) = oneshot::channel();
    let work = Box::new(move || {
        // Whoever has asked for it may be gone.
        let _ = send.send(work());
    });
    blocking.run(work).await;
    receive.try_recv().map_err(|_| Unfinished)
}
