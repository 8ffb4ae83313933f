//! The archive of service models: one file, compressed service by service, without documentation.
//!
//! ```text
//! "MAITREDM"  version: u32  length of the index: u32  index  section  section  …
//! ```
//! Numbers are little-endian. The index and every section are zlib streams, whose checksums detect flipped
//! bits. The index is JSON and lists each section as `[offset, stored length, length]`. A service's model is
//! text with one JSON record per line: the [`ServiceModel`], then its operations, then its shapes by number.
//! A call decodes only the records that its operation reaches, however large the service is.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::ServiceModel;
use maitred_core::diagnostic::nearest;
use maitred_core::names::same_name;

pub mod build;
mod compact;
mod convert;
mod data;
#[cfg(feature = "embedded")]
mod embedded;
mod error;
mod format;
mod records;
mod renumber;
mod service;

pub use error::ModelError;
pub use service::Service;

use data::DataPaths;
use error::corrupt;
use format::{
    HEADER, Index, IndexEntry, MAGIC, OWN_WORD, RuleSetEntry, Section, VERSION, inflate,
    inflate_all, number,
};
use service::lock;

/// A service whose rule set most other services share, except for its own word.
const USUAL_RULES: &str = "redshift";

/// The service models of an archive and of botocore's data paths, which take precedence. Cloning is cheap;
/// clones share decoded models.
#[derive(Clone)]
pub struct Models(Arc<Inner>);

struct Inner {
    archive: Arc<Archive>,
    paths: DataPaths,
    services: Mutex<HashMap<String, Arc<Service>>>,
}

struct Archive {
    bytes: Cow<'static, [u8]>,
    body: usize,
    index: Index,
}

/// The origin of the model of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelOrigin {
    /// The archive, see [`Models::source`].
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
    /// [`ModelError::Corrupt`] if the header or the index cannot be read. Damage in a section is reported when
    /// the section is read.
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
        Self(Arc::new(Inner { archive, paths, services: Mutex::default() }))
    }

    /// Adds the models of folders in botocore's layout, which take precedence over the archive's; the first
    /// folder that has a service wins. A model is read when its service is looked up.
    #[must_use]
    pub fn with_data_paths(&self, paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self::of(Arc::clone(&self.0.archive), DataPaths::new(paths))
    }

    /// The origin of the archive, e.g. `botocore 1.43.11`.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.0.archive.index.source
    }

    /// The names of the services in the archive, sorted; [`Models::origins`] has all services.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.0.archive.index.services.keys().map(String::as_str)
    }

    /// All services by name, with the origin of their models.
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
        let service = match self.0.paths.model(&name)? {
            Some(file) => Service::of_file(&name, &file)?,
            None => self.archived(&name)?,
        };
        let service = Arc::new(service);
        // One that another thread decoded meanwhile is kept, as it may be in use.
        Ok(Arc::clone(lock(&self.0.services).entry(name).or_insert(service)))
    }

    /// The service of the archive, which extras of a data path cannot extend.
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

    /// The JSON of the service's endpoint rule set. A service of the data paths without one gets the rules of
    /// most services.
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
                // Escaped as inside a JSON string.
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

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests;
