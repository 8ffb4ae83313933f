//! `maitred tasks operators`: which operators there are, and what they take.

use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::report::{self, Format, Report};
use crate::cli::store::unusable_failure;
use crate::operator::{kind, resolved};
use crate::runtime::Registry;

/// List the operators that tasks can be submitted for, or show the arguments of one
#[derive(Debug, clap::Args)]
pub(super) struct OperatorsArgs {
    /// Show the arguments of this operator
    #[arg(value_name = "OPERATOR")]
    name: Option<String>,
    /// Output format; in JSON, the arguments are a JSON Schema
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

pub(super) fn operators(args: &OperatorsArgs, context: &Context) -> anyhow::Result<Report> {
    let registry = &context.registry;
    if let Some(name) = &args.name {
        return Ok(operator(registry, name, args.output)?);
    }
    let text = match args.output {
        Format::Text => registry
            .operators()
            .iter()
            .map(|(name, summary)| format!("{name:36}  {summary}").trim_end().to_owned() + "\n")
            .collect(),
        Format::Json => {
            let operators = registry.operators();
            let operators =
                operators.iter().map(|(name, summary)| json!({"name": name, "summary": summary}));
            report::json(json!({"version": 1, "operators": operators.collect::<Vec<_>>()}))
        }
    };
    Ok(Report::text(text))
}

fn operator(registry: &Registry, name: &str, output: Format) -> Result<Report, Failure> {
    let schema = registry.arguments(name);
    let schema = schema.map_err(unusable_failure)?;
    let summary = registry.summary(name).map_err(unusable_failure)?;
    if output == Format::Json {
        let operator = json!({"name": name, "summary": summary, "arguments": schema});
        return Ok(Report::text(report::json(json!({"version": 1, "operator": operator}))));
    }
    let mut text = format!("{name}: {summary}\n");
    if let Some(description) = schema.get("description").and_then(Value::as_str) {
        text.push_str(&format!("\n{description}\n"));
    }
    match schema.get("properties").and_then(Value::as_object) {
        None => text.push_str("\nIt does not say what its arguments are.\n"),
        Some(_) => text.push_str(&members(&schema, &schema, "", 0)),
    }
    Ok(Report::text(text))
}

/// How deep the members of members are shown. What is deeper is in the JSON Schema.
const SHOWN_DEPTH: usize = 2;

/// The members of an object, each with its type, its meaning and its own members.
fn members(root: &Value, schema: &Value, path: &str, depth: usize) -> String {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required =
        |name: &str| required.is_some_and(|required| required.iter().any(|other| other == name));
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut text = String::new();
    for (name, property) in properties.into_iter().flatten() {
        let place = format!("{path}{name}");
        let indent = " ".repeat(2 + 4 * depth);
        let required = if is_required(name) { ", required" } else { "" };
        let description = property.get("description").and_then(Value::as_str).unwrap_or_default();
        let description = description.split_whitespace().collect::<Vec<_>>().join(" ");
        text.push_str(&format!(
            "\n{indent}{place}: {}{required}\n{indent}    {description}\n",
            kind(root, property)
        ));
        if depth < SHOWN_DEPTH {
            let (inner, below) = object_behind(root, property);
            text.push_str(&members(root, inner, &format!("{place}{below}"), depth + 1));
        }
    }
    text
}

/// The schema of a value that is an object, or of the items of a list, with the separator between its path and
/// that of a member.
fn object_behind<'a>(root: &'a Value, property: &'a Value) -> (&'a Value, &'static str) {
    let schema = resolved(root, property);
    match schema.get("items") {
        Some(items) => (resolved(root, items), "[]."),
        None => (schema, "."),
    }
}
