//! Findings as text with the place in the file, as JSON, and as GitHub annotations.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

use super::report;
use crate::catalog::BadFile;
use crate::diagnostic::{Diagnostic, Invalid, Severity};

/// The longest line that is shown as a whole, in bytes; the renderer cuts it to the width it has.
const LONG_LINE: usize = 4096;

/// A file, and the findings in it.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// The place of a finding: lines and columns from 1, in characters; the end is the first column after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

/// The problems of a waiter.
pub(super) fn invalid(invalid: &Invalid) -> String {
    Findings { diagnostics: invalid.diagnostics().to_vec(), ..Findings::default() }.to_text()
}

/// The problems of a file that cannot be used.
pub(super) fn bad_file(bad: &BadFile) -> String {
    let (name, text) = (bad.path.display().to_string(), bad.text.clone());
    Findings { name, text, diagnostics: bad.problems.diagnostics().to_vec() }.to_text()
}

impl Findings {
    pub(super) fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|finding| finding.severity == severity).count()
    }

    /// For people: each finding with its line of the file, with ANSI styles.
    pub(super) fn to_text(&self) -> String {
        let lines = Lines::new(&self.text);
        let renderer = Renderer::styled();
        let blocks: Vec<_> = self
            .diagnostics
            .iter()
            .map(|diagnostic| renderer.render(&[self.group(diagnostic, &lines)]))
            .collect();
        blocks.join("\n\n")
    }

    fn group<'a>(&'a self, diagnostic: &'a Diagnostic, lines: &Lines<'a>) -> Group<'a> {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let message = match &diagnostic.span {
            None if !diagnostic.pointer.is_empty() => {
                format!("{}: {}", diagnostic.pointer, diagnostic.message)
            }
            _ => diagnostic.message.clone(),
        };
        let group = Group::with_title(level.primary_title(message).id(diagnostic.rule));
        let group = match &diagnostic.span {
            Some(span) => self.locate(group, span, lines),
            None if self.name.is_empty() => group,
            None => group.element(Origin::path(report::one_line(&self.name))),
        };
        match &diagnostic.help {
            Some(help) => group.element(Level::HELP.message(report::lines(help))),
            None => group,
        }
    }

    /// Adds the line on which `span` begins, unless it is of a length that no person wrote.
    fn locate<'a>(&self, group: Group<'a>, span: &Range<usize>, lines: &Lines<'a>) -> Group<'a> {
        let (number, column) = lines.line_column(span.start);
        match lines.line(span) {
            Some((line, marked)) => group.element(
                Snippet::source(line)
                    .path(report::one_line(&self.name))
                    .line_start(number)
                    .annotation(AnnotationKind::Primary.span(marked)),
            ),
            None => {
                let origin = Origin::path(report::one_line(&self.name));
                group.element(origin.line(number).char_column(column))
            }
        }
    }

    /// For programs: an object for each finding.
    pub(super) fn to_json(&self) -> Vec<Value> {
        let lines = Lines::new(&self.text);
        let finding = |diagnostic: &Diagnostic| {
            let place = lines.place_of(diagnostic);
            json!({
                "rule": diagnostic.rule,
                "severity": diagnostic.severity.as_str(),
                "file": self.name,
                "line": place.map(|place| place.line),
                "column": place.map(|place| place.column),
                "endLine": place.map(|place| place.end_line),
                "endColumn": place.map(|place| place.end_column),
                "pointer": diagnostic.pointer,
                "message": diagnostic.message,
                "help": diagnostic.help,
            })
        };
        self.diagnostics.iter().map(finding).collect()
    }

    /// For GitHub Actions: a workflow command for each finding
    /// (<https://docs.github.com/actions/reference/workflow-commands-for-github-actions>).
    pub(super) fn to_github(&self) -> String {
        let lines = Lines::new(&self.text);
        self.diagnostics
            .iter()
            .map(|diagnostic| self.command(diagnostic, lines.place_of(diagnostic)) + "\n")
            .collect()
    }

    fn command(&self, diagnostic: &Diagnostic, place: Option<Place>) -> String {
        let level = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let place = place.map_or(String::new(), |place| {
            format!(
                ",line={},endLine={},col={},endColumn={}",
                place.line, place.end_line, place.column, place.end_column
            )
        });
        let mut message = diagnostic.message.clone();
        if let Some(help) = &diagnostic.help {
            message.push_str("\nhelp: ");
            message.push_str(help);
        }
        format!(
            "::{level} file={}{place},title={}::{}",
            escape_property(&report::lines(&self.name)),
            escape_property(&format!("maitred: {}", diagnostic.rule)),
            escape_data(&report::lines(&message))
        )
    }
}

fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A text whose lines are counted once.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(newlines.map(|(offset, _)| offset + 1)).collect();
        Self { text, starts }
    }

    fn place_of(&self, diagnostic: &Diagnostic) -> Option<Place> {
        let span = diagnostic.span.as_ref()?;
        let (line, column) = self.line_column(span.start);
        let (end_line, end_column) = self.line_column(span.end.max(span.start));
        Some(Place { line, column, end_line, end_column })
    }

    fn line_column(&self, offset: usize) -> (usize, usize) {
        let offset = self.boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset);
        (line, self.text[self.starts[line - 1]..offset].chars().count() + 1)
    }

    /// The line on which `span` begins, and the place of `span` in it; `None` if the line is long.
    fn line(&self, span: &Range<usize>) -> Option<(&'a str, Range<usize>)> {
        let start = self.boundary(span.start);
        let number = self.starts.partition_point(|line| *line <= start);
        let line_start = self.starts[number - 1];
        let line_end = self.starts.get(number).map_or(self.text.len(), |next| next - 1);
        let line = self.text[line_start..line_end].trim_end_matches('\r');
        let marked = (start - line_start).min(line.len())
            ..(self.boundary(span.end).max(start) - line_start).min(line.len());
        (line.len() <= LONG_LINE).then_some((line, marked))
    }

    /// The start of the character at `offset`.
    fn boundary(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset)
    }
}
