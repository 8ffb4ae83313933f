//! The baseline: a value that tells a new run from the one before.

use serde_json::Value;

use super::options::{Options, extension};
use super::parameter::Binder;
use crate::config::WaiterConfig;
use crate::diagnostic::Diagnostic;
use crate::expression::Expression;
use crate::python;

/// A value that has to change before success or failure counts.
#[derive(Debug, Clone, PartialEq)]
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

    /// Whether `value` is still the baseline. A number or boolean equals the string of the same text:
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

/// The caller's baseline, or else the file's. In strict mode the file's is ignored, as in botocore, and
/// the caller's is an error.
pub(super) fn compile(
    config: &WaiterConfig,
    options: &Options,
    binder: &Binder<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Baseline> {
    let mut problem = |message, help| {
        problems.push(Diagnostic::error("baseline", "/baseline", message).with_help(help));
    };
    let asked = options.baseline.is_some() || options.baseline_value.is_some();
    if options.strict && asked {
        problem("strict mode knows no baseline", "botocore has none; leave out --strict");
        return None;
    }
    let text = options.baseline.as_ref().or(extension(options, config.baseline.as_ref()));
    let Some(text) = text else {
        if asked {
            problem(
                "a baseline value is given, but not what has to differ from it",
                "the waiter has no `baseline`; give --baseline-expression EXPR",
            );
        }
        return None;
    };
    let expression = binder.bind_expression(text, "/baseline", problems)?;
    Some(Baseline { expression, given: options.baseline_value.clone() })
}
