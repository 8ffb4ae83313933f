//! A store that fails where it is told to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use maitred::clock::Timestamp;
use maitred::operator::{Begun, Intent, Settled};
use maitred::runtime::store::{Claimed, Fence, Share, Submitted, TaskFilter};
use maitred::runtime::task::{
    CancelRequest, Change, Checkpoint, DeferredTask, HistoryEntry, HookProgress, LogLine,
    StoredDeferral, StoredIntent,
};
use maitred::runtime::{NewTask, SqliteStore, Store, StoreError, Task, TaskId, TaskState};

/// What fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fails {
    /// The first read of a task after each claim and each commit, for a reason that passes.
    ReadsAfterWrites,
    /// Every definition that is to be kept, for a reason that stays.
    Definitions,
}

#[derive(Debug)]
pub(super) struct FlakyStore {
    inner: SqliteStore,
    fails: Fails,
    has_written: AtomicBool,
}

impl FlakyStore {
    pub(super) fn new(fails: Fails) -> Self {
        Self {
            inner: SqliteStore::in_memory().unwrap(),
            fails,
            has_written: AtomicBool::new(false),
        }
    }

    fn wrote<T>(&self, written: T) -> T {
        self.has_written.store(true, Ordering::SeqCst);
        written
    }
}

/// What is left to the store inside.
macro_rules! left {
    ($(fn $name:ident($($arg:ident: $type:ty),*) -> $ok:ty;)*) => {
        $(fn $name(&self, $($arg: $type),*) -> Result<$ok, StoreError> {
            self.inner.$name($($arg),*)
        })*
    };
}

impl Store for FlakyStore {
    fn claim(&self, fence: Fence, now: Timestamp, ids: &[TaskId]) -> Result<Claimed, StoreError> {
        self.wrote(self.inner.claim(fence, now, ids))
    }

    fn commit(
        &self,
        fence: Fence,
        changes: &[Change],
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError> {
        self.wrote(self.inner.commit(fence, changes, now))
    }

    fn task(&self, id: TaskId) -> Result<Option<Task>, StoreError> {
        if self.fails == Fails::ReadsAfterWrites && self.has_written.swap(false, Ordering::SeqCst) {
            return Err(StoreError::Unavailable("the disk did not answer".into()));
        }
        self.inner.task(id)
    }

    fn put_definition(&self, hash: &str, text: &str) -> Result<(), StoreError> {
        match self.fails {
            Fails::Definitions => Err(StoreError::Broken("the file is damaged".into())),
            Fails::ReadsAfterWrites => self.inner.put_definition(hash, text),
        }
    }

    left! {
        fn submit_with(
            tasks: &[NewTask], definitions: &BTreeMap<String, String>, now: Timestamp
        ) -> Vec<Submitted>;
        fn acquire(now: Timestamp) -> Fence;
        fn acquire_task(id: TaskId, share: Share, now: Timestamp) -> Fence;
        fn due(fence: Fence, now: Timestamp, limit: usize) -> Vec<Task>;
        fn clock_set_back(fence: Fence, only: Option<TaskId>, by: Duration) -> ();
        fn checkpoint(fence: Fence, checkpoints: &[Checkpoint], lines: &[LogLine]) -> ();
        fn deferred(fence: Fence, after: TaskId, limit: usize) -> Vec<DeferredTask>;
        fn begin(fence: Fence, id: TaskId, step: u32, intent: &Intent) -> Begun;
        fn settle(fence: Fence, id: TaskId, step: u32, ordinal: u32, settled: &Settled) -> ();
        fn intents(id: TaskId, step: u32) -> Vec<StoredIntent>;
        fn all_intents(id: TaskId) -> Vec<StoredIntent>;
        fn request_cancel(id: TaskId, request: CancelRequest, now: Timestamp) -> TaskState;
        fn cancel_requests(fence: Fence) -> Vec<Task>;
        fn pending_hooks(fence: Fence) -> Vec<TaskId>;
        fn hook_run(
            fence: Fence, id: TaskId, ended: Timestamp, progress: &HookProgress, line: &LogLine
        ) -> ();
        fn settle_by_user(id: TaskId, settled: &Settled, now: Timestamp) -> ();
        fn retry_with(
            id: TaskId, changed: Option<&NewTask>, definitions: &BTreeMap<String, String>,
            now: Timestamp
        ) -> ();
        fn task_of_key(key: &str) -> Option<Task>;
        fn tasks(filter: &TaskFilter) -> Vec<Task>;
        fn counts() -> Vec<(TaskState, u64)>;
        fn deferral(id: TaskId) -> Option<StoredDeferral>;
        fn history(id: TaskId) -> Vec<HistoryEntry>;
        fn logs(id: TaskId, skip: usize) -> Vec<LogLine>;
        fn prune(before: Timestamp) -> usize;
        fn definition(hash: &str) -> Option<String>;
        fn change_counter() -> u64;
    }
}
