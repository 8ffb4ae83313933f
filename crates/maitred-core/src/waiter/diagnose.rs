//! Diagnostic calls, which find out why a wait failed.

use serde_json::Value;

use super::operation::is_read_of;
use super::options::Options;
use super::parameter::Binder;
use crate::client::Call;
use crate::config::DiagnoseConfig;
use crate::config::Show;
use crate::config::WaiterConfig;
use crate::diagnostic::Diagnostic;
use crate::expression::Expression;

/// A read-only call that is made once after a failure.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnose {
    /// The request.
    pub call: Call,
    /// The expressions whose values explain the failure.
    pub show: Vec<Expression>,
}

/// The diagnostic calls of the file; none in strict mode, as in botocore. Without a `service`, operations
/// are not checked to be read-only.
pub(super) fn compile(
    service: Option<&str>,
    config: &WaiterConfig,
    options: &Options,
    binder: &Binder<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Diagnose> {
    if options.strict {
        return Vec::new();
    }
    let calls = config.diagnose.iter().enumerate();
    calls
        .map(|(index, call)| {
            compile_one(service, call, &format!("/diagnose/{index}"), binder, problems)
        })
        .collect()
}

fn compile_one(
    service: Option<&str>,
    config: &DiagnoseConfig,
    pointer: &str,
    binder: &Binder<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Diagnose {
    let operation = &config.operation;
    if service.is_some_and(|service| !is_read_of(service, operation)) {
        let message =
            format!("{operation} may change something: a failure is diagnosed by what only reads");
        problems.push(Diagnostic::error("mutating", format!("{pointer}/operation"), message));
    }
    let mut bind = |(name, value): (&String, &Value)| {
        (name.clone(), binder.bind_value(value, &format!("{pointer}/input/{name}"), problems))
    };
    // An optional member of the waiter's input is optional here, too.
    let input = config.input.iter().filter(|(_, value)| !binder.lacks(value));
    let input = input.map(&mut bind).collect();
    let show = config.show.expressions().iter().enumerate();
    let place = |index| match &config.show {
        Show::One(_) => format!("{pointer}/show"),
        Show::Many(_) => format!("{pointer}/show/{index}"),
    };
    let show = show
        .filter_map(|(index, text)| binder.bind_expression(text, &place(index), problems))
        .collect();
    let service = service.unwrap_or_default().to_owned();
    Diagnose { call: Call { service, operation: operation.clone(), input }, show }
}
