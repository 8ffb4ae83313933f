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
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use flate2::read::ZlibDecoder;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diagnostic::nearest;
use crate::model::{OperationModel, ServiceModel, Shape, ShapeId, ShapeKind, ShapeRef, same_name};

pub mod build;
mod compact;
mod convert;

const MAGIC: &[u8; 8] = b"MAITREDM";
const VERSION: u32 = 1;
const HEADER: usize = 16;
/// No section is larger, so that a corrupt length cannot ask for more.
const MAX_SECTION: usize = 64 << 20;
/// Stands for the service's own word in a rule set, see [`RuleSetEntry`]. JSON cannot have it.
const OWN_WORD: char = '\u{1}';

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

/// The service models that there are. Cloning is cheap, and clones share what is decoded.
#[derive(Clone)]
pub struct Models(Arc<Archive>);

struct Archive {
    bytes: Cow<'static, [u8]>,
    body: usize,
    index: Index,
    services: Mutex<HashMap<String, Arc<Service>>>,
}

impl fmt::Debug for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let services = self.0.index.services.len();
        f.debug_struct("Models")
            .field("source", &self.source())
            .field("services", &services)
            .finish()
    }
}

impl Models {
    /// The models that are built into the program.
    ///
    /// # Panics
    /// If the program was built with a damaged archive, which a test rules out.
    #[must_use]
    pub fn embedded() -> Self {
        static EMBEDDED: OnceLock<Models> = OnceLock::new();
        let load = || Self::from_bytes(include_bytes!("models.bin").as_slice());
        EMBEDDED.get_or_init(|| load().expect("the embedded archive is whole")).clone()
    }

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
        let index = serde_json::from_str(&inflate(stored, MAX_SECTION)?).map_err(corrupt)?;
        Ok(Self(Arc::new(Archive { bytes, body, index, services: Mutex::default() })))
    }

    /// Where the models come from, e.g. `botocore 1.43.11`.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.0.index.source
    }

    /// The names of the services, sorted.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.0.index.services.keys().map(String::as_str)
    }

    /// A service, by its name in any casing.
    ///
    /// # Errors
    /// If there is no such service or its model is damaged.
    pub fn service(&self, name: &str) -> Result<Arc<Service>, ModelError> {
        let (name, entry) = self.entry(name)?;
        if let Some(service) = lock(&self.0.services).get(name) {
            return Ok(Arc::clone(service));
        }
        let service = Arc::new(Service::decode(self.0.section(entry.model)?)?);
        lock(&self.0.services).insert(name.to_owned(), Arc::clone(&service));
        Ok(service)
    }

    /// The names of the services that have waiters, sorted.
    pub fn waiter_services(&self) -> impl Iterator<Item = &str> {
        let services = self.0.index.services.iter();
        services.filter(|(_, entry)| entry.waiters.is_some()).map(|(name, _)| name.as_str())
    }

    /// The service's `waiters-2.json`, if it has waiters.
    ///
    /// # Errors
    /// If there is no such service or the file is damaged.
    pub fn waiters(&self, service: &str) -> Result<Option<Value>, ModelError> {
        let (_, entry) = self.entry(service)?;
        let text = entry.waiters.map(|section| self.0.section(section)).transpose()?;
        text.map(|text| serde_json::from_str(&text).map_err(corrupt)).transpose()
    }

    /// The JSON of the service's endpoint rule set.
    pub(super) fn rule_set(&self, service: &str) -> Result<String, ModelError> {
        let (_, entry) = self.entry(service)?;
        Ok(self.0.section(entry.rules.section)?.replace(OWN_WORD, &entry.rules.word))
    }

    /// The JSON of botocore's `partitions.json`.
    pub(super) fn partitions(&self) -> Result<String, ModelError> {
        let section = self.0.index.partitions.ok_or_else(|| corrupt("it has no partitions"))?;
        self.0.section(section)
    }

    fn entry(&self, name: &str) -> Result<(&str, &IndexEntry), ModelError> {
        let services = &self.0.index.services;
        let entry = services
            .get_key_value(name)
            .or_else(|| services.iter().find(|(known, _)| same_name(known, name)));
        entry.map(|(name, entry)| (name.as_str(), entry)).ok_or_else(|| {
            ModelError::UnknownService {
                name: name.to_owned(),
                suggestion: nearest(name, self.services()).map(str::to_owned),
            }
        })
    }
}

impl Archive {
    fn section(&self, Section(offset, stored, length): Section) -> Result<String, ModelError> {
        let start = self.body.checked_add(offset);
        let range = start.and_then(|start| Some(start..start.checked_add(stored)?));
        let stored = range.and_then(|range| self.bytes.get(range));
        let stored = stored.ok_or_else(|| corrupt("a section is cut off"))?;
        let text = inflate(stored, length)?;
        if text.len() == length { Ok(text) } else { Err(corrupt("a section is too short")) }
    }
}

