//! Checks of what a waiter means: against the model of its service, and by itself.
//!
//! [`schema::parse`](crate::schema::parse) says whether a file is a waiter file; the rules here say
//! whether the waiters in it can work. They take what was read and change nothing, so a program may
//! use them on what its users upload: a file is bounded by what the parser accepts
//! ([`catalog::MAX_FILE`](maitred_core::catalog::MAX_FILE), and
//! [`MAX_OPERATORS`](maitred_core::expression::MAX_OPERATORS) for each expression), the work is in
//! proportion to the file's size, and at most [`MAX_PROBLEMS`] findings are made of it.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::schema::MAX_PROBLEMS;
use maitred_core::config::WaiterConfig;
use maitred_core::config::WaiterFile;
use maitred_core::diagnostic::Diagnostic;
use maitred_core::diagnostic::Level;
use maitred_core::diagnostic::Severity;
use maitred_core::diagnostic::fold;
use maitred_core::diagnostic::pointer_part;
use maitred_model::OperationModel;

mod acceptors;
mod budget;
mod condition;
mod coverage;
mod diagnose;
mod fix;
mod input;
mod kind;
mod known;
mod mistaken;
mod operation;
mod order;
mod parameters;
mod pages;
mod paths;
mod portable;
mod premature;
mod request;
mod rule;
mod walk;

pub use fix::fixed;
pub use maitred_model::states::{StateTable, state_tables};
pub use order::NEVER_HOLDS;
pub use rule::{Rule, file_rules, find, rules};

/// Where the models of services come from.
pub trait Models {
    /// The names of the services that are known.
    fn services(&self) -> Vec<String>;

    /// The operations of a service; `None` if it is not known.
    fn operations(&self, service: &str) -> Option<Vec<String>>;

    /// An operation of a service, by the name that [`Models::operations`] has.
    fn operation(&self, service: &str, operation: &str) -> Option<Arc<OperationModel>>;
}

/// How bad the findings of each rule are. The default is each rule's own severity.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    levels: BTreeMap<String, Level>,
}

/// The configuration of a rule that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRule {
    name: String,
    near: Option<&'static str>,
}

impl fmt::Display for UnknownRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no rule `{}`", self.name)?;
        self.near.iter().try_for_each(|near| write!(f, "; did you mean `{near}`?"))
    }
}

impl std::error::Error for UnknownRule {}

impl Config {
    /// The rules' own severities, but for these.
    ///
    /// # Errors
    /// One of them is not a rule.
    pub fn new(levels: BTreeMap<String, Level>) -> Result<Self, UnknownRule> {
        match levels.keys().find_map(|name| Some((name, find(name).err()?))) {
            Some((name, near)) => Err(UnknownRule { name: name.clone(), near }),
            None => Ok(Self { levels }),
        }
    }

    fn severity(&self, rule: &Rule) -> Option<Severity> {
        self.levels.get(rule.name).map_or(Some(rule.severity), |level| level.severity())
    }
}

/// Checks the waiters of a file of `service` by all rules. Without `models` only those rules are
/// asked that need none.
#[must_use]
pub fn lint(
    service: &str,
    file: &WaiterFile,
    models: Option<&dyn Models>,
    config: &Config,
) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let operations = operation::service_operations(service, file, models, config, &mut findings);
    let mut names = HashMap::new();
    for (name, waiter) in &file.waiters {
        let mut subject = Subject::new(service, name, waiter, config, &mut findings);
        if let Some(first) = names.insert(fold(name), name) {
            let message = format!("`{name}` and `{first}` are the same name");
            subject.report(&rule::DUPLICATE_NAME, "", message);
        }
        let known = Known { models, operations: operations.as_deref() };
        check(&mut subject, &known);
        if findings.len() >= MAX_PROBLEMS {
            break;
        }
    }
    findings
}

/// What is known of the service of a file.
struct Known<'a> {
    models: Option<&'a dyn Models>,
    /// `None` if the service is not known, or there are no models.
    operations: Option<&'a [String]>,
}

fn check(subject: &mut Subject<'_>, known: &Known<'_>) {
    let operation = operation::check(subject, known);
    let operation = operation.as_deref();
    let walked = paths::check(subject, operation);
    diagnose::check(subject, known, operation);
    coverage::check(subject, operation, &walked);
    acceptors::check(subject, operation, &walked);
    order::check(subject);
    mistaken::check(subject, &walked);
    premature::check(subject, &walked);
    budget::check(subject, &walked);
    pages::check(subject, operation);
    parameters::check(subject, operation);
    request::check(subject);
    portable::check(subject);
}

/// A waiter that is checked, and what was found.
struct Subject<'a> {
    service: &'a str,
    name: &'a str,
    waiter: &'a WaiterConfig,
    config: &'a Config,
    /// The waiter's place in the file.
    pointer: String,
    findings: &'a mut Vec<Diagnostic>,
}

impl<'a> Subject<'a> {
    fn new(
        service: &'a str,
        name: &'a str,
        waiter: &'a WaiterConfig,
        config: &'a Config,
        findings: &'a mut Vec<Diagnostic>,
    ) -> Self {
        let pointer = format!("/waiters/{}", pointer_part(name));
        Self { service, name, waiter, config, pointer, findings }
    }

    /// Whether there are as many findings as are made.
    fn is_full(&self) -> bool {
        self.findings.len() >= MAX_PROBLEMS
    }

    /// Adds a finding at `place` of the waiter.
    fn report(&mut self, rule: &'static Rule, place: &str, message: impl Into<String>) {
        self.add(rule, place, message.into(), None, None);
    }

    /// The same with advice.
    fn advise(
        &mut self,
        rule: &'static Rule,
        place: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(rule, place, message.into(), Some(help.into()), None);
    }

    fn add(
        &mut self,
        rule: &'static Rule,
        place: &str,
        message: String,
        help: Option<String>,
        offset: Option<usize>,
    ) {
        let Some(severity) = self.config.severity(rule).filter(|_| !self.is_full()) else { return };
        self.findings.push(Diagnostic {
            rule: rule.name,
            severity,
            pointer: format!("{}{place}", self.pointer),
            offset,
            span: None,
            message,
            help,
        });
    }
}
