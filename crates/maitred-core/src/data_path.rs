//! Files in botocore's layout, `<root>/<service>/<api-version>/<type>.json`, looked up as botocore's loader
//! does: the newest API version, `.json` before `.json.gz`, and what `<type>.sdk-extras.json` has under
//! `merge` put in.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::file::{self, FileError};

/// The end of the name of a file that is compressed.
const GZ: &str = "gz";

/// A file of a data path that cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum DataFileError {
    /// It cannot be read.
    File(FileError),
    /// It is not JSON.
    Json {
        /// The text.
        text: String,
        /// The problem.
        error: serde_json::Error,
    },
    /// It is compressed, and the program was built without support for that.
    Compressed,
}

impl fmt::Display for DataFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Json { error, .. } => error.fmt(f),
            Self::Compressed => f.write_str("is compressed, which this program is built without"),
        }
    }
}

impl std::error::Error for DataFileError {}

/// The names of the folders in `root`; empty if there is no such folder.
#[must_use]
pub fn folders(root: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// The newest API version of `service` below `root` that has the file `<kind>.json`, and the file. Versions
/// are dates, so the last one by name is the newest.
#[must_use]
pub fn newest(root: &Path, service: &str, kind: &str) -> Option<(String, PathBuf)> {
    // Prevents paths out of the root.
    if service.is_empty() || service.contains(['/', '\\']) || service.starts_with('.') {
        return None;
    }
    let folder = root.join(service);
    let file = format!("{kind}.json");
    let versions = folders(&folder).into_iter();
    versions
        .filter_map(|version| Some((version.clone(), find(&folder.join(version).join(&file))?)))
        .max()
}

/// The extras of `<service>/<version>/<kind>.json` in the first of `roots` that has them.
#[must_use]
pub fn extras(roots: &[PathBuf], service: &str, version: &str, kind: &str) -> Option<PathBuf> {
    let place = Path::new(service).join(version).join(format!("{}.json", extras_of(kind)));
    roots.iter().find_map(|root| find(&root.join(&place)))
}

/// The type of the extras of files of the type `kind`.
#[must_use]
pub fn extras_of(kind: &str) -> String {
    format!("{kind}.sdk-extras")
}

/// The file, or the file with `.gz` at the end, as botocore looks for it.
#[must_use]
pub fn find(path: &Path) -> Option<PathBuf> {
    let compressed = path.with_added_extension(GZ);
    [path.to_owned(), compressed].into_iter().find(|path| path.is_file())
}

/// Reads a JSON file of at most `most` bytes, which is decompressed if its name ends in `.gz`.
///
/// # Errors
/// The file cannot be read, is not JSON, or is longer.
pub fn read(path: &Path, most: u64) -> Result<Value, DataFileError> {
    let file = file::open(path).map_err(DataFileError::File)?;
    let bytes = match path.extension() {
        Some(extension) if extension == GZ => read_compressed(file, most)?,
        _ => file::all(file, most).map_err(DataFileError::File)?,
    };
    let text = file::as_text(bytes).map_err(DataFileError::File)?;
    serde_json::from_str(&text).map_err(|error| DataFileError::Json { text, error })
}

#[cfg(feature = "gzip")]
fn read_compressed(file: File, most: u64) -> Result<Vec<u8>, DataFileError> {
    file::all(flate2::read::GzDecoder::new(file), most).map_err(DataFileError::File)
}

#[cfg(not(feature = "gzip"))]
fn read_compressed(_: File, _: u64) -> Result<Vec<u8>, DataFileError> {
    Err(DataFileError::Compressed)
}

/// botocore's `deep_merge`: objects are merged, everything else is replaced.
pub fn merge(base: &mut Value, extra: Value) {
    match (base, extra) {
        (Value::Object(base), Value::Object(extra)) => {
            for (key, value) in extra {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, extra) => *base = extra,
    }
}

/// Merges the value under `merge` of an extras file into the file that it extends.
pub fn merge_extras(base: &mut Value, mut extras: Value) {
    if let Some(extras) = extras.get_mut("merge") {
        merge(base, extras.take());
    }
}
