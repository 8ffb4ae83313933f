//! Transactions: what is checked before and after, and how long they wait for others.

use std::sync::atomic::Ordering;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::fault::{Fault, Work, is_busy};
use super::file::{BUSY_SLICE, Held, SqliteStore, UNKNOWN_WRITE};
use super::place::{ContentChange, lock};
use super::{read, schema, write};
use crate::store::{Fence, StoreError};

/// The time that a transaction waits for another process before the user is told.
const TELL_AFTER: Duration = Duration::from_secs(3);

/// From how many bytes on the log of writes is emptied, although it is in use.
const MAX_LOG: u64 = 16 << 20;

impl SqliteStore {
    /// Begins a transaction that may write, once no other process has one.
    fn begin_write<'a>(&self, connection: &'a Connection) -> Work<Transaction<'a>> {
        let mut waited = Duration::ZERO;
        loop {
            match Transaction::new_unchecked(connection, TransactionBehavior::Immediate) {
                Err(error) if is_busy(&error) && waited < schema::BUSY_TIMEOUT => {
                    waited += BUSY_SLICE;
                    if waited == TELL_AFTER
                        && let Some(told) = &self.told_of_wait
                    {
                        told(&self.path);
                    }
                }
                begun => return Ok(begun?),
            }
        }
    }

    /// Runs `work` as one transaction that may write.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Work<T>,
    ) -> Result<T, StoreError> {
        self.write_then(work, |_| {})
    }

    /// The same, and `committed` before anybody else can write through this value.
    fn write_then<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Work<T>,
        committed: impl FnOnce(&T),
    ) -> Result<T, StoreError> {
        let transact = || {
            let connection = lock(&self.write);
            self.place.check()?;
            self.check_content(&connection)?;
            let transaction = self.begin_write(&connection)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            committed(&value);
            self.look_after_commit(&connection)?;
            Ok(value)
        };
        transact().map_err(|fault| self.failed(fault))
    }

    /// Looks at the file once a transaction is made. What was written to a file that is gone by now is not written.
    /// Any other trouble is left to the next look: the transaction must not be taken for one that was not made.
    fn look_after_commit(&self, connection: &Connection) -> Work<()> {
        let looked = self.place.check().and_then(|()| self.place.accept_own_write(connection));
        match looked {
            Err(Fault::Replaced) => Err(Fault::Replaced),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Checks that nobody but SQLite has written into the file: its pages that are in memory would be mixed with
    /// others. `connection` is the one that writes, which is held meanwhile.
    pub(super) fn check_content(&self, connection: &Connection) -> Work<()> {
        match self.look_at_content(connection)? {
            ContentChange::Odd => Err(Fault::Odd),
            ContentChange::None | ContentChange::Written => Ok(()),
        }
    }

    /// The same as one of regular looks, of which enough in a row are sure that the content is odd.
    pub(super) fn look_at_content(&self, connection: &Connection) -> Work<ContentChange> {
        let change = self.place.look_at_content(connection)?;
        if change == ContentChange::Written {
            self.look_afresh()?;
            self.place.accept_content(connection)?;
        }
        Ok(change)
    }

    /// Does what writes into the file beside transactions, and takes in that it was written.
    pub(super) fn maintain(&self, work: impl FnOnce(&Connection) -> Work<()>) -> Work<()> {
        let connection = lock(&self.write);
        let done = work(&connection);
        if self.epoch.load(Ordering::Acquire) != 0 {
            self.place.accept_content(&connection)?;
        }
        done
    }

    /// Checks what a connection reads that has nothing of the file in memory.
    fn look_afresh(&self) -> Work<()> {
        let last = self.last_write.load(Ordering::Acquire);
        let read = || -> Work<_> {
            let fresh = schema::connect(&self.path)?;
            Ok((read::epoch(&fresh)?, read::writes(&fresh)?))
        };
        match read() {
            Ok((epoch, writes)) => {
                let is_same = epoch == Some(self.epoch.load(Ordering::Acquire))
                    && (last == UNKNOWN_WRITE || writes == Some(last));
                if is_same { Ok(()) } else { Err(Fault::Replaced) }
            }
            Err(fault) => Err(fault.of_a_look()),
        }
    }

    /// The error for callers. A file that was replaced can look like one that is damaged.
    pub(super) fn failed(&self, fault: Fault) -> StoreError {
        let of_file = matches!(fault, Fault::Sql(_) | Fault::Content(_));
        let replaced = of_file && matches!(self.place.check(), Err(Fault::Replaced));
        if replaced { Fault::Replaced } else { fault }.at(&self.path)
    }

    /// The same for who runs tasks.
    pub(super) fn write_fenced<T>(
        &self,
        fence: Fence,
        work: impl FnOnce(&Transaction<'_>) -> Work<T>,
    ) -> Result<T, StoreError> {
        // Only the one triggerer of a file can know what was written last.
        let is_alone = matches!(*lock(&self.lock), Some(Held::Whole(_)));
        let counted = |transaction: &Transaction<'_>| {
            read::check(transaction, fence, self.epoch.load(Ordering::Acquire))?;
            let last = self.last_write.swap(UNKNOWN_WRITE, Ordering::AcqRel);
            let count = write::count_write(transaction, last)?;
            Ok((work(transaction)?, count))
        };
        let (value, _) = self.write_then(counted, |(_, count)| {
            if is_alone {
                self.last_write.store(*count, Ordering::Release);
            }
        })?;
        self.bound_log();
        Ok(value)
    }

    /// Empties the log of writes if it has grown, unless somebody reads from it just now.
    fn bound_log(&self) {
        if self.place.is_in_memory() {
            return;
        }
        let size = std::fs::metadata(schema::beside(&self.path, "-wal")).map_or(0, |log| log.len());
        if size <= MAX_LOG {
            return;
        }
        let folded = self.maintain(|connection| {
            connection.busy_timeout(Duration::ZERO)?;
            let folded = write::fold_log(connection);
            connection.busy_timeout(BUSY_SLICE)?;
            folded
        });
        if folded.is_err() {
            tracing::debug!(size, "the log of writes could not be emptied");
        }
    }

    /// The same for what a triggerer may have to be told of.
    pub(super) fn write_counted<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Work<T>,
    ) -> Result<T, StoreError> {
        let value = self.write(work)?;
        self.own_changes.fetch_add(1, Ordering::Release);
        Ok(value)
    }

    /// Runs `work` on one state of the file.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Work<T>,
    ) -> Result<T, StoreError> {
        let transact = || {
            let connection = self.reader();
            self.place.check()?;
            work(&*Transaction::new_unchecked(&connection, TransactionBehavior::Deferred)?)
        };
        transact().map_err(|fault| self.failed(fault))
    }

    pub(super) fn read_fenced<T>(
        &self,
        fence: Fence,
        work: impl FnOnce(&Connection) -> Work<T>,
    ) -> Result<T, StoreError> {
        self.read(|connection| {
            read::check(connection, fence, self.epoch.load(Ordering::Acquire))?;
            work(connection)
        })
    }
}
