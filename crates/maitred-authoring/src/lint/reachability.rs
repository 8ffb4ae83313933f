//! Rules about acceptors that an earlier one covers.

use std::collections::HashMap;

use serde_json::Value;

use super::condition::Test;
use super::context::LintContext;
use super::rule;
use maitred_core::client::HTTP_SERVICE;
use maitred_core::config::{AcceptorConfig, MatcherKind, State};
use maitred_core::expression::Expression;

/// The most comparisons of the conditions of one waiter. Their number grows with the square of the acceptors.
const MAX_COMPARISONS: usize = 4_000;

/// Checks for acceptors that are never reached.
pub(super) fn check(context: &mut LintContext<'_>) {
    let acceptors = &context.waiter.acceptors;
    let arguments: Vec<_> = acceptors.iter().map(argument).collect();
    let mut earlier: HashMap<Key, usize> = HashMap::new();
    let mut left = MAX_COMPARISONS;
    for (index, acceptor) in acceptors.iter().enumerate() {
        let argument = arguments[index].as_ref();
        check_constant(context, index, acceptor, argument);
        let key = Key::of(acceptor, argument);
        let same = covering(&key, context.service).into_iter().filter_map(|key| earlier.get(&key));
        match same.min() {
            Some(first) => report(context, index, &[*first]),
            None => check_values(context, &arguments, index, &mut left),
        }
        earlier.entry(key).or_insert(index);
    }
}

/// The argument of a path matcher.
fn argument(acceptor: &AcceptorConfig) -> Option<Expression> {
    let path = !matches!(acceptor.matcher, MatcherKind::Status | MatcherKind::Error);
    let argument = acceptor.argument.as_deref().filter(|_| path)?;
    Expression::compile(argument).ok()
}

/// The acceptors `covering` match whatever that at `index` does.
fn report(context: &mut LintContext<'_>, index: usize, covering: &[usize]) {
    let acceptors = &context.waiter.acceptors;
    let state = acceptors[index].state;
    let other = covering.iter().find(|earlier| acceptors[**earlier].state != state);
    let numbers: Vec<_> = covering.iter().map(|earlier| (earlier + 1).to_string()).collect();
    let who = match numbers.as_slice() {
        [number] => format!("acceptor {number} matches"),
        numbers => format!("acceptors {} match", numbers.join(", ")),
    };
    let help = "remove this acceptor, or put it first";
    let place = format!("/acceptors/{index}");
    match other {
        None => {
            let message = format!("{who} whatever this one does");
            context.advise(&rule::UNREACHABLE_ACCEPTOR, &place, message, help);
        }
        Some(other) => {
            let message = format!(
                "{who} whatever this one does, and says {} instead of {}",
                word(acceptors[*other].state),
                word(state)
            );
            context.advise(&rule::CONTRADICTORY_ACCEPTORS, &place, message, help);
        }
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Success => "success",
        State::Failure => "failure",
        State::Retry => "retry",
    }
}

/// A key of an acceptor. Acceptors with equal keys match the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    matcher: MatcherKind,
    argument: String,
    expected: String,
}

impl Key {
    fn of(acceptor: &AcceptorConfig, argument: Option<&Expression>) -> Self {
        let written = || acceptor.argument.clone().unwrap_or_default();
        // The tree leaves out how it is written; 1.0 is 1, as in Python.
        let argument = match (acceptor.matcher, argument) {
            (MatcherKind::Status | MatcherKind::Error, _) => String::new(),
            (_, Some(argument)) => format!("{:?}", argument.node()),
            (_, None) => written(),
        };
        let expected = match acceptor.expected.as_f64() {
            Some(number) => number.to_string(),
            None => acceptor.expected.to_string(),
        };
        Self { matcher: acceptor.matcher, argument, expected }
    }

    /// Of a matcher without an argument.
    fn plain(matcher: MatcherKind, expected: &str) -> Self {
        Self { matcher, argument: String::new(), expected: expected.to_owned() }
    }
}

