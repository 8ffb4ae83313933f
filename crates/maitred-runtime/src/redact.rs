//! Known secrets stay out of the store: what comes from replies and errors goes through here before it is
//! stored. What a task was submitted with, and what an operator hands over to its next step, is stored as it
//! is; literals that look like secrets were refused in it.

use std::borrow::Cow;

use serde_json::Value;

use super::task::{Change, Checkpoint, Transition};
use crate::operator::{Resumed, Settled};
use maitred_core::secrets::KnownSecrets;

pub(super) fn text(known: &KnownSecrets, text: &mut String) {
    if let Cow::Owned(redacted) = known.redact(text) {
        *text = redacted;
    }
}

pub(super) fn change(known: &KnownSecrets, change: &mut Change) {
    text(known, &mut change.reason);
    match &mut change.transition {
        Transition::Resume(resumed) => match &mut **resumed {
            Resumed::Event(event) => known.redact_value(&mut event.payload),
            Resumed::TriggerCrashed(crash) => text(known, &mut crash.message),
            Resumed::TimedOut => {}
        },
        Transition::End(_, Some(result)) => known.redact_value(result),
        Transition::End(_, None)
        | Transition::Defer(_)
        | Transition::Retry(_)
        | Transition::Requeue(_)
        | Transition::Block => {}
    }
}

/// The state of a trigger is JSON: what a wait has shown, and its last error.
pub(super) fn checkpoint(known: &KnownSecrets, checkpoint: &mut Checkpoint) {
    if matches!(known.redact(&checkpoint.state), Cow::Borrowed(_)) {
        return;
    }
    if let Ok(mut state) = serde_json::from_str::<Value>(&checkpoint.state) {
        known.redact_members(&mut state);
        checkpoint.state = state.to_string();
    }
}

pub(super) fn settled(known: &KnownSecrets, settled: &mut Settled) {
    if let Settled::Done(result) = settled {
        known.redact_value(result);
    }
}
