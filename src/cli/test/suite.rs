//! The waiters and their cases, found and run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::test_args::Args;
use crate::catalog::{BadFile, Catalog, Entry, LookupError, WaiterOrigin};
use crate::cli::context::{Context, DEFAULT_CASES};
use crate::cli::exit::Failure;
use crate::cli::findings::Findings;
use crate::cli::source_args::unusable_file;
use crate::cli::{keywords, services};
use crate::diagnostic::{Diagnostic, Invalid, Severity, fold};
use crate::matcher::Acceptor;
use crate::model::Models;
use crate::replay::{self, Difference, Replayed};
use crate::waiter::Waiter;
use crate::{file, lint, schema};

/// A waiter, and the results of its cases.
#[derive(Serialize)]
pub(super) struct Tested {
    pub(super) service: String,
    #[serde(rename = "waiter")]
    pub(super) name: String,
    /// The origin of the waiter; `None` if there is none of that name.
    pub(super) origin: Option<String>,
    /// The reason that there is no such waiter, or what its cases lack of --min-coverage.
    pub(super) problem: Option<String>,
    /// The percentage of acceptors that cases reach, rounded down.
    coverage: usize,
    /// True if a case goes on waiting after a poll.
    waits: bool,
    pub(super) acceptors: Vec<TestedAcceptor>,
    pub(super) cases: Vec<TestedCase>,
}

#[derive(Serialize)]
pub(super) struct TestedAcceptor {
    pub(super) index: usize,
    /// In words.
    pub(super) acceptor: String,
    pub(super) reached: bool,
}

#[derive(Serialize)]
pub(super) struct TestedCase {
    #[serde(rename = "case")]
    pub(super) name: String,
    pub(super) file: String,
    pub(super) ok: bool,
    /// The message with which the wait ended; `None` if the case cannot be run.
    pub(super) message: Option<String>,
    /// The number of polls.
    attempts: Option<u64>,
    pub(super) differences: Vec<Difference>,
    #[serde(serialize_with = "as_json")]
    pub(super) findings: Findings,
}

fn as_json<S: Serializer>(findings: &Findings, serializer: S) -> Result<S::Ok, S::Error> {
    findings.to_json().serialize(serializer)
}

impl Tested {
    pub(super) fn is_ok(&self) -> bool {
        self.problem.is_none() && self.cases.iter().all(|case| case.ok)
    }

    pub(super) fn reached(&self) -> usize {
        self.acceptors.iter().filter(|acceptor| acceptor.reached).count()
    }

    /// Describes what the cases lack of --min-coverage.
    fn shortage(&self, min_coverage: u8) -> Option<String> {
        if self.coverage < usize::from(min_coverage) {
            return Some(format!(
                "{} % of the acceptors are reached, not {min_coverage} %",
                self.coverage
            ));
        }
        (!self.waits).then(|| "there is no case in which it goes on waiting".to_owned())
    }
}

