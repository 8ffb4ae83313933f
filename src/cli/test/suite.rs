//! The waiters and their cases, found and run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::test_args::Args;
use crate::case::Case;
use crate::catalog::{BadFile, Catalog, Entry, LookupError, WaiterOrigin};
use crate::cli::context::{Context, DEFAULT_CASES};
use crate::cli::exit::Failure;
use crate::cli::source_args::unusable_file;
use crate::cli::{keywords, services};
use crate::diagnostic::{Diagnostic, Invalid, Severity, fold};
use crate::file;
use crate::lint;
use crate::matcher::Acceptor;
use crate::model::Models;
use crate::replay::{self, Difference};
use crate::schema;
use crate::waiter::Waiter;

/// Everything that was tested.
pub(super) struct Suite {
    pub(super) waiters: Vec<Tested>,
    min_coverage: Option<u8>,
}

/// A waiter, and what became of its cases.
pub(super) struct Tested {
    pub(super) service: String,
    pub(super) name: String,
    /// Where the waiter comes from, or why there is none.
    pub(super) origin: Result<String, String>,
    pub(super) cases: Vec<Ran>,
    /// The acceptors in words, each with whether a case reached it.
    pub(super) acceptors: Vec<(String, bool)>,
    /// Whether there is a case in which a poll left it waiting.
    pub(super) waits: bool,
    /// Whether it is botocore's, whose acceptors need no cases.
    is_botocores: bool,
}

/// A case, and what became of it.
pub(super) struct Ran {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) differences: Vec<Difference>,
    /// The message with which the wait ended, and the number of polls.
    pub(super) ending: Option<(String, u64)>,
}

impl Ran {
    pub(super) fn is_well(&self) -> bool {
        let broken = self.diagnostics.iter().any(|found| found.severity == Severity::Error);
        !broken && self.differences.is_empty()
    }
}

impl Tested {
    pub(super) fn reached(&self) -> usize {
        self.acceptors.iter().filter(|(_, reached)| *reached).count()
    }

    /// How many percent of the acceptors are reached, rounded down.
    pub(super) fn coverage(&self) -> usize {
        (self.reached() * 100).checked_div(self.acceptors.len()).unwrap_or(100)
    }
}

impl Suite {
    /// Finds the waiters that `args` name, and runs their cases.
    pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<Self> {
        let project = context.project()?;
        let mut sources = args.sources.clone();
        if sources.waiters.is_empty() {
            // Unlike elsewhere, these take precedence, because they are tested.
            sources.waiters.clone_from(&project.waiters);
            if sources.waiters.is_empty() && Path::new("waiters").is_dir() {
                sources.waiters.push(PathBuf::from("waiters"));
            }
        }
        let cases = context.cases(args.cases.as_ref())?;
        let models = Models::embedded();
        let wanted = Wanted::new(args.service.as_deref(), args.waiter.as_deref(), &models);
        let named = cases.to_string_lossy() != DEFAULT_CASES;
        if named && !cases.is_dir() {
            let message = format!("{} is not a folder", cases.display());
            return Err(Failure::usage(message).help("check --cases").into());
        }
        let catalog = sources.catalog(context)?;
        refuse_bad_files(&catalog, &sources.waiters)?;
        let mut waiters: BTreeMap<(String, String), BTreeMap<String, PathBuf>> = BTreeMap::new();
        for (service, name) in catalog.named() {
            waiters.entry((service.to_owned(), name.to_owned())).or_default();
        }
        for (service, folder) in folders(&cases) {
            for (name, folder) in folders(&folder) {
                let known = waiters
                    .keys()
                    .find(|(known, other)| *known == service && fold(other) == fold(&name));
                let key = known.cloned().unwrap_or((service.clone(), name));
                waiters.entry(key).or_default().extend(files(&folder));
            }
        }
        waiters.retain(|(service, name), _| wanted.is(service, name));
        if waiters.is_empty() {
            return Err(nothing(args, &cases).into());
        }
        let test = |((service, name), cases): (_, BTreeMap<_, _>)| {
            test(&catalog, &models, service, name, &cases)
        };
        let tested = waiters.into_iter().map(test).collect();
        Ok(Self { waiters: tested, min_coverage: args.min_coverage })
    }

    pub(super) fn is_well(&self) -> bool {
        self.waiters.iter().all(|waiter| {
            let cases = waiter.cases.iter().all(Ran::is_well);
            waiter.origin.is_ok() && cases && self.shortage(waiter).is_none()
        })
    }

    /// What is missing of what --min-coverage asks for.
    pub(super) fn shortage(&self, waiter: &Tested) -> Option<String> {
        let least = usize::from(self.min_coverage?);
        if waiter.is_botocores {
            return None;
        }
        if waiter.coverage() < least {
            return Some(format!(
                "{} % of the acceptors are reached, not {least} %",
                waiter.coverage()
            ));
        }
        let waits = waiter.waits || waiter.origin.is_err();
        (!waits).then(|| "there is no case in which it goes on waiting".to_owned())
    }
}

/// The waiters to test.
struct Wanted {
    service: Option<String>,
    name: Option<String>,
}

impl Wanted {
    fn new(service: Option<&str>, name: Option<&str>, models: &Models) -> Self {
        let (service, name) = match (service.and_then(|word| word.split_once('.')), name) {
            (Some((service, name)), None) => (Some(service), Some(name)),
            (_, name) => (service, name),
        };
        let service = service.map(|service| services::resolve(None, models, service));
        Self { service: service.as_deref().map(fold), name: name.map(fold) }
    }

    fn is(&self, service: &str, name: &str) -> bool {
        self.service.as_deref().is_none_or(|wanted| wanted == fold(service))
            && self.name.as_deref().is_none_or(|wanted| wanted == fold(name))
    }
}

