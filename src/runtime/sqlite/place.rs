//! Whether the file that is open is still the one at its path.
//!
//! SQLite goes on with an open file that was deleted or renamed, and mixes what it knows with what somebody has
//! copied over it.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::fault::{Fault, Work};
use super::schema::beside;

/// Which file is at a path.
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

/// When a file was written last, and its size then.
type Stamp = (Option<std::time::SystemTime>, u64);

/// What the file looked like when SQLite had written it last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Content {
    stamp: Stamp,
    /// How much of the log is there, and how much of it was folded into the file.
    log: (i64, i64),
}

/// The files of a store, as they were when it was opened.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    file: FileId,
    /// Those beside it, once this process is the triggerer. Until then they may come and go.
    beside: Mutex<Vec<(PathBuf, FileId)>>,
    content: Mutex<Option<Content>>,
}

impl Place {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let file = FileId::of(&fs::metadata(path)?);
        let (beside, content) = (Mutex::default(), Mutex::default());
        Ok(Self { path: path.to_owned(), file, beside, content })
    }

    /// From here on the files beside it must stay, too, and nobody but SQLite may write into it.
    pub(super) fn hold(&self, connection: &Connection) -> Work<()> {
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
        let at = |path: &Path, file: FileId| match fs::metadata(path) {
            Ok(metadata) if FileId::of(&metadata) == file => Ok(()),
            Ok(_) => Err(Fault::Replaced),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Fault::Replaced),
            Err(error) => Err(Fault::System(error)),
        };
        at(&self.path, self.file)?;
        lock(&self.beside).iter().try_for_each(|(path, file)| at(path, *file))
    }

    /// Whether the file was written to, although nothing of the log was folded into it, as far as can be told:
    /// another process may have done that whole between two looks.
    pub(super) fn has_odd_content(&self, connection: &Connection) -> Work<bool> {
        let Some(known) = *lock(&self.content) else { return Ok(false) };
        let now = self.look(connection)?;
        let is_odd = now.stamp != known.stamp && now.log == known.log;
        if !is_odd {
            *lock(&self.content) = Some(now);
        }
        Ok(is_odd)
    }

    /// Takes what is in the file for what SQLite has written.
    pub(super) fn accept_content(&self, connection: &Connection) -> Work<()> {
        *lock(&self.content) = Some(self.look(connection)?);
        Ok(())
    }

    fn look(&self, connection: &Connection) -> Work<Content> {
        let metadata = fs::metadata(&self.path).map_err(|_| Fault::Replaced)?;
        let log = connection
            .query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| Ok((row.get(1)?, row.get(2)?)))?;
        Ok(Content { stamp: stamp(&metadata), log })
    }
}

fn stamp(metadata: &Metadata) -> Stamp {
    (metadata.modified().ok(), metadata.len())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Values are replaced whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
