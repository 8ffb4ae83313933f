//! The help of `maitred wait`: in general, of a service, and of one waiter.

use std::fmt::Write as _;

use super::options::WaitArgs;
use super::resolved_waiter::ResolvedWaiter;
use crate::catalog::{Catalog, Entry};
use crate::cli::operation_flags;
use crate::cli::signature::{Arity, Parameter};
use crate::cli::text_layout::table;
use crate::cli::wait::schedule_text;
use crate::cli::waiter_lookup::waiter_frame;
use crate::config::ParameterConfig;

const USAGE: &str = "maitred wait SERVICE WAITER [--PARAMETER VALUE]… [OPTIONS]
       maitred wait SERVICE OPERATION --until EXPR [--PARAMETER VALUE]… [OPTIONS]";

/// `wait` with our options and no operation's: for general help, completions, and finding the names.
pub(crate) fn general() -> clap::Command {
    let command = clap::Command::new("wait").override_usage(USAGE);
    operation_flags::with_options::<WaitArgs>(command)
        .about("Wait until a condition holds")
        .after_help(include_str!("help.txt").trim_end())
}

/// `wait` with the flags of one waiter's operation.
pub(super) fn command(resolved: &ResolvedWaiter) -> clap::Command {
    let usage = format!("{} [--PARAMETER VALUE]… [OPTIONS]", resolved.command_line());
    let command = clap::Command::new("wait").no_binary_name(true).override_usage(usage);
    operation_flags::with_parameters::<WaitArgs>(command, &resolved.signature)
        .about(about(resolved))
        .after_help(examples(resolved))
}

fn about(resolved: &ResolvedWaiter) -> String {
    let operation = resolved.signature.operation();
    let Some(origin) = &resolved.origin else {
        return format!(
            "Polls {operation} of {} until --until is true.",
            resolved.signature.service()
        );
    };
    let mut about = match &resolved.config.description {
        Some(description) => format!("{description}\n\n"),
        None => String::new(),
    };
    let _ = write!(about, "Polls {operation}{}. From {origin}.", pace(resolved));
    if !resolved.config.parameters.is_empty() {
        about.push_str("\n\nParameters of the waiter (--parameter NAME=VALUE):");
        for (name, parameter) in &resolved.config.parameters {
            let _ = write!(about, "\n  {name}  {}", describe(parameter));
        }
    }
    about
}

fn pace(resolved: &ResolvedWaiter) -> String {
    let frame = waiter_frame(resolved.signature.service(), &resolved.name, &resolved.config, false);
    frame
        .map(|waiter| format!(" {}", schedule_text::describe(waiter.schedule())))
        .unwrap_or_default()
}

fn describe(parameter: &ParameterConfig) -> String {
    let kind = serde_json::to_value(parameter.kind).ok();
    let kind = kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or("string");
    let default = match &parameter.default {
        Some(serde_json::Value::String(default)) => format!("default {default}"),
        Some(default) => format!("default {default}"),
        None => "required".to_owned(),
    };
    let description = parameter.description.as_deref().unwrap_or_default();
    format!("<{kind}> {description} ({default})")
}

fn examples(resolved: &ResolvedWaiter) -> String {
    let mut example = resolved.command_line();
    let parameters = resolved.signature.parameters();
    let required = parameters.iter().filter(|parameter| parameter.required);
    let mut shown: Vec<_> = required.collect();
    // Few services mark anything as required; the first parameter mostly names the resource.
    if shown.is_empty() {
        shown.extend(parameters.iter().find(|parameter| parameter.arity != Arity::Switch));
    }
    for parameter in shown {
        let _ = write!(example, " --{} {}", parameter.flag, placeholder(parameter));
    }
    for (name, _) in resolved.config.parameters.iter().filter(|(_, it)| it.default.is_none()) {
        let _ = write!(example, " --parameter {name}=VALUE");
    }
    if resolved.origin.is_none() {
        example.push_str(" --until EXPR");
    }
    format!("Example:\n  {example}")
}

fn placeholder(parameter: &Parameter) -> String {
    match parameter.name.as_str() {
        "url" => "https://example.com/health".to_owned(),
        _ => parameter.flag.to_uppercase().replace('-', "_"),
    }
}

/// The waiters of a service.
pub(super) fn service(catalog: &Catalog, service: &str) -> String {
    let entries = catalog.service(service);
    let row = |entry: &Entry| {
        let description = entry.config.description.as_deref().unwrap_or_default();
        // The first sentence is enough here.
        let line = description.split_inclusive(". ").next().unwrap_or_default();
        [format!("  {}", entry.snake_name()), line.to_owned()]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    format!(
        "Waiters of {service}:\n{}\n\
         Usage: maitred wait {service} WAITER [--PARAMETER VALUE]…\n       \
         maitred wait {service} OPERATION --until EXPR [--PARAMETER VALUE]…\n\
         `maitred wait {service} WAITER --help` shows the parameters.",
        table(&rows)
    )
}
