//! What the command says: the only file that prints.
//!
//! Results go to stdout, everything else to stderr. Styles are stripped where the stream is no
//! terminal or `NO_COLOR` is set. A reader that has gone away is no error: there is nobody left to
//! tell.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Effects, Style};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use crate::client::CallError;

use super::exit::{Exit, Failure};

/// What a command has to say, and how it exits.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) exit: Exit,
}

impl Report {
    /// A success with a result.
    pub(super) fn text(stdout: impl Into<String>) -> Self {
        Self { stdout: stdout.into(), ..Self::default() }
    }

    /// The same with a remark.
    pub(super) fn with_stderr(mut self, stderr: impl Into<String>) -> Self {
        self.stderr = stderr.into();
        self
    }

    /// The same with another exit code.
    pub(super) fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Prints it; the exit code, which is another one if the result could not be written.
    pub(super) fn print(&self) -> Exit {
        note(&self.stderr);
        match result(&self.stdout) {
            Err(error) => {
                note(&format!("error: the result could not be written: {error}"));
                if self.exit == Exit::Success { Exit::Usage } else { self.exit }
            }
            Ok(()) => self.exit,
        }
    }
}

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum Format {
    // No doc comments here: they would make clap's help twice as long.
    // For people, and for `$(…)`.
    #[default]
    Text,
    // One JSON object, for programs; it begins with `"version": 1`.
    Json,
}

/// Indented JSON that keeps the order of the keys.
pub(super) fn json(value: &Value) -> String {
    format!("{value:#}\n")
}

/// A call error as JSON.
pub(super) fn call_error(error: &CallError) -> Value {
    serde_json::json!({
        "code": error.code(),
        "message": error.message(),
        "status": error.status(),
        "kind": error.kind(),
    })
}

/// Prints to stdout. A closed pipe is not an error, see above.
pub(super) fn result(text: &str) -> io::Result<()> {
    let mut stream = anstream::stdout().lock();
    match write!(stream, "{text}{}", newline(text)).and_then(|()| stream.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Prints to stderr.
pub(super) fn note(text: &str) {
    let mut stream = anstream::stderr().lock();
    let _ = write!(stream, "{text}{}", newline(text)).and_then(|()| stream.flush());
}

fn newline(text: &str) -> &'static str {
    if text.is_empty() || text.ends_with('\n') { "" } else { "\n" }
}

/// A string without its quotes, anything else as JSON in one line.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), printable)
}

/// Text of a service's, without what a terminal would obey.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { ' ' } else { c })
        .collect()
}

/// The same in one line, without tabs either.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// An error for people: what happened, why, and what to do next.
pub(super) fn error_text(error: &anyhow::Error) -> String {
    let mut text = format!("{ERROR}error:{ERROR:#} {error}");
    for cause in error.chain().skip(1) {
        text.push_str(&format!("\n  because: {cause}"));
    }
    if let Some(advice) = error.downcast_ref::<Failure>().and_then(Failure::advice) {
        text.push_str(&format!("\n{HELP}help:{HELP:#} {advice}"));
    }
    text
}

const ERROR: Style = AnsiColor::Red.on_default().effects(Effects::BOLD);
const HELP: Style = AnsiColor::Cyan.on_default();

/// `error: message` and, where there is one, `help: advice`.
pub(super) fn error_and_advice(message: &str, advice: Option<&str>) -> String {
    let mut text = format!("{ERROR}error:{ERROR:#} {}", printable(message));
    if let Some(advice) = advice {
        text.push_str(&self::advice(advice));
    }
    text
}

/// `help: …`, on a line of its own.
pub(super) fn advice(advice: &str) -> String {
    format!("\n{HELP}help:{HELP:#} {advice}")
}

/// Whether people watch stderr on a terminal that can redraw a line.
pub(super) fn is_live() -> bool {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stderr().is_terminal() && !dumb
}

/// Whether there is somebody to ask.
pub(super) fn asks_people() -> bool {
    is_live() && std::io::stdin().is_terminal()
}

/// Whether stderr shows styles.
pub(super) fn has_colors() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}

/// The one line on a terminal that is redrawn while a wait runs.
#[derive(Debug)]
pub(super) struct LiveLine(ProgressBar);

impl LiveLine {
    pub(super) fn start() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(live_style());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// Replaces the line.
    pub(super) fn set(&self, text: String) {
        self.0.set_message(text);
    }

    /// Prints above the line.
    pub(super) fn above(&self, text: &str) {
        self.0.suspend(|| note(text));
    }

    /// Takes the line away.
    pub(super) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

fn live_style() -> ProgressStyle {
    // A template without fields cannot be wrong; if it were, the default one would do.
    ProgressStyle::with_template("{spinner} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// As many such lines, one below the other.
#[derive(Debug)]
pub(super) struct LiveLines {
    all: MultiProgress,
    lines: Vec<ProgressBar>,
}

impl LiveLines {
    pub(super) fn start(count: usize) -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
        let line = |_| {
            let bar = all.add(ProgressBar::no_length());
            bar.set_style(live_style());
            bar
        };
        let lines = (0..count).map(line).collect();
        Self { all, lines }
    }

    /// Replaces a line.
    pub(super) fn set(&self, index: usize, text: String) {
        if let Some(line) = self.lines.get(index) {
            line.tick();
            line.set_message(text);
        }
    }

    /// Replaces a line for the last time.
    pub(super) fn finish(&self, index: usize, text: String) {
        if let Some(line) = self.lines.get(index) {
            line.abandon_with_message(text);
        }
    }

    /// Prints above the lines.
    pub(super) fn above(&self, text: &str) {
        self.all.suspend(|| note(text));
    }

    /// Takes the lines away.
    pub(super) fn clear(&self) {
        for line in &self.lines {
            line.finish_and_clear();
        }
    }
}
