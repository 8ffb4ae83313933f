//! Walks every expression of a waiter over the output, and compares what comes of it with what is
//! expected.

use serde_json::Value;

use super::Subject;
use super::condition::Test;
use super::input;
use super::kind::{Class, Kind, Origin, Typed};
use super::known::HTTP_REPLY;
use super::rule;
use super::walk::{Named, Place, Walk, advice, subject as subject_of};
use maitred_core::client::HTTP_SERVICE;
use maitred_core::config::AcceptorConfig;
use maitred_core::config::MatcherKind;
use maitred_core::config::Show;
use maitred_core::config::State;
use maitred_core::expression::Expression;
use maitred_core::expression::Node;
use maitred_core::python;
use maitred_model::OperationModel;
use maitred_model::ShapeRef;
use maitred_model::states;

/// What the walks over a waiter's acceptors came to.
#[derive(Debug, Default)]
pub(super) struct Walked<'m> {
    /// The type of each acceptor's argument; `None` for other matchers, and where it does not compile.
    pub(super) arguments: Vec<Option<Typed<'m>>>,
    /// The values of members that acceptors name.
    pub(super) uses: Vec<Use<'m>>,
}

/// An acceptor names a value of a member.
#[derive(Debug)]
pub(super) struct Use<'m> {
    /// Which acceptor.
    pub(super) acceptor: usize,
    pub(super) origin: Origin<'m>,
    /// The values of the enum; empty for a plain string.
    pub(super) values: &'m [String],
    /// `None` where it cannot be told which values are meant.
    pub(super) value: Option<String>,
    pub(super) state: State,
    /// Whether the member is all that the acceptor looks at.
    pub(super) direct: bool,
}

/// Checks all expressions.
pub(super) fn check<'m>(
    subject: &mut Subject<'_>,
    operation: Option<&'m OperationModel>,
) -> Walked<'m> {
    let output = output(subject, operation, subject.waiter.all_pages == Some(true));
    let mut walked = Walked::default();
    for (index, acceptor) in subject.waiter.acceptors.iter().enumerate() {
        if subject.is_full() {
            return walked;
        }
        let typed = check_acceptor(subject, &output, operation, index, acceptor, &mut walked.uses);
        walked.arguments.push(typed);
        if let Some(message) = &acceptor.message {
            // What a message reads of an error is no output.
            let error = matches!(acceptor.matcher, MatcherKind::Error | MatcherKind::Status);
            let seen = if error { &Typed::any() } else { &output };
            look(subject, seen, operation, message, &format!("/acceptors/{index}/message"));
        }
    }
    if let Some(baseline) = &subject.waiter.baseline {
        look(subject, &output, operation, baseline, "/baseline");
    }
    if let Some(show) = &subject.waiter.show {
        look_at_each(subject, &output, operation, show, "/show");
    }
    walked
}

/// Checks what is shown of the output of `operation`.
pub(super) fn look_at_all(
    subject: &mut Subject<'_>,
    operation: &OperationModel,
    show: &Show,
    place: &str,
) {
    let output = output(subject, Some(operation), false);
    look_at_each(subject, &output, Some(operation), show, place);
}

fn look_at_each<'m>(
    subject: &mut Subject<'_>,
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
        look(subject, output, operation, text, &place);
    }
}

/// The type of the operation's output, or of what is left of it where all pages are merged.
fn output<'m>(
    subject: &Subject<'_>,
    operation: Option<&'m OperationModel>,
    merged: bool,
) -> Typed<'m> {
    if subject.service == HTTP_SERVICE {
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

/// The lists of all pages, and nothing else.
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
        (member.name.clone(), Walk::new(Some(operation)).infer(&field, &whole))
    });
    Typed::of(Kind::Object(kept.collect()))
}

/// An expression whose value is for people: that it may be absent is no mistake.
fn look<'m>(
    subject: &mut Subject<'_>,
    output: &Typed<'m>,
    operation: Option<&'m OperationModel>,
    text: &str,
    place: &str,
) {
    let Ok(expression) = Expression::compile(text) else { return };
    let mut walk = Walk::new(operation);
    walk.infer(expression.node(), output);
    let absent = [&rule::ABSENT_ARGUMENT, &rule::ABSENT_COMPARISON];
    walk.flaws.retain(|flaw| !absent.contains(&flaw.rule));
    report(subject, walk, text, place);
}

fn report(subject: &mut Subject<'_>, walk: Walk<'_>, text: &str, place: &str) {
    for flaw in walk.flaws {
        let offset = offset_of(&flaw.word, text);
        subject.add(flaw.rule, place, flaw.message, flaw.help, offset);
    }
}

