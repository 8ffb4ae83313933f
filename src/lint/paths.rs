//! Walks every expression of a waiter over the output, and compares what comes of it with what is
//! expected.

use serde_json::Value;

use super::Subject;
use super::kind::{Class, Kind, Origin, Typed};
use super::known::{HTTP, HTTP_REPLY};
use super::rule;
use super::walk::{Walk, advice, subject as subject_of};
use crate::config::AcceptorConfig;
use crate::config::MatcherKind;
use crate::config::Show;
use crate::config::State;
use crate::expression::Expression;
use crate::model::OperationModel;
use crate::python;

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
    let output = output(subject.service, operation);
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
    let show = subject.waiter.show.as_ref();
    for (index, text) in show.map_or(&[][..], Show::expressions).iter().enumerate() {
        let place = match show {
            Some(Show::Many(_)) => format!("/show/{index}"),
            Some(Show::One(_)) | None => "/show".to_owned(),
        };
        look(subject, &output, operation, text, &place);
    }
    walked
}

/// The type of the operation's output.
fn output<'m>(service: &str, operation: Option<&'m OperationModel>) -> Typed<'m> {
    if service == HTTP {
        let members = HTTP_REPLY.map(|name| {
            let known = if name == "StatusCode" { Typed::of(Kind::Number) } else { Typed::any() };
            (name.to_owned(), known)
        });
        return Typed::of(Kind::Object(members.into()));
    }
    match operation {
        None => Typed::any(),
        Some(operation) => match &operation.output {
            Some(output) => Typed::shape(operation, output),
            None => Typed::of(Kind::Object(Vec::new())),
        },
    }
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
            if !acceptor.expected.is_string() && !acceptor.expected.is_boolean() {
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
    uses.extend(walk.named.drain(..).map(|named| Use {
        origin: named.origin,
        values: named.values,
        value: named.value.filter(|_| told),
        state: acceptor.state,
        direct: false,
    }));
    report(subject, walk, text, &argument);
    let element = typed.elements(operation).unwrap_or_else(|| typed.clone());
    if is_dead && (typed.class() == Class::Null || element.class() == Class::Null) {
        return Some(typed);
    }
    check_expected(subject, operation, index, acceptor, &typed, uses);
    Some(typed)
}

fn check_expected<'m>(
    subject: &mut Subject<'_>,
    operation: Option<&'m OperationModel>,
    index: usize,
    acceptor: &AcceptorConfig,
    typed: &Typed<'m>,
    uses: &mut Vec<Use<'m>>,
) {
    let place = format!("/acceptors/{index}/expected");
    let Some(compared) = compared(subject, operation, index, acceptor, typed) else { return };
    let expected = &acceptor.expected;
    if let Some(origin) = compared.origin {
        uses.push(Use {
            origin,
            values: compared.values(),
            value: expected.as_str().filter(|text| !text.contains("{{")).map(str::to_owned),
            state: acceptor.state,
            direct: true,
        });
    }
    if is_placeholder(expected) || expected.is_null() {
        return;
    }
    let what = subject_of(&compared);
    let kind = compared.class();
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
        let help = advice(&compared, expected);
        return subject.add(&rule::IMPOSSIBLE_VALUE, &place, message, help, None);
    }
    let mut walk = Walk::new(operation);
    walk.known_value(&compared, expected, "");
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
