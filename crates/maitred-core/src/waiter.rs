//! Compiling a [`WaiterConfig`] and the caller's [`Options`] to a valid [`Waiter`].

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::client::{Call, CallMode};
use crate::config::{PartialWaiter, WaiterConfig};
use crate::diagnostic::{Diagnostic, Invalid};
use crate::expression::Expression;
use crate::matcher::Acceptor;
use crate::names::snake_name;
use crate::schedule::Schedule;

mod acceptor;
mod baseline;
mod compiler;
mod derived_show;
mod diagnose;
mod operation;
mod options;
mod parameter;
mod schedule;
mod show;
mod transient;

pub use baseline::Baseline;
pub use derived_show::show_of;
pub use diagnose::Diagnose;
pub use options::Options;
pub use parameter::parameter_values;
pub use transient::{MAX_CONSECUTIVE_TRANSIENT, TransientPolicy};

use compiler::Compiler;

/// A compiled waiter: everything that a wait needs except the client and the clock.
///
/// Clones share the compiled parts. [`Waiter::with_input`] returns a waiter for another input.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiter {
    /// The service, e.g. `redshift`.
    pub(crate) service: Arc<str>,
    /// The name as in the file, e.g. `cluster_paused`.
    pub(crate) name: Arc<str>,
    pub(crate) description: Option<Arc<str>>,
    pub(crate) call: Call,
    pub(crate) schedule: Schedule,
    pub(crate) acceptors: Arc<[Acceptor]>,
    pub(crate) show: Arc<[Expression]>,
    pub(crate) baseline: Option<Arc<Baseline>>,
    pub(crate) diagnose: Arc<[Diagnose]>,
    pub(crate) consecutive: u32,
    pub(crate) transient: TransientPolicy,
    pub(crate) strict: bool,
    /// True if a member of the input was compiled into the waiter.
    pub(crate) binds_input: bool,
}

impl Waiter {
    /// Removes the diagnostic calls.
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
    /// let waiter = Waiter::compile("http", "up", &file.waiters["up"].resolve()?, &Options::default())?;
    /// assert_eq!(waiter.id(), "http.up");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The waiter or the options are invalid: for instance an expression does not compile, a parameter is
    /// missing, or a delay is not a duration. All problems are reported together.
    pub fn compile(
        service: &str,
        name: &str,
        config: &WaiterConfig,
        options: &Options,
    ) -> Result<Self, Invalid> {
        let mut compiler = Compiler::new(config, options);
        compiler.problems.extend(config.check_required());
        // Only the file has placeholders; the caller's values are used verbatim.
        let defaults = compiler.extension(Some(&config.input)).into_iter().flatten();
        let mut input = compiler.members(defaults, "/input");
        input.extend(options.input.clone());
        compiler.binder.set_input(&input);
        compiler.check_read(service);
        let (acceptors, show) = (compiler.acceptors(), compiler.show());
        let baseline = compiler.baseline();
        let schedule = compiler.schedule();
        let mut call = Call::new(service, config.operation.as_str(), input);
        if compiler.all_pages(service) {
            call.mode = CallMode::AllPages;
        } else if !reads("Body", &acceptors, &show, baseline.as_ref()) {
            call.mode = CallMode::WithoutBody;
        }
        let waiter = Self {
            service: service.into(),
            name: name.into(),
            description: config.description.as_deref().map(Into::into),
            call,
            schedule,
            acceptors: acceptors.into(),
            show: show.into(),
            baseline: baseline.map(Arc::new),
            diagnose: compiler.diagnose(service).into(),
            binds_input: compiler.binder.bound_input(),
            consecutive: compiler.extension(config.consecutive).unwrap_or(1).max(1),
            transient: compiler.transient(),
            strict: options.strict,
        };
        let problems = compiler.problems;
        if problems.is_empty() { Ok(waiter) } else { Err(Invalid::new(problems)) }
    }