/// Where `word` stands in an expression, as a whole word if it is one.
fn offset_of(word: &str, text: &str) -> Option<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut places = text.match_indices(word).filter(|_| !word.is_empty());
    let whole = places.clone().find(|(at, _)| {
        !text[..*at].ends_with(is_word) && !text[at + word.len()..].starts_with(is_word)
    });
    whole.or_else(|| places.next()).map(|(at, _)| at)
}

fn check_acceptor<'m>(
    subject: &mut Subject<'_>,
    output: &Typed<'m>,
    operation: Option<&'m OperationModel>,
    index: usize,
    acceptor: &AcceptorConfig,
    uses: &mut Vec<Use<'m>>,
) -> Option<Typed<'m>> {
    let place = format!("/acceptors/{index}/expected");
    match acceptor.matcher {
        MatcherKind::Status => {
            if !acceptor.expected.is_number() && !is_placeholder(&acceptor.expected) {
                let message = format!("an HTTP status is a number, never {}", acceptor.expected);
                subject.report(&rule::IMPOSSIBLE_VALUE, &place, message);
            }
            return None;
        }
        MatcherKind::Error => {
            if let Some(text @ ("true" | "false")) = acceptor.expected.as_str() {
                let message = format!("no error has the code `{text}`");
                let help = format!("the boolean has no quotes: {text}");
                subject.advise(&rule::IMPOSSIBLE_VALUE, &place, message, help);
            } else if !acceptor.expected.is_string() && !acceptor.expected.is_boolean() {
                let message = format!("an error code is a string, never {}", acceptor.expected);
                subject.report(&rule::IMPOSSIBLE_VALUE, &place, message);
            }
            return None;
        }
        MatcherKind::Path | MatcherKind::PathAll | MatcherKind::PathAny => {}
    }
    let text = acceptor.argument.as_ref()?;
    let expression = Expression::compile(text).ok()?;
    let mut walk = Walk::new(operation);
    let typed = walk.infer(expression.node(), output);
    let argument = format!("/acceptors/{index}/argument");
    let is_dead = !walk.flaws.is_empty();
    // Of a condition that is wanted false it cannot be told which values it names.
    let told = typed.class() != Class::Boolean || acceptor.expected == Value::Bool(true);
    let test = Test::new(acceptor, expression.node());
    let asked = asked(subject.service, output, operation, &test);
    let state = acceptor.state;
    for Named { origin, values, value } in walk.named.drain(..) {
        if asked.as_ref().is_none_or(|asked| asked.origin != origin) {
            let value = value.filter(|_| told);
            uses.push(Use { acceptor: index, origin, values, value, state, direct: false });
        }
    }
    if let Some(Asked { origin, values, taken }) = asked {
        let taken = taken.into_iter().map(Some);
        uses.extend(taken.map(|value| Use {
            acceptor: index,
            origin,
            values,
            value,
            state,
            direct: true,
        }));
    }
    report(subject, walk, text, &argument);
    check_truth(subject, &expression, operation, output, index);
    let element = typed.elements(operation).unwrap_or_else(|| typed.clone());
    if is_dead && (typed.class() == Class::Null || element.class() == Class::Null) {
        return Some(typed);
    }
    let parts = parts(expression.node(), operation, output);
    check_expected(subject, operation, index, &typed, &parts, uses);
    Some(typed)
}

/// What stands in the list that an expression makes; nothing for any other.
fn parts<'m>(
    node: &Node,
    operation: Option<&'m OperationModel>,
    output: &Typed<'m>,
) -> Vec<Typed<'m>> {
    let Node::MultiList(parts) = node else { return Vec::new() };
    parts.iter().map(|part| Walk::new(operation).infer(part, output)).collect()
}

/// `a && b` is `b` where `a` is true, so that a text there is not the `true` that is expected.
fn check_truth<'m>(
    subject: &mut Subject<'_>,
    expression: &Expression,
    operation: Option<&'m OperationModel>,
    output: &Typed<'m>,
    index: usize,
) {
    let acceptor = &subject.waiter.acceptors[index];
    let Node::And(_, last) = expression.node() else { return };
    let typed = Walk::new(operation).infer(last, output);
    let kind = typed.class();
    let path = acceptor.matcher == MatcherKind::Path && acceptor.expected == Value::Bool(true);
    if path && !matches!(kind, Class::Any | Class::Null | Class::Boolean | Class::Number) {
        let what = subject_of(&typed);
        let message = format!("where it holds this is {what}, {}, and never true", kind.words());
        let help = format!("ask for it: {what} != `null`");
        let place = format!("/acceptors/{index}/expected");
        subject.advise(&rule::IMPOSSIBLE_VALUE, &place, message, help);
    }
}

/// The one member that a condition asks about.
struct Asked<'m> {
    origin: Origin<'m>,
    values: &'m [String],
    /// Of the values that are known, and those that stand in the condition, those that are taken.
    taken: Vec<String>,
}

