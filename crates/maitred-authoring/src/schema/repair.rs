//! The usable parts of an invalid waiter, so that all of its problems are reported at once.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use maitred_core::catalog::make_whole;
use maitred_core::config::{AcceptorConfig, PartialWaiter};

/// The case with integers where it has floats without a fraction, as in waiter files.
pub(super) fn whole_numbers_of_case(case: &Value) -> Value {
    let mut case = case.clone();
    make_whole(case.get_mut("maxAttempts"));
    make_whole(case.pointer_mut("/expect/attempts"));
    for key in ["replies", "diagnose"] {
        let replies = case.get_mut(key).and_then(Value::as_array_mut);
        for reply in replies.into_iter().flatten() {
            make_whole(reply.get_mut("repeat"));
            make_whole(reply.pointer_mut("/error/status"));
        }
    }
    case
}

/// The waiter without its unusable keys; required ones are replaced by valid values.
pub(super) fn waiter(given: &Value) -> Option<PartialWaiter> {
    let base = json!({ "operation": "Any", "delay": 1, "maxAttempts": 1, "acceptors": [] });
    let mut kept = overlay::<PartialWaiter>(&base, given.as_object()?);
    if let Some(acceptors) = given.get("acceptors").and_then(Value::as_array) {
        kept.insert("acceptors".to_owned(), acceptors.iter().map(acceptor).collect());
    }
    if kept.get("delay") != given.get("delay") {
        kept.remove("backoff");
    }
    serde_json::from_value(Value::Object(kept)).ok()
}

fn acceptor(given: &Value) -> Value {
    let base = json!({ "state": "retry", "matcher": "path", "argument": "@", "expected": null });
    let nothing = Map::new();
    Value::Object(overlay::<AcceptorConfig>(&base, given.as_object().unwrap_or(&nothing)))
}

/// `base` with each key of `given` that can be read as a part of a `T`.
fn overlay<T: DeserializeOwned>(base: &Value, given: &Map<String, Value>) -> Map<String, Value> {
    let mut kept = base.as_object().cloned().unwrap_or_default();
    for (key, value) in given {
        let mut candidate = base.clone();
        candidate[key] = value.clone();
        if serde_json::from_value::<T>(candidate).is_ok() {
            kept.insert(key.clone(), value.clone());
        }
    }
    kept
}
