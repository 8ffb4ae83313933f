//! What a command line asks to wait for: found, checked against the model, compiled.

use std::sync::Arc;

use clap::FromArgMatches as _;
use serde_json::{Map, Value};

use super::beginning::Beginning;
use super::doubts::{self, Doubts};
use super::each::Each;
use super::help;
use super::options::{ConditionArgs, WaitArgs};
use super::targets::Targets;
use crate::catalog::Catalog;
use crate::catalog::Entry;
use crate::catalog::LookupError;
use crate::catalog::Origin;
use crate::cli::advice::unquoted;
use crate::cli::arguments;
use crate::cli::clients;
use crate::cli::exit::Failure;
use crate::cli::misnamed;
use crate::cli::signature;
use crate::cli::signature::Problem;
use crate::cli::signature::Signature;
use crate::client::HTTP_SERVICE;
use crate::config::TransientConfig;
use crate::config::WaiterConfig;
use crate::config::{AcceptorConfig, MatcherKind, State};
use crate::diagnostic::Invalid;
use crate::model::Models;
use crate::names::snake_name;
use crate::trigger::{refused_route, route_of_file};
use crate::waiter::Diagnose;
use crate::waiter::Waiter;

/// Seconds between two polls, and how many of them, where no file says so: ten minutes in all.
const AD_HOC: (f64, u64) = (15.0, 40);
/// The same for HTTP, where nobody counts the requests.
const AD_HOC_HTTP: (f64, u64) = (5.0, 120);

/// What is waited for: a waiter from a file, or an operation with conditions of the caller's.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) models: Models,
    pub(super) signature: Signature,
    /// The waiter's name, or the operation's as it was written.
    pub(super) name: String,
    pub(super) config: Arc<WaiterConfig>,
    /// Where the waiter comes from; `None` if from the command line.
    pub(super) origin: Option<String>,
    /// Whether that is a file of the user's.
    pub(super) own: bool,
}

impl Target {
    /// Finds the waiter, or else the operation, `name` of `service`.
    pub(super) fn find(
        catalog: &Catalog,
        models: &Models,
        service: &str,
        name: &str,
    ) -> anyhow::Result<Self> {
        let service = match canonical(catalog, models, service) {
            Ok(service) => service,
            // The file of a service that nobody knows may be one that cannot be read.
            Err(unknown) => match catalog.find(service, name) {
                Err(bad @ LookupError::BadFile(_)) => {
                    return Err(clients::unknown_waiter(catalog, models, &bad));
                }
                _ => return Err(unknown.into()),
            },
        };
        match catalog.find(&service, name) {
            Ok(entry) => {
                clients::tell_airflow(&entry, name);
                Self::named(models, entry)
            }
            Err(unknown @ LookupError::Unknown(_)) => {
                match Signature::find(models, &service, name)? {
                    Some(signature) => Ok(Self::ad_hoc(models, signature)),
                    None => Err(unknown_name(catalog, models, &service, name, &unknown)),
                }
            }
            Err(bad) => Err(clients::unknown_waiter(catalog, models, &bad)),
        }
    }

    fn named(models: &Models, entry: Entry) -> anyhow::Result<Self> {
        let operation = &entry.config.operation;
        let found = Signature::find(models, &entry.service, operation);
        let found =
            found.map_err(|unknown| misnamed::service(models, &entry).unwrap_or(unknown))?;
        let Some(signature) = found else {
            let message = format!(
                "{}.{} polls `{operation}`, which is no operation of {}",
                entry.service,
                entry.snake_name(),
                entry.service
            );
            let mut failure = Failure::usage(message);
            if let Some(near) = Signature::suggest(models, &entry.service, operation) {
                failure = failure.help(format!("did its file ({}) mean `{near}`?", entry.origin));
            }
            return Err(failure.into());
        };
        let origin = Some(entry.origin.to_string());
        let own = matches!(entry.origin, Origin::File(_) | Origin::DataPath(_));
        let (models, name, config) = (models.clone(), entry.name, entry.config);
        Ok(Self { models, signature, name, config, origin, own })
    }

    fn ad_hoc(models: &Models, signature: Signature) -> Self {
        let http = matches!(signature, Signature::Http { .. });
        let (delay, max_attempts) = if http { AD_HOC_HTTP } else { AD_HOC };
        let acceptors = if http { vec![not_found_yet()] } else { Vec::new() };
        let operation = signature.operation();
        let config = WaiterConfig {
            // The file that could say so is the command line, which --allow-mutating is on.
            mutating: true,
            ..WaiterConfig::new(operation, delay, max_attempts, acceptors)
        };
        let (models, name) = (models.clone(), signature.command());
        Self { models, name, signature, config: Arc::new(config), origin: None, own: false }
    }

    /// `maitred wait SERVICE NAME`, for messages.
    pub(super) fn command_line(&self) -> String {
        let name = match self.origin {
            Some(_) => snake_name(&self.name),
            None => self.name.clone(),
        };
        format!("maitred wait {} {name}", self.signature.service())
    }
}

