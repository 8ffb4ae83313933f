//! The JSON Schema of waiter files and cases, and parsing with all problems and their positions.
//!
//! # Untrusted files
//!
//! A service can check waiters and cases that its users upload. Size, time and memory are bounded, and a file
//! beyond a bound is an error, so neither a thread nor a time-out is needed.
//!
//! | bound | limits |
//! |---|---|
//! | [`catalog::MAX_FILE`](maitred_core::catalog::MAX_FILE), [`MAX_DEPTH`], [`MAX_TOKENS`] | bytes, depth and tokens of a file, and so the number of its acceptors |
//! | [`MAX_PROBLEMS`] | reported problems |
//! | [`expression::MAX_LENGTH`](maitred_core::expression::MAX_LENGTH), [`expression::MAX_OPERATORS`](maitred_core::expression::MAX_OPERATORS) | size of an expression; its values and steps are also bounded |
//! | [`replay::MAX_REPLIES`](crate::replay::MAX_REPLIES), [`replay::MAX_BYTES`](crate::replay::MAX_BYTES), [`replay::MAX_STEPS`](crate::replay::MAX_STEPS) | replies of a case, their bytes, and the steps of evaluating them |
//!
//! For lower limits, check the length of the text or `file.waiters.len()`.
//!
//! ```
//! use maitred_model::Models;
//! use maitred_core::diagnostic::{Diagnostic, Severity};
//! use maitred_core::waiter::Waiter;
//! use maitred_authoring::{lint, replay, schema};
//!
//! /// The problems of a waiter file and of a case of one of its waiters.
//! fn examine(service: &str, file: &str, name: &str, case: &str) -> Vec<Diagnostic> {
//!     let models = Models::embedded();
//!     let rules = lint::Config::default();
//!     let findings =
//!         schema::examine(file, &|file| lint::lint(service, file, Some(&models), &rules));
//!     if findings.iter().any(|found| found.severity == Severity::Error) {
//!         return findings;
//!     }
//!     let replayed = schema::parse(file).and_then(|file| {
//!         let case = schema::parse_case(case)?;
//!         let waiter = Waiter::compile(service, name, &file.waiters[name].resolve()?, &replay::options(&case)?)?;
//!         let problems = replay::check(&case, &waiter, Some(&models));
//!         if problems.iter().any(|found| found.severity == Severity::Error) {
//!             return Ok(problems);
//!         }
//!         let differences = replay::replay(&case, &waiter).differences(&case.expect);
//!         Ok(differences
//!             .iter()
//!             .map(|it| Diagnostic::error("case", "/expect", format!("{}: {}", it.what, it.actual)))
//!             .collect())
//!     });
//!     match replayed {
//!         Ok(problems) => [findings, problems].concat(),
//!         Err(invalid) => invalid.diagnostics().to_vec(),
//!     }
//! }
//!
//! let file = r#"{"version": 2, "waiters": {"ready": {
//!     "operation": "GetCrawler", "delay": 30, "maxAttempts": 120, "acceptors": [
//!         {"state": "success", "matcher": "path", "argument": "Crawler.State", "expected": "READY"}
//!     ]}}}"#;
//! let case = |replies: u64| format!(r#"{{"input": {{"Name": "nightly"}}, "replies": [
//!     {{"output": {{"Crawler": {{"State": "RUNNING"}}}}, "repeat": {replies}}}],
//!     "expect": {{"outcome": "exhausted"}}}}"#);
//!
//! let rules: Vec<_> =
//!     examine("glue", file, "ready", &case(120)).iter().map(|found| found.rule).collect();
//! assert!(rules.contains(&"no-failure"));
//! let found = examine("glue", file, "ready", &case(1_000_000_000_000));
//! let too_many = "there are 1000000000000 replies; a case may have 100000";
//! assert!(found.iter().any(|found| found.message == too_many));
//! let found = examine("glue", &"[".repeat(1_000_000), "ready", &case(1));
//! assert_eq!(found[0].message, "the file nests deeper than 128 levels");
//! ```

use std::sync::LazyLock;

use jsonschema::Validator;
use schemars::generate::SchemaSettings;
use serde::Deserialize as _;
use serde_json::Value;

use maitred_core::catalog::with_whole_numbers;
use maitred_core::config::PartialWaiter;
use maitred_core::config::WaiterFile;
use maitred_core::diagnostic::Diagnostic;
use maitred_core::diagnostic::Invalid;
use maitred_core::diagnostic::pointer_part;
use maitred_core::waiter::Waiter;