/// The text of a zlib stream, `limit` bytes at most.
fn inflate(stored: &[u8], limit: usize) -> Result<String, ModelError> {
    if limit > MAX_SECTION {
        return Err(corrupt("a section is too long"));
    }
    let mut text = String::new();
    let mut decoder = ZlibDecoder::new(stored).take(limit as u64 + 1);
    decoder.read_to_string(&mut text).map_err(corrupt)?;
    if text.len() > limit { Err(corrupt("a section is too long")) } else { Ok(text) }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let bytes = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u32::from_le_bytes)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is guarded is a cache: whole at any moment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A service, with its operations decoded as they are asked for.
pub struct Service {
    model: ServiceModel,
    text: String,
    /// Where each record ends.
    ends: Vec<usize>,
    operations: Mutex<HashMap<String, Arc<OperationModel>>>,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("model", &self.model).finish_non_exhaustive()
    }
}

impl Service {
    fn decode(text: String) -> Result<Self, ModelError> {
        let ends: Vec<usize> = text.match_indices('\n').map(|(end, _)| end).collect();
        let first = ends.first().and_then(|end| text.get(..*end));
        let first = first.ok_or_else(|| corrupt("a service has no records"))?;
        let model = serde_json::from_str(first).map_err(corrupt)?;
        Ok(Self { model, text, ends, operations: Mutex::default() })
    }

    /// What is known of the service as a whole.
    #[must_use]
    pub fn model(&self) -> &ServiceModel {
        &self.model
    }

    /// An operation, by its name in any casing.
    ///
    /// # Errors
    /// If there is no such operation or its model is damaged.
    pub fn operation(&self, name: &str) -> Result<Arc<OperationModel>, ModelError> {
        let Some(name) = self.model.operation_name(name) else {
            return Err(ModelError::UnknownOperation {
                service: self.model.name.clone(),
                name: name.to_owned(),
                suggestion: self.model.suggest_operation(name).map(str::to_owned),
            });
        };
        if let Some(operation) = lock(&self.operations).get(name) {
            return Ok(Arc::clone(operation));
        }
        let operation = Arc::new(self.decode_operation(name)?);
        lock(&self.operations).insert(name.to_owned(), Arc::clone(&operation));
        Ok(operation)
    }

    fn record<'a, T: Deserialize<'a>>(&'a self, index: usize) -> Result<T, ModelError> {
        let end = self.ends.get(index).copied();
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before));
        let line = end.and_then(|end| self.text.get(start.map_or(0, |start| start + 1)..end));
        let line = line.ok_or_else(|| corrupt("a record is missing"))?;
        serde_json::from_str(line).map_err(corrupt)
    }

    /// Decodes the operation and what it reaches, and numbers the shapes anew.
    fn decode_operation(&self, name: &str) -> Result<OperationModel, ModelError> {
        let operations = &self.model.operations;
        let position = operations.iter().position(|operation| operation == name);
        let position = position.ok_or_else(|| corrupt("an operation is missing"))?;
        let mut operation: OperationModel = self.record(1 + position)?;
        let mut renumber = Renumber::default();
        renumber.operation(&mut operation);
        operation.shapes.clear();
        while let Some(original) = renumber.originals.get(operation.shapes.len()) {
            let record = original.checked_add(1 + operations.len());
            let record = record.ok_or_else(|| corrupt("a shape is missing"))?;
            let mut shape: Shape = self.record(record)?;
            references(&mut shape).into_iter().for_each(|at| renumber.id(&mut at.shape));
            operation.shapes.push(shape);
        }
        let inputs = operation.input.iter().chain(&operation.output);
        if inputs.into_iter().any(|io| operation.shape(io).structure().is_none()) {
            return Err(corrupt("an input or output is not a structure"));
        }
        Ok(operation)
    }
}

/// Numbers shapes in the order in which they are come upon.
#[derive(Default)]
struct Renumber {
    originals: Vec<ShapeId>,
    numbers: HashMap<ShapeId, ShapeId>,
}

impl Renumber {
    fn id(&mut self, id: &mut ShapeId) {
        let originals = &mut self.originals;
        *id = *self.numbers.entry(*id).or_insert_with(|| {
            originals.push(*id);
            originals.len() - 1
        });
    }

    fn operation(&mut self, operation: &mut OperationModel) {
        for reference in operation.input.iter_mut().chain(&mut operation.output) {
            self.id(&mut reference.shape);
        }
        for error in &mut operation.errors {
            self.id(&mut error.shape);
        }
    }
}

/// The shapes that a shape refers to.
fn references(shape: &mut Shape) -> Vec<&mut ShapeRef> {
    match &mut shape.kind {
        ShapeKind::Structure(structure) => {
            structure.members.iter_mut().map(|member| &mut member.target).collect()
        }
        ShapeKind::List(member) => vec![member],
        ShapeKind::Map { key, value } => vec![key, value],
        ShapeKind::String(_)
        | ShapeKind::Boolean
        | ShapeKind::Integer
        | ShapeKind::Long
        | ShapeKind::Float
        | ShapeKind::Double
        | ShapeKind::Timestamp
        | ShapeKind::Blob => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
