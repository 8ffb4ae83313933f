//! The run before and this one: where a waiter's baseline stands.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Progress;
use crate::client::Observation;
use crate::matcher;
use crate::waiter::Baseline;
use crate::waiter::Waiter;

/// A baseline that is known, as progress keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BaselineProgress {
    /// The value to differ from; `null` is one, too.
    #[serde(default)]
    pub value: Value,
    /// Whether the last reply still had it.
    #[serde(default)]
    pub unchanged: bool,
}

/// The baseline that a wait begins with: the caller's.
pub(super) fn start(waiter: &Waiter) -> Option<BaselineProgress> {
    let value = waiter.baseline()?.given.clone()?;
    Some(BaselineProgress { value, unchanged: false })
}

/// Reads the baseline from the first reply, and tells whether `seen` still has it. An error says
/// nothing of any run: it neither is a baseline nor still has it.
pub(super) fn observe(waiter: &Waiter, progress: &mut Progress, seen: &Observation) -> bool {
    let Some(baseline) = waiter.baseline() else { return false };
    let document = seen.document().filter(|_| seen.error().is_none() && !matcher::is_error(seen));
    let Some(document) = document else { return false };
    let value = baseline.value_of(document.value());
    match &mut progress.baseline {
        Some(known) => {
            known.unchanged = Baseline::is_same(&known.value, &value);
            known.unchanged
        }
        None => {
            progress.baseline = Some(BaselineProgress { value, unchanged: true });
            true
        }
    }
}