mod case;
mod edit;
mod editor;
mod id;
mod problems;
mod repair;
mod source;
mod tidy;
mod violation;

pub use case::{case_schema, locate, parse_case};
pub use edit::with_waiter;
pub use id::{CASE_SCHEMA_ID, SCHEMA_ID};
pub use problems::MAX_PROBLEMS;
pub use source::{MAX_DEPTH, MAX_TOKENS};

use problems::{finish, in_order};
use source::Source;

/// The JSON Schema (draft 2020-12) of waiter files, made from the types in [`config`](maitred_core::config).
#[must_use]
pub fn json_schema() -> Value {
    schema().clone()
}

fn schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(generate);
    &SCHEMA
}

fn generate() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<WaiterFile>();
    schema.insert("$id".to_owned(), SCHEMA_ID.into());
    schema.insert("title".to_owned(), "maitred waiter file".into());
    editor::for_waiters(tidy::tidy(schema.to_value()))
}

/// Parses a waiter file and checks everything: the JSON, all keys and values, and that all expressions
/// compile.
///
/// # Errors
/// All problems, each with its position in the text.
pub fn parse(text: &str) -> Result<WaiterFile, Invalid> {
    let mut problems = Vec::new();
    let file = Source::parse(text, &mut problems).and_then(|source| {
        let file = check(&source, &mut problems);
        source.locate(&mut problems);
        file
    });
    finish(file, problems)
}

/// All problems of a waiter file: those that [`parse`] finds, and those that `rules` find in its valid
/// waiters, each with its position in the text.
pub fn examine(text: &str, rules: &dyn Fn(&WaiterFile) -> Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    if let Some(source) = Source::parse(text, &mut problems) {
        let file = check(&source, &mut problems).or_else(|| usable(source.value()));
        problems.extend(file.iter().flat_map(rules));
        source.locate(&mut problems);
    }
    in_order(&mut problems);
    problems
}

/// The file without its invalid waiters.
fn usable(file: &Value) -> Option<WaiterFile> {
    let file = with_whole_numbers(file.clone());
    let waiters = file.get("waiters")?.as_object()?.iter();
    let waiters = waiters
        .filter_map(|(name, waiter)| Some((name.clone(), PartialWaiter::deserialize(waiter).ok()?)))
        .filter(|(_, waiter)| waiter.extends.is_some() || waiter.resolve().is_ok());
    let mut usable = WaiterFile::new(waiters.collect());
    usable.service = file.get("service").and_then(Value::as_str).map(str::to_owned);
    Some(usable)
}

fn check(source: &Source<'_>, problems: &mut Vec<Diagnostic>) -> Option<WaiterFile> {
    let before = problems.len();
    for error in validator().iter_errors(source.value()) {
        problems.extend(violation::explain(&error, source.value(), schema()));
        if problems.len() > MAX_PROBLEMS {
            return None;
        }
    }
    let value = with_whole_numbers(source.value().clone());
    for (name, waiter) in value.get("waiters").and_then(Value::as_object).into_iter().flatten() {
        check_waiter(name, waiter, problems);
        if problems.len() > MAX_PROBLEMS {
            return None;
        }
    }
    let file = serde_json::from_value(value);
    if let Err(error) = &file
        && problems.len() == before
    {
        problems.push(Diagnostic::error("type", "", error.to_string()));
    }
    file.ok()
}

/// Checks what the schema cannot express. The valid parts of an invalid waiter are checked, too, so that all
/// problems are reported at once.
fn check_waiter(name: &str, waiter: &Value, problems: &mut Vec<Diagnostic>) {
    let under = format!("/waiters/{}", pointer_part(name));
    let config = match PartialWaiter::deserialize(waiter) {
        Ok(config) => Some(config),
        Err(error) => {
            let is_below = |pointer: &str| {
                pointer
                    .strip_prefix(&under)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            if !problems.iter().any(|problem| is_below(&problem.pointer)) {
                problems.push(Diagnostic::error("type", under.as_str(), error.to_string()));
            }
            repair::waiter(waiter)
        }
    };
    for mut problem in config.iter().flat_map(Waiter::check) {
        problem.pointer.insert_str(0, &under);
        // Problems that the schema has found, such as missing keys, are not repeated.
        let is_known = matches!(problem.rule, "argument" | "missing-key")
            || problems.iter().any(|known| known.pointer == problem.pointer);
        if !is_known || problem.offset.is_some() {
            problems.push(problem);
        }
    }
}

fn validator() -> &'static Validator {
    static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
        jsonschema::validator_for(schema()).expect("the schema of our own types is a schema")
    });
    &VALIDATOR
}
