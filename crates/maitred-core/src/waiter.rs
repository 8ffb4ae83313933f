//! Compiling: a [`WaiterConfig`] and what the caller asks for become a [`Waiter`] that cannot be wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::client::{Call, HTTP_SERVICE};
use crate::config::AcceptorConfig;
use crate::config::BackoffConfig;
use crate::config::Show;
use crate::config::WaiterConfig;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Invalid;
use crate::expression::Expression;
use crate::matcher::Acceptor;
use crate::names::is_read;
use crate::names::snake_name;
use crate::schedule::Backoff;
use crate::schedule::Schedule;

mod acceptor;
mod baseline;
mod derived;
mod diagnose;
mod parameter;
mod reads;

pub use baseline::Baseline;
pub use derived::show_of;
pub use diagnose::Diagnose;
use parameter::Binder;

/// How many transient failures in a row are borne in a wait that has no time-out, unless the file says
/// otherwise.
pub const MAX_CONSECUTIVE_TRANSIENT: u32 = 10;

/// A compiled waiter: everything that a wait needs but the client, the clock and the time.
///
/// Clones share what was compiled; [`Waiter::with_input`] makes one for another input.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiter {
    /// The service, e.g. `redshift`.
    pub(crate) service: Arc<str>,
    /// The name as the file has it, e.g. `cluster_paused`.
    pub(crate) name: Arc<str>,
    pub(crate) description: Option<Arc<str>>,
    pub(crate) call: Call,
    pub(crate) schedule: Schedule,
    pub(crate) acceptors: Arc<[Acceptor]>,
    pub(crate) show: Arc<[Expression]>,
    pub(crate) baseline: Option<Arc<Baseline>>,
    pub(crate) all_pages: bool,
    pub(crate) diagnose: Arc<[Diagnose]>,
    pub(crate) consecutive: u32,
    pub(crate) transient: TransientPolicy,
    pub(crate) strict: bool,
    pub(crate) mutating: bool,
    /// Whether an expression looks at the `Body` of a reply of service `http`.
    pub(crate) reads_body: bool,
    /// Whether a value of the input is part of what was compiled.
    pub(crate) binds_input: bool,
}

/// What is borne of throttling, 5xx and lost connections that no acceptor names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransientPolicy {
    /// How many in a row are borne; `None` where a time-out bounds the wait.
    pub max_consecutive: Option<u32>,
    /// Further codes that mean "try again".
    pub codes: Vec<String>,
    /// Whether they mean "not yet": [`Options::transient_is_not_yet`].
    pub is_not_yet: bool,
}

/// What the caller asks for on top of the file. The default asks for nothing.
///
/// `Debug` shows the names of input and parameters only: their values may be secrets.
#[derive(Clone, PartialEq, Default)]
pub struct Options {
    /// The operation's parameters, merged over the file's `input`.
    pub input: Map<String, Value>,
    /// Values of the file's `parameters`.
    pub parameters: BTreeMap<String, Value>,
    /// Time between two polls, instead of the file's.
    pub delay: Option<Duration>,
    /// How many polls at most, instead of the file's.
    pub max_attempts: Option<u64>,
    /// How long the whole wait may take. Given without `max_attempts` it is the only bound.
    pub timeout: Option<Duration>,
    /// Acceptors that are asked before the file's.
    pub acceptors: Vec<AcceptorConfig>,
    /// Conditions that end the wait as a success where they are true, asked before the file's acceptors.
    pub until: Vec<String>,
    /// Conditions that end the wait as a failure where they are true, asked before everything else.
    pub fail_if: Vec<String>,
    /// What to show, instead of the file's.
    pub show: Option<Show>,
    /// What tells one run from another, instead of the file's `baseline`: a JMESPath expression.
    pub baseline: Option<String>,
    /// The value of the baseline; it is then not read at the first reply.
    pub baseline_value: Option<Value>,
    /// Merges all pages of the operation before the acceptors see the document, whatever the file says.
    pub all_pages: bool,
    /// Takes transient failures for "not yet", but for those of TLS: the next poll follows at the
    /// waiter's own pace, and no number of them in a row ends the wait.
    pub transient_is_not_yet: bool,
    /// botocore's rules to the letter, instead of ours.
    pub strict: bool,
    /// Allows to poll an operation that is not read-only. A waiter file, which may come with somebody's
    /// checkout, must say `"mutating": true` as well, unless `strict` reads it as botocore does.
    pub allow_mutating: bool,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("input", &self.input.keys().collect::<Vec<_>>())
            .field("parameters", &self.parameters.keys().collect::<Vec<_>>())
            .field("delay", &self.delay)
            .field("max_attempts", &self.max_attempts)
            .field("timeout", &self.timeout)
            .field("transient_is_not_yet", &self.transient_is_not_yet)
            .field("strict", &self.strict)
            .finish_non_exhaustive()
    }
}

