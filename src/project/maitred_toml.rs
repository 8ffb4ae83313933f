//! Reads `maitred.toml`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::hash;
use crate::diagnostic::{RuleLevel, nearest};
use crate::file;

/// The name of the file.
pub const FILE_NAME: &str = "maitred.toml";

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// The contents of `maitred.toml`. The default is that of an empty file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Project {
    /// The folder of the file; empty where there is no file.
    pub root: PathBuf,
    /// Files and folders of waiter files, absolute or below `root`. Empty: `./waiters`.
    pub waiters: Vec<PathBuf>,
    /// The folder of test cases, absolute or below `root`.
    pub tests: Option<PathBuf>,
    /// The file of durable tasks, absolute or below `root`; used only in a trusted folder.
    pub(super) store: Option<PathBuf>,
    /// The file of connections, absolute or below `root`; used only in a trusted folder.
    pub(super) connections: Option<PathBuf>,
    /// The hash of the file.
    pub(super) hash: String,
    /// The levels of the rules of `maitred lint`, where they differ from the default.
    pub lint_rules: BTreeMap<String, RuleLevel>,
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    waiters: Vec<PathBuf>,
    tests: Option<PathBuf>,
    store: Option<PathBuf>,
    connections: Option<PathBuf>,
    #[serde(default)]
    lint: Lint,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lint {
    #[serde(default)]
    rules: BTreeMap<String, RuleLevel>,
}

/// Why a `maitred.toml` cannot be used.
#[derive(Debug)]
pub struct ProjectError {
    path: PathBuf,
    message: String,
    help: Option<String>,
}

impl ProjectError {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Advice on how to fix it.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for ProjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be used: {}", self.path.display(), self.message)
    }
}

impl std::error::Error for ProjectError {}

impl Project {
    /// The project that the folder `start` belongs to; `None` if it has no `maitred.toml`.
    ///
    /// # Errors
    /// There is a file, and it cannot be read or is not valid.
    pub fn find(start: &Path) -> Result<Option<Self>, ProjectError> {
        let in_repository = start.ancestors().any(|folder| folder.join(".git").exists());
        for folder in start.ancestors() {
            let path = folder.join(FILE_NAME);
            // Something else of that name is an error; it does not stand for the file of a folder above.
            if path.symlink_metadata().is_ok() {
                return Self::read(&path).map(Some);
            }
            if !in_repository || folder.join(".git").exists() {
                break;
            }
        }
        Ok(None)
    }

    /// The root of the git repository that the file is in, else its folder; the current folder where there
    /// is no file.
    #[must_use]
    pub fn top(&self) -> &Path {
        if self.root.as_os_str().is_empty() {
            return Path::new(".");
        }
        let mut folders = self.root.ancestors();
        folders.find(|folder| folder.join(".git").exists()).unwrap_or(&self.root)
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// It cannot be read, is not TOML, or has an unknown key or an invalid value.
    pub fn read(path: &Path) -> Result<Self, ProjectError> {
        let error = |message: String, help| ProjectError { path: path.to_owned(), message, help };
        let text = file::text(path, MAX_FILE);
        let text = text.map_err(|cause| error(format!("it {cause}"), None))?;
        let root = path.parent().unwrap_or(Path::new("")).to_owned();
        Self::parse(&text, root).map_err(|(message, help)| error(message, help))
    }

    fn parse(text: &str, root: PathBuf) -> Result<Self, (String, Option<String>)> {
        let file: File = toml::from_str(text)
            .map_err(|cause| (cause.to_string().trim_end().to_owned(), suggestion(&cause)))?;
        Ok(Self {
            waiters: file.waiters.into_iter().map(|path| root.join(path)).collect(),
            tests: file.tests.map(|path| root.join(path)),
            store: file.store.map(|path| root.join(path)),
            connections: file.connections.map(|path| root.join(path)),
            lint_rules: file.lint.rules,
            hash: hash::hex(text.as_bytes()),
            root,
        })
    }

    /// The paths that are used only in a trusted folder, each with its key in the file.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let named = [("store", &self.store), ("connections", &self.connections)];
        named.into_iter().filter_map(|(key, path)| Some((key, path.as_deref()?)))
    }
}

/// A suggestion for the unknown word of an error. serde's message quotes that word first, then the allowed
/// ones, so the help is about the error that is shown.
fn suggestion(error: &toml::de::Error) -> Option<String> {
    let message = error.message();
    if !message.starts_with("unknown field") && !message.starts_with("unknown variant") {
        return None;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    let known: Vec<_> = quoted.collect();
    Some(match nearest(unknown, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("expected one of {}", known.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Project, (String, Option<String>)> {
        Project::parse(text, PathBuf::from("team"))
    }

    #[test]
    fn paths_are_relative_to_the_folder_of_the_file() {
        let project = parse(
            "waiters = ['a', '/b']\ntests = 't'\nstore = 's.db'\nconnections = 'c.toml'\n\
             [lint.rules]\nno-failure = 'off'\nbudget = 'error'",
        )
        .unwrap();
        assert_eq!(project.waiters, [PathBuf::from("team/a"), PathBuf::from("/b")]);
        assert_eq!(project.tests, Some(PathBuf::from("team/t")));
        assert_eq!(project.store, Some(PathBuf::from("team/s.db")));
        assert_eq!(project.connections, Some(PathBuf::from("team/c.toml")));
        assert_eq!(project.lint_rules["no-failure"], RuleLevel::Off);
        assert_eq!(project.lint_rules["budget"], RuleLevel::Error);
    }

    #[test]
    fn an_unknown_key_is_an_error_with_a_suggestion() {
        for (text, help) in [
            ("waiter = []", "did you mean `waiters`?"),
            ("[lint.rule]", "did you mean `rules`?"),
            ("zzz = 1", "expected one of waiters, tests, store, connections, lint"),
            // Of two mistakes, the help is about the one that is shown.
            ("stor = 'a'\n[lint]\nnope = 1", "expected one of rules"),
        ] {
            let (message, suggestion) = parse(text).unwrap_err();
            assert!(message.contains("unknown field"), "{message}");
            assert_eq!(suggestion.as_deref(), Some(help), "{message}");
        }
        let (message, help) = parse("[lint.rules]\nx = 'warnin'").unwrap_err();
        assert!(message.contains("line 2"), "{message}");
        assert_eq!(help.as_deref(), Some("did you mean `warning`?"));
    }

    #[test]
    fn the_file_is_looked_for_up_to_the_root_of_the_repository() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("repository/a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(folder.path().join(FILE_NAME), "tests = 'outside'").unwrap();
        assert_eq!(Project::find(&deep).unwrap(), None);
        std::fs::create_dir(folder.path().join("repository/.git")).unwrap();
        assert_eq!(Project::find(&deep).unwrap(), None);
        std::fs::write(folder.path().join("repository").join(FILE_NAME), "tests = 't'").unwrap();
        let found = Project::find(&deep).unwrap().unwrap();
        assert_eq!(found.tests, Some(folder.path().join("repository/t")));
        assert_eq!(found.root, folder.path().join("repository"));
    }
}
