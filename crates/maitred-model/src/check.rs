//! Checks an operation's input before anything is sent.

use serde_json::{Map, Value};

use super::timestamp::DateTime;
use super::{Member, OperationModel, Shape, ShapeKind, ShapeRef, Structure};
use maitred_core::client::{InputProblem, json_type};
use maitred_core::diagnostic::nearest;

/// Deeper input is refused: no operation needs it, and a recursive shape allows any depth.
const MAX_DEPTH: usize = 100;

impl OperationModel {
    /// Everything that is wrong with `input`: unknown and missing members, wrong types. An enum
    /// value that is not in the model is not wrong, since services add values; see
    /// [`OperationModel::enum_hints`].
    #[must_use]
    pub fn check_input(&self, input: &Map<String, Value>) -> Vec<InputProblem> {
        let mut check = Check { operation: self, problems: Vec::new(), hints: Vec::new() };
        check.input(input);
        check.problems
    }

    /// The enum values in `input` that the model does not know: misspelt, or newer than the model.
    #[must_use]
    pub fn enum_hints(&self, input: &Map<String, Value>) -> Vec<InputProblem> {
        let mut check = Check { operation: self, problems: Vec::new(), hints: Vec::new() };
        check.input(input);
        check.hints
    }
}

struct Check<'a> {
    operation: &'a OperationModel,
    problems: Vec<InputProblem>,
    hints: Vec<InputProblem>,
}

