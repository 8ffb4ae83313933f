//! The waiters of one source.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::entry::{WaiterOrigin, WrittenEntry};
use super::error::BadFile;
use super::reader::{WaiterReader, read};
use super::service_name::{file_service, service_in_text};
use crate::config::{PartialWaiter, WaiterFile};
use crate::diagnostic::{Diagnostic, Invalid, fold};

/// The waiters that one source has for one service.
#[derive(Debug)]
pub(super) struct Layer {
    service: String,
    origin: WaiterOrigin,
    waiters: BTreeMap<String, Arc<PartialWaiter>>,
    /// The names by folded spelling; the first of those that fold to the same.
    names: HashMap<String, String>,
    /// The waiters that cannot be used, by folded name.
    unusable: HashMap<String, Box<BadFile>>,
}

impl Layer {
    pub(super) fn new(service: &str, origin: WaiterOrigin, file: WaiterFile) -> Self {
        let waiters: BTreeMap<_, _> =
            file.waiters.into_iter().map(|(name, waiter)| (name, Arc::new(waiter))).collect();
        let mut names = HashMap::new();
        for name in waiters.keys() {
            names.entry(fold(name)).or_insert_with(|| name.clone());
        }
        Self { service: service.to_owned(), origin, waiters, names, unusable: HashMap::new() }
    }

    /// Adds the waiters of the file that cannot be used.
    pub(super) fn with_unusable(
        mut self,
        path: &Path,
        unusable: BTreeMap<String, Invalid>,
    ) -> Self {
        let bad = |problems| BadFile::new(path, String::new(), problems);
        self.unusable =
            unusable.into_iter().map(|(name, problems)| (fold(&name), bad(problems))).collect();
        self
    }

    /// The waiter of that folded name; an error if it cannot be used.
    pub(super) fn find(&self, folded: &str) -> Option<Result<WrittenEntry, Box<BadFile>>> {
        if let Some(bad) = self.unusable.get(folded) {
            return Some(Err(bad.clone()));
        }
        let name = self.names.get(folded)?;
        self.waiters.get(name).map(|waiter| Ok(self.entry(name, waiter)))
    }

    pub(super) fn service(&self) -> &str {
        &self.service
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.waiters.keys().map(String::as_str)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = WrittenEntry> {
        self.waiters.iter().map(|(name, waiter)| self.entry(name, waiter))
    }

    fn entry(&self, name: &str, waiter: &Arc<PartialWaiter>) -> WrittenEntry {
        let (service, name) = (self.service.clone(), name.to_owned());
        WrittenEntry { service, name, waiter: Arc::clone(waiter), origin: self.origin.clone() }
    }
}

/// A user's file that was read.
#[derive(Debug)]
pub(super) enum Loaded {
    Good(Arc<Layer>),
    Bad { file: Box<BadFile>, scope: Scope },
}

/// The services whose look-ups a file that cannot be used fails.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The service that the file's text or name says.
    Service(String),
    /// All: the user has named the file.
    Any,
}

impl Loaded {
    /// The file, if it cannot be used.
    pub(super) fn bad(&self) -> Option<&BadFile> {
        match self {
            Self::Bad { file, .. } => Some(file),
            Self::Good(_) => None,
        }
    }

    /// The waiters of service `wanted`, or an error if the file cannot be used and may have had them.
    pub(super) fn layer(&self, wanted: &str) -> Option<Result<Arc<Layer>, Box<BadFile>>> {
        match self {
            Self::Good(layer) if layer.service() == wanted => Some(Ok(Arc::clone(layer))),
            Self::Bad { file, scope: Scope::Any } => Some(Err(file.clone())),
            Self::Bad { file, scope: Scope::Service(service) } if service == wanted => {
                Some(Err(file.clone()))
            }
            Self::Good(_) | Self::Bad { .. } => None,
        }
    }

    /// Marks a file that the user has named.
    fn named(self) -> Self {
        match self {
            Self::Bad { file, .. } => Self::Bad { file, scope: Scope::Any },
            good @ Self::Good(_) => good,
        }
    }
}

/// Reads the waiter files of a path that the user has named: a file, or those of a folder in the order of
/// their names.
pub(super) fn named(path: &Path, reader: WaiterReader) -> Vec<Loaded> {
    match path.is_dir() {
        // A folder that cannot be read may contain any service.
        true => folder(path, reader).unwrap_or_else(|bad| vec![bad.named()]),
        false => vec![load(path, reader).named()],
    }
}

/// Reads the waiter files of a path that was discovered rather than named.
pub(super) fn found(path: &Path, reader: WaiterReader) -> Vec<Loaded> {
    match path.is_dir() {
        true => folder(path, reader).unwrap_or_else(|bad| vec![bad]),
        false => vec![load(path, reader)],
    }
}

fn folder(path: &Path, reader: WaiterReader) -> Result<Vec<Loaded>, Loaded> {
    let is_waiter_file = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "json") && !path.is_dir()
    };
    let entries = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(|error| {
        let message = format!("the folder cannot be read: {error}");
        let problems = Invalid::new(vec![Diagnostic::error("file", "", message)]);
        let file = BadFile::new(path, String::new(), problems);
        Loaded::Bad { file, scope: Scope::Service(file_service(path)) }
    })?;
    let mut files: Vec<_> = entries.iter().map(std::fs::DirEntry::path).collect();
    files.retain(is_waiter_file);
    files.sort();
    Ok(files.iter().map(|path| load(path, reader)).collect())
}

fn load(path: &Path, reader: WaiterReader) -> Loaded {
    match read(path, reader) {
        Ok(file) => {
            let service = file.service.clone().unwrap_or_else(|| file_service(path));
            Loaded::Good(Arc::new(Layer::new(&service, WaiterOrigin::File(path.to_owned()), file)))
        }
        Err(file) => {
            let service = service_in_text(&file.text).unwrap_or_else(|| file_service(path));
            Loaded::Bad { file, scope: Scope::Service(service) }
        }
    }
}
