//! Finding waiters by name: in the user's files, botocore's data paths, and the shipped files.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::Value;

use crate::config::WaiterFile;
use crate::diagnostic::fold;
use crate::names::snake_name;

mod airflow;
mod annotation;
mod botocore;
mod entry;
mod error;
mod extends;
mod layer;
mod lenient;
mod process;
mod reader;
mod search;
mod service_name;
mod shipped;
mod sources;

pub use airflow::airflow_names;
pub use annotation::annotations;
pub use entry::{Base, Entry, MAX_BASES, WaiterOrigin};
pub use error::{BadExtends, BadFile, LookupError, Unknown};
pub use lenient::{LenientFile, parse_lenient};
pub use reader::{MAX_FILE, WaiterReader, make_whole, parse, read, with_whole_numbers};
pub use search::found_by_words;
pub use service_name::file_service;
pub use shipped::shipped;
pub use sources::{Embedded, Sources};

use airflow::of_airflow;
use entry::WrittenEntry;
use layer::{Layer, Loaded};

/// All waiters that can be found by name. Files are read on first use. By default it has the waiters of this
/// crate.
#[derive(Debug, Default)]
pub struct Catalog {
    sources: Sources,
    user: OnceLock<Vec<Loaded>>,
    local: OnceLock<Vec<Loaded>>,
    /// The waiters that were read from the other sources, by index of the source and service.
    known: Mutex<HashMap<(usize, String), Option<Found>>>,
    /// The names of a service's waiters, for error messages.
    names: Mutex<HashMap<String, Arc<[String]>>>,
}

/// The sources of these roots.
fn roots(roots: &[PathBuf], refine: Refine) -> impl Iterator<Item = Source<'_>> {
    roots.iter().map(move |root| Source::Root(roots, root, refine))
}

/// Amends the waiters of a service after they are read.
type Refine = fn(&str, WaiterFile) -> WaiterFile;

/// The waiters of a source, or the file that cannot be used.
type Found = Result<Arc<Layer>, Box<BadFile>>;

/// A source of waiters.
enum Source<'a> {
    Loaded(&'a Loaded),
    /// A root among those of its kind, and how its waiters are amended.
    Root(&'a [PathBuf], &'a Path, Refine),
    Shipped,
    Embedded(Embedded),
}

impl Catalog {
    /// A catalog of the waiters of `sources` and the shipped ones.
    #[must_use]
    pub fn new(sources: Sources) -> Self {
        Self { sources, ..Self::default() }
    }

    /// Finds the waiter `name` of `service`. `cluster_available`, `cluster-available` and
    /// `ClusterAvailable` are the same name. A name of one of Airflow's waiters finds the equivalent waiter.
    ///
    /// # Errors
    /// There is no such waiter, the file of the service cannot be used, or the waiter extends one that
    /// cannot be found or used.
    pub fn find(&self, service: &str, name: &str) -> Result<Entry, LookupError> {
        let found = match (self.find_from(0, service, name), of_airflow(service, name)) {
            (Err(LookupError::Unknown(_)), Some(here)) => self.find_from(0, service, here),
            (found, _) => found,
        };
        let (layer, entry) = found?;
        self.resolve(entry, layer)
    }

    fn resolve(&self, written: WrittenEntry, layer: usize) -> Result<Entry, LookupError> {
        let find_from = |skipped, service: &str, name: &str| self.find_from(skipped, service, name);
        extends::resolve(find_from, written, layer)
    }

    /// The waiter as in its file, without the first `skipped` layers, and its layer.
    fn find_from(
        &self,
        skipped: usize,
        service: &str,
        name: &str,
    ) -> Result<(usize, WrittenEntry), LookupError> {
        let wanted = fold(name);
        let mut layers = self.layers(service).skip_while(|(index, _)| *index < skipped);
        let found = layers.find_map(|(index, layer)| {
            let found = match layer {
                Ok(layer) => layer.find(&wanted)?,
                Err(bad) => Err(bad),
            };
            Some(found.map(|entry| (index, entry)).map_err(LookupError::BadFile))
        });
        found.unwrap_or_else(|| Err(LookupError::Unknown(self.unknown(service, name))))
    }

