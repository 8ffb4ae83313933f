//! The progress of a wait on stderr: a live line on a terminal, else a line per change and one a minute.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use crate::config::State;
use crate::engine::Poll;
use crate::matcher::{Acceptor, Verdict};
use crate::waiter::Waiter;

use super::duration::show;
use super::keywords;
use super::report::{self, LiveLine};

/// The longest silence where there is no live line.
pub(super) const SILENCE: Duration = Duration::from_secs(60);
/// How often the live line counts on.
pub(super) const LIVE: Duration = Duration::from_secs(1);

/// Shows the progress of one wait.
#[derive(Debug)]
pub(super) struct Progress<'a> {
    track: PollTracker<'a>,
    mode: OutputMode,
    verbose: bool,
    /// When something was printed last, as time since the start of the wait.
    printed: Duration,
}

#[derive(Debug)]
enum OutputMode {
    Quiet,
    Lines,
    Live(LiveLine),
}

/// The state of a running wait, in words.
#[derive(Debug)]
pub(super) struct PollTracker<'a> {
    waiter: &'a Waiter,
    /// The last poll.
    last: Option<LastPoll>,
}

#[derive(Debug)]
struct LastPoll {
    attempt: u64,
    state: String,
    at: Duration,
    next: Option<Duration>,
}

impl<'a> Progress<'a> {
    pub(super) fn new(waiter: &'a Waiter, quiet: bool, verbose: bool) -> Self {
        let mode = match (quiet, report::is_live()) {
            (true, _) => OutputMode::Quiet,
            (false, true) => OutputMode::Live(LiveLine::start()),
            (false, false) => OutputMode::Lines,
        };
        Self { track: PollTracker::new(waiter), mode, verbose, printed: Duration::ZERO }
    }

    /// Shows what is waited for, and its limits.
    pub(super) fn begin(&self, text: &str) {
        self.say(text);
        self.redraw(Duration::ZERO);
    }

    /// Records a poll.
    pub(super) fn polled(&mut self, poll: &Poll) {
        let changed = self.track.polled(poll);
        let live = matches!(self.mode, OutputMode::Live(_));
        // The summary shows the error that ends the wait.
        let is_final_error = poll.next_delay.is_none() && poll.decision.matched.is_none();
        if self.verbose {
            self.say(&self.track.details(poll));
            self.printed = poll.elapsed;
        } else if !live
            && !is_final_error
            && (changed || poll.elapsed.saturating_sub(self.printed) >= SILENCE)
        {
            self.line(poll.elapsed);
        }
        self.redraw(poll.elapsed);
    }

    /// The time until [`Progress::tick`] has something to do.
    pub(super) fn until_tick(&self, elapsed: Duration) -> Duration {
        match self.mode {
            OutputMode::Live(_) => LIVE,
            OutputMode::Lines => (self.printed + SILENCE).saturating_sub(elapsed).max(LIVE),
            OutputMode::Quiet => Duration::from_secs(3600),
        }
    }

    /// Updates the elapsed time.
    pub(super) fn tick(&mut self, elapsed: Duration) {
        match self.mode {
            OutputMode::Live(_) => self.redraw(elapsed),
            OutputMode::Lines if elapsed.saturating_sub(self.printed) >= SILENCE => {
                self.line(elapsed)
            }
            OutputMode::Lines | OutputMode::Quiet => {}
        }
    }

    /// Removes the live line.
    pub(super) fn end(&self) {
        if let OutputMode::Live(line) = &self.mode {
            line.clear();
        }
    }

    fn line(&mut self, elapsed: Duration) {
        self.say(&self.track.text(elapsed));
        self.printed = elapsed;
    }

    fn say(&self, text: &str) {
        match &self.mode {
            OutputMode::Quiet => {}
            OutputMode::Lines => report::note(text),
            OutputMode::Live(line) => line.above(text),
        }
    }

    fn redraw(&self, elapsed: Duration) {
        if let OutputMode::Live(line) = &self.mode {
            line.set(self.track.text(elapsed));
        }
    }
}

impl<'a> PollTracker<'a> {
    pub(super) fn new(waiter: &'a Waiter) -> Self {
        Self { waiter, last: None }
    }

    /// Records a poll; returns whether it saw something else than the one before.
    pub(super) fn polled(&mut self, poll: &Poll) -> bool {
        let state = report::one_line(&state(self.waiter, poll));
        let changed = self.last.as_ref().is_none_or(|last| last.state != state);
        self.last = Some(LastPoll {
            attempt: poll.attempt,
            state,
            at: poll.elapsed,
            next: poll.next_delay,
        });
        changed
    }

    /// What each acceptor saw, expected and decided.
    pub(super) fn details(&self, poll: &Poll) -> String {
        details(self.waiter, poll)
    }

    /// E.g. `1 min 30 s  attempt 4/60  pausing  next poll in 12 s`.
    pub(super) fn text(&self, elapsed: Duration) -> String {
        let schedule = self.waiter.schedule();
        let mut text = show(elapsed);
        match &self.last {
            None => match schedule.initial_delay.saturating_sub(elapsed) {
                Duration::ZERO => text.push_str("  first poll"),
                rest => {
                    let _ = write!(text, "  first poll in {}", show(rest));
                }
            },
            Some(seen) => {
                let most = schedule.max_attempts.map(|most| format!("/{most}")).unwrap_or_default();
                let _ = write!(text, "  attempt {}{most}  {}", seen.attempt, seen.state);
                if let Some(next) = seen.next {
                    match (seen.at + next).saturating_sub(elapsed) {
                        Duration::ZERO if elapsed > seen.at => text.push_str("  polling"),
                        Duration::ZERO => {}
                        rest => {
                            let _ = write!(text, "  next poll in {}", show(rest));
                        }
                    }
                }
            }
        }
        if let Some(timeout) = schedule.timeout {
            let _ = write!(text, "  {} left", show(timeout.saturating_sub(elapsed)));
        }
        text
    }
}

