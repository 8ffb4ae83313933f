//! Durable tasks in SQLite: in one file, or in memory.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use etcetera::BaseStrategy as _;

use super::store::{Claimed, Fence, Share, Store, StoreError, Submitted, TaskFilter};
use super::task::{
    CancelRequest, Change, Checkpoint, DeferredTask, HistoryEntry, HookProgress, LogLine, NewTask,
    StoredDeferral, StoredIntent, Task, TaskId, TaskState,
};
use crate::operator::{Begun, Intent, Settled};
use maitred_core::clock::Timestamp;

mod fault;
mod file;
mod place;
mod read;
mod row;
mod schema;
mod transact;
mod write;

use file::Held;
pub use file::SqliteStore;
use place::lock;

/// The default path of the store: `maitred/maitred.sqlite` in the user's folder for
/// state, `$XDG_STATE_HOME` or `~/.local/state`. `None` for a user without a home: a store in the working folder
/// may be a stranger's.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    let folder = etcetera::base_strategy::Xdg::new().ok()?.state_dir()?;
    folder.is_absolute().then(|| folder.join("maitred").join("maitred.sqlite"))
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
        if !self.place.is_in_memory() && !matches!(*held, Some(Held::Whole(_))) {
            // The lock for one task is given up first, or it would be in the way.
            *held = None;
            *held = Some(Held::Whole(schema::lock(&self.path)?));
        }
        let epoch = fastrand::i64(0..i64::MAX);
        let fence = self.write(|file| {
            write::begin_epoch(file, epoch)?;
            write::acquire(file, now)
        })?;
        self.begin_epoch_here(epoch)?;
        Ok(fence)
    }

    fn acquire_task(&self, id: TaskId, share: Share, now: Timestamp) -> Result<Fence, StoreError> {
        let mut held = lock(&self.lock);
        if !self.place.is_in_memory() && held.is_none() {
            *held = Some(Held::Shared(schema::lock_shared(&self.path, share)?));
        }
        let (epoch, fence) = self.write(|file| {
            // No triggerer may ever have run here.
            let epoch = match read::epoch(file)? {
                Some(epoch) => epoch,
                None => write::begin_epoch(file, fastrand::i64(0..i64::MAX))?,
            };
            Ok((epoch, write::acquire_task(file, id, now)?))
        })?;
        self.begin_epoch_here(epoch)?;
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
        self.read_fenced(fence, |file| row::deferred(file, after, read::count(limit)))
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
        self.read(|file| row::intents(file, id, Some(step)))
    }

    fn all_intents(&self, id: TaskId) -> Result<Vec<StoredIntent>, StoreError> {
        self.read(|file| row::intents(file, id, None))
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
        self.read(|file| row::history(file, id))
    }

    fn logs(&self, id: TaskId, skip: usize) -> Result<Vec<LogLine>, StoreError> {
        self.read(|file| row::logs(file, id, read::count(skip)))
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
        let own = self.own_changes.load(Ordering::Acquire);
        if self.place.is_in_memory() {
            return Ok(own);
        }
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
        Ok(others.wrapping_add(own))
    }
}

#[cfg(test)]
mod tests;
