//! The JSON Schema of cases, and parsing a [`Case`].

use std::sync::LazyLock;

use jsonschema::Validator;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::id::CASE_SCHEMA_ID;
use super::problems::{MAX_PROBLEMS, finish};
use super::source::Source;
use super::{editor, repair, tidy, violation};
use crate::case::Case;
use maitred_core::diagnostic::Diagnostic;
use maitred_core::diagnostic::Invalid;

/// The JSON Schema (draft 2020-12) of cases, made from the types in [`case`](crate::case).
#[must_use]
pub fn case_schema() -> Value {
    schema().clone()
}

fn schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
        let generator = SchemaSettings::draft2020_12().into_generator();
        let mut schema = generator.into_root_schema_for::<Case>();
        schema.insert("$id".to_owned(), CASE_SCHEMA_ID.into());
        schema.insert("title".to_owned(), "maitred case".into());
        editor::for_cases(tidy::tidy(schema.to_value()))
    });
    &SCHEMA
}

/// Parses a case and checks all keys and values.
///
/// # Errors
/// All problems, each with its position in the text.
pub fn parse_case(text: &str) -> Result<Case, Invalid> {
    let mut problems = Vec::new();
    let case = Source::parse(text, &mut problems).and_then(|source| {
        let case = check(&source, &mut problems);
        source.locate(&mut problems);
        case
    });
    finish(case, problems)
}

fn check(source: &Source<'_>, problems: &mut Vec<Diagnostic>) -> Option<Case> {
    let before = problems.len();
    for error in validator().iter_errors(source.value()) {
        problems.extend(violation::explain(&error, source.value(), schema()));
        if problems.len() > MAX_PROBLEMS {
            return None;
        }
    }
    let case = serde_json::from_value(repair::whole_numbers_of_case(source.value()));
    if let Err(error) = &case
        && problems.len() == before
    {
        problems.push(Diagnostic::error("type", "", error.to_string()));
    }
    case.ok()
}

fn validator() -> &'static Validator {
    static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
        jsonschema::validator_for(schema()).expect("the schema of our own types is a schema")
    });
    &VALIDATOR
}

/// Sets the position in the text of each of the `problems` that has only a pointer.
pub fn locate(text: &str, problems: &mut [Diagnostic]) {
    if let Some(source) = Source::parse(text, &mut Vec::new()) {
        source.locate(problems);
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
