//! Checks an operation's input before anything is sent, and saved outputs.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::timestamp::DateTime;
use super::{Member, OperationModel, Shape, ShapeKind, ShapeRef, Structure};
use maitred_core::client::{InputProblem, json_type};
use maitred_core::diagnostic::{Diagnostic, Severity, nearest, pointer_part, shortened};

/// Deeper input is refused: no operation needs it, and a recursive shape allows any depth.
const MAX_DEPTH: usize = 100;

/// The member that every output may have.
const METADATA: &str = "ResponseMetadata";

impl OperationModel {
    /// Everything that is wrong with `input`: unknown and missing members, wrong types. An enum
    /// value that is not in the model is not wrong, since services add values; see
    /// [`OperationModel::enum_hints`].
    #[must_use]
    pub fn check_input(&self, input: &Map<String, Value>) -> Vec<InputProblem> {
        self.input_problems(input, Severity::Error)
    }

    /// The enum values in `input` that the model does not know: misspelt, or newer than the model.
    #[must_use]
    pub fn enum_hints(&self, input: &Map<String, Value>) -> Vec<InputProblem> {
        self.input_problems(input, Severity::Warning)
    }

    fn input_problems(&self, input: &Map<String, Value>, severity: Severity) -> Vec<InputProblem> {
        let found = self.check(Document::Input, input).into_iter();
        let found = found.filter(|problem| problem.severity == severity);
        found.map(|it| InputProblem::new(it.pointer, it.message).with_help(it.help)).collect()
    }

    /// The problems of a saved output: unknown members and wrong types are errors, an enum value that is not
    /// in the model is a warning.
    #[must_use]
    pub fn check_output(&self, output: &Map<String, Value>) -> Vec<Diagnostic> {
        self.check(Document::Output, output)
    }

    fn check(&self, document: Document, members: &Map<String, Value>) -> Vec<Diagnostic> {
        let nothing = Structure::default();
        let (reference, default_name) = match document {
            Document::Input => (&self.input, self.name.clone()),
            Document::Output => (&self.output, format!("the output of {}", self.name)),
        };
        let shape = reference.as_ref().map(|reference| self.shape(reference));
        let name = shape.filter(|_| document == Document::Output).map(shape_name);
        let structure = shape.and_then(Shape::structure).unwrap_or(&nothing);
        let mut check = Check { operation: self, document, path: Vec::new(), found: Vec::new() };
        check.structure(structure, name.unwrap_or(&default_name), members);
        check.found
    }
}

/// The document that is checked. Inputs have to be valid; outputs may be incomplete and lie outside of limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Document {
    Input,
    Output,
}

/// A part of the path to a value.
enum Part<'a> {
    Member(&'a str),
    Index(usize),
}

struct Check<'a> {
    operation: &'a OperationModel,
    document: Document,
    path: Vec<Part<'a>>,
    /// The pointer of a problem of an input is a path such as `Filters[0].Name`.
    found: Vec<Diagnostic>,
}

impl<'a> Check<'a> {
    fn is_input(&self) -> bool {
        self.document == Document::Input
    }