    /// The waiters of `service`, each name once, in the order of the names. Those whose `extends` cannot be
    /// resolved are left out.
    #[must_use]
    pub fn service(&self, service: &str) -> Vec<Entry> {
        let whole = self.unresolved(service).into_iter();
        whole.filter_map(|(layer, entry)| self.resolve(entry, layer).ok()).collect()
    }

    /// The waiters of `service` as in their files, each name once, with their layers.
    fn unresolved(&self, service: &str) -> Vec<(usize, WrittenEntry)> {
        let mut by_name = BTreeMap::new();
        for (index, layer) in self.layers(service) {
            for entry in layer.iter().flat_map(|layer| layer.entries()) {
                by_name.entry(fold(&entry.name)).or_insert((index, entry));
            }
        }
        by_name.into_values().collect()
    }

    /// The services that have waiters.
    #[must_use]
    pub fn services(&self) -> Vec<String> {
        let mut services: Vec<_> = shipped().map(|(service, _)| service.to_owned()).collect();
        services.extend(self.sources.embedded.iter().flat_map(|embedded| (embedded.services)()));
        let roots = self.sources.data_paths.iter().chain(&self.sources.botocore);
        services.extend(roots.flat_map(|root| botocore::services(root)));
        for loaded in self.user().iter().chain(self.local()) {
            if let Loaded::Good(layer) = loaded {
                services.push(layer.service().to_owned());
            }
        }
        services.sort();
        services.dedup();
        services
    }

