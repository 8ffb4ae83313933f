//! `connections.toml`: a table for each connection.

use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};

use maitred_core::diagnostic::line_column;
use maitred_core::file;

use super::environment::Environment;
use super::error::ConnectionError;
use super::mask;
use super::secret::SecretRef;

/// Nobody writes a larger one by hand.
const MAX_BYTES: u64 = 1024 * 1024;

/// The variable that names the file.
const VARIABLE: &str = "MAITRED_CONNECTIONS";

/// Looks at the content of a file of connections before it is used, and says why it must not be.
pub(super) type ContentCheck = Arc<dyn Fn(&[u8]) -> Result<(), String> + Send + Sync>;

/// The place of the file. One that was named has to exist.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    named: bool,
    check: Option<ContentCheck>,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Place {
    /// The file of the variable, else the one of the user's configuration folder, which may be missing.
    pub(super) fn find(environment: &Environment) -> Option<Self> {
        match environment.get(VARIABLE) {
            Some(path) => Some(Self::named(path.into(), None)),
            None => Some(Self { path: default_path(environment)?, named: false, check: None }),
        }
    }

    /// A file that has to exist, and to pass `check`.
    pub(super) fn named(path: PathBuf, check: Option<ContentCheck>) -> Self {
        Self { path, named: true, check }
    }

    /// The tables of the file.
    pub(super) fn read(&self) -> Result<Map<String, Value>, ConnectionError> {
        let fail = |message: String| ConnectionError::File { path: self.path.clone(), message };
        let file = match file::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.is_missing() && !self.named => return Ok(Map::new()),
            Err(error) => return Err(fail(error.to_string())),
        };
        let readable = readable_by_others(&file);
        let content = file::all(file, MAX_BYTES).map_err(|error| fail(error.to_string()))?;
        if let Some(check) = &self.check {
            check(&content).map_err(|why| fail(format!("is not used: {why}")))?;
        }
        let text = file::as_text(content).map_err(|error| fail(error.to_string()))?;
        let tables: Map<String, Value> = toml::from_str(&text).map_err(|error| {
            // Only its message: its Display shows the line, which may hold a secret.
            let place = error.span().map_or(String::new(), |span| {
                let (line, column) = line_column(&text, span.start);
                format!("line {line}, column {column}: ")
            });
            fail(format!("{place}this is not TOML: {}", first_line(error.message())))
        })?;
        if let Some(place) = tables.iter().find_map(|(id, table)| literal_secret(id, table))
            && readable
        {
            return Err(fail(format!(
                "others may read this file, and `{place}` is a secret: run `chmod 600 {}`, \
                 or write a reference in its place, e.g. {{ \"$secret\" = \"env:NAME\" }}",
                self.path.display()
            )));
        }
        Ok(tables)
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn default_path(environment: &Environment) -> Option<PathBuf> {
    let absolute =
        |name: &str| environment.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = match absolute("XDG_CONFIG_HOME") {
        Some(folder) => folder,
        None if cfg!(windows) => absolute("APPDATA")?,
        None => absolute("HOME")?.join(".config"),
    };
    Some(folder.join("maitred").join("connections.toml"))
}

#[cfg(unix)]
fn readable_by_others(file: &File) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o044 != 0)
}

#[cfg(not(unix))]
fn readable_by_others(_: &File) -> bool {
    false
}

/// The first value of a connection that is a secret and stands there as it is.
fn literal_secret(path: &str, value: &Value) -> Option<String> {
    match value {
        Value::Object(_) if SecretRef::from_value(value).is_some() => None,
        Value::Object(entries) => entries.iter().find_map(|(key, value)| {
            let path = format!("{path}.{key}");
            match value {
                Value::Null => None,
                Value::Object(_) => literal_secret(&path, value),
                Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                    mask::is_secret(key, value).then_some(path)
                }
            }
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            None
        }
    }
}
