//! `maitred lint`: checks waiter files.

use std::path::PathBuf;

use serde_json::json;

use super::context::Context;
use super::exit::{Exit, Failure};
use super::findings::Findings;
use super::project::Project;
use super::report::{self, Report};
use super::text_layout::counted;
use crate::diagnostic::{RuleLevel, Severity};
use crate::lint::Config;

mod files;
mod inherited;
mod linter;
mod rules;
mod sarif;

use linter::Linter;

/// Check waiter files: the JSON, every key and value, and whether the waiters can work
///
/// Operations, inputs, paths and states are checked against the model of the service. Rules can be
/// set to off, note, warning or error in `maitred.toml`:
///
///   [lint.rules]
///   no-failure = "off"
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("lint.txt").trim_end())]
pub(super) struct Args {
    /// Files, folders of *.json files or of botocore's layout, or `-` for standard input [default:
    /// `waiters` of maitred.toml, else ./waiters]
    #[arg(value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Output format
    #[arg(long, alias = "format", value_enum, default_value_t)]
    output: OutputFormat,
    /// Also exit with 1 for these
    #[arg(long, value_name = "WHAT", value_parser = ["warnings"])]
    deny: Option<String>,
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

/// The form of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum OutputFormat {
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
        return Ok(Report::text(match args.output {
            OutputFormat::Text | OutputFormat::Sarif | OutputFormat::Github => rules::text(),
            OutputFormat::Json => report::json(rules::json()),
            OutputFormat::Markdown => rules::markdown(),
        }));
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
    let bad = |file: &Findings| file.diagnostics.iter().any(|found| found.severity >= least);
    let exit = if checked.iter().any(bad) { Exit::Failure } else { Exit::Success };
    let hidden = if args.notes { 0 } else { notes };
    Ok(report(&checked, args.output, hidden).with_exit(exit))
}

/// The levels of the rules; those of the command line win.
fn config(args: &Args, project: &Project) -> Result<Config, Failure> {
    let mut levels = project.lint.rules.clone();
    levels.extend(args.rule.iter().cloned());
    Config::new(levels).map_err(|unknown| {
        Failure::usage(unknown.to_string()).help("`maitred lint --list-rules` lists the rules")
    })
}

fn report(checked: &[Findings], format: OutputFormat, hidden: usize) -> Report {
    match format {
        OutputFormat::Text | OutputFormat::Markdown => Report::text(text(checked, hidden)),
        OutputFormat::Json => Report::text(report::json(json!({
            "version": 1,
            "files": checked.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
            "findings": checked.iter().flat_map(|file| file.to_json()).collect::<Vec<_>>(),
        }))),
        OutputFormat::Sarif => Report::text(report::json(sarif::log(checked))),
        OutputFormat::Github => {
            let commands: String = checked.iter().map(Findings::to_github).collect();
            Report::commands(&commands).with_stderr(summary(checked, hidden))
        }
    }
}

fn text(checked: &[Findings], hidden: usize) -> String {
    let text: String = checked
        .iter()
        .filter(|file| !file.diagnostics.is_empty())
        .map(|file| file.to_text() + "\n\n")
        .collect();
    text + &summary(checked, hidden)
}

fn summary(checked: &[Findings], hidden: usize) -> String {
    let files = counted(checked.len(), "file");
    let bad = checked.iter().filter(|file| !file.diagnostics.is_empty()).count();
    let found = [Severity::Error, Severity::Warning, Severity::Note].map(|severity| {
        (checked.iter().map(|file| file.count(severity)).sum::<usize>(), severity.as_str())
    });
    let found = found.into_iter().filter(|(number, _)| *number > 0);
    let found: Vec<_> = found.map(|(number, what)| counted(number, what)).collect();
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