    /// Compiles the keys of `partial` that do not depend on a caller's values, and returns the problems.
    #[must_use]
    pub fn check(partial: &PartialWaiter) -> Vec<Diagnostic> {
        let is_partial = partial.extends.is_some();
        let missing = if is_partial { Vec::new() } else { partial.missing_keys() };
        // Harmless values for missing keys, to check the rest.
        let operation = partial.operation.clone().unwrap_or_else(|| "Any".to_owned());
        let longest = partial.backoff.as_ref().map_or(1.0, |backoff| backoff.max_delay);
        let (delay, attempts) =
            (partial.delay.unwrap_or(longest), partial.max_attempts.unwrap_or(1));
        let config = WaiterConfig::with(operation, delay, attempts, partial.clone());
        let options = Options::default();
        let mut compiler = Compiler::without_values(&config, &options, is_partial);
        compiler.problems.extend(config.check_required());
        compiler.members(&config.input, "/input");
        compiler.schedule();
        compiler.acceptors();
        compiler.show();
        compiler.baseline();
        for (index, call) in config.diagnose.iter().enumerate() {
            compiler.diagnose_keys(call, &format!("/diagnose/{index}"));
        }
        missing.into_iter().chain(compiler.problems).collect()
    }

    /// A waiter with `input` merged over its own; everything else is shared.
    ///
    /// `None` if the waiter uses `{{input.X}}`, so that it has to be compiled for each input.
    #[must_use]
    pub fn with_input(&self, input: Map<String, Value>) -> Option<Self> {
        if self.binds_input {
            return None;
        }
        let mut waiter = self.clone();
        waiter.call.input.extend(input);
        Some(waiter)
    }

    /// Reads the `Body` of each reply of service `http`, even if no expression of the waiter does, so that the last
    /// document has it. By default, a body that is not needed is not read, as it may be endless.
    #[must_use]
    pub fn with_body(mut self) -> Self {
        if self.call.mode == CallMode::WithoutBody {
            self.call.mode = CallMode::Repeatable;
        }
        self
    }

    /// `service.name`, with the name in snake case, as used by `maitred wait`.
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

    /// The name as in the file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The description of what this waiter waits for.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The request of each poll.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// The delays and the bounds.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// The acceptors in the order in which they are checked.
    #[must_use]
    pub fn acceptors(&self) -> &[Acceptor] {
        &self.acceptors
    }

    /// The expressions whose values are shown.
    #[must_use]
    pub fn show(&self) -> &[Expression] {
        &self.show
    }

    /// The baseline, if the waiter has one.
    #[must_use]
    pub fn baseline(&self) -> Option<&Baseline> {
        self.baseline.as_deref()
    }

    /// Returns whether each poll merges all pages of the operation.
    #[must_use]
    pub fn all_pages(&self) -> bool {
        self.call.mode == CallMode::AllPages
    }

    /// The calls that find out why the wait failed.
    #[must_use]
    pub fn diagnose(&self) -> &[Diagnose] {
        &self.diagnose
    }

    /// The number of successes in a row that end the wait.
    #[must_use]
    pub fn consecutive(&self) -> u32 {
        self.consecutive
    }

    /// The policy for throttling, 5xx replies and lost connections.
    #[must_use]
    pub fn transient(&self) -> &TransientPolicy {
        &self.transient
    }

    /// Returns whether botocore's rules are followed exactly.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.strict
    }
}

/// Returns whether any expression of a waiter may read the member `name` of a reply.
fn reads(
    name: &str,
    acceptors: &[Acceptor],
    show: &[Expression],
    baseline: Option<&Baseline>,
) -> bool {
    let of_acceptors = acceptors
        .iter()
        .flat_map(|acceptor| acceptor.expression().into_iter().chain(&acceptor.message));
    let of_baseline = baseline.map(|baseline| &baseline.expression);
    of_acceptors.chain(show).chain(of_baseline).any(|expression| expression.reads(name))
}
