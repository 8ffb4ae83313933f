//! Waiters in botocore's layout: `<root>/<service>/<api-version>/waiters-2.json`, with the
//! `waiters-2.sdk-extras.json` beside it merged in.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::BadFile;
use crate::config::WaiterFile;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Invalid;
use crate::diagnostic::fold;
use crate::schema;
use crate::schema::LenientFile;

/// The services below `root` that have waiters.
pub(super) fn services(root: &Path) -> Vec<String> {
    folders(root)
        .into_iter()
        .filter(|folder| latest(folder).is_some())
        .filter_map(|folder| Some(folder.file_name()?.to_string_lossy().into_owned()))
        .collect()
}

/// The waiters of `service` below `root`, from its newest API version; `None` if there are none.
/// Those that cannot be used are left out, but an error if they are what is `wanted`.
pub(super) fn load(
    root: &Path,
    service: &str,
    wanted: Option<&str>,
) -> Option<Result<(PathBuf, WaiterFile), Box<BadFile>>> {
    // A service is a name, not a path out of the root.
    if service.contains(['/', '\\']) || service.starts_with('.') {
        return None;
    }
    let version = latest(&root.join(service))?;
    let path =
        [version.join(MODEL), version.join(EXTRAS)].into_iter().find(|path| path.is_file())?;
    let bad = |problems| Box::new(BadFile { path: path.clone(), text: String::new(), problems });
    let file = merged(&version).and_then(|value| {
        let LenientFile { file, mut unusable } = schema::parse_lenient(&value).map_err(bad)?;
        let name = unusable.keys().find(|name| wanted.is_some_and(|wanted| fold(name) == wanted));
        match name.cloned().and_then(|name| unusable.remove(&name)) {
            Some(problems) => Err(bad(problems)),
            None => Ok(file),
        }
    });
    Some(file.map(|file| (path.clone(), file)))
}

const MODEL: &str = "waiters-2.json";
const EXTRAS: &str = "waiters-2.sdk-extras.json";

/// The newest folder that has waiters: names of API versions sort by date.
fn latest(service: &Path) -> Option<PathBuf> {
    let versions = folders(service).into_iter();
    versions.filter(|folder| folder.join(MODEL).is_file() || folder.join(EXTRAS).is_file()).max()
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect()
}

fn merged(version: &Path) -> Result<Value, Box<BadFile>> {
    let mut model = match version.join(MODEL) {
        path if path.is_file() => read_json(&path)?,
        _ => serde_json::json!({ "version": 2, "waiters": {} }),
    };
    let extras = version.join(EXTRAS);
    if extras.is_file() {
        let mut extras = read_json(&extras)?;
        if let Some(extras) = extras.get_mut("merge") {
            merge(&mut model, extras.take());
        }
    }
    Ok(model)
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

fn read_json(path: &Path) -> Result<Value, Box<BadFile>> {
    let text = read_text(path)?;
    serde_json::from_str(&text).map_err(|error| {
        let problems = Invalid::new(vec![Diagnostic::error("json", "", error.to_string())]);
        Box::new(BadFile { path: path.to_owned(), text, problems })
    })
}

/// The text of a file that is not larger than a waiter file can be.
pub(super) fn read_text(path: &Path) -> Result<String, Box<BadFile>> {
    let problem = |message: String| {
        let problems = Invalid::new(vec![Diagnostic::error("file", "", message)]);
        Box::new(BadFile { path: path.to_owned(), text: String::new(), problems })
    };
    // Not by its size: a pipe has none.
    let most = schema::MAX_FILE as u64 + 1;
    let mut text = String::new();
    match std::fs::File::open(path).and_then(|file| file.take(most).read_to_string(&mut text)) {
        Ok(size) if size <= schema::MAX_FILE => Ok(text),
        Ok(_) => Err(problem(format!("is longer than {} bytes", schema::MAX_FILE))),
        Err(error) => Err(problem(format!("cannot be read: {error}"))),
    }
}
