//! Values from the command line: texts become JSON by the type of the parameter that they are for.

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Map, Number, Value};

use crate::config::{ParameterType, WaiterConfig};
use crate::file::{self, FileError};
use crate::model::{OperationModel, ShapeKind, ShapeRef};

use super::shorthand;

/// The largest file or stream that an argument may name, in bytes.
pub(super) const MAX_FILE: u64 = 16 * 1024 * 1024;

/// The value of a parameter of an AWS operation. Each of `texts` stood after the flag.
///
/// A text that cannot be what the type asks for stays a string, so that the check of the whole input
/// names it along with everything else.
pub(super) fn aws(
    operation: &OperationModel,
    reference: &ShapeRef,
    texts: &[String],
) -> Result<Value, String> {
    let kind = &operation.shape(reference).kind;
    match (kind, texts) {
        (ShapeKind::List(_), [only]) if only.starts_with("file://") => {
            list_of_one(operation, reference, &contents(only)?)
        }
        (ShapeKind::List(_), [only]) => list_of_one(operation, reference, only),
        (ShapeKind::List(member), _) => {
            let items = texts.iter().map(|text| one(operation, member, text));
            Ok(Value::Array(items.collect::<Result<_, _>>()?))
        }
        (_, [.., last]) => one(operation, reference, last),
        (_, []) => Ok(Value::Null),
    }
}

fn list_of_one(
    operation: &OperationModel,
    reference: &ShapeRef,
    text: &str,
) -> Result<Value, String> {
    let ShapeKind::List(member) = &operation.shape(reference).kind else {
        return one(operation, reference, text);
    };
    if text.trim_start().starts_with('[') {
        return json(text);
    }
    Ok(Value::Array(vec![one(operation, member, text)?]))
}

/// One value of any type.
fn one(operation: &OperationModel, reference: &ShapeRef, text: &str) -> Result<Value, String> {
    let kind = &operation.shape(reference).kind;
    if let (ShapeKind::Blob, Some(path)) = (kind, text.strip_prefix("fileb://")) {
        return Ok(Value::String(BASE64_STANDARD.encode(read(Path::new(path))?)));
    }
    let contents = contents(text)?;
    if matches!(kind, ShapeKind::List(_)) {
        return list_of_one(operation, reference, &contents);
    }
    if matches!(kind, ShapeKind::Structure(_) | ShapeKind::Map { .. }) {
        return members(operation, reference, &contents);
    }
    if reference.traits.json_value {
        return Ok(json(&contents).unwrap_or(Value::String(contents)));
    }
    Ok(scalar(kind, contents))
}

/// A structure or a map, as shorthand or JSON.
fn members(operation: &OperationModel, reference: &ShapeRef, text: &str) -> Result<Value, String> {
    let any = operation.shape(reference).structure().is_some_and(|structure| structure.document);
    if any || !shorthand::is_shorthand(text) {
        return json(text);
    }
    let pairs = shorthand::parse(text).map_err(|problem| format!("is not shorthand: {problem}"))?;
    Ok(typed(operation, reference, Value::Object(pairs)))
}

/// Shorthand with the types of the members: strings become numbers, booleans, lists of one.
fn typed(operation: &OperationModel, reference: &ShapeRef, value: Value) -> Value {
    match (&operation.shape(reference).kind, value) {
        (ShapeKind::List(member), item) if !item.is_array() => {
            Value::Array(vec![typed(operation, member, item)])
        }
        (kind, Value::String(text)) => scalar(kind, text),
        (_, value) => {
            let typed = |reference: &_, value| typed(operation, reference, value);
            map_members(operation, reference, value, &typed)
        }
    }
}

/// `value` with `hidden` in the place of what the model calls sensitive.
pub(super) fn without_sensitive(
    operation: &OperationModel,
    reference: &ShapeRef,
    value: Value,
    hidden: &str,
) -> Value {
    if reference.traits.sensitive || operation.shape(reference).traits.sensitive {
        return Value::from(hidden);
    }
    let hide = |reference: &_, value| without_sensitive(operation, reference, value, hidden);
    map_members(operation, reference, value, &hide)
}

