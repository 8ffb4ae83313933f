//! Where waiters are found by name: the user's files, botocore's data paths, and the shipped ones.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use include_dir::{Dir, include_dir};
use serde_json::Value;

#[cfg(feature = "aws")]
use crate::client::aws::Models;
use crate::config::WaiterConfig;
use crate::config::WaiterFile;
use crate::diagnostic::Invalid;
use crate::diagnostic::fold;
use crate::diagnostic::nearest;
use crate::schema;
use crate::waiter::Options;
use crate::waiter::Waiter;

mod botocore;
mod extends;
mod process;

pub use extends::{BadExtends, Base, MAX_BASES};

/// The waiter files that come with this crate.
static WAITERS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/waiters");

/// The waiter files that come with this crate, service and text, in the order of the services.
pub fn shipped() -> impl Iterator<Item = (&'static str, &'static str)> {
    WAITERS.files().filter_map(|file| {
        let path = file.path();
        let service = path.file_stem()?.to_str()?;
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        Some((service, file.contents_utf8().filter(|_| is_json)?))
    })
}

/// Where the waiters of a [`Catalog`] come from. The default is what is built in: the waiters of this
/// crate and, with feature `aws`, botocore's. [`Sources::of_process`] are those of the command.
#[derive(Debug, Clone)]
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
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            user: Vec::new(),
            data_paths: Vec::new(),
            botocore: Vec::new(),
            #[cfg(feature = "aws")]
            embedded: Some(Embedded::botocore()),
            #[cfg(not(feature = "aws"))]
            embedded: None,
            local: Vec::new(),
        }
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

#[cfg(feature = "aws")]
impl Embedded {
    /// botocore's waiters, from the models that are built into the program.
    #[must_use]
    pub fn botocore() -> Self {
        Self {
            services: || Models::embedded().waiter_services().map(str::to_owned).collect(),
            file: |service| Models::embedded().waiters(service).ok().flatten(),
        }
    }
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
    /// Compiles the waiter with what the caller asks for.
    ///
    /// # Errors
    /// As [`Waiter::compile`].
    pub fn compile(&self, options: &Options) -> Result<Waiter, Invalid> {
        Waiter::compile(&self.service, &self.name, &self.config, options)
    }
}

/// A file that cannot be used.
#[derive(Debug, Clone)]
pub struct BadFile {
    /// The file.
    pub path: PathBuf,
    /// Its text, for showing the places of the problems; empty if it cannot be read.
    pub text: String,
    /// What is wrong with it.
    pub problems: Invalid,
}

/// Why a waiter was not found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LookupError {
    /// There is no such waiter.
    Unknown(Unknown),
    /// The file that would have it cannot be used.
    BadFile(Box<BadFile>),
    /// It extends a waiter that cannot be had.
    Extends(Box<BadExtends>),
}

/// A waiter that does not exist.
#[derive(Debug, Clone)]
pub struct Unknown {
    service: String,
    name: String,
    near: Option<String>,
    names: Vec<String>,
}

impl Unknown {
    /// The name that was looked for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name that was probably meant.
    #[must_use]
    pub fn near(&self) -> Option<&str> {
        self.near.as_deref()
    }

    /// The waiters that the service has.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(unknown) => {
                write!(f, "there is no waiter `{}` for service `{}`", unknown.name, unknown.service)
            }
            Self::BadFile(bad) => write!(f, "{} cannot be used", bad.path.display()),
            Self::Extends(bad) => bad.fmt(f),
        }
    }
}

impl std::error::Error for LookupError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unknown(_) => None,
            Self::BadFile(bad) => Some(&bad.problems),
            Self::Extends(bad) => bad.source(),
        }
    }
}

/// All waiters that can be found by name. Files are read on first use. The default has the built-in ones.
#[derive(Debug, Default)]
pub struct Catalog {
    sources: Sources,
    user: OnceLock<Vec<Loaded>>,
    local: OnceLock<Vec<Loaded>>,
}

