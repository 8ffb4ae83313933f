//! The archive of service models: one file, compressed service by service, without documentation.
//!
//! ```text
//! "MAITREDM"  version: u32  length of the index: u32  index  section  section  …
//! ```
//! Numbers are little-endian. The index and every section are zlib streams, so that a flipped bit
//! is noticed by the checksum. The index is JSON: where each section is, `[offset, stored length,
//! length]`. A service's model is text, one JSON record a line: the [`ServiceModel`], then its
//! operations, then its shapes by number. So a call decodes the records that its operation reaches
//! and no others, however large the service is.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flate2::read::ZlibDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ServiceModel;
use maitred_core::client::UNKNOWN_SERVICE;
use maitred_core::diagnostic::nearest;
use maitred_core::names::same_name;

pub mod build;
mod compact;
mod convert;
mod data;
#[cfg(feature = "embedded")]
mod embedded;
mod renumber;
mod service;

pub use service::Service;

use data::DataPaths;

const MAGIC: &[u8; 8] = b"MAITREDM";
const VERSION: u32 = 1;
const HEADER: usize = 16;
/// No section is larger, so that a corrupt length cannot ask for more.
const MAX_SECTION: usize = 64 << 20;
/// How much shorter deflate makes a text at the most (<https://www.zlib.net/zlib_tech.html>).
const MAX_RATIO: usize = 1032;
/// Stands for the service's own word in a rule set, see [`RuleSetEntry`]. JSON cannot have it.
const OWN_WORD: char = '\u{1}';
/// A service whose rule set most other services have too, but for its word.
const USUAL_RULES: &str = "redshift";

/// Why a model cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// There is no such service in the archive.
    #[error("unknown service `{name}`{}", hint(.suggestion))]
    UnknownService {
        /// What was asked for.
        name: String,
        /// What may have been meant.
        suggestion: Option<String>,
    },
    /// The service has no such operation.
    #[error("`{service}` has no operation `{name}`{}", hint(.suggestion))]
    UnknownOperation {
        /// The service.
        service: String,
        /// What was asked for.
        name: String,
        /// What may have been meant.
        suggestion: Option<String>,
    },
    /// The archive is damaged or was written by another version.
    #[error("the archive of service models cannot be read: {0}")]
    Corrupt(String),
    /// A file of a data path cannot be used.
    #[error("{} cannot be used: {why}; correct the file, or take it out of the data path", path.display())]
    BadFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl ModelError {
    /// The code of a call that cannot be sent for this reason.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownService { .. } => UNKNOWN_SERVICE,
            Self::UnknownOperation { .. } => "UnknownOperation",
            Self::Corrupt(_) => "DamagedModels",
            Self::BadFile { .. } => "BadModelFile",
        }
    }
}

fn hint(suggestion: &Option<String>) -> String {
    suggestion.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

fn corrupt(what: impl fmt::Display) -> ModelError {
    ModelError::Corrupt(what.to_string())
}

/// `[offset, stored length, length]` of a section; the offset counts from the end of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Section(usize, usize, usize);

#[derive(Debug, Default, Serialize, Deserialize)]
struct Index {
    source: String,
    partitions: Option<Section>,
    services: BTreeMap<String, IndexEntry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct IndexEntry {
    model: Section,
    rules: RuleSetEntry,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waiters: Option<Section>,
}

/// An endpoint rule set. Most services have the same one but for their own word in host names,
/// so it is stored once, with [`OWN_WORD`] in the place of that word.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct RuleSetEntry {
    section: Section,
    word: String,
}

/// The service models that there are: those of an archive, and those of botocore's data paths, which
/// go before them. Cloning is cheap, and clones share what is decoded.
#[derive(Clone)]
pub struct Models(Arc<Known>);

struct Known {
    archive: Arc<Archive>,
    paths: DataPaths,
    services: Mutex<HashMap<String, Arc<Service>>>,
}

struct Archive {
    bytes: Cow<'static, [u8]>,
    body: usize,
    index: Index,
}

/// Where the model of a service comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelOrigin {
    /// The archive, of the version that [`Models::source`] tells.
    Archive,
    /// A file of a data path.
    File(PathBuf),
}

impl fmt::Debug for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let services = self.0.archive.index.services.len();
        f.debug_struct("Models")
            .field("source", &self.source())
            .field("services", &services)
            .field("paths", &self.0.paths)
            .finish()
    }
}

