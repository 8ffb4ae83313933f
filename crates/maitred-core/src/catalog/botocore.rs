//! Waiters in botocore's layout: `<root>/<service>/<api-version>/waiters-2.json`, with the
//! `waiters-2.sdk-extras.json` of the same version merged in. A folder with only the extras changes and adds
//! to the built-in waiters.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::BadFile;
use super::lenient::{LenientFile, parse_lenient};
use super::reader::MAX_FILE;
use crate::data_path::{self, DataFileError};
use crate::diagnostic::{Diagnostic, Invalid};

const WAITERS: &str = "waiters-2";

/// The services below `root` that have waiters.
pub(super) fn services(root: &Path) -> Vec<String> {
    let kinds = [WAITERS.to_owned(), data_path::extras_of(WAITERS)];
    let has = |service: &String| {
        kinds.iter().any(|kind| data_path::newest(root, service, kind).is_some())
    };
    data_path::folders(root).into_iter().filter(has).collect()
}

/// Looks up a built-in waiter by name, as JSON, for extras without a `waiters-2.json`.
pub(super) type BuiltIn<'a> = dyn Fn(&str) -> Option<Value> + 'a;

/// The waiters of the newest API version of `service` below `root`, one of `roots`; `None` if there are none.
pub(super) fn load(
    roots: &[PathBuf],
    root: &Path,
    service: &str,
    built_in: &BuiltIn<'_>,
) -> Option<(PathBuf, Result<LenientFile, Box<BadFile>>)> {
    let (path, value) = match data_path::newest(root, service, WAITERS) {
        Some((version, path)) => {
            let extras = data_path::extras(roots, service, &version, WAITERS);
            let value = read_json(&path).and_then(|waiters| merged(waiters, extras.as_deref()));
            (path, value)
        }
        None => {
            let (version, path) = data_path::newest(root, service, &data_path::extras_of(WAITERS))?;
            let beside = Path::new(service).join(version).join(format!("{WAITERS}.json"));
            // That root merges them in.
            if roots.iter().any(|root| data_path::find(&root.join(&beside)).is_some()) {
                return None;
            }
            let value = changed(&path, built_in);
            (path, value)
        }
    };
    let bad = |problems| BadFile::new(&path, String::new(), problems);
    let file = value.and_then(|value| parse_lenient(&value).map_err(bad));
    Some((path, file))
}

fn merged(mut waiters: Value, extras: Option<&Path>) -> Result<Value, Box<BadFile>> {
    if let Some(extras) = extras {
        data_path::merge_extras(&mut waiters, read_json(extras)?);
    }
    Ok(waiters)
}

/// The built-in waiters that the extras name, with their changes, and the waiters that they add.
fn changed(extras: &Path, built_in: &BuiltIn<'_>) -> Result<Value, Box<BadFile>> {
    let mut extras = read_json(extras)?;
    let mut waiters = serde_json::Map::new();
    if let Some(Value::Object(changes)) = extras.pointer_mut("/merge/waiters").map(Value::take) {
        for (name, change) in changes {
            let mut waiter = built_in(&name).unwrap_or_default();
            data_path::merge(&mut waiter, change);
            waiters.insert(name, waiter);
        }
    }
    Ok(serde_json::json!({ "version": 2, "waiters": waiters }))
}

fn read_json(path: &Path) -> Result<Value, Box<BadFile>> {
    data_path::read(path, MAX_FILE as u64).map_err(|error| {
        let (rule, message) = match &error {
            DataFileError::Json { .. } => ("json", error.to_string()),
            DataFileError::File(_) | DataFileError::Compressed => ("file", error.to_string()),
        };
        let text = match error {
            DataFileError::Json { text, .. } => text,
            DataFileError::File(_) | DataFileError::Compressed => String::new(),
        };
        let problems = Invalid::new(vec![Diagnostic::error(rule, "", message)]);
        BadFile::new(path, text, problems)
    })
}