/// One file of the user's.
#[derive(Debug)]
enum Loaded {
    Good { service: String, origin: Origin, waiters: BTreeMap<String, Arc<WaiterConfig>> },
    Bad(Box<BadFile>),
}

impl Catalog {
    /// The waiters of `sources` and the shipped ones.
    #[must_use]
    pub fn new(sources: Sources) -> Self {
        Self { sources, user: OnceLock::new(), local: OnceLock::new() }
    }

    /// Finds the waiter `name` of `service`. `cluster_available`, `cluster-available` and
    /// `ClusterAvailable` are the same name.
    ///
    /// # Errors
    /// There is none, the file that is named after the service cannot be used, or the waiter extends
    /// one that cannot be had.
    pub fn find(&self, service: &str, name: &str) -> Result<Entry, LookupError> {
        let (layer, entry) = self.find_from(0, service, name)?;
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
        let mut layers = self.layers(service, Some(&wanted)).enumerate().skip(skipped);
        let found = layers.find_map(|(index, layer)| match layer {
            Ok(entries) => {
                let found = entries.into_iter().find(|entry| fold(&entry.name) == wanted);
                found.map(|entry| Ok((index, entry)))
            }
            Err(bad) => Some(Err(LookupError::BadFile(bad))),
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
        for (index, layer) in self.layers(service, None).enumerate() {
            for entry in layer.into_iter().flatten() {
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
            if let Loaded::Good { service, .. } = loaded {
                services.push(service.clone());
            }
        }
        services.sort();
        services.dedup();
        services
    }

    /// The waiters of the paths that the user has named ([`Sources::user`]), by service and name.
    pub fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        let files = self.user().iter().filter_map(|loaded| match loaded {
            Loaded::Good { service, waiters, .. } => Some((service, waiters)),
            Loaded::Bad(_) => None,
        });
        files.flat_map(|(service, waiters)| {
            waiters.keys().map(|name| (service.as_str(), name.as_str()))
        })
    }

    /// The user's files that cannot be used.
    #[must_use]
    pub fn bad_files(&self) -> Vec<&BadFile> {
        let all = self.user().iter().chain(self.local());
        all.filter_map(|loaded| match loaded {
            Loaded::Bad(bad) => Some(&**bad),
            Loaded::Good { .. } => None,
        })
        .collect()
    }

    /// The waiters of `service` source by source, the one that wins first. A file counts as bad where
    /// `wanted` is what cannot be used of it.
    fn layers<'a>(
        &'a self,
        service: &'a str,
        wanted: Option<&'a str>,
    ) -> impl Iterator<Item = Result<Vec<Entry>, Box<BadFile>>> + 'a {
        let user = self.user().iter().filter_map(move |loaded| layer_of(loaded, service));
        let roots = move |roots: &'a [PathBuf]| {
            roots.iter().filter_map(move |root| {
                let built_in = |name: &str| self.built_in(service, name);
                let found = botocore::load(roots, root, service, wanted, &built_in)?;
                Some(found.map(|(path, file)| entries(service, &Origin::DataPath(path), file)))
            })
        };
        let shipped = shipped().filter(move |(name, _)| *name == service).map(|(name, text)| {
            // Checked by the tests, once and for all; here they are only read.
            let file = serde_json::from_str(text).expect("the tests parse every shipped file");
            Ok(entries(name, &Origin::Shipped, file))
        });
        let embedded = self.sources.embedded.iter().filter_map(move |embedded| {
            let file = schema::parse_lenient(&(embedded.file)(service)?).ok()?.file;
            Some(Ok(entries(service, &Origin::Botocore, file)))
        });
        let local = self.local().iter().filter_map(move |loaded| layer_of(loaded, service));
        user.chain(roots(&self.sources.data_paths))
            .chain(shipped)
            .chain(roots(&self.sources.botocore))
            .chain(embedded)
            .chain(local)
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
        self.user
            .get_or_init(|| self.sources.user.iter().flat_map(|path| load_path(path)).collect())
    }

    fn local(&self) -> &[Loaded] {
        self.local.get_or_init(|| {
            let folder = self.sources.local.iter().filter(|path| path.exists());
            folder.flat_map(|path| load_path(path)).collect()
        })
    }

    fn unknown(&self, service: &str, name: &str) -> Unknown {
        let names: Vec<_> = self.each(service).into_iter().map(|(_, entry)| entry.name).collect();
        let near = nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
        Unknown { service: service.to_owned(), name: name.to_owned(), near, names }
    }
}

