//! Rules about states, keys and error codes of acceptors.

use super::condition::Test;
use super::context::LintContext;
use super::rule;
use super::types::{Class, Origin};
use super::value_use::Inferred;
use maitred_core::config::{AcceptorConfig, MatcherKind, State};
use maitred_core::expression::Expression;
use maitred_model::{OperationModel, states};

/// Checks all acceptors.
pub(super) fn check(
    context: &mut LintContext<'_>,
    operation: Option<&OperationModel>,
    inferred: &Inferred<'_>,
) {
    check_states(context);
    check_keys(context);
    if let Some(operation) = operation {
        check_error_codes(context, operation);
    }
    for (index, acceptor) in context.waiter.acceptors.iter().enumerate() {
        check_all(context, inferred, index, acceptor);
    }
}

fn check_states(context: &mut LintContext<'_>) {
    let has = |state| context.waiter.acceptors.iter().any(|acceptor| acceptor.state == state);
    if !has(State::Success) {
        context.report(&rule::NO_SUCCESS, "/acceptors", "no acceptor means success");
    }
    if !has(State::Failure) {
        let message = "no acceptor means failure: what can no longer happen is waited for";
        context.report(&rule::NO_FAILURE, "/acceptors", message);
    }
}

fn check_keys(context: &mut LintContext<'_>) {
    for (index, acceptor) in context.waiter.acceptors.iter().enumerate() {
        let matcher = match acceptor.matcher {
            MatcherKind::Status => "status",
            MatcherKind::Error => "error",
            MatcherKind::Path | MatcherKind::PathAll | MatcherKind::PathAny => "",
        };
        if acceptor.argument.is_some() && !matcher.is_empty() {
            let message = format!("the matcher `{matcher}` takes no argument");
            let place = format!("/acceptors/{index}/argument");
            context.report(&rule::USELESS_KEY, &place, message);
        }
        if acceptor.message.is_some() && acceptor.state != State::Failure {
            let message = "only the message of a failure acceptor is read";
            context.report(&rule::USELESS_KEY, &format!("/acceptors/{index}/message"), message);
        }
    }
}

/// Codes that any operation may return, one a line
/// (<https://docs.aws.amazon.com/awssupport/latest/APIReference/CommonErrors.html>, and throttling).
const COMMON_CODES: &str = include_str!("common_error_codes.txt");

fn check_error_codes(context: &mut LintContext<'_>, operation: &OperationModel) {
    let waiter = context.waiter;
    let acceptors = waiter.acceptors.iter().enumerate();
    let errors = acceptors.filter(|(_, acceptor)| acceptor.matcher == MatcherKind::Error);
    for (index, acceptor) in errors {
        let place = format!("/acceptors/{index}/expected");
        if let Some(code) = acceptor.expected.as_str() {
            check_error_code(context, operation, code, &place);
        }
    }
    let transient = waiter.transient.iter().flat_map(|transient| &transient.codes);
    for (index, code) in transient.enumerate() {
        check_error_code(context, operation, code, &format!("/transient/codes/{index}"));
    }
}

fn check_error_code(
    context: &mut LintContext<'_>,
    operation: &OperationModel,
    code: &str,
    place: &str,
) {
    let declared: Vec<_> = operation.error_codes().collect();
    let known = || declared.iter().copied().chain(COMMON_CODES.lines());
    if code.contains("{{") || matches!(code, "true" | "false") || known().any(|it| it == code) {
        return;
    }
    let same = declared.iter().find(|known| error_stem(known) == error_stem(code));
    if let Some(same) = same.filter(|_| !place.starts_with("/transient")) {
        let message = format!("`{}` declares the error `{same}`, not `{code}`", operation.name);
        return context.report(&rule::MISWRITTEN_ERROR, place, message);
    }
    let help = match maitred_core::diagnostic::nearest(code, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        // An operation that declares no errors may return any.
        None if declared.is_empty() => return,
        None => format!("it declares {}", declared[..declared.len().min(12)].join(", ")),
    };
    let message = format!("`{}` does not declare an error `{code}`", operation.name);
    context.advise(&rule::UNDECLARED_ERROR, place, message, help);
}

/// A code without a namespace and without the suffix `Exception`, `Fault` or `Error`.
fn error_stem(code: &str) -> String {
    let code = code.rsplit(['#', '/']).next().unwrap_or(code);
    let ends = ["Exception", "Fault", "Error"];
    let stem = ends.iter().find_map(|end| code.strip_suffix(end)).filter(|stem| !stem.is_empty());
    stem.unwrap_or(code).to_lowercase()
}

/// Checks for failures that only a failure of all elements matches.
fn check_all(
    context: &mut LintContext<'_>,
    inferred: &Inferred<'_>,
    index: usize,
    acceptor: &AcceptorConfig,
) {
    let argument = acceptor.argument.as_deref().unwrap_or_default();
    let typed = inferred.arguments.get(index).and_then(Option::as_ref);
    let is_list = typed.is_none_or(|typed| matches!(typed.class(), Class::List | Class::Any));
    let path_all = acceptor.matcher == MatcherKind::PathAll;
    let counts = acceptor.matcher == MatcherKind::Path && argument.contains("length");
    if acceptor.state != State::Failure || !(counts || (path_all && is_list)) {
        return;
    }
    let Ok(expression) = Expression::compile(argument) else { return };
    let Some(values) = Test::new(acceptor, expression.node()).all_of() else { return };
    let origin = typed.and_then(|typed| typed.origin_of_elements());
    let mut texts = values.iter().filter_map(|value| value.as_str());
    let Some(value) = texts.find(|value| ends(context.service, origin, value)) else {
        return;
    };
    let (message, place, help) = if path_all {
        let message =
            format!("one \"{value}\" of several is no failure: pathAll wants all of `{argument}`");
        (message, "matcher", "write pathAny")
    } else {
        let message = format!("one \"{value}\" of several is no failure: this wants all of them");
        (message, "argument", "ask whether there is one: length(…) > `0`")
    };
    context.advise(&rule::FAILURE_OF_ALL, &format!("/acceptors/{index}/{place}"), message, help);
}

/// Whether a resource with this state has ended or is being deleted.
fn ends(service: &str, origin: Option<Origin<'_>>, value: &str) -> bool {
    let table = origin.and_then(|origin| origin.table(service));
    states::is_final(value)
        || states::is_about_deletion(value)
        || table.is_some_and(|table| table.is_settled(value) == Some(true))
}
