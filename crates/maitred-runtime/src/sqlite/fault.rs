//! Errors of the file, in words that name it.

use std::error::Error;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::store::StoreError;

/// An error inside a transaction.
pub(super) enum Fault {
    /// The store's answer.
    Store(StoreError),
    /// SQLite's.
    Sql(rusqlite::Error),
    /// The file's content cannot be read.
    Content(String),
    /// The file is not the one that was opened.
    Replaced,
    /// Something other than SQLite may be writing into the file.
    Odd,
    /// The system's answer about the file.
    System(std::io::Error),
}

pub(super) type Work<T> = Result<T, Fault>;

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error::{FromSqlConversionFailure, ToSqlConversionFailure};
        if let FromSqlConversionFailure(_, _, problem) | ToSqlConversionFailure(problem) = &error {
            return Self::Content(problem.to_string());
        }
        Self::Sql(error)
    }
}

impl Fault {
    /// Interprets a fault in a look at a file that was a store before: content that is not a store's was put there
    /// by somebody, half of one file and half of another, or no store at all. Everything else, such as too
    /// many open files, may pass.
    pub(super) fn of_a_look(self) -> Self {
        match self {
            Self::Sql(error) if is_foreign(&error) => Self::Replaced,
            Self::Content(_) => Self::Replaced,
            Self::Sql(error) if !passes(&error) => Self::System(std::io::Error::other(error)),
            other @ (Self::Store(_)
            | Self::Sql(_)
            | Self::Replaced
            | Self::Odd
            | Self::System(_)) => other,
        }
    }

    /// The error for callers, which names the file.
    pub(super) fn at(self, path: &Path) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Sql(error) => {
                let passes = passes(&error);
                let error = file_error(path, explain(&error), Some(Box::new(error)));
                if passes { StoreError::Unavailable(error) } else { StoreError::Broken(error) }
            }
            Self::Replaced => StoreError::Replaced(path.display().to_string()),
            Self::Odd => StoreError::Unavailable(file_error(path, "is being written to", None)),
            Self::System(error) => StoreError::Unavailable(file_error(
                path,
                "cannot be looked at",
                Some(Box::new(error)),
            )),
            Self::Content(what) => {
                broken(path, &format!("holds what cannot be read: {what}"), None)
            }
        }
    }
}

/// The error that the file `path` cannot be used because it `problem`, e.g. `is not a SQLite file`.
pub(super) fn broken(
    path: &Path,
    problem: &str,
    source: Option<Box<dyn Error + Send + Sync>>,
) -> StoreError {
    StoreError::Broken(file_error(path, problem, source))
}

fn file_error(
    path: &Path,
    problem: &str,
    source: Option<Box<dyn Error + Send + Sync>>,
) -> Box<dyn Error + Send + Sync> {
    Box::new(FileError { path: path.to_owned(), message: problem.to_owned(), source })
}

/// True if another process keeps the file busy.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// True if the file was read, and is not a store. SQLite says "unknown" of a table that is not there.
fn is_foreign(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt | ErrorCode::Unknown))
}

/// True if the same may succeed later.
fn passes(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    is_busy(error) || matches!(code, Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure))
}

/// The error that the system did not let us do this with the file `path`.
pub(super) fn system(path: &Path, problem: &str, error: std::io::Error) -> StoreError {
    broken(path, problem, Some(Box::new(error)))
}

#[derive(Debug, thiserror::Error)]
#[error("{} {message}", path.display())]
struct FileError {
    path: PathBuf,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

fn explain(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => "is not a SQLite file",
        Some(ErrorCode::DatabaseCorrupt) => "is damaged",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => "cannot be written",
        Some(ErrorCode::DiskFull) => "cannot grow: the disk is full",
        Some(ErrorCode::CannotOpen) => "cannot be opened",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "is kept busy by another process"
        }
        Some(ErrorCode::SystemIoFailure) => "cannot be read or written by the system",
        _ => "cannot be used",
    }
}
