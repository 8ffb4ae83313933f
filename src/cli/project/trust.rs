//! The folders that the user trusts: those whose `maitred.toml` may name a store and a file of connections.
//!
//! A checkout is untrusted data. A store holds commands that are run when a task fails, and connections decide
//! where secrets go, so a `maitred.toml` that was found must not name them. Once the user trusts its folder, it
//! may, as long as `maitred.toml` and the connections file do not change. Trust is recorded outside the folder,
//! in the user's state folder.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use serde::{Deserialize, Serialize};

use super::{FILE_NAME, Project, hash};
use crate::cli::exit::Failure;
use crate::file;

/// The largest connections file that can be trusted, in bytes; a larger one cannot be used either.
const MAX_CONNECTIONS: u64 = 1024 * 1024;
/// The largest record, in bytes: two hashes and a path.
const MAX_RECORD: u64 = 64 * 1024;

/// The trusted folders, recorded as one file each.
#[derive(Debug, Clone)]
pub(crate) struct Trust {
    records: PathBuf,
}

/// The record of a trusted folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TrustRecord {
    /// The folder, without links in its path.
    pub(crate) folder: PathBuf,
    /// The hash of its `maitred.toml`.
    project: String,
    /// The hash of the connections file; `None` if there was none.
    connections: Option<String>,
}

/// The reason that the store or connections of a `maitred.toml` are not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Distrust {
    #[error("you have not trusted this folder")]
    Never,
    /// This file has changed.
    #[error("{} has changed since you trusted this folder", .0.display())]
    Changed(PathBuf),
    /// The record or a file cannot be read.
    #[error("{0}")]
    Unreadable(String),
}

impl Trust {
    /// The trust of the current user: in `maitred/trusted` of `$XDG_STATE_HOME` or `~/.local/state`.
    pub(crate) fn of_user() -> Result<Self, Failure> {
        let state = etcetera::base_strategy::Xdg::new().ok().and_then(|base| base.state_dir());
        match state.filter(|state| state.is_absolute()) {
            Some(state) => Ok(Self { records: state.join("maitred").join("trusted") }),
            None => Err(Failure::usage(
                "there is no home folder in which your trust in a folder is kept",
            )
            .help("set HOME or XDG_STATE_HOME to the path of a folder")),
        }
    }

    /// The store that a project names, if its folder is trusted and `maitred.toml` has not changed since.
    pub(crate) fn store<'a>(&self, project: &'a Project) -> Result<Option<&'a Path>, Distrust> {
        let Some(store) = &project.store else { return Ok(None) };
        self.current(project).map(|_| Some(store.as_path()))
    }

    /// The file of connections that a project names, if its folder is trusted and neither `maitred.toml` nor
    /// that file has changed since.
    pub(crate) fn connections<'a>(
        &self,
        project: &'a Project,
    ) -> Result<Option<&'a Path>, Distrust> {
        let Some(path) = &project.connections else { return Ok(None) };
        let record = self.current(project)?;
        if record.connections != hash_of_connections(path)? {
            return Err(Distrust::Changed(path.clone()));
        }
        Ok(Some(path.as_path()))
    }

    /// Checks the content of the connections file of a project when it is read: it may have changed, or been
    /// trusted again.
    pub(crate) fn check_connections(
        &self,
        project: &Project,
        content: &[u8],
    ) -> Result<(), Distrust> {
        let record = self.record(&folder_of(&project.root)?)?.ok_or(Distrust::Never)?;
        match &project.connections {
            Some(path) if record.connections != Some(hash(content)) => {
                Err(Distrust::Changed(path.clone()))
            }
            _ => Ok(()),
        }
    }

    /// Trusts the folder of a project with its current `maitred.toml` and connections file.
    pub(crate) fn grant(&self, project: &Project) -> io::Result<TrustRecord> {
        let connections = project.connections.as_deref().map(hash_of_connections);
        let record = TrustRecord {
            folder: folder_of(&project.root).map_err(io::Error::other)?,
            project: project.hash.clone(),
            connections: connections.transpose().map_err(io::Error::other)?.flatten(),
        };
        private_folder(&self.records)?;
        // Only its owner can read it.
        let mut part = tempfile::NamedTempFile::new_in(&self.records)?;
        part.write_all(serde_json::to_string_pretty(&record)?.as_bytes())?;
        part.as_file().sync_all()?;
        part.persist(self.path(&record.folder))?;
        Ok(record)
    }

    /// Revokes the trust in a folder, which need not exist any more; `false` if it was not trusted.
    pub(crate) fn revoke(&self, folder: &Path) -> io::Result<bool> {
        let folder = fs::canonicalize(folder).or_else(|_| std::path::absolute(folder))?;
        match fs::remove_file(self.path(&folder)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The trusted folders, sorted by path.
    pub(crate) fn list(&self) -> io::Result<Vec<TrustRecord>> {
        let entries = match fs::read_dir(&self.records) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                found.extend(read_record(&path).map_err(io::Error::other)?);
            }
        }
        found.sort_by(|one, other| one.folder.cmp(&other.folder));
        Ok(found)
    }

    /// The record of a project, if its `maitred.toml` has not changed.
    fn current(&self, project: &Project) -> Result<TrustRecord, Distrust> {
        let record = self.record(&folder_of(&project.root)?)?.ok_or(Distrust::Never)?;
        if record.project == project.hash {
            return Ok(record);
        }
        Err(Distrust::Changed(project.root.join(FILE_NAME)))
    }

    fn record(&self, folder: &Path) -> Result<Option<TrustRecord>, Distrust> {
        read_record(&self.path(folder)).map_err(Distrust::Unreadable)
    }

    fn path(&self, folder: &Path) -> PathBuf {
        self.records.join(format!("{}.json", hash(folder.as_os_str().as_encoded_bytes())))
    }
}

