//! A first waiter and its first cases, proposed from the model of an operation.
//!
//! What is proposed goes by names: the output's `Status` or `State`, values such as `SUCCEEDED`,
//! `FAILED` and `CREATING`, and the `StatusReason` beside it. The author knows better, and says so in
//! [`DraftOptions`].

use serde_json::{Map, Value, json};

use crate::case::Case;
use crate::config::AcceptorConfig;
use crate::config::MatcherKind;
use crate::config::Show;
use crate::config::State;
use crate::config::WaiterConfig;
use crate::diagnostic::nearest;
use crate::model::OperationModel;
use crate::model::ServiceModel;
use crate::model::xform_name;

mod cases;
mod path;
mod sample;
mod words;

pub use path::StatePath;

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
}

/// What a state means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// What is waited for.
    Success,
    /// It leads nowhere.
    Failure,
    /// It is under way.
    Retry,
    /// The name does not say; it is polled again.
    Unknown,
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
    /// A case for every acceptor, and one in which it polls on until it gives up, by name.
    pub cases: Vec<(String, Case)>,
}

/// Why nothing can be proposed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// No member of the output has the name of a state.
    #[error("nothing in the output of {operation} has the name of a state")]
    NoState {
        /// The operation.
        operation: String,
        /// The paths of its string members, the shallow ones first.
        candidates: Vec<String>,
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
pub fn state_paths(operation: &OperationModel) -> Vec<StatePath> {
    path::states(&path::strings(operation), &noun(operation))
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
    let path = find_path(operation, options)?;
    let states = states(&path, options)?;
    let gone = options.not_found == Some(State::Success);
    let success = states.iter().find(|(_, meaning)| *meaning == Meaning::Success);
    let success = success.map(|(value, _)| value.as_str());
    if success.is_none() && !gone {
        let values = path.values.clone();
        return Err(DraftError::NoSuccess { path: path.expression(), values });
    }
    let not_found = options.not_found.map(|state| not_found(operation, state)).transpose()?;
    let noun = noun(operation);
    let done = success.is_some_and(words::is_done);
    let (delay, max_attempts) = if done { (15.0, 240) } else { (30.0, 120) };
    let mut acceptors: Vec<_> = not_found.iter().cloned().collect();
    acceptors.extend(path_acceptors(&path, &states));
    // What is wanted goes first, then what leads nowhere.
    acceptors.sort_by_key(|acceptor| match acceptor.state {
        State::Success => 0,
        State::Failure => 1,
        State::Retry => 2,
    });
    let mut config = WaiterConfig::new(
        operation.name.as_str(),
        options.delay.unwrap_or(delay),
        options.max_attempts.unwrap_or(max_attempts),
        acceptors,
    );
    config.description = Some(description(operation, &noun, success.filter(|_| !gone)));
    config.show = Some(Show::One(show(&path)));
    let name = options.name.clone().unwrap_or_else(|| match success {
        Some(success) if !gone => format!("{noun}_{}", words::success(success)),
        _ => format!("{noun}_deleted"),
    });
    let cases = cases::cases(service, operation, &config, &path, &states);
    Ok(Draft { name, config, path, states, cases })
}

fn find_path(operation: &OperationModel, options: &DraftOptions) -> Result<StatePath, DraftError> {
    let strings = path::strings(operation);
    let candidates = || {
        const SHOWN: usize = 30;
        strings.iter().take(SHOWN).map(StatePath::expression).collect::<Vec<_>>()
    };
    let name = operation.name.clone();
    let Some(wanted) = &options.path else {
        return path::state(&strings, &noun(operation))
            .ok_or_else(|| DraftError::NoState { operation: name, candidates: candidates() });
    };
    let plain = |expression: &str| expression.replace("[]", "");
    let found = strings.iter().find(|path| plain(&path.expression()) == plain(wanted));
    found.cloned().ok_or_else(|| {
        let all: Vec<_> = strings.iter().map(StatePath::expression).collect();
        let near = nearest(wanted, all.iter().map(String::as_str)).map(str::to_owned);
        let candidates = candidates();
        DraftError::UnknownPath { path: wanted.clone(), operation: name, near, candidates }
    })
}

/// What the author says of each state, and what the names say of the others.
fn states(path: &StatePath, options: &DraftOptions) -> Result<Vec<(String, Meaning)>, DraftError> {
    let said = || options.success.iter().chain(&options.failure);
    if path.values.is_empty() {
        let meaning = |value: &String| match options.success.contains(value) {
            true => (value.clone(), Meaning::Success),
            false => (value.clone(), Meaning::Failure),
        };
        return Ok(said().map(meaning).collect());
    }
    if let Some(value) = said().find(|value| !path.values.contains(value)) {
        let (path, values) = (path.expression(), path.values.clone());
        return Err(DraftError::UnknownValue { value: value.clone(), path, values });
    }
    let gone = options.not_found == Some(State::Success);
    let proposed =
        if gone { words::propose_gone(&path.values) } else { words::propose(&path.values) };
    let state = |(value, proposed): (&String, Meaning)| {
        let meaning = match proposed {
            _ if options.success.contains(value) => Meaning::Success,
            _ if options.failure.contains(value) => Meaning::Failure,
            Meaning::Success if !options.success.is_empty() => Meaning::Retry,
            Meaning::Failure if !options.failure.is_empty() => Meaning::Retry,
            Meaning::Success | Meaning::Failure | Meaning::Retry | Meaning::Unknown => proposed,
        };
        (value.clone(), meaning)
    };
    Ok(path.values.iter().zip(proposed).map(state).collect())
}

fn path_acceptors(path: &StatePath, states: &[(String, Meaning)]) -> Vec<AcceptorConfig> {
    let list = path.in_list() > 0;
    let acceptor = |(value, meaning): &(String, Meaning)| {
        let (state, matcher) = match meaning {
            Meaning::Success if list => (State::Success, MatcherKind::PathAll),
            Meaning::Success => (State::Success, MatcherKind::Path),
            Meaning::Failure if list => (State::Failure, MatcherKind::PathAny),
            Meaning::Failure => (State::Failure, MatcherKind::Path),
            Meaning::Retry | Meaning::Unknown if list => (State::Retry, MatcherKind::PathAny),
            Meaning::Retry | Meaning::Unknown => (State::Retry, MatcherKind::Path),
        };
        AcceptorConfig {
            state,
            matcher,
            argument: Some(path.expression()),
            expected: Value::from(value.as_str()),
            message: (state == State::Failure).then(|| message(path, value)),
        }
    };
    states.iter().map(acceptor).collect()
}

/// The reason if the service gives one, after what the state is.
fn message(path: &StatePath, value: &str) -> String {
    let what = xform_name(path.name(), ' ');
    let quoted = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
    let stands = quoted(&format!("the {what} is {value}"));
    let Some(reason) = &path.reason else { return stands };
    let step = |name: &String| path::Step { name: name.clone(), list: false };
    let reason: Vec<_> = reason.iter().map(step).collect();
    let own = path.steps.len() - 1;
    let list = path.in_list();
    if list == 0 {
        let whole = [&path.steps[..own], &reason].concat();
        return format!("join(': ', [{stands}, {}][?@])", path::expression(&whole));
    }
    let things = path::expression(&path.steps[..list]);
    let things = things.strip_suffix("[]").unwrap_or(&things);
    let (state, inner) = if list > own {
        ("@".to_owned(), Vec::new())
    } else {
        let inner = [&path.steps[list..own], &reason].concat();
        (path::expression(&path.steps[list..]), inner)
    };
    if inner.is_empty() {
        return stands;
    }
    let nested = path.steps[..list].iter().filter(|step| step.list).count() > 1;
    let flat = if nested { " | []" } else { "" };
    let reasons =
        format!("{things}[?{state} == {}].{}{flat}", quoted(value), path::expression(&inner));
    format!("join(': ', [{stands}, join(', ', {reasons})][?@])")
}

fn show(path: &StatePath) -> String {
    let expression = path.expression();
    if path.in_list() > 0 { format!("join(', ', {expression})") } else { expression }
}

/// What the operation tells of, in the singular: `DescribeStackSetOperation` is `stack_set_operation`.
fn noun(operation: &OperationModel) -> String {
    const VERBS: [&str; 9] =
        ["admin", "batch", "describe", "get", "head", "list", "lookup", "search", "view"];
    let words = xform_name(&operation.name, '_');
    let mut words: Vec<_> =
        words.split('_').skip_while(|word| VERBS.contains(word)).map(str::to_owned).collect();
    if let Some(last) = words.last_mut() {
        *last = singular(last);
    }
    if words.is_empty() { "thing".to_owned() } else { words.join("_") }
}

fn singular(word: &str) -> String {
    let shorter = |less: usize| word[..word.len() - less].to_owned();
    if word.ends_with("ies") {
        shorter(3) + "y"
    } else if ["sses", "xes", "ches", "uses"].iter().any(|end| word.ends_with(end)) {
        shorter(2)
    } else if word.ends_with('s') && !["ss", "us", "is"].iter().any(|end| word.ends_with(end)) {
        shorter(1)
    } else {
        word.to_owned()
    }
}

fn description(operation: &OperationModel, noun: &str, success: Option<&str>) -> String {
    let noun = noun.replace('_', " ");
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    let phrase = success.map_or_else(|| "is gone".to_owned(), words::phrase);
    let members: Vec<_> =
        sample::identifying(operation).map(|member| member.name.as_str()).collect();
    let give = match members.as_slice() {
        [] => String::new(),
        [one] => format!(" Give its {one}."),
        [all @ .., last] => format!(" Give its {} and {last}.", all.join(", ")),
    };
    format!("Waits until {article} {noun} {phrase}.{give}")
}

/// The acceptor of the error that says that there is no such thing.
fn not_found(operation: &OperationModel, state: State) -> Result<AcceptorConfig, DraftError> {
    let says = ["notfound", "nosuch", "doesnotexist", "notexist"];
    let noun = noun(operation).replace('_', "");
    let codes = operation.error_codes().filter(|code| {
        let code = code.to_lowercase();
        says.iter().any(|says| code.contains(says))
    });
    let code = codes.max_by_key(|code| {
        let code = code.to_lowercase();
        (code.contains(&noun), code.contains("resource"))
    });
    let code = code.ok_or_else(|| DraftError::NoNotFound { operation: operation.name.clone() })?;
    let message = || {
        format!("join(': ', ['the {} does not exist', Error.Message][?@])", noun.replace('_', " "))
    };
    Ok(AcceptorConfig {
        state,
        matcher: MatcherKind::Error,
        argument: None,
        expected: Value::from(code),
        message: (state == State::Failure).then(message),
    })
}

impl Draft {
    /// The waiter as a file has it, with its keys in the order in which they are read best.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut written = serde_json::to_value(&self.config).unwrap_or_default();
        let mut ordered = Map::new();
        for key in ["description", "operation", "delay", "maxAttempts", "show"] {
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
