//! Drafts of waiters and their cases, from the model of an operation.
//!
//! A draft is based on names: the output's `Status` or `State`, values such as `SUCCEEDED`, `FAILED` and
//! `CREATING`, and the `StatusReason` next to it. [`DraftOptions`] overrides what the names suggest.

use serde_json::{Map, Value, json};

use crate::case::Case;
use maitred_core::config::{State, WaiterConfig};
use maitred_model::{OperationModel, ServiceModel};

mod cases;
mod drafter;
mod error;
mod message;
mod options;
mod related_members;
mod resource_name;
mod sample;
mod state_path;
mod vocabulary;
mod words;

pub use error::DraftError;
pub use maitred_model::states::Meaning;
pub use options::DraftOptions;
pub use resource_name::instead;
pub use state_path::StatePath;

use drafter::Drafter;

/// A drafted waiter.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// The waiter.
    pub config: WaiterConfig,
    /// The path to the state.
    pub path: StatePath,
    /// The states and their classification.
    pub states: Vec<(String, Meaning)>,
    /// The path that identifies a run of the resource, e.g. `Crawler.LastCrawl.StartTime`. It is the waiter's
    /// baseline if [`DraftOptions::next_run`] is set.
    pub run: Option<String>,
    /// Other members of the output that may be a state, the likeliest first.
    pub others: Vec<StatePath>,
    /// Whether the input does not select resources, so that the waiter waits for all of them.
    pub is_of_all: bool,
    /// A case for every acceptor, and one that exhausts all attempts, by name.
    pub cases: Vec<(String, Case)>,
}

/// The members of the output that may be a state, the likeliest first.
#[must_use]
pub fn state_paths(service: &ServiceModel, operation: &OperationModel) -> Vec<StatePath> {
    let drafter = Drafter::new(service, operation);
    drafter.states().into_iter().map(|(path, _)| path).collect()
}

/// Drafts a waiter that polls `operation` of `service`.
///
/// # Errors
/// The names do not suffice, or an option does not fit the operation.
pub fn draft(
    service: &ServiceModel,
    operation: &OperationModel,
    options: &DraftOptions,
) -> Result<Draft, DraftError> {
    let drafter = Drafter::new(service, operation);
    let mut others = drafter.states();
    let path = drafter.find_path(&others, options)?;
    others.retain(|(other, _)| other.steps != path.steps);
    let states = drafter.classify(&path, options)?;
    let gone = options.not_found == Some(State::Success);
    let success = states.iter().filter(|(_, meaning)| *meaning == Meaning::Success);
    let success: Vec<_> = success.map(|(value, _)| value.as_str()).collect();
    if success.is_empty() && !gone {
        let values = path.values.clone();
        return Err(DraftError::NoSuccess { path: path.expression(), values });
    }
    let not_found = options.not_found.map(|state| drafter.not_found(state)).transpose()?;
    let run = drafter.run(&path, &success);
    if options.next_run && run.is_none() {
        return Err(DraftError::NoRun { operation: operation.name.clone() });
    }
    let success = (!gone).then(|| words::success(&success));
    let baseline = run.as_deref().filter(|_| options.next_run);
    let mut config = drafter.waiter(&path, &states, not_found, options);
    config.description = Some(drafter.description(success.as_deref(), baseline.is_some()));
    config.baseline = baseline.map(state_path::expression);
    let name = options.name.clone().unwrap_or_else(|| drafter.name(success.as_deref()));
    let cases = cases::cases(&drafter, &config, &path, &states, baseline);
    let run = run.as_deref().map(state_path::expression);
    let others = others.into_iter().map(|(path, _)| path).collect();
    let is_of_all = path.is_of_list() && sample::identifying(operation).next().is_none();
    Ok(Draft { name, config, path, states, run, others, is_of_all, cases })
}

impl Draft {
    /// The waiter as JSON for a file, with its keys in a readable order.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut written = serde_json::to_value(&self.config).unwrap_or_default();
        let mut ordered = Map::new();
        for key in ["description", "operation", "delay", "maxAttempts", "baseline", "show"] {
            let value = written.get_mut(key).map(Value::take);
            ordered.extend(value.map(|value| (key.to_owned(), whole(value))));
        }
        if let Value::Object(rest) = written {
            let rest = rest.into_iter().filter(|(_, value)| !value.is_null());
            for (key, value) in rest {
                ordered.entry(key).or_insert(value);
            }
        }
        Value::Object(ordered)
    }
}

/// Converts a float without a fraction to an integer, so that `30.0` becomes `30`.
fn whole(value: Value) -> Value {
    match value.as_f64().filter(|_| value.is_f64()) {
        Some(number) if number.fract() == 0.0 && (0.0..1e15).contains(&number) => {
            json!(number as u64)
        }
        _ => value,
    }
}
