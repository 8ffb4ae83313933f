//! Service models in folders of botocore's layout, `<folder>/<service>/<api-version>/<type>.json`.
//!
//! They are looked up as botocore's loader does: the folders in order, the newest API version, `.json`
//! before `.json.gz`, and what `<type>.sdk-extras.json` of the same version has under `merge` put in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde_json::Value;

use super::convert::PAGINATOR;
use super::{MAX_SECTION, ModelError};
use crate::file::{self, FileError};
use crate::model::same_name;

/// Operations and shapes of a service.
pub(super) const SERVICE: &str = "service-2";
/// Which of its operations have pages.
pub(super) const PAGINATORS: &str = "paginators-1";
/// Where its calls go.
pub(super) const RULE_SET: &str = "endpoint-rule-set-1";

/// Folders in botocore's layout; the first one that has a file wins.
#[derive(Debug, Clone, Default)]
pub(super) struct DataPaths(Vec<PathBuf>);

/// A file that was read, with its extras merged in.
#[derive(Debug)]
pub(super) struct DataFile {
    /// The file, or its extras where there are only those.
    pub(super) path: PathBuf,
    /// What it says.
    pub(super) value: Value,
}

impl DataPaths {
    pub(super) fn new(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self(paths.into_iter().collect())
    }

    /// The service's file of that type; `None` if no folder has one.
    ///
    /// # Errors
    /// If it or its extras cannot be read, or are not JSON.
    pub(super) fn load(&self, service: &str, kind: &str) -> Result<Option<DataFile>, ModelError> {
        let found = self.0.iter().find_map(|root| latest(root, service, kind));
        let Some((version, path)) = found else { return Ok(None) };
        let mut value = read(&path)?;
        let version = Path::new(service).join(version);
        let extras = format!("{kind}.sdk-extras.json");
        let extras = self.0.iter().find_map(|root| find(&root.join(&version).join(&extras)));
        if let Some(extras) = extras {
            merge_extras(&mut value, &read(&extras)?);
        }
        Ok(Some(DataFile { path, value }))
    }

    /// The extras of a service whose file of that type is in no folder.
    pub(super) fn only_extras(&self, service: &str, kind: &str) -> Option<PathBuf> {
        let extras = format!("{kind}.sdk-extras");
        self.0.iter().find_map(|root| latest(root, service, &extras)).map(|(_, path)| path)
    }

    /// A file that is of no service, such as `partitions.json`.
    ///
    /// # Errors
    /// If it cannot be read, or is not JSON.
    pub(super) fn load_general(&self, name: &str) -> Result<Option<Value>, ModelError> {
        let found = self.0.iter().find_map(|root| find(&root.join(name)));
        found.map(|path| read(&path)).transpose()
    }

    /// The service's name as its folder has it, for any casing of it.
    pub(super) fn name(&self, service: &str) -> Option<String> {
        if self.0.iter().any(|root| latest(root, service, SERVICE).is_some()) {
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
                if let Some((_, path)) = latest(root, &name, SERVICE) {
                    found.entry(name).or_insert(path);
                }
            }
        }
        found
    }
}

fn services(root: &Path) -> impl Iterator<Item = String> {
    names(root).into_iter().filter(|name| latest(root, name, SERVICE).is_some())
}

/// The newest API version below `root` that has a file of that type, and the file. Versions are dates,
/// so the last one by name is the newest.
fn latest(root: &Path, service: &str, kind: &str) -> Option<(String, PathBuf)> {
    // A service is a name, not a path out of the folder.
    if service.is_empty() || service.contains(['/', '\\']) || service.starts_with('.') {
        return None;
    }
    let folder = root.join(service);
    let file = format!("{kind}.json");
    let versions = names(&folder).into_iter();
    versions.filter_map(|version| Some((find(&folder.join(&version).join(&file))?, version))).fold(
        None,
        |newest: Option<(String, PathBuf)>, (path, version)| match newest {
            Some(newest) if newest.0 > version => Some(newest),
            _ => Some((version, path)),
        },
    )
}

/// What is in a folder; nothing if there is no such folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
}

/// The file, or the file with `.gz` at the end, as botocore looks for it.
pub(super) fn find(path: &Path) -> Option<PathBuf> {
    let compressed = path.with_added_extension("gz");
    [path.to_owned(), compressed].into_iter().find(|path| path.is_file())
}

/// The JSON of a file, which is compressed if its name says so.
///
/// # Errors
/// If it cannot be read, is not JSON, or is larger than any model.
pub(super) fn read(path: &Path) -> Result<Value, ModelError> {
    let bad =
        |why: &dyn ToString| ModelError::BadFile { path: path.to_owned(), why: why.to_string() };
    let most = MAX_SECTION as u64;
    let file = file::open(path).map_err(|error| bad(&error))?;
    let bytes = if path.extension().is_some_and(|extension| extension == "gz") {
        file::all(GzDecoder::new(file), most)
    } else {
        file::all(file, most)
    };
    let bytes = bytes.map_err(|error| match error {
        FileError::TooLong(_) => bad(&format!("{error}, which no model is")),
        FileError::NotRegular | FileError::NotText | FileError::Io(_) => bad(&error),
    })?;
    serde_json::from_slice(&bytes).map_err(|error| bad(&error))
}

/// Puts a service's paginators into the operations of its model.
pub(super) fn add_paginators(model: &mut Value, mut paginators: Value) {
    let Some(Value::Object(paginators)) = paginators.get_mut("pagination") else { return };
    for (operation, paginator) in std::mem::take(paginators) {
        // An operation that is gone may have left its paginator behind.
        let operation = model.get_mut("operations").and_then(|all| all.get_mut(operation));
        if let Some(Value::Object(operation)) = operation
            && paginator.get("result_key").is_some()
        {
            operation.insert(PAGINATOR.to_owned(), paginator);
        }
    }
}

/// Puts what an extras file has under `merge` into a model.
pub(super) fn merge_extras(model: &mut Value, extras: &Value) {
    extras.get("merge").into_iter().for_each(|extras| merge(model, extras));
}

/// botocore's `deep_merge`: objects are merged, everything else is replaced.
fn merge(base: &mut Value, extras: &Value) {
    match (base, extras) {
        (Value::Object(base), Value::Object(extras)) => {
            for (key, extra) in extras {
                merge(base.entry(key.as_str()).or_insert(Value::Null), extra);
            }
        }
        (base, extras) => extras.clone_into(base),
    }
}