impl Models {
    /// The models of an archive.
    ///
    /// # Errors
    /// [`ModelError::Corrupt`] if the header or the index cannot be read. Damage further on shows
    /// when it is come upon.
    pub fn from_bytes(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, ModelError> {
        let bytes = bytes.into();
        let header = bytes.get(..HEADER).ok_or_else(|| corrupt("it is too short"))?;
        if !header.starts_with(MAGIC) {
            return Err(corrupt("it is not an archive of service models"));
        }
        let version = number(header, 8);
        if version != VERSION {
            return Err(corrupt(format_args!("its version is {version}, not {VERSION}")));
        }
        let body = HEADER + number(header, 12) as usize;
        let stored = bytes.get(HEADER..body).ok_or_else(|| corrupt("its index is cut off"))?;
        let index = serde_json::from_str(&inflate_all(stored)?).map_err(corrupt)?;
        Ok(Self::of(Arc::new(Archive { bytes, body, index }), DataPaths::default()))
    }

    fn of(archive: Arc<Archive>, paths: DataPaths) -> Self {
        Self(Arc::new(Known { archive, paths, services: Mutex::default() }))
    }

    /// The archive's models, with those of folders in botocore's layout before them: the first folder
    /// that has a service wins. They are read when the service is asked for.
    #[must_use]
    pub fn with_data_paths(&self, paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self::of(Arc::clone(&self.0.archive), DataPaths::new(paths))
    }

    /// Where the archive comes from, e.g. `botocore 1.43.11`.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.0.archive.index.source
    }

    /// The names of the services in the archive, sorted; [`Models::origins`] has all services.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.0.archive.index.services.keys().map(String::as_str)
    }

    /// Every service that there is by name, and where its model comes from.
    #[must_use]
    pub fn origins(&self) -> BTreeMap<String, ModelOrigin> {
        let mut origins: BTreeMap<_, _> =
            self.services().map(|name| (name.to_owned(), ModelOrigin::Archive)).collect();
        let files = self.0.paths.services().into_iter();
        origins.extend(files.map(|(name, path)| (name, ModelOrigin::File(path))));
        origins
    }

    /// A service, by its name in any casing: that of the data paths, or else that of the archive.
    ///
    /// # Errors
    /// If there is no such service, or its model is damaged.
    pub fn service(&self, name: &str) -> Result<Arc<Service>, ModelError> {
        if let Some(service) = lock(&self.0.services).get(name) {
            return Ok(Arc::clone(service));
        }
        let name = self.name(name)?;
        let service = match self.0.paths.load(&name, data::SERVICE)? {
            Some(mut file) => {
                if let Some(paginators) = self.0.paths.load(&name, data::PAGINATORS)? {
                    data::add_paginators(&mut file.value, paginators.value);
                }
                Service::of_file(&name, &file)?
            }
            None => self.archived(&name)?,
        };
        let service = Arc::new(service);
        // What another thread decoded meanwhile stays: others may have it already.
        Ok(Arc::clone(lock(&self.0.services).entry(name).or_insert(service)))
    }

    /// The service of the archive. It is not kept in the form that extras could be merged into.
    fn archived(&self, name: &str) -> Result<Service, ModelError> {
        if let Some(path) = self.0.paths.only_extras(name, data::SERVICE) {
            let why = "it extends a `service-2.json` that is in no data path; put that beside it, \
                or name the data folder of a botocore, which has it"
                .to_owned();
            return Err(ModelError::BadFile { path, why });
        }
        let (_, entry) = self.0.archive.entry(name)?;
        Service::decode(self.0.archive.section(entry.model)?)
    }

    /// The service's own name, for any casing of it.
    fn name(&self, name: &str) -> Result<String, ModelError> {
        let archived = self.0.archive.index.services.contains_key(name);
        if archived {
            return Ok(name.to_owned());
        }
        if let Some(name) = self.0.paths.name(name) {
            return Ok(name);
        }
        match self.0.archive.entry(name) {
            Ok((name, _)) => Ok(name.to_owned()),
            Err(_) => {
                let origins = self.origins();
                let suggestion = nearest(name, origins.keys().map(String::as_str));
                let suggestion = suggestion.map(str::to_owned);
                Err(ModelError::UnknownService { name: name.to_owned(), suggestion })
            }
        }
    }

    /// The names of the services that have waiters in the archive, sorted.
    pub fn waiter_services(&self) -> impl Iterator<Item = &str> {
        let services = self.0.archive.index.services.iter();
        services.filter(|(_, entry)| entry.waiters.is_some()).map(|(name, _)| name.as_str())
    }

    /// The service's `waiters-2.json` of the archive, if it has waiters.
    ///
    /// # Errors
    /// If there is no such service or the file is damaged.
    pub fn waiters(&self, service: &str) -> Result<Option<Value>, ModelError> {
        let (_, entry) = self.0.archive.entry(service)?;
        let text = entry.waiters.map(|section| self.0.archive.section(section)).transpose()?;
        text.map(|text| serde_json::from_str(&text).map_err(corrupt)).transpose()
    }

    /// The JSON of the service's endpoint rule set. A service of the data paths that comes without
    /// one has the rules that most services have.
    ///
    /// # Errors
    /// If the rule set is damaged, or its file cannot be read.
    pub fn rule_set(&self, service: &ServiceModel) -> Result<String, ModelError> {
        let name = &service.name;
        if let Some(file) = self.0.paths.load(name, data::RULE_SET)? {
            return Ok(file.value.to_string());
        }
        match self.0.archive.entry(name) {
            Ok((_, entry)) => self.0.archive.rule_set(&entry.rules, &entry.rules.word),
            Err(_) => {
                let known = self.with_usual_rules();
                let (_, usual) = known.0.archive.entry(USUAL_RULES)?;
                // As it stands between the quotes of JSON.
                let word = Value::from(service.endpoint_prefix.as_str()).to_string();
                known.0.archive.rule_set(&usual.rules, word.trim_matches('"'))
            }
        }
    }

    #[cfg(not(feature = "embedded"))]
    fn with_usual_rules(&self) -> Self {
        self.clone()
    }

    /// The JSON of botocore's `partitions.json`.
    ///
    /// # Errors
    /// If the archive is damaged, or the file cannot be read.
    pub fn partitions(&self) -> Result<String, ModelError> {
        if let Some(file) = self.0.paths.load_general("partitions.json")? {
            return Ok(file.to_string());
        }
        let section = self.0.archive.index.partitions;
        self.0.archive.section(section.ok_or_else(|| corrupt("it has no partitions"))?)
    }
}

