//! Typed access to the members of an input.

use std::time::Duration;

use serde_json::{Map, Value};

use maitred_core::client::{InputProblem, json_type};
use maitred_core::diagnostic::nearest;

use crate::parameters::{PARAMETERS, range};

/// Reads members one by one and collects what is wrong with them.
pub(super) struct Reader<'a> {
    input: &'a Map<String, Value>,
    pub(super) problems: Vec<InputProblem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(input: &'a Map<String, Value>) -> Self {
        Self { input, problems: Vec::new() }
    }

    pub(super) fn problem(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.problems.push(InputProblem::new(path, message));
    }

    pub(super) fn expected(&mut self, path: impl Into<String>, expected: &str, found: &Value) {
        self.problem(path, format!("must be {expected}, not {}", json_type(found)));
    }

    /// The value of `key`, unless it is `null`.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.input.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn check_keys(&mut self) {
        let known: Vec<&str> = PARAMETERS.iter().map(|parameter| parameter.name).collect();
        for key in self.input.keys().filter(|key| !known.contains(&key.as_str())) {
            self.problems.push(
                InputProblem::new(key.as_str(), "is not a parameter of an HTTP request")
                    .with_help(suggestion(key, &known)),
            );
        }
    }

    pub(super) fn string(&mut self, key: &str) -> Option<&'a str> {
        let value = self.get(key)?;
        if value.as_str().is_none() {
            self.expected(key, "a string", value);
        }
        value.as_str()
    }

    pub(super) fn boolean(&mut self, key: &str, default: bool) -> bool {
        let Some(value) = self.get(key) else { return default };
        value.as_bool().unwrap_or_else(|| {
            self.expected(key, "true or false", value);
            default
        })
    }

    pub(super) fn seconds(&mut self, key: &str, default: Duration) -> Duration {
        let Some(value) = self.get(key) else { return default };
        let (least, most) = range(key);
        match value.as_f64() {
            Some(seconds) if seconds > least as f64 && seconds <= most as f64 => {
                Duration::from_secs_f64(seconds)
            }
            Some(_) => {
                self.problem(key, format!("must be more than {least} and at most {most} seconds"));
                default
            }
            None => {
                self.expected(key, "a number of seconds", value);
                default
            }
        }
    }

    pub(super) fn whole(&mut self, key: &str, unit: &str, default: usize) -> usize {
        let Some(value) = self.get(key) else { return default };
        let (least, most) = range(key);
        let number = value.as_u64().filter(|number| (least..=most).contains(number));
        number.and_then(|number| usize::try_from(number).ok()).unwrap_or_else(|| {
            self.problem(key, format!("must be a whole number{unit} from {least} to {most}"));
            default
        })
    }

    /// The pairs of an object of scalars or lists of scalars. A list repeats its key.
    pub(super) fn pairs(&mut self, key: &str) -> Vec<(String, String)> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let Some(entries) = value.as_object() else {
            self.expected(key, "an object", value);
            return Vec::new();
        };
        let mut pairs = Vec::new();
        for (name, value) in entries {
            let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            for item in items {
                match scalar(item) {
                    Some(text) => pairs.push((name.clone(), text)),
                    None if item.is_null() => {}
                    None => {
                        self.expected(format!("{key}.{name}"), "a scalar or a list of them", item)
                    }
                }
            }
        }
        pairs
    }
}

/// The one of `known` that was probably meant.
pub(crate) fn suggestion(word: &str, known: &[&str]) -> Option<String> {
    Some(format!("did you mean `{}`?", nearest(word, known.iter().copied())?))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