/// Finds the waiters that `args` name, and runs their cases.
pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<Vec<Tested>> {
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
    let is_wanted = wanted(args.service.as_deref(), args.waiter.as_deref(), &models);
    if cases != Path::new(DEFAULT_CASES) && !cases.is_dir() {
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
    waiters.retain(|(service, name), _| is_wanted(service, name));
    if waiters.is_empty() {
        return Err(nothing(args, &cases).into());
    }
    let test = |((service, name), cases): (_, BTreeMap<_, _>)| {
        test(&catalog, &models, service, name, &cases, args.min_coverage)
    };
    Ok(waiters.into_iter().map(test).collect())
}

/// Returns a test for the waiters of `service` with the name `name`, which may also be `service.name`.
fn wanted(
    service: Option<&str>,
    name: Option<&str>,
    models: &Models,
) -> impl Fn(&str, &str) -> bool + use<> {
    let (service, name) = match (service.and_then(|word| word.split_once('.')), name) {
        (Some((service, name)), None) => (Some(service), Some(name)),
        (_, name) => (service, name),
    };
    let service = service.map(|service| fold(&services::resolve(None, models, service)));
    let name = name.map(fold);
    move |other_service, other_name| {
        service.as_ref().is_none_or(|wanted| *wanted == fold(other_service))
            && name.as_ref().is_none_or(|wanted| *wanted == fold(other_name))
    }
}

fn nothing(args: &Args, cases: &Path) -> Failure {
    let folder = cases.display();
    let Some(service) = &args.service else {
        let message = format!("there is nothing to test: no waiter has cases in {folder}");
        return Failure::usage(message)
            .help("`maitred new SERVICE OPERATION` writes a waiter with its first cases");
    };
    let name = args.waiter.as_ref().map(|name| format!(".{name}")).unwrap_or_default();
    let message = format!("there is nothing to test: {service}{name} has no cases in {folder}");
    Failure::usage(message).help(format!("a case is {folder}/<service>/<waiter>/<case>.json"))
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
    min_coverage: Option<u8>,
) -> Tested {
    let found = catalog.find(&service, &name);
    let mut tested = Tested {
        service,
        name,
        origin: None,
        problem: None,
        coverage: 100,
        waits: false,
        acceptors: Vec::new(),
        cases: Vec::new(),
    };
    let entry = match found {
        Ok(entry) => entry,
        Err(error) => {
            let near = match &error {
                LookupError::Unknown(unknown) => unknown.near(),
                LookupError::BadFile(_) | LookupError::Extends(_) | _ => None,
            };
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            return Tested { problem: Some(format!("{error}{near}")), ..tested };
        }
    };
    let mut words: Vec<_> = entry.config.acceptors.iter().map(|_| String::new()).collect();
    let mut reached = BTreeSet::new();
    for (name, path) in cases {
        let (case, ran) = run_case(name, path, &entry, models);
        tested.cases.push(case);
        let Some((waiter, replayed)) = ran else { continue };
        reached.extend(replayed.reached);
        tested.waits |= replayed.went_on > 0;
        words = waiter.acceptors().iter().map(describe).collect();
    }
    let acceptor =
        |(index, acceptor)| TestedAcceptor { index, acceptor, reached: reached.contains(&index) };
    tested.acceptors = words.into_iter().enumerate().map(acceptor).collect();
    tested.coverage = (tested.reached() * 100).checked_div(tested.acceptors.len()).unwrap_or(100);
    // The acceptors of botocore's waiters need no cases.
    let min_coverage = min_coverage.filter(|_| entry.origin != WaiterOrigin::Botocore);
    tested.problem = min_coverage.and_then(|least| tested.shortage(least));
    Tested { origin: Some(entry.origin.to_string()), ..tested }
}

fn run_case(
    name: &str,
    path: &Path,
    entry: &Entry,
    models: &dyn lint::ModelSource,
) -> (TestedCase, Option<(Waiter, Replayed)>) {
    let file = path.display().to_string();
    let mut tested = TestedCase {
        name: name.to_owned(),
        findings: Findings { name: file.clone(), ..Findings::default() },
        file,
        ok: false,
        message: None,
        attempts: None,
        differences: Vec::new(),
    };
    let Findings { text, diagnostics, .. } = &mut tested.findings;
    let compiled = read(path).and_then(|read| {
        *text = read;
        let case = schema::parse_case(text)?;
        Ok((entry.compile(&replay::options(&case)?)?, case))
    });
    *diagnostics = match &compiled {
        Ok((waiter, case)) => replay::check(case, waiter, Some(models)),
        Err(invalid) => invalid.diagnostics().to_vec(),
    };
    if !diagnostics.is_empty() {
        schema::locate(text, diagnostics);
    }
    let is_broken = diagnostics.iter().any(|found| found.severity == Severity::Error);
    let Some((waiter, case)) = compiled.ok().filter(|_| !is_broken) else { return (tested, None) };
    let replayed = replay::replay(&case, &waiter);
    tested.differences = replayed.differences(&case.expect);
    tested.ok = tested.differences.is_empty();
    tested.message = Some(replayed.outcome.message().to_owned());
    tested.attempts = Some(replayed.outcome.progress().attempts);
    (tested, Some((waiter, replayed)))
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
