//! Waiters in botocore's layout: `<root>/<service>/<api-version>/waiters-2.json`, with the
//! `waiters-2.sdk-extras.json` of the same version merged in; or with only that, which then changes and
//! adds to the built-in ones.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::BadFile;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Invalid;
use crate::file::{self, FileError};
use crate::schema;
use crate::schema::LenientFile;

/// The services below `root` that have waiters.
pub(super) fn services(root: &Path) -> Vec<String> {
    folders(root)
        .into_iter()
        .filter(|folder| [MODEL, EXTRAS].iter().any(|file| newest(folder, file).is_some()))
        .filter_map(|folder| Some(folder.file_name()?.to_string_lossy().into_owned()))
        .collect()
}

/// The built-in waiter of a name, as JSON: what extras without a `waiters-2.json` change.
pub(super) type BuiltIn<'a> = dyn Fn(&str) -> Option<Value> + 'a;

/// The waiters of `service` below one of `roots`, from its newest API version; `None` if there are
/// none. Those that cannot be used are told apart.
pub(super) fn load(
    roots: &[PathBuf],
    root: &Path,
    service: &str,
    built_in: &BuiltIn<'_>,
) -> Option<(PathBuf, Result<LenientFile, Box<BadFile>>)> {
    // A service is a name, not a path out of the root.
    if service.contains(['/', '\\']) || service.starts_with('.') {
        return None;
    }
    let (path, value) = match newest(&root.join(service), MODEL) {
        Some((version, path)) => {
            let extras = extras(roots, service, &version);
            let value = read_json(&path).and_then(|model| merged(model, extras.as_deref()));
            (path, value)
        }
        None => {
            let (version, path) = newest(&root.join(service), EXTRAS)?;
            let beside = Path::new(service).join(version).join(MODEL);
            // They were merged in there.
            if roots.iter().any(|root| find(&root.join(&beside)).is_some()) {
                return None;
            }
            let value = changed(&path, built_in);
            (path, value)
        }
    };
    let bad = |problems| Box::new(BadFile { path: path.clone(), text: String::new(), problems });
    let file = value.and_then(|value| schema::parse_lenient(&value).map_err(bad));
    Some((path, file))
}

const MODEL: &str = "waiters-2.json";
const EXTRAS: &str = "waiters-2.sdk-extras.json";

/// The newest API version that has the file, and the file: names of versions sort by date.
fn newest(service: &Path, file: &str) -> Option<(String, PathBuf)> {
    let versions = folders(service).into_iter();
    let found = versions.filter_map(|folder| {
        Some((folder.file_name()?.to_string_lossy().into_owned(), find(&folder.join(file))?))
    });
    found.max()
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect()
}

/// The extras of that version in the first of `roots` that has any.
fn extras(roots: &[PathBuf], service: &str, version: &str) -> Option<PathBuf> {
    roots.iter().find_map(|root| find(&root.join(service).join(version).join(EXTRAS)))
}

fn merged(mut model: Value, extras: Option<&Path>) -> Result<Value, Box<BadFile>> {
    if let Some(extras) = extras {
        let mut extras = read_json(extras)?;
        if let Some(extras) = extras.get_mut("merge") {
            merge(&mut model, extras.take());
        }
    }
    Ok(model)
}

/// The built-in waiters that the extras name, as the extras change them, and those that they add.
fn changed(extras: &Path, built_in: &BuiltIn<'_>) -> Result<Value, Box<BadFile>> {
    let mut extras = read_json(extras)?;
    let mut waiters = serde_json::Map::new();
    if let Some(Value::Object(changes)) = extras.pointer_mut("/merge/waiters").map(Value::take) {
        for (name, change) in changes {
            let mut waiter = built_in(&name).unwrap_or_default();
            merge(&mut waiter, change);
            waiters.insert(name, waiter);
        }
    }
    Ok(serde_json::json!({ "version": 2, "waiters": waiters }))
}

/// botocore's `deep_merge`: objects are merged, everything else is replaced.
fn merge(base: &mut Value, extra: Value) {
    match (base, extra) {
        (Value::Object(base), Value::Object(extra)) => {
            for (key, value) in extra {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, extra) => *base = extra,
    }
}

/// The file, or the file with `.gz` at the end, as botocore looks for it.
fn find(path: &Path) -> Option<PathBuf> {
    let compressed = path.with_added_extension(GZ);
    [path.to_owned(), compressed].into_iter().find(|path| path.is_file())
}

const GZ: &str = "gz";

fn read_json(path: &Path) -> Result<Value, Box<BadFile>> {
    let text = match path.extension() {
        Some(extension) if extension == GZ => read_compressed(path)?,
        _ => read_text(path)?,
    };
    serde_json::from_str(&text).map_err(|error| {
        let problems = Invalid::new(vec![Diagnostic::error("json", "", error.to_string())]);
        Box::new(BadFile { path: path.to_owned(), text, problems })
    })
}

#[cfg(feature = "aws")]
fn read_compressed(path: &Path) -> Result<String, Box<BadFile>> {
    let file = file::open(path).map_err(|error| unreadable(path, &error))?;
    let bytes = file::all(flate2::read::GzDecoder::new(file), schema::MAX_FILE as u64);
    bytes.and_then(file::as_text).map_err(|error| unreadable(path, &error))
}

#[cfg(not(feature = "aws"))]
fn read_compressed(path: &Path) -> Result<String, Box<BadFile>> {
    Err(problem(path, "is compressed, which this program is built without".to_owned()))
}

/// The text of a file that is not larger than a waiter file can be.
pub(super) fn read_text(path: &Path) -> Result<String, Box<BadFile>> {
    file::text(path, schema::MAX_FILE as u64).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &FileError) -> Box<BadFile> {
    problem(path, error.to_string())
}

fn problem(path: &Path, message: String) -> Box<BadFile> {
    let problems = Invalid::new(vec![Diagnostic::error("file", "", message)]);
    Box::new(BadFile { path: path.to_owned(), text: String::new(), problems })
}
