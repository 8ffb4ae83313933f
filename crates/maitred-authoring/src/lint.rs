//! Semantic checks of waiters, on their own and against the model of their service.
//!
//! [`schema::parse`](crate::schema::parse) checks that a file is a waiter file; the rules here check that its
//! waiters can work. They can be used on untrusted files: the parser bounds the size of a file
//! ([`catalog::MAX_FILE`](maitred_core::catalog::MAX_FILE), and
//! [`MAX_OPERATORS`](maitred_core::expression::MAX_OPERATORS) for each expression), the time is proportional to
//! the size, and there are at most [`MAX_PROBLEMS`] findings.

use std::collections::HashMap;

use crate::schema::MAX_PROBLEMS;
use maitred_core::config::WaiterFile;
use maitred_core::diagnostic::{Diagnostic, fold};

mod acceptors;
mod budget;
mod condition;
mod condition_parts;
mod config;
mod context;
mod coverage;
mod diagnose;
mod expressions;
mod fix;
mod infer;
mod input;
mod mistaken;
mod model_source;
mod operation;
mod operators;
mod pages;
mod parameters;
mod partial_value;
mod path_steps;
mod portable;
mod premature;
mod reachability;
mod request;
mod rule;
mod types;
mod value_use;

pub use config::{Config, UnknownRule};
pub use fix::fixed;
pub use model_source::ModelSource;
pub use operators::{examine_operators, is_operator_file};
pub use reachability::NEVER_HOLDS;
pub use rule::{Rule, file_rules, find, rules};

use context::{LintContext, ServiceContext};

/// Checks the waiters of a file of `service` by all rules. Without `models`, the rules that need them are
/// skipped.
#[must_use]
pub fn lint(
    service: &str,
    file: &WaiterFile,
    models: Option<&dyn ModelSource>,
    config: &Config,
) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let operations = operation::service_operations(service, file, models, config, &mut findings);
    let mut names = HashMap::new();
    for (name, waiter) in &file.waiters {
        let mut context = LintContext::new(service, name, waiter, config, &mut findings);
        if let Some(first) = names.insert(fold(name), name) {
            let message = format!("`{name}` and `{first}` are the same name");
            context.report(&rule::DUPLICATE_NAME, "", message);
        }
        let known = ServiceContext { models, operations: operations.as_deref() };
        check(&mut context, &known);
        if findings.len() >= MAX_PROBLEMS {
            break;
        }
    }
    findings
}

fn check(context: &mut LintContext<'_>, known: &ServiceContext<'_>) {
    let operation = operation::check(context, known);
    let operation = operation.as_deref();
    let inferred = expressions::check(context, operation);
    diagnose::check(context, known, operation);
    coverage::check(context, operation, &inferred);
    acceptors::check(context, operation, &inferred);
    reachability::check(context);
    mistaken::check(context, &inferred);
    premature::check(context, &inferred);
    budget::check(context, &inferred);
    pages::check(context, operation);
    parameters::check(context, operation);
    request::check(context);
    portable::check(context);
}
