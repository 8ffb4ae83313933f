//! `connections.toml`: a table for each connection.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::diagnostic::line_column;

use super::environment::Environment;
use super::error::ConnectionFileError;
use super::mask;
use super::secret::SecretRef;

/// Nobody writes a larger one by hand.
const MAX_BYTES: u64 = 1024 * 1024;

/// The variable that names the file.
pub(super) const VARIABLE: &str = "MAITRED_CONNECTIONS";

/// Where the file is, and whether it was named, so that it has to exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    named: bool,
}

impl Place {
    /// The file that the caller named, else the one of the variable, else the one of the user's
    /// configuration folder, which may be missing.
    pub(super) fn find(named: Option<&Path>, environment: &Environment) -> Option<Self> {
        let variable = || environment.get(VARIABLE).map(PathBuf::from);
        match named.map(Path::to_owned).or_else(variable) {
            Some(path) => Some(Self { path, named: true }),
            None => default_path(environment).map(|path| Self { path, named: false }),
        }
    }

    /// The tables of the file.
    pub(super) fn read(&self) -> Result<Map<String, Value>, ConnectionFileError> {
        let fail = |message: String| ConnectionFileError::new(&self.path, message);
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound && !self.named => {
                return Ok(Map::new());
            }
            Err(error) => return Err(fail(format!("cannot be read: {}", error.kind()))),
        };
        let readable = readable_by_others(&file);
        let mut text = String::new();
        let read = file.take(MAX_BYTES + 1).read_to_string(&mut text);
        read.map_err(|error| fail(format!("cannot be read: {}", error.kind())))?;
        if text.len() as u64 > MAX_BYTES {
            return Err(fail("is larger than 1 MiB".to_owned()));
        }
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
