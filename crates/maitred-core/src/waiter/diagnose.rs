//! The calls that tell why a wait failed.

use serde_json::Value;

use super::parameter::Binder;
use super::{Options, is_read_of};
use crate::client::Call;
use crate::config::DiagnoseConfig;
use crate::config::Show;
use crate::config::WaiterConfig;
use crate::diagnostic::Diagnostic;
use crate::expression::Expression;

/// A read that is made once after a failure.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnose {
    /// The request.
    pub call: Call,
    /// The expressions whose values say why.
    pub show: Vec<Expression>,
}

/// The calls of the file; botocore knows none. Without a `service` only the file itself is checked.
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
    // What may be left out of the waiter's input may be left out here.
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
