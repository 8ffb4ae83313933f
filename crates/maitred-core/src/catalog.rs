//! Where waiters are found by name: the user's files, botocore's data paths, and the shipped ones.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use include_dir::{Dir, include_dir};
use serde_json::Value;

use crate::config::WaiterConfig;
use crate::config::WaiterFile;
use crate::diagnostic::Invalid;
use crate::diagnostic::fold;
use crate::names::snake_name;
use crate::waiter::Options;
use crate::waiter::Waiter;

mod airflow;
mod annotation;
mod botocore;
mod extends;
mod layer;
mod lenient;
mod lookup;
mod process;
mod reader;
mod search;

pub use airflow::{airflow_names, of_airflow};
pub use annotation::annotations;
pub use extends::{BadExtends, Base, MAX_BASES};
use layer::{Layer, Loaded};
pub use lenient::{LenientFile, parse_lenient};
pub use lookup::{BadFile, LookupError, Unknown};
pub use reader::{MAX_FILE, Reader, make_whole, parse, read, with_whole_numbers};
pub use search::found_by_words;

/// The waiter files that come with this crate.
static WAITERS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/waiters");

/// The waiter files that come with this crate, service and text, in the order of the services.
pub fn shipped() -> impl Iterator<Item = (&'static str, &'static str)> {
    built_in_files(&WAITERS)
}

/// The JSON files of a folder that is built in, name and text, in the order of the names.
fn built_in_files(
    folder: &'static Dir<'static>,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    folder.files().filter_map(|file| {
        let path = file.path();
        let service = path.file_stem()?.to_str()?;
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        Some((service, file.contents_utf8().filter(|_| is_json)?))
    })
}

/// Where the waiters of a [`Catalog`] come from, and how their files are read. The default is the waiters of
/// this crate alone, and files are read by [`parse`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sources {
    /// Files and folders of waiter files that the user names; they win over everything else.
    pub user: Vec<PathBuf>,
    /// Folders in botocore's layout `<service>/<api-version>/waiters-2.json`: `AWS_DATA_PATH` and
    /// `~/.aws/models`.
    pub data_paths: Vec<PathBuf>,
    /// The `data` folders of installed botocores; their waiters come before those of botocore that
    /// are shipped, and after those written for this crate.
    pub botocore: Vec<PathBuf>,
    /// botocore's waiters as they are shipped, by service.
    pub embedded: Option<Embedded>,
    /// Files and folders that may add waiters, but replace none: those of `maitred.toml`, or
    /// `./waiters`.
    pub local: Vec<PathBuf>,
    /// Reads the user's and the local files.
    pub reader: Reader,
}

impl Default for Sources {
    fn default() -> Self {
        let (user, data_paths, botocore, local) = Default::default();
        Self { user, data_paths, botocore, embedded: None, local, reader: parse }
    }
}

impl Sources {
    /// The same with these files and folders of the user's.
    #[must_use]
    pub fn with_user(mut self, user: impl IntoIterator<Item = PathBuf>) -> Self {
        self.user = user.into_iter().collect();
        self
    }

    /// The same with these folders in botocore's layout.
    #[must_use]
    pub fn with_data_paths(mut self, folders: impl IntoIterator<Item = PathBuf>) -> Self {
        self.data_paths = folders.into_iter().collect();
        self
    }

    /// The same with these `data` folders of installed botocores.
    #[must_use]
    pub fn with_botocore(mut self, folders: impl IntoIterator<Item = PathBuf>) -> Self {
        self.botocore = folders.into_iter().collect();
        self
    }

    /// The same with these waiters of botocore's, or none.
    #[must_use]
    pub fn with_embedded(mut self, embedded: Option<Embedded>) -> Self {
        self.embedded = embedded;
        self
    }

    /// The same with these files and folders that may add waiters.
    #[must_use]
    pub fn with_local(mut self, local: impl IntoIterator<Item = PathBuf>) -> Self {
        self.local = local.into_iter().collect();
        self
    }

    /// The same with files read by `reader`, such as the one that checks against the JSON Schema.
    #[must_use]
    pub fn with_reader(mut self, reader: Reader) -> Self {
        self.reader = reader;
        self
    }
}