/// Applies `map` to the members that the model knows of a structure, a map or a list.
fn map_members(
    operation: &OperationModel,
    reference: &ShapeRef,
    value: Value,
    map: &dyn Fn(&ShapeRef, Value) -> Value,
) -> Value {
    match (&operation.shape(reference).kind, value) {
        (ShapeKind::Structure(structure), Value::Object(members)) => {
            let member = |(name, value): (String, Value)| match structure.member(&name) {
                Some(member) => (name, map(&member.target, value)),
                None => (name, value),
            };
            Value::Object(members.into_iter().map(member).collect())
        }
        (ShapeKind::Map { value: target, .. }, Value::Object(entries)) => {
            let entry = |(key, value)| (key, map(target, value));
            Value::Object(entries.into_iter().map(entry).collect())
        }
        (ShapeKind::List(member), Value::Array(items)) => {
            Value::Array(items.into_iter().map(|item| map(member, item)).collect())
        }
        (_, value) => value,
    }
}

fn scalar(kind: &ShapeKind, text: String) -> Value {
    // Seconds since 1970 are a number, any other timestamp is a date.
    let numeric = matches!(
        kind,
        ShapeKind::Integer
            | ShapeKind::Long
            | ShapeKind::Float
            | ShapeKind::Double
            | ShapeKind::Timestamp
    );
    if numeric {
        number(text)
    } else if matches!(kind, ShapeKind::Boolean) {
        boolean(text)
    } else {
        Value::String(text)
    }
}

/// `true` and `false`; anything else stays a string.
pub(super) fn boolean(text: String) -> Value {
    match text.as_str() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => Value::String(text),
    }
}

/// A number as JSON writes it; anything else stays a string.
pub(super) fn number(text: String) -> Value {
    text.trim().parse::<Number>().map_or(Value::String(text), Value::Number)
}

/// JSON, with a word on what was expected if it is not.
pub(super) fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| {
        let shorthand =
            if text.starts_with(['{', '[']) { "" } else { ", nor NAME=VALUE shorthand" };
        format!("is not JSON{shorthand}: {error}")
    })
}

/// A JSON object, given as it is or as `file://PATH`.
pub(super) fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(&contents(text)?).map_err(|error| format!("is not a JSON object: {error}"))
}

/// The value of a waiter's parameter. One that is not of the declared type stays a string, which the
/// compiler then names.
pub(super) fn waiter_parameter(config: &WaiterConfig, name: &str, text: &str) -> Value {
    let kind = config.parameters.get(name).map(|parameter| parameter.kind).unwrap_or_default();
    let string = || Value::String(text.to_owned());
    match kind {
        ParameterType::String | ParameterType::Expression => string(),
        ParameterType::Number | ParameterType::Boolean | ParameterType::Json => {
            serde_json::from_str(text).unwrap_or_else(|_| string())
        }
    }
}

/// JSON, or else the text itself. A number that JSON would print in another way, such as `1e10` or one
/// that is too long, is an id and no number.
pub(super) fn baseline(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Number(number)) if number.to_string() != text => Value::from(text),
        Ok(value) => value,
        Err(_) => Value::from(text),
    }
}

/// `text`, or the contents of the file that it names as `file://PATH`.
pub(super) fn contents(text: &str) -> Result<String, String> {
    let Some(path) = text.strip_prefix("file://") else { return Ok(text.to_owned()) };
    String::from_utf8(read(Path::new(path))?)
        .map_err(|_| format!("names {path}, which is not UTF-8 text"))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let path = match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    };
    file::named(&path, MAX_FILE).map_err(|error| format!("names {}: it {error}", path.display()))
}

/// The bytes of the file at `path`, or of stdin for `-`.
pub(super) fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    if path == Path::new("-") {
        file::all(std::io::stdin().lock(), most)
    } else {
        file::named(path, most)
    }
}

/// The name of the file at `path`, or `<stdin>` for `-`.
pub(super) fn file_name(path: &Path) -> String {
    if path == Path::new("-") { "<stdin>".to_owned() } else { path.display().to_string() }
}