fn hash_of_connections(path: &Path) -> Result<Option<String>, Distrust> {
    match file::bytes(path, MAX_CONNECTIONS) {
        Ok(content) => Ok(Some(hash(&content))),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(Distrust::Unreadable(format!("{} {error}", path.display()))),
    }
}

/// The folder without links in its path.
fn folder_of(root: &Path) -> Result<PathBuf, Distrust> {
    let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    fs::canonicalize(root).map_err(|error| {
        Distrust::Unreadable(format!("{} cannot be found: {error}", root.display()))
    })
}

fn read_record(path: &Path) -> Result<Option<TrustRecord>, String> {
    let content = match file::bytes(path, MAX_RECORD) {
        Ok(content) => content,
        Err(error) if error.is_missing() => return Ok(None),
        Err(error) => return Err(format!("{} {error}", path.display())),
    };
    let record = serde_json::from_slice(&content);
    record.map(Some).map_err(|error| format!("{} cannot be used: {error}", path.display()))
}

/// Creates a folder that only its owner can read.
fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scene {
        home: tempfile::TempDir,
        trust: Trust,
    }

    impl Scene {
        fn new(toml: &str) -> Self {
            let home = tempfile::tempdir().unwrap();
            let trust = Trust { records: home.path().join("state/trusted") };
            let scene = Self { home, trust };
            fs::create_dir(scene.folder()).unwrap();
            scene.write(FILE_NAME, toml);
            scene
        }

        fn folder(&self) -> PathBuf {
            self.home.path().join("checkout")
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.folder().join(name), text).unwrap();
        }

        fn project(&self) -> Project {
            Project::find(&self.folder()).unwrap().unwrap()
        }

        fn distrust(&self) -> [Option<Distrust>; 2] {
            let project = self.project();
            [self.trust.store(&project).err(), self.trust.connections(&project).err()]
        }
    }

    const BOTH: &str = "store = 's.db'\nconnections = 'c.toml'\n";

    #[test]
    fn what_a_found_file_names_counts_once_its_folder_is_trusted() {
        let scene = Scene::new(BOTH);
        scene.write("c.toml", "");
        assert_eq!(scene.distrust(), [Some(Distrust::Never), Some(Distrust::Never)]);
        scene.trust.grant(&scene.project()).unwrap();
        let project = scene.project();
        let [store, connections] = ["s.db", "c.toml"].map(|name| scene.folder().join(name));
        assert_eq!(scene.trust.store(&project), Ok(Some(&*store)));
        assert_eq!(scene.trust.connections(&project), Ok(Some(&*connections)));
        assert_eq!(scene.trust.list().unwrap().len(), 1);
        assert!(scene.trust.revoke(&scene.folder()).unwrap());
        assert!(!scene.trust.revoke(&scene.folder()).unwrap());
        assert_eq!(scene.distrust(), [Some(Distrust::Never), Some(Distrust::Never)]);
    }

    #[test]
    fn a_change_of_either_file_ends_the_trust() {
        let scene = Scene::new(BOTH);
        let changed = |name: &str| Some(Distrust::Changed(scene.folder().join(name)));
        scene.trust.grant(&scene.project()).unwrap();
        assert_eq!(scene.distrust(), [None, None], "a file that is not there yet can be trusted");
        scene.write("c.toml", "[jobs]\n");
        assert_eq!(scene.distrust(), [None, changed("c.toml")]);
        scene.trust.grant(&scene.project()).unwrap();
        assert_eq!(scene.distrust(), [None, None]);
        let project = scene.project();
        scene.trust.check_connections(&project, b"[jobs]\n").unwrap();
        let other = scene.trust.check_connections(&project, b"[jobs] # else\n");
        assert_eq!(other.err(), changed("c.toml"));
        scene.write(FILE_NAME, "store = 'other.db'\nconnections = 'c.toml'\n");
        assert_eq!(scene.distrust(), [changed(FILE_NAME), changed(FILE_NAME)]);
    }

    #[test]
    fn another_folder_with_the_same_files_is_another_folder() {
        let scene = Scene::new(BOTH);
        scene.trust.grant(&scene.project()).unwrap();
        let moved = scene.home.path().join("moved");
        fs::rename(scene.folder(), &moved).unwrap();
        let project = Project::find(&moved).unwrap().unwrap();
        assert_eq!(scene.trust.store(&project), Err(Distrust::Never));
        // One that is gone can be taken off the list.
        assert!(scene.trust.revoke(&scene.folder()).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn records_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let scene = Scene::new(BOTH);
        scene.trust.grant(&scene.project()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&scene.trust.records), 0o700);
        for entry in fs::read_dir(&scene.trust.records).unwrap() {
            assert_eq!(mode(&entry.unwrap().path()), 0o600);
        }
    }
}
