//! `maitred new`: writes a waiter and its first cases from the model of an operation.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde_json::{Value, json};

use super::context::Context;
use super::exit::Failure;
use super::report::{self, Report};
use super::source_args::unusable_file;
use super::{duration, number, project, text_layout};
use crate::config::State;
use crate::diagnostic::fold;
use crate::draft::{self, Draft, DraftOptions};
use crate::{catalog, file, schema};

mod draft_target;
mod draft_text;
mod prompt;

use draft_target::DraftTarget;

/// Write a waiter and its first cases from the model of an operation
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("new.txt").trim_end())]
pub(super) struct Args {
    /// The service, e.g. glue
    service: String,
    /// The operation to poll, e.g. get-crawler
    operation: String,
    /// The waiter's name; default: the resource and its first success state
    #[arg(long)]
    name: Option<String>,
    /// The member of the output that is the state, e.g. Clusters[].ClusterStatus
    #[arg(long, value_name = "EXPR")]
    path: Option<String>,
    /// The success states; default: those recognised by their names
    #[arg(long, value_name = "STATE,…", value_delimiter = ',')]
    success: Vec<String>,
    /// The failure states; default: those recognised by their names
    #[arg(long, value_name = "STATE,…", value_delimiter = ',')]
    failure: Vec<String>,
    /// The meaning of a resource that does not exist; default: an error that ends the wait
    #[arg(long, value_name = "STATE", value_parser = not_found())]
    not_found: Option<State>,
    /// Seconds between two polls; default: 15 for jobs, 30 for resources
    #[arg(long, value_name = "SECONDS", value_parser = duration::parse_seconds)]
    delay: Option<f64>,
    /// The maximum number of polls; default: as many as take an hour
    #[arg(long, value_name = "N", value_parser = number::from_one::<u64>, allow_negative_numbers = true)]
    max_attempts: Option<u64>,
    /// For a resource that runs repeatedly: wait for the run after the current one (a `baseline`)
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
    /// Ask no questions
    #[arg(short, long)]
    yes: bool,
    /// Print the waiter and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// The meanings of a resource that does not exist.
fn not_found() -> impl TypedValueParser<Value = State> {
    let meanings = [
        ("success", "The wait succeeds: it is for the deletion"),
        ("failure", "The wait fails"),
        ("retry", "The wait goes on: the resource is yet to be created"),
    ];
    let values = meanings.map(|(name, help)| PossibleValue::new(name).help(help));
    PossibleValuesParser::new(values).try_map(|name| serde_json::from_value(name.into()))
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<Report> {
    let target = DraftTarget::find(&args.service, &args.operation, context)?;
    let service = &target.service;
    let mut options = DraftOptions::default();
    options.name = args.name.clone();
    options.path = args.path.clone();
    options.success = args.success.clone();
    options.failure = args.failure.clone();
    options.not_found = args.not_found;
    options.delay = args.delay;
    options.max_attempts = args.max_attempts;
    options.next_run = args.baseline;
    if !args.yes && report::asks_people() {
        prompt::ask(service, &target.operation, &mut options, &mut prompt::from_terminal)?;
    }
    let draft = draft::draft(service, &target.operation, &options)
        .map_err(|error| draft_text::failure(&target, &error))?;
    if args.dry_run {
        let waiter = json!({ draft.name.as_str(): draft.to_json() });
        let summary = draft_text::summary(&target, &draft);
        return Ok(Report::text(report::json(waiter)).with_stderr(summary));
    }
    let project = context.project()?;
    let file = args.file.clone();
    let file = file.unwrap_or_else(|| Path::new("waiters").join(format!("{}.json", service.name)));
    if args.file.is_none() {
        project::stays_inside(Path::new("."), &file, "--file")?;
    }
    let cases = context.cases(args.cases.as_ref())?;
    let within = args.cases.is_none().then(|| project.top());
    if let Some(root) = within {
        project::stays_inside(root, &cases.join(&service.name), "--cases")?;
    }
    let name = write_waiter(&file, &service.name, &draft, args.force)?;
    let folder = cases.join(&service.name).join(&name);
    let written = write_cases(&folder, &draft, args.force, within)?;
    let text = format!(
        "{}\nadded {}.{name} to {}\nwrote {} to {}\n\
         check both, then run: maitred lint {} && maitred test {} {name}",
        draft_text::summary(&target, &draft),
        service.name,
        file.display(),
        text_layout::counted(written, "case"),
        folder.display(),
        file.display(),
        service.name
    );
    Ok(Report::text(text))
}

/// Adds the waiter to its file, and returns the name that it has there.
fn write_waiter(path: &Path, service: &str, draft: &Draft, force: bool) -> anyhow::Result<String> {
    let waiter = draft.to_json();
    let mut name = draft.name.clone();
    let text = if path.exists() {
        let file = catalog::read(path, schema::parse).map_err(|bad| unusable_file(&bad))?;
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
        let text = file::text(path, catalog::MAX_FILE as u64)?;
        schema::with_waiter(&text, &name, &waiter)?
    } else {
        let mut file = json!({ "$schema": schema::SCHEMA_ID, "version": 2 });
        if catalog::file_service(path) != service {
            file["service"] = Value::from(service);
        }
        file["waiters"] = json!({ name.as_str(): waiter });
        report::json(file)
    };
    // The file must be valid after the change.
    schema::parse(&text).with_context(|| format!("{name} would not be valid"))?;
    write(path, &text)?;
    Ok(name)
}

/// Writes the cases of a draft that do not exist yet; only below the folder `within`, if it is given.
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
            write(&path, &report::json(serde_json::to_value(case)?))?;
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
