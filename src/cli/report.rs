//! The output of the command. No other file prints, but `screen` draws progress on a terminal.
//!
//! Results go to stdout, everything else to stderr. Styles are stripped where the stream is not a terminal or
//! `NO_COLOR` is set. A closed pipe is not an error.
//!
//! In everything that is printed, known secrets are replaced, and control characters and commands of CI are
//! escaped ([`escape`]). Text from outside is also escaped where it is put into a message, since only there its
//! line breaks can be told from ours.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::LazyLock;

use clap::builder::styling::{AnsiColor, Effects, Style};
use clap::error::ContextValue;
use serde_json::Value;

use crate::client::CallError;
use crate::secrets::{KnownSecrets, urls};

use super::exit::{Exit, Failure};

mod escape;

/// The secrets that this process has come to know. Global, since they are replaced in all output.
static KNOWN: LazyLock<KnownSecrets> = LazyLock::new(KnownSecrets::default);

/// The secrets that are replaced in all output.
pub(super) fn known() -> &'static KnownSecrets {
    &KNOWN
}

/// The output and the exit code of a command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) exit: Exit,
    /// True if stdout is a script, a page or commands of our own, and printed as it is.
    pub(super) verbatim: bool,
}

impl Report {
    /// A success with a result.
    pub(super) fn text(stdout: impl Into<String>) -> Self {
        Self { stdout: stdout.into(), ..Self::default() }
    }

    /// A success with a script, a page or commands of our own, in which text from outside is already escaped.
    pub(super) fn verbatim(stdout: impl Into<String>) -> Self {
        Self { verbatim: true, ..Self::text(stdout) }
    }

    /// A success with workflow commands of our own, whose control characters are escaped.
    pub(super) fn commands(stdout: &str) -> Self {
        Self::verbatim(escape::commands(stdout))
    }

    /// The same with text for stderr.
    pub(super) fn with_stderr(mut self, stderr: impl Into<String>) -> Self {
        self.stderr = stderr.into();
        self
    }

    /// The same with another exit code.
    pub(super) fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Prints the report and returns the exit code, which is [`Exit::Usage`] for a success that could not be
    /// written.
    pub(super) fn print(&self) -> Exit {
        note(&self.stderr);
        let printed = if self.verbatim { write_out(&self.stdout) } else { result(&self.stdout) };
        match printed {
            Err(error) => {
                note(&format!("error: the result could not be written: {error}"));
                if self.exit == Exit::Success { Exit::Usage } else { self.exit }
            }
            Ok(()) => self.exit,
        }
    }
}

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum Format {
    // No doc comments here: they would make clap's help twice as long.
    // For people, and for `$(…)`.
    #[default]
    Text,
    // One JSON object, for programs; it begins with `"version": 1`.
    Json,
}

impl Format {
    /// A success with a result as text or as JSON.
    pub(super) fn report(
        self,
        text: impl FnOnce() -> String,
        json: impl FnOnce() -> Value,
    ) -> Report {
        Report::text(match self {
            Self::Text => text(),
            Self::Json => self::json(json()),
        })
    }
}

/// Indented JSON that keeps the order of the keys, without known secrets.
pub(super) fn json(mut value: Value) -> String {
    known().redact_value(&mut value);
    escape::json(&format!("{value:#}\n"))
}

/// One object with the members of all `objects`.
pub(super) fn merged(objects: impl IntoIterator<Item = Value>) -> Value {
    let members = objects.into_iter().filter_map(|object| {
        if let Value::Object(members) = object { Some(members) } else { None }
    });
    Value::Object(members.flatten().collect())
}

/// Prints a piece of a [`JsonList`].
pub(super) fn json_piece(text: &str) -> io::Result<()> {
    write_out(text)
}

/// A JSON list that is printed item by item and need not fit in memory. The pieces are whole lines of the text
/// that [`json`] makes of `{"version": 1, NAME: [..]}`.
#[derive(Debug)]
pub(super) struct JsonList {
    name: &'static str,
    /// The last item; a comma follows it if it is not the last of all.
    last: Option<String>,
}

impl JsonList {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, last: None }
    }

    /// The text before this item, which is kept.
    pub(super) fn item(&mut self, item: Value) -> String {
        let text = format!("    {}", json(item).trim_end()).replace('\n', "\n    ");
        match self.last.replace(text) {
            None => format!("{}[\n", self.head()),
            Some(last) => format!("{last},\n"),
        }
    }

    /// The text from the last item on.
    pub(super) fn end(self) -> String {
        match &self.last {
            None => format!("{}[]\n}}\n", self.head()),
            Some(last) => format!("{last}\n  ]\n}}\n"),
        }
    }

    fn head(&self) -> String {
        format!("{{\n  \"version\": 1,\n  \"{}\": ", self.name)
    }
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

