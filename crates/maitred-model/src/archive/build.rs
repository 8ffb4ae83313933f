//! Building an archive from botocore's data directory.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::Value;

use super::compact::compact;
use super::convert::convert;
use super::data::{DataPaths, RULE_SET, WAITERS};
use super::error::ModelError;
use super::format::{
    Index, IndexEntry, MAGIC, MAX_SECTION, OWN_WORD, RuleSetEntry, Section, VERSION,
};
use super::records::lines;
use maitred_core::file;

/// An archive that cannot be built, with the file or service and the problem.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub struct BuildError {
    what: String,
    why: String,
}

impl BuildError {
    fn new(what: impl Into<String>, why: impl ToString) -> Self {
        Self { what: what.into(), why: why.to_string() }
    }
}

impl From<ModelError> for BuildError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::BadFile { path, why } => Self::new(path.display().to_string(), why),
            other @ (ModelError::UnknownService { .. }
            | ModelError::UnknownOperation { .. }
            | ModelError::Corrupt(_)) => Self::new("the models", other),
        }
    }
}

/// Builds the archive of `services`, or of all of them if there are none, from `data`: the
/// directory `botocore/data` of an installed botocore.
///
/// The same data gives the same bytes.
///
/// # Errors
/// If a file is missing, cannot be read, or has something unknown.
pub fn build(data: &Path, services: &[String]) -> Result<Vec<u8>, BuildError> {
    let paths = DataPaths::new([data.to_owned()]);
    let mut archive = Writer::default();
    archive.index.source = source(data);
    let partitions = paths.load_general("partitions.json")?;
    let partitions = partitions.ok_or_else(|| {
        BuildError::new(data.join("partitions.json").display().to_string(), "does not exist")
    })?;
    archive.index.partitions = Some(archive.add(&without_documentation(partitions).to_string())?);
    let all = || paths.services().into_keys().collect();
    for name in if services.is_empty() { all() } else { services.to_vec() } {
        let entry = archive.service(&paths, &name)?;
        archive.index.services.insert(name, entry);
    }
    archive.finish()
}

#[derive(Default)]
struct Writer {
    index: Index,
    body: Vec<u8>,
    rule_sets: HashMap<String, Section>,
}

impl Writer {
    fn add(&mut self, text: &str) -> Result<Section, BuildError> {
        let stored = deflate(text.as_bytes())?;
        let section = Section(self.body.len(), stored.len(), text.len());
        if text.len() > MAX_SECTION {
            return Err(BuildError::new("a section", "is too long"));
        }
        self.body.extend_from_slice(&stored);
        Ok(section)
    }

    fn service(&mut self, paths: &DataPaths, name: &str) -> Result<IndexEntry, BuildError> {
        let missing = |what: &str| BuildError::new(name, format!("has no {what}"));
        let model = paths.model(name)?.ok_or_else(|| missing("model"))?;
        let mut records = convert(name, &model.value).map_err(|why| BuildError::new(name, why))?;
        compact(&mut records);
        let text = lines(&records).map_err(|why| BuildError::new(name, why))?;
        let rules = paths.load(name, RULE_SET)?.ok_or_else(|| missing("endpoint rule set"))?;
        let rules = without_documentation(rules.value).to_string();
        let waiters = paths.load(name, WAITERS)?.map(|file| file.value);
        // Most files have no waiters.
        let has_any = |file: &Value| {
            let waiters = file.get("waiters").and_then(Value::as_object);
            waiters.is_some_and(|waiters| !waiters.is_empty())
        };
        let waiters = waiters.filter(has_any);
        Ok(IndexEntry {
            model: self.add(&text)?,
            rules: self.rule_set(&rules, &records.service.endpoint_prefix)?,
            waiters: waiters.map(|waiters| self.add(&waiters.to_string())).transpose()?,
        })
    }

    /// Adds a rule set, unless another service has the same one except for its own word.
    fn rule_set(&mut self, rules: &str, word: &str) -> Result<RuleSetEntry, BuildError> {
        let shared = rules.replace(word, &OWN_WORD.to_string());
        let section = match self.rule_sets.get(&shared) {
            Some(section) => *section,
            None => self.add(&shared)?,
        };
        self.rule_sets.insert(shared, section);
        Ok(RuleSetEntry { section, word: word.to_owned() })
    }

    fn finish(self) -> Result<Vec<u8>, BuildError> {
        let failed = |why: &dyn ToString| BuildError::new("the index", why.to_string());
        let index = serde_json::to_vec(&self.index).map_err(|error| failed(&error))?;
        let index = deflate(&index)?;
        let length = u32::try_from(index.len()).map_err(|error| failed(&error))?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&index);
        bytes.extend_from_slice(&self.body);
        Ok(bytes)
    }
}

fn deflate(bytes: &[u8]) -> Result<Vec<u8>, BuildError> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.map_err(|why| BuildError::new("compression", why))
}

/// The largest `__init__.py` that is read, in bytes.
const MAX_INIT: u64 = 1024 * 1024;

/// `botocore` and its version, if it is known.
fn source(data: &Path) -> String {
    let init = data.parent().map(|package| package.join("__init__.py"));
    let text = init.and_then(|init| file::text(&init, MAX_INIT).ok()).unwrap_or_default();
    let version = text.lines().find_map(|line| line.strip_prefix("__version__ = "));
    version.map_or("botocore".to_owned(), |version| {
        format!("botocore {}", version.trim_matches(['\'', '"']))
    })
}

fn without_documentation(value: Value) -> Value {
    match value {
        Value::Object(entries) => {
            let entries = entries
                .into_iter()
                .filter(|(key, value)| key != "documentation" || !value.is_string());
            Value::Object(entries.map(|(key, value)| (key, without_documentation(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_documentation).collect()),
        scalar @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => scalar,
    }
}
