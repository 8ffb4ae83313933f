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

/// Whether a pattern of the catalogue, in which `**` is any number of folders, is for `path`.
fn matches(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern, path) {
        (["**", rest @ ..], _) => {
            matches(rest, path)
                || path.split_first().is_some_and(|(_, path)| matches(pattern, path))
        }
        ([part, rest @ ..], [name, path @ ..]) => {
            let (start, end) = part.split_once('*').unwrap_or((part, ""));
            let fits = match part.contains('*') {
                true => name.starts_with(start) && name.ends_with(end),
                false => part == name,
            };
            fits && matches(rest, path)
        }
        (pattern, path) => pattern.is_empty() && path.is_empty(),
    }
}

/// The name of the schema that the catalogue has for a path; there is none, or one.
fn schema_of(path: &str) -> Option<String> {
    let catalogue = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/schemastore.json");
    let catalogue: Value = serde_json::from_slice(&std::fs::read(catalogue).unwrap()).unwrap();
    let path: Vec<_> = path.split('/').collect();
    let is_for = |entry: &&Value| {
        let patterns = entry["fileMatch"].as_array().unwrap().iter();
        patterns.map(|pattern| pattern.as_str().unwrap()).any(|pattern| {
            let anywhere: Vec<_> = ["**"].into_iter().chain(pattern.split('/')).collect();
            matches(&anywhere, &path)
        })
    };
    let entries = catalogue["schemas"].as_array().unwrap();
    let found: Vec<_> = entries.iter().filter(is_for).collect();
    assert!(found.len() <= 1, "{path:?}: {found:?}");
    found.first().map(|entry| entry["url"].as_str().unwrap().to_owned())
}

#[test]
fn the_catalogue_entry_has_what_schemastore_asks_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("schema/schemastore.json")).unwrap();
    let catalogue: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(catalogue["version"], 1);
    for entry in catalogue["schemas"].as_array().unwrap() {
        let keys: Vec<_> = entry.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["name", "description", "fileMatch", "url"]);
        assert!(entry["description"].as_str().is_some_and(|text| text.len() > 20));
        // The schema is in this repository, under the address that it has itself.
        let url = entry["url"].as_str().unwrap();
        let file = root.join("schema").join(url.rsplit('/').next().unwrap());
        let schema: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        assert_eq!(schema["$id"], *url);
    }
}

#[test]
fn the_catalogue_knows_the_files_of_this_repository_and_of_its_docs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = |pattern: &str, url: &str| {
        let mut folders = vec![root.join(pattern)];
        let mut count = 0;
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                match path.is_dir() {
                    true => folders.push(path),
                    false if name.ends_with(".json") => {
                        assert_eq!(schema_of(&name).as_deref(), Some(url), "{name}");
                        count += 1;
                    }
                    false => {}
                }
            }
        }
        assert!(count > 0, "{pattern}");
    };
    found("waiters", maitred::schema::SCHEMA_ID);
    found("examples/waiters", maitred::schema::SCHEMA_ID);
    found("examples/team/waiters", maitred::schema::SCHEMA_ID);
    found("examples/team/tests/waiters", maitred::schema::CASE_SCHEMA_ID);
    found("tests/waiters", maitred::schema::CASE_SCHEMA_ID);
    for path in ["waiters/stepfunctions.json", "data/redshift/2012-12-01/waiters-2.json"] {
        assert_eq!(schema_of(path).as_deref(), Some(maitred::schema::SCHEMA_ID), "{path}");
    }
    for path in ["package.json", "tests/lint/clean.json", "waiters/README.md"] {
        assert_eq!(schema_of(path), None, "{path}");
    }
}
