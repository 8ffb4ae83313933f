//! `maitred explain`: what a waiter does, in words, and its verdict on a saved reply.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::context::Context;
use super::report::{self, Format, Report};
use super::source_args::SourceArgs;
use super::waiter_lookup::{Lookup, warn_of_unusable_files};
use crate::waiter::Options;

mod explanation;
mod reply;
mod text;

use explanation::Explanation;
use reply::Trial;

/// Explain what a waiter does, and try it on a saved reply
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("explain.txt").trim_end())]
pub(super) struct Args {
    /// The service, e.g. redshift
    service: String,
    /// The waiter, e.g. cluster_paused
    waiter: String,
    /// Try the waiter on the reply in this file, `-` for standard input
    #[arg(long, value_name = "FILE")]
    reply: Option<PathBuf>,
    /// A value of the waiter's parameters, to put in its place; may be repeated
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = name_and_value)]
    parameters: Vec<(String, Value)>,
    /// The operation's input as JSON, for waiters that refer to it
    #[arg(long, value_name = "JSON", value_parser = object)]
    input: Option<Map<String, Value>>,
    /// Explain the waiter as botocore runs it
    #[arg(long)]
    strict: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    sources: SourceArgs,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<Report> {
    let lookup = Lookup::open(&args.sources, context)?;
    let service = lookup.service(&args.service);
    let found = lookup.waiter(&service, &args.waiter);
    let entry = found.map_err(|error| lookup.failure(&error))?;
    warn_of_unusable_files(&lookup.catalog.bad_files_met());
    let mut explanation = Explanation::new(entry, args.strict)?;
    let mut options = Options::with_input(args.input.clone().unwrap_or_default());
    options.parameters = args.parameters.iter().cloned().collect();
    for (name, value) in &options.parameters {
        report::known().add_of(name, value);
    }
    options.strict = args.strict;
    if let Some(path) = &args.reply {
        let waiter = explanation::compile(&explanation.entry, &options)?;
        let reply = reply::read(path, &explanation.entry.service)?;
        explanation.trial = Some(Trial::new(waiter, &reply));
    }
    explanation.substitute(&options)?;
    Ok(args.output.report(|| text::text(&explanation), || explanation.to_json()))
}

fn name_and_value(text: &str) -> Result<(String, Value), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), Value::from(value))),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("this is not a JSON object: {error}"))
}
