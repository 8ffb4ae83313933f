//! `maitred tasks operators`: which operators there are, and what they take.

use serde_json::{Value, json};

use crate::cli::exit::Failure;
use crate::cli::report::{self, Format, Report};
use crate::cli::store::{engine_failure, registry};
use crate::runtime::Registry;
use crate::runtime::engine::EngineError;

/// List the operators that tasks can be submitted for, or show the arguments of one
#[derive(Debug, clap::Args)]
pub(super) struct OperatorsArgs {
    /// Show the arguments of this operator
    #[arg(value_name = "OPERATOR")]
    name: Option<String>,
    /// How the list is written; as JSON, the arguments are a JSON Schema
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

pub(super) fn operators(args: &OperatorsArgs) -> anyhow::Result<Report> {
    let registry = registry();
    if let Some(name) = &args.name {
        return Ok(operator(&registry, name, args.output)?);
    }
    let text = match args.output {
        Format::Text => registry
            .operators()
            .map(|(name, summary)| format!("{name:36}  {summary}").trim_end().to_owned() + "\n")
            .collect(),
        Format::Json => {
            let operators = registry
                .operators()
                .map(|(name, summary)| json!({"name": name, "summary": summary}));
            report::json(&json!({"version": 1, "operators": operators.collect::<Vec<_>>()}))
        }
    };
    Ok(Report::text(text))
}

fn operator(registry: &Registry, name: &str, output: Format) -> Result<Report, Failure> {
    let schema = registry.arguments(name);
    let schema = schema.map_err(|error| engine_failure(&EngineError::Unusable(error)))?;
    let summary = registry.operators().find(|(known, _)| *known == name);
    let summary = summary.map(|(_, summary)| summary).unwrap_or_default();
    if output == Format::Json {
        let operator = json!({"name": name, "summary": summary, "arguments": schema});
        return Ok(Report::text(report::json(&json!({"version": 1, "operator": operator}))));
    }
    let mut text = format!("{name}: {summary}\n");
    if let Some(description) = schema.get("description").and_then(Value::as_str) {
        text.push_str(&format!("\n{description}\n"));
    }
    match schema.get("properties").and_then(Value::as_object) {
        None => text.push_str("\nIt does not say what its arguments are.\n"),
        Some(properties) => {
            for (name, property) in properties {
                text.push_str(&argument(&schema, name, property));
            }
        }
    }
    Ok(Report::text(text))
}

/// An argument, with its type and what it means.
fn argument(schema: &Value, name: &str, property: &Value) -> String {
    let required = schema.get("required").and_then(Value::as_array);
    let required = required.is_some_and(|required| required.iter().any(|other| other == name));
    let required = if required { ", required" } else { "" };
    let description = property.get("description").and_then(Value::as_str).unwrap_or_default();
    let description = description.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("\n  {name}: {}{required}\n      {description}\n", kind(schema, property))
}

/// The type of a value in words.
fn kind(schema: &Value, property: &Value) -> String {
    if let Some(place) = property.get("$ref").and_then(Value::as_str) {
        let target = schema.pointer(place.trim_start_matches('#'));
        // What is more than a word is told by the JSON Schema.
        return target.map_or_else(|| "any".to_owned(), |target| kind(&Value::Null, target));
    }
    let several = property.get("anyOf").or(property.get("oneOf")).and_then(Value::as_array);
    let kinds: Vec<String> = match (several, property.get("type"), property.get("enum")) {
        (Some(several), ..) => several.iter().map(|one| kind(schema, one)).collect(),
        (None, _, Some(Value::Array(values))) => values.iter().map(Value::to_string).collect(),
        (None, Some(Value::Array(kinds)), _) => kinds.iter().map(report::plain).collect(),
        (None, Some(Value::String(kind)), _) => vec![kind.clone()],
        (None, ..) => property.get("const").map(Value::to_string).into_iter().collect(),
    };
    let mut words: Vec<String> = Vec::new();
    for kind in kinds.into_iter().filter(|kind| kind != "null") {
        if !words.contains(&kind) {
            words.push(kind);
        }
    }
    if words.is_empty() { "any".to_owned() } else { words.join(" or ") }
}
