//! `maitred lint`: checks waiter files.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::clients::DataArgs;
use super::exit::{Exit, Failure};
use super::project;
use super::render::Findings;
use super::report::{self, Report};
use super::services;
use crate::catalog;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::RuleLevel;
use crate::diagnostic::Severity;
use crate::file::{self, FileError};
use crate::lint;
use crate::lint::Config;
use crate::model::Models;
use crate::project::Project;
use crate::schema;

mod bases;
mod rules;
mod sarif;

/// Check waiter files: the JSON, every key and value, and whether the waiters can work
///
/// Operations, inputs, paths and states are checked against the model of the service. Rules can be
/// set to off, note, warning or error in `maitred.toml`:
///
///   [lint.rules]
///   no-failure = "off"
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  maitred lint                             all files of ./waiters
  maitred lint waiters/redshift.json --notes
  maitred lint --deny warnings --output github waiters
  maitred lint --output sarif waiters > lint.sarif
  maitred lint --fix waiters
  maitred lint --explain unknown-member
  generate-waiters | maitred lint -

Exit code: 0 no errors (with --deny warnings, no warnings either), 1 findings, 2 bad usage or nothing
to check.")]
pub(super) struct Args {
    /// Files, folders of *.json files or of botocore's layout, or `-` for standard input [default:
    /// `waiters` of maitred.toml, else ./waiters]
    #[arg(value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// How findings are written
    #[arg(long, alias = "format", value_enum, default_value_t)]
    output: Format,
    /// Exit with 1 for these, too
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Option<Deny>,
    /// Show notes: what is worth knowing, and no mistake
    #[arg(long)]
    notes: bool,
    /// Repair in the files what can safely be repaired
    #[arg(long, conflicts_with = "builtin")]
    fix: bool,
    /// The service of files that name none [default: the file's name]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Set a rule to off, note, warning or error. May be repeated
    #[arg(long, value_name = "RULE=LEVEL", value_parser = rules::level)]
    rule: Vec<(String, RuleLevel)>,
    /// Check the waiters that are built in
    #[arg(long, value_enum, value_name = "WHOSE", conflicts_with = "paths")]
    builtin: Option<Builtin>,
    /// Say what a rule is about
    #[arg(long, value_name = "RULE", conflicts_with_all = ["paths", "builtin", "fix"])]
    explain: Option<String>,
    /// List the rules
    #[arg(long, conflicts_with_all = ["paths", "builtin", "fix", "explain"])]
    list_rules: bool,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON object, notes included
    Json,
    /// SARIF 2.1.0, for code scanning, notes included
    Sarif,
    /// Workflow commands of GitHub Actions
    Github,
    /// The rules as a page; only with --list-rules
    Markdown,
}

/// What else is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Deny {
    /// Warnings
    Warnings,
}

/// Waiters that are built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Builtin {
    /// Those of botocore
    Botocore,
    /// Those written for maitred
    Maitred,
}

/// A file that was checked.
struct Checked {
    name: String,
    text: String,
    diagnostics: Vec<Diagnostic>,
}

impl Checked {
    fn findings(&self) -> Findings<'_> {
        Findings::new(&self.name, &self.text, &self.diagnostics)
    }

    fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|finding| finding.severity == severity).count()
    }
}