    /// Checks a part of the current value.
    fn at(&mut self, part: Part<'a>, check: impl FnOnce(&mut Self)) {
        self.path.push(part);
        check(self);
        self.path.pop();
    }

    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for part in &self.path {
            let written = match (self.document, part) {
                (Document::Input, Part::Member(name)) if pointer.is_empty() => {
                    write!(pointer, "{name}")
                }
                (Document::Input, Part::Member(name)) => write!(pointer, ".{name}"),
                (Document::Input, Part::Index(index)) => write!(pointer, "[{index}]"),
                (Document::Output, Part::Member(name)) => {
                    write!(pointer, "/{}", pointer_part(name))
                }
                (Document::Output, Part::Index(index)) => write!(pointer, "/{index}"),
            };
            written.expect("writing to a string does not fail");
        }
        pointer
    }

    fn report(&mut self, rule: &'static str, message: &str, help: Option<String>) {
        let subject = self.path.iter().rev().find_map(|part| match part {
            Part::Member(name) => Some(*name),
            Part::Index(_) => None,
        });
        let message = match subject.filter(|_| !self.is_input()) {
            Some(subject) => format!("`{subject}` {message}"),
            None => message.to_owned(),
        };
        let mut problem = Diagnostic::error(rule, self.pointer(), message);
        problem.help = help;
        self.found.push(problem);
    }

    fn value(&mut self, reference: &'a ShapeRef, value: &'a Value) {
        let shape = self.operation.shape(reference);
        if self.is_too_deep(self.path.len()) || reference.traits.json_value {
            return;
        }
        match (&shape.kind, value) {
            (_, Value::Null) if !self.is_input() => {}
            (ShapeKind::Structure(structure), _) if structure.document => {
                self.document(value, self.path.len());
            }
            (ShapeKind::Structure(structure), Value::Object(members)) => {
                self.structure(structure, shape_name(shape), members);
            }
            (ShapeKind::List(member), Value::Array(items)) => {
                self.least(shape, items.len(), "elements");
                for (index, item) in items.iter().enumerate() {
                    self.at(Part::Index(index), |check| check.value(member, item));
                }
            }
            (ShapeKind::Map { key, value }, Value::Object(entries)) => {
                let known = self.operation.shape(key).enum_values();
                for (name, entry) in entries {
                    self.at(Part::Member(name), |check| {
                        if check.is_input() {
                            check.hint(known, name);
                        }
                        check.value(value, entry);
                    });
                }
            }
            (ShapeKind::String(values), Value::String(text)) => {
                self.least(shape, text.chars().count(), "characters");
                self.hint(values, text);
            }
            (ShapeKind::Boolean, Value::Bool(_)) => {}
            (ShapeKind::Timestamp, Value::String(text))
                if !self.is_input() || DateTime::parse(text).is_some() => {}
            (ShapeKind::Timestamp, Value::Number(number))
                if !self.is_input() || number.as_f64().and_then(DateTime::from_epoch).is_some() => {
            }
            (ShapeKind::Blob, Value::String(text)) => {
                if self.is_input() && !is_base64(text) {
                    let help = "on the command line, `fileb://PATH` is what a file holds";
                    self.report("type", "must be base64", Some(help.to_owned()));
                }
            }
            (ShapeKind::Integer | ShapeKind::Long, Value::Number(number)) if !number.is_f64() => {
                self.least_number(shape, number.as_f64());
            }
            (ShapeKind::Float | ShapeKind::Double, Value::Number(number)) => {
                self.least_number(shape, number.as_f64());
            }
            // The floats for which JSON has no number.
            (ShapeKind::Float | ShapeKind::Double, Value::String(text))
                if matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") => {}
            (kind, _) => self.wrong_type(kind, value),
        }
    }

    fn structure(&mut self, structure: &'a Structure, name: &str, members: &'a Map<String, Value>) {
        if self.is_input() {
            self.check_presence(structure, members);
        }
        for (key, value) in members {
            let is_metadata = !self.is_input() && self.path.is_empty() && key == METADATA;
            self.at(Part::Member(key), |check| match structure.member(key) {
                Some(member) => check.value(&member.target, value),
                None if is_metadata => {}
                None => check.unknown(structure, name, key),
            });
        }
    }

    fn check_presence(&mut self, structure: &'a Structure, members: &Map<String, Value>) {
        for member in structure.members.iter().filter(|member| member.required) {
            // The client makes a missing token.
            if !members.contains_key(&member.name) && !member.target.traits.idempotency_token {
                let kind = self.operation.type_summary(&member.target);
                let message = format!("is required ({kind})");
                self.at(Part::Member(&member.name), |check| check.report("type", &message, None));
            }
        }
        if structure.union && members.len() != 1 {
            let message = format!("takes exactly one member, but {} are set", members.len());
            self.report("type", &message, Some(list_names(&structure.members)));
        }
    }

    fn unknown(&mut self, structure: &Structure, name: &str, key: &str) {
        let known = structure.members.iter().map(|member| member.name.as_str());
        let help = nearest(key, known).map_or_else(
            || list_names(&structure.members),
            |close| format!("did you mean `{close}`?"),
        );
        self.report("unknown-member", &format!("is not a member of {name}"), Some(help));
    }

    /// Whether the depth is more than is checked; in an input it is a problem.
    fn is_too_deep(&mut self, depth: usize) -> bool {
        if depth > MAX_DEPTH && self.is_input() {
            self.report("type", &format!("is nested more than {MAX_DEPTH} deep"), None);
        }
        depth > MAX_DEPTH
    }

    /// Any JSON is right, unless it is too deep to be written.
    fn document(&mut self, value: &Value, depth: usize) {
        if self.is_too_deep(depth) {
            return;
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.document(item, depth + 1)),
            Value::Object(entries) => {
                entries.values().for_each(|entry| self.document(entry, depth + 1));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "no length comes near 2^52")]
    fn least(&mut self, shape: &Shape, length: usize, unit: &str) {
        if let Some(min) = shape.min.filter(|min| self.is_input() && (length as f64) < *min) {
            self.report("type", &format!("has {length} {unit}, but takes at least {min}"), None);
        }
    }

    fn least_number(&mut self, shape: &Shape, number: Option<f64>) {
        if let (Some(min), Some(number), true) = (shape.min, number, self.is_input())
            && number < min
        {
            self.report("type", &format!("is {number}, but must be at least {min}"), None);
        }
    }

    fn hint(&mut self, values: &[String], text: &str) {
        if values.is_empty() || values.iter().any(|value| value == text) {
            return;
        }
        let help = nearest(text, values.iter().map(String::as_str)).map_or_else(
            || format!("known values: {}", values.join(", ")),
            |close| format!("did you mean `{close}`?"),
        );
        let message = format!("`{text}` is not a known value");
        let mut hint = Diagnostic::error("unknown-value", self.pointer(), message).with_help(help);
        hint.severity = Severity::Warning;
        self.found.push(hint);
    }

    fn wrong_type(&mut self, kind: &ShapeKind, value: &Value) {
        let expected = kind.type_name();
        let help = match (kind, value) {
            (_, Value::Null) => Some("leave it out to give no value".to_owned()),
            (ShapeKind::List(_), Value::String(_) | Value::Number(_) | Value::Bool(_)) => {
                Some(format!("a list of one element is `[{value}]`"))
            }
            (ShapeKind::Timestamp, _) => {
                Some("write it as `2024-01-31T12:00:00Z` or as seconds since 1970".to_owned())
            }
            _ => None,
        };
        // An input may have secrets.
        let given = match self.document {
            Document::Input => value_type(value).to_owned(),
            Document::Output => shortened(&value.to_string()),
        };
        self.report("type", &format!("must be of type {expected}, but is {given}"), help);
    }
}

