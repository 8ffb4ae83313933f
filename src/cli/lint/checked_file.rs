//! A file and its findings.

use crate::cli::findings::Findings;
use crate::diagnostic::{Diagnostic, Severity};

/// A file that was checked.
pub(super) struct CheckedFile {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl CheckedFile {
    pub(super) fn findings(&self) -> Findings<'_> {
        Findings::new(&self.name, &self.text, &self.diagnostics)
    }

    pub(super) fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|finding| finding.severity == severity).count()
    }
}
