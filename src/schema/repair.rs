//! What can be used of a waiter that is not valid as a whole, so that all of its problems come in one go.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::config::AcceptorConfig;
use crate::config::WaiterConfig;

/// The file with whole numbers as such where one is meant: for JSON `60.0` is the same as `60`.
pub(super) fn whole_numbers(file: &Value) -> Value {
    let mut file = file.clone();
    whole(file.get_mut("version"));
    let waiters = file.get_mut("waiters").and_then(Value::as_object_mut);
    for waiter in waiters.into_iter().flat_map(Map::values_mut) {
        whole(waiter.get_mut("maxAttempts"));
        whole(waiter.get_mut("consecutive"));
        whole(waiter.pointer_mut("/transient/maxConsecutive"));
    }
    file
}

/// The case with whole numbers as such, too.
pub(super) fn whole_numbers_of_case(case: &Value) -> Value {
    let mut case = case.clone();
    whole(case.get_mut("maxAttempts"));
    whole(case.pointer_mut("/expect/attempts"));
    for key in ["replies", "diagnose"] {
        let replies = case.get_mut(key).and_then(Value::as_array_mut);
        for reply in replies.into_iter().flatten() {
            whole(reply.get_mut("repeat"));
            whole(reply.pointer_mut("/error/status"));
        }
    }
    case
}

/// The largest whole number up to which a float is exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn whole(value: Option<&mut Value>) {
    if let Some(value) = value
        && let Some(number) = value.as_f64()
        && (value.is_f64() && number.fract() == 0.0 && (0.0..=EXACT).contains(&number))
    {
        *value = json!(number as u64);
    }
}

/// The waiter with the keys that cannot be used left out, or replaced by what is never wrong.
pub(super) fn waiter(given: &Value) -> Option<WaiterConfig> {
    let base = json!({ "operation": "Any", "delay": 1, "maxAttempts": 1, "acceptors": [] });
    let mut kept = overlay::<WaiterConfig>(&base, given.as_object()?);
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
