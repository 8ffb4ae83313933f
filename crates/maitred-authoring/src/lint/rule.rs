//! The rules: the table that the documentation, `--explain` and the tests are made of.

use std::sync::LazyLock;

use maitred_core::diagnostic::{Severity, nearest};

/// A rule of lint.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The name, e.g. `unknown-member`.
    pub name: &'static str,
    /// The severity of its findings, unless the configuration says otherwise.
    pub severity: Severity,
    /// The summary, an empty line, and the explanation.
    text: &'static str,
    /// A waiter file in which it finds something.
    pub bad: &'static str,
    /// The same file without the mistake.
    pub good: &'static str,
}

impl Rule {
    /// What it finds, in a line.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default()
    }

    /// Why that is a problem, and what to do.
    #[must_use]
    pub fn explanation(&self) -> &'static str {
        self.text.split_once("\n\n").map_or("", |(_, explanation)| explanation.trim_end())
    }
}

/// All rules, in the order of the documentation.
#[must_use]
pub fn rules() -> &'static [&'static Rule] {
    ALL
}

/// The rule `name`.
///
/// # Errors
/// There is no such rule; the error is the most similar name, if one is similar.
pub fn find(name: &str) -> Result<&'static Rule, Option<&'static str>> {
    let found = ALL.iter().find(|rule| rule.name == name);
    found.copied().ok_or_else(|| nearest(name, ALL.iter().map(|rule| rule.name)))
}

/// The rules of files that are not waiter files: name, and what it finds. Their findings are always errors.
#[must_use]
pub fn file_rules() -> &'static [(&'static str, &'static str)] {
    static FILE_RULES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
        let lines = include_str!("file_rules.txt").lines();
        lines.filter_map(|line| line.split_once(": ")).collect()
    });
    &FILE_RULES
}

macro_rules! rules {
    ($($id:ident $name:literal $severity:ident)+) => {
        $(pub(super) static $id: Rule = Rule {
            name: $name,
            severity: Severity::$severity,
            text: include_str!(concat!("rules/", $name, ".md")),
            bad: include_str!(concat!("rules/", $name, ".bad.json")),
            good: include_str!(concat!("rules/", $name, ".good.json")),
        };)+
        static ALL: &[&Rule] = &[$(&$id),+];
    };
}

rules! {
    UNKNOWN_SERVICE "unknown-service" Error
    UNKNOWN_OPERATION "unknown-operation" Error
    OPERATION_CASE "operation-case" Note
    MUTATING_OPERATION "mutating-operation" Error
    BAD_INPUT "bad-input" Error
    UNKNOWN_INPUT_VALUE "unknown-input-value" Warning
    REQUIRED_INPUT "required-input" Note
    UNKNOWN_MEMBER "unknown-member" Error
    NO_STRUCTURE "not-a-structure" Error
    NO_LIST "not-a-list" Error
    LIST_EXPECTED "list-expected" Error
    SCALAR_EXPECTED "scalar-expected" Error
    IMPOSSIBLE_VALUE "impossible-value" Error
    UNKNOWN_VALUE "unknown-value" Warning
    PYTHON_EQUALITY "python-equality" Warning
    WRONG_ARGUMENT "wrong-argument" Error
    ABSENT_ARGUMENT "absent-argument" Note
    ABSENT_COMPARISON "absent-comparison" Warning
    UNCOVERED_FINAL_STATE "uncovered-final-state" Warning
    UNCOVERED_STATE "uncovered-state" Note
    UNREACHABLE_ACCEPTOR "unreachable-acceptor" Warning
    CONTRADICTORY_ACCEPTORS "contradictory-acceptors" Warning
    CONSTANT_CONDITION "constant-condition" Warning
    MISTAKEN_STATE "mistaken-state" Warning
    UNDECLARED_ERROR "undeclared-error" Note
    MISWRITTEN_ERROR "miswritten-error" Warning
    EARLIER_RUN "earlier-run" Warning
    PREMATURE_SUCCESS "premature-success" Warning
    NO_SUCCESS "no-success" Error
    NO_FAILURE "no-failure" Note
    FAILURE_OF_ALL "failure-of-all" Warning
    UNNARROWED_LIST "unnarrowed-list" Note
    FIRST_PAGE "first-page" Note
    SHORT_BUDGET "short-budget" Warning
    ENDLESS_BUDGET "endless-budget" Warning
    UNUSED_PARAMETER "unused-parameter" Warning
    UNDECLARED_PARAMETER "undeclared-parameter" Warning
    USELESS_KEY "useless-key" Note
    DUPLICATE_NAME "duplicate-name" Warning
    NOT_PORTABLE "not-portable" Note
}
