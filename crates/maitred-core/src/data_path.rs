//! Files in botocore's layout, `<root>/<service>/<api-version>/<type>.json`.
//!
//! They are looked up as in botocore's loader: the newest API version, and `.json` before `.json.gz`. The
//! value under `merge` of `<type>.sdk-extras.json` is merged in.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::Value;
use thiserror::Error;

use crate::file::{self, FileError};

/// The extension of a compressed file.
const GZ: &str = "gz";

/// An error of a file of a data path. `Display` begins with a verb, to follow the file's name.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataFileError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not JSON.
    #[error("{error}")]
    Json {
        /// The text.
        text: String,
        /// The problem.
        error: serde_json::Error,
    },
    /// The file is compressed, and the program was built without support for that.
    #[error("is compressed, which this program is built without")]
    Compressed,
}

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
    let file = file::open(path)?;
    let bytes = match path.extension() {
        Some(extension) if extension == GZ => read_compressed(file, most)?,
        _ => file::all(file, most)?,
    };
    let text = file::as_text(bytes)?;
    serde_json::from_str(&text).map_err(|error| DataFileError::Json { text, error })
}

#[cfg(feature = "gzip")]
fn read_compressed(file: File, most: u64) -> Result<Vec<u8>, DataFileError> {
    Ok(file::all(flate2::read::GzDecoder::new(file), most)?)
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
