//! Failure hooks: which run, which wait for a place, and which for their next attempt.

use super::state::{Driver, HookAttempt, Hooks};
use crate::hook::{self, Told};
use crate::store::StoreError;
use crate::task::TaskId;
use maitred_core::clock::Timestamp;

/// How many failure hooks run at a time at most.
pub(super) const HOOKS_AT_ONCE: usize = 16;

impl Hooks {
    /// Whether none runs or waits for a place; what is due later is left to the next triggerer.
    fn rest(&self) -> bool {
        self.running.is_empty() && self.untold.is_empty()
    }

    /// When the next attempt is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.later.values().min().copied()
    }

    /// Looks at all anew, because the wall clock was set.
    pub(super) fn look_again(&mut self) {
        let later: Vec<_> = self.later.keys().copied().collect();
        later.into_iter().for_each(|id| self.add(id));
    }

    fn add(&mut self, id: TaskId) {
        self.later.remove(&id);
        if self.in_hand.insert(id) {
            self.untold.push_back(id);
        }
    }
}

impl Driver {
    /// Runs the failure hook of a task if it is due, unless that is in hand already.
    pub(super) fn tell_failure(&mut self, id: TaskId) {
        self.hooks.add(id);
    }

    /// Whether there is nothing to wait for before an end.
    pub(super) fn hooks_rest(&self) -> bool {
        if self.begins_hooks() { self.hooks.rest() } else { self.hooks.running.is_empty() }
    }

    /// Once the triggerer is asked to end, hooks that have not begun are left to the next one: the store knows that
    /// they have still to be run. The one hook of a process that runs one task is begun.
    fn begins_hooks(&self) -> bool {
        !self.is_stopping() || self.options.scope.only().is_some()
    }

    pub(super) fn run_hooks(&mut self, now: Timestamp) {
        if !self.is_stopping() {
            let due = self.hooks.later.iter().filter(|(_, due)| **due <= now);
            let due: Vec<_> = due.map(|(id, _)| *id).collect();
            due.into_iter().for_each(|id| self.hooks.add(id));
        }
        while self.begins_hooks()
            && self.hooks.running.len() < self.hooks_at_once
            && let Some(id) = self.hooks.untold.pop_front()
        {
            let (workplace, store) = (self.workplace.clone(), self.store.clone());
            let told = hook::tell(workplace, store, self.fence, id);
            self.hooks.running.spawn(async move { (id, told.await) });
        }
    }

    /// Takes in what came of a look at a hook.
    pub(super) fn told(&mut self, (id, told): HookAttempt) -> Result<(), StoreError> {
        self.hooks.in_hand.remove(&id);
        let told = told?;
        if let Told::Again(due) | Told::NotYet(due) = told {
            self.hooks.later.insert(id, due);
        }
        if !matches!(told, Told::NotYet(_)) {
            // It may have failed again meanwhile.
            self.look_anew = true;
            self.idle = false;
        }
        Ok(())
    }
}
