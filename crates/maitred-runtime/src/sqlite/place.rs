//! Checks that the file that is open is still the one at its path.
//!
//! SQLite goes on with an open file that was deleted or renamed, and mixes what it knows with what somebody has
//! copied over it.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::fault::{Fault, Work};
use super::schema::beside;

/// The number of looks in a row that must find the same content, written by something other than SQLite, until
/// that is believed: another process may be folding its log into the file, which is told only when that is done.
const ODD_LOOKS: u32 = 50;

/// The identity of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    /// Elsewhere a file that is open cannot be replaced.
    #[cfg(not(unix))]
    fn of(_metadata: &Metadata) -> Self {
        Self { device: 0, inode: 0 }
    }
}

/// The time of the last write to a file, and its size.
type Stamp = (Option<std::time::SystemTime>, u64);

/// The file as it was when SQLite had written it last.
#[derive(Debug, Clone, Copy)]
struct Content {
    stamp: Stamp,
    state: State,
    /// Its stamp since, as long as it is odd, and the number of looks that have found it so.
    odd: Option<(Stamp, u32)>,
}

/// The state that SQLite reports: it writes into the file only when it folds its log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    /// The size of the log in pages, and the number of pages that were folded into the file.
    log: (i64, i64),
    /// Changes with the transactions of other connections.
    data_version: i64,
}

/// A change of the file's content since the last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentChange {
    /// Nothing.
    None,
    /// It was written, by SQLite as it seems.
    Written,
    /// It was written, although nothing of the log was folded into it.
    Odd,
}

/// The files of a store, as they were when it was opened. One in memory has none, and none of them changes.
#[derive(Debug, Default)]
pub(super) struct Place {
    path: PathBuf,
    file: Option<FileId>,
    /// Those beside it, once this process is the triggerer. Until then they may come and go.
    beside: Mutex<Vec<(PathBuf, FileId)>>,
    content: Mutex<Option<Content>>,
}

impl Place {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let file = Some(FileId::of(&fs::metadata(path)?));
        Ok(Self { path: path.to_owned(), file, ..Self::default() })
    }

    pub(super) fn in_memory() -> Self {
        Self::default()
    }

    pub(super) fn is_in_memory(&self) -> bool {
        self.file.is_none()
    }

    /// From here on the files beside it must stay, too, and nobody but SQLite may write into it.
    pub(super) fn hold(&self, connection: &Connection) -> Work<()> {
        if self.is_in_memory() {
            return Ok(());
        }
        let mut files = Vec::new();
        for suffix in ["-wal", "-shm", ".lock"] {
            let path = beside(&self.path, suffix);
            if let Ok(metadata) = fs::metadata(&path) {
                files.push((path, FileId::of(&metadata)));
            }
        }
        *lock(&self.beside) = files;
        self.accept_content(connection)
    }

    /// Checks that the files are the ones that are open.
    pub(super) fn check(&self) -> Work<()> {
        let at = |path: &Path, file: FileId| match FileId::of(&metadata(path)?) == file {
            true => Ok(()),
            false => Err(Fault::Replaced),
        };
        let Some(file) = self.file else { return Ok(()) };
        at(&self.path, file)?;
        lock(&self.beside).iter().try_for_each(|(path, file)| at(path, *file))
    }

    /// The change of the content, once this process has acquired the store.
    pub(super) fn look_at_content(&self, connection: &Connection) -> Work<ContentChange> {
        let mut content = lock(&self.content);
        let Some(known) = &mut *content else { return Ok(ContentChange::None) };
        let now = self.look(connection)?;
        if now.stamp == known.stamp {
            *known = now;
            return Ok(ContentChange::None);
        }
        if now.state != known.state {
            return Ok(ContentChange::Written);
        }
        let looks =
            known.odd.filter(|(stamp, _)| *stamp == now.stamp).map_or(0, |(_, looks)| looks);
        known.odd = Some((now.stamp, looks + 1));
        if looks >= ODD_LOOKS { Err(Fault::Replaced) } else { Ok(ContentChange::Odd) }
    }

    /// Takes in a transaction of this process that went to the log alone. One that was folded into the file is
    /// left to the next look.
    pub(super) fn accept_own_write(&self, connection: &Connection) -> Work<()> {
        let mut content = lock(&self.content);
        let Some(known) = &mut *content else { return Ok(()) };
        let now = self.look(connection)?;
        if now.stamp == known.stamp {
            known.state = now.state;
        }
        Ok(())
    }

    /// Takes what is in the file for what SQLite has written.
    pub(super) fn accept_content(&self, connection: &Connection) -> Work<()> {
        if !self.is_in_memory() {
            *lock(&self.content) = Some(self.look(connection)?);
        }
        Ok(())
    }

    fn look(&self, connection: &Connection) -> Work<Content> {
        let metadata = metadata(&self.path)?;
        let log = connection
            .query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| Ok((row.get(1)?, row.get(2)?)))?;
        let data_version = connection.pragma_query_value(None, "data_version", |row| row.get(0))?;
        let state = State { log, data_version };
        Ok(Content { stamp: stamp(&metadata), state, odd: None })
    }
}

/// The metadata of a file of the store; one that is not there was replaced.
fn metadata(path: &Path) -> Work<Metadata> {
    fs::metadata(path).map_err(|error| match error.kind() == io::ErrorKind::NotFound {
        true => Fault::Replaced,
        false => Fault::System(error),
    })
}

fn stamp(metadata: &Metadata) -> Stamp {
    (metadata.modified().ok(), metadata.len())
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Values are replaced whole, and a transaction that a panic cut short was rolled back when it was dropped.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