    /// The waiters of the paths that the user has named ([`Sources::user`]), by service and name.
    pub fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        let files = self.user().iter().filter_map(|loaded| match loaded {
            Loaded::Good(layer) => Some(layer),
            Loaded::Bad { .. } => None,
        });
        files.flat_map(|layer| layer.names().map(|name| (layer.service(), name)))
    }

    /// The user's files that cannot be used.
    #[must_use]
    pub fn bad_files(&self) -> Vec<&BadFile> {
        self.user().iter().chain(self.local()).filter_map(Loaded::bad).collect()
    }

    /// The user's files that cannot be used, among those that were read so far.
    #[must_use]
    pub fn bad_files_met(&self) -> Vec<&BadFile> {
        let read = [self.user.get(), self.local.get()].into_iter().flatten().flatten();
        read.filter_map(Loaded::bad).collect()
    }

    /// The sources in order of precedence.
    fn sources_in_order(&self) -> impl Iterator<Item = Source<'_>> {
        let user = self.user().iter().map(Source::Loaded);
        let local = self.local().iter().map(Source::Loaded);
        // They replace nothing, but the waiters of a file that cannot be used are unknown.
        let unusable = self.local().iter().filter(|loaded| loaded.bad().is_some());
        user.chain(unusable.map(Source::Loaded))
            .chain(roots(&self.sources.data_paths, |_, file| file))
            .chain(std::iter::once(Source::Shipped))
            .chain(roots(&self.sources.botocore, annotation::annotated))
            .chain(self.sources.embedded.map(Source::Embedded))
            .chain(local)
    }

    /// The waiters of `service` in each source, with the index of the source, in order of precedence.
    fn layers(&self, service: &str) -> impl Iterator<Item = (usize, Found)> {
        self.sources_in_order().enumerate().filter_map(move |(index, source)| {
            let found = match source {
                Source::Loaded(loaded) => loaded.layer(service),
                source @ (Source::Root(..) | Source::Shipped | Source::Embedded(_)) => {
                    self.cached(index, service, || self.load(&source, service))
                }
            };
            Some((index, found?))
        })
    }

    /// Caches the result of `load` for `service` in the source `index`.
    fn cached(
        &self,
        index: usize,
        service: &str,
        load: impl FnOnce() -> Option<Found>,
    ) -> Option<Found> {
        let key = (index, service.to_owned());
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known().get(&key) {
            return found.clone();
        }
        let found = load();
        known().insert(key, found.clone());
        found
    }

    fn load(&self, source: &Source<'_>, service: &str) -> Option<Found> {
        match source {
            Source::Loaded(loaded) => loaded.layer(service),
            Source::Root(roots, root, refine) => {
                let built_in = |name: &str| self.built_in(service, name);
                let (path, found) = botocore::load(roots, root, service, &built_in)?;
                Some(found.map(|LenientFile { file, unusable }| {
                    let origin = WaiterOrigin::DataPath(path.clone());
                    let layer = Layer::new(service, origin, refine(service, file));
                    Arc::new(layer.with_unusable(&path, unusable))
                }))
            }
            Source::Shipped => {
                let (_, text) = shipped().find(|(name, _)| *name == service)?;
                // The tests check every file.
                let file = serde_json::from_str(text).expect("the tests parse every shipped file");
                Some(Ok(Arc::new(Layer::new(service, WaiterOrigin::Shipped, file))))
            }
            Source::Embedded(embedded) => {
                let file = parse_lenient(&(embedded.file)(service)?).ok()?.file;
                let file = annotation::annotated(service, file);
                Some(Ok(Arc::new(Layer::new(service, WaiterOrigin::Botocore, file))))
            }
        }
    }

    /// The built-in waiter of that name as JSON: from this crate, or else botocore's.
    fn built_in(&self, service: &str, name: &str) -> Option<Value> {
        let shipped = shipped().find(|(known, _)| *known == service);
        let shipped = shipped.and_then(|(_, text)| serde_json::from_str(text).ok());
        let botocore = || self.sources.embedded.and_then(|embedded| (embedded.file)(service));
        let waiter_of = |mut file: Value| {
            let waiters = file.get_mut("waiters")?.as_object_mut()?;
            let found = waiters.iter_mut().find(|(known, _)| fold(known) == fold(name));
            found.map(|(_, waiter)| waiter.take())
        };
        shipped.and_then(waiter_of).or_else(|| botocore().and_then(waiter_of))
    }

    fn user(&self) -> &[Loaded] {
        self.user.get_or_init(|| {
            let paths = self.sources.user.iter();
            paths.flat_map(|path| layer::named(path, self.sources.reader)).collect()
        })
    }

    fn local(&self) -> &[Loaded] {
        self.local.get_or_init(|| {
            let paths = self.sources.local.iter().filter(|path| path.exists());
            paths.flat_map(|path| layer::found(path, self.sources.reader)).collect()
        })
    }

    fn unknown(&self, service: &str, name: &str) -> Unknown {
        let cached = || self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let known = cached().get(service).cloned();
        let names = known.unwrap_or_else(|| {
            let entries = self.unresolved(service).into_iter();
            let names: Arc<[_]> = entries.map(|(_, entry)| snake_name(&entry.name)).collect();
            cached().insert(service.to_owned(), Arc::clone(&names));
            names
        });
        Unknown { service: service.to_owned(), name: name.to_owned(), names }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_in_the_folder_is_listed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("waiters");
        let of = |folder: &Path, is_listed: &dyn Fn(&str) -> bool| {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|extension| extension == "json") {
                    let service = file_service(&path);
                    assert!(
                        is_listed(&service),
                        "{service}.json is new: touch src/catalog/shipped.rs, so that it is built in"
                    );
                }
            }
        };
        of(&folder, &|service| shipped().any(|(name, _)| name == service));
        of(&folder.join("botocore"), &|service| annotations().any(|(name, _)| name == service));
    }

    #[test]
    fn the_spellings_of_a_name_are_one_name() {
        for name in ["cluster_paused", "cluster-paused", "ClusterPaused"] {
            assert_eq!(fold(name), "clusterpaused");
        }
    }
}
