//! The progress of a wait on stderr: a live line on a terminal, else a line per change and one a minute.

use std::time::Duration;

use serde_json::Value;

use super::duration::show;
use super::screen::Screen;
use super::{keywords, report};
use crate::config::State;
use crate::diagnostic::cut;
use crate::engine::Poll;
use crate::matcher::{Acceptor, Verdict};
use crate::waiter::Waiter;

/// Shows the progress of one wait.
#[derive(Debug)]
pub(super) struct Progress<'a> {
    track: PollTracker<'a>,
    screen: Screen,
    verbose: bool,
}

impl<'a> Progress<'a> {
    pub(super) fn new(waiter: &'a Waiter, quiet: bool, verbose: bool) -> Self {
        Self { track: PollTracker::new(waiter), screen: Screen::open(quiet, 1), verbose }
    }

    /// Shows what is waited for, and its limits.
    pub(super) fn begin(&mut self, text: &str) {
        self.screen.say(text, Duration::ZERO);
        self.redraw(Duration::ZERO);
    }

    /// Records a poll.
    pub(super) fn polled(&mut self, poll: &Poll) {
        let changed = self.track.polled(poll);
        if self.verbose {
            self.screen.say(&self.track.details(poll), poll.elapsed);
        } else if !self.screen.is_live()
            && !is_final_error(poll)
            && (changed || self.screen.is_silent(poll.elapsed))
        {
            self.screen.say(&self.track.text(poll.elapsed), poll.elapsed);
        }
        self.redraw(poll.elapsed);
    }

    /// The time until [`Progress::tick`] has something to do.
    pub(super) fn until_tick(&self, elapsed: Duration) -> Duration {
        self.screen.until_tick(elapsed)
    }

    /// Updates the elapsed time.
    pub(super) fn tick(&mut self, elapsed: Duration) {
        if self.screen.is_silent(elapsed) {
            self.screen.say(&self.track.text(elapsed), elapsed);
        }
        self.redraw(elapsed);
    }

    /// Removes the live line.
    pub(super) fn end(&self) {
        self.screen.clear();
    }

    fn redraw(&self, elapsed: Duration) {
        self.screen.set(0, &self.track.text(elapsed));
    }
}

/// True if a poll failed and ended the wait. The report shows its error.
pub(super) fn is_final_error(poll: &Poll) -> bool {
    poll.next_delay.is_none() && poll.decision.matched.is_none()
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

impl<'a> PollTracker<'a> {
    pub(super) fn new(waiter: &'a Waiter) -> Self {
        Self { waiter, last: None }
    }

    /// Records a poll; returns whether it saw something else than the one before.
    pub(super) fn polled(&mut self, poll: &Poll) -> bool {
        let baseline = if poll.decision.is_baseline { " (still the baseline)" } else { "" };
        let state = report::one_line(&(reply(self.waiter, poll) + baseline));
        let changed = self.last.as_ref().is_none_or(|last| last.state != state);
        self.last = Some(LastPoll {
            attempt: poll.attempt,
            state,
            at: poll.elapsed,
            next: poll.next_delay,
        });
        changed
    }

    /// Describes what each acceptor saw, expected and decided.
    pub(super) fn details(&self, poll: &Poll) -> String {
        let status = poll.seen.status().map(|status| format!("HTTP {status}"));
        let error = poll.seen.error().map(|error| format!("{}: {}", error.code(), error.message()));
        let reply = status.into_iter().chain(error).collect::<Vec<_>>().join(", ");
        let reply = if reply.is_empty() { "a reply".to_owned() } else { report::one_line(&reply) };
        let mut text = format!("poll {} after {}: {reply}", poll.attempt, show(poll.elapsed));
        if let Some(shown) = &poll.shown {
            text += &format!("; shown: {}", compact(shown));
        }
        for (index, acceptor) in self.waiter.acceptors().iter().enumerate() {
            text += &format!("\n  {}. {}", index + 1, finding(acceptor, poll));
            if poll.decision.matched == Some(index) {
                let state = keywords::state(acceptor.state);
                text += &format!("\n  acceptor {} decides: {state}", index + 1);
                if poll.decision.is_baseline && acceptor.state != State::Retry {
                    text += ", which does not count: still the baseline";
                }
                break;
            }
        }
        if poll.decision.matched.is_none() {
            text += "\n  no acceptor matches";
        }
        match poll.next_delay {
            Some(delay) => text += &format!("; next poll in {}", show(delay)),
            None => text += "; that was the last poll",
        }
        text
    }

    /// E.g. `1 min 30 s  attempt 4/60  pausing  next poll in 12 s`.
    pub(super) fn text(&self, elapsed: Duration) -> String {
        let schedule = self.waiter.schedule();
        let mut text = show(elapsed);
        match &self.last {
            None => match schedule.initial_delay.saturating_sub(elapsed) {
                Duration::ZERO => text += "  first poll",
                rest => text += &format!("  first poll in {}", show(rest)),
            },
            Some(seen) => {
                let most = schedule.max_attempts.map(|most| format!("/{most}")).unwrap_or_default();
                text += &format!("  attempt {}{most}  {}", seen.attempt, seen.state);
                if let Some(next) = seen.next {
                    match (seen.at + next).saturating_sub(elapsed) {
                        Duration::ZERO if elapsed > seen.at => text += "  polling",
                        Duration::ZERO => {}
                        rest => text += &format!("  next poll in {}", show(rest)),
                    }
                }
            }
        }
        if let Some(timeout) = schedule.timeout {
            text += &format!("  {} left", show(timeout.saturating_sub(elapsed)));
        }
        text
    }
}

/// The reply in a few words.
fn reply(waiter: &Waiter, poll: &Poll) -> String {
    let accepted = poll.decision.matched.and_then(|index| waiter.acceptors().get(index));
    if let Some(error) = poll.seen.error() {
        let shown = poll.shown.as_ref().map(|shown| format!("{}, ", compact(shown)));
        let (shown, code, message) = (shown.unwrap_or_default(), error.code(), error.message());
        let is_retried = accepted.is_none() && poll.next_delay.is_some();
        let again = if is_retried { "; trying again" } else { "" };
        return format!("{shown}{code}: {message}{again}");
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

/// True if a shown value is empty, e.g. the states of an empty list.
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
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    cut(&report::one_line(&text), LONG)
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
