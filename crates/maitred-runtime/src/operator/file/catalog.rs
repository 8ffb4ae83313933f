//! Finding operators of files by name: in the user's files, and the shipped ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use include_dir::{Dir, include_dir};
use maitred_core::diagnostic::{Diagnostic, Invalid, fold};
use maitred_core::file;
use maitred_core::operator_file::{MAX_FILE, parse};

use super::definition::OperatorDefinition;

/// The operator files of this crate.
static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/operators");

/// An operator file that cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{} cannot be used{}", path.display(), lines(problems))]
#[non_exhaustive]
pub struct BadOperatorFile {
    /// The file.
    pub path: PathBuf,
    /// The text of the file, for the places of the problems; empty if it cannot be read.
    pub text: String,
    /// The problems.
    pub problems: Invalid,
}

/// A line for each problem.
fn lines(problems: &Invalid) -> String {
    let line = |problem: &Diagnostic| match problem.pointer.as_str() {
        "" => format!("\n{}", problem.message),
        place => format!("\n{place}: {}", problem.message),
    };
    problems.diagnostics().iter().map(line).collect()
}

type Definitions = Vec<Arc<OperatorDefinition>>;

/// The operators of files, by name. A file is read when it is first needed. Those of the user's paths come before the
/// shipped ones.
#[derive(Debug, Default)]
pub struct OperatorCatalog {
    paths: Vec<PathBuf>,
    user: OnceLock<(Definitions, Vec<BadOperatorFile>)>,
    shipped: BTreeMap<&'static str, Shipped>,
}

/// A shipped file, and its operators once they are needed.
#[derive(Debug)]
struct Shipped {
    text: &'static str,
    definitions: OnceLock<Definitions>,
}

impl Shipped {
    fn definitions(&self) -> &Definitions {
        // The tests check every file.
        let parsed = || parse(self.text).expect("the tests parse every shipped file");
        self.definitions.get_or_init(|| definitions(parsed()))
    }
}

fn definitions(file: maitred_core::operator_file::OperatorFile) -> Definitions {
    let service = file.service;
    let definition =
        |(name, config)| Arc::new(OperatorDefinition::new(service.as_str(), name, config));
    file.operators.into_iter().map(definition).collect()
}

impl OperatorCatalog {
    /// The shipped operators.
    #[must_use]
    pub fn shipped() -> Self {
        let shipped = SHIPPED.files().filter_map(|file| {
            let name = file.path().file_stem()?.to_str()?;
            let is_json = file.path().extension().is_some_and(|extension| extension == "json");
            let text = file.contents_utf8().filter(|_| is_json)?;
            Some((name, Shipped { text, definitions: OnceLock::new() }))
        });
        Self { shipped: shipped.collect(), ..Self::default() }
    }

    /// The same with the operators of these files, and of the files in these folders, before the others.
    #[must_use]
    pub fn with_paths(mut self, paths: impl IntoIterator<Item = PathBuf>) -> Self {
        self.paths = paths.into_iter().collect();
        self
    }

    /// The operator of this name, `service.operator`. The spellings `start_job_run`, `start-job-run` and `StartJobRun` are
    /// one name.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Arc<OperatorDefinition>> {
        let (service, name) = id.split_once('.')?;
        let name = fold(name);
        let is_it = |definition: &&Arc<OperatorDefinition>| {
            definition.service == service && fold(&definition.name) == name
        };
        let shipped = || self.shipped.get(service)?.definitions().iter().find(is_it);
        self.user().0.iter().find(is_it).or_else(shipped)
    }

    /// All operators, those of the user's files first. One that another replaces is among them.
    pub fn all(&self) -> impl Iterator<Item = &Arc<OperatorDefinition>> {
        let shipped = self.shipped.values().flat_map(Shipped::definitions);
        self.user().0.iter().chain(shipped)
    }

    /// The user's files that cannot be used.
    #[must_use]
    pub fn bad_files(&self) -> &[BadOperatorFile] {
        &self.user().1
    }

    fn user(&self) -> &(Definitions, Vec<BadOperatorFile>) {
        self.user.get_or_init(|| {
            let mut found = (Vec::new(), Vec::new());
            for path in self.paths.iter().flat_map(|path| files(path)) {
                match read(&path) {
                    Ok(read) => found.0.extend(read),
                    Err(bad) => found.1.push(bad),
                }
            }
            found
        })
    }
}

/// The file, or the JSON files of the folder.
fn files(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(path) else { return vec![path.to_owned()] };
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

fn read(path: &Path) -> Result<Definitions, BadOperatorFile> {
    let bad = |text, problems| BadOperatorFile { path: path.to_owned(), text, problems };
    let text = file::text(path, MAX_FILE as u64).map_err(|error| {
        let problem = Diagnostic::error("file", "", error.to_string());
        bad(String::new(), Invalid::new(vec![problem]))
    })?;
    match parse(&text) {
        Ok(file) => Ok(definitions(file)),
        Err(problems) => Err(bad(text, problems)),
    }
}
