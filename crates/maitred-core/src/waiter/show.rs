//! Compiling the expressions that a waiter shows.

use super::derived_show;
use super::options::{Options, extension};
use super::parameter::Binder;
use crate::config::{Show, WaiterConfig};
use crate::diagnostic::Diagnostic;
use crate::expression::Expression;

pub(super) fn compile(
    config: &WaiterConfig,
    options: &Options,
    binder: &Binder<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Expression> {
    let derived = || derived_show::of_expressions(compared(config, options));
    let own = options.show.clone().or_else(|| extension(options, config.show.clone()));
    let show = own.or_else(|| extension(options, derived()));
    let pointer = |index| match &show {
        Some(Show::Many(_)) => format!("/show/{index}"),
        Some(Show::One(_)) | None => "/show".to_owned(),
    };
    show.as_ref()
        .map_or(&[][..], Show::expressions)
        .iter()
        .enumerate()
        .filter_map(|(index, text)| binder.bind_expression(text, &pointer(index), problems))
        .collect()
}

/// The expressions of the acceptors and of the caller's conditions, each with whether its value is
/// compared with a string.
fn compared<'a>(
    config: &'a WaiterConfig,
    options: &'a Options,
) -> impl Iterator<Item = (&'a str, bool)> {
    let acceptors =
        derived_show::compared(&config.acceptors).chain(derived_show::compared(&options.acceptors));
    let conditions = options.until.iter().chain(&options.fail_if);
    acceptors.chain(conditions.map(|condition| (condition.as_str(), false)))
}
