//! The state of checking one waiter.

use super::config::Config;
use super::model_source::ModelSource;
use super::rule::Rule;
use crate::schema::MAX_PROBLEMS;
use maitred_core::config::PartialWaiter;
use maitred_core::diagnostic::{Diagnostic, pointer_part};

/// The models and operations of the file's service.
pub(super) struct ServiceContext<'a> {
    pub(super) models: Option<&'a dyn ModelSource>,
    /// `None` if the service is unknown, or there are no models.
    pub(super) operations: Option<&'a [String]>,
}

/// A waiter that is checked, and the findings so far.
pub(super) struct LintContext<'a> {
    pub(super) service: &'a str,
    pub(super) name: &'a str,
    pub(super) waiter: &'a PartialWaiter,
    pub(super) config: &'a Config,
    /// The waiter's JSON pointer in the file.
    pub(super) pointer: String,
    pub(super) findings: &'a mut Vec<Diagnostic>,
}

impl<'a> LintContext<'a> {
    pub(super) fn new(
        service: &'a str,
        name: &'a str,
        waiter: &'a PartialWaiter,
        config: &'a Config,
        findings: &'a mut Vec<Diagnostic>,
    ) -> Self {
        let pointer = format!("/waiters/{}", pointer_part(name));
        Self { service, name, waiter, config, pointer, findings }
    }

    /// Whether the limit of findings is reached.
    pub(super) fn is_full(&self) -> bool {
        self.findings.len() >= MAX_PROBLEMS
    }

    /// Adds a finding at the pointer `place` in the waiter.
    pub(super) fn report(&mut self, rule: &'static Rule, place: &str, message: impl Into<String>) {
        self.add(rule, place, message.into(), None, None);
    }

    /// Adds a finding with help.
    pub(super) fn advise(
        &mut self,
        rule: &'static Rule,
        place: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(rule, place, message.into(), Some(help.into()), None);
    }

    pub(super) fn add(
        &mut self,
        rule: &'static Rule,
        place: &str,
        message: String,
        help: Option<String>,
        offset: Option<usize>,
    ) {
        let Some(severity) = self.config.severity(rule).filter(|_| !self.is_full()) else { return };
        let mut finding = Diagnostic::error(rule.name, format!("{}{place}", self.pointer), message);
        finding.severity = severity;
        finding.offset = offset;
        finding.help = help;
        self.findings.push(finding);
    }
}
