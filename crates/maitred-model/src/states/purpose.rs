//! The purpose of a wait, by names.

use super::class::{is_about_deletion, is_done, is_gone, is_good};
use super::vocabulary::{VOCABULARY, words};

/// The phase that follows a failure.
const ROLLBACK: &str = "ROLLBACK";

/// The phases that a value is about: creation for `CREATE_FAILED`.
fn phases(words: &[String]) -> Vec<&'static str> {
    let phases = &VOCABULARY.phase_stems;
    let of =
        |word: &String| phases.iter().map(String::as_str).find(|phase| word.starts_with(phase));
    words.iter().filter_map(of).collect()
}

/// The words of a waiter's name that name its goal; the other words name the resource.
fn aim(name: &str) -> Vec<String> {
    let mut words = words(name);
    let length = if words.last().is_some_and(|last| is_done(last)) { 2 } else { 1 };
    words.split_off(words.len().saturating_sub(length))
}

/// The purpose of a wait, by names.
#[derive(Debug)]
pub struct Purpose {
    deletion: bool,
    phases: Vec<&'static str>,
    /// The phases of the named values.
    named: Vec<&'static str>,
    /// The phases with their own `ROLLBACK`, as in `UPDATE_ROLLBACK_COMPLETE`.
    rolled_back: Vec<&'static str>,
}

impl Purpose {
    /// The purpose of the waiter `name`, which succeeds with one of the values `success` of `known` and has
    /// acceptors for `named`.
    pub fn new(name: &str, success: &[&str], named: &[&str], known: &[String]) -> Self {
        let about = |values: &[&str]| -> Vec<_> {
            values.iter().flat_map(|value| phases(&words(value))).collect()
        };
        // `CREATED` is where an update may end, `CREATE_COMPLETE` is not.
        let (long, short): (Vec<_>, Vec<_>) =
            success.iter().copied().partition(|value| words(value).len() > 1);
        let candidates = [about(&long), phases(&aim(name)), about(&short)];
        let phases = candidates.into_iter().find(|phases| !phases.is_empty()).unwrap_or_default();
        // Work that deletes something has states of its own.
        let work = !success.is_empty() && success.iter().all(|value| is_good(value));
        let deletion = !work && success.iter().chain([&name]).any(|value| is_about_deletion(value));
        let known = known.iter().map(|value| self::phases(&words(value)));
        let rolled_back = known.filter(|phases| phases.contains(&ROLLBACK)).flatten();
        let rolled_back = rolled_back.filter(|phase| *phase != ROLLBACK).collect();
        Self { deletion, phases, named: about(named), rolled_back }
    }

    /// Sets that the goal is a deletion, if `deletion` is true.
    pub fn or_deletion(mut self, deletion: bool) -> Self {
        self.deletion |= deletion;
        self
    }

    /// Whether the goal is a deletion.
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

    /// Whether a wait cannot succeed any more in this state. A state such as `CANCEL_FAILED` is about another
    /// action, so the wait continues.
    pub fn is_lost(&self, value: &str) -> bool {
        let words = words(value);
        let whole = words.len() == 1 || words == ["TIMED", "OUT"];
        let about = phases(&words);
        let own = whole || about.iter().any(|phase| self.phases.contains(phase));
        own && is_gone(value) && self.concerns(value)
    }

    /// Whether acceptors name the opposite of `phase`, but not `phase`.
    fn is_opposite(&self, phase: &str) -> bool {
        let named = |phase: &str| self.named.contains(&phase);
        let is_opposite = |[one, other]: &[String; 2]| {
            (phase == one && named(other)) || (phase == other && named(one))
        };
        !named(phase) && VOCABULARY.opposite_phases.iter().any(is_opposite)
    }
}
