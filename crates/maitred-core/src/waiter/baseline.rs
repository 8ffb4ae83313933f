//! The baseline: a value that tells a new run from the one before.

use serde_json::Value;

use super::compiler::Compiler;
use crate::expression::Expression;
use crate::python;

/// A value that has to change before success or failure counts.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Baseline {
    /// Yields the value; `null` if there is none yet or the expression cannot be evaluated.
    pub expression: Expression,
    /// The value to differ from, if the caller gives it. By default it is that of the first reply.
    pub given: Option<Value>,
}

impl Baseline {
    /// The value on `document`.
    #[must_use]
    pub fn value_of(&self, document: &Value) -> Value {
        self.expression.evaluate(document).unwrap_or_default()
    }

    /// Returns whether `value` is still the baseline. A number or boolean equals the string of the same text:
    /// a command line cannot tell `7` from `"7"`, and ids are often strings of digits.
    #[must_use]
    pub fn is_same(baseline: &Value, value: &Value) -> bool {
        let is_text_of = |value: &Value, text: &Value| {
            (value.is_number() || value.is_boolean())
                && text.as_str() == Some(value.to_string().as_str())
        };
        python::equal(baseline, value) || is_text_of(baseline, value) || is_text_of(value, baseline)
    }
}

impl Compiler<'_> {
    /// The caller's baseline, or else the file's. In strict mode the file's is ignored, as in botocore, and
    /// the caller's is an error.
    pub(super) fn baseline(&mut self) -> Option<Baseline> {
        let options = self.options;
        let asked = options.baseline.is_some() || options.baseline_value.is_some();
        let file = self.extension(self.config.baseline.as_ref());
        let (message, help) = match options.baseline.as_ref().or(file) {
            _ if asked && options.strict => {
                ("strict mode knows no baseline", "botocore has none; leave out --strict")
            }
            Some(text) => {
                let expression = self.expression(text, "/baseline")?;
                return Some(Baseline { expression, given: options.baseline_value.clone() });
            }
            None if asked => (
                "a baseline value is given, but not what has to differ from it",
                "the waiter has no `baseline`; give --baseline-expression EXPR",
            ),
            None => return None,
        };
        self.report_with_help("baseline", "/baseline", message, help);
        None
    }
}
