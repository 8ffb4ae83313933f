//! What all keys of a waiter are compiled with.

use serde_json::{Map, Value};

use super::options::Options;
use super::parameter::Binder;
use crate::config::{Show, WaiterConfig};
use crate::diagnostic::Diagnostic;
use crate::expression::Expression;

/// A waiter that is being compiled, and its problems so far.
pub(super) struct Compiler<'a> {
    pub(super) config: &'a WaiterConfig,
    pub(super) options: &'a Options,
    pub(super) binder: Binder<'a>,
    pub(super) problems: Vec<Diagnostic>,
}

impl<'a> Compiler<'a> {
    /// Compiles for a wait, with the caller's values for the parameters.
    pub(super) fn new(config: &'a WaiterConfig, options: &'a Options) -> Self {
        let mut problems = Vec::new();
        let binder = Binder::new(config, options, &mut problems);
        Self { config, options, binder, problems }
    }

    /// Compiles to check the file alone. If `is_partial`, the waiter extends another one, which may declare
    /// more parameters.
    pub(super) fn without_values(
        config: &'a WaiterConfig,
        options: &'a Options,
        is_partial: bool,
    ) -> Self {
        let mut problems = Vec::new();
        let binder = Binder::unbound(config, is_partial, &mut problems);
        Self { config, options, binder, problems }
    }

    /// The value of a key that botocore does not know; `None` in strict mode.
    pub(super) fn extension<T>(&self, value: Option<T>) -> Option<T> {
        value.filter(|_| !self.options.strict)
    }

    pub(super) fn report(
        &mut self,
        rule: &'static str,
        pointer: impl Into<String>,
        message: impl Into<String>,
    ) {
        self.problems.push(Diagnostic::error(rule, pointer, message));
    }

    pub(super) fn report_with_help(
        &mut self,
        rule: &'static str,
        pointer: impl Into<String>,
        message: impl Into<String>,
        help: &str,
    ) {
        self.problems.push(Diagnostic::error(rule, pointer, message).with_help(help));
    }

    /// Compiles `text` verbatim.
    pub(super) fn plain_expression(&mut self, text: &str, pointer: &str) -> Option<Expression> {
        let error = match Expression::compile(text) {
            Ok(expression) => return Some(expression),
            Err(error) => error,
        };
        let shown: String = text.chars().take(80).collect();
        let message = format!("`{shown}` does not compile: {error}");
        let help = "the language is described at https://jmespath.org/tutorial.html";
        let problem = Diagnostic::error("expression", pointer, message).with_help(help);
        self.problems.push(problem.at_offset(error.offset()));
        None
    }

    /// Compiles `text` and binds the placeholders in its literals. A parameter of type `expression`
    /// stands for the whole text.
    pub(super) fn expression(&mut self, text: &str, pointer: &str) -> Option<Expression> {
        if let Some(named) = self.binder.whole_expression(text) {
            return self.plain_expression(&named?, pointer);
        }
        let expression = self.plain_expression(text, pointer)?;
        match self.binder.bind(expression) {
            Ok(expression) => Some(expression),
            Err(message) => {
                self.report("parameter", pointer, message);
                None
            }
        }
    }

    /// The expressions of a `show` at `pointer`.
    pub(super) fn expressions(&mut self, show: &Show, pointer: &str) -> Vec<Expression> {
        let place = |index| match show {
            Show::One(_) => pointer.to_owned(),
            Show::Many(_) => format!("{pointer}/{index}"),
        };
        let texts = show.expressions().iter().enumerate();
        texts.filter_map(|(index, text)| self.expression(text, &place(index))).collect()
    }

    /// `value` with the placeholders of its strings bound.
    pub(super) fn value(&mut self, value: &Value, pointer: &str) -> Value {
        match value {
            Value::String(text) => self.binder.text(text).unwrap_or_else(|message| {
                self.report("parameter", pointer, message);
                Value::Null
            }),
            Value::Array(items) => items.iter().map(|item| self.value(item, pointer)).collect(),
            Value::Object(entries) => {
                let bind =
                    |(key, value): (&String, &Value)| (key.clone(), self.value(value, pointer));
                Value::Object(entries.iter().map(bind).collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// The members of an `input` at `pointer` with the placeholders of their strings bound.
    pub(super) fn members<'m>(
        &mut self,
        members: impl IntoIterator<Item = (&'m String, &'m Value)>,
        pointer: &str,
    ) -> Map<String, Value> {
        let bind = |(name, value): (&String, &Value)| {
            (name.clone(), self.value(value, &format!("{pointer}/{name}")))
        };
        members.into_iter().map(bind).collect()
    }
}
