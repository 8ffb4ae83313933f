//! The waiters of one source, found by name without looking at the others.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use super::{BadFile, Entry, Origin, file_service, read};
use crate::config::{WaiterConfig, WaiterFile};
use crate::diagnostic::{Invalid, fold};

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
    Bad(Box<BadFile>),
}

impl Loaded {
    /// The waiters of `service` in the file; an unusable file counts for the service it is named after.
    pub(super) fn layer(&self, wanted: &str) -> Option<Result<Arc<Layer>, Box<BadFile>>> {
        match self {
            Self::Good(layer) if layer.service() == wanted => Some(Ok(Arc::clone(layer))),
            // What was named and is not there could have had any waiter.
            Self::Bad(bad) if !bad.path.exists() || file_service(&bad.path) == wanted => {
                Some(Err(bad.clone()))
            }
            Self::Good(_) | Self::Bad(_) => None,
        }
    }
}

/// The waiter files of a folder in the order of their names, or the one file.
pub(super) fn load_path(path: &Path) -> Vec<Loaded> {
    if !path.is_dir() {
        return vec![load_file(path)];
    }
    let mut files: Vec<_> = std::fs::read_dir(path)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files.iter().map(|path| load_file(path)).collect()
}

fn load_file(path: &Path) -> Loaded {
    match read(path) {
        Ok(file) => {
            let service = file.service.clone().unwrap_or_else(|| file_service(path));
            Loaded::Good(Arc::new(Layer::new(&service, Origin::File(path.to_owned()), file)))
        }
        Err(bad) => Loaded::Bad(bad),
    }
}
