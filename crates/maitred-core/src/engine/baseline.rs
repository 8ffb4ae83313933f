//! Comparing replies with the waiter's baseline.

use super::progress::{BaselineProgress, Progress};
use crate::client::Observation;
use crate::matcher;
use crate::waiter::{Baseline, Waiter};

/// Whether `seen` still has the baseline value, which is read from the first reply unless it is known. An
/// error neither sets nor matches the baseline.
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