/// The waiters of `service` in a user's file; an unusable file counts for the service it is named after.
fn layer_of(loaded: &Loaded, wanted: &str) -> Option<Result<Vec<Entry>, Box<BadFile>>> {
    match loaded {
        Loaded::Good { service, origin, waiters } if service == wanted => {
            let entry = |(name, config): (&String, &Arc<WaiterConfig>)| Entry {
                service: service.clone(),
                name: name.clone(),
                config: Arc::clone(config),
                origin: origin.clone(),
                bases: Vec::new(),
            };
            Some(Ok(waiters.iter().map(entry).collect()))
        }
        // What was named and is not there could have had any waiter.
        Loaded::Bad(bad) if !bad.path.exists() || file_service(&bad.path) == wanted => {
            Some(Err(bad.clone()))
        }
        Loaded::Good { .. } | Loaded::Bad(_) => None,
    }
}

fn entries(service: &str, origin: &Origin, file: WaiterFile) -> Vec<Entry> {
    let entry = |(name, config)| Entry {
        service: service.to_owned(),
        name,
        config: Arc::new(config),
        origin: origin.clone(),
        bases: Vec::new(),
    };
    file.waiters.into_iter().map(entry).collect()
}

/// The waiter files of a folder in the order of their names, or the one file.
fn load_path(path: &Path) -> Vec<Loaded> {
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
        Ok(file) => Loaded::Good {
            service: file.service.clone().unwrap_or_else(|| file_service(path)),
            origin: Origin::File(path.to_owned()),
            waiters: file
                .waiters
                .into_iter()
                .map(|(name, config)| (name, Arc::new(config)))
                .collect(),
        },
        Err(bad) => Loaded::Bad(bad),
    }
}

/// Reads and checks one waiter file.
///
/// # Errors
/// The file cannot be read, or is not valid.
pub fn read(path: &Path) -> Result<WaiterFile, Box<BadFile>> {
    let text = botocore::read_text(path)?;
    schema::parse(&text)
        .map_err(|problems| Box::new(BadFile { path: path.to_owned(), text, problems }))
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

    /// What holds for every shipped file.
    fn is_whole(service: &str) {
        let (_, text) = shipped().find(|(name, _)| *name == service).unwrap();
        let file = schema::parse(text).unwrap_or_else(|problems| panic!("{service}: {problems}"));
        assert_eq!(file.schema.as_deref(), Some(schema::SCHEMA_ID), "{service}: add `$schema`");
        for (name, waiter) in &file.waiters {
            assert!(waiter.description.is_some(), "{service}.{name}: add a `description`");
            assert!(waiter.show.is_some(), "{service}.{name}: add `show`");
            for acceptor in &waiter.acceptors {
                let failure = acceptor.state == crate::config::State::Failure;
                let path = acceptor.argument.is_some();
                assert!(
                    !(failure && path) || acceptor.message.is_some(),
                    "{service}.{name}: give the failure acceptor a `message`"
                );
            }
        }
    }

    #[test]
    fn every_shipped_file_is_whole() {
        for (service, _) in shipped() {
            is_whole(service);
        }
    }

    #[test]
    fn every_file_in_the_folder_is_listed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("waiters");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let service = file_service(&path);
                assert!(
                    shipped().any(|(name, _)| name == service),
                    "{service}.json is new: touch src/catalog.rs, so that it is built in"
                );
            }
        }
    }

    #[test]
    fn the_spellings_of_a_name_are_one_name() {
        for name in ["cluster_paused", "cluster-paused", "ClusterPaused"] {
            assert_eq!(fold(name), "clusterpaused");
        }
    }
}