fn asked<'m>(
    service: &str,
    output: &Typed<'m>,
    operation: Option<&'m OperationModel>,
    test: &Test<'_>,
) -> Option<Asked<'m>> {
    let [member] = test.subjects()[..] else { return None };
    // What is wrong with it is said of the whole.
    let asks = test.is_condition() || !test.is_plain();
    let root = match test.list().filter(|_| asks) {
        Some(list) => Walk::new(operation).infer(list, output).elements(operation)?,
        None => output.clone(),
    };
    let typed = Walk::new(operation).infer(member, &root);
    let origin = typed.origin.filter(|_| asks && typed.class() == Class::String)?;
    let values = typed.values();
    let table = states::table(service, origin.structure, origin.member);
    let mut taken = match table.filter(|_| values.is_empty()) {
        Some(table) => table.values(),
        None => values.to_vec(),
    };
    for value in test.mentioned(member) {
        taken.extend(
            value.as_str().filter(|value| !taken.iter().any(|one| one == value)).map(str::to_owned),
        );
    }
    taken.retain(|value| test.takes(member, &Value::String(value.clone())) != Some(false));
    Some(Asked { origin, values, taken })
}

fn check_expected<'m>(
    subject: &mut Subject<'_>,
    operation: Option<&'m OperationModel>,
    index: usize,
    typed: &Typed<'m>,
    parts: &[Typed<'m>],
    uses: &mut Vec<Use<'m>>,
) {
    let acceptor = &subject.waiter.acceptors[index];
    let place = format!("/acceptors/{index}/expected");
    let Some(compared) = compared(subject, operation, index, acceptor, typed) else { return };
    let expected = &acceptor.expected;
    if let Some(origin) = compared.origin {
        uses.push(Use {
            acceptor: index,
            origin,
            values: compared.values(),
            value: expected.as_str().filter(|text| !text.contains("{{")).map(str::to_owned),
            state: acceptor.state,
            direct: true,
        });
    }
    if is_placeholder(expected) {
        return check_parameter(subject, operation, index, expected, &compared);
    }
    if expected.is_null() {
        return;
    }
    let what = subject_of(&compared);
    let kind = compared.class();
    if let Some(native) = compared.native().filter(|_| expected.is_string()) {
        let mut walk = Walk::new(operation);
        walk.native(&compared, native);
        return report(subject, walk, "", &place);
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
            return subject.advise(&rule::PYTHON_EQUALITY, &place, message, help);
        }
        if kind == Class::Number && expected.is_boolean() {
            let message = format!("{what} is a number, and only in Python is {expected} one");
            return subject.advise(&rule::PYTHON_EQUALITY, &place, message, "write 1 or 0");
        }
        let message = format!("{what} is {}, so it never equals {expected}", kind.words());
        let help = advice(&compared, expected, Place::Expected);
        return subject.add(&rule::IMPOSSIBLE_VALUE, &place, message, help, None);
    }
    let mut walk = Walk::new(operation);
    walk.known_value(&compared, expected, "");
    if let (Value::Array(items), false) = (expected, parts.is_empty()) {
        parts.iter().zip(items).for_each(|(part, item)| walk.known_value(part, item, ""));
    } else if let (Value::Array(items), Some(element)) = (expected, compared.elements(operation)) {
        items.iter().for_each(|item| walk.known_value(&element, item, ""));
    }
    report(subject, walk, "", &place);
}

/// The parameter that `expected` stands for, if it is nothing else.
fn check_parameter<'m>(
    subject: &mut Subject<'_>,
    operation: Option<&'m OperationModel>,
    index: usize,
    expected: &Value,
    compared: &Typed<'m>,
) {
    let Some((kind, default)) = input::expected_parameter(subject, expected) else { return };
    let place = format!("/acceptors/{index}/expected");
    if !compared.class().can_equal(kind) {
        let (what, wanted) = (subject_of(compared), compared.class().words());
        let message = format!("{what} is {wanted}, and the parameter is {}", kind.words());
        let help = "declare the parameter with the type of the member";
        return subject.advise(&rule::IMPOSSIBLE_VALUE, &place, message, help);
    }
    let mut walk = Walk::new(operation);
    default.into_iter().for_each(|default| walk.known_value(compared, default, ""));
    report(subject, walk, "", &place);
}

/// The type of what is compared with the expected value.
fn compared<'m>(
    subject: &mut Subject<'_>,
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
            subject.advise(&rule::SCALAR_EXPECTED, &place, message, help);
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
            subject.advise(&rule::LIST_EXPECTED, &place, message, help);
            None
        }
    }
}

fn is_placeholder(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("{{"))
}
