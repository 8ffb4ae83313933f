//! The files to check, and their text.

use std::io;
use std::path::{Path, PathBuf};

use crate::catalog;
use crate::cli::exit::Failure;
use crate::cli::project::Project;
use crate::cli::values;
use crate::diagnostic::Diagnostic;
use crate::file::FileError;

/// The named files, and those in the named folders; without names, those of the project.
pub(super) fn find(paths: &[PathBuf], project: &Project) -> anyhow::Result<Vec<PathBuf>> {
    let default = [PathBuf::from("waiters")];
    let default = if project.waiters.is_empty() { &default[..] } else { &project.waiters };
    if paths.is_empty() && project.waiters.is_empty() && !default[0].is_dir() {
        let failure =
            Failure::usage("nothing to check: no files are given, and there is no ./waiters");
        return Err(failure.help("name files or folders: maitred lint FILE|DIR…").into());
    }
    let mut files = Vec::new();
    for path in if paths.is_empty() { default } else { paths } {
        if path.is_dir() {
            files.extend(folder(path)?);
        } else if path == Path::new("-") || path.exists() {
            files.push(path.clone());
        } else {
            return Err(Failure::usage(format!("{} does not exist", path.display())).into());
        }
    }
    Ok(files)
}

/// The waiter files of a folder: all of its JSON, and below it those of botocore's layout.
fn folder(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    collect(path, 0, &mut files)?;
    if files.is_empty() {
        let message = format!("there are no .json files in {}", path.display());
        return Err(Failure::usage(message).into());
    }
    files.sort();
    Ok(files)
}

/// Adds the waiter files of a folder, `depth` levels below the one that is checked.
fn collect(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    /// `<service>/<api-version>/waiters-2.json`.
    const LAYOUT_DEPTH: usize = 2;
    let unreadable =
        |error: io::Error| Failure::usage(format!("{} cannot be read: {error}", path.display()));
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        // Only named folders have to be readable.
        Err(_) if depth > 0 => return Ok(()),
        Err(error) => return Err(unreadable(error)),
    };
    for entry in entries {
        let entry = entry.map_err(unreadable)?.path();
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        if !entry.is_dir() {
            if name == "waiters-2.json" || (depth == 0 && name.ends_with(".json")) {
                files.push(entry);
            }
        } else if depth < LAYOUT_DEPTH && !name.starts_with('.') {
            collect(&entry, depth + 1, files)?;
        }
    }
    Ok(())
}

/// The text of a file, `-` for standard input; or a finding, with as much of the text as it needs.
pub(super) fn read(path: &Path) -> Result<String, Box<(String, Diagnostic)>> {
    let bytes = values::bytes(path, catalog::MAX_FILE as u64).map_err(|error| {
        let message = match error {
            FileError::TooLong(_) => format!("{error}, which no waiter file is"),
            FileError::NotRegular | FileError::NotText | FileError::Io(_) | _ => error.to_string(),
        };
        Box::new((String::new(), Diagnostic::error("file", "", message)))
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let problem = Diagnostic::error("utf-8", "", "the file is not UTF-8 from here on")
            .at(offset..offset + 1)
            .with_help("save it as UTF-8");
        Box::new((String::from_utf8_lossy(error.as_bytes()).into_owned(), problem))
    })
}
