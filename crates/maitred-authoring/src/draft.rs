//! A first waiter and its first cases, proposed from the model of an operation.
//!
//! What is proposed goes by names: the output's `Status` or `State`, values such as `SUCCEEDED`,
//! `FAILED` and `CREATING`, and the `StatusReason` beside it. The author knows better, and says so in
//! [`DraftOptions`].

use serde_json::{Map, Value, json};

use crate::case::Case;
use maitred_core::config::State;
use maitred_core::config::WaiterConfig;
use maitred_model::OperationModel;
use maitred_model::ServiceModel;

mod beside;
mod cases;
mod message;
mod noun;
mod path;
mod sample;
mod subject;
mod words;

pub use maitred_model::states::Meaning;
pub use noun::instead;
pub use path::StatePath;
use subject::Subject;

/// What the author says; the default leaves all of it to the names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DraftOptions {
    /// The waiter's name. Default: the thing and its first success, e.g. `crawler_ready`.
    pub name: Option<String>,
    /// The path to the member of the output that tells the state, e.g. `Clusters[].ClusterStatus`.
    pub path: Option<String>,
    /// The states that are a success.
    pub success: Vec<String>,
    /// The states that are a failure.
    pub failure: Vec<String>,
    /// What the error means that says that the thing does not exist. With [`State::Success`] the
    /// waiter waits until the thing is gone. Default: it ends the wait as an error.
    pub not_found: Option<State>,
    /// Seconds between two polls. Default: 15 for work, 30 for a thing.
    pub delay: Option<f64>,
    /// How many polls. Default: an hour of them.
    pub max_attempts: Option<u64>,
    /// Whether it waits for the run after the one that it finds, if the output tells one from the other.
    /// Default: false.
    pub next_run: bool,
}

/// A waiter that is proposed.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// The waiter.
    pub config: WaiterConfig,
    /// What tells the state.
    pub path: StatePath,
    /// The states, and what each was taken for.
    pub states: Vec<(String, Meaning)>,
    /// What tells one run of the thing from the next, e.g. `Crawler.LastCrawl.StartTime`. The waiter has
    /// it as its baseline if [`DraftOptions::next_run`] says so.
    pub run: Option<String>,
    /// Other members of the output that may tell a state, the likeliest first.
    pub others: Vec<StatePath>,
    /// Whether nothing in the input says which things are meant, so that it waits for all there are.
    pub is_of_all: bool,
    /// A case for every acceptor, and one in which it polls on until it gives up, by name.
    pub cases: Vec<(String, Case)>,
}

/// Why nothing can be proposed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// No member of the output has the name of a state.
    #[error("nothing in the output of {operation} has the name of its state")]
    NoState {
        /// The operation.
        operation: String,
        /// The paths of its string members, those first that may tell a state.
        candidates: Vec<String>,
    },
    /// The operation tells what has happened, not how something stands.
    #[error("{operation} tells what has happened one after the other, not how something stands")]
    History {
        /// The operation.
        operation: String,
    },
    /// Nothing tells one run from the next.
    #[error("nothing in the output of {operation} tells one run from the next")]
    NoRun {
        /// The operation.
        operation: String,
    },
    /// There is no string at the path that was given.
    #[error("there is no string at `{path}` in the output of {operation}")]
    UnknownPath {
        /// What was given.
        path: String,
        /// The operation.
        operation: String,
        /// What may have been meant.
        near: Option<String>,
        /// The paths of the string members, the shallow ones first.
        candidates: Vec<String>,
    },
    /// The author has to say which states are a success.
    #[error("which value of `{path}` is a success cannot be told by the names")]
    NoSuccess {
        /// The path.
        path: String,
        /// The values that the model knows; none if it is no enum.
        values: Vec<String>,
    },
    /// The author named a value that does not exist.
    #[error("`{value}` is no value of `{path}`")]
    UnknownValue {
        /// What was named.
        value: String,
        /// The path.
        path: String,
        /// The values that the model knows.
        values: Vec<String>,
    },
    /// The operation declares no error for a thing that does not exist.
    #[error("{operation} declares no error for what is not found")]
    NoNotFound {
        /// The operation.
        operation: String,
    },
}

/// The members of the output that may tell a state, the likeliest first.
#[must_use]
pub fn state_paths(service: &ServiceModel, operation: &OperationModel) -> Vec<StatePath> {
    let subject = Subject::new(service, operation);
    subject.states().into_iter().map(|(path, _)| path).collect()
}

/// Proposes a waiter that polls `operation` of `service`.
///
/// # Errors
/// What the names do not tell, and what the author says wrongly.
pub fn draft(
    service: &ServiceModel,
    operation: &OperationModel,
    options: &DraftOptions,
) -> Result<Draft, DraftError> {
    let subject = Subject::new(service, operation);
    let mut others = subject.states();
    let path = subject.find_path(&others, options)?;
    others.retain(|(other, _)| other.steps != path.steps);
    let states = subject.meanings(&path, options)?;
    let gone = options.not_found == Some(State::Success);
    let success = states.iter().filter(|(_, meaning)| *meaning == Meaning::Success);
    let success: Vec<_> = success.map(|(value, _)| value.as_str()).collect();
    if success.is_empty() && !gone {
        let values = path.values.clone();
        return Err(DraftError::NoSuccess { path: path.expression(), values });
    }
    let not_found = options.not_found.map(|state| subject.not_found(state)).transpose()?;
    let run = subject.run(&path, &success);
    if options.next_run && run.is_none() {
        return Err(DraftError::NoRun { operation: operation.name.clone() });
    }
    let success = (!gone).then(|| words::success(&success));
    let baseline = run.as_deref().filter(|_| options.next_run);
    let mut config = subject.waiter(&path, &states, not_found, options);
    config.description = Some(subject.description(success.as_deref(), baseline.is_some()));
    config.baseline = baseline.map(path::expression);
    let name = options.name.clone().unwrap_or_else(|| subject.name(success.as_deref()));
    let cases = cases::cases(&subject, &config, &path, &states, baseline);
    let run = run.as_deref().map(path::expression);
    let others = others.into_iter().map(|(path, _)| path).collect();
    let is_of_all = path.is_of_list() && sample::identifying(operation).next().is_none();
    Ok(Draft { name, config, path, states, run, others, is_of_all, cases })
}

impl Draft {
    /// The waiter as a file has it, with its keys in the order in which they are read best.
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

/// `30.0` is written `30`.
fn whole(value: Value) -> Value {
    match value.as_f64().filter(|_| value.is_f64()) {
        Some(number) if number.fract() == 0.0 && (0.0..1e15).contains(&number) => {
            json!(number as u64)
        }
        _ => value,
    }
}