/// The name of a structure.
fn shape_name(shape: &Shape) -> &str {
    if shape.name.is_empty() { "this" } else { &shape.name }
}

/// Whether a text is base64 with its padding (RFC 4648, section 4).
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    text.len().is_multiple_of(4) && text.len() - digits.len() <= 2 && digits.bytes().all(is_digit)
}

fn list_names(members: &[Member]) -> String {
    let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    if names.is_empty() {
        "it takes no members".to_owned()
    } else {
        format!("members: {}", names.join(", "))
    }
}

fn value_type(value: &Value) -> &'static str {
    if value.is_f64() { "a number with a fraction" } else { json_type(value) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An operation whose input has a member of every kind and a recursive one.
    fn operation() -> OperationModel {
        serde_json::from_value(json!({
            "name": "DescribeThings", "method": "POST", "requestUri": "/",
            "input": {"shape": 0},
            "shapes": [
                {"name": "Input", "kind": {"structure": {"members": [
                    {"name": "ThingIdentifier", "required": true, "target": {"shape": 1}},
                    {"name": "Filters", "target": {"shape": 2}},
                    {"name": "Count", "target": {"shape": 4}},
                    {"name": "State", "target": {"shape": 5}},
                    {"name": "Since", "target": {"shape": 6}},
                    {"name": "Token", "required": true,
                     "target": {"shape": 1, "traits": {"idempotencyToken": true}}}
                ]}}},
                {"name": "String", "kind": {"string": []}, "min": 1},
                {"name": "Filters", "kind": {"list": {"shape": 3}}},
                {"name": "Filter", "kind": {"structure": {"members": [
                    {"name": "Name", "target": {"shape": 1}},
                    {"name": "Sub", "target": {"shape": 2}}
                ]}}},
                {"name": "Count", "kind": "integer", "min": 0},
                {"name": "State", "kind": {"string": ["available", "deleting"]}},
                {"name": "Time", "kind": "timestamp"}
            ]
        }))
        .unwrap()
    }

    fn problems(input: &Value) -> Vec<String> {
        let problems = operation().check_input(input.as_object().unwrap());
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_right_input_has_no_problems() {
        let input = json!({
            "ThingIdentifier": "a", "Filters": [{"Name": "x", "Sub": []}], "Count": 3,
            "State": "brand-new", "Since": "2024-01-01T00:00:00Z",
        });
        assert_eq!(problems(&input), Vec::<String>::new());
    }

    #[test]
    fn an_unknown_member_is_named_with_what_was_meant() {
        let input =
            json!({"ThingIdentifier": "a", "Filters": [{"Nmae": "x"}], "thing-identifer": 1});
        assert_eq!(
            problems(&input),
            [
                "Filters[0].Nmae: is not a member of Filter; did you mean `Name`?",
                "thing-identifer: is not a member of DescribeThings; did you mean `ThingIdentifier`?",
            ]
        );
    }

    #[test]
    fn missing_and_ill_typed_members_are_named() {
        let input = json!({"Filters": "x", "Count": 1.5, "State": null, "Since": "soon"});
        assert_eq!(
            problems(&input),
            [
                "ThingIdentifier: is required (string)",
                "Filters: must be of type list, but is a string; a list of one element is `[\"x\"]`",
                "Count: must be of type integer, but is a number with a fraction",
                "State: must be of type string, but is null; leave it out to give no value",
                "Since: must be of type timestamp, but is a string; \
                 write it as `2024-01-31T12:00:00Z` or as seconds since 1970",
            ]
        );
        let input = json!({"ThingIdentifier": "", "Count": -1});
        assert_eq!(
            problems(&input),
            [
                "ThingIdentifier: has 0 characters, but takes at least 1",
                "Count: is -1, but must be at least 0",
            ]
        );
    }

    #[test]
    fn an_unknown_enum_value_is_only_a_hint() {
        let input = json!({"ThingIdentifier": "a", "State": "avialable"});
        assert_eq!(problems(&input), Vec::<String>::new());
        let hints = operation().enum_hints(input.as_object().unwrap());
        assert_eq!(hints[0].path, "State");
        assert_eq!(hints[0].help.as_deref(), Some("did you mean `available`?"));
    }

    #[test]
    fn any_depth_is_checked_without_overflow() {
        let mut filters = json!([]);
        for _ in 0..1_000 {
            let mut filter = Map::new();
            filter.insert("Sub".into(), filters);
            filters = Value::Array(vec![Value::Object(filter)]);
        }
        let mut input = Map::new();
        input.insert("ThingIdentifier".into(), json!("a"));
        input.insert("Filters".into(), filters);
        let problems = operation().check_input(&input);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].message, "is nested more than 100 deep");
    }

    #[test]
    fn types_are_named_as_the_aws_cli_names_them() {
        let operation = operation();
        let summaries: Vec<String> = operation
            .input_members()
            .iter()
            .map(|member| operation.type_summary(&member.target))
            .collect();
        let expected = ["string", "list of structure", "integer", "string", "timestamp", "string"];
        assert_eq!(summaries, expected);
    }
}