/// What a poll saw, in a few words.
fn state(waiter: &Waiter, poll: &Poll) -> String {
    let baseline = if poll.decision.is_baseline { " (still the baseline)" } else { "" };
    format!("{}{baseline}", reply(waiter, poll))
}

/// What the reply is, in a few words.
fn reply(waiter: &Waiter, poll: &Poll) -> String {
    let accepted = poll.decision.matched.and_then(|index| waiter.acceptors().get(index));
    if let Some(error) = poll.seen.error() {
        let shown = poll.shown.as_ref().map(|shown| format!("{}, ", compact(shown)));
        let again = match (accepted, poll.next_delay) {
            (None, Some(_)) => "; trying again",
            _ => "",
        };
        return format!(
            "{}{}: {}{again}",
            shown.unwrap_or_default(),
            error.code(),
            error.message()
        );
    }
    if let Some(shown) = poll.shown.as_ref().filter(|shown| !is_blank(shown)) {
        return compact(shown);
    }
    match (accepted, poll.seen.status()) {
        (Some(acceptor), _) => acceptor.explanation(),
        (None, Some(status)) => format!("HTTP {status}, no acceptor matches"),
        (None, None) => "no acceptor matches".to_owned(),
    }
}

/// Whether a shown value is empty, e.g. the states of an empty list.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_blank),
        Value::Object(members) => members.values().all(is_blank),
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn compact(value: &Value) -> String {
    const LONG: usize = 120;
    let text = report::one_line(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    if text.chars().count() <= LONG {
        return text;
    }
    let head: String = text.chars().take(LONG).collect();
    format!("{head}…")
}

/// What each acceptor saw, expected and decided.
fn details(waiter: &Waiter, poll: &Poll) -> String {
    let reply = match (poll.seen.error(), poll.seen.status()) {
        (Some(error), Some(status)) => {
            format!("HTTP {status}, {}: {}", error.code(), error.message())
        }
        (Some(error), None) => format!("{}: {}", error.code(), error.message()),
        (None, Some(status)) => format!("HTTP {status}"),
        (None, None) => "a reply".to_owned(),
    };
    let mut text =
        format!("poll {} after {}: {}", poll.attempt, show(poll.elapsed), report::one_line(&reply));
    if let Some(shown) = &poll.shown {
        let _ = write!(text, "; shown: {}", compact(shown));
    }
    for (index, acceptor) in waiter.acceptors().iter().enumerate() {
        let _ = write!(text, "\n  {}. {}", index + 1, finding(acceptor, poll));
        if poll.decision.matched == Some(index) {
            let state = keywords::state(acceptor.state);
            let _ = write!(text, "\n  acceptor {} decides: {state}", index + 1);
            if poll.decision.is_baseline && acceptor.state != State::Retry {
                text.push_str(", which does not count: still the baseline");
            }
            break;
        }
    }
    if poll.decision.matched.is_none() {
        text.push_str("\n  no acceptor matches");
    }
    match poll.next_delay {
        Some(delay) => {
            let _ = write!(text, "; next poll in {}", show(delay));
        }
        None => text.push_str("; that was the last poll"),
    }
    text
}

fn finding(acceptor: &Acceptor, poll: &Poll) -> String {
    let finding = acceptor.examine(&poll.seen);
    let saw = finding.saw.as_ref().map_or("nothing".to_owned(), compact_json);
    let decided = match &finding.verdict {
        Verdict::Match => "match".to_owned(),
        Verdict::NoMatch => "no match".to_owned(),
        Verdict::Unevaluable(error) => format!("cannot be evaluated: {error}"),
    };
    let argument = acceptor.expression().map(|expression| format!(" `{}`", expression.as_str()));
    format!(
        "{} {}{} expected {}, saw {saw}: {decided}",
        keywords::state(acceptor.state),
        keywords::matcher(&acceptor.matcher),
        argument.unwrap_or_default(),
        acceptor.expected,
    )
}

fn compact_json(value: &Value) -> String {
    compact(&Value::String(value.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::WaiterFile;
    use crate::waiter::Options;

    #[test]
    fn without_a_terminal_something_is_said_once_a_minute() {
        let file: WaiterFile = serde_json::from_str(
            r#"{"version": 2, "waiters": {"up": {"operation": "GET", "delay": 300, "maxAttempts": 3,
                "acceptors": [{"state": "success", "matcher": "status", "expected": 200}]}}}"#,
        )
        .unwrap();
        let waiter =
            Waiter::compile("http", "up", &file.waiters["up"], &Options::default()).unwrap();
        let seconds = Duration::from_secs;
        let mut progress = Progress {
            track: PollTracker::new(&waiter),
            mode: OutputMode::Lines,
            verbose: false,
            printed: seconds(10),
        };
        assert_eq!(progress.until_tick(seconds(20)), seconds(50));
        progress.tick(seconds(69));
        assert_eq!(progress.printed, seconds(10));
        progress.tick(seconds(70));
        assert_eq!(progress.printed, seconds(70));
    }
}
