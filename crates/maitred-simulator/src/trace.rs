//! The trace of a run: what happened, when, in the words of tasks.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::chance::Hash;

/// The lines of a run, and their hash.
#[derive(Debug, Default)]
pub struct Trace {
    hash: Hash,
    lines: Vec<String>,
    kept: bool,
    names: BTreeMap<String, usize>,
}

impl Trace {
    /// A trace whose lines are kept, or only their hash.
    #[must_use]
    pub fn new(kept: bool) -> Self {
        Self { kept, ..Self::default() }
    }

    /// Takes a line in.
    pub fn add(&mut self, at: Duration, who: &str, what: &str) {
        let mut line = String::new();
        let _ = write!(line, "{:>10.3} {who:<12} {what}", at.as_secs_f64());
        self.hash.add(line.as_bytes());
        if self.kept {
            self.lines.push(line);
        }
    }

    /// A short name for a token, which is another one in every run.
    pub fn name(&mut self, token: &str) -> String {
        let next = self.names.len() + 1;
        format!("t{}", self.names.entry(token.to_owned()).or_insert(next))
    }

    /// The hash of all lines.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash.value()
    }

    /// The lines, if they are kept.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}
