//! `extends`: a waiter takes from another what it does not say itself.

use std::path::Path;

use maitred::catalog::{Catalog, LookupError, MAX_BASES, WaiterOrigin};
use maitred::config::PartialWaiter;
use maitred::schema;
use maitred::waiter::Options;
use serde_json::{Value, json};

fn write(folder: &Path, name: &str, waiters: &Value) {
    let file = json!({ "version": 2, "waiters": waiters }).to_string();
    schema::parse(&file).unwrap();
    std::fs::write(folder.join(name), file).unwrap();
}

/// The catalogue of files with these waiters, one file a service; the earlier folder wins.
fn catalog(folders: &[&[(&str, Value)]]) -> (tempfile::TempDir, Catalog) {
    let root = tempfile::tempdir().unwrap();
    let mut user = Vec::new();
    for (index, files) in folders.iter().enumerate() {
        let folder = root.path().join(index.to_string());
        std::fs::create_dir(&folder).unwrap();
        for (service, waiters) in *files {
            write(&folder, &format!("{service}.json"), waiters);
        }
        user.push(folder);
    }
    let catalog = Catalog::new(maitred::sources().with_user(user));
    (root, catalog)
}

fn acceptor(state: &str, expected: &str) -> Value {
    json!({ "state": state, "matcher": "path", "argument": "S", "expected": expected })
}

fn base() -> Value {
    json!({
        "operation": "DescribeThings", "delay": 7, "maxAttempts": 9, "description": "the base",
        "input": { "Owner": "me", "Size": 1 }, "show": "S", "timeout": 60,
        "parameters": { "A": { "default": "a" }, "B": { "default": "b" } },
        "acceptors": [acceptor("success", "{{A}}"), acceptor("failure", "bad")],
    })
}

fn error(catalog: &Catalog, name: &str) -> (String, Option<String>) {
    let error = catalog.find("things", name).unwrap_err();
    let LookupError::Extends(bad) = error else { panic!("{error}") };
    (bad.to_string(), bad.help())
}

#[test]
fn own_acceptors_come_first_and_the_rest_is_inherited() {
    let own = json!({
        "extends": "things.base", "delay": 2, "input": { "Size": 5 },
        "parameters": { "B": { "default": "c" } }, "acceptors": [acceptor("retry", "{{B}}")],
    });
    let (_root, catalog) = catalog(&[&[("things", json!({ "base": base(), "own": own }))]]);
    let found = catalog.find("things", "own").unwrap();
    let config = &*found.config;
    assert_eq!((config.delay, config.max_attempts, config.timeout), (2.0, 9, Some(60.0)));
    assert_eq!(config.operation, "DescribeThings");
    assert_eq!(config.description.as_deref(), Some("the base"));
    assert_eq!(Value::Object(config.input.clone()), json!({ "Owner": "me", "Size": 5 }));
    let waiter = found.compile(&Options::default()).unwrap();
    let expected: Vec<_> = waiter.acceptors().iter().map(|it| it.expected.clone()).collect();
    assert_eq!(expected, ["c", "a", "bad"]);
    assert_eq!((found.bases[0].id.as_str(), found.bases[0].acceptors), ("things.base", 2));
    assert!(catalog.service("things").iter().any(|entry| entry.name == "own"));
}

#[test]
fn a_waiter_may_extend_the_one_that_it_replaces() {
    let patched = json!({ "extends": "redshift.ClusterPaused", "delay": 1 });
    let again = json!({ "extends": "redshift.cluster_paused", "maxAttempts": 3 });
    let (_root, catalog) = catalog(&[
        &[("redshift", json!({ "cluster_paused": again }))],
        &[("redshift", json!({ "ClusterPaused": patched }))],
    ]);
    let found = catalog.find("redshift", "cluster-paused").unwrap();
    let shipped = Catalog::new(maitred::sources()).find("redshift", "cluster_paused").unwrap();
    assert_eq!((found.config.delay, found.config.max_attempts), (1.0, 3));
    assert_eq!(found.config.acceptors, shipped.config.acceptors);
    let origins: Vec<_> = found.bases.iter().map(|base| &base.origin).collect();
    assert!(
        matches!(origins.as_slice(), [WaiterOrigin::File(_), WaiterOrigin::Shipped]),
        "{origins:?}"
    );
}

