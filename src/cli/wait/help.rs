//! The help of `maitred wait`: in general, of a service, and of one waiter.

use std::fmt::Write as _;

use clap::Args as _;

use super::options::WaitArgs;
use super::resolved_waiter::ResolvedWaiter;
use crate::catalog::Catalog;
use crate::cli::operation_flags;
use crate::cli::signature::{Arity, Parameter};
use crate::cli::wait::schedule_text;
use crate::config::ParameterConfig;
use crate::waiter::{Options, Waiter};

const USAGE: &str = "maitred wait SERVICE WAITER [--PARAMETER VALUE]… [OPTIONS]
       maitred wait SERVICE OPERATION --until EXPR [--PARAMETER VALUE]… [OPTIONS]";

const AFTER: &str = "`maitred list` shows the waiters. With --until, any read-only operation can be polled:
every 15 s and at most 40 times, service http every 5 s and at most 120 times.
`maitred wait SERVICE --help` shows the waiters, `maitred wait SERVICE WAITER --help` the parameters.

Exit codes:
  0  success                            3  gave up: attempts or time used up; --once: not there yet
  1  a failure acceptor matched         4  refused: access denied, validation, no credentials
  2  bad usage, or an invalid file      5  unreachable, or throttled for too long; also where attempts
  130, 143  interrupted, terminated        or time were used up and every poll failed so

Many targets (--for-each): 0 if as many succeeded as --need asks for. The wait ends as soon as that is
certain, or impossible; waits that still run then are `cancelled`. With --once each is polled once. Where too few
succeeded, one target decides the exit code: a failed one (1) before a refused one (4), before one that
could not be reached (5), before one that gave up (3). stdout has a line per target, in the order given:
target, status and shown value or message, separated by tabs; or one JSON object with all of them.

Examples:
  maitred wait redshift cluster_available --cluster-identifier analytics
  maitred wait redshift cluster_paused --cluster-identifier analytics --timeout 20m --output json
  maitred wait redshift describe-clusters --cluster-identifier analytics \\
      --until \"Clusters[0].ClusterStatus == 'paused'\" --show 'Clusters[0].ClusterStatus'
  maitred wait http get --url http://localhost:8080/health --until 'StatusCode == `200`' --timeout 2m
  maitred wait redshift cluster_paused --for-each cluster-identifier=a,b,c --timeout 30m
  maitred wait http up --for-each url=@urls.txt --need any";

/// `wait` with our options and no operation's: for general help, completions, and finding the names.
pub(crate) fn general() -> clap::Command {
    let command = clap::Command::new("wait").override_usage(USAGE);
    WaitArgs::augment_args(command).about("Wait until a condition holds").after_help(AFTER)
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
    let config = crate::config::WaiterConfig {
        parameters: std::collections::BTreeMap::new(),
        acceptors: Vec::new(),
        baseline: None,
        diagnose: Vec::new(),
        ..crate::config::WaiterConfig::clone(&resolved.config)
    };
    let service = resolved.signature.service();
    let waiter = Waiter::compile(service, &resolved.name, &config, &Options::default());
    waiter
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

/// What can be waited for at a service.
pub(super) fn service(catalog: &Catalog, service: &str) -> String {
    let entries = catalog.service(service);
    let width = entries.iter().map(|entry| entry.snake_name().len()).max().unwrap_or(0);
    let mut text = format!("Waiters of {service}:\n");
    for entry in &entries {
        let description = entry.config.description.as_deref().unwrap_or_default();
        // The first sentence is enough here.
        let line = description.split_inclusive(". ").next().unwrap_or_default().trim_end();
        let _ = writeln!(text, "  {}", format!("{:width$}  {line}", entry.snake_name()).trim_end());
    }
    let _ = write!(
        text,
        "\nUsage: maitred wait {service} WAITER [--PARAMETER VALUE]…\n       \
         maitred wait {service} OPERATION --until EXPR [--PARAMETER VALUE]…\n\
         `maitred wait {service} WAITER --help` shows the parameters."
    );
    text
}
