//! Extensions of a schema for language servers: descriptions in Markdown, descriptions of enum values, and
//! snippets. Validators ignore them.
//!
//! `tests/editor` shows the results in an editor.

use serde_json::{Map, Value, json};

use super::id::{CASE_SCHEMA_ID, SCHEMA_ID};

/// The placeholder of a number: without the caret it would be quoted.
const DELAY: &str = "^${3:30}";
const ATTEMPTS: &str = "^${4:60}";

/// Adds what editors need to the schema of waiter files.
pub(super) fn for_waiters(mut schema: Value) -> Value {
    inline_described_references(&mut schema);
    let waiter = json!({
        "description": "${1:Waits until a thing is ready.}",
        "operation": "${2:DescribeThings}",
        "delay": DELAY,
        "maxAttempts": ATTEMPTS,
        "acceptors": [acceptor("success", "pathAll", "${5:Things[].Status}", "${6:READY}")],
    });
    let file = json!({
        "$schema": SCHEMA_ID, "version": 2, "waiters": { "${7:thing_ready}": waiter },
    });
    let named = json!({ "${7:thing_ready}": waiter });
    let failure = json!({
        "state": "failure", "matcher": "pathAny", "argument": "${1:Things[].Status}",
        "expected": "${2:FAILED}", "message": "${3:Things[0].StatusReason}",
    });
    let error = json!({ "state": "${1|retry,failure,success|}", "matcher": "error", "expected": "${2:NotFound}" });
    let diagnose = json!({
        "operation": "${1:DescribeEvents}", "input": { "${2:Name}": "{{input.${2:Name}}}" },
        "show": "${3:Events[0].Message}",
    });
    let success =
        acceptor("success", "${1|path,pathAll,pathAny|}", "${2:Thing.Status}", "${3:READY}");
    let snippets = [
        ("", vec![("waiter file", file)]),
        ("/properties/waiters", vec![("waiter", named)]),
        ("/$defs/WaiterConfig", vec![("waiter", waiter)]),
        (
            "/$defs/AcceptorConfig",
            vec![("success", success), ("failure", failure), ("error code", error)],
        ),
        ("/$defs/ParameterConfig", vec![("parameter", json!({ "description": "$1" }))]),
        ("/$defs/DiagnoseConfig", vec![("call", diagnose)]),
    ];
    add(&mut schema, snippets);
    schema
}

/// Adds what editors need to the schema of cases.
pub(super) fn for_cases(mut schema: Value) -> Value {
    inline_described_references(&mut schema);
    let output = json!({ "output": { "$1": "$2" } });
    let error = json!({ "error": { "code": "${1:NotFound}", "message": "$2" } });
    let transport = json!({ "transport": "${1|ConnectError,DnsError,Timeout,TlsError|}" });
    let outcome = "${3|success,failure,exhausted,timeout,error,cancelled|}";
    let case = json!({
        "$schema": CASE_SCHEMA_ID,
        "input": { "${1:Name}": "${2:t-1}" },
        "replies": [output],
        "expect": { "outcome": outcome, "attempts": "^${4:1}" },
    });
    let snippets = [
        ("", vec![("case", case)]),
        ("/$defs/Reply", vec![("output", output), ("error", error), ("no reply", transport)]),
    ];
    add(&mut schema, snippets);
    schema
}

fn acceptor(state: &str, matcher: &str, argument: &str, expected: &str) -> Value {
    json!({ "state": state, "matcher": matcher, "argument": argument, "expected": expected })
}

fn add<const N: usize>(schema: &mut Value, snippets: [(&str, Vec<(&str, Value)>); N]) {
    for (pointer, bodies) in snippets {
        let bodies: Vec<_> = bodies
            .into_iter()
            .map(|(label, body)| json!({ "label": label, "body": body }))
            .collect();
        if let Some(Value::Object(keywords)) = schema.pointer_mut(pointer) {
            keywords.insert("defaultSnippets".to_owned(), bodies.into());
        }
    }
}

/// Inlines the definitions of keys that have their own description: a language server shows the description of
/// the definition instead.
fn inline_described_references(schema: &mut Value) {
    let definitions = schema.get("$defs").cloned().unwrap_or_default();
    walk(schema, &definitions);
    let text = schema.to_string();
    if let Some(Value::Object(definitions)) = schema.get_mut("$defs") {
        definitions.retain(|name, _| text.contains(&format!("\"#/$defs/{name}\"")));
    }
}

fn walk(schema: &mut Value, definitions: &Value) {
    match schema {
        Value::Object(keywords) => {
            inline_reference(keywords, definitions);
            keywords.values_mut().for_each(|value| walk(value, definitions));
            add_markdown(keywords);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, definitions)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn inline_reference(keywords: &mut Map<String, Value>, definitions: &Value) {
    let target = keywords.get("$ref").and_then(Value::as_str);
    let name = target.and_then(|target| target.strip_prefix("#/$defs/"));
    let definition = name.and_then(|name| definitions.get(name)).and_then(Value::as_object);
    let (Some(definition), true) = (definition, keywords.contains_key("description")) else {
        return;
    };
    let mut whole = definition.clone();
    keywords.shift_remove("$ref");
    whole.append(keywords);
    *keywords = whole;
}

/// Adds `markdownDescription`, as editors show `description` as plain text.
fn add_markdown(keywords: &mut Map<String, Value>) {
    // A property may be called `description`, too.
    if let Some(Value::String(text)) = keywords.get("description")
        && text.contains(['`', '<', '\n'])
    {
        let text = Value::from(text.as_str());
        keywords.insert("markdownDescription".to_owned(), text);
    }
}