impl Archive {
    fn entry(&self, name: &str) -> Result<(&str, &IndexEntry), ModelError> {
        let services = &self.index.services;
        let entry = services
            .get_key_value(name)
            .or_else(|| services.iter().find(|(known, _)| same_name(known, name)));
        entry.map(|(name, entry)| (name.as_str(), entry)).ok_or_else(|| {
            let suggestion = nearest(name, services.keys().map(String::as_str));
            let suggestion = suggestion.map(str::to_owned);
            ModelError::UnknownService { name: name.to_owned(), suggestion }
        })
    }

    fn rule_set(&self, entry: &RuleSetEntry, word: &str) -> Result<String, ModelError> {
        Ok(self.section(entry.section)?.replace(OWN_WORD, word))
    }

    fn section(&self, Section(offset, stored, length): Section) -> Result<String, ModelError> {
        let start = self.body.checked_add(offset);
        let range = start.and_then(|start| Some(start..start.checked_add(stored)?));
        let stored = range.and_then(|range| self.bytes.get(range));
        let stored = stored.ok_or_else(|| corrupt("a section is cut off"))?;
        inflate(stored, length)
    }
}

/// The text of a zlib stream that is `length` bytes long.
fn inflate(stored: &[u8], length: usize) -> Result<String, ModelError> {
    // No stream is that much shorter than its text, so that a corrupt length takes no memory.
    if length > MAX_SECTION || length / MAX_RATIO > stored.len() {
        return Err(corrupt("a section is too long"));
    }
    let mut text = Vec::with_capacity(length);
    // All at once, straight into its place: half the work of reading it as a stream.
    let end = Decompress::new(true).decompress_vec(stored, &mut text, FlushDecompress::Finish);
    match end.map_err(corrupt)? {
        Status::StreamEnd if text.len() == length => String::from_utf8(text).map_err(corrupt),
        Status::StreamEnd => Err(corrupt("a section is too short")),
        Status::Ok | Status::BufError => Err(corrupt("a section is too long")),
    }
}

/// The text of a zlib stream of any length up to [`MAX_SECTION`].
fn inflate_all(stored: &[u8]) -> Result<String, ModelError> {
    let mut text = String::new();
    let mut decoder = ZlibDecoder::new(stored).take(MAX_SECTION as u64 + 1);
    decoder.read_to_string(&mut text).map_err(corrupt)?;
    if text.len() > MAX_SECTION { Err(corrupt("a section is too long")) } else { Ok(text) }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let bytes = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u32::from_le_bytes)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is guarded is a cache: whole at any moment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