/// What a server says of a path before it knows it.
fn not_found_yet() -> AcceptorConfig {
    AcceptorConfig {
        state: State::Retry,
        matcher: MatcherKind::Error,
        argument: None,
        expected: Value::from("404"),
        message: None,
    }
}

/// The service's own name for any casing of it, if it is one.
fn canonical(catalog: &Catalog, models: &Models, service: &str) -> Result<String, Failure> {
    if service == HTTP_SERVICE {
        return Ok(service.to_owned());
    }
    if catalog.services().iter().any(|known| known == service) {
        return Ok(service.to_owned());
    }
    Ok(signature::known_service(models, service)?.model().name.clone())
}

fn unknown_name(
    catalog: &Catalog,
    models: &Models,
    service: &str,
    name: &str,
    unknown: &LookupError,
) -> anyhow::Error {
    let near_waiter = matches!(unknown, LookupError::Unknown(unknown) if unknown.near().is_some());
    match Signature::suggest(models, service, name) {
        Some(near) if !near_waiter => {
            let message =
                format!("service `{service}` has neither a waiter nor an operation `{name}`");
            let help = format!("did you mean the operation `{near}`?");
            Failure::usage(message).help(help).into()
        }
        _ => clients::unknown_waiter(catalog, models, unknown),
    }
}

/// A wait that can start.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) target: Target,
    pub(super) waiter: Waiter,
    pub(super) args: WaitArgs,
    /// What the model makes doubtful, each a line; nothing with --quiet.
    pub(super) doubts: Vec<String>,
    /// With --for-each, everything that is waited for; `waiter` is then that of the first.
    pub(super) targets: Option<Targets>,
}

impl Plan {
    /// Parses `words` by the flags of the target's operation, and checks everything there is to check.
    pub(super) fn new(
        target: Target,
        words: &[String],
        beginning: &Beginning,
    ) -> anyhow::Result<Self> {
        let command = help::command(&target);
        let operation = target.signature.operation().to_owned();
        let (words, mut problems) = arguments::drop_unknown(words, &command, &operation);
        problems.iter_mut().for_each(|problem| name_parameter(problem, &target.config));
        let matches = arguments::parse(command, &words, &target.signature)?;
        let args = WaitArgs::from_arg_matches(&matches)?;
        let (input, wrong) = arguments::input(&target.signature, &matches, &args.input);
        problems.extend(wrong);
        has_conditions(&target, &args)?;
        can_see_change(&target, &args)?;
        let left = args.pace.timeout.map(|timeout| beginning.left(timeout));
        let each = Each::read(&target, &args.each, &input, &args.condition.parameter, left)?;
        let config = config(&target, &args);
        let mut options = args.engine_options(&config, input, &mut problems);
        options.transient_is_not_yet = waits_for_server(&target, &args);
        if let Some((each, first)) = each.as_ref().and_then(|it| Some((it, it.values.first()?))) {
            each.place.set(&mut options, first.value.clone());
        }
        let service = target.signature.service();
        let route = route_of_file(&target.config.input, &options.input);
        if let Some(key) =
            route.filter(|_| service == HTTP_SERVICE && args.connection.connection.is_some())
        {
            let message = format!("{}: {}", target.command_line(), refused_route(key));
            return Err(Failure::usage(message).into());
        }
        let compiled = Waiter::compile(service, &target.name, &config, &options);
        let mut whole = config.input.clone();
        whole.extend(options.input.clone());
        let checked = compiled.as_ref().map_or(&whole, |waiter| &waiter.call().input);
        let wrong = check(&target.signature, checked, compiled.is_ok());
        signature::add_new(&mut problems, wrong);
        if compiled.as_ref().is_ok_and(Waiter::all_pages) {
            let flag = if args.condition.all_pages { "--all-pages" } else { "allPages" };
            problems.extend(target.signature.unpaginated(flag));
        }
        for asked in compiled.iter().flat_map(Waiter::diagnose) {
            problems.extend(check_diagnose(&target.models, service, asked)?);
        }
        match compiled {
            Ok(waiter) if problems.is_empty() => {
                let shadowed = arguments::shadowed::<WaitArgs>(&target.signature, &matches);
                let found = doubts::find(&target, &config, &options)?;
                let found = allowed(&target, found, &args.condition)?;
                let empty = doubts::empty_lists(service, &waiter.call().input);
                let warnings = found.into_iter().chain(empty);
                let doubts = warnings.map(|line| format!("warning: {line}")).chain(shadowed);
                let doubts = doubts.filter(|_| !args.say.quiet).collect();
                let targets = each.map(|each| {
                    Targets::new(each, args.each.need, &target, &waiter, &config, options)
                });
                Ok(Self { targets: targets.transpose()?, target, waiter, args, doubts })
            }
            Ok(_) => Err(refused(&target, &problems, None).into()),
            Err(invalid) => Err(refused(&target, &problems, Some(&invalid)).into()),
        }
    }
}

