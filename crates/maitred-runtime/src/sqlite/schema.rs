//! The file: how it is made, recognised, and brought to the version of this program.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

use super::fault::{Fault, Work, broken, system};
use crate::store::{Share, StoreError};

/// Every version of the file, each as the step from the one before. What is here has been released:
/// it is never edited, only added to.
const STEPS: &[M<'static>] = &[
    M::up(include_str!("v1.sql")),
    M::up(include_str!("v2.sql")),
    M::up(include_str!("v3.sql")),
    M::up(include_str!("v4.sql")),
];

/// `mait`: tells our files from those of other programs.
const APPLICATION_ID: i32 = 0x6d61_6974;

/// The time that one process waits for another one's transaction.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// To how many bytes the log of writes is cut once it was folded into the file.
pub(super) const LOG_LIMIT: i64 = 4 << 20;

const CACHED_STATEMENTS: usize = 64;

/// Opens the file `path`, made if it is not there, with the tables of this program's version: a
/// connection to write and one to read.
pub(super) fn open(path: &Path) -> Result<(Connection, Connection), StoreError> {
    open_with(path, STEPS)
}

/// A new one in memory, to write and to read. `path` is what it is called.
pub(super) fn open_in_memory(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_in_memory_with_flags(flags).map_err(Fault::from);
    let mut connection = opened.and_then(configured).map_err(|fault| fault.at(path))?;
    prepare(&mut connection, path, STEPS)?;
    Ok(connection)
}

fn open_with(path: &Path, steps: &[M<'static>]) -> Result<(Connection, Connection), StoreError> {
    create(path)?;
    let mut write = connect(path).map_err(|fault| fault.at(path))?;
    prepare(&mut write, path, steps)?;
    let read = connect(path).map_err(|fault| fault.at(path))?;
    read.pragma_update(None, "query_only", true).map_err(|error| Fault::from(error).at(path))?;
    Ok((write, read))
}

/// Makes the file and its folder. SQLite would make it readable to others; what it makes beside it,
/// the log of writes, has the mode of the file.
fn create(path: &Path) -> Result<(), StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)
            .map_err(|error| system(folder, "cannot be made to hold the store", error))?;
    }
    match private().create_new(true).open(path) {
        Ok(_) => Ok(()),
        // A file that is there must not be opened by other means than SQLite's: to close it again
        // would drop the locks that another connection of this process has on it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match fs::metadata(path) {
            Ok(found) if !found.is_file() => {
                Err(broken(path, "cannot be opened: it is not a regular file", None))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(system(path, "cannot be opened", error)),
        },
        Err(error) => Err(system(path, "cannot be made", error)),
    }
}

/// Options to make a file for its owner alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

pub(super) fn connect(path: &Path) -> Work<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    configured(Connection::open_with_flags(path, flags)?)
}

fn configured(mut connection: Connection) -> Work<Connection> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_transaction_behavior(TransactionBehavior::Immediate);
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", LOG_LIMIT)?;
    Ok(connection)
}

