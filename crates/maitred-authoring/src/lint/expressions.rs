//! Infers the type of every expression of a waiter, and compares it with the expected value.

use serde_json::Value;

use super::condition::Test;
use super::context::LintContext;
use super::infer::{ComparedValue, Inference, ValuePosition, advice, describe};
use super::types::{Class, Kind, Typed};
use super::value_use::{Inferred, MemberTest, ValueUse, member_test};
use super::{input, rule};
use crate::case::HTTP_REPLY;
use maitred_core::client::HTTP_SERVICE;
use maitred_core::config::{AcceptorConfig, MatcherKind, Show};
use maitred_core::expression::{Expression, Node};
use maitred_core::python;
use maitred_model::{OperationModel, ShapeRef};

/// Checks all expressions.
pub(super) fn check<'m>(
    context: &mut LintContext<'_>,
    operation: Option<&'m OperationModel>,
) -> Inferred<'m> {
    let output = output(context, operation, context.waiter.all_pages == Some(true));
    let mut inferred = Inferred::default();
    for (index, acceptor) in context.waiter.acceptors.iter().enumerate() {
        if context.is_full() {
            return inferred;
        }
        let typed =
            check_acceptor(context, &output, operation, index, acceptor, &mut inferred.uses);
        inferred.arguments.push(typed);
        if let Some(message) = &acceptor.message {
            // On an error, a message reads the error instead of the output.
            let error = matches!(acceptor.matcher, MatcherKind::Error | MatcherKind::Status);
            let seen = if error { &Typed::any() } else { &output };
            check_text(context, seen, operation, message, &format!("/acceptors/{index}/message"));
        }
    }
    if let Some(baseline) = &context.waiter.baseline {
        check_text(context, &output, operation, baseline, "/baseline");
    }
    if let Some(show) = &context.waiter.show {
        check_show(context, &output, operation, show, "/show");
    }
    inferred
}

/// Checks `show` expressions on the output of `operation`.
pub(super) fn check_shown(
    context: &mut LintContext<'_>,
    operation: &OperationModel,
    show: &Show,
    place: &str,
) {
    let output = output(context, Some(operation), false);
    check_show(context, &output, Some(operation), show, place);
}

fn check_show<'m>(
    context: &mut LintContext<'_>,
    output: &Typed<'m>,
    operation: Option<&'m OperationModel>,
    show: &Show,
    place: &str,
) {
    for (index, text) in show.expressions().iter().enumerate() {
        let place = match show {
            Show::Many(_) => format!("{place}/{index}"),
            Show::One(_) => place.to_owned(),
        };
        check_text(context, output, operation, text, &place);
    }
}

/// The type of the operation's output, which is reduced if all pages are merged.
fn output<'m>(
    context: &LintContext<'_>,
    operation: Option<&'m OperationModel>,
    merged: bool,
) -> Typed<'m> {
    if context.service == HTTP_SERVICE {
        let members = HTTP_REPLY.map(|name| {
            let known = if name == "StatusCode" { Typed::of(Kind::Number) } else { Typed::any() };
            (name.to_owned(), known)
        });
        return Typed::of(Kind::Object(members.into()));
    }
    match operation {
        None => Typed::any(),
        Some(operation) => match &operation.output {
            Some(output) => match operation.pagination.as_ref().filter(|_| merged) {
                Some(pages) => merged_output(operation, output, &pages.result_key),
                None => Typed::shape(operation, output),
            },
            None => Typed::of(Kind::Object(Vec::new())),
        },
    }
}

/// The type of merged pages, which has only their lists.
fn merged_output<'m>(
    operation: &'m OperationModel,
    output: &'m ShapeRef,
    lists: &[String],
) -> Typed<'m> {
    let whole = Typed::shape(operation, output);
    let is_kept = |name: &str| lists.iter().any(|list| list.split('.').next() == Some(name));
    let kept = operation.output_members().iter().filter(|member| is_kept(&member.name));
    let kept = kept.map(|member| {
        let field = Node::Field(member.name.clone());
        (member.name.clone(), Inference::new(Some(operation)).infer(&field, &whole))
    });
    Typed::of(Kind::Object(kept.collect()))
}

/// Checks an expression whose value is only shown, and may be absent.
fn check_text<'m>(
    context: &mut LintContext<'_>,
    output: &Typed<'m>,
    operation: Option<&'m OperationModel>,
    text: &str,
    place: &str,
) {
    let Ok(expression) = Expression::compile(text) else { return };
    let mut inference = Inference::new(operation);
    inference.infer(expression.node(), output);
    let absent = [&rule::ABSENT_ARGUMENT, &rule::ABSENT_COMPARISON];
    inference.flaws.retain(|flaw| !absent.contains(&flaw.rule));
    report(context, inference, text, place);
}

