//! The JSON Schemas of the two kinds of files, and parsing a file.

use std::sync::LazyLock;

use jsonschema::Validator;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::source::Source;
use super::violation::{MAX_PROBLEMS, explain};
use super::{editor, tidy};
use crate::case::Case;
use maitred_core::config::WaiterFile;
use maitred_core::diagnostic::{Diagnostic, Invalid};

/// The URL of the schema of waiter files, for `$schema`.
pub const SCHEMA_ID: &str =
    "https://raw.githubusercontent.com/maitred-rs/maitred/main/schema/waiters.schema.json";

/// The URL of the schema of cases, for `$schema`.
pub const CASE_SCHEMA_ID: &str =
    "https://raw.githubusercontent.com/maitred-rs/maitred/main/schema/case.schema.json";

pub(super) static WAITERS: LazyLock<FileSchema> = LazyLock::new(|| {
    let snippets = include_str!("snippets/waiters.json");
    FileSchema::new::<WaiterFile>(SCHEMA_ID, "maitred waiter file", snippets)
});

pub(super) static CASES: LazyLock<FileSchema> = LazyLock::new(|| {
    let snippets = include_str!("snippets/cases.json");
    FileSchema::new::<Case>(CASE_SCHEMA_ID, "maitred case", snippets)
});

/// The JSON Schema of a kind of file, made from its type.
pub(super) struct FileSchema {
    pub(super) schema: Value,
    validator: Validator,
}

impl FileSchema {
    fn new<T: JsonSchema>(id: &str, title: &str, snippets: &str) -> Self {
        let generator = SchemaSettings::draft2020_12().into_generator();
        let mut schema = generator.into_root_schema_for::<T>();
        schema.insert("$id".to_owned(), id.into());
        schema.insert("title".to_owned(), title.into());
        let schema = editor::for_editors(tidy::tidy(schema.to_value()), snippets);
        let validator =
            jsonschema::validator_for(&schema).expect("the schema of our own types is a schema");
        Self { schema, validator }
    }

    /// Adds the violations of the schema, and stops when there are more than [`MAX_PROBLEMS`].
    pub(super) fn check(&self, value: &Value, problems: &mut Vec<Diagnostic>) {
        for error in self.validator.iter_errors(value) {
            problems.extend(explain(&error, value, &self.schema));
            if problems.len() > MAX_PROBLEMS {
                return;
            }
        }
    }
}

/// Parses `text` with `check`.
///
/// # Errors
/// The problems in the order of the text, each with its position.
pub(super) fn parse<T>(
    text: &str,
    check: impl FnOnce(&Value, &mut Vec<Diagnostic>) -> Option<T>,
) -> Result<T, Invalid> {
    let mut problems = Vec::new();
    let parsed = Source::parse(text, &mut problems).and_then(|source| {
        let parsed = check(source.value(), &mut problems);
        source.locate(&mut problems);
        parsed
    });
    in_order(&mut problems);
    match parsed {
        Some(parsed) if problems.is_empty() => Ok(parsed),
        _ => Err(Invalid::new(problems)),
    }
}

/// Reads a checked value. An error is a problem only if there are no others, which explain it.
pub(super) fn read<T: DeserializeOwned>(
    value: Value,
    is_flawed: bool,
    problems: &mut Vec<Diagnostic>,
) -> Option<T> {
    let read = serde_json::from_value(value);
    if let (Err(error), false) = (&read, is_flawed) {
        problems.push(Diagnostic::error("type", "", error.to_string()));
    }
    read.ok()
}

/// Sorts the problems by their position in the text, and keeps the first [`MAX_PROBLEMS`].
pub(super) fn in_order(problems: &mut Vec<Diagnostic>) {
    problems.sort_by_key(|problem| problem.span.as_ref().map_or(0, |span| span.start));
    if problems.len() > MAX_PROBLEMS {
        problems.truncate(MAX_PROBLEMS);
        let message = format!("there are more problems; these are the first {MAX_PROBLEMS}");
        problems.push(Diagnostic::error("too-many", "", message));
    }
}
