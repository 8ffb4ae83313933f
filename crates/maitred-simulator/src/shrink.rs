//! Shrinking: the fewest faults and acts with which a run still breaks the same rule.

use crate::fault::Choice;
use crate::run::{Config, Outcome, run};
use crate::world::Injected;

/// A run that breaks a rule, with as little as possible.
#[derive(Debug)]
pub struct Shrunk {
    /// What is left.
    pub config: Config,
    /// What comes of it, with its trace.
    pub outcome: Outcome,
    /// How many runs it took.
    pub runs: usize,
}

/// The rule of a violation, without the names of tasks.
#[must_use]
pub fn rule(violation: &str) -> String {
    violation.chars().filter(|letter| !letter.is_ascii_digit()).take(40).collect()
}

/// Leaves out faults and acts as long as the run breaks the same rule.
#[must_use]
pub fn shrink(config: &Config, outcome: &Outcome) -> Shrunk {
    let broken = outcome.violations.first().map(|violation| rule(violation)).unwrap_or_default();
    let mut runs = 0;
    let mut breaks = |faults: &[Injected], acts: &[usize]| {
        runs += 1;
        let outcome = run(&narrowed(config, faults, acts, outcome.acts));
        outcome.violations.iter().any(|violation| rule(violation) == broken)
    };
    let mut faults = outcome.injected.clone();
    let mut acts: Vec<usize> =
        (0..outcome.acts).filter(|act| !config.without.contains(act)).collect();
    loop {
        let before = (faults.len(), acts.len());
        faults = fewest(faults, |some| breaks(some, &acts));
        acts = fewest(acts, |some| breaks(&faults, some));
        if (faults.len(), acts.len()) == before {
            break;
        }
    }
    let config = Config { traced: true, ..narrowed(config, &faults, &acts, outcome.acts) };
    let outcome = run(&config);
    Shrunk { config, outcome, runs }
}

fn narrowed(config: &Config, faults: &[Injected], acts: &[usize], count: usize) -> Config {
    let without = (0..count).filter(|act| !acts.contains(act)).collect();
    let only = faults.iter().cloned().map(|(key, number, fault)| ((key, number), fault));
    Config { choice: Choice::Only(only.collect()), without, ..config.clone() }
}

/// Delta debugging: leaves out parts, ever smaller ones, as long as `breaks`.
fn fewest<T: Clone>(mut all: Vec<T>, mut breaks: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut size = all.len().div_ceil(2);
    while size > 0 && !all.is_empty() {
        let mut start = 0;
        let mut left_out = false;
        while start < all.len() {
            let end = (start + size).min(all.len());
            let some: Vec<T> = [&all[..start], &all[end..]].concat();
            if breaks(&some) {
                (all, left_out) = (some, true);
            } else {
                start = end;
            }
        }
        if size == 1 && !left_out {
            break;
        }
        size = if left_out { size.min(all.len()) } else { size / 2 };
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_needed_is_left_out() {
        let needed = |some: &[u32]| some.contains(&3) && some.contains(&17);
        assert_eq!(fewest((0..40).collect(), needed), [3, 17]);
        assert_eq!(fewest(vec![1, 2, 3], |_: &[u32]| true), Vec::<u32>::new());
    }
}