impl Check<'_> {
    fn input(&mut self, input: &Map<String, Value>) {
        let operation = self.operation;
        let nothing = Structure::default();
        let structure = operation
            .input
            .as_ref()
            .and_then(|input| operation.shape(input).structure())
            .unwrap_or(&nothing);
        self.structure(structure, &operation.name, input, "", 0);
    }

    fn report(&mut self, path: &str, message: String, help: Option<String>) {
        self.problems.push(InputProblem::new(path, message).with_help(help));
    }

    fn value(&mut self, reference: &ShapeRef, value: &Value, path: &str, depth: usize) {
        if depth > MAX_DEPTH {
            return self.report(path, format!("is nested more than {MAX_DEPTH} deep"), None);
        }
        let shape = self.operation.shape(reference);
        if reference.traits.json_value {
            return;
        }
        match (&shape.kind, value) {
            (ShapeKind::Structure(structure), _) if structure.document => {
                self.document(value, path, depth);
            }
            (ShapeKind::Structure(structure), Value::Object(members)) => {
                self.structure(structure, &shape.name, members, path, depth);
            }
            (ShapeKind::List(member), Value::Array(items)) => {
                self.least(shape, items.len(), "elements", path);
                for (index, item) in items.iter().enumerate() {
                    self.value(member, item, &format!("{path}[{index}]"), depth + 1);
                }
            }
            (ShapeKind::Map { key, value }, Value::Object(entries)) => {
                for (name, entry) in entries {
                    let path = format!("{path}.{name}");
                    self.key(key, name, &path);
                    self.value(value, entry, &path, depth + 1);
                }
            }
            (ShapeKind::String(values), Value::String(text)) => {
                self.least(shape, text.chars().count(), "characters", path);
                self.hint(values, text, path);
            }
            (ShapeKind::Timestamp, Value::String(text)) if DateTime::parse(text).is_some() => {}
            (ShapeKind::Timestamp, Value::Number(number))
                if number.as_f64().and_then(DateTime::from_epoch).is_some() => {}
            (ShapeKind::Boolean, Value::Bool(_)) => {}
            (ShapeKind::Blob, Value::String(text)) => {
                if !is_base64(text) {
                    let help = "on the command line, `fileb://PATH` is what a file holds";
                    self.report(path, "must be base64".to_owned(), Some(help.to_owned()));
                }
            }
            (ShapeKind::Integer | ShapeKind::Long, Value::Number(number))
                if number.is_i64() || number.is_u64() =>
            {
                self.least_number(shape, number.as_f64(), path);
            }
            (ShapeKind::Float | ShapeKind::Double, Value::Number(number)) => {
                self.least_number(shape, number.as_f64(), path);
            }
            // How JSON writes the floats that it has no number for.
            (ShapeKind::Float | ShapeKind::Double, Value::String(text))
                if matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") => {}
            (kind, _) => self.wrong_type(kind, value, path),
        }
    }

    fn structure(
        &mut self,
        structure: &Structure,
        name: &str,
        input: &Map<String, Value>,
        path: &str,
        depth: usize,
    ) {
        for member in structure.members.iter().filter(|member| member.required) {
            // A token that nobody gives is made up.
            if !input.contains_key(&member.name) && !member.target.traits.idempotency_token {
                let kind = self.operation.type_summary(&member.target);
                let message = format!("is required ({kind})");
                self.report(&join(path, &member.name), message, None);
            }
        }
        if structure.union && input.len() != 1 {
            let message = format!("takes exactly one member, but {} are set", input.len());
            self.report(path, message, Some(list_names(&structure.members)));
        }
        for (key, value) in input {
            let path = join(path, key);
            match structure.member(key) {
                Some(member) => self.value(&member.target, value, &path, depth + 1),
                None => self.unknown(structure, name, key, &path),
            }
        }
    }

    fn unknown(&mut self, structure: &Structure, name: &str, key: &str, path: &str) {
        let known = structure.members.iter().map(|member| member.name.as_str());
        let help = nearest(key, known).map_or_else(
            || list_names(&structure.members),
            |close| format!("did you mean `{close}`?"),
        );
        self.report(path, format!("is not a member of {name}"), Some(help));
    }

    fn key(&mut self, key: &ShapeRef, name: &str, path: &str) {
        if let ShapeKind::String(values) = &self.operation.shape(key).kind {
            self.hint(values, name, path);
        }
    }

    /// Any JSON is right, unless it is too deep to be written.
    fn document(&mut self, value: &Value, path: &str, depth: usize) {
        if depth > MAX_DEPTH {
            return self.report(path, format!("is nested more than {MAX_DEPTH} deep"), None);
        }
        match value {
            Value::Array(items) => {
                items.iter().for_each(|item| self.document(item, path, depth + 1));
            }
            Value::Object(entries) => {
                entries.values().for_each(|entry| self.document(entry, path, depth + 1));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "no length comes near 2^52")]
    fn least(&mut self, shape: &Shape, length: usize, unit: &str, path: &str) {
        if let Some(min) = shape.min.filter(|min| (length as f64) < *min) {
            self.report(path, format!("has {length} {unit}, but takes at least {min}"), None);
        }
    }

    fn least_number(&mut self, shape: &Shape, number: Option<f64>, path: &str) {
        if let (Some(min), Some(number)) = (shape.min, number)
            && number < min
        {
            self.report(path, format!("is {number}, but must be at least {min}"), None);
        }
    }

    fn hint(&mut self, values: &[String], text: &str, path: &str) {
        if values.is_empty() || values.iter().any(|value| value == text) {
            return;
        }
        let help = nearest(text, values.iter().map(String::as_str)).map_or_else(
            || format!("known values: {}", values.join(", ")),
            |close| format!("did you mean `{close}`?"),
        );
        let message = format!("`{text}` is not a known value");
        self.hints.push(InputProblem::new(path, message).with_help(Some(help)));
    }

    fn wrong_type(&mut self, kind: &ShapeKind, value: &Value, path: &str) {
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
        self.report(
            path,
            format!("must be of type {expected}, but is {}", value_type(value)),
            help,
        );
    }
}

/// Whether a text is base64 with its padding (RFC 4648, section 4).
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    text.len().is_multiple_of(4) && text.len() - digits.len() <= 2 && digits.bytes().all(is_digit)
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
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
