//! Durable tasks in one SQLite file.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use etcetera::BaseStrategy as _;
use rusqlite::Connection;

use super::store::{Claimed, Fence, Share, Store, StoreError, Submitted, TaskFilter};
use super::task::{
    CancelRequest, Change, Checkpoint, DeferredTask, HistoryEntry, HookProgress, LogLine, NewTask,
    StoredDeferral, StoredIntent, Task, TaskId, TaskState,
};
use crate::operator::Begun;
use crate::operator::Intent;
use crate::operator::Settled;
use maitred_core::clock::Timestamp;

mod fault;
mod place;
mod read;
mod row;
mod schema;
mod transact;
mod write;

use fault::Fault;
use place::Place;
use transact::{BUSY_SLICE, WaitTold};

/// Durable tasks in one SQLite file, which any number of processes may use at the same time.
///
/// The file has a write-ahead log beside it, `<file>-wal` and `<file>-shm`, and every transaction is on
/// the disk when it has been made (`synchronous=FULL`). Who made the file is the only one who can read
/// it. `<file>.lock` is locked by the triggerer, or shared by processes that each run one task; the system unlocks
/// it with the process. Before a newer
/// program changes the file's tables it keeps a copy, `<file>.v<version>.bak`.
pub struct SqliteStore {
    path: PathBuf,
    write: Mutex<Connection>,
    read: Mutex<Connection>,
    lock: Mutex<Option<Held>>,
    place: Place,
    /// Tells the content for which this process runs tasks from any other.
    reign: AtomicI64,
    /// The number of the triggerer's last transaction; [`transact::UNKNOWN`] after one that has failed.
    last_write: AtomicI64,
    told_of_wait: Option<WaitTold>,
    /// Counts what was submitted and asked for through this value: SQLite tells a connection only what
    /// others have changed.
    own_changes: AtomicU64,
}