/// What is only to be warned of: a mistake too, if it is allowed.
fn allowed(
    target: &Target,
    found: Doubts,
    conditions: &ConditionArgs,
) -> Result<Vec<String>, Failure> {
    let Doubts { mut warnings, mistakes } = found;
    if !conditions.allow_unknown && !mistakes.is_empty() {
        let lines: String = mistakes.iter().map(|line| format!("\n  {line}")).collect();
        let message = format!("`{}` cannot come true:{lines}", target.command_line());
        let unknown = |name: &str| lines.contains(&format!("no member `{name}`"));
        let mut texts = conditions.until.iter().chain(&conditions.fail_if);
        let unquoted = texts.find_map(|text| unquoted::advice_on(text, unknown));
        return Err(Failure::usage(message).help(unquoted.unwrap_or_else(|| {
            "where the service is newer than the model that maitred has of it, --allow-unknown polls \
             all the same; `maitred models` shows where the model comes from"
                .to_owned()
        })));
    }
    warnings.extend(mistakes);
    Ok(warnings)
}

/// A flag that is a parameter of the waiter is given in another way.
fn name_parameter(problem: &mut Problem, config: &WaiterConfig) {
    let fold = |name: &str| name.replace(['-', '_'], "").to_lowercase();
    let flag = fold(&problem.place);
    if let Some(name) = config.parameters.keys().find(|name| fold(name) == flag) {
        problem.help = Some(format!("it is one of the waiter: --parameter {name}=VALUE"));
    }
}

/// The file's entry; for a single poll, without what needs several.
fn config(target: &Target, args: &WaitArgs) -> WaiterConfig {
    let mut config = WaiterConfig::clone(&target.config);
    if args.pace.once {
        config.initial_delay = None;
        config.timeout = None;
        config.consecutive = None;
        // Not to be there yet is no failure.
        config.diagnose = Vec::new();
        let transient = config.transient.unwrap_or_default();
        config.transient = Some(TransientConfig { max_consecutive: Some(0), ..transient });
    }
    config
}

/// Whether a server that is down or overloaded is waited for: with a condition on service http it is,
/// as `http up` does. A single poll says what it sees.
fn waits_for_server(target: &Target, args: &WaitArgs) -> bool {
    let condition = &args.condition;
    matches!(target.signature, Signature::Http { .. })
        && !args.pace.once
        && !(condition.until.is_empty() && condition.fail_if.is_empty())
}

/// What is wrong with the input. One whose placeholders have no values cannot be told to be ill-typed.
fn check(signature: &Signature, input: &Map<String, Value>, bound: bool) -> Vec<Problem> {
    let open = !bound && Value::Object(input.clone()).to_string().contains("{{");
    if open { Vec::new() } else { signature.check(input) }
}

/// An operation alone does not say what to wait for.
fn has_conditions(target: &Target, args: &WaitArgs) -> Result<(), Failure> {
    if target.origin.is_some() || !args.condition.until.is_empty() {
        return Ok(());
    }
    let alone = match args.condition.fail_if.as_slice() {
        [] => "it does not say what to wait for",
        _ => "--fail-if alone does not say what to wait for",
    };
    let message = format!(
        "`{}` is an operation of {}, not a waiter: {alone}",
        target.name,
        target.signature.service()
    );
    Err(Failure::usage(message).help(
        "add --until EXPR, a JMESPath expression that is true in the end; \
         `maitred call` shows a reply to write it for",
    ))
}

/// What is wrong with a call that would only be made when it is needed most.
fn check_diagnose(
    models: &Models,
    service: &str,
    asked: &Diagnose,
) -> Result<Vec<Problem>, Failure> {
    let operation = &asked.call.operation;
    let Some(signature) = Signature::find(models, service, operation)? else {
        let near = Signature::suggest(models, service, operation);
        let help = near.map(|near| format!("did you mean `{near}`?"));
        let message = format!("is no operation of {service}");
        return Ok(vec![Problem { place: format!("diagnose: {operation}"), message, help }]);
    };
    let problems = signature
        .check(&asked.call.input)
        .into_iter()
        .map(|it| Problem { place: format!("diagnose: {operation}: {}", it.place), ..it });
    Ok(problems.collect())
}

/// A single poll sees one value, so it has to be told the other.
fn can_see_change(target: &Target, args: &WaitArgs) -> Result<(), Failure> {
    let condition = &args.condition;
    let file = target.config.baseline.as_ref().filter(|_| !condition.strict);
    let Some(expression) = condition.baseline_expression.as_ref().or(file) else { return Ok(()) };
    if !args.pace.once || condition.baseline.is_some() {
        return Ok(());
    }
    let message = format!("--once cannot tell whether `{expression}`, the baseline, has changed");
    Err(Failure::usage(message).help("give --baseline VALUE, the value that it had before"))
}

pub(super) fn refused(target: &Target, problems: &[Problem], invalid: Option<&Invalid>) -> Failure {
    let mut message = format!("`{}` cannot start:", target.command_line());
    for problem in problems {
        message.push_str(&format!("\n  {problem}"));
    }
    for diagnostic in invalid.map_or(&[][..], Invalid::diagnostics) {
        message.push_str(&format!("\n  {}", diagnostic.message));
        message.extend(diagnostic.help.iter().map(|help| format!(" ({help})")));
    }
    Failure::usage(message).help(format!("`{} --help` lists what it takes", target.command_line()))
}
