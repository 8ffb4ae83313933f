//! Problems of waiter files and their positions, as data.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// The severity of a finding. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// For information.
    Note,
    /// The waiter works, but probably not as intended.
    Warning,
    /// The waiter cannot be used.
    Error,
}

impl Severity {
    /// `note`, `warning` or `error`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// The configured severity of a rule's findings. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RuleLevel {
    /// Not reported.
    Off,
    /// [`Severity::Note`].
    Note,
    /// [`Severity::Warning`].
    Warning,
    /// [`Severity::Error`].
    Error,
}

impl RuleLevel {
    /// The severity; `None` for [`RuleLevel::Off`].
    #[must_use]
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Note => Some(Severity::Note),
            Self::Warning => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
        }
    }
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The name of the rule, e.g. `unknown-key`.
    pub rule: &'static str,
    /// The severity.
    pub severity: Severity,
    /// The position in the document, as a JSON pointer, e.g. `/waiters/cluster_paused/acceptors/0/state`.
    pub pointer: String,
    /// The position in the string at `pointer`, in bytes, e.g. in an expression.
    pub offset: Option<usize>,
    /// The range in the text, in bytes; `None` if there is no text.
    pub span: Option<Range<usize>>,
    /// The message.
    pub message: String,
    /// Advice on fixing it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error found by `rule` at `pointer`.
    pub fn error(
        rule: &'static str,
        pointer: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            severity: Severity::Error,
            pointer: pointer.into(),
            offset: None,
            span: None,
            message: message.into(),
            help: None,
        }
    }

    /// Sets the help.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Sets the position in the string at the pointer, in bytes.
    #[must_use]
    pub fn at_offset(mut self, offset: usize) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Sets the range in the text, in bytes.
    #[must_use]
    pub fn at(mut self, span: Range<usize>) -> Self {
        self.span = Some(span);
        self
    }
}

/// A key as a part of a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)).
#[must_use]
pub fn pointer_part(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: ", self.severity.as_str(), self.rule)?;
        if !self.pointer.is_empty() {
            write!(f, "{}: ", self.pointer)?;
        }
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// Why a waiter file, or one waiter of it, cannot be used: every problem that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    diagnostics: Vec<Diagnostic>,
}

impl Invalid {
    /// An error that consists of `diagnostics`.
    #[must_use]
    pub fn new(diagnostics: Vec<Diagnostic>) -> Self {
        Self { diagnostics }
    }

    /// The problems, in the order of the text.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the waiter is not valid")?;
        for diagnostic in &self.diagnostics {
            write!(f, "\n  {diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

/// A text that is cut where it is too long to be read on a line.
#[must_use]
pub fn shortened(text: &str) -> String {
    const SHOWN: usize = 200;
    cut(text, SHOWN)
}

/// The first `most` characters of a text, with an ellipsis if there are more.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Line and column of a byte offset in `text`, both from 1; columns count characters.
#[must_use]
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The one of `candidates` that `name` probably means, for a "did you mean".
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const CLOSE: f64 = 0.65;
    // Comparing takes the product of both lengths; nobody mistypes a name into one this long.
    if name.len() > 200 {
        return None;
    }
    let wanted = fold(name);
    candidates
        .into_iter()
        .map(|candidate| {
            (strsim::normalized_damerau_levenshtein(&wanted, &fold(candidate)), candidate)
        })
        .filter(|(likeness, _)| *likeness >= CLOSE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// A name without what its spellings differ in: `ClusterPaused`, `cluster-paused` and `cluster_paused`
/// are one name.
#[must_use]
pub fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}