/// Brings the tables to the newest version of `steps`.
fn prepare(
    connection: &mut Connection,
    path: &Path,
    steps: &[M<'static>],
) -> Result<(), StoreError> {
    let fault = |fault: Fault| fault.at(path);
    let newest = steps.len();
    let version = version(connection, path)?;
    if version > newest {
        return Err(StoreError::Newer(path.display().to_string()));
    }
    if version == newest {
        return Ok(());
    }
    if version == 0 {
        // What is pruned can be given back then.
        set_auto_vacuum(connection).map_err(fault)?;
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .map_err(|error| fault(error.into()))?;
        return migrate(connection, path, steps);
    }
    // A triggerer of the old version would go on with statements for the old tables.
    let _lock = lock(path)?;
    back_up(connection, path, version)?;
    set_auto_vacuum(connection).map_err(fault)?;
    migrate(connection, path, steps)
}

/// Makes the file one that can shrink. One that is there already has to be written anew for it.
fn set_auto_vacuum(connection: &Connection) -> Work<()> {
    const INCREMENTAL: i64 = 2;
    let is_set = |file: &Connection| {
        file.pragma_query_value(None, "auto_vacuum", |row| row.get::<_, i64>(0))
    };
    if is_set(connection)? == INCREMENTAL {
        return Ok(());
    }
    connection.pragma_update(None, "auto_vacuum", INCREMENTAL)?;
    if is_set(connection)? != INCREMENTAL {
        connection.execute_batch("VACUUM")?;
    }
    Ok(())
}

/// The version of the file, from 1; 0 for a new one.
fn version(connection: &Connection, path: &Path) -> Result<usize, StoreError> {
    // One statement sees one state of the file, whatever others are about to do to it.
    let (id, version, tables): (i32, i64, i64) = connection
        .query_row(
            "SELECT (SELECT application_id FROM pragma_application_id),
                    (SELECT user_version FROM pragma_user_version),
                    (SELECT count(*) FROM sqlite_schema)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .map_err(|error| Fault::from(error).at(path))?;
    if id != APPLICATION_ID && (version != 0 || tables != 0) {
        return Err(broken(path, "is a SQLite file of another program", None));
    }
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

fn migrate(
    connection: &mut Connection,
    path: &Path,
    steps: &[M<'static>],
) -> Result<(), StoreError> {
    let Err(error) = Migrations::from_slice(steps).to_latest(connection) else { return Ok(()) };
    // Another process may have been faster: then its tables were in the way of ours.
    if version(connection, path)? == steps.len() {
        return Ok(());
    }
    let problem = "cannot be brought to the version of this program; it was left as it is";
    Err(broken(path, problem, Some(Box::new(error))))
}

/// Copies the file before it is changed for good. A copy that is there is of an attempt that failed.
fn back_up(connection: &Connection, path: &Path, version: usize) -> Result<(), StoreError> {
    let target = beside(path, &format!(".v{version}.bak"));
    let part = beside(path, &format!(".v{version}.bak.part"));
    let failed = |error| system(&target, "cannot be made, the copy before the upgrade", error);
    // SQLite writes into a file that is there if it is empty, and so its mode is ours.
    private().create(true).truncate(true).open(&part).map_err(failed)?;
    connection
        .execute("VACUUM INTO ?1", [part.to_string_lossy()])
        .map_err(|error| Fault::from(error).at(&target))?;
    File::open(&part).and_then(|file| file.sync_all()).map_err(failed)?;
    fs::rename(&part, &target).map_err(failed)
}

/// The right to be the triggerer of the file `path`, as long as the result lives. The system ends it
/// with the process, however that ends.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let lock = lock_file(path)?;
    locked(path, lock.try_lock())?;
    Ok(lock)
}

/// The right to run one task of the file `path`, beside others that have the same right.
pub(super) fn lock_shared(path: &Path, share: Share) -> Result<File, StoreError> {
    let lock = match share {
        Share::New => lock_file(path)?,
        Share::Existing => {
            // Nobody else is there; whoever comes now finds the task taken up.
            let lock = self::lock(path)?;
            lock.unlock().map_err(|error| system(&lock_path(path), "cannot be unlocked", error))?;
            lock
        }
    };
    locked(path, lock.try_lock_shared())?;
    Ok(lock)
}

fn lock_path(path: &Path) -> PathBuf {
    beside(path, ".lock")
}

fn lock_file(path: &Path) -> Result<File, StoreError> {
    let file = lock_path(path);
    let mut options = private();
    // To open a pipe would wait for somebody who reads it.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let made = options.create(true).truncate(false).open(&file);
    made.map_err(|error| system(&file, "cannot be made", error))
}

fn locked(path: &Path, locked: Result<(), TryLockError>) -> Result<(), StoreError> {
    match locked {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(system(&lock_path(path), "cannot be locked", error)),
    }
}

/// The path with something added to the file's name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests;
