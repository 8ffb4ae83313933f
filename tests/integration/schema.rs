//! The JSON Schema of waiter files, as it is committed and as editors use it.

use std::path::Path;

use serde_json::{Value, json};

use crate::command::{maitred, transcript};

fn committed() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/waiters.schema.json");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    let printed = maitred(&["schema"]).output().unwrap();
    assert!(
        printed.status.success() && printed.stdout == committed().as_bytes(),
        "run: cargo run -- schema > schema/waiters.schema.json"
    );
}

/// Calls `visit` for every schema of a property, and every definition.
fn walk(schema: &Value, path: &str, visit: &mut dyn FnMut(&str, &Value)) {
    for group in ["properties", "$defs"] {
        for (name, inner) in schema[group].as_object().into_iter().flatten() {
            let path = format!("{path}/{name}");
            visit(&path, inner);
            walk(inner, &path, visit);
        }
    }
}

#[test]
fn every_property_says_what_it_is() {
    let schema: Value = serde_json::from_str(&committed()).unwrap();
    assert_eq!(schema["$id"], maitred::schema::SCHEMA_ID);
    let mut seen = 0;
    walk(&schema, "", &mut |path, inner| {
        seen += 1;
        let description = inner["description"].as_str().unwrap_or_default();
        assert!(description.len() > 10, "{path} has no description");
        assert!(inner["format"].is_null(), "{path} has a format that only Rust knows");
    });
    assert!(seen > 30, "{seen}");
}

#[test]
fn no_optional_key_may_be_null() {
    let schema: Value = serde_json::from_str(&committed()).unwrap();
    walk(&schema, "", &mut |path, inner| {
        let may_be_null =
            inner["type"].as_array().is_some_and(|types| types.contains(&json!("null")));
        assert!(!may_be_null || path.ends_with("/expected"), "{path}");
    });
}

#[test]
fn the_schema_completes_the_values_that_are_listed() {
    let schema: Value = serde_json::from_str(&committed()).unwrap();
    let acceptor = &schema["$defs"]["AcceptorConfig"]["properties"];
    assert_eq!(acceptor["state"]["enum"], json!(["success", "failure", "retry"]));
    assert_eq!(
        acceptor["matcher"]["enum"],
        json!(["path", "pathAll", "pathAny", "status", "error"])
    );
    assert_eq!(schema["properties"]["version"]["const"], 2);
}

#[test]
fn the_schema_alone_finds_what_an_editor_should_underline() {
    let schema: Value = serde_json::from_str(&committed()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let file = |acceptor: Value| {
        json!({ "version": 2, "waiters": { "w": {
            "operation": "GetThing", "delay": 1, "maxAttempts": 2, "acceptors": [acceptor],
        } } })
    };
    let good = [
        json!({ "state": "success", "matcher": "path", "argument": "A", "expected": null }),
        json!({ "state": "retry", "matcher": "status", "expected": 404 }),
        json!({ "state": "failure", "matcher": "error", "expected": true, "message": "Error.Message" }),
    ];
    for acceptor in good {
        assert!(validator.is_valid(&file(acceptor.clone())), "{acceptor}");
    }
    let bad = [
        json!({ "state": "success", "matcher": "pathAll", "expected": "x" }),
        json!({ "state": "sucess", "matcher": "error", "expected": "x" }),
        json!({ "state": "success", "matcher": "error" }),
        json!({ "state": "success", "matcher": "error", "expected": "x", "reason": "y" }),
    ];
    for acceptor in bad {
        assert!(!validator.is_valid(&file(acceptor.clone())), "{acceptor}");
    }
}

#[test]
fn the_shipped_files_are_valid() {
    insta::assert_snapshot!(
        "schema_shipped",
        transcript(&mut maitred(&["lint", "waiters/http.json", "waiters/redshift.json"]))
    );
}

#[test]
fn the_committed_schema_of_cases_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/case.schema.json");
    let printed = maitred(&["schema", "case"]).output().unwrap();
    assert!(
        printed.status.success() && printed.stdout == std::fs::read(path).unwrap(),
        "run: cargo run -- schema case > schema/case.schema.json"
    );
}
