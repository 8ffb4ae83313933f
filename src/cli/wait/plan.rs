//! A wait as the command line describes it, checked against the model and compiled.

use serde_json::{Map, Value};

use super::for_each::ForEach;
use super::help;
use super::model_warnings::{self, ModelWarnings};
use super::options::{ConditionArgs, WaitArgs};
use super::resolved_waiter::ResolvedWaiter;
use super::stopwatch::Stopwatch;
use super::targets::Targets;
use crate::cli::advice::missing_quotes;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::operation_flags::ParsedWords;
use crate::cli::signature::{self, Signature};
use crate::client::{HTTP_SERVICE, InputProblem};
use crate::config::WaiterConfig;
use crate::diagnostic::fold;
use crate::model::Models;
use crate::trigger::{refused_route, route_of_file};
use crate::waiter::{Diagnose, Waiter};

/// A wait that is ready to start.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) resolved: ResolvedWaiter,
    pub(super) waiter: Waiter,
    pub(super) args: WaitArgs,
    /// Warnings from the model, each a line; none with --quiet.
    pub(super) warnings: Vec<String>,
    /// With --for-each, everything that is waited for; `waiter` is then that of the first.
    pub(super) targets: Option<Targets>,
}

impl Plan {
    /// Parses `words` with the flags of the operation, and checks everything.
    pub(super) fn new(
        resolved: ResolvedWaiter,
        words: &[String],
        stopwatch: &Stopwatch,
        context: &Context,
    ) -> anyhow::Result<Self> {
        let command = help::command(&resolved);
        let ParsedWords { args, input, mut problems, shadowed } =
            ParsedWords::<WaitArgs>::read(command, words, &resolved.signature)?;
        problems.iter_mut().for_each(|problem| name_parameter(problem, &resolved));
        has_conditions(&resolved, &args)?;
        can_see_change(&resolved, &args)?;
        let left = args.pace.timeout.map(|timeout| stopwatch.left(timeout));
        let each = ForEach::read(&resolved, &args.each, &input, &args.condition.parameter, left)?;
        let config = config(&resolved, &args);
        let mut options = args.engine_options(&config, input, &mut problems);
        options.transient_is_not_yet = waits_for_server(&resolved, &args);
        if let Some((each, first)) = each.as_ref().and_then(|it| Some((it, it.values.first()?))) {
            each.place.set(&mut options, first.value.clone());
        }
        let service = resolved.signature.service();
        let route = route_of_file(&resolved.config.input, &options.input);
        if let Some(key) =
            route.filter(|_| service == HTTP_SERVICE && args.connection.connection.is_some())
        {
            let message = format!("{}: {}", resolved.command_line(), refused_route(key));
            return Err(Failure::usage(message).into());
        }
        let compiled = Waiter::compile(service, &resolved.name, &config, &options);
        let mut whole = config.input.clone();
        whole.extend(options.input.clone());
        let checked = compiled.as_ref().map_or(&whole, |waiter| &waiter.call().input);
        let wrong = check(&resolved.signature, checked, compiled.is_ok());
        signature::add_new(&mut problems, wrong);
        if compiled.as_ref().is_ok_and(Waiter::all_pages) {
            let flag = if args.condition.all_pages { "--all-pages" } else { "allPages" };
            problems.extend(resolved.signature.unpaginated(flag));
        }
        for asked in compiled.iter().flat_map(Waiter::diagnose) {
            problems.extend(check_diagnose(&resolved.models, service, asked)?);
        }
        match compiled {
            Ok(waiter) if problems.is_empty() => {
                let found = model_warnings::find(&resolved, &config, &options, context)?;
                let found = allowed(&resolved, found, &args.condition)?;
                let empty = model_warnings::empty_lists(service, &waiter.call().input);
                let warnings = found.into_iter().chain(empty);
                let warnings = warnings.map(|line| format!("warning: {line}")).chain(shadowed);
                let warnings = warnings.filter(|_| !args.output.quiet).collect();
                let targets = each.map(|each| {
                    Targets::new(each, args.each.need, &resolved, &waiter, &config, options)
                });
                Ok(Self { targets: targets.transpose()?, resolved, waiter, args, warnings })
            }
            Ok(_) => Err(resolved.refused(&problems, None).into()),
            Err(invalid) => Err(resolved.refused(&problems, Some(&invalid)).into()),
        }
    }
}