impl Options {
    /// Asks for nothing but these parameters of the operation.
    ///
    /// ```
    /// # use maitred_core::waiter::Options;
    /// let options = Options::with_input([("ClusterIdentifier", "analytics")]);
    /// assert_eq!(options.input["ClusterIdentifier"], "analytics");
    /// ```
    pub fn with_input<K: Into<String>, V: Into<Value>>(
        input: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let input = input.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { input: input.collect(), ..Self::default() }
    }
}

impl Waiter {
    /// The same that makes no calls to find out why it has failed.
    #[must_use]
    pub fn without_diagnose(mut self) -> Self {
        self.diagnose = [].into();
        self
    }

    /// Compiles the waiter `name` of `service`.
    ///
    /// ```
    /// # use maitred_core::{config::WaiterFile, waiter::{Options, Waiter}};
    /// let file: WaiterFile = serde_json::from_str(r#"{"version": 2, "waiters": {"up": {
    ///     "operation": "GET", "delay": 5, "maxAttempts": 12,
    ///     "acceptors": [{"state": "success", "matcher": "status", "expected": 200}]
    /// }}}"#)?;
    /// let waiter = Waiter::compile("http", "up", &file.waiters["up"], &Options::default())?;
    /// assert_eq!(waiter.id(), "http.up");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Everything that is wrong with the waiter or the options: an expression that does not compile, a
    /// parameter that is missing, a delay that is no duration.
    pub fn compile(
        service: &str,
        name: &str,
        config: &WaiterConfig,
        options: &Options,
    ) -> Result<Self, Invalid> {
        let mut problems = Vec::new();
        check_whole(config, &mut problems);
        if !problems.is_empty() {
            return Err(Invalid::new(problems));
        }
        let mut binder = Binder::new(config, options, &mut problems);
        // Only the file has placeholders: what the caller gives goes as it is.
        let mut input = match extension(options, Some(&config.input)) {
            Some(defaults) => binder.bind_input(defaults, &mut problems),
            None => Map::new(),
        };
        input.extend(options.input.clone());
        binder.set_input(&input);
        check_read(service, config, options, &mut problems);
        let call = Call { service: service.to_owned(), operation: config.operation.clone(), input };
        let acceptors = acceptor::compile(config, options, &binder, &mut problems);
        let show = show(config, options, &binder, &mut problems);
        let baseline = baseline::compile(config, options, &binder, &mut problems);
        let waiter = Self {
            service: service.into(),
            name: name.into(),
            description: config.description.as_deref().map(Into::into),
            call,
            schedule: schedule(config, options, &mut problems),
            reads_body: reads::reads("Body", &acceptors, &show, baseline.as_ref()),
            acceptors: acceptors.into(),
            show: show.into(),
            baseline: baseline.map(Arc::new),
            all_pages: all_pages(service, config, options, &mut problems),
            diagnose: diagnose::compile(Some(service), config, options, &binder, &mut problems)
                .into(),
            binds_input: binder.bound_input(),
            consecutive: extension(options, config.consecutive).unwrap_or(1).max(1),
            transient: transient_policy(config, options),
            strict: options.strict,
            mutating: config.mutating,
        };
        if problems.is_empty() { Ok(waiter) } else { Err(Invalid::new(problems)) }
    }

    /// Compiles everything of `config` that does not depend on a caller's values, to find what is
    /// wrong with it before anybody calls it.
    #[must_use]
    pub fn check(config: &WaiterConfig) -> Vec<Diagnostic> {
        let options = Options::default();
        let mut problems = Vec::new();
        if config.extends.is_none() {
            check_whole(config, &mut problems);
        }
        let config = &complete(config);
        let binder = Binder::unbound(config, &mut problems);
        binder.bind_input(&config.input, &mut problems);
        schedule(config, &options, &mut problems);
        acceptor::compile(config, &options, &binder, &mut problems);
        show(config, &options, &binder, &mut problems);
        baseline::compile(config, &options, &binder, &mut problems);
        diagnose::compile(None, config, &options, &binder, &mut problems);
        problems
    }

    /// The same waiter with `input` merged over its own, to be used for many waits: only the input
    /// is new, everything else is shared.
    ///
    /// `None` if the waiter has `{{input.X}}` in it, so that it has to be compiled for each input.
    #[must_use]
    pub fn with_input(&self, input: Map<String, Value>) -> Option<Self> {
        if self.binds_input {
            return None;
        }
        let mut waiter = self.clone();
        waiter.call.input.extend(input);
        Some(waiter)
    }

