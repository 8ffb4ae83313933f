//! Reads `maitred.toml`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::hash;
use crate::diagnostic::Level;
use crate::diagnostic::nearest;
use crate::file;

/// The name of the file.
pub const FILE_NAME: &str = "maitred.toml";

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// What `maitred.toml` says. The default says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Project {
    /// The folder of the file; empty where there is no file.
    pub root: PathBuf,
    /// Files and folders of waiter files, absolute or below `root`. Empty: `./waiters`.
    pub waiters: Vec<PathBuf>,
    /// The folder of test cases, absolute or below `root`.
    pub tests: Option<PathBuf>,
    /// The file of durable tasks, absolute or below `root`; for whoever trusts the folder.
    pub(super) store: Option<PathBuf>,
    /// The file of connections, absolute or below `root`; likewise.
    pub(super) connections: Option<PathBuf>,
    /// The hash of the file.
    pub(super) hash: String,
    /// How bad the findings of each rule of `maitred lint` are, where it is not the rule's default.
    pub lint_rules: BTreeMap<String, Level>,
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
    rules: BTreeMap<String, Level>,
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

    /// What to do about it.
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
            // What is there and is no file is an error, not the file of a folder above.
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
    /// It cannot be read, is no TOML, or has a key or value that it must not have.
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

    /// What it names that counts only in a folder that is trusted: the key of the file, and the path.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let named = [("store", &self.store), ("connections", &self.connections)];
        named.into_iter().filter_map(|(key, path)| Some((key, path.as_deref()?)))
    }
}

/// What the unknown word of an error was probably meant to be. serde's message has that word in its
/// first quotes, and those that may stand in its place in the others; so the help is always about the
/// mistake that is shown.
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
        None => format!("what can stand here is {}", known.join(", ")),
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
        assert_eq!(project.lint_rules["no-failure"], Level::Off);
        assert_eq!(project.lint_rules["budget"], Level::Error);
    }

    #[test]
    fn an_unknown_key_is_an_error_with_a_suggestion() {
        for (text, help) in [
            ("waiter = []", "did you mean `waiters`?"),
            ("[lint.rule]", "did you mean `rules`?"),
            ("zzz = 1", "what can stand here is waiters, tests, store, connections, lint"),
            // Of two mistakes, the help is about the one that is shown.
            ("stor = 'a'\n[lint]\nnope = 1", "what can stand here is rules"),
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
