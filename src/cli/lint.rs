//! `maitred lint`: checks waiter files.

use std::path::PathBuf;

use serde_json::json;

use super::context::Context;
use super::exit::{Exit, Failure};
use super::report::{self, Report};
use super::text_layout::counted;
use crate::diagnostic::{RuleLevel, Severity};
use crate::lint::Config;
use crate::project::Project;

mod checked_file;
mod files;
mod inherited;
mod linter;
mod output_format;
mod rules;
mod sarif;

use checked_file::CheckedFile;
use linter::Linter;
use output_format::OutputFormat;

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
    /// Output format
    #[arg(long, alias = "format", value_enum, default_value_t)]
    output: OutputFormat,
    /// Also exit with 1 for these
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Option<Deny>,
    /// Show notes, which are not mistakes
    #[arg(long)]
    notes: bool,
    /// Fix the findings that can be fixed safely
    #[arg(long, conflicts_with = "builtin")]
    fix: bool,
    /// The service of files that name none [default: the file's name]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Set a rule to off, note, warning or error. May be repeated
    #[arg(long, value_name = "RULE=LEVEL", value_parser = rules::level)]
    rule: Vec<(String, RuleLevel)>,
    /// Check the built-in waiters
    #[arg(long, value_enum, value_name = "WHOSE", conflicts_with = "paths")]
    builtin: Option<Builtin>,
    /// Explain a rule
    #[arg(long, value_name = "RULE", conflicts_with_all = ["paths", "builtin", "fix"])]
    explain: Option<String>,
    /// List the rules
    #[arg(long, conflicts_with_all = ["paths", "builtin", "fix", "explain"])]
    list_rules: bool,
}

/// What exits with 1 in addition to errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Deny {
    /// Warnings
    Warnings,
}

/// Built-in waiters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Builtin {
    /// Those of botocore
    Botocore,
    /// Those written for maitred
    Maitred,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<Report> {
    if let Some(rule) = &args.explain {
        return rules::explain(rule);
    }
    if args.list_rules {
        return Ok(rules::list(args.output));
    }
    if args.output == OutputFormat::Markdown {
        return Err(Failure::usage("--output markdown goes with --list-rules").into());
    }
    let project = context.project()?;
    let linter = Linter {
        context,
        models: context.models(&[]),
        config: config(args, project)?,
        service: args.service.as_deref(),
        paths: &args.paths,
        top: project.top(),
    };
    let mut checked = match args.builtin {
        Some(Builtin::Maitred) => linter.check_shipped(),
        Some(Builtin::Botocore) => linter.check_botocore(),
        None => {
            let files = files::find(&args.paths, project)?;
            files.iter().map(|path| linter.check(path, args.fix)).collect::<Result<_, _>>()?
        }
    };
    let notes = checked.iter().map(|file| file.count(Severity::Note)).sum();
    if !args.notes && matches!(args.output, OutputFormat::Text | OutputFormat::Github) {
        for file in &mut checked {
            file.diagnostics.retain(|finding| finding.severity > Severity::Note);
        }
    }
    let least = if args.deny.is_some() { Severity::Warning } else { Severity::Error };
    let bad = |file: &CheckedFile| file.diagnostics.iter().any(|found| found.severity >= least);
    let exit = if checked.iter().any(bad) { Exit::Failure } else { Exit::Success };
    let hidden = if args.notes { 0 } else { notes };
    Ok(report(&checked, args.output, hidden).with_exit(exit))
}

/// The levels of the rules; those of the command line win.
fn config(args: &Args, project: &Project) -> Result<Config, Failure> {
    let mut levels = project.lint_rules.clone();
    levels.extend(args.rule.iter().cloned());
    Config::new(levels).map_err(|unknown| {
        Failure::usage(unknown.to_string()).help("`maitred lint --list-rules` lists the rules")
    })
}

fn report(checked: &[CheckedFile], format: OutputFormat, hidden: usize) -> Report {
    match format {
        OutputFormat::Text | OutputFormat::Markdown => Report::text(text(checked, hidden)),
        OutputFormat::Json => Report::text(report::json(json!({
            "version": 1,
            "files": checked.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
            "findings": checked.iter().flat_map(|file| file.findings().to_json()).collect::<Vec<_>>(),
        }))),
        OutputFormat::Sarif => Report::text(report::json(sarif::log(checked))),
        OutputFormat::Github => Report::verbatim(report::commands(
            &checked.iter().map(|file| file.findings().to_github()).collect::<String>(),
        ))
        .with_stderr(summary(checked, hidden)),
    }
}

fn text(checked: &[CheckedFile], hidden: usize) -> String {
    let mut text: String = checked
        .iter()
        .filter(|file| !file.diagnostics.is_empty())
        .map(|file| file.findings().to_text() + "\n\n")
        .collect();
    text.push_str(&summary(checked, hidden));
    text
}

/// How many of what there are.
fn summary(checked: &[CheckedFile], hidden: usize) -> String {
    let files = counted(checked.len(), "file");
    let bad = checked.iter().filter(|file| !file.diagnostics.is_empty()).count();
    let of = |severity| checked.iter().map(|file| file.count(severity)).sum::<usize>();
    let found =
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")]
            .map(|(severity, what)| (of(severity), what));
    let found: Vec<_> = found
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| counted(number, what))
        .collect();
    let found = match (found.as_slice(), checked.len()) {
        ([], _) => "no problems".to_owned(),
        (found, 1) => found.join(", "),
        (found, _) => format!("{} in {}", found.join(", "), counted(bad, "file")),
    };
    let hidden = match hidden {
        0 => String::new(),
        number => format!(" ({}, shown with --notes)", counted(number, "note")),
    };
    format!("{files} checked, {found}{hidden}")
}
