//! The waiters of one source, found by name without looking at the others.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::reader::{Reader, read, service_in_text};
use super::{BadFile, Entry, Origin, file_service};
use crate::config::{WaiterConfig, WaiterFile};
use crate::diagnostic::{Diagnostic, Invalid, fold};

/// The waiters that one source has for one service.
#[derive(Debug)]
pub(super) struct Layer {
    service: String,
    origin: Origin,
    waiters: BTreeMap<String, Arc<WaiterConfig>>,
    /// The names by their folded spelling; of two that are the same name, the first.
    names: HashMap<String, String>,
    /// What is wrong with the waiters that cannot be used, by folded name.
    unusable: HashMap<String, Box<BadFile>>,
}

impl Layer {
    pub(super) fn new(service: &str, origin: Origin, file: WaiterFile) -> Self {
        let waiters: BTreeMap<_, _> =
            file.waiters.into_iter().map(|(name, config)| (name, Arc::new(config))).collect();
        let mut names = HashMap::new();
        for name in waiters.keys() {
            names.entry(fold(name)).or_insert_with(|| name.clone());
        }
        Self { service: service.to_owned(), origin, waiters, names, unusable: HashMap::new() }
    }

    /// The same, with what is wrong with waiters that are in the file and not among its waiters.
    pub(super) fn without(mut self, path: &Path, unusable: BTreeMap<String, Invalid>) -> Self {
        let bad =
            |problems| Box::new(BadFile { path: path.to_owned(), text: String::new(), problems });
        self.unusable =
            unusable.into_iter().map(|(name, problems)| (fold(&name), bad(problems))).collect();
        self
    }

    /// The waiter of that folded name; an error if it is there and cannot be used.
    pub(super) fn find(&self, folded: &str) -> Option<Result<Entry, Box<BadFile>>> {
        if let Some(bad) = self.unusable.get(folded) {
            return Some(Err(bad.clone()));
        }
        let name = self.names.get(folded)?;
        self.waiters.get(name).map(|config| Ok(self.entry(name, config)))
    }

    pub(super) fn service(&self) -> &str {
        &self.service
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.waiters.keys().map(String::as_str)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.waiters.iter().map(|(name, config)| self.entry(name, config))
    }

    fn entry(&self, name: &str, config: &Arc<WaiterConfig>) -> Entry {
        Entry {
            service: self.service.clone(),
            name: name.to_owned(),
            config: Arc::clone(config),
            origin: self.origin.clone(),
            bases: Vec::new(),
        }
    }
}

/// One file of the user's.
#[derive(Debug)]
pub(super) enum Loaded {
    Good(Arc<Layer>),
    Bad { file: Box<BadFile>, of: Of },
}

/// Whose waiters a file that cannot be used would have had.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// Those of this service, as the file or its name says.
    Service(String),
    /// Any: it was named itself, so that it was meant.
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

    /// The waiters of `wanted` in the file, or the file if it cannot be used and would have had them.
    pub(super) fn layer(&self, wanted: &str) -> Option<Result<Arc<Layer>, Box<BadFile>>> {
        match self {
            Self::Good(layer) if layer.service() == wanted => Some(Ok(Arc::clone(layer))),
            Self::Bad { file, of: Of::Any } => Some(Err(file.clone())),
            Self::Bad { file, of: Of::Service(service) } if service == wanted => {
                Some(Err(file.clone()))
            }
            Self::Good(_) | Self::Bad { .. } => None,
        }
    }

    /// The same file as one that was named itself.
    fn meant(self) -> Self {
        match self {
            Self::Bad { file, .. } => Self::Bad { file, of: Of::Any },
            good @ Self::Good(_) => good,
        }
    }
}

/// The waiter files that a path of the user's names: those of a folder in the order of their names, or the
/// one file.
pub(super) fn named(path: &Path, reader: Reader) -> Vec<Loaded> {
    match path.is_dir() {
        // Of a folder that cannot be read, nobody knows what is in it.
        true => folder(path, reader).unwrap_or_else(|bad| vec![bad.meant()]),
        false => vec![load(path, reader).meant()],
    }
}

/// The same of a path that nobody has named, or that a file found in the folder names.
pub(super) fn found(path: &Path, reader: Reader) -> Vec<Loaded> {
    match path.is_dir() {
        true => folder(path, reader).unwrap_or_else(|bad| vec![bad]),
        false => vec![load(path, reader)],
    }
}

fn folder(path: &Path, reader: Reader) -> Result<Vec<Loaded>, Loaded> {
    let is_waiter_file = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "json") && !path.is_dir()
    };
    let entries = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(|error| {
        let message = format!("the folder cannot be read: {error}");
        let problems = Invalid::new(vec![Diagnostic::error("file", "", message)]);
        let file = Box::new(BadFile { path: path.to_owned(), text: String::new(), problems });
        Loaded::Bad { file, of: Of::Service(file_service(path)) }
    })?;
    let mut files: Vec<_> = entries.iter().map(std::fs::DirEntry::path).collect();
    files.retain(is_waiter_file);
    files.sort();
    Ok(files.iter().map(|path| load(path, reader)).collect())
}

fn load(path: &Path, reader: Reader) -> Loaded {
    match read(path, reader) {
        Ok(file) => {
            let service = file.service.clone().unwrap_or_else(|| file_service(path));
            Loaded::Good(Arc::new(Layer::new(&service, Origin::File(path.to_owned()), file)))
        }
        Err(file) => {
            let said = service_in_text(&file.text);
            let of = Of::Service(said.unwrap_or_else(|| file_service(path)));
            Loaded::Bad { file, of }
        }
    }
}