fn report(context: &mut LintContext<'_>, inference: Inference<'_>, text: &str, place: &str) {
    for flaw in inference.flaws {
        let offset = offset_of(&flaw.word, text);
        context.add(flaw.rule, place, flaw.message, flaw.help, offset);
    }
}

/// The position of `word` in an expression, preferably as a whole word.
fn offset_of(word: &str, text: &str) -> Option<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut places = text.match_indices(word).filter(|_| !word.is_empty());
    let whole = places.clone().find(|(at, _)| {
        !text[..*at].ends_with(is_word) && !text[at + word.len()..].starts_with(is_word)
    });
    whole.or_else(|| places.next()).map(|(at, _)| at)
}

fn check_acceptor<'m>(
    context: &mut LintContext<'_>,
    output: &Typed<'m>,
    operation: Option<&'m OperationModel>,
    index: usize,
    acceptor: &AcceptorConfig,
    uses: &mut Vec<ValueUse<'m>>,
) -> Option<Typed<'m>> {
    let place = format!("/acceptors/{index}/expected");
    match acceptor.matcher {
        MatcherKind::Status => {
            if !acceptor.expected.is_number() && !is_placeholder(&acceptor.expected) {
                let message = format!("an HTTP status is a number, never {}", acceptor.expected);
                context.report(&rule::IMPOSSIBLE_VALUE, &place, message);
            }
            return None;
        }
        MatcherKind::Error => {
            if let Some(text @ ("true" | "false")) = acceptor.expected.as_str() {
                let message = format!("no error has the code `{text}`");
                let help = format!("the boolean has no quotes: {text}");
                context.advise(&rule::IMPOSSIBLE_VALUE, &place, message, help);
            } else if !acceptor.expected.is_string() && !acceptor.expected.is_boolean() {
                let message = format!("an error code is a string, never {}", acceptor.expected);
                context.report(&rule::IMPOSSIBLE_VALUE, &place, message);
            }
            return None;
        }
        MatcherKind::Path | MatcherKind::PathAll | MatcherKind::PathAny => {}
    }
    let text = acceptor.argument.as_ref()?;
    let expression = Expression::compile(text).ok()?;
    let mut inference = Inference::new(operation);
    let typed = inference.infer(expression.node(), output);
    let argument = format!("/acceptors/{index}/argument");
    let is_dead = !inference.flaws.is_empty();
    // A condition that is expected to be false does not tell which values it means.
    let is_known = typed.class() != Class::Boolean || acceptor.expected == Value::Bool(true);
    let test = Test::new(acceptor, expression.node());
    let asked = member_test(context.service, output, operation, &test);
    let state = acceptor.state;
    for ComparedValue { origin, values, value } in inference.named.drain(..) {
        if asked.as_ref().is_none_or(|asked| asked.origin != origin) {
            let value = value.filter(|_| is_known);
            uses.push(ValueUse { acceptor: index, origin, values, value, state, direct: false });
        }
    }
    if let Some(MemberTest { origin, values, taken }) = asked {
        let taken = taken.into_iter().map(Some);
        uses.extend(taken.map(|value| ValueUse {
            acceptor: index,
            origin,
            values,
            value,
            state,
            direct: true,
        }));
    }
    report(context, inference, text, &argument);
    check_truth(context, &expression, operation, output, index);
    let element = typed.elements(operation).unwrap_or_else(|| typed.clone());
    if is_dead && (typed.class() == Class::Null || element.class() == Class::Null) {
        return Some(typed);
    }
    let parts = parts(expression.node(), operation, output);
    check_expected(context, operation, index, &typed, &parts, uses);
    Some(typed)
}

/// The types of the elements of a multi-select list; empty for any other node.
fn parts<'m>(
    node: &Node,
    operation: Option<&'m OperationModel>,
    output: &Typed<'m>,
) -> Vec<Typed<'m>> {
    let Node::MultiList(parts) = node else { return Vec::new() };
    parts.iter().map(|part| Inference::new(operation).infer(part, output)).collect()
}

/// Checks that `b` of `a && b` can be `true`: it is the value of the whole if `a` is true.
fn check_truth<'m>(
    context: &mut LintContext<'_>,
    expression: &Expression,
    operation: Option<&'m OperationModel>,
    output: &Typed<'m>,
    index: usize,
) {
    let acceptor = &context.waiter.acceptors[index];
    let Node::And(_, last) = expression.node() else { return };
    let typed = Inference::new(operation).infer(last, output);
    let kind = typed.class();
    let path = acceptor.matcher == MatcherKind::Path && acceptor.expected == Value::Bool(true);
    if path && !matches!(kind, Class::Any | Class::Null | Class::Boolean | Class::Number) {
        let what = describe(&typed);
        let message = format!("where it holds this is {what}, {}, and never true", kind.words());
        let help = format!("ask for it: {what} != `null`");
        let place = format!("/acceptors/{index}/expected");
        context.advise(&rule::IMPOSSIBLE_VALUE, &place, message, help);
    }
}

