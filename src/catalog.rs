//! Where waiters are found by name: the user's files, botocore's data paths, and the shipped ones.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

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

/// One list makes the embedded table and the tests of every file in it.
macro_rules! shipped {
    ($($service:ident,)+) => {
        /// The waiter files that come with this crate: service and text.
        const SHIPPED: &[(&str, &str)] = &[
            $((stringify!($service), include_str!(concat!("../waiters/", stringify!($service), ".json"))),)+
        ];

        #[cfg(test)]
        mod shipped_files {
            $(#[test]
            fn $service() {
                super::tests::is_whole(stringify!($service));
            })+
        }
    };
}

shipped! {
    http,
    redshift,
}

/// Where the waiters of a [`Catalog`] come from. The default is the shipped ones only.
#[derive(Debug, Clone, Default)]
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
    /// A folder that may add waiters, but replaces none: `./waiters`.
    pub local: Option<PathBuf>,
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
        }
    }
}

impl std::error::Error for LookupError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unknown(_) => None,
            Self::BadFile(bad) => Some(&bad.problems),
        }
    }
}

/// All waiters that can be found by name. Files are read on first use.
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
    /// There is none, or the file that is named after the service cannot be used.
    pub fn find(&self, service: &str, name: &str) -> Result<Entry, LookupError> {
        let wanted = fold(name);
        let found = self.layers(service, Some(&wanted)).find_map(|layer| match layer {
            Ok(entries) => entries.into_iter().find(|entry| fold(&entry.name) == wanted).map(Ok),
            Err(bad) => Some(Err(LookupError::BadFile(bad))),
        });
        found.unwrap_or_else(|| Err(LookupError::Unknown(self.unknown(service, name))))
    }

    /// The waiters of `service`, each name once, in the order of the names.
    #[must_use]
    pub fn service(&self, service: &str) -> Vec<Entry> {
        let mut by_name = BTreeMap::new();
        for entry in self.layers(service, None).filter_map(Result::ok).flatten() {
            by_name.entry(fold(&entry.name)).or_insert(entry);
        }
        by_name.into_values().collect()
    }

    /// The services that have waiters.
    #[must_use]
    pub fn services(&self) -> Vec<String> {
        let mut services: Vec<_> =
            SHIPPED.iter().map(|(service, _)| (*service).to_owned()).collect();
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
                let found = botocore::load(root, service, wanted)?;
                Some(found.map(|(path, file)| entries(service, &Origin::DataPath(path), file)))
            })
        };
        let shipped =
            SHIPPED.iter().filter(move |(name, _)| *name == service).map(|(name, text)| {
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

    fn user(&self) -> &[Loaded] {
        self.user
            .get_or_init(|| self.sources.user.iter().flat_map(|path| load_path(path)).collect())
    }

    fn local(&self) -> &[Loaded] {
        self.local.get_or_init(|| {
            let folder = self.sources.local.iter().filter(|path| path.is_dir());
            folder.flat_map(|path| load_path(path)).collect()
        })
    }

    fn unknown(&self, service: &str, name: &str) -> Unknown {
        let names: Vec<_> = self.service(service).into_iter().map(|entry| entry.name).collect();
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

/// The service that a file without a `service` is of: its name.
#[must_use]
pub fn file_service(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What holds for every shipped file.
    pub(super) fn is_whole(service: &str) {
        let (_, text) = SHIPPED.iter().find(|(name, _)| *name == service).unwrap();
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
    fn every_file_in_the_folder_is_listed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("waiters");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let service = file_service(&path);
                assert!(
                    SHIPPED.iter().any(|(name, _)| *name == service),
                    "add `{service},` to `shipped!` in src/catalog.rs"
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
