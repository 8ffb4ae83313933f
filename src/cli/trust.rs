//! `maitred trust`: the folders whose `maitred.toml` may name a store and a file of connections.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::exit::Failure;
use super::project::{Distrust, FILE_NAME, Project, Trust, TrustRecord};
use super::report::{self, Format, Report};

/// Trust a folder: let its maitred.toml name the store and the file of connections
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("trust.txt").trim_end())]
pub(super) struct Args {
    /// The folder, or one below it; default: the current folder
    folder: Option<PathBuf>,
    /// List the folders that are trusted
    #[arg(long, conflicts_with_all = ["folder", "revoke"])]
    list: bool,
    /// Revoke the trust in the folder
    #[arg(long)]
    revoke: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t, requires = "list")]
    output: Format,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Report> {
    let trust = Trust::of_user()?;
    if args.list {
        return list(&trust, args.output);
    }
    let folder = match &args.folder {
        Some(folder) => folder.clone(),
        None => std::env::current_dir()?,
    };
    Ok(if args.revoke { revoke(&trust, &folder)? } else { grant(&trust, &folder)? })
}

fn grant(trust: &Trust, folder: &Path) -> Result<Report, Failure> {
    // The path may be that of the file.
    let folder =
        if folder.ends_with(FILE_NAME) { folder.parent().unwrap_or(folder) } else { folder };
    let project = found(folder)?.ok_or_else(|| {
        let message = format!("there is no {FILE_NAME} in {} or above it", report::path(folder));
        Failure::usage(message).help("trust is for what a maitred.toml names")
    })?;
    let named = [("store", &project.store), ("connections", &project.connections)];
    let named = named.map(|(key, path)| Some((key, path.as_deref()?)));
    let root = report::path(&project.root);
    if named == [None, None] {
        let text =
            format!("{root} needs no trust: its {FILE_NAME} names no store and no connections");
        return Ok(Report::default().with_stderr(text));
    }
    let granted = trust.grant(&project);
    let record =
        granted.map_err(|error| Failure::usage(format!("{root} cannot be trusted: {error}")))?;
    let mut text =
        format!("{} is trusted with what its {FILE_NAME} names:\n", report::path(&record.folder));
    for (what, path) in named.into_iter().flatten() {
        text.push_str(&format!("  {what:<12} {}\n", report::path(path)));
    }
    text.push_str("`maitred trust --revoke` revokes that.\n");
    Ok(Report::default().with_stderr(text))
}

fn found(folder: &Path) -> Result<Option<Project>, Failure> {
    let folder = std::fs::canonicalize(folder)
        .map_err(|error| Failure::usage(format!("{}: {error}", report::path(folder))))?;
    Project::find(&folder)
        .map_err(|failure| failure.help("a file that cannot be used cannot be trusted"))
}

fn revoke(trust: &Trust, folder: &Path) -> Result<Report, Failure> {
    // The folder may be gone, and its maitred.toml may be unusable.
    let project = found(folder).ok().flatten();
    let folder = project.map_or_else(|| folder.to_owned(), |project| project.root);
    let revoked = trust.revoke(&folder);
    let shown = report::path(&folder);
    match revoked {
        Ok(true) => Ok(Report::default().with_stderr(format!("{shown} is no longer trusted"))),
        Ok(false) => Err(Failure::usage(format!("{shown} is not trusted"))
            .help("`maitred trust --list` shows the folders that are")),
        Err(error) => {
            Err(Failure::usage(format!("the trust in {shown} cannot be revoked: {error}")))
        }
    }
}

fn list(trust: &Trust, format: Format) -> anyhow::Result<Report> {
    let records = trust.list()?;
    let line = |record: &TrustRecord| {
        format!("{}  {}\n", report::path(&record.folder), status(trust, record))
    };
    let folder = |record: &TrustRecord| {
        let folder = record.folder.display().to_string();
        json!({ "folder": folder, "standing": status(trust, record) })
    };
    Ok(format.report(
        || records.iter().map(line).collect(),
        || json!({ "version": 1, "folders": records.iter().map(folder).collect::<Vec<_>>() }),
    ))
}

/// The status of a folder: `trusted`, `changed` or `unusable`.
fn status(trust: &Trust, record: &TrustRecord) -> &'static str {
    let file = record.folder.join(FILE_NAME);
    let Ok(project) = Project::read(&file) else { return "unusable" };
    let checked = trust.store(&project).map(drop).and(trust.connections(&project).map(drop));
    match checked {
        Ok(()) => "trusted",
        Err(Distrust::Unreadable(_)) => "unusable",
        Err(_) => "changed",
    }
}