fn check_expected<'m>(
    context: &mut LintContext<'_>,
    operation: Option<&'m OperationModel>,
    index: usize,
    typed: &Typed<'m>,
    parts: &[Typed<'m>],
    uses: &mut Vec<ValueUse<'m>>,
) {
    let acceptor = &context.waiter.acceptors[index];
    let place = format!("/acceptors/{index}/expected");
    let Some(compared) = compared(context, operation, index, acceptor, typed) else { return };
    let expected = &acceptor.expected;
    if let Some(origin) = compared.origin {
        uses.push(ValueUse {
            acceptor: index,
            origin,
            values: compared.values(),
            value: expected.as_str().filter(|text| !text.contains("{{")).map(str::to_owned),
            state: acceptor.state,
            direct: true,
        });
    }
    if is_placeholder(expected) {
        return check_parameter(context, operation, index, expected, &compared);
    }
    if expected.is_null() {
        return;
    }
    let what = describe(&compared);
    let kind = compared.class();
    if let Some(native) = compared.native().filter(|_| expected.is_string()) {
        let mut inference = Inference::new(operation);
        inference.native(&compared, native);
        return report(context, inference, "", &place);
    }
    if !kind.can_equal(Class::of(expected)) {
        let accident = match (kind, expected) {
            (Class::Boolean, Value::Number(_)) => {
                [true, false].iter().find(|value| python::equal(&Value::Bool(**value), expected))
            }
            _ => None,
        };
        if let Some(meant) = accident {
            let message = format!("{what} is a boolean, and only in Python is {meant} {expected}");
            let help = format!("write {meant}");
            return context.advise(&rule::PYTHON_EQUALITY, &place, message, help);
        }
        if kind == Class::Number && expected.is_boolean() {
            let message = format!("{what} is a number, and only in Python is {expected} one");
            return context.advise(&rule::PYTHON_EQUALITY, &place, message, "write 1 or 0");
        }
        let message = format!("{what} is {}, so it never equals {expected}", kind.words());
        let help = advice(&compared, expected, ValuePosition::Expected);
        return context.add(&rule::IMPOSSIBLE_VALUE, &place, message, help, None);
    }
    let mut inference = Inference::new(operation);
    inference.known_value(&compared, expected, "");
    if let (Value::Array(items), false) = (expected, parts.is_empty()) {
        parts.iter().zip(items).for_each(|(part, item)| inference.known_value(part, item, ""));
    } else if let (Value::Array(items), Some(element)) = (expected, compared.elements(operation)) {
        items.iter().for_each(|item| inference.known_value(&element, item, ""));
    }
    report(context, inference, "", &place);
}

/// Checks the parameter of an `expected` that is a placeholder.
fn check_parameter<'m>(
    context: &mut LintContext<'_>,
    operation: Option<&'m OperationModel>,
    index: usize,
    expected: &Value,
    compared: &Typed<'m>,
) {
    let Some((kind, default)) = input::expected_parameter(context, expected) else { return };
    let place = format!("/acceptors/{index}/expected");
    if !compared.class().can_equal(kind) {
        let (what, wanted) = (describe(compared), compared.class().words());
        let message = format!("{what} is {wanted}, and the parameter is {}", kind.words());
        let help = "declare the parameter with the type of the member";
        return context.advise(&rule::IMPOSSIBLE_VALUE, &place, message, help);
    }
    let mut inference = Inference::new(operation);
    default.into_iter().for_each(|default| inference.known_value(compared, default, ""));
    report(context, inference, "", &place);
}

/// The type of the value that is compared with the expected one.
fn compared<'m>(
    context: &mut LintContext<'_>,
    operation: Option<&'m OperationModel>,
    index: usize,
    acceptor: &AcceptorConfig,
    typed: &Typed<'m>,
) -> Option<Typed<'m>> {
    let place = format!("/acceptors/{index}/matcher");
    let argument = acceptor.argument.as_deref().unwrap_or_default();
    if acceptor.matcher == MatcherKind::Path {
        let scalar = !acceptor.expected.is_array() && !acceptor.expected.is_null();
        if typed.class() == Class::List && scalar && !is_placeholder(&acceptor.expected) {
            let message = format!("`{argument}` is a list, which never equals a single value");
            let help = "match its elements with pathAll or pathAny, or take one with `[0]`";
            context.advise(&rule::SCALAR_EXPECTED, &place, message, help);
            return None;
        }
        return Some(typed.clone());
    }
    match typed.class() {
        Class::List | Class::Any => typed.elements(operation).or_else(|| Some(Typed::any())),
        Class::Null => None,
        Class::Boolean | Class::Number | Class::String | Class::Object => {
            let message = format!("`{argument}` is {}, not a list", typed.class().words());
            let help = "for a single value the matcher is `path`";
            context.advise(&rule::LIST_EXPECTED, &place, message, help);
            None
        }
    }
}

fn is_placeholder(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("{{"))
}