/// The keys of acceptors that match whatever one with `key` matches.
fn covering(key: &Key, service: &str) -> Vec<Key> {
    let mut covering = vec![key.clone()];
    match key.matcher {
        MatcherKind::PathAll => {
            covering.push(Key { matcher: MatcherKind::PathAny, ..key.clone() });
        }
        MatcherKind::Error if key.expected.starts_with('"') => {
            covering.push(Key::plain(MatcherKind::Error, "true"));
        }
        // A reply with another status is an error.
        MatcherKind::Status if service != HTTP_SERVICE && !key.expected.starts_with('2') => {
            covering.push(Key::plain(MatcherKind::Error, "true"));
        }
        MatcherKind::Error if key.expected == "false" && service != HTTP_SERVICE => {
            covering.push(Key::plain(MatcherKind::Status, "200"));
        }
        MatcherKind::Error | MatcherKind::Status | MatcherKind::Path | MatcherKind::PathAny => {}
    }
    if matches!(key.matcher, MatcherKind::Path | MatcherKind::PathAll | MatcherKind::PathAny) {
        covering.push(Key::plain(MatcherKind::Error, "false"));
        if service != HTTP_SERVICE {
            // The status of the outputs that are polled.
            covering.push(Key::plain(MatcherKind::Status, "200"));
        }
    }
    covering
}

/// The message about a condition that no reply makes true.
pub const NEVER_HOLDS: &str = "this condition never holds";

/// A condition that is the same whatever the reply.
fn check_constant(
    context: &mut LintContext<'_>,
    index: usize,
    acceptor: &AcceptorConfig,
    argument: Option<&Expression>,
) {
    let Some(argument) = argument else { return };
    let place = format!("/acceptors/{index}/argument");
    let test = Test::new(acceptor, argument.node());
    match test.constant() {
        Some(true) => {
            let message = "this condition holds whatever the reply is";
            context.report(&rule::CONSTANT_CONDITION, &place, message);
        }
        Some(false) => {
            context.report(&rule::CONSTANT_CONDITION, &place, NEVER_HOLDS);
        }
        None => {
            if let Some(value) = test.lone_value() {
                let message =
                    format!("{value} alone is no condition: it is the same in every reply");
                let help = format!("compare it: … == {}", quoted(&value));
                context.advise(&rule::CONSTANT_CONDITION, &place, message, help);
            }
        }
    }
}

/// A value as an expression has it.
fn quoted(value: &Value) -> String {
    value.as_str().map_or_else(|| format!("`{value}`"), |text| format!("'{text}'"))
}

/// Looks for earlier acceptors that take the values which this one takes.
fn check_values(
    context: &mut LintContext<'_>,
    arguments: &[Option<Expression>],
    index: usize,
    left: &mut usize,
) {
    let acceptors = &context.waiter.acceptors;
    let test = |index: usize| {
        arguments[index].as_ref().map(|argument| Test::new(&acceptors[index], argument.node()))
    };
    let Some(later) = test(index) else { return };
    let mut taken_before = None;
    for member in later.subjects() {
        let Some(values) = later.only(member).filter(|values| !values.is_empty()) else { continue };
        let mut first = |value: &Value| {
            (0..index).find(|earlier| {
                *left = left.saturating_sub(1);
                *left > 0 && test(*earlier).is_some_and(|test| test.covers(&later, member, value))
            })
        };
        let before: Vec<_> = values.iter().map(|value| (value, first(value))).collect();
        let mut covering: Vec<_> = before.iter().filter_map(|(_, earlier)| *earlier).collect();
        let all = covering.len() == before.len();
        covering.sort_unstable();
        covering.dedup();
        // A list may have one value that one acceptor takes and one that another does.
        let mixed = acceptors[index].matcher == MatcherKind::PathAll && covering.len() > 1;
        if all && !mixed {
            return report(context, index, &covering);
        }
        let differs = |earlier: usize| acceptors[earlier].state != acceptors[index].state;
        let other = before.iter().find_map(|(value, earlier)| {
            earlier.filter(|earlier| differs(*earlier)).map(|earlier| ((*value).clone(), earlier))
        });
        taken_before = taken_before.or(other.filter(|_| later.subjects().len() == 1));
    }
    if let Some((value, earlier)) = taken_before {
        let message = format!(
            "{value} is {} by acceptor {}, and {} by this one",
            word(acceptors[earlier].state),
            earlier + 1,
            word(acceptors[index].state)
        );
        let help = "only the first counts: remove the value from one of them";
        let place = format!("/acceptors/{index}/argument");
        context.advise(&rule::CONTRADICTORY_ACCEPTORS, &place, message, help);
    }
}
