//! The outcomes of many waits.

use std::time::Duration;

use crate::cli::exit::Exit;
use crate::cli::wait::targets::Targets;
use crate::engine::{Outcome, Status};

/// The waits that have ended so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) total: usize,
    pub(super) needed: usize,
    pub(super) succeeded: usize,
    /// Ended without success.
    pub(super) failed: usize,
}

/// The outcomes of all waits.
#[derive(Debug)]
pub(super) struct ManyOutcome {
    /// In the order of the targets.
    pub(super) outcomes: Vec<Outcome>,
    pub(super) tally: Tally,
    pub(super) elapsed: Duration,
    pub(super) signal: Option<Exit>,
}

impl Tally {
    pub(super) fn new(targets: &Targets) -> Self {
        Self { total: targets.all.len(), needed: targets.needed, succeeded: 0, failed: 0 }
    }

    pub(super) fn count(&mut self, status: Status) {
        match status {
            Status::Success => self.succeeded += 1,
            Status::Failure | Status::Exhausted | Status::Timeout | Status::Error => {
                self.failed += 1;
            }
            Status::Cancelled => {}
        }
    }

    pub(super) fn is_met(self) -> bool {
        self.succeeded >= self.needed
    }

    /// True if no further outcome can change the answer.
    pub(super) fn is_decided(self) -> bool {
        self.is_met() || self.total - self.failed < self.needed
    }

    pub(super) fn waiting(self) -> usize {
        self.total - self.succeeded - self.failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(needed: usize, statuses: &[Status]) -> Tally {
        let mut tally = Tally { total: 3, needed, succeeded: 0, failed: 0 };
        statuses.iter().for_each(|status| tally.count(*status));
        tally
    }

    #[test]
    fn the_answer_is_decided_as_soon_as_nothing_can_change_it() {
        use Status::{Cancelled, Failure, Success, Timeout};
        for (needed, statuses, decided, met) in [
            (3, vec![Success, Success], false, false),
            (3, vec![Success, Failure], true, false),
            (3, vec![Success, Success, Success], true, true),
            (1, vec![Failure, Timeout], false, false),
            (1, vec![Failure, Timeout, Failure], true, false),
            (1, vec![Success], true, true),
            (2, vec![Success, Failure], false, false),
            (2, vec![Failure, Timeout], true, false),
            (2, vec![Cancelled, Cancelled], false, false),
        ] {
            let tally = tally(needed, &statuses);
            assert_eq!(
                (tally.is_decided(), tally.is_met()),
                (decided, met),
                "{needed} {statuses:?}"
            );
        }
    }
}