/// What files are checked with.
struct Linter {
    models: Models,
    config: Config,
    /// What a found file may lead to with --fix.
    top: PathBuf,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Report> {
    if let Some(rule) = &args.explain {
        return rules::explain(rule);
    }
    if args.list_rules {
        return Ok(rules::list(args.output));
    }
    if args.output == Format::Markdown {
        return Err(Failure::usage("--output markdown goes with --list-rules").into());
    }
    let project = project::project()?;
    let linter = Linter {
        models: DataArgs::default().models(),
        config: config(args, &project)?,
        top: project.top().to_owned(),
    };
    let mut checked = match args.builtin {
        Some(builtin) => linter.builtin(builtin),
        None => {
            let files = files(&args.paths, &project)?;
            files.iter().map(|path| linter.check(path, args)).collect::<Result<_, _>>()?
        }
    };
    let notes = checked.iter().map(|file| file.count(Severity::Note)).sum();
    if !args.notes && matches!(args.output, Format::Text | Format::Github) {
        for file in &mut checked {
            file.diagnostics.retain(|finding| finding.severity > Severity::Note);
        }
    }
    let least = if args.deny.is_some() { Severity::Warning } else { Severity::Error };
    let bad = |file: &Checked| file.diagnostics.iter().any(|finding| finding.severity >= least);
    let exit = if checked.iter().any(bad) { Exit::Failure } else { Exit::Success };
    let hidden = if args.notes { 0 } else { notes };
    Ok(written(&checked, args.output, hidden).with_exit(exit))
}

/// The levels of the rules; those of the command line win.
fn config(args: &Args, project: &Project) -> Result<Config, Failure> {
    let mut levels = project.lint_rules.clone();
    levels.extend(args.rule.iter().cloned());
    Config::new(levels).map_err(|unknown| {
        Failure::usage(unknown.to_string()).help("`maitred lint --list-rules` lists the rules")
    })
}

fn written(checked: &[Checked], format: Format, hidden: usize) -> Report {
    match format {
        Format::Text | Format::Markdown => Report::text(text(checked, hidden)),
        Format::Json => Report::text(report::json(&json!({
            "version": 1,
            "files": checked.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
            "findings": checked.iter().flat_map(|file| file.findings().to_json()).collect::<Vec<_>>(),
        }))),
        Format::Sarif => Report::text(report::json(&sarif::log(checked))),
        Format::Github => Report::verbatim(report::commands(
            &checked.iter().map(|file| file.findings().to_github()).collect::<String>(),
        ))
        .with_stderr(summary(checked, hidden)),
    }
}

/// The files to check: those named, and those in the folders named.
fn files(paths: &[PathBuf], project: &Project) -> anyhow::Result<Vec<PathBuf>> {
    let default = [PathBuf::from("waiters")];
    let default = if project.waiters.is_empty() { &default[..] } else { &project.waiters };
    if paths.is_empty() && project.waiters.is_empty() && !default[0].is_dir() {
        let failure = Failure::usage(
            "there is nothing to check: no file is named, and there is no ./waiters",
        );
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
        return Err(
            Failure::usage(format!("there are no .json files in {}", path.display())).into()
        );
    }
    files.sort();
    Ok(files)
}

/// Adds the waiter files of a folder that is `depth` below the one that is checked.
fn collect(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    /// `<service>/<api-version>/waiters-2.json`.
    const LAYOUT_DEPTH: usize = 2;
    let unreadable =
        |error: io::Error| Failure::usage(format!("{} cannot be read: {error}", path.display()));
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        // Nobody has named it.
        Err(_) if depth > 0 => return Ok(()),
        Err(error) => return Err(unreadable(error)),
    };
    for entry in entries {
        let entry = entry.map_err(unreadable)?.path();
        let is_hidden =
            entry.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if entry.is_dir() && depth < LAYOUT_DEPTH && !is_hidden {
            collect(&entry, depth + 1, files)?;
        } else if !entry.is_dir() {
            let is_json = entry.extension().is_some_and(|extension| extension == "json");
            let in_layout = entry.file_name().is_some_and(|name| name == "waiters-2.json");
            if in_layout || (is_json && depth == 0) {
                files.push(entry);
            }
        }
    }
    Ok(())
}

