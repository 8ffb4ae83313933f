//! The caller's options.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::config::{AcceptorConfig, Show};

/// The caller's additions to a waiter and overrides of it. The default changes nothing.
///
/// ```
/// # use std::time::Duration;
/// # use maitred_core::waiter::Options;
/// let mut options = Options::with_input([("ClusterIdentifier", "analytics")]);
/// options.timeout = Some(Duration::from_secs(1800));
/// assert_eq!(options.input["ClusterIdentifier"], "analytics");
/// ```
///
/// `Debug` prints only the names of input members and parameters: their values may be secrets.
#[derive(Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Options {
    /// The operation's parameters, merged over the file's `input`.
    pub input: Map<String, Value>,
    /// Values for the file's `parameters`.
    pub parameters: BTreeMap<String, Value>,
    /// The time between two polls; overrides the file's.
    pub delay: Option<Duration>,
    /// The most polls; overrides the file's.
    pub max_attempts: Option<u64>,
    /// The longest duration of the whole wait. Without `max_attempts` it is the only bound.
    pub timeout: Option<Duration>,
    /// Acceptors that are checked before the file's.
    pub acceptors: Vec<AcceptorConfig>,
    /// Conditions that end the wait as a success when true, checked before the file's acceptors.
    pub until: Vec<String>,
    /// Conditions that end the wait as a failure when true, checked before everything else.
    pub fail_if: Vec<String>,
    /// The expressions to show; overrides the file's.
    pub show: Option<Show>,
    /// A JMESPath expression whose value tells one run from another; overrides the file's `baseline`.
    pub baseline: Option<String>,
    /// The value of the baseline. By default it is read from the first reply.
    pub baseline_value: Option<Value>,
    /// Merges all pages of the operation before the acceptors see the document, even if the file does not.
    pub all_pages: bool,
    /// Treats transient failures, except those of TLS, as "not yet": the next poll follows after the
    /// waiter's own delay, and no number of them in a row ends the wait.
    pub transient_is_not_yet: bool,
    /// Follows botocore's rules exactly.
    pub strict: bool,
    /// Allows polling an operation that is not read-only. The waiter file must also have
    /// `"mutating": true`, unless `strict` is set.
    pub allow_mutating: bool,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("input", &self.input.keys().collect::<Vec<_>>())
            .field("parameters", &self.parameters.keys().collect::<Vec<_>>())
            .field("delay", &self.delay)
            .field("max_attempts", &self.max_attempts)
            .field("timeout", &self.timeout)
            .field("transient_is_not_yet", &self.transient_is_not_yet)
            .field("strict", &self.strict)
            .finish_non_exhaustive()
    }
}

impl Options {
    /// Options with only this input of the operation.
    pub fn with_input<K: Into<String>, V: Into<Value>>(
        input: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let input = input.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { input: input.collect(), ..Self::default() }
    }
}