/// Prints to stdout.
pub(super) fn result(text: &str) -> io::Result<()> {
    write_out(&escape::page(&without_secrets(text)))
}

/// A result without known secrets. JSON is returned as it is: [`json`] has replaced them in its values, and
/// what still looks like one is part of a number.
fn without_secrets(text: &str) -> Cow<'_, str> {
    let redacted = known().redact(text);
    let is_json = || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if matches!(redacted, Cow::Owned(_)) && is_json() { text.into() } else { redacted }
}

fn write_out(text: &str) -> io::Result<()> {
    let mut stream = anstream::stdout().lock();
    match write!(stream, "{text}{}", newline(text)).and_then(|()| stream.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Prints to stderr, also without secrets in URLs.
pub(super) fn note(text: &str) {
    let text = escape::page(&urls::masked(&known().redact(text)));
    let mut stream = anstream::stderr().lock();
    let _ = write!(stream, "{text}{}", newline(&text)).and_then(|()| stream.flush());
}

/// Prints the log line by line.
#[derive(Debug)]
pub(super) struct LogWriter;

impl io::Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        // Further lines of a message must not look like lines of the log.
        note(&text.trim_end().replace(['\n', '\r'], "\n    "));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Prints a panic, whose message may hold text from outside.
pub(super) fn panicked(panic: &std::panic::PanicHookInfo<'_>) {
    let backtrace = std::backtrace::Backtrace::capture();
    note(&escape::message(&format!("{panic}")));
    if backtrace.status() == std::backtrace::BacktraceStatus::Captured {
        note(&backtrace.to_string());
    }
}

fn newline(text: &str) -> &'static str {
    if text.is_empty() || text.ends_with('\n') { "" } else { "\n" }
}

/// A string without its quotes, with its lines as they are; anything else as JSON in one line.
pub(super) fn plain(value: &Value) -> String {
    lines(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// Text from outside in one line.
pub(super) fn one_line(text: &str) -> String {
    escape::one_line(&known().redact(text))
}

/// A path in one line.
pub(super) fn path(path: &Path) -> String {
    one_line(&path.display().to_string())
}

/// Text from outside, escaped, with its line breaks.
pub(super) fn lines(text: &str) -> String {
    escape::value(&known().redact(text))
}

/// A message from outside, or with text from outside in it. Lines after the first are indented.
pub(super) fn printable(text: &str) -> String {
    escape::message(&known().redact(text))
}

/// An error for people: what happened, why, and what to do next.
pub(super) fn error_text(error: &anyhow::Error) -> String {
    let mut text = format!("{ERROR}error:{ERROR:#} {}", indented(&error.to_string()));
    for cause in error.chain().skip(1) {
        text.push_str(&format!("\n  because: {}", indented(&cause.to_string())));
    }
    if let Some(advice) = error.downcast_ref::<Failure>().and_then(|failure| failure.help.as_ref())
    {
        text.push_str(&self::advice(advice));
    }
    text
}

/// A formatted message of ours that may hold text from outside: indents the lines after the first.
fn indented(text: &str) -> String {
    let at_margin = |line: &str| !line.is_empty() && !line.starts_with(' ');
    if text.lines().skip(1).any(at_margin) { text.replace('\n', "\n  ") } else { text.to_owned() }
}

/// An error of clap as text, with the words of the command line escaped.
pub(super) fn usage_text(error: &clap::Error) -> String {
    let mut text = error.render().ansi().to_string();
    for (_, value) in error.context() {
        let words = match value {
            ContextValue::String(word) => std::slice::from_ref(word),
            ContextValue::Strings(words) => words.as_slice(),
            // Our own text.
            ContextValue::None
            | ContextValue::Bool(_)
            | ContextValue::Number(_)
            | ContextValue::StyledStr(_)
            | ContextValue::StyledStrs(_)
            | _ => &[],
        };
        for word in words.iter().filter(|word| one_line(word) != **word) {
            text = text.replace(word, &one_line(word));
        }
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

/// `help: …` on its own line.
pub(super) fn advice(advice: &str) -> String {
    format!("\n{HELP}help:{HELP:#} {}", indented(advice))
}

/// True if stderr is a terminal that can redraw a line.
pub(super) fn is_live() -> bool {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stderr().is_terminal() && !dumb
}

/// True if the user can be asked questions.
pub(super) fn asks_people() -> bool {
    is_live() && std::io::stdin().is_terminal()
}

/// True if stderr shows styles.
pub(super) fn has_colors() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}
