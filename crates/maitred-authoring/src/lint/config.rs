//! The configuration of lint rules.

use std::collections::BTreeMap;

use super::rule::{Rule, find};
use maitred_core::diagnostic::{RuleLevel, Severity};

/// The levels of rules. By default each rule has its own severity.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    levels: BTreeMap<String, RuleLevel>,
}

/// The configuration of a rule that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule `{name}`{}", hint(.near))]
pub struct UnknownRule {
    name: String,
    near: Option<&'static str>,
}

fn hint(near: &Option<&str>) -> String {
    near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

impl Config {
    /// Overrides the severities of these rules.
    ///
    /// # Errors
    /// There is no rule of one of the names.
    pub fn new(levels: BTreeMap<String, RuleLevel>) -> Result<Self, UnknownRule> {
        match levels.keys().find_map(|name| Some((name, find(name).err()?))) {
            Some((name, near)) => Err(UnknownRule { name: name.clone(), near }),
            None => Ok(Self { levels }),
        }
    }

    pub(super) fn severity(&self, rule: &Rule) -> Option<Severity> {
        self.levels.get(rule.name).map_or(Some(rule.severity), |level| level.severity())
    }
}
