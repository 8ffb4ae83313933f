//! The file, and what this process holds of it.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rusqlite::Connection;

use super::fault::Fault;
use super::place::{Place, lock};
use super::schema;
use crate::store::StoreError;

/// The time that SQLite itself waits for another process.
pub(super) const BUSY_SLICE: Duration = Duration::from_secs(1);

/// The path of a store in memory, as SQLite calls it.
const IN_MEMORY: &str = ":memory:";

/// The number of no transaction.
pub(super) const UNKNOWN_WRITE: i64 = -1;

/// Is told that another process keeps this file busy.
pub(super) type WaitTold = Arc<dyn Fn(&Path) + Send + Sync>;

/// Durable tasks in one SQLite file, which any number of processes may use at the same time.
///
/// The file has a write-ahead log beside it, `<file>-wal` and `<file>-shm`, and every transaction is on
/// the disk when it has been made (`synchronous=FULL`). Who made the file is the only one who can read
/// it. `<file>.lock` is locked by the triggerer, or shared by processes that each run one task; the system unlocks
/// it with the process. Before a newer
/// program changes the file's tables it keeps a copy, `<file>.v<version>.bak`.
pub struct SqliteStore {
    pub(super) path: PathBuf,
    pub(super) write: Mutex<Connection>,
    /// The connection that reads beside it; `None` in memory, where there is one for both.
    read: Option<Mutex<Connection>>,
    pub(super) lock: Mutex<Option<Held>>,
    pub(super) place: Place,
    /// Tells the content for which this process runs tasks from any other.
    pub(super) epoch: AtomicI64,
    /// The number of the triggerer's last transaction; [`UNKNOWN_WRITE`] after one that has failed.
    pub(super) last_write: AtomicI64,
    pub(super) told_of_wait: Option<WaitTold>,
    /// Counts what was submitted and asked for through this value: SQLite tells a connection only what
    /// others have changed.
    pub(super) own_changes: AtomicU64,
}

/// The lock on `<file>.lock`, which is given up when this is dropped.
pub(super) enum Held {
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
        Ok(Self::of(path, write, Some(read), place))
    }

    /// A new store in memory, for tests and for programs that need nothing to outlive them: what the other
    /// promises to survive ends with this value.
    ///
    /// # Errors
    /// [`StoreError::Broken`], if there is no memory for it.
    pub fn in_memory() -> Result<Self, StoreError> {
        let path = PathBuf::from(IN_MEMORY);
        let connection = schema::open_in_memory(&path)?;
        Ok(Self::of(path, connection, None, Place::in_memory()))
    }

    fn of(path: PathBuf, write: Connection, read: Option<Connection>, place: Place) -> Self {
        Self {
            path,
            write: Mutex::new(write),
            read: read.map(Mutex::new),
            lock: Mutex::default(),
            place,
            epoch: AtomicI64::new(0),
            last_write: AtomicI64::new(UNKNOWN_WRITE),
            told_of_wait: None,
            own_changes: AtomicU64::new(0),
        }
    }

    /// The file; `:memory:` for a store in memory.
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

    /// The connection to read with.
    pub(super) fn reader(&self) -> MutexGuard<'_, Connection> {
        lock(self.read.as_ref().unwrap_or(&self.write))
    }

    /// Takes in that this process runs tasks of the file, in the epoch of this number.
    pub(super) fn begin_epoch_here(&self, epoch: i64) -> Result<(), StoreError> {
        self.epoch.store(epoch, Ordering::Release);
        self.last_write.store(UNKNOWN_WRITE, Ordering::Release);
        let connection = lock(&self.write);
        self.place.hold(&connection).map_err(|fault| fault.at(&self.path))
    }
}
