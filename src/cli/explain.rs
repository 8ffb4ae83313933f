//! `maitred explain`: what a waiter does, in words, and its verdict on a saved reply.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::context::Context;
use super::report::{self, Format, Report};
use super::source_args::SourceArgs;
use super::waiter_lookup::Lookup;

mod explanation;
mod json;
mod reply;
mod text;

use explanation::Explanation;
use reply::Trial;

/// Explain what a waiter does, and try it on a saved reply
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
    /// As botocore runs it exactly
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
    lookup.warn_of_unusable_files();
    let mut explanation = Explanation::new(entry, args.strict)?;
    if let Some(path) = &args.reply {
        let entry = &explanation.entry;
        let input = args.input.clone().unwrap_or_default();
        let waiter = explanation::compile(entry, input, parameters(&args.parameters), args.strict)?;
        let reply = reply::read(path, &entry.service)?;
        explanation.trial = Some(Trial::new(waiter, &reply));
    }
    Ok(Report::text(match args.output {
        Format::Text => text::text(&explanation),
        Format::Json => report::json(json::json(&explanation)),
    }))
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
