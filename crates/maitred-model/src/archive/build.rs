//! Building an archive from botocore's data directory.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::{Value, json};

use super::compact::compact;
use super::convert::convert;
use super::data::{self, PAGINATORS, add_paginators};
use super::error::ModelError;
use super::format::{
    Index, IndexEntry, MAGIC, MAX_SECTION, OWN_WORD, RuleSetEntry, Section, VERSION,
};
use super::records::lines;
use maitred_core::data_path::{find, merge_extras};
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

/// Builds the archive of `services`, or of all of them if there are none, from `data`: the
/// directory `botocore/data` of an installed botocore.
///
/// The same data gives the same bytes.
///
/// # Errors
/// If a file is missing, cannot be read, or has something unknown.
pub fn build(data: &Path, services: &[String]) -> Result<Vec<u8>, BuildError> {
    let mut archive = Writer::default();
    archive.index.source = source(data);
    archive.index.partitions = Some(
        archive.add(&without_documentation(read(&data.join("partitions.json"))?).to_string())?,
    );
    let names = if services.is_empty() { all_services(data)? } else { services.to_vec() };
    for name in names {
        let entry = archive.service(&data.join(&name), &name)?;
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

    fn service(&mut self, directory: &Path, name: &str) -> Result<IndexEntry, BuildError> {
        let directory = latest_version(directory)?;
        let mut model = read(&directory.join("service-2.json"))?;
        if let Some(extras) = find(&directory.join("service-2.sdk-extras.json")) {
            merge_extras(&mut model, read_file(&extras)?);
        }
        if let Some(path) = find(&directory.join(format!("{PAGINATORS}.json"))) {
            let mut paginators = read_file(&path)?;
            if let Some(extras) = find(&directory.join(format!("{PAGINATORS}.sdk-extras.json"))) {
                merge_extras(&mut paginators, read_file(&extras)?);
            }
            add_paginators(&mut model, paginators);
        }
        let mut records = convert(name, &model).map_err(|why| BuildError::new(name, why))?;
        compact(&mut records);
        let text = lines(&records).map_err(|why| BuildError::new(name, why))?;
        let rules = read(&directory.join("endpoint-rule-set-1.json"))?;
        let rules = without_documentation(rules).to_string();
        let waiters = directory.join("waiters-2.json");
        let waiters = find(&waiters).map(|path| read_file(&path)).transpose()?;
        // Most files have no waiters.
        let has_any = |file: &Value| file.get("waiters").is_some_and(|all| all != &json!({}));
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

fn all_services(data: &Path) -> Result<Vec<String>, BuildError> {
    let is_service = |name: &String| {
        latest_version(&data.join(name))
            .is_ok_and(|directory| find(&directory.join("service-2.json")).is_some())
    };
    let mut names = entries(data)?;
    names.retain(is_service);
    Ok(names)
}

fn entries(directory: &Path) -> Result<Vec<String>, BuildError> {
    let failed = |why| BuildError::new(directory.display().to_string(), why);
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        names.extend(entry.map_err(failed)?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

/// API versions are dates, so the last one by name is the latest.
fn latest_version(service: &Path) -> Result<PathBuf, BuildError> {
    let mut versions = entries(service)?;
    versions.retain(|version| service.join(version).is_dir());
    let latest = versions.pop().map(|version| service.join(version));
    latest.ok_or_else(|| BuildError::new(service.display().to_string(), "has no API version"))
}

fn read(path: &Path) -> Result<Value, BuildError> {
    let missing = || BuildError::new(path.display().to_string(), "does not exist");
    read_file(&find(path).ok_or_else(missing)?)
}

fn read_file(path: &Path) -> Result<Value, BuildError> {
    data::read(path).map_err(|error| {
        let why = match error {
            ModelError::BadFile { why, .. } => why,
            other @ (ModelError::UnknownService { .. }
            | ModelError::UnknownOperation { .. }
            | ModelError::Corrupt(_)) => other.to_string(),
        };
        BuildError::new(path.display().to_string(), why)
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
