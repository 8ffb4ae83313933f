//! `maitred new`: writes a waiter and its first cases from the model of an operation.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::clients::DataArgs;
use super::exit::Failure;
use super::project;
use super::render;
use super::report::{self, Report};
use super::services;
use super::signature;
use super::signature::Signature;
use super::test::CASES;
use crate::catalog;
use crate::client::HTTP_SERVICE;
use crate::config::State;
use crate::diagnostic::fold;
use crate::draft;
use crate::draft::Draft;
use crate::draft::DraftOptions;
use crate::file;
use crate::model::Models;
use crate::model::OperationModel;
use crate::model::ServiceModel;
use crate::schema;

mod prompt;
mod proposal;
mod refusal;

/// Write a waiter and its first cases from the model of an operation
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The state is the member of the output that is called so, e.g. Status; success and failure are told by
the names of its values, and all of it is shown for you to judge. On a terminal it is asked for; the
flags say it beforehand. Where the model does not list the values, say them: --success and --failure.
A waiter for a thing that is to be gone succeeds where it is not found: --not-found success.

The waiter is added to the file, in which nothing else changes, and its cases to
DIR/<service>/<waiter>: one for every state that ends the wait, and one in which nothing does.

Examples:
  maitred new glue get-job-run
  maitred new stepfunctions describe-execution --name execution_succeeded --delay 10
  maitred new ecs describe-tasks --success RUNNING --failure STOPPED
  maitred new cloudformation describe-change-set --path ExecutionStatus
  maitred new glue get-crawler --baseline                    the crawl after the last one
  maitred new mwaa get-environment --not-found success       until it is gone
  maitred lint && maitred test")]
pub(super) struct Args {
    /// The service, e.g. glue
    service: String,
    /// The operation to poll, e.g. get-crawler
    operation: String,
    /// The waiter's name; default: the thing and its first success
    #[arg(long)]
    name: Option<String>,
    /// The member of the output that tells the state, e.g. Clusters[].ClusterStatus
    #[arg(long, value_name = "EXPR")]
    path: Option<String>,
    /// The states that are a success, instead of those whose names say so
    #[arg(long, value_name = "STATE,…", value_delimiter = ',')]
    success: Vec<String>,
    /// The states that are a failure, instead of those whose names say so
    #[arg(long, value_name = "STATE,…", value_delimiter = ',')]
    failure: Vec<String>,
    /// What the error for a thing that does not exist means; default: it ends the wait as an error
    #[arg(long, value_enum, value_name = "STATE")]
    not_found: Option<NotFound>,
    /// Seconds between two polls; default: 15 for work, 30 for a thing
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    delay: Option<f64>,
    /// How many polls; default: an hour of them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_attempts: Option<u64>,
    /// The thing runs again and again: wait for the run after the one that is there now (a `baseline`)
    #[arg(long)]
    baseline: bool,
    /// The waiter file; default: waiters/<service>.json
    #[arg(long)]
    file: Option<PathBuf>,
    /// The folder of the cases [default: `tests` of maitred.toml, else tests/waiters]
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
    /// Replace a waiter of that name, and its cases
    #[arg(long)]
    force: bool,
    /// Ask nothing
    #[arg(short, long)]
    yes: bool,
    /// Print the waiter and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// What the error for a thing that does not exist means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum NotFound {
    /// It is what is waited for: the thing is gone
    Success,
    /// The wait is in vain
    Failure,
    /// It is yet to come
    Retry,
}

impl From<NotFound> for State {
    fn from(state: NotFound) -> Self {
        match state {
            NotFound::Success => Self::Success,
            NotFound::Failure => Self::Failure,
            NotFound::Retry => Self::Retry,
        }
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "write a number of seconds".to_owned())?;
    let valid = seconds.is_finite() && (0.0..1e9).contains(&seconds);
    if valid { Ok(seconds) } else { Err("write a number of seconds".to_owned()) }
}

