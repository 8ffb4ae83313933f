//! The progress of many waits on stderr: on a terminal a live line for each, or one for all where they would
//! not fit; otherwise a line per change that begins with the target, and one a minute for all.

use std::time::Duration;

use super::outcome::Tally;
use crate::cli::duration::show;
use crate::cli::progress::{LIVE, PollTracker, SILENCE};
use crate::cli::report::{self, LiveLine, LiveLines};
use crate::cli::wait::targets::Targets;
use crate::engine::{Outcome, Poll, Status};

/// The most live lines.
const MOST_LINES: usize = 20;
/// The width to which targets are padded, so that the rest is aligned.
const MOST_WIDTH: usize = 40;

/// Shows the progress of all waits.
#[derive(Debug)]
pub(super) struct ManyProgress<'a> {
    targets: &'a Targets,
    tracks: Vec<PollTracker<'a>>,
    ended: Vec<bool>,
    mode: OutputMode,
    verbose: bool,
    width: usize,
    /// When something was printed last, as time since the start.
    printed: Duration,
}

#[derive(Debug)]
enum OutputMode {
    Quiet,
    Lines,
    LiveLines(LiveLines),
    LiveSummary(LiveLine),
}

impl<'a> ManyProgress<'a> {
    pub(super) fn new(targets: &'a Targets, quiet: bool, verbose: bool) -> Self {
        let count = targets.all.len();
        let mode = match (quiet, report::is_live()) {
            (true, _) => OutputMode::Quiet,
            (false, true) if count <= MOST_LINES => OutputMode::LiveLines(LiveLines::start(count)),
            (false, true) => OutputMode::LiveSummary(LiveLine::start()),
            (false, false) => OutputMode::Lines,
        };
        Self::with_mode(targets, mode, verbose)
    }

    fn with_mode(targets: &'a Targets, mode: OutputMode, verbose: bool) -> Self {
        let widths = targets.all.iter().map(|target| target.label.chars().count());
        Self {
            targets,
            tracks: targets.all.iter().map(|target| PollTracker::new(&target.waiter)).collect(),
            ended: vec![false; targets.all.len()],
            mode,
            verbose,
            width: widths.max().unwrap_or(0).min(MOST_WIDTH),
            printed: Duration::ZERO,
        }
    }

    /// Shows what is waited for, and its limits.
    pub(super) fn begin(&self, text: &str) {
        self.say(text);
        self.redraw_all(Duration::ZERO, Tally::new(self.targets));
    }

    /// Records a poll of one target.
    pub(super) fn polled(&mut self, index: usize, poll: &Poll, elapsed: Duration, tally: Tally) {
        let Some(track) = self.tracks.get_mut(index) else { return };
        let changed = track.polled(poll);
        // The last line of a wait shows the error that ends it.
        let is_final_error = poll.next_delay.is_none() && poll.decision.matched.is_none();
        if self.verbose {
            let details = self.tracks[index].details(poll);
            self.say(&self.line(index, &details));
            self.printed = elapsed;
        } else if matches!(self.mode, OutputMode::Lines) && changed && !is_final_error {
            self.say(&self.line(index, &self.tracks[index].text(poll.elapsed)));
            self.printed = elapsed;
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
        let line = line.trim_end();
        match &self.mode {
            OutputMode::LiveLines(lines) => lines.finish(index, line.to_owned()),
            // The summary counts cancelled waits.
            _ if outcome.status() == Status::Cancelled => {}
            OutputMode::LiveSummary(_) if outcome.status() == Status::Success => {}
            OutputMode::Lines | OutputMode::LiveSummary(_) => {
                self.say(line);
                self.printed = elapsed;
            }
            OutputMode::Quiet => {}
        }
        if let OutputMode::LiveSummary(live) = &self.mode {
            live.set(standing(elapsed, tally));
        }
    }

    /// The time until [`ManyProgress::tick`] has something to do.
    pub(super) fn until_tick(&self, elapsed: Duration) -> Duration {
        match self.mode {
            OutputMode::LiveLines(_) | OutputMode::LiveSummary(_) => LIVE,
            OutputMode::Lines => (self.printed + SILENCE).saturating_sub(elapsed).max(LIVE),
            OutputMode::Quiet => Duration::from_secs(3600),
        }
    }

    /// Updates the elapsed time.
    pub(super) fn tick(&mut self, elapsed: Duration, tally: Tally) {
        match self.mode {
            OutputMode::LiveLines(_) | OutputMode::LiveSummary(_) => {
                self.redraw_all(elapsed, tally)
            }
            OutputMode::Lines if elapsed.saturating_sub(self.printed) >= SILENCE => {
                self.say(&standing(elapsed, tally));
                self.printed = elapsed;
            }
            OutputMode::Lines | OutputMode::Quiet => {}
        }
    }

    /// Removes the live lines.
    pub(super) fn end(&self) {
        match &self.mode {
            OutputMode::LiveLines(lines) => lines.clear(),
            OutputMode::LiveSummary(line) => line.clear(),
            OutputMode::Lines | OutputMode::Quiet => {}
        }
    }

    fn line(&self, index: usize, text: &str) -> String {
        let label = self.targets.all.get(index).map_or("", |target| target.label.as_str());
        format!("{label:width$}  {text}", width = self.width)
    }

    fn say(&self, text: &str) {
        match &self.mode {
            OutputMode::Quiet => {}
            OutputMode::Lines => report::note(text),
            OutputMode::LiveLines(lines) => lines.above(text),
            OutputMode::LiveSummary(line) => line.above(text),
        }
    }

    fn redraw_all(&self, elapsed: Duration, tally: Tally) {
        match &self.mode {
            OutputMode::LiveLines(_) => {
                (0..self.tracks.len()).for_each(|index| self.redraw(index, elapsed, tally));
            }
            OutputMode::LiveSummary(line) => line.set(standing(elapsed, tally)),
            OutputMode::Lines | OutputMode::Quiet => {}
        }
    }

    fn redraw(&self, index: usize, elapsed: Duration, tally: Tally) {
        match &self.mode {
            OutputMode::LiveLines(lines) if !self.ended[index] => {
                lines.set(index, self.line(index, &self.tracks[index].text(elapsed)));
            }
            OutputMode::LiveSummary(line) => line.set(standing(elapsed, tally)),
            OutputMode::LiveLines(_) | OutputMode::Lines | OutputMode::Quiet => {}
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