/// Looks up the text of a service's shipped `waiters-2.json`.
#[derive(Clone, Copy)]
pub struct Embedded {
    /// The services that have one.
    pub services: fn() -> Vec<String>,
    /// The file of one service.
    pub file: fn(&str) -> Option<Value>,
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Embedded")
    }
}

/// Where a waiter comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// Written for maitred and shipped with it.
    Shipped,
    /// botocore's own, shipped with maitred.
    Botocore,
    /// A file of the user's.
    File(PathBuf),
    /// A file in botocore's layout.
    DataPath(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shipped => f.write_str("maitred"),
            Self::Botocore => f.write_str("botocore"),
            Self::File(path) | Self::DataPath(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A waiter that was found.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The service, e.g. `redshift`.
    pub service: String,
    /// The name as its file has it.
    pub name: String,
    /// The waiter.
    pub config: Arc<WaiterConfig>,
    /// Where it comes from.
    pub origin: Origin,
    /// The waiters that it extends, the nearest first; their keys and acceptors are in `config`.
    pub bases: Vec<Base>,
}

impl Entry {
    /// The name in snake case, as `maitred wait` takes it.
    #[must_use]
    pub fn snake_name(&self) -> String {
        snake_name(&self.name)
    }

    /// Compiles the waiter with what the caller asks for.
    ///
    /// # Errors
    /// As [`Waiter::compile`].
    pub fn compile(&self, options: &Options) -> Result<Waiter, Invalid> {
        Waiter::compile(&self.service, &self.name, &self.config, options)
    }
}

/// All waiters that can be found by name. Files are read on first use. The default has the built-in ones.
#[derive(Debug, Default)]
pub struct Catalog {
    sources: Sources,
    user: OnceLock<Vec<Loaded>>,
    local: OnceLock<Vec<Loaded>>,
    /// What was read of the other sources, by place and service.
    known: Mutex<HashMap<(usize, String), Option<Found>>>,
    /// The names of a service's waiters, once somebody has asked for one that is not there.
    names: Mutex<HashMap<String, Arc<[String]>>>,
}

fn roots(roots: &[PathBuf], refine: Refine) -> impl Iterator<Item = Place<'_>> {
    roots.iter().map(move |root| Place::Root(roots, root, refine))
}

/// What is made of the waiters of a service.
type Refine = fn(&str, WaiterFile) -> WaiterFile;

/// The waiters of a source, or why it cannot be used.
type Found = Result<Arc<Layer>, Box<BadFile>>;

/// A source of waiters.
enum Place<'a> {
    Loaded(&'a Loaded),
    /// A root among those of its kind, and what is made of the files in it.
    Root(&'a [PathBuf], &'a Path, Refine),
    Shipped,
    Embedded(Embedded),
}

impl Catalog {
    /// The waiters of `sources` and the shipped ones.
    #[must_use]
    pub fn new(sources: Sources) -> Self {
        Self { sources, ..Self::default() }
    }

    /// Finds the waiter `name` of `service`. `cluster_available`, `cluster-available` and
    /// `ClusterAvailable` are the same name. A name that Airflow has for a waiter finds the one here that
    /// waits for the same.
    ///
    /// # Errors
    /// There is none, the file that is named after the service cannot be used, or the waiter extends
    /// one that cannot be had.
    pub fn find(&self, service: &str, name: &str) -> Result<Entry, LookupError> {
        let found = match (self.find_from(0, service, name), of_airflow(service, name)) {
            (Err(LookupError::Unknown(_)), Some(here)) => self.find_from(0, service, here),
            (found, _) => found,
        };
        let (layer, entry) = found?;
        extends::resolve(self, entry, layer)
    }

