//! Diagnostic calls, which find out why a wait failed.

use serde_json::{Map, Value};

use super::compiler::Compiler;
use crate::client::Call;
use crate::config::DiagnoseConfig;
use crate::expression::Expression;
use crate::names::is_read;

/// A read-only call that is made once after a failure.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Diagnose {
    /// The request.
    pub call: Call,
    /// The expressions whose values explain the failure.
    pub show: Vec<Expression>,
}

impl Compiler<'_> {
    /// The diagnostic calls of the file; none in strict mode, as in botocore.
    pub(super) fn diagnose(&mut self, service: &str) -> Vec<Diagnose> {
        let configs = self.extension(Some(&self.config.diagnose)).into_iter().flatten();
        let compile = |(index, config): (usize, &DiagnoseConfig)| {
            let (pointer, operation) = (format!("/diagnose/{index}"), &config.operation);
            if !is_read(service, operation) {
                let message = format!(
                    "{operation} may change something: a failure is diagnosed by read-only operations"
                );
                self.report("mutating", format!("{pointer}/operation"), message);
            }
            let (input, show) = self.diagnose_keys(config, &pointer);
            Diagnose { call: Call::new(service, operation, input), show }
        };
        configs.enumerate().map(compile).collect()
    }

    /// The input and the expressions of one call.
    pub(super) fn diagnose_keys(
        &mut self,
        config: &DiagnoseConfig,
        pointer: &str,
    ) -> (Map<String, Value>, Vec<Expression>) {
        // An optional member of the waiter's input is optional here, too.
        let lacking = |value: &Value| self.binder.lacks(value);
        let input: Vec<_> = config.input.iter().filter(|(_, value)| !lacking(value)).collect();
        let input = self.members(input, &format!("{pointer}/input"));
        (input, self.expressions(&config.show, &format!("{pointer}/show")))
    }
}
