//! Errors of stores.

use crate::task::{TaskId, TaskState};

/// The error of a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has become the triggerer.
    #[error("another triggerer has taken over this store")]
    Fenced,
    /// Another process runs tasks of this file now; `--store` names the file.
    #[error("another triggerer, or `maitred run`, is running on {0}")]
    Locked(String),
    /// A task of this key has not ended.
    #[error("task {id} has the key `{key}` and has not ended")]
    Conflict {
        /// The key.
        key: String,
        /// The task that has it.
        id: TaskId,
    },
    /// There is no task of this number.
    #[error("there is no task {0}")]
    NotFound(TaskId),
    /// A main call of this task was begun, and nobody knows what became of it.
    #[error("nobody knows what became of the call {call} of task {id}")]
    Unsettled {
        /// The task.
        id: TaskId,
        /// The call.
        call: String,
    },
    /// In the place of a main call another one was made before a crash.
    #[error("task {id} has made the call {stored} where it now wants {asked}")]
    OtherCall {
        /// The task.
        id: TaskId,
        /// The call that was made.
        stored: String,
        /// The call that was to be made.
        asked: String,
    },
    /// No main call of this task is recorded, so none can have been made.
    #[error("no call of task {0} is recorded that could be settled")]
    NoCall(TaskId),
    /// The task is in a state in which this cannot be done.
    #[error("task {id} is {state}")]
    WrongState {
        /// The task.
        id: TaskId,
        /// Its state.
        state: TaskState,
    },
    /// The file was written by a newer program.
    #[error("{0} was written by a newer maitred; upgrade this program")]
    Newer(String),
    /// The file was deleted, or another one is in its place; what was done last may be lost with it.
    #[error("{0} was deleted, replaced or restored while it was in use")]
    Replaced(String),
    /// The file cannot be used just now, because another process keeps it busy or the disk is full; the source
    /// names it and tells why. What was asked for has not been done.
    #[error("the store cannot be used just now")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The file cannot be read or written; the source names it and tells why.
    #[error("the store cannot be read or written")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// True if it is about the store as a whole, and not about the task that was asked for.
    pub(crate) fn is_of_the_store(&self) -> bool {
        match self {
            Self::Fenced
            | Self::Locked(_)
            | Self::Newer(_)
            | Self::Replaced(_)
            | Self::Unavailable(_)
            | Self::Broken(_) => true,
            Self::Conflict { .. }
            | Self::NotFound(_)
            | Self::Unsettled { .. }
            | Self::OtherCall { .. }
            | Self::NoCall(_)
            | Self::WrongState { .. } => false,
        }
    }
}