#[test]
fn what_leads_nowhere_is_a_clear_error() {
    let waiters = json!({
        "base": base(),
        "unknown": { "extends": "things.bas" }, "other": { "extends": "nothing.at_all" },
        "a": { "extends": "things.b" }, "b": { "extends": "things.a" },
        "itself": { "extends": "things.itself" },
    });
    let (_root, catalog) = catalog(&[&[("things", waiters)]]);
    let (message, help) = error(&catalog, "unknown");
    assert!(message.ends_with("extends `things.bas`, which does not exist"), "{message}");
    assert_eq!(help.as_deref(), Some("did you mean `things.base`?"));
    let (message, _) = error(&catalog, "other");
    assert!(message.ends_with("extends `nothing.at_all`, which does not exist"), "{message}");
    let (message, _) = error(&catalog, "a");
    assert!(message.ends_with("extends `things.a`, which in the end extends itself"), "{message}");
    let (message, _) = error(&catalog, "itself");
    assert!(message.ends_with("extends `things.itself`, which does not exist"), "{message}");
    // The others are listed all the same.
    let names: Vec<_> = catalog.service("things").into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["base"]);
}

#[test]
fn the_row_of_waiters_is_bounded() {
    let mut waiters = json!({ "w0": base() });
    for n in 1..=MAX_BASES + 1 {
        waiters[format!("w{n}")] = json!({ "extends": format!("things.w{}", n - 1) });
    }
    let (_root, catalog) = catalog(&[&[("things", waiters)]]);
    assert!(catalog.find("things", &format!("w{MAX_BASES}")).is_ok());
    let (message, _) = error(&catalog, &format!("w{}", MAX_BASES + 1));
    assert!(message.contains("more than 8 in a row"), "{message}");
}

#[test]
fn a_waiter_inherits_that_it_changes_something_only_with_the_operation() {
    let mut changing = base();
    changing["mutating"] = json!(true);
    let waiters = json!({
        "base": changing, "same": { "extends": "things.base" },
        "reads": { "extends": "things.base", "operation": "ListThings" },
    });
    let (_root, catalog) = catalog(&[&[("things", waiters)]]);
    assert!(catalog.find("things", "same").unwrap().config.mutating);
    assert!(!catalog.find("things", "reads").unwrap().config.mutating);
}

#[test]
fn without_extends_the_same_keys_are_required_as_ever() {
    let text = r#"{"version": 2, "waiters": {"w": {"description": "d"}}}"#;
    let problems = schema::parse(text).unwrap_err();
    let said: Vec<_> = problems.diagnostics().iter().map(|it| it.message.as_str()).collect();
    for key in ["operation", "delay", "maxAttempts", "acceptors"] {
        assert!(said.contains(&format!("the key `{key}` is missing").as_str()), "{said:?}");
    }
    assert_eq!(said.len(), 4, "{said:?}");
    let waiter: PartialWaiter = serde_json::from_str(r#"{"extends": "a.b"}"#).unwrap();
    // An empty list is the same as none.
    let text = r#"{"extends":"a.b","acceptors":[]}"#;
    assert_eq!(serde_json::to_string(&waiter).unwrap(), text);
    assert!(waiter.resolve().is_err());
}

#[test]
fn what_a_part_of_a_waiter_says_is_checked() {
    let text = r#"{"version": 2, "waiters": {"w": {"extends": "a", "backoff": {"maxDelay": 0.5},
        "acceptors": [{"state": "retry", "matcher": "path", "argument": "{{ELSEWHERE}}", "expected": 1},
                      {"state": "retry", "matcher": "path", "argument": "a[", "expected": 1}]}}}"#;
    let problems = schema::parse(text).unwrap_err();
    let at: Vec<_> = problems.diagnostics().iter().map(|it| it.pointer.as_str()).collect();
    assert_eq!(at, ["/waiters/w/extends", "/waiters/w/acceptors/1/argument"]);
}
