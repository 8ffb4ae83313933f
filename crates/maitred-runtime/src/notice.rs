//! The notices of a triggerer to its observer.

use std::sync::Arc;

use super::store::StoreError;
use super::task::Task;

/// A notice of a triggerer.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice<'a> {
    /// A task has come to its end, and this is stored.
    Ended(&'a Task),
    /// A task is blocked, and this is stored.
    Blocked(&'a Task),
    /// The store cannot be used just now. The triggerer tries again until it can.
    StoreUnavailable(&'a StoreError),
    /// The store can be used again.
    StoreAvailable,
}

/// Is told of what happens in a triggerer. It is called between two steps, so it must not block.
pub type Observer = Arc<dyn Fn(Notice<'_>) + Send + Sync>;