    /// `service.name`, the name in snake case as `maitred wait` takes it.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}.{}", self.service, self.snake_name())
    }

    /// The name in snake case, e.g. `services_stable` for botocore's `ServicesStable`.
    #[must_use]
    pub fn snake_name(&self) -> String {
        snake_name(&self.name)
    }

    /// The service whose operation is polled.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The name as the file has it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What this waiter waits for.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The request of each poll.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// The pace and the bounds.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// The acceptors in the order in which they are asked.
    #[must_use]
    pub fn acceptors(&self) -> &[Acceptor] {
        &self.acceptors
    }

    /// The expressions whose values are shown.
    #[must_use]
    pub fn show(&self) -> &[Expression] {
        &self.show
    }

    /// What tells this run from the one before, if the waiter asks for it.
    #[must_use]
    pub fn baseline(&self) -> Option<&Baseline> {
        self.baseline.as_deref()
    }

    /// Whether an acceptor, `show` or the baseline looks at the `Body` of a reply of service `http`. If
    /// none does, a wait does not read it: it may have no end.
    #[must_use]
    pub fn reads_body(&self) -> bool {
        self.reads_body
    }

    /// Whether each poll merges all pages of the operation.
    #[must_use]
    pub fn all_pages(&self) -> bool {
        self.all_pages
    }

    /// The calls that tell why the wait failed.
    #[must_use]
    pub fn diagnose(&self) -> &[Diagnose] {
        &self.diagnose
    }

    /// How many successes in a row are needed.
    #[must_use]
    pub fn consecutive(&self) -> u32 {
        self.consecutive
    }

    /// What is borne of throttling, 5xx and lost connections.
    #[must_use]
    pub fn transient(&self) -> &TransientPolicy {
        &self.transient
    }

    /// Whether botocore's rules hold to the letter.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// Whether the file says that polling changes something.
    #[must_use]
    pub fn is_mutating(&self) -> bool {
        self.mutating
    }
}

/// A waiter that says only a part of what is needed cannot run.
fn check_whole(config: &WaiterConfig, problems: &mut Vec<Diagnostic>) {
    if let Some(base) = &config.extends {
        let message = format!("what this waiter takes from `{base}` is not known here");
        let problem = Diagnostic::error("extends", "/extends", message);
        problems.push(problem.with_help("look the waiter up in a `Catalog`, which joins the two"));
        return;
    }
    for key in config.missing() {
        let message = format!("the key `{key}` is missing");
        problems.push(Diagnostic::error("missing-key", "", message));
    }
}

/// The waiter with something harmless for what it does not say, to check the rest.
fn complete(config: &WaiterConfig) -> WaiterConfig {
    let mut config = config.clone();
    for key in config.missing() {
        match key {
            "operation" => "Any".clone_into(&mut config.operation),
            "delay" => config.delay = config.backoff.as_ref().map_or(1.0, |it| it.max_delay),
            _ => config.max_attempts = 1,
        }
    }
    config
}

/// A key that botocore does not know does not exist for it.
fn extension<T>(options: &Options, value: Option<T>) -> Option<T> {
    value.filter(|_| !options.strict)
}

fn schedule(config: &WaiterConfig, options: &Options, problems: &mut Vec<Diagnostic>) -> Schedule {
    let mut seconds = |pointer: &str, value: f64| match Duration::try_from_secs_f64(value) {
        Ok(duration) => duration,
        Err(_) => {
            let message = format!("{value:?} is not a number of seconds that can be waited");
            problems.push(Diagnostic::error("duration", pointer, message));
            Duration::ZERO
        }
    };
    let delay = options.delay.unwrap_or_else(|| seconds("/delay", config.delay));
    let initial_delay =
        seconds("/initialDelay", extension(options, config.initial_delay).unwrap_or(0.0));
    let timeout = options
        .timeout
        .or_else(|| extension(options, config.timeout).map(|timeout| seconds("/timeout", timeout)));
    let backoff = extension(options, config.backoff.as_ref()).map(|config| Backoff {
        max_delay: seconds("/backoff/maxDelay", config.max_delay),
        jitter: config.jitter,
    });
    let max_attempts = match (options.max_attempts, options.timeout) {
        (Some(attempts), _) => Some(attempts),
        (None, Some(_)) if !options.strict => None,
        (None, _) => Some(config.max_attempts),
    };
    if let Some(backoff) = extension(options, config.backoff.as_ref()) {
        check_backoff(delay, backoff, problems);
    }
    Schedule { delay, initial_delay, backoff, max_attempts, timeout }
}

