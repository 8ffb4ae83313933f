//! What a triggerer may take up.

use std::time::Duration;

use crate::task::TaskId;

/// What a triggerer may take up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TriggererOptions {
    /// How many triggers it holds at most; further deferred tasks wait in the store. Default: 1,000,000.
    pub capacity: usize,
    /// How many operators run at a time. Default: 16.
    pub workers: usize,
    /// How many steps of triggers are begun before earlier ones are over, not counting those that have had no
    /// answer for a second: of these each server may have as many. All together are bounded by what the process
    /// may open. Default: 512.
    pub polls: usize,
    /// Ends once no task is left that could run. Default: false.
    pub until_idle: bool,
    /// Which tasks it runs. Default: all.
    pub scope: Scope,
}

/// Which tasks of its store a triggerer runs. Those outside of its scope are left exactly as they are: they
/// are not started, resumed, cancelled or taken up again, and no failure hook of theirs is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Scope {
    /// All tasks; the only triggerer of its store.
    #[default]
    All,
    /// This one, which the caller has just submitted. Others may run a task of their own beside it.
    New(TaskId),
    /// This one, which may have been begun by another process; that process must not be alive.
    Existing(TaskId),
}

impl Scope {
    /// The one task, if it is not all.
    pub(super) fn only(self) -> Option<TaskId> {
        match self {
            Self::All => None,
            Self::New(id) | Self::Existing(id) => Some(id),
        }
    }

    /// True if the triggerer has to do with this task.
    pub(super) fn has(self, id: TaskId) -> bool {
        self.only().is_none_or(|only| only == id)
    }
}

impl TriggererOptions {
    /// The defaults of a triggerer that ends once no task is left that could run.
    #[must_use]
    pub fn until_idle() -> Self {
        Self { until_idle: true, ..Self::default() }
    }

    /// Sets [`Self::capacity`].
    #[must_use]
    pub fn with_capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity;
        self
    }

    /// Sets [`Self::workers`].
    #[must_use]
    pub fn with_workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// Sets [`Self::scope`].
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }
}

impl Default for TriggererOptions {
    fn default() -> Self {
        Self { capacity: 1_000_000, workers: 16, polls: 512, until_idle: false, scope: Scope::All }
    }
}

/// How long the state of a trigger may be newer than what is stored of it: after a crash at most this
/// much is done again.
pub const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);
