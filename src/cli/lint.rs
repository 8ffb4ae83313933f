//! `maitred lint`: checks waiter files.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::exit::{Exit, Failure};
use super::render::Findings;
use super::report::{self, Report};
use crate::diagnostic::Diagnostic;
use crate::schema;

/// Check waiter files: the JSON, every key and value, and that every expression compiles
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  maitred lint                             all files of ./waiters
  maitred lint waiters/redshift.json
  maitred lint --format github waiters     annotations in a pull request
  generate-waiters | maitred lint -

Exit code: 0 no findings, 1 findings, 2 there is nothing to check.")]
pub(super) struct Args {
    /// Files, folders of *.json files, or `-` for standard input [default: ./waiters]
    #[arg(value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// How findings are written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON object
    Json,
    /// Workflow commands of GitHub Actions
    Github,
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
}

pub(super) fn run(args: &Args) -> anyhow::Result<Report> {
    let checked: Vec<_> = files(&args.paths)?.iter().map(|path| check(path)).collect();
    let clean = checked.iter().all(|file| file.diagnostics.is_empty());
    let report = match args.format {
        Format::Text => Report::text(text(&checked)),
        Format::Json => Report::text(report::json(&json!({
            "version": 1,
            "files": checked.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
            "findings": checked.iter().flat_map(|file| file.findings().to_json()).collect::<Vec<_>>(),
        }))),
        Format::Github => {
            Report::text(checked.iter().map(|file| file.findings().to_github()).collect::<String>())
                .with_stderr(summary(&checked))
        }
    };
    Ok(report.with_exit(if clean { Exit::Success } else { Exit::Failure }))
}

/// The files to check: those named, and those in the folders named.
fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let default = [PathBuf::from("waiters")];
    if paths.is_empty() && !default[0].is_dir() {
        let failure = Failure::usage(
            "there is nothing to check: no file is named, and there is no ./waiters",
        );
        return Err(failure.help("name files or folders: maitred lint FILE|DIR…").into());
    }
    let mut files = Vec::new();
    for path in if paths.is_empty() { &default[..] } else { paths } {
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

fn folder(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let unreadable =
        |error: io::Error| Failure::usage(format!("{} cannot be read: {error}", path.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_some_and(|extension| extension == "json") && file.is_file() {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(
            Failure::usage(format!("there are no .json files in {}", path.display())).into()
        );
    }
    files.sort();
    Ok(files)
}

fn check(path: &Path) -> Checked {
    let stdin = path == Path::new("-");
    let name = if stdin { "<stdin>".to_owned() } else { path.display().to_string() };
    let read = if stdin { read(io::stdin().lock()) } else { File::open(path).and_then(read) };
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(error) => {
            let problem = Diagnostic::error("file", "", format!("cannot be read: {error}"));
            return Checked { name, text: String::new(), diagnostics: vec![problem] };
        }
    };
    if bytes.len() > schema::MAX_FILE {
        let message = format!("is longer than {} bytes, which no waiter file is", schema::MAX_FILE);
        let problem = Diagnostic::error("file", "", message);
        return Checked { name, text: String::new(), diagnostics: vec![problem] };
    }
    match String::from_utf8(bytes) {
        Ok(text) => {
            let problems = schema::parse(&text).err();
            let diagnostics =
                problems.map_or_else(Vec::new, |problems| problems.diagnostics().to_vec());
            Checked { name, text, diagnostics }
        }
        Err(error) => {
            let offset = error.utf8_error().valid_up_to();
            let problem = Diagnostic::error("utf-8", "", "the file is not UTF-8 from here on")
                .at(offset..offset + 1)
                .with_help("save it as UTF-8");
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            Checked { name, text, diagnostics: vec![problem] }
        }
    }
}

/// As much as is needed to tell that a file is too large.
fn read(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(schema::MAX_FILE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn text(checked: &[Checked]) -> String {
    let mut text: String = checked
        .iter()
        .filter(|file| !file.diagnostics.is_empty())
        .map(|file| file.findings().to_text() + "\n\n")
        .collect();
    text.push_str(&summary(checked));
    text
}

fn summary(checked: &[Checked]) -> String {
    let findings = checked.iter().map(|file| file.diagnostics.len()).sum();
    let bad = checked.iter().filter(|file| !file.diagnostics.is_empty()).count();
    let files = count(checked.len(), "file");
    match (findings, checked.len()) {
        (0, _) => format!("{files} checked, no problems"),
        (_, 1) => format!("{files} checked, {}", count(findings, "problem")),
        _ => format!("{files} checked, {} in {}", count(findings, "problem"), count(bad, "file")),
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
