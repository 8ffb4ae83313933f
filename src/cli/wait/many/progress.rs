//! The progress of many waits on stderr: on a terminal a live line for each, or one for all where they would
//! not fit; otherwise a line per change that begins with the target, and one a minute for all.

use std::time::Duration;

use super::outcome::Tally;
use crate::cli::duration::show;
use crate::cli::progress::{PollTracker, is_final_error};
use crate::cli::report;
use crate::cli::screen::Screen;
use crate::cli::wait::targets::Targets;
use crate::engine::{Outcome, Poll, Status};

/// The most live lines.
const MAX_LINES: usize = 20;
/// The width to which targets are padded, so that the rest is aligned.
const MAX_WIDTH: usize = 40;

/// Shows the progress of all waits. Times are since the start of the command.
#[derive(Debug)]
pub(super) struct ManyProgress<'a> {
    targets: &'a Targets,
    tracks: Vec<PollTracker<'a>>,
    ended: Vec<bool>,
    screen: Screen,
    /// True if one live line, which counts the targets, stands for all.
    has_summary: bool,
    verbose: bool,
    width: usize,
}

impl<'a> ManyProgress<'a> {
    pub(super) fn new(targets: &'a Targets, quiet: bool, verbose: bool) -> Self {
        let count = targets.all.len();
        let has_summary = count > MAX_LINES;
        let widths = targets.all.iter().map(|target| target.label.chars().count());
        Self {
            targets,
            tracks: targets.all.iter().map(|target| PollTracker::new(&target.waiter)).collect(),
            ended: vec![false; count],
            screen: Screen::open(quiet, if has_summary { 1 } else { count }),
            has_summary,
            verbose,
            width: widths.max().unwrap_or(0).min(MAX_WIDTH),
        }
    }

    /// Shows what is waited for, and its limits.
    pub(super) fn begin(&mut self, text: &str) {
        self.screen.say(text, Duration::ZERO);
        self.redraw_all(Duration::ZERO, Tally::new(self.targets));
    }

    /// Records a poll of one target.
    pub(super) fn polled(&mut self, index: usize, poll: &Poll, elapsed: Duration, tally: Tally) {
        let Some(track) = self.tracks.get_mut(index) else { return };
        let changed = track.polled(poll);
        if self.verbose {
            let details = self.tracks[index].details(poll);
            self.screen.say(&self.line(index, &details), elapsed);
        } else if !self.screen.is_live() && changed && !is_final_error(poll) {
            let text = self.tracks[index].text(poll.elapsed);
            self.screen.say(&self.line(index, &text), elapsed);
        }
        self.redraw(index, elapsed, tally);
    }

    /// Records the end of one target.
    pub(super) fn ended(
        &mut self,
        index: usize,
        outcome: &Outcome,
        elapsed: Duration,
        tally: Tally,
    ) {
        self.ended[index] = true;
        let line = self.line(index, &end(outcome));
        let (line, live) = (line.trim_end(), self.screen.is_live());
        if live && !self.has_summary {
            return self.screen.finish(index, line);
        }
        // The report counts cancelled waits, and the summary successes.
        let is_counted = outcome.status() == Status::Success && live;
        if outcome.status() != Status::Cancelled && !is_counted {
            self.screen.say(line, elapsed);
        }
        self.screen.set(0, &standing(elapsed, tally));
    }

    /// The time until [`ManyProgress::tick`] has something to do.
    pub(super) fn until_tick(&self, elapsed: Duration) -> Duration {
        self.screen.until_tick(elapsed)
    }

    /// Updates the elapsed time.
    pub(super) fn tick(&mut self, elapsed: Duration, tally: Tally) {
        if self.screen.is_silent(elapsed) {
            self.screen.say(&standing(elapsed, tally), elapsed);
        }
        self.redraw_all(elapsed, tally);
    }

    /// Removes the live lines.
    pub(super) fn end(&self) {
        self.screen.clear();
    }

    fn line(&self, index: usize, text: &str) -> String {
        let label = self.targets.all.get(index).map_or("", |target| target.label.as_str());
        format!("{label:width$}  {text}", width = self.width)
    }

    fn redraw_all(&self, elapsed: Duration, tally: Tally) {
        let lines = if self.has_summary { 1 } else { self.tracks.len() };
        (0..lines).for_each(|index| self.redraw(index, elapsed, tally));
    }

    fn redraw(&self, index: usize, elapsed: Duration, tally: Tally) {
        if self.has_summary {
            self.screen.set(0, &standing(elapsed, tally));
        } else if self.screen.is_live() && !self.ended[index] {
            self.screen.set(index, &self.line(index, &self.tracks[index].text(elapsed)));
        }
    }
}

/// E.g. `12 s  success`.
fn end(outcome: &Outcome) -> String {
    let text = format!("{}  {}", show(outcome.elapsed()), outcome.status().as_str());
    match outcome.status() {
        Status::Success | Status::Cancelled => text,
        Status::Failure | Status::Exhausted | Status::Timeout | Status::Error => {
            format!("{text}: {}", report::one_line(outcome.message()))
        }
    }
}

/// E.g. `1 min  3 of 5 succeeded, 1 failed, 1 waiting`.
fn standing(elapsed: Duration, tally: Tally) -> String {
    let failed = match tally.failed {
        0 => String::new(),
        failed => format!(", {failed} failed"),
    };
    let needed = if tally.needed == tally.total {
        String::new()
    } else {
        format!(" ({} needed)", tally.needed)
    };
    format!(
        "{}  {} of {} succeeded{needed}{failed}, {} waiting",
        show(elapsed),
        tally.succeeded,
        tally.total,
        tally.waiting()
    )
}
