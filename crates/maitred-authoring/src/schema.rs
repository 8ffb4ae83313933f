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

use serde::Deserialize as _;
use serde_json::Value;

use crate::case::Case;
use maitred_core::catalog::with_whole_numbers;
use maitred_core::config::{PartialWaiter, WaiterFile};
use maitred_core::diagnostic::{Diagnostic, Invalid, pointer_part};
use maitred_core::waiter::Waiter;

mod edit;
mod editor;
mod file_schema;
mod repair;
mod source;
mod tidy;
mod violation;

pub use edit::with_waiter;
pub use file_schema::{CASE_SCHEMA_ID, SCHEMA_ID};
pub use source::{MAX_DEPTH, MAX_TOKENS};
pub use violation::MAX_PROBLEMS;

use file_schema::{CASES, WAITERS, in_order, read};
use source::Source;

/// The JSON Schema (draft 2020-12) of waiter files, made from the types in [`config`](maitred_core::config).
#[must_use]
pub fn json_schema() -> Value {
    WAITERS.schema.clone()
}

/// The JSON Schema (draft 2020-12) of cases, made from the types in [`case`](crate::case).
#[must_use]
pub fn case_schema() -> Value {
    CASES.schema.clone()
}

/// Parses a waiter file and checks everything: the JSON, all keys and values, and that all expressions
/// compile.
///
/// # Errors
/// All problems, each with its position in the text.
pub fn parse(text: &str) -> Result<WaiterFile, Invalid> {
    file_schema::parse(text, check)
}

/// Parses a case and checks all keys and values.
///
/// # Errors
/// All problems, each with its position in the text.
pub fn parse_case(text: &str) -> Result<Case, Invalid> {
    file_schema::parse(text, |value, problems| {
        let before = problems.len();
        CASES.check(value, problems);
        read(repair::whole_numbers_of_case(value), problems.len() > before, problems)
    })
}

/// Sets the position in the text of each of the `problems` that has only a pointer.
pub fn locate(text: &str, problems: &mut [Diagnostic]) {
    if let Some(source) = Source::parse(text, &mut Vec::new()) {
        source.locate(problems);
    }
}

/// All problems of a waiter file: those that [`parse`] finds, and those that `rules` find in its valid
/// waiters, each with its position in the text.
pub fn examine(text: &str, rules: &dyn Fn(&WaiterFile) -> Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    if let Some(source) = Source::parse(text, &mut problems) {
        let file = check(source.value(), &mut problems).or_else(|| usable(source.value()));
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

fn check(value: &Value, problems: &mut Vec<Diagnostic>) -> Option<WaiterFile> {
    let before = problems.len();
    WAITERS.check(value, problems);
    let value = with_whole_numbers(value.clone());
    for (name, waiter) in value.get("waiters").and_then(Value::as_object).into_iter().flatten() {
        if problems.len() > MAX_PROBLEMS {
            return None;
        }
        check_waiter(name, waiter, problems);
    }
    read(value, problems.len() > before, problems)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let invalid = parse_case(text).unwrap_err();
        invalid.diagnostics().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_case_is_read_as_it_is_written() {
        let text = r#"{
            "input": {"Name": "x"},
            "replies": [{"output": {"State": "RUNNING"}, "repeat": 3.0}, {"transport": "DnsError"},
                        {"error": {"code": "NotFound", "status": 404}}],
            "expect": {"outcome": "error", "attempts": 5, "shown": null}
        }"#;
        let case = parse_case(text).unwrap();
        assert_eq!(case.replies[0].repeat, 3);
        assert_eq!(case.expect.shown, Some(Value::Null));
        let again = serde_json::to_string(&case).unwrap();
        assert_eq!(parse_case(&again).unwrap(), case);
    }

    #[test]
    fn an_unknown_key_is_named_with_what_was_meant() {
        let text = r#"{"replies": [{"ouput": {}}], "expect": {"outcome": "sucess", "attempt": 1}}"#;
        assert_eq!(
            problems(text),
            [
                "error[reply]: /replies/0: a reply is one of `output`, `error` and `transport` \
                 (e.g. { \"output\": { … } })",
                "error[unknown-key]: /replies/0/ouput: there is no key `ouput` here (did you mean `output`?)",
                "error[value]: /expect/outcome: \"sucess\" is not an `outcome` (did you mean \"success\"?)",
                "error[unknown-key]: /expect/attempt: there is no key `attempt` here (did you mean `attempts`?)",
            ]
        );
    }
}
