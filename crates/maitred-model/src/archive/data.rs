//! Service models in folders of botocore's layout, `<folder>/<service>/<api-version>/<type>.json`.
//!
//! They are looked up as botocore's loader does: in the order of the folders; for the rest see [`data_path`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::convert::PAGINATOR;
use super::error::ModelError;
use super::format::MAX_SECTION;
use maitred_core::data_path::{self, DataFileError, find, newest};
use maitred_core::file::FileError;
use maitred_core::names::same_name;

/// The type of files with the operations and shapes of a service.
pub(super) const SERVICE: &str = "service-2";
/// The type of files with the paginators of its operations.
const PAGINATORS: &str = "paginators-1";
/// The type of files with its endpoint rule set.
pub(super) const RULE_SET: &str = "endpoint-rule-set-1";
/// The type of files with its waiters.
pub(super) const WAITERS: &str = "waiters-2";

/// Folders in botocore's layout; the first one that has a file wins.
#[derive(Debug, Clone, Default)]
pub(super) struct DataPaths(Vec<PathBuf>);

/// A file that was read, with its extras merged in.
#[derive(Debug)]
pub(super) struct DataFile {
    /// The file, or its extras if there are only those.
    pub(super) path: PathBuf,
    /// The content.
    pub(super) value: Value,
}

impl DataPaths {
    pub(super) fn new(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self(paths.into_iter().collect())
    }

    /// The service's model with its paginators; `None` if no folder has one.
    ///
    /// # Errors
    /// As [`DataPaths::load`].
    pub(super) fn model(&self, service: &str) -> Result<Option<DataFile>, ModelError> {
        let Some(mut model) = self.load(service, SERVICE)? else { return Ok(None) };
        if let Some(paginators) = self.load(service, PAGINATORS)? {
            add_paginators(&mut model.value, paginators.value);
        }
        Ok(Some(model))
    }

    /// The service's file of that type; `None` if no folder has one.
    ///
    /// # Errors
    /// If it or its extras cannot be read, or are not JSON.
    pub(super) fn load(&self, service: &str, kind: &str) -> Result<Option<DataFile>, ModelError> {
        let found = self.0.iter().find_map(|root| newest(root, service, kind));
        let Some((version, path)) = found else { return Ok(None) };
        let mut value = read(&path)?;
        if let Some(extras) = data_path::extras(&self.0, service, &version, kind) {
            data_path::merge_extras(&mut value, read(&extras)?);
        }
        Ok(Some(DataFile { path, value }))
    }

    /// The extras of a service whose file of that type is in no folder.
    pub(super) fn only_extras(&self, service: &str, kind: &str) -> Option<PathBuf> {
        let extras = data_path::extras_of(kind);
        self.0.iter().find_map(|root| newest(root, service, &extras)).map(|(_, path)| path)
    }

    /// A file that belongs to no service, such as `partitions.json`.
    ///
    /// # Errors
    /// If it cannot be read, or is not JSON.
    pub(super) fn load_general(&self, name: &str) -> Result<Option<Value>, ModelError> {
        let found = self.0.iter().find_map(|root| find(&root.join(name)));
        found.map(|path| read(&path)).transpose()
    }

    /// The name of the service's folder, for any casing of `service`.
    pub(super) fn name(&self, service: &str) -> Option<String> {
        if self.0.iter().any(|root| newest(root, service, SERVICE).is_some()) {
            return Some(service.to_owned());
        }
        let is_meant = |name: &String| same_name(name, service);
        self.0.iter().find_map(|root| services(root).find(is_meant))
    }

    /// The services that have a model, and its file.
    pub(super) fn services(&self) -> BTreeMap<String, PathBuf> {
        let mut found = BTreeMap::new();
        for root in &self.0 {
            for name in services(root) {
                if let Some((_, path)) = newest(root, &name, SERVICE) {
                    found.entry(name).or_insert(path);
                }
            }
        }
        found
    }
}

fn services(root: &Path) -> impl Iterator<Item = String> {
    data_path::folders(root).into_iter().filter(|name| newest(root, name, SERVICE).is_some())
}

/// Reads a JSON file, which is decompressed if its name ends in `.gz`.
///
/// # Errors
/// If it cannot be read, is not JSON, or is larger than any model.
fn read(path: &Path) -> Result<Value, ModelError> {
    data_path::read(path, MAX_SECTION as u64).map_err(|error| {
        let why = match &error {
            DataFileError::File(FileError::TooLong(_)) => format!("{error}, which no model is"),
            DataFileError::File(_) | DataFileError::Json { .. } | DataFileError::Compressed | _ => {
                error.to_string()
            }
        };
        ModelError::BadFile { path: path.to_owned(), why }
    })
}

/// Merges a service's paginators into the operations of its model.
fn add_paginators(model: &mut Value, mut paginators: Value) {
    let Some(Value::Object(paginators)) = paginators.get_mut("pagination") else { return };
    for (operation, paginator) in std::mem::take(paginators) {
        // There may be paginators of operations that no longer exist.
        let operation = model.get_mut("operations").and_then(|all| all.get_mut(operation));
        if let Some(Value::Object(operation)) = operation
            && paginator.get("result_key").is_some()
        {
            operation.insert(PAGINATOR.to_owned(), paginator);
        }
    }
}