impl Linter {
    fn check(&self, path: &Path, args: &Args) -> anyhow::Result<Checked> {
        let stdin = path == Path::new("-");
        let name = if stdin { "<stdin>".to_owned() } else { path.display().to_string() };
        let by_name = || (!stdin).then(|| catalog::file_service(path));
        let given = args.service.as_deref().map(|it| services::meant(None, &self.models, it));
        let service = given.or_else(by_name);
        let text = match contents(path) {
            Ok(text) => text,
            Err(unreadable) => {
                let (text, problem) = *unreadable;
                return Ok(Checked { name, text, diagnostics: vec![problem] });
            }
        };
        let diagnostics = self.examine(service.as_deref(), &text, Some(path));
        if args.fix
            && !stdin
            && let Some(fixed) = lint::fixed(&text, &diagnostics)
        {
            if !args.paths.iter().any(|named| named == path) {
                // It was found: in a folder that was named, or because maitred.toml says so.
                let folder = args.paths.iter().find(|named| path.starts_with(named));
                project::stays_inside(folder.unwrap_or(&self.top), path, "its path")?;
            }
            std::fs::write(path, &fixed).map_err(|error| {
                Failure::usage(format!("{} cannot be written: {error}", path.display()))
            })?;
            let diagnostics = self.examine(service.as_deref(), &fixed, Some(path));
            return Ok(Checked { name, text: fixed, diagnostics });
        }
        Ok(Checked { name, text, diagnostics })
    }

    /// The findings in a file of `service`, unless it names another itself.
    fn examine(&self, service: Option<&str>, text: &str, path: Option<&Path>) -> Vec<Diagnostic> {
        schema::examine(text, &|file| match file.service.as_deref().or(service) {
            Some(service) => {
                let (whole, mut findings) = bases::with_bases(service, file, path);
                let found = lint::lint(service, &whole, Some(&self.models), &self.config);
                findings.extend(bases::placed(file, found));
                findings
            }
            None => lint::lint("", file, None, &self.config),
        })
    }

    fn builtin(&self, builtin: Builtin) -> Vec<Checked> {
        let checked = |name: String, service: &str, text: String| {
            let diagnostics = self.examine(Some(service), &text, None);
            Checked { name, text, diagnostics }
        };
        match builtin {
            Builtin::Maitred => catalog::shipped()
                .map(|(service, text)| {
                    checked(format!("waiters/{service}.json"), service, text.to_owned())
                })
                .collect(),
            Builtin::Botocore => self
                .models
                .waiter_services()
                .filter_map(|service| {
                    let file = self.models.waiters(service).ok()??;
                    Some(checked(format!("botocore/{service}.json"), service, format!("{file:#}")))
                })
                .collect(),
        }
    }
}

/// The text of a file, or as much of it as can be shown with what is wrong.
fn contents(path: &Path) -> Result<String, Box<(String, Diagnostic)>> {
    let most = crate::catalog::MAX_FILE as u64;
    let read = match path == Path::new("-") {
        true => file::all(io::stdin().lock(), most),
        false => file::named(path, most),
    };
    let bytes = read.map_err(|error| {
        let message = match error {
            FileError::TooLong(_) => format!("{error}, which no waiter file is"),
            FileError::NotRegular | FileError::NotText | FileError::Io(_) => error.to_string(),
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

fn text(checked: &[Checked], hidden: usize) -> String {
    let mut text: String = checked
        .iter()
        .filter(|file| !file.diagnostics.is_empty())
        .map(|file| file.findings().to_text() + "\n\n")
        .collect();
    text.push_str(&summary(checked, hidden));
    text
}

/// How many of what there are.
fn summary(checked: &[Checked], hidden: usize) -> String {
    let files = count(checked.len(), "file");
    let bad = checked.iter().filter(|file| !file.diagnostics.is_empty()).count();
    let of = |severity| checked.iter().map(|file| file.count(severity)).sum::<usize>();
    let found =
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")]
            .map(|(severity, what)| (of(severity), what));
    let found: Vec<_> = found
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| count(number, what))
        .collect();
    let found = match (found.as_slice(), checked.len()) {
        ([], _) => "no problems".to_owned(),
        (found, 1) => found.join(", "),
        (found, _) => format!("{} in {}", found.join(", "), count(bad, "file")),
    };
    let hidden = match hidden {
        0 => String::new(),
        number => format!(" ({}, shown with --notes)", count(number, "note")),
    };
    format!("{files} checked, {found}{hidden}")
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
