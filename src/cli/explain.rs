//! `maitred explain`: what a waiter does, in words, and what it makes of a saved reply.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::clients::{self, SourceArgs};
use super::exit::Failure;
use super::render;
use super::report::{self, Format, Report};
use super::services;
use crate::catalog::Entry;
use crate::config::WaiterConfig;
use crate::diagnostic::Invalid;
use crate::waiter::Options;
use crate::waiter::Waiter;

mod json;
mod reply;
mod text;

/// Say in words what a waiter does, and try it on a saved reply
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  maitred explain redshift cluster_paused
  maitred explain thing ready --waiters thing.json
  maitred call redshift describe-clusters > reply.json
  maitred explain redshift cluster_paused --reply reply.json

A reply is a document as `maitred call` prints it. An error is written as
  {\"error\": {\"code\": \"ClusterNotFound\", \"message\": \"…\", \"status\": 404}}
Of a case, as `maitred record` writes it, the last reply is taken.")]
pub(super) struct Args {
    /// The service, e.g. redshift
    service: String,
    /// The waiter, e.g. cluster_paused
    waiter: String,
    /// Try the waiter on the reply in this file, `-` for standard input
    #[arg(long, value_name = "FILE")]
    reply: Option<PathBuf>,
    /// A value of the waiter's parameters; may be repeated
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = name_and_value)]
    parameters: Vec<(String, String)>,
    /// The operation's input as JSON, where the waiter refers to it
    #[arg(long, value_name = "JSON", value_parser = object)]
    input: Option<Map<String, Value>>,
    /// As botocore has it, to the letter
    #[arg(long)]
    strict: bool,
    /// How the explanation is written
    #[arg(long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    sources: SourceArgs,
}

/// What there is to explain.
struct Explained {
    entry: Entry,
    /// The waiter without what depends on the caller: its pace, bounds and policy.
    frame: Waiter,
    trial: Option<reply::Trial>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Report> {
    args.sources.check()?;
    let catalog = args.sources.catalog()?;
    let models = args.sources.data.models();
    let service = services::meant(Some(&catalog), &models, &args.service);
    let found = catalog.find(&service, &args.waiter);
    let entry = found.map_err(|error| clients::unknown_waiter(&catalog, &models, &error))?;
    clients::tell_airflow(&entry, &args.waiter);
    clients::tell_bad_files(&catalog.bad_files_met());
    let options = Options {
        input: args.input.clone().unwrap_or_default(),
        parameters: parameters(&args.parameters),
        strict: args.strict,
        allow_mutating: true,
        ..Options::default()
    };
    let frame = frame(&entry, args.strict)?;
    let trial = match &args.reply {
        None => None,
        Some(path) => {
            // One reply has nothing before it from which it could differ.
            let config = WaiterConfig { baseline: None, ..WaiterConfig::clone(&entry.config) };
            let waiter = Waiter::compile(&entry.service, &entry.name, &config, &options);
            let waiter = waiter.map_err(|problems| invalid(&entry, &problems))?;
            Some(reply::Trial::of(waiter, &reply::read(path, &entry.service)?))
        }
    };
    let explained = Explained { entry, frame, trial };
    Ok(Report::text(match args.output {
        Format::Text => text::text(&explained),
        Format::Json => report::json(&json::json(&explained)),
    }))
}

fn frame(entry: &Entry, strict: bool) -> Result<Waiter, Failure> {
    let config = WaiterConfig {
        acceptors: Vec::new(),
        input: Map::new(),
        show: None,
        baseline: None,
        diagnose: Vec::new(),
        parameters: BTreeMap::new(),
        ..WaiterConfig::clone(&entry.config)
    };
    let options = Options { strict, allow_mutating: true, ..Options::default() };
    Waiter::compile(&entry.service, &entry.name, &config, &options)
        .map_err(|problems| invalid(entry, &problems))
}

fn invalid(entry: &Entry, problems: &Invalid) -> Failure {
    let problems = render::invalid(problems, None);
    Failure::usage(format!("{} {} cannot be used\n{problems}", entry.service, entry.snake_name()))
}

fn parameters(given: &[(String, String)]) -> BTreeMap<String, Value> {
    given.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect()
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("this is not a JSON object: {error}"))
}
