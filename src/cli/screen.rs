//! Progress on stderr: a line now and then, or, on a terminal, lines that are redrawn.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::report;
use crate::secrets::urls;

/// The longest silence where nothing is redrawn.
const SILENCE: Duration = Duration::from_secs(60);
/// The time between two updates of a line that is redrawn.
const REDRAW: Duration = Duration::from_secs(1);

/// Shows the progress of a command. Times are since its start.
#[derive(Debug)]
pub(super) struct Screen {
    mode: Mode,
    /// The time of the last output.
    printed: Duration,
}

#[derive(Debug)]
enum Mode {
    Quiet,
    Lines,
    Live { all: MultiProgress, lines: Vec<ProgressBar> },
}

impl Screen {
    /// A screen with `count` lines that are redrawn, if stderr is a terminal.
    pub(super) fn open(quiet: bool, count: usize) -> Self {
        let mode = match (quiet, report::is_live()) {
            (true, _) => Mode::Quiet,
            (false, false) => Mode::Lines,
            (false, true) => {
                let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
                let line = |_| {
                    let bar = all.add(ProgressBar::no_length());
                    bar.set_style(style());
                    bar
                };
                let lines: Vec<_> = (0..count).map(line).collect();
                if let [only] = lines.as_slice() {
                    only.enable_steady_tick(Duration::from_millis(200));
                }
                Mode::Live { all, lines }
            }
        };
        Self { mode, printed: Duration::ZERO }
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self.mode, Mode::Live { .. })
    }

    /// Prints text, above the lines that are redrawn.
    pub(super) fn say(&mut self, text: &str, elapsed: Duration) {
        match &self.mode {
            Mode::Quiet => {}
            Mode::Lines => report::note(text),
            Mode::Live { all, .. } => all.suspend(|| report::note(text)),
        }
        self.printed = elapsed;
    }

    /// Replaces a line that is redrawn.
    pub(super) fn set(&self, index: usize, text: &str) {
        if let Some(line) = self.line(index) {
            line.tick();
            line.set_message(in_line(text));
        }
    }

    /// Replaces a line that is redrawn for the last time.
    pub(super) fn finish(&self, index: usize, text: &str) {
        if let Some(line) = self.line(index) {
            line.abandon_with_message(in_line(text));
        }
    }

    fn line(&self, index: usize) -> Option<&ProgressBar> {
        match &self.mode {
            Mode::Live { lines, .. } => lines.get(index),
            Mode::Quiet | Mode::Lines => None,
        }
    }

    /// The time until there is something to redraw or to say.
    pub(super) fn until_tick(&self, elapsed: Duration) -> Duration {
        match self.mode {
            Mode::Live { .. } => REDRAW,
            Mode::Lines => (self.printed + SILENCE).saturating_sub(elapsed).max(REDRAW),
            Mode::Quiet => Duration::from_secs(3600),
        }
    }

    /// True if nothing is redrawn, and nothing has been said for long.
    pub(super) fn is_silent(&self, elapsed: Duration) -> bool {
        matches!(self.mode, Mode::Lines) && elapsed.saturating_sub(self.printed) >= SILENCE
    }

    /// Removes the lines that are redrawn.
    pub(super) fn clear(&self) {
        if let Mode::Live { lines, .. } = &self.mode {
            lines.iter().for_each(ProgressBar::finish_and_clear);
        }
    }
}

fn in_line(text: &str) -> String {
    report::one_line(&urls::masked(&report::known().redact(text)))
}

fn style() -> ProgressStyle {
    // A template without fields cannot be wrong; if it were, the default one would do.
    ProgressStyle::with_template("{spinner} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_terminal_something_is_said_once_a_minute() {
        let seconds = Duration::from_secs;
        let mut screen = Screen { mode: Mode::Lines, printed: seconds(10) };
        assert_eq!(screen.until_tick(seconds(20)), seconds(50));
        assert!(!screen.is_silent(seconds(69)));
        assert!(screen.is_silent(seconds(70)));
        screen.say("", seconds(70));
        assert!(!screen.is_silent(seconds(129)));
    }
}
