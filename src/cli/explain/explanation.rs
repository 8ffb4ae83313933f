//! What is explained: a waiter, and what it makes of a saved reply.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::reply::Trial;
use crate::catalog::{Base, Entry};
use crate::cli::exit::Failure;
use crate::cli::findings;
use crate::config::WaiterConfig;
use crate::diagnostic::Invalid;
use crate::waiter::{Options, Waiter};

/// A waiter, with its trial on a reply if there is one.
pub(super) struct Explanation {
    pub(super) entry: Entry,
    /// The waiter without what depends on the caller: its pace, bounds and policy.
    pub(super) frame: Waiter,
    pub(super) trial: Option<Trial>,
}

impl Explanation {
    /// Explains a waiter, which is valid with any input.
    ///
    /// # Errors
    /// Its pace, bounds or policy are not valid.
    pub(super) fn new(entry: Entry, strict: bool) -> Result<Self, Failure> {
        let config = WaiterConfig {
            acceptors: Vec::new(),
            input: Map::new(),
            show: None,
            baseline: None,
            diagnose: Vec::new(),
            parameters: BTreeMap::new(),
            ..WaiterConfig::clone(&entry.config)
        };
        let options = Options { strict, allow_mutating: true, ..Options::default() };
        let frame = Waiter::compile(&entry.service, &entry.name, &config, &options)
            .map_err(|problems| invalid(&entry, &problems))?;
        Ok(Self { entry, frame, trial: None })
    }

    /// The waiter that acceptor `index` is inherited from. Inherited acceptors stand at the end, those of the
    /// most distant base last.
    pub(super) fn base_of(&self, index: usize) -> Option<&Base> {
        let mut first = self.entry.config.acceptors.len();
        let mut bases = self.entry.bases.iter().rev();
        bases.find(|base| {
            let end = first;
            first -= base.acceptors.min(first);
            (first..end).contains(&index)
        })
    }
}

/// A waiter that is not valid, as an error of the command.
pub(super) fn invalid(entry: &Entry, problems: &Invalid) -> Failure {
    let problems = findings::invalid(problems);
    Failure::usage(format!("{} {} cannot be used\n{problems}", entry.service, entry.snake_name()))
}

/// The waiter with which one reply is tried.
pub(super) fn compile(
    entry: &Entry,
    input: Map<String, Value>,
    parameters: BTreeMap<String, Value>,
    strict: bool,
) -> Result<Waiter, Failure> {
    // One reply has nothing before it from which it could differ.
    let config = WaiterConfig { baseline: None, ..WaiterConfig::clone(&entry.config) };
    let options = Options { input, parameters, strict, allow_mutating: true, ..Options::default() };
    Waiter::compile(&entry.service, &entry.name, &config, &options)
        .map_err(|problems| invalid(entry, &problems))
}