/// The lock on `<file>.lock`, which is given up when this is dropped.
enum Held {
    /// That of the triggerer.
    Whole(#[expect(dead_code, reason = "held, not used")] File),
    /// That of a process that runs one task.
    Shared(#[expect(dead_code, reason = "held, not used")] File),
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Where the store is if nobody says otherwise: `maitred/maitred.sqlite` in the user's folder for
/// state, `$XDG_STATE_HOME` or `~/.local/state`. `None` for a user without a home: a store in the working folder
/// may be a stranger's.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    let folder = etcetera::base_strategy::Xdg::new().ok()?.state_dir()?;
    folder.is_absolute().then(|| folder.join("maitred").join("maitred.sqlite"))
}

impl SqliteStore {
    /// Opens the store in the file `path`. The file is made if it is not there, its folder too.
    ///
    /// # Errors
    /// [`StoreError::Newer`], if a newer program has written it; [`StoreError::Locked`], if an older
    /// program's triggerer is running on it; [`StoreError::Broken`], if it cannot be used.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        let (write, read) = schema::open(&path)?;
        let busy = write.busy_timeout(BUSY_SLICE);
        busy.map_err(|error| Fault::from(error).at(&path))?;
        let place = Place::of(&path).map_err(|error| Fault::System(error).at(&path))?;
        Ok(Self {
            path,
            write: Mutex::new(write),
            read: Mutex::new(read),
            lock: Mutex::default(),
            place,
            reign: AtomicI64::new(0),
            last_write: AtomicI64::new(transact::UNKNOWN),
            told_of_wait: None,
            own_changes: AtomicU64::new(0),
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The same with somebody who is told of a transaction that has waited for another process for three
    /// seconds.
    #[must_use]
    pub fn with_wait_told(mut self, told: impl Fn(&Path) + Send + Sync + 'static) -> Self {
        self.told_of_wait = Some(Arc::new(told));
        self
    }

    /// Takes in that this process runs tasks of the file, in the reign of this number.
    fn reigns(&self, reign: i64) -> Result<(), StoreError> {
        self.reign.store(reign, Ordering::Release);
        self.last_write.store(transact::UNKNOWN, Ordering::Release);
        let connection = lock(&self.write);
        self.place.hold(&connection).map_err(|fault| fault.at(&self.path))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A transaction that a panic cut short was rolled back when it was dropped.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store for SqliteStore {
    fn submit_with(
        &self,
        tasks: &[NewTask],
        definitions: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<Vec<Submitted>, StoreError> {
        self.write_counted(|file| {
            for (hash, text) in definitions {
                write::put_definition(file, hash, text)?;
            }
            tasks.iter().map(|task| write::submit(file, task, now)).collect()
        })
    }

    fn acquire(&self, now: Timestamp) -> Result<Fence, StoreError> {
        let mut held = lock(&self.lock);
        if !matches!(*held, Some(Held::Whole(_))) {
            // The lock for one task is given up first, or it would be in the way.
            *held = None;
            *held = Some(Held::Whole(schema::lock(&self.path)?));
        }
        let reign = fastrand::i64(0..i64::MAX);
        let fence = self.write(|file| {
            write::begin_reign(file, reign)?;
            write::acquire(file, now)
        })?;
        self.reigns(reign)?;
        Ok(fence)
    }

    fn acquire_task(&self, id: TaskId, share: Share, now: Timestamp) -> Result<Fence, StoreError> {
        let mut held = lock(&self.lock);
        if held.is_none() {
            *held = Some(Held::Shared(schema::lock_shared(&self.path, share)?));
        }
        let (reign, fence) = self.write(|file| {
            // No triggerer may ever have run here.
            let reign = match read::reign(file)? {
                Some(reign) => reign,
                None => write::begin_reign(file, fastrand::i64(0..i64::MAX))?,
            };
            Ok((reign, write::acquire_task(file, id, now)?))
        })?;
        self.reigns(reign)?;
        Ok(fence)
    }

    fn due(&self, fence: Fence, now: Timestamp, limit: usize) -> Result<Vec<Task>, StoreError> {
        self.read_fenced(fence, |file| read::due(file, now, limit))
    }

    fn claim(&self, fence: Fence, now: Timestamp, ids: &[TaskId]) -> Result<Claimed, StoreError> {
        if ids.is_empty() {
            let next_due = self.read_fenced(fence, |file| read::next_due(file, now))?;
            return Ok(Claimed { tasks: Vec::new(), next_due });
        }
        self.write_fenced(fence, |file| write::claim(file, now, ids))
    }

    fn commit(
        &self,
        fence: Fence,
        changes: &[Change],
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError> {
        self.write_fenced(fence, |file| {
            changes.iter().map(|change| write::change(file, change, now)).collect()
        })
    }

    fn clock_set_back(
        &self,
        fence: Fence,
        only: Option<TaskId>,
        by: Duration,
    ) -> Result<(), StoreError> {
        self.write_fenced(fence, |file| write::clock_set_back(file, only, by))
    }

    fn checkpoint(
        &self,
        fence: Fence,
        checkpoints: &[Checkpoint],
        lines: &[LogLine],
    ) -> Result<(), StoreError> {
        self.write_fenced(fence, |file| {
            write::checkpoint(file, checkpoints)?;
            lines.iter().try_for_each(|line| row::insert_line(file, line))
        })
    }

    fn deferred(
        &self,
        fence: Fence,
        after: TaskId,
        limit: usize,
    ) -> Result<Vec<DeferredTask>, StoreError> {
        self.read_fenced(fence, |file| read::deferred(file, after, limit))
    }

    fn begin(
        &self,
        fence: Fence,
        id: TaskId,
        step: u32,
        intent: &Intent,
    ) -> Result<Begun, StoreError> {
        self.write_fenced(fence, |file| write::begin(file, id, step, intent))
    }

    fn settle(
        &self,
        fence: Fence,
        id: TaskId,
        step: u32,
        ordinal: u32,
        settled: &Settled,
    ) -> Result<(), StoreError> {
        self.write_fenced(fence, |file| write::settle(file, id, step, ordinal, settled))
    }

    fn intents(&self, id: TaskId, step: u32) -> Result<Vec<StoredIntent>, StoreError> {
        self.read(|file| read::intents(file, id, step))
    }

    fn request_cancel(
        &self,
        id: TaskId,
        request: CancelRequest,
        now: Timestamp,
    ) -> Result<TaskState, StoreError> {
        self.write_counted(|file| write::request_cancel(file, id, request, now))
    }

    fn cancel_requests(&self, fence: Fence) -> Result<Vec<Task>, StoreError> {
        self.read_fenced(fence, read::cancel_requests)
    }

    fn pending_hooks(&self, fence: Fence) -> Result<Vec<TaskId>, StoreError> {
        self.read_fenced(fence, read::pending_hooks)
    }

    fn hook_run(
        &self,
        fence: Fence,
        id: TaskId,
        ended: Timestamp,
        progress: &HookProgress,
        line: &LogLine,
    ) -> Result<(), StoreError> {
        self.write_fenced(fence, |file| {
            write::hook_run(file, id, ended, progress)?;
            row::insert_line(file, line)
        })
    }

    fn settle_by_user(
        &self,
        id: TaskId,
        settled: &Settled,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write_counted(|file| write::settle_by_user(file, id, settled, now))
    }

    fn retry_with(
        &self,
        id: TaskId,
        changed: Option<&NewTask>,
        definitions: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write_counted(|file| {
            for (hash, text) in definitions {
                write::put_definition(file, hash, text)?;
            }
            write::retry(file, id, changed, now)
        })
    }

    fn task(&self, id: TaskId) -> Result<Option<Task>, StoreError> {
        self.read(|file| row::find(file, id))
    }

    fn task_of_key(&self, key: &str) -> Result<Option<Task>, StoreError> {
        self.read(|file| read::task_of_key(file, key))
    }

    fn tasks(&self, filter: &TaskFilter) -> Result<Vec<Task>, StoreError> {
        self.read(|file| read::tasks(file, filter))
    }

    fn counts(&self) -> Result<Vec<(TaskState, u64)>, StoreError> {
        self.read(read::counts)
    }

    fn deferral(&self, id: TaskId) -> Result<Option<StoredDeferral>, StoreError> {
        self.read(|file| row::find_deferral(file, id))
    }

    fn history(&self, id: TaskId) -> Result<Vec<HistoryEntry>, StoreError> {
        self.read(|file| read::history(file, id))
    }

    fn logs(&self, id: TaskId, skip: usize) -> Result<Vec<LogLine>, StoreError> {
        self.read(|file| read::logs(file, id, skip))
    }

    fn prune(&self, before: Timestamp) -> Result<usize, StoreError> {
        let removed = self.write(|file| write::prune(file, before))?;
        // They are gone, whether or not their room can be given back just now.
        if removed > 0
            && let Err(fault) = self.maintain(write::shrink)
        {
            let error = fault.at(&self.path);
            tracing::warn!(%error, "the room of the tasks that were removed was not given back");
        }
        Ok(removed)
    }

    fn put_definition(&self, hash: &str, text: &str) -> Result<(), StoreError> {
        self.write(|file| write::put_definition(file, hash, text))
    }

    fn definition(&self, hash: &str) -> Result<Option<String>, StoreError> {
        self.read(|file| read::definition(file, hash))
    }

    fn change_counter(&self) -> Result<u64, StoreError> {
        let look = || {
            let connection = lock(&self.write);
            self.place.check()?;
            self.look_at_content(&connection)?;
            // SQLite's number, asked of the connection that the triggerer writes with, leaves out what the
            // triggerer itself has written.
            Ok(connection.pragma_query_value(None, "data_version", |row| row.get(0))?)
        };
        let version: i64 = look().map_err(|fault| self.failed(fault))?;
        let others = u64::try_from(version).unwrap_or_default();
        Ok(others.wrapping_add(self.own_changes.load(Ordering::Acquire)))
    }
}

#[cfg(test)]
mod tests;