/// A poll is a read, unless the file says that it is not and the caller allows it.
fn check_read(
    service: &str,
    config: &WaiterConfig,
    options: &Options,
    problems: &mut Vec<Diagnostic>,
) {
    let operation = config.operation.as_str();
    if is_read_of(service, operation)
        || (options.allow_mutating && (config.mutating || options.strict))
    {
        return;
    }
    let message = format!("polling {operation} may change something: it is not read-only");
    let help = if config.mutating {
        "if that is meant, give --allow-mutating"
    } else {
        "if that is meant, the waiter says \"mutating\": true, and the caller allows it"
    };
    problems.push(Diagnostic::error("mutating", "/operation", message).with_help(help));
}

/// Whether all pages are merged. botocore's waiters see the first page only.
fn all_pages(
    service: &str,
    config: &WaiterConfig,
    options: &Options,
    problems: &mut Vec<Diagnostic>,
) -> bool {
    let wanted = options.all_pages || extension(options, config.all_pages).unwrap_or(false);
    let message = match (wanted, service, options.strict) {
        (true, "http", _) => "a reply of service http does not come in pages",
        (true, _, true) => "strict mode sees the first page only, as botocore does",
        (true, _, false) | (false, ..) => return wanted,
    };
    problems.push(Diagnostic::error("all-pages", "/allPages", message));
    false
}

fn is_read_of(service: &str, operation: &str) -> bool {
    match service {
        HTTP_SERVICE => ["GET", "HEAD"].iter().any(|method| method.eq_ignore_ascii_case(operation)),
        _ => is_read(service, operation),
    }
}

fn check_backoff(delay: Duration, backoff: &BackoffConfig, problems: &mut Vec<Diagnostic>) {
    if delay.is_zero() {
        let message = "a back-off cannot grow from a delay of 0";
        problems
            .push(Diagnostic::error("backoff", "/delay", message).with_help("set a delay above 0"));
    } else if backoff.max_delay < delay.as_secs_f64() {
        let message = format!(
            "maxDelay ({}) is shorter than the delay ({})",
            backoff.max_delay,
            delay.as_secs_f64()
        );
        problems.push(Diagnostic::error("backoff", "/backoff/maxDelay", message));
    }
}

fn show(
    config: &WaiterConfig,
    options: &Options,
    binder: &Binder<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Expression> {
    let derived = || derived::of_expressions(compared(config, options));
    let own = options.show.clone().or_else(|| extension(options, config.show.clone()));
    let show = own.or_else(|| extension(options, derived()));
    let pointer = |index| match &show {
        Some(Show::Many(_)) => format!("/show/{index}"),
        Some(Show::One(_)) | None => "/show".to_owned(),
    };
    show.as_ref()
        .map_or(&[][..], Show::expressions)
        .iter()
        .enumerate()
        .filter_map(|(index, text)| binder.bind_expression(text, &pointer(index), problems))
        .collect()
}

/// The expressions of the acceptors and of the caller's conditions, each with whether its value is
/// compared with a text.
fn compared<'a>(
    config: &'a WaiterConfig,
    options: &'a Options,
) -> impl Iterator<Item = (&'a str, bool)> {
    let acceptors =
        derived::compared(&config.acceptors).chain(derived::compared(&options.acceptors));
    let conditions = options.until.iter().chain(&options.fail_if);
    acceptors.chain(conditions.map(|condition| (condition.as_str(), false)))
}

fn transient_policy(config: &WaiterConfig, options: &Options) -> TransientPolicy {
    let transient = config.transient.clone().unwrap_or_default();
    let bounded = options.timeout.is_some() || config.timeout.is_some();
    let max_consecutive = transient.max_consecutive.unwrap_or(MAX_CONSECUTIVE_TRANSIENT);
    TransientPolicy {
        max_consecutive: (!bounded).then_some(max_consecutive),
        codes: transient.codes,
        is_not_yet: options.transient_is_not_yet,
    }
}

fn compile_expression(
    text: &str,
    pointer: &str,
    problems: &mut Vec<Diagnostic>,
) -> Option<Expression> {
    match Expression::compile(text) {
        Ok(expression) => Some(expression),
        Err(error) => {
            problems.push(expression_problem(text, pointer, &error));
            None
        }
    }
}

fn expression_problem(
    text: &str,
    pointer: &str,
    error: &crate::expression::ExpressionError,
) -> Diagnostic {
    let shown: String = text.chars().take(80).collect();
    Diagnostic::error("expression", pointer, format!("`{shown}` does not compile: {error}"))
        .at_offset(error.offset())
        .with_help("the language is described at https://jmespath.org/tutorial.html")
}