fn nothing(args: &Args, cases: &Path) -> Failure {
    let folder = cases.display();
    match (&args.service, &args.waiter) {
        (None, _) => {
            Failure::usage(format!("there is nothing to test: no waiter has cases in {folder}"))
                .help("`maitred new SERVICE OPERATION` writes a waiter with its first cases")
        }
        (Some(service), waiter) => {
            let name = waiter.as_ref().map(|name| format!(".{name}")).unwrap_or_default();
            Failure::usage(format!(
                "there is nothing to test: {service}{name} has no cases in {folder}"
            ))
            .help(format!("a case is {folder}/<service>/<waiter>/<case>.json"))
        }
    }
}

/// A file that was named and cannot be used would silently leave its waiters untested.
fn refuse_bad_files(catalog: &Catalog, named: &[PathBuf]) -> Result<(), Failure> {
    let is_named = |bad: &&&BadFile| named.iter().any(|path| bad.path.starts_with(path));
    match catalog.bad_files().iter().find(is_named) {
        None => Ok(()),
        Some(bad) => Err(unusable_file(bad)),
    }
}

/// The folders in `path` by name.
fn folders(path: &Path) -> Vec<(String, PathBuf)> {
    inside(path).into_iter().filter(|(_, path)| path.is_dir()).collect()
}

/// The cases in `path` by name.
fn files(path: &Path) -> Vec<(String, PathBuf)> {
    let json = |path: &Path| path.extension().is_some_and(|extension| extension == "json");
    inside(path).into_iter().filter(|(_, path)| json(path) && !path.is_dir()).collect()
}

fn inside(path: &Path) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(path).into_iter().flatten();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path))).collect()
}

fn test(
    catalog: &Catalog,
    models: &dyn lint::ModelSource,
    service: String,
    name: String,
    cases: &BTreeMap<String, PathBuf>,
) -> Tested {
    let entry = match catalog.find(&service, &name) {
        Ok(entry) => entry,
        Err(error) => {
            let near = match &error {
                LookupError::Unknown(unknown) => unknown.near(),
                LookupError::BadFile(_) | LookupError::Extends(_) | _ => None,
            };
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let origin = Err(format!("{error}{near}"));
            return Tested {
                service,
                name,
                origin,
                cases: Vec::new(),
                acceptors: Vec::new(),
                waits: false,
                is_botocores: false,
            };
        }
    };
    let mut tested = Tested {
        service,
        name,
        origin: Ok(entry.origin.to_string()),
        cases: Vec::new(),
        acceptors: entry.config.acceptors.iter().map(|_| (String::new(), false)).collect(),
        waits: false,
        is_botocores: entry.origin == WaiterOrigin::Botocore,
    };
    let mut reached = BTreeSet::new();
    for (name, path) in cases {
        let (ran, told) = run(name, path, &entry, models);
        tested.cases.push(ran);
        let Some((waiter, replayed)) = told else { continue };
        reached.extend(replayed.reached);
        tested.waits |= replayed.went_on > 0;
        tested.acceptors =
            waiter.acceptors().iter().map(|acceptor| (describe(acceptor), false)).collect();
    }
    for (index, (_, is_reached)) in tested.acceptors.iter_mut().enumerate() {
        *is_reached = reached.contains(&index);
    }
    tested
}

fn run(
    name: &str,
    path: &Path,
    entry: &Entry,
    models: &dyn lint::ModelSource,
) -> (Ran, Option<(Waiter, replay::Replayed)>) {
    let mut ran = Ran {
        name: name.to_owned(),
        path: path.to_owned(),
        text: String::new(),
        diagnostics: Vec::new(),
        differences: Vec::new(),
        ending: None,
    };
    let read = read(path).and_then(|text| {
        ran.text = text;
        schema::parse_case(&ran.text)
    });
    let compiled = read.and_then(|case| Ok((compile(&case, entry)?, case)));
    let (waiter, case) = match compiled {
        Ok(compiled) => compiled,
        Err(invalid) => {
            ran.diagnostics = invalid.diagnostics().to_vec();
            schema::locate(&ran.text, &mut ran.diagnostics);
            return (ran, None);
        }
    };
    ran.diagnostics = replay::check(&case, &waiter, Some(models));
    if !ran.diagnostics.is_empty() {
        schema::locate(&ran.text, &mut ran.diagnostics);
    }
    if ran.diagnostics.iter().any(|found| found.severity == Severity::Error) {
        return (ran, None);
    }
    let replayed = replay::replay(&case, &waiter);
    ran.differences = replayed.differences(&case.expect);
    let attempts = replayed.outcome.progress().attempts;
    ran.ending = Some((replayed.outcome.message().to_owned(), attempts));
    (ran, Some((waiter, replayed)))
}

fn compile(case: &Case, entry: &Entry) -> Result<Waiter, Invalid> {
    entry.compile(&replay::options(case)?)
}

/// The text of a case, not more than a case may have.
fn read(path: &Path) -> Result<String, Invalid> {
    let text = file::text(path, crate::catalog::MAX_FILE as u64);
    text.map_err(|error| Invalid::new(vec![Diagnostic::error("file", "", error.to_string())]))
}

/// E.g. `failure: pathAny Clusters[].ClusterStatus is "deleting"`.
fn describe(acceptor: &Acceptor) -> String {
    let state = keywords::state(acceptor.state);
    let matcher = keywords::matcher(&acceptor.matcher);
    let argument = acceptor.expression().map(|it| format!(" {}", it.as_str())).unwrap_or_default();
    format!("{state}: {matcher}{argument} is {}", acceptor.expected)
}
