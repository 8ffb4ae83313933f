//! Reading a waiter file as botocore does, ignoring unknown keys.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::config::{AcceptorConfig, MatcherKind, PartialWaiter, State, WaiterConfig, WaiterFile};
use crate::diagnostic::{Diagnostic, Invalid};

/// A waiter file as botocore reads it: an invalid waiter does not invalidate the others.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LenientFile {
    /// The waiters that can be used.
    pub file: WaiterFile,
    /// The problems of the other waiters, by name.
    pub unusable: BTreeMap<String, Invalid>,
}

/// The keys that botocore reads.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LenientWaiter {
    operation: String,
    delay: f64,
    max_attempts: f64,
    acceptors: Vec<LenientAcceptor>,
    #[serde(default)]
    description: Value,
}

#[derive(Deserialize)]
struct LenientAcceptor {
    state: Value,
    matcher: MatcherKind,
    argument: Option<String>,
    expected: Value,
}

/// Reads a waiter file by botocore's rules: unknown keys, including those of maitred, are ignored, any state
/// but `success` and `failure` means `retry`, and fewer than one attempt is one. Expressions are not
/// compiled. Waiters that botocore cannot use, because of a missing key or an unknown matcher, are listed in
/// [`LenientFile::unusable`].
///
/// # Errors
/// The file has another version, or no object `waiters`.
pub fn parse_lenient(value: &Value) -> Result<LenientFile, Invalid> {
    let invalid = |message: String| Invalid::new(vec![Diagnostic::error("botocore", "", message)]);
    let version = value.get("version");
    if version.and_then(Value::as_f64) != Some(2.0) {
        let version = version.map_or_else(|| "unknown".to_owned(), crate::python::text);
        return Err(invalid(format!(
            "Error processing waiter config: Unsupported waiter version, supported version must \
             be: 2, but version of waiter config is: {version}"
        )));
    }
    let Some(entries) = value.get("waiters").and_then(Value::as_object) else {
        return Err(invalid("there is no object `waiters`".to_owned()));
    };
    let (mut waiters, mut unusable) = (BTreeMap::new(), BTreeMap::new());
    for (name, entry) in entries {
        match LenientWaiter::deserialize(entry) {
            Ok(waiter) => drop(waiters.insert(name.clone(), waiter.into())),
            Err(error) => drop(unusable.insert(name.clone(), invalid(error.to_string()))),
        }
    }
    Ok(LenientFile { file: WaiterFile::new(waiters), unusable })
}

impl From<LenientWaiter> for PartialWaiter {
    fn from(waiter: LenientWaiter) -> Self {
        // The count is compared after each poll, so 2.5 means 3, and less than 1 means 1.
        let max_attempts = waiter.max_attempts.ceil().max(1.0) as u64;
        let acceptors = waiter.acceptors.into_iter().map(Into::into).collect();
        let config = WaiterConfig::new(waiter.operation, waiter.delay, max_attempts, acceptors);
        Self { description: waiter.description.as_str().map(str::to_owned), ..config.into() }
    }
}

impl From<LenientAcceptor> for AcceptorConfig {
    fn from(acceptor: LenientAcceptor) -> Self {
        let state = match acceptor.state.as_str() {
            Some("success") => State::Success,
            Some("failure") => State::Failure,
            _ => State::Retry,
        };
        let new = Self::new(state, acceptor.matcher, acceptor.expected);
        Self { argument: acceptor.argument, ..new }
    }
}