    /// The waiter as its file has it, from the layers behind the first `skipped`, and its layer.
    fn find_from(
        &self,
        skipped: usize,
        service: &str,
        name: &str,
    ) -> Result<(usize, Entry), LookupError> {
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

    /// The waiters of `service`, each name once, in the order of the names. One that extends a waiter
    /// that cannot be had is not among them.
    #[must_use]
    pub fn service(&self, service: &str) -> Vec<Entry> {
        let whole = self.each(service).into_iter();
        whole.filter_map(|(layer, entry)| extends::resolve(self, entry, layer).ok()).collect()
    }

    /// The waiters of `service` as their files have them, each name once, with their layers.
    fn each(&self, service: &str) -> Vec<(usize, Entry)> {
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

    /// Those of them that were come upon in the look-ups so far.
    #[must_use]
    pub fn bad_files_met(&self) -> Vec<&BadFile> {
        let read = [self.user.get(), self.local.get()].into_iter().flatten().flatten();
        read.filter_map(Loaded::bad).collect()
    }

    /// The sources, the one that wins first.
    fn places(&self) -> impl Iterator<Item = Place<'_>> {
        let user = self.user().iter().map(Place::Loaded);
        let local = self.local().iter().map(Place::Loaded);
        // They replace none, but nobody can tell what a file of theirs would have had.
        let unusable = self.local().iter().filter(|loaded| loaded.bad().is_some());
        user.chain(unusable.map(Place::Loaded))
            .chain(roots(&self.sources.data_paths, |_, file| file))
            .chain(std::iter::once(Place::Shipped))
            .chain(roots(&self.sources.botocore, annotation::annotated))
            .chain(self.sources.embedded.map(Place::Embedded))
            .chain(local)
    }

    /// The waiters of `service` source by source, each with the number of the source, the one that wins
    /// first.
    fn layers(&self, service: &str) -> impl Iterator<Item = (usize, Found)> {
        self.places().enumerate().filter_map(move |(index, place)| {
            let found = match place {
                Place::Loaded(loaded) => loaded.layer(service),
                place @ (Place::Root(..) | Place::Shipped | Place::Embedded(_)) => {
                    self.once(index, service, || self.load(&place, service))
                }
            };
            Some((index, found?))
        })
    }

    /// What `load` finds for `service` in the source `index`, which is asked once.
    fn once(
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

    fn load(&self, place: &Place<'_>, service: &str) -> Option<Found> {
        match place {
            Place::Loaded(loaded) => loaded.layer(service),
            Place::Root(roots, root, refine) => {
                let built_in = |name: &str| self.built_in(service, name);
                let (path, found) = botocore::load(roots, root, service, &built_in)?;
                Some(found.map(|LenientFile { file, unusable }| {
                    let origin = Origin::DataPath(path.clone());
                    let layer = Layer::new(service, origin, refine(service, file));
                    Arc::new(layer.without(&path, unusable))
                }))
            }
            Place::Shipped => {
                let (_, text) = shipped().find(|(name, _)| *name == service)?;
                // Checked by the tests, once and for all; here they are only read.
                let file = serde_json::from_str(text).expect("the tests parse every shipped file");
                Some(Ok(Arc::new(Layer::new(service, Origin::Shipped, file))))
            }
            Place::Embedded(embedded) => {
                let file = parse_lenient(&(embedded.file)(service)?).ok()?.file;
                let file = annotation::annotated(service, file);
                Some(Ok(Arc::new(Layer::new(service, Origin::Botocore, file))))
            }
        }
    }

    /// The built-in waiter of that name as JSON: ours, or else botocore's.
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
            self.sources
                .user
                .iter()
                .flat_map(|path| layer::named(path, self.sources.reader))
                .collect()
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
            let entries = self.each(service).into_iter();
            let names: Arc<[_]> = entries.map(|(_, entry)| entry.snake_name()).collect();
            cached().insert(service.to_owned(), Arc::clone(&names));
            names
        });
        Unknown { service: service.to_owned(), name: name.to_owned(), names }
    }
}

/// The service that a file without a `service` is of: its name; in botocore's layout
/// `<service>/<api-version>/waiters-2.json` that of the folder, with or without the version.
#[must_use]
pub fn file_service(path: &Path) -> String {
    let in_layout = path.file_name().is_some_and(|name| name == "waiters-2.json");
    let is_version = |folder: &&Path| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(|c: char| c.is_ascii_digit())
    };
    let parent = path.parent();
    let folder = parent.filter(is_version).and_then(Path::parent).or(parent);
    if let (true, Some(folder)) = (in_layout, folder.and_then(Path::file_name)) {
        return folder.to_string_lossy().into_owned();
    }
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
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
                        "{service}.json is new: touch src/catalog.rs, so that it is built in"
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