/// The warnings, with the mistakes that --allow-unknown makes warnings.
fn allowed(
    resolved: &ResolvedWaiter,
    found: ModelWarnings,
    conditions: &ConditionArgs,
) -> Result<Vec<String>, Failure> {
    let ModelWarnings { mut warnings, mistakes } = found;
    if !conditions.allow_unknown && !mistakes.is_empty() {
        let lines: String = mistakes.iter().map(|line| format!("\n  {line}")).collect();
        let message = format!("`{}` can never match:{lines}", resolved.command_line());
        let unknown = |name: &str| lines.contains(&format!("no member `{name}`"));
        let mut texts = conditions.until.iter().chain(&conditions.fail_if);
        let missing_quotes = texts.find_map(|text| missing_quotes::advice_on(text, unknown));
        return Err(Failure::usage(message).help(missing_quotes.unwrap_or_else(|| {
            "if the service is newer than its model, poll anyway with --allow-unknown; \
             `maitred models` shows where the model comes from"
                .to_owned()
        })));
    }
    warnings.extend(mistakes);
    Ok(warnings)
}

/// Adds help for a flag that is a parameter of the waiter.
fn name_parameter(problem: &mut InputProblem, resolved: &ResolvedWaiter) {
    let flag = problem.path.trim_start_matches('-');
    let mut names = resolved.config.parameters.keys().filter(|name| fold(name) == fold(flag));
    if let Some(name) = names.next().filter(|_| resolved.signature.member(flag).is_none()) {
        problem.help = Some(format!("it is a parameter of the waiter: --parameter {name}=VALUE"));
    }
}

/// The configuration of the waiter; for a single poll, without what needs several.
fn config(resolved: &ResolvedWaiter, args: &WaitArgs) -> WaiterConfig {
    let mut config = WaiterConfig::clone(&resolved.config);
    if args.pace.once {
        config.initial_delay = None;
        config.timeout = None;
        config.consecutive = None;
        // A single poll that has not succeeded is not a failure.
        config.diagnose = Vec::new();
        config.transient.get_or_insert_default().max_consecutive = Some(0);
    }
    config
}

/// True if a server that is down or overloaded is waited for: with a condition on service http it is, as `http
/// up` does. A single poll reports what it sees.
fn waits_for_server(resolved: &ResolvedWaiter, args: &WaitArgs) -> bool {
    let condition = &args.condition;
    matches!(resolved.signature, Signature::Http { .. })
        && !args.pace.once
        && !(condition.until.is_empty() && condition.fail_if.is_empty())
}

/// The problems of the input. One with placeholders that have no values is not checked.
fn check(
    signature: &Signature,
    input: &Map<String, Value>,
    schedule_text: bool,
) -> Vec<InputProblem> {
    let open = !schedule_text && Value::Object(input.clone()).to_string().contains("{{");
    if open { Vec::new() } else { signature.check(input) }
}

/// Checks that an operation, unlike a waiter, has conditions.
fn has_conditions(resolved: &ResolvedWaiter, args: &WaitArgs) -> Result<(), Failure> {
    if resolved.origin.is_some() || !args.condition.until.is_empty() {
        return Ok(());
    }
    let alone = match args.condition.fail_if.as_slice() {
        [] => "it does not say what to wait for",
        _ => "--fail-if alone does not say what to wait for",
    };
    let message = format!(
        "`{}` is an operation of {}, not a waiter: {alone}",
        resolved.name,
        resolved.signature.service()
    );
    Err(Failure::usage(message).help(
        "add --until EXPR, a JMESPath expression that is true in the end; \
         `maitred call` shows a reply to write it for",
    ))
}

/// The problems of a call that is made only after a failure.
fn check_diagnose(
    models: &Models,
    service: &str,
    asked: &Diagnose,
) -> Result<Vec<InputProblem>, Failure> {
    let operation = &asked.call.operation;
    let Some(signature) = Signature::find(models, service, operation)? else {
        let near = Signature::suggest(models, service, operation);
        let help = near.map(|near| format!("did you mean `{near}`?"));
        let message = format!("is not an operation of {service}");
        let problem = InputProblem::new(format!("diagnose: {operation}"), message);
        return Ok(vec![problem.with_help(help)]);
    };
    let mut problems = signature.check(&asked.call.input);
    for problem in &mut problems {
        problem.path = format!("diagnose: {operation}: {}", problem.path);
    }
    Ok(problems)
}

/// Checks that a single poll with a baseline has the value to compare with.
fn can_see_change(resolved: &ResolvedWaiter, args: &WaitArgs) -> Result<(), Failure> {
    let condition = &args.condition;
    let file = resolved.config.baseline.as_ref().filter(|_| !condition.strict);
    let Some(expression) = condition.baseline_expression.as_ref().or(file) else { return Ok(()) };
    if !args.pace.once || condition.baseline.is_some() {
        return Ok(());
    }
    let message = format!("--once cannot tell whether `{expression}`, the baseline, has changed");
    Err(Failure::usage(message).help("give --baseline VALUE, the value that it had before"))
}
