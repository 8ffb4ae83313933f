//! `maitred list`: the waiters there are, and where each comes from.

use serde_json::{Value, json};

use super::context::Context;
use super::exit::Failure;
use super::report::{Format, Report};
use super::source_args::SourceArgs;
use super::text_layout::table;
use super::{findings, services};
use crate::catalog::{Catalog, Entry, WaiterOrigin, found_by_words};
use crate::diagnostic::{fold, nearest};
use crate::names::service_named;

/// List the waiters there are, and where each comes from
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("list.txt").trim_end())]
pub(super) struct Args {
    /// A service, or words in any order and spelling: only the waiters with all of them
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// Only waiters with this text in their name, operation or description
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    sources: SourceArgs,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<Report> {
    let catalog = args.sources.catalog(context)?;
    let entries = entries(&catalog, args)?;
    let waiters = || entries.iter().map(json).collect::<Vec<_>>();
    let report = args
        .output
        .report(|| entries_table(&entries), || json!({ "version": 1, "waiters": waiters() }));
    Ok(report.with_stderr(remarks(&catalog, &entries)))
}

fn entries(catalog: &Catalog, args: &Args) -> Result<Vec<Entry>, Failure> {
    let services = catalog.services();
    let whole = args.words.join(" ");
    let first = args.words.first().map_or("", String::as_str);
    // All words are one service, the first one is, or none.
    let (written, words) = match service_named(&whole, &services) {
        Some(_) => (whole.as_str(), &[][..]),
        None => (first, args.words.get(1..).unwrap_or_default()),
    };
    let named = service_named(written, &services);
    let words = if named.is_some() { words } else { &args.words };
    if let Some(service) = named {
        services::note_other_name(written, service);
    }
    let chosen = named.map_or_else(|| services.clone(), |service| vec![service.to_owned()]);
    let filter = args.filter.as_deref().unwrap_or_default().to_lowercase();
    let entries = chosen.iter().flat_map(|service| catalog.service(service)).collect();
    let mut entries = found_by_words(entries, words);
    // An exact name comes before names that only contain the words.
    let wanted = fold(&words.concat());
    entries.sort_by_key(|entry| fold(&entry.name) != wanted);
    // It may be in a file that cannot be used, which the remarks name.
    if entries.is_empty() && !words.is_empty() && catalog.bad_files().is_empty() {
        return Err(nothing_found(&whole, &services));
    }
    entries.retain(|entry| {
        [&entry.service, &entry.name, &entry.config.operation]
            .into_iter()
            .chain(&entry.config.description)
            .any(|text| text.to_lowercase().contains(&filter))
    });
    Ok(entries)
}

fn nothing_found(words: &str, services: &[String]) -> Failure {
    let near = nearest(words, services.iter().map(String::as_str));
    Failure::usage(format!("no waiter and no service with waiters has `{words}`"))
        .did_you_mean(near, "`maitred list` shows all; any operation can be waited on with --until")
}

fn entries_table(entries: &[Entry]) -> String {
    let row = |entry: &Entry| {
        let name = format!("{} {}", entry.service, entry.snake_name());
        let summary = entry.config.description.as_deref().map_or("", first_sentence);
        [name, entry.config.operation.clone(), entry.origin.to_string(), summary.to_owned()]
    };
    table(&entries.iter().map(row).collect::<Vec<_>>())
}

fn first_sentence(text: &str) -> &str {
    let text = text.lines().next().unwrap_or_default();
    text.split_once(". ").map_or(text, |(first, _)| first).trim_end_matches('.')
}

fn json(entry: &Entry) -> Value {
    json!({
        "service": entry.service,
        "name": entry.snake_name(),
        "original": entry.name,
        "operation": entry.config.operation,
        "origin": origin(&entry.origin),
        "description": entry.config.description,
    })
}

/// The origin of a waiter, for programs.
pub(super) fn origin(origin: &WaiterOrigin) -> Value {
    match origin {
        WaiterOrigin::Shipped => json!({ "kind": "maitred" }),
        WaiterOrigin::Botocore => json!({ "kind": "botocore" }),
        WaiterOrigin::File(path) => json!({ "kind": "file", "path": path.display().to_string() }),
        WaiterOrigin::DataPath(path) => {
            json!({ "kind": "dataPath", "path": path.display().to_string() })
        }
        _ => json!({ "kind": origin.to_string() }),
    }
}

/// Remarks on files that cannot be used, and on an empty list.
fn remarks(catalog: &Catalog, entries: &[Entry]) -> String {
    let mut remarks: String =
        catalog.bad_files().into_iter().map(|bad| findings::bad_file(bad) + "\n\n").collect();
    match catalog.bad_files().len() {
        0 => {}
        1 => remarks.push_str("One file cannot be used; its waiters are missing.\n"),
        files => {
            remarks.push_str(&format!("{files} files cannot be used; their waiters are missing.\n"))
        }
    }
    if entries.is_empty() {
        remarks.push_str("No waiter matches.\n");
    }
    remarks
}