/// The text that comes on stdin; `None` if it has not ended after `limit`.
pub(super) fn stdin(limit: Option<Duration>) -> Option<Result<String, String>> {
    let Some(limit) = limit else { return Some(read_stdin()) };
    let (sender, read) = mpsc::channel();
    // A read of stdin cannot be cut. Nobody listens to this one any longer when the limit is over.
    std::thread::spawn(move || drop(sender.send(read_stdin())));
    read.recv_timeout(limit).ok()
}

fn read_stdin() -> Result<String, String> {
    let text = file::all(std::io::stdin().lock(), MAX_FILE).and_then(file::as_text);
    text.map_err(|error| format!("names stdin: it {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn operation() -> OperationModel {
        serde_json::from_value(json!({
            "name": "DescribeThings", "method": "POST", "requestUri": "/",
            "input": {"shape": 0},
            "shapes": [
                {"name": "Input", "kind": {"structure": {"members": [
                    {"name": "Name", "target": {"shape": 1}},
                    {"name": "Names", "target": {"shape": 2}},
                    {"name": "Filters", "target": {"shape": 3}},
                    {"name": "Count", "target": {"shape": 5}},
                    {"name": "Tags", "target": {"shape": 6}},
                    {"name": "Since", "target": {"shape": 7}},
                    {"name": "Deep", "target": {"shape": 8}},
                    {"name": "Filter", "target": {"shape": 4}}
                ]}}},
                {"name": "String", "kind": {"string": []}},
                {"name": "Names", "kind": {"list": {"shape": 1}}},
                {"name": "Filters", "kind": {"list": {"shape": 4}}},
                {"name": "Filter", "kind": {"structure": {"members": [
                    {"name": "Name", "target": {"shape": 1}},
                    {"name": "Values", "target": {"shape": 2}},
                    {"name": "Count", "target": {"shape": 5}},
                    {"name": "Deep", "target": {"shape": 8}}
                ]}}},
                {"name": "Count", "kind": "integer"},
                {"name": "Tags", "kind": {"map": {"key": {"shape": 1}, "value": {"shape": 1}}}},
                {"name": "Time", "kind": "timestamp"},
                {"name": "Flag", "kind": "boolean"}
            ]
        }))
        .unwrap()
    }

    fn value(name: &str, texts: &[&str]) -> Value {
        let operation = operation();
        let member = operation.input_members().iter().find(|member| member.name == name).unwrap();
        let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
        aws(&operation, &member.target, &texts).unwrap()
    }

    #[test]
    fn texts_become_what_the_type_asks_for() {
        for (name, texts, expected) in [
            ("Name", vec!["7"], json!("7")),
            ("Name", vec!["{\"a\": 1}"], json!("{\"a\": 1}")),
            ("Count", vec!["7"], json!(7)),
            ("Count", vec!["seven"], json!("seven")),
            ("Deep", vec!["true"], json!(true)),
            ("Since", vec!["1700000000"], json!(1_700_000_000)),
            ("Since", vec!["2024-01-31T12:00:00Z"], json!("2024-01-31T12:00:00Z")),
            ("Names", vec!["a"], json!(["a"])),
            ("Names", vec!["a", "b"], json!(["a", "b"])),
            ("Names", vec!["[\"a\", \"b\"]"], json!(["a", "b"])),
            ("Tags", vec!["a=1,b=2"], json!({"a": "1", "b": "2"})),
            ("Tags", vec!["{\"a\": \"1\"}"], json!({"a": "1"})),
            ("Filter", vec!["Name=x,Values=a"], json!({"Name": "x", "Values": ["a"]})),
            (
                "Filters",
                vec!["Name=x,Values=a,b,Count=3,Deep=true", "{\"Name\": \"y\"}"],
                json!([{"Name": "x", "Values": ["a", "b"], "Count": 3, "Deep": true}, {"Name": "y"}]),
            ),
            ("Filters", vec!["[{\"Name\": \"y\"}]"], json!([{"Name": "y"}])),
        ] {
            assert_eq!(value(name, &texts), expected, "{name} {texts:?}");
        }
    }
}
