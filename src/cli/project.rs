//! `maitred.toml`: the settings of a folder of waiters, for all commands.
//!
//! ```toml
//! waiters = ["waiters", "../shared/waiters"]   # files and folders of waiter files
//! tests = "tests/waiters"                      # the folder of test cases
//! store = "var/maitred.db"                     # the file of durable tasks
//! connections = "connections.toml"             # the file of connections
//!
//! [lint.rules]
//! no-failure = "off"                           # off, note, warning or error
//! ```
//!
//! It is looked for from the current folder upwards, as far as the root of the git repository;
//! outside a repository only in the current folder. Paths in it are relative to the file's folder.
//!
//! The file may come from anyone, e.g. with a checkout. `store` and `connections` are used only in a folder
//! that the user trusts ([`Trust`]): the commands in a store are run, and connections decide where secrets go.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::exit::Failure;
use super::report;
use crate::diagnostic::{RuleLevel, nearest};
use crate::file;

mod trust;

pub(super) use trust::{Distrust, Trust, TrustRecord};

/// The name of the file.
pub(super) const FILE_NAME: &str = "maitred.toml";

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// The contents of `maitred.toml`, with its paths below `root`. The default is that of an empty file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Project {
    /// The folder of the file; empty where there is no file.
    #[serde(skip)]
    pub(super) root: PathBuf,
    /// The hash of the file.
    #[serde(skip)]
    hash: String,
    /// Files and folders of waiter files. Empty: `./waiters`.
    #[serde(default)]
    pub(super) waiters: Vec<PathBuf>,
    /// The folder of test cases.
    pub(super) tests: Option<PathBuf>,
    /// The file of durable tasks; used only in a trusted folder.
    pub(super) store: Option<PathBuf>,
    /// The file of connections; used only in a trusted folder.
    pub(super) connections: Option<PathBuf>,
    #[serde(default)]
    pub(super) lint: LintSettings,
}

/// The settings of `maitred lint`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LintSettings {
    /// The levels of the rules, where they differ from the default.
    #[serde(default)]
    pub(super) rules: BTreeMap<String, RuleLevel>,
}

impl Project {
    /// The project of the current folder; the default one if there is no `maitred.toml`.
    pub(super) fn current() -> Result<Self, Failure> {
        let Ok(here) = std::env::current_dir() else { return Ok(Self::default()) };
        let mut project = Self::find(&here)?.unwrap_or_default();
        // Findings name files relative to the current folder, which annotations rely on.
        for path in project.waiters.iter_mut().chain(&mut project.tests) {
            if let Ok(below) = path.strip_prefix(&here)
                && !below.as_os_str().is_empty()
            {
                *path = below.to_owned();
            }
        }
        Ok(project)
    }

    /// The project that the folder `start` belongs to; `None` if it has no `maitred.toml`.
    pub(super) fn find(start: &Path) -> Result<Option<Self>, Failure> {
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
    pub(super) fn top(&self) -> &Path {
        if self.root.as_os_str().is_empty() {
            return Path::new(".");
        }
        let mut folders = self.root.ancestors();
        folders.find(|folder| folder.join(".git").exists()).unwrap_or(&self.root)
    }

    /// Reads the file at `path`.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let unusable =
            |why: &str| Failure::usage(format!("{} cannot be used: {why}", path.display()));
        let text = file::text(path, MAX_FILE).map_err(|error| unusable(&format!("it {error}")))?;
        Self::parse(&text, path.parent().unwrap_or(Path::new("")))
            .map_err(|error| unusable(error.to_string().trim_end()).maybe_help(suggestion(&error)))
    }

    fn parse(text: &str, root: &Path) -> Result<Self, toml::de::Error> {
        let mut project: Self = toml::from_str(text)?;
        let paths = project.waiters.iter_mut().chain(&mut project.tests);
        for path in paths.chain(&mut project.store).chain(&mut project.connections) {
            *path = root.join(&path);
        }
        Ok(Self { root: root.to_owned(), hash: hash(text.as_bytes()), ..project })
    }
}

/// The SHA-256 in hexadecimal.
fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
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

/// Checks that a path that the user has not named lies inside the folder `root`: a checkout must not decide
/// what is written elsewhere. `flag` names another path.
pub(super) fn stays_inside(root: &Path, path: &Path, flag: &str) -> Result<(), Failure> {
    if file::leads_into(root, path) {
        return Ok(());
    }
    let path = report::path(path);
    let message = format!("{path} leads out of this project, and nothing is written there");
    Err(Failure::usage(message).help(format!("name it with {flag} if it is meant")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Project, (String, Option<String>)> {
        let parsed = Project::parse(text, Path::new("team"));
        parsed.map_err(|error| (error.to_string(), suggestion(&error)))
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
        assert_eq!(project.lint.rules["no-failure"], RuleLevel::Off);
        assert_eq!(project.lint.rules["budget"], RuleLevel::Error);
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
