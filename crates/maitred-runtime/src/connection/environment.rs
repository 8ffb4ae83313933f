//! An injected environment, so that tests and programs can bring their own.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Environment variables: those of the process, or fixed ones.
#[derive(Clone)]
pub struct Environment(Option<Arc<BTreeMap<String, String>>>);

impl Environment {
    /// The environment of the process.
    #[must_use]
    pub fn of_process() -> Self {
        Self(None)
    }

    /// Only these variables.
    pub fn fixed<K: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(Some(Arc::new(variables.collect())))
    }

    /// No variables at all, and so no connections but those that need no definition.
    #[must_use]
    pub fn empty() -> Self {
        Self(Some(Arc::default()))
    }

    /// The value of `name`; `None` if it is not set, empty, or not UTF-8.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        let value = match &self.0 {
            Some(variables) => variables.get(name).cloned(),
            // Asking the system for a name that cannot be one is a panic.
            None if name.is_empty() || name.contains(['=', '\0']) => None,
            None => std::env::var(name).ok(),
        };
        value.filter(|value| !value.is_empty())
    }

    /// The names of all variables that are set.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        match &self.0 {
            Some(variables) => variables.keys().cloned().collect(),
            None => std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect(),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values are secrets, and names are many.
        let of = if self.0.is_some() { "fixed" } else { "process" };
        write!(f, "Environment({of})")
    }
}
