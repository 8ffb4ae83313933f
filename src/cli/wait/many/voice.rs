//! What is said on stderr while many waits run: on a terminal a live line for each, or one for all
//! where they would not fit; otherwise a line per change that begins with the target, and one a
//! minute for all.

use std::time::Duration;

use super::Tally;
use crate::cli::duration::show;
use crate::cli::progress::LIVE;
use crate::cli::progress::SILENCE;
use crate::cli::progress::Track;
use crate::cli::report;
use crate::cli::report::LiveLine;
use crate::cli::report::LiveLines;
use crate::cli::wait::targets::Targets;
use crate::engine::Outcome;
use crate::engine::Poll;
use crate::engine::Status;

/// The most live lines.
const MOST_LINES: usize = 20;
/// The width to which targets are filled up, so that what follows stands in a column.
const MOST_WIDTH: usize = 40;

/// The voice of all waits.
#[derive(Debug)]
pub(super) struct Voice<'a> {
    targets: &'a Targets,
    tracks: Vec<Track<'a>>,
    ended: Vec<bool>,
    kind: Kind,
    verbose: bool,
    width: usize,
    /// When something was printed last, as time since the start.
    printed: Duration,
}

#[derive(Debug)]
enum Kind {
    Quiet,
    Lines,
    LiveLines(LiveLines),
    LiveSummary(LiveLine),
}

impl<'a> Voice<'a> {
    pub(super) fn new(targets: &'a Targets, quiet: bool, verbose: bool) -> Self {
        let count = targets.all.len();
        let kind = match (quiet, report::is_live()) {
            (true, _) => Kind::Quiet,
            (false, true) if count <= MOST_LINES => Kind::LiveLines(LiveLines::start(count)),
            (false, true) => Kind::LiveSummary(LiveLine::start()),
            (false, false) => Kind::Lines,
        };
        Self::with_kind(targets, kind, verbose)
    }

    fn with_kind(targets: &'a Targets, kind: Kind, verbose: bool) -> Self {
        let widths = targets.all.iter().map(|one| one.label.chars().count());
        Self {
            targets,
            tracks: targets.all.iter().map(|one| Track::new(&one.waiter)).collect(),
            ended: vec![false; targets.all.len()],
            kind,
            verbose,
            width: widths.max().unwrap_or(0).min(MOST_WIDTH),
            printed: Duration::ZERO,
        }
    }

    /// Says what is waited for, and for how long at most.
    pub(super) fn begin(&self, text: &str) {
        self.say(text);
        self.redraw_all(Duration::ZERO, Tally::new(self.targets));
    }

    /// Takes in one poll of one target.
    pub(super) fn polled(&mut self, index: usize, poll: &Poll, elapsed: Duration, tally: Tally) {
        let Some(track) = self.tracks.get_mut(index) else { return };
        let changed = track.polled(poll);
        // The error that ends a wait is told by the line that ends it.
        let told = poll.next_delay.is_none() && poll.decision.matched.is_none();
        if self.verbose {
            let details = self.tracks[index].details(poll);
            self.say(&self.line(index, &details));
            self.printed = elapsed;
        } else if matches!(self.kind, Kind::Lines) && changed && !told {
            self.say(&self.line(index, &self.tracks[index].text(poll.elapsed)));
            self.printed = elapsed;
        }
        self.redraw(index, elapsed, tally);
    }

    /// Takes in the end of one target.
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
        match &self.kind {
            Kind::LiveLines(lines) => lines.finish(index, line.to_owned()),
            // What was cut short is said by the summary.
            _ if outcome.status() == Status::Cancelled => {}
            Kind::LiveSummary(_) if outcome.status() == Status::Success => {}
            Kind::Lines | Kind::LiveSummary(_) => {
                self.say(line);
                self.printed = elapsed;
            }
            Kind::Quiet => {}
        }
        if let Kind::LiveSummary(live) = &self.kind {
            live.set(standing(elapsed, tally));
        }
    }

    /// The time until [`Voice::tick`] has something to do.
    pub(super) fn until_tick(&self, elapsed: Duration) -> Duration {
        match self.kind {
            Kind::LiveLines(_) | Kind::LiveSummary(_) => LIVE,
            Kind::Lines => (self.printed + SILENCE).saturating_sub(elapsed).max(LIVE),
            Kind::Quiet => Duration::from_secs(3600),
        }
    }

    /// Time passes, and nothing else happens.
    pub(super) fn tick(&mut self, elapsed: Duration, tally: Tally) {
        match self.kind {
            Kind::LiveLines(_) | Kind::LiveSummary(_) => self.redraw_all(elapsed, tally),
            Kind::Lines if elapsed.saturating_sub(self.printed) >= SILENCE => {
                self.say(&standing(elapsed, tally));
                self.printed = elapsed;
            }
            Kind::Lines | Kind::Quiet => {}
        }
    }

    /// Takes the live lines away.
    pub(super) fn end(&self) {
        match &self.kind {
            Kind::LiveLines(lines) => lines.clear(),
            Kind::LiveSummary(line) => line.clear(),
            Kind::Lines | Kind::Quiet => {}
        }
    }

    fn line(&self, index: usize, text: &str) -> String {
        let label = self.targets.all.get(index).map_or("", |one| one.label.as_str());
        format!("{label:width$}  {text}", width = self.width)
    }

    fn say(&self, text: &str) {
        match &self.kind {
            Kind::Quiet => {}
            Kind::Lines => report::note(text),
            Kind::LiveLines(lines) => lines.above(text),
            Kind::LiveSummary(line) => line.above(text),
        }
    }

    fn redraw_all(&self, elapsed: Duration, tally: Tally) {
        match &self.kind {
            Kind::LiveLines(_) => {
                (0..self.tracks.len()).for_each(|index| self.redraw(index, elapsed, tally));
            }
            Kind::LiveSummary(line) => line.set(standing(elapsed, tally)),
            Kind::Lines | Kind::Quiet => {}
        }
    }

    fn redraw(&self, index: usize, elapsed: Duration, tally: Tally) {
        match &self.kind {
            Kind::LiveLines(lines) if !self.ended[index] => {
                lines.set(index, self.line(index, &self.tracks[index].text(elapsed)));
            }
            Kind::LiveSummary(line) => line.set(standing(elapsed, tally)),
            Kind::LiveLines(_) | Kind::Lines | Kind::Quiet => {}
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
