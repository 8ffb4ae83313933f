//! How far an operator of a file has come: what its deferral holds.

use maitred_core::clock::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::operator::UndoCall;

/// How far an operator has come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Progress {
    /// The index of the step.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) step: usize,
    /// The values that replies have given.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) values: Map<String, Value>,
    /// The input of the step's call, if something refers to it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) input: Map<String, Value>,
    /// The token of the step's call, once it is made.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) token: String,
    /// What undoes the steps so far, if somebody asks for it: the latest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) undo: Vec<UndoCall>,
    /// What undoes this step if its wait fails.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) undo_on_failure: Vec<UndoCall>,
    /// What undoes this step if its wait gives up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) undo_on_timeout: Vec<UndoCall>,
    /// How often the step was put off, and since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) put_off: Option<PutOff>,
}

/// A call or a read that is tried again later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PutOff {
    pub(super) times: u32,
    pub(super) since: Timestamp,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(step: &usize) -> bool {
    *step == 0
}

impl Progress {
    /// Goes to the next step.
    pub(super) fn next(&mut self) {
        self.step += 1;
        self.input.clear();
        self.token.clear();
        self.undo_on_failure.clear();
        self.undo_on_timeout.clear();
        self.put_off = None;
    }
}

/// The place where an operator goes on after a deferral.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", content = "kwargs", rename_all = "snake_case")]
pub(super) enum At {
    /// At the beginning of a step.
    Step(Progress),
    /// At the end of its wait.
    Waited(Progress),
    /// At what it reads after its wait.
    After(Progress),
}
