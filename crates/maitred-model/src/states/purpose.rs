//! What a wait is about, so far as names tell.

use super::class::{is_about_deletion, is_done, is_gone, is_good};
use super::vocabulary::{OPPOSITE_PHASES, PHASES, ROLLBACK};
use super::words::words;

/// What a value is about: `CREATE_FAILED` about creation.
fn phases(words: &[String]) -> Vec<&'static str> {
    let of = |word: &String| PHASES.iter().copied().find(|phase| word.starts_with(phase));
    words.iter().filter_map(of).collect()
}

/// What the name of a waiter says of what is waited for: the rest of it is the thing's own name.
fn aim(name: &str) -> Vec<String> {
    let mut words = words(name);
    let length = if words.last().is_some_and(|last| is_done(last)) { 2 } else { 1 };
    words.split_off(words.len().saturating_sub(length))
}

/// What a wait is about, so far as names tell.
#[derive(Debug)]
pub struct Purpose {
    deletion: bool,
    phases: Vec<&'static str>,
    /// What the named values are about.
    named: Vec<&'static str>,
    /// What has a `ROLLBACK` of its own, as in `UPDATE_ROLLBACK_COMPLETE`.
    rolled_back: Vec<&'static str>,
}

impl Purpose {
    /// Of the waiter `name` that succeeds with one of the values `success` of `known`, and names
    /// `named`.
    pub fn new(name: &str, success: &[&str], named: &[&str], known: &[String]) -> Self {
        let about = |values: &[&str]| -> Vec<_> {
            values.iter().flat_map(|value| phases(&words(value))).collect()
        };
        // `CREATED` is where an update may end, `CREATE_COMPLETE` is not.
        let (long, short): (Vec<_>, Vec<_>) =
            success.iter().copied().partition(|value| words(value).len() > 1);
        let candidates = [about(&long), phases(&aim(name)), about(&short)];
        let phases = candidates.into_iter().find(|phases| !phases.is_empty()).unwrap_or_default();
        // What deletes is work that has states of its own.
        let work = !success.is_empty() && success.iter().all(|value| is_good(value));
        let deletion = !work && success.iter().chain([&name]).any(|value| is_about_deletion(value));
        let known = known.iter().map(|value| self::phases(&words(value)));
        let rolled_back = known.filter(|phases| phases.contains(&ROLLBACK)).flatten();
        let rolled_back = rolled_back.filter(|phase| *phase != ROLLBACK).collect();
        Self { deletion, phases, named: about(named), rolled_back }
    }

    /// The same, where it is known from elsewhere whether something is to be gone.
    pub fn or_deletion(mut self, deletion: bool) -> Self {
        self.deletion |= deletion;
        self
    }

    /// Whether something is to be gone.
    pub fn is_deletion(&self) -> bool {
        self.deletion
    }

    /// Whether a final value can be where this wait ends. In a wait for a deletion, the states in
    /// which other things ended are where it starts from; so it is with `CREATE_FAILED` in a wait
    /// for an update.
    pub fn concerns(&self, value: &str) -> bool {
        let words = words(value);
        if self.deletion {
            return is_about_deletion(value);
        }
        let about = phases(&words);
        if words.len() < 2 || about.is_empty() || about.contains(&"DELET") {
            return true;
        }
        if about == [ROLLBACK] {
            let other = |phase: &&str| self.rolled_back.contains(phase);
            return self.phases.contains(&ROLLBACK)
                || self.phases.is_empty()
                || !self.phases.iter().all(other);
        }
        !about.iter().any(|phase| self.is_opposite(phase))
            && (self.phases.is_empty()
                || about.iter().any(|phase| *phase != ROLLBACK && self.phases.contains(phase)))
    }

    /// Whether a wait that is in this state is over. `CANCEL_FAILED` and the like are about something
    /// that was tried meanwhile, and what is waited for goes on.
    pub fn is_lost(&self, value: &str) -> bool {
        let words = words(value);
        let whole = words.len() == 1 || words == ["TIMED", "OUT"];
        let about = phases(&words);
        let own = whole || about.iter().any(|phase| self.phases.contains(phase));
        own && is_gone(value) && self.concerns(value)
    }

    /// Whether acceptors ask for the opposite of `phase`, and not for it.
    fn is_opposite(&self, phase: &str) -> bool {
        let opposite = OPPOSITE_PHASES.iter().find_map(|(one, other)| match phase {
            phase if phase == *one => Some(other),
            phase if phase == *other => Some(one),
            _ => None,
        });
        opposite.is_some_and(|opposite| self.named.contains(opposite))
            && !self.named.contains(&phase)
    }
}
