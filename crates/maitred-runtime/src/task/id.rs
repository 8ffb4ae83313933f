//! The numbers of tasks.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The number of a task in its store, from 1.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct TaskId(pub i64);

impl TaskId {
    /// The number before this one, for lists of what comes after a number.
    pub(crate) fn previous(self) -> Self {
        Self(self.0 - 1)
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TaskId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}