pub(super) fn run(args: &Args) -> anyhow::Result<Report> {
    let target = find(args)?;
    let service = &target.service;
    let mut options = DraftOptions {
        name: args.name.clone(),
        path: args.path.clone(),
        success: args.success.clone(),
        failure: args.failure.clone(),
        not_found: args.not_found.map(Into::into),
        delay: args.delay,
        max_attempts: args.max_attempts,
        next_run: args.baseline,
    };
    if !args.yes && report::asks_people() {
        prompt::ask(service, &target.operation, &mut options, &mut prompt::Terminal)?;
    }
    let draft = draft::draft(service, &target.operation, &options)
        .map_err(|error| refusal::explained(&target, &error))?;
    if args.dry_run {
        let waiter = json!({ draft.name.as_str(): draft.to_json() });
        return Ok(Report::text(report::json(&waiter)).with_stderr(proposal::told(&target, &draft)));
    }
    let project = project::project()?;
    let file = args.file.clone();
    let file = file.unwrap_or_else(|| Path::new("waiters").join(format!("{}.json", service.name)));
    if args.file.is_none() {
        project::stays_inside(Path::new("."), &file, "--file")?;
    }
    let cases = args.cases.clone().or_else(|| project.tests.clone());
    let cases = cases.unwrap_or_else(|| PathBuf::from(CASES));
    let within = args.cases.is_none().then(|| project.top());
    if let Some(root) = within {
        project::stays_inside(root, &cases.join(&service.name), "--cases")?;
    }
    let name = write_waiter(&file, &service.name, &draft, args.force)?;
    let folder = cases.join(&service.name).join(&name);
    let written = write_cases(&folder, &draft, args.force, within)?;
    let told = format!(
        "{}\nadded {}.{name} to {}\nwrote {written} cases to {}\n\
         look through both, then: maitred lint {} && maitred test {} {name}",
        proposal::told(&target, &draft),
        service.name,
        file.display(),
        folder.display(),
        file.display(),
        service.name
    );
    Ok(Report::text(told))
}

/// What is to be polled.
struct Target {
    models: Models,
    service: ServiceModel,
    operation: Arc<OperationModel>,
}

fn find(args: &Args) -> anyhow::Result<Target> {
    if args.service == HTTP_SERVICE {
        let failure = Failure::usage("service http has no model to write a waiter from");
        return Err(failure
            .help("`maitred explain http json_field` shows one to begin with")
            .into());
    }
    let models = DataArgs::default().models();
    let named = services::meant(None, &models, &args.service);
    let service = signature::known_service(&models, &named)?.model().clone();
    let Some(Signature::Aws { operation, .. }) = Signature::find(&models, &named, &args.operation)?
    else {
        let message = format!("{} has no operation `{}`", service.name, args.operation);
        let failure = Failure::usage(message);
        return Err(match Signature::suggest(&models, &named, &args.operation) {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help(format!("`maitred call {}` lists them", service.name)),
        }
        .into());
    };
    if !service.is_read(&operation.name) {
        let message =
            format!("polling {} may change something: it is not read-only", operation.name);
        return Err(Failure::usage(message)
            .help("name the operation that describes the thing")
            .into());
    }
    Ok(Target { models, service, operation })
}

/// Adds the waiter to its file and tells the name that it has there.
fn write_waiter(path: &Path, service: &str, draft: &Draft, force: bool) -> anyhow::Result<String> {
    let waiter = draft.to_json();
    let mut name = draft.name.clone();
    let text = if path.exists() {
        let file = catalog::read(path, crate::schema::parse).map_err(|bad| {
            let message = format!("{} cannot be used\n{}", path.display(), render::bad_file(&bad));
            Failure::usage(message)
        })?;
        let of = file.service.clone().unwrap_or_else(|| catalog::file_service(path));
        if of != service {
            let message = format!("{} is of service {of}, not {service}", path.display());
            return Err(Failure::usage(message).help("give another --file").into());
        }
        if let Some(known) = file.waiters.keys().find(|known| fold(known) == fold(&name)) {
            if !force {
                let message = format!("{} has a waiter `{known}`", path.display());
                let help = "give another --name, or --force to replace it";
                return Err(Failure::usage(message).help(help).into());
            }
            name.clone_from(known);
        }
        let text = file::text(path, crate::catalog::MAX_FILE as u64)?;
        schema::with_waiter(&text, &name, &waiter)?
    } else {
        let mut file = json!({ "$schema": schema::SCHEMA_ID, "version": 2 });
        if catalog::file_service(path) != service {
            file["service"] = Value::from(service);
        }
        file["waiters"] = json!({ name.as_str(): waiter });
        report::json(&file)
    };
    // What is written can be read.
    schema::parse(&text).with_context(|| format!("{name} would not be valid"))?;
    write(path, &text)?;
    Ok(name)
}

/// Writes the cases of a draft that are not there yet; in the folder `within`, if it is given.
fn write_cases(
    folder: &Path,
    draft: &Draft,
    force: bool,
    within: Option<&Path>,
) -> anyhow::Result<usize> {
    let mut written = 0;
    for (name, case) in &draft.cases {
        let path = folder.join(format!("{name}.json"));
        if force || !path.exists() {
            if let Some(root) = within {
                project::stays_inside(root, &path, "--cases")?;
            }
            write(&path, &report::json(&serde_json::to_value(case)?))?;
            written += 1;
        }
    }
    Ok(written)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder
        .and_then(|()| std::fs::write(path, text))
        .with_context(|| format!("{} cannot be written", path.display()))
}
