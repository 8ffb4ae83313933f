//! Rules about the acceptors among each other.

use std::collections::HashMap;

use serde_json::Value;

use super::Subject;
use super::kind::Class;
use super::paths::Walked;
use super::rule;
use super::state;
use crate::config::AcceptorConfig;
use crate::config::MatcherKind;
use crate::config::State;
use crate::expression::Expression;
use crate::model::OperationModel;

/// Checks them all.
pub(super) fn check(
    subject: &mut Subject<'_>,
    operation: Option<&OperationModel>,
    walked: &Walked<'_>,
) {
    check_order(subject);
    check_states(subject);
    check_keys(subject);
    for (index, acceptor) in subject.waiter.acceptors.iter().enumerate() {
        if let Some(operation) = operation {
            check_error_code(subject, operation, index, acceptor);
        }
        check_all(subject, walked, index, acceptor);
    }
    check_narrowed(subject, operation);
}

/// What an acceptor matches, so that equal keys match the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    matcher: MatcherKind,
    argument: String,
    expected: String,
}

impl Key {
    fn of(acceptor: &AcceptorConfig) -> Self {
        let path = !matches!(acceptor.matcher, MatcherKind::Status | MatcherKind::Error);
        let argument = acceptor.argument.as_deref().filter(|_| path).unwrap_or_default();
        // The tree leaves out how it is written; 1.0 is 1, as in Python.
        let argument = Expression::compile(argument)
            .ok()
            .map_or_else(|| argument.to_owned(), |compiled| format!("{:?}", compiled.node()));
        let expected = match acceptor.expected.as_f64() {
            Some(number) => number.to_string(),
            None => acceptor.expected.to_string(),
        };
        Self { matcher: acceptor.matcher, argument, expected }
    }
}

fn check_order(subject: &mut Subject<'_>) {
    let acceptors = &subject.waiter.acceptors;
    let mut earlier: HashMap<Key, usize> = HashMap::new();
    for (index, acceptor) in acceptors.iter().enumerate() {
        let key = Key::of(acceptor);
        let covering = covering(&key).into_iter().filter_map(|key| earlier.get(&key)).min();
        if let Some(first) = covering {
            let same = acceptors[*first].state == acceptor.state;
            let rule =
                if same { &rule::UNREACHABLE_ACCEPTOR } else { &rule::CONTRADICTORY_ACCEPTORS };
            let number = first + 1;
            let message = match same {
                true => format!("acceptor {number} matches whatever this one does"),
                false => format!(
                    "acceptor {number} matches whatever this one does, and says {} instead of {}",
                    word(acceptors[*first].state),
                    word(acceptor.state)
                ),
            };
            let help = "remove this acceptor, or put it before that one";
            subject.advise(rule, &format!("/acceptors/{index}"), message, help);
        }
        earlier.entry(key).or_insert(index);
    }
}

/// The keys of acceptors that match whatever one with `key` matches.
fn covering(key: &Key) -> Vec<Key> {
    let mut covering = vec![key.clone()];
    match key.matcher {
        MatcherKind::PathAll => {
            covering.push(Key { matcher: MatcherKind::PathAny, ..key.clone() });
        }
        MatcherKind::Error if key.expected.starts_with('"') => covering.push(error_key("true")),
        MatcherKind::Error | MatcherKind::Status | MatcherKind::Path | MatcherKind::PathAny => {}
    }
    if matches!(key.matcher, MatcherKind::Path | MatcherKind::PathAll | MatcherKind::PathAny) {
        covering.push(error_key("false"));
    }
    covering
}

/// The key of an `error` acceptor.
fn error_key(expected: &str) -> Key {
    Key { matcher: MatcherKind::Error, argument: String::new(), expected: expected.to_owned() }
}

fn word(state: State) -> &'static str {
    match state {
        State::Success => "success",
        State::Failure => "failure",
        State::Retry => "retry",
    }
}

fn check_states(subject: &mut Subject<'_>) {
    let has = |state| subject.waiter.acceptors.iter().any(|acceptor| acceptor.state == state);
    if !has(State::Success) {
        subject.report(&rule::NO_SUCCESS, "/acceptors", "no acceptor means success");
    }
    if !has(State::Failure) {
        let message = "no acceptor means failure: what can no longer happen is waited for";
        subject.report(&rule::NO_FAILURE, "/acceptors", message);
    }
}

fn check_keys(subject: &mut Subject<'_>) {
    for (index, acceptor) in subject.waiter.acceptors.iter().enumerate() {
        let matcher = match acceptor.matcher {
            MatcherKind::Status => "status",
            MatcherKind::Error => "error",
            MatcherKind::Path | MatcherKind::PathAll | MatcherKind::PathAny => "",
        };
        if acceptor.argument.is_some() && !matcher.is_empty() {
            let message = format!("the matcher `{matcher}` takes no argument");
            let place = format!("/acceptors/{index}/argument");
            subject.report(&rule::USELESS_KEY, &place, message);
        }
        if acceptor.message.is_some() && acceptor.state != State::Failure {
            let message = "only the message of a failure acceptor is read";
            subject.report(&rule::USELESS_KEY, &format!("/acceptors/{index}/message"), message);
        }
    }
}

/// Codes that any operation may give
/// (<https://docs.aws.amazon.com/awssupport/latest/APIReference/CommonErrors.html>, and throttling).
const COMMON_CODES: [&str; 22] = [
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServerException",
    "InvalidClientTokenId",
    "NotAuthorized",
    "OptInRequired",
    "RequestExpired",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "UnrecognizedClientException",
    "ValidationError",
    "ValidationException",
];

fn check_error_code(
    subject: &mut Subject<'_>,
    operation: &OperationModel,
    index: usize,
    acceptor: &AcceptorConfig,
) {
    let Value::String(code) = &acceptor.expected else { return };
    let declares = operation.error_codes().next().is_some();
    if acceptor.matcher != MatcherKind::Error || !declares || code.contains("{{") {
        return;
    }
    let mut known = operation.error_codes().chain(COMMON_CODES);
    if known.any(|known| known == code) {
        return;
    }
    let message = format!("`{}` does not declare an error `{code}`", operation.name);
    let codes: Vec<_> = operation.error_codes().take(12).collect();
    let help = match crate::diagnostic::nearest(code, operation.error_codes()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it declares {}", codes.join(", ")),
    };
    subject.advise(&rule::UNDECLARED_ERROR, &format!("/acceptors/{index}/expected"), message, help);
}

/// One failure among several is not a failure of all.
fn check_all(
    subject: &mut Subject<'_>,
    walked: &Walked<'_>,
    index: usize,
    acceptor: &AcceptorConfig,
) {
    let failure = acceptor.state == State::Failure && acceptor.matcher == MatcherKind::PathAll;
    let is_list = walked.arguments.get(index).and_then(Option::as_ref);
    if !failure || !is_list.is_none_or(|typed| matches!(typed.class(), Class::List | Class::Any)) {
        return;
    }
    let argument = acceptor.argument.as_deref().unwrap_or_default();
    let origin = is_list.and_then(|typed| typed.origin_of_elements());
    if !acceptor.expected.as_str().is_some_and(|value| state::ends(subject.service, origin, value))
    {
        return;
    }
    let message = format!(
        "one {} of several is no failure: pathAll wants all of `{argument}`",
        acceptor.expected
    );
    let place = format!("/acceptors/{index}/matcher");
    subject.advise(&rule::FAILURE_OF_ALL, &place, message, "write pathAny");
}

/// Members of an input that only page.
fn is_paging(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("token")
        || name.contains("marker")
        || name.starts_with("max")
        || matches!(name.as_str(), "limit" | "pagesize" | "dryrun")
}

fn check_narrowed(subject: &mut Subject<'_>, operation: Option<&OperationModel>) {
    let Some(operation) = operation else { return };
    let members = operation.input_members();
    let narrows = |name: &str| !is_paging(name);
    let narrowed = members.iter().any(|member| member.required)
        || subject.waiter.input.keys().any(|name| narrows(name));
    let on_list = |acceptor: &AcceptorConfig| {
        matches!(acceptor.matcher, MatcherKind::PathAll | MatcherKind::PathAny)
    };
    let list = subject.waiter.acceptors.iter().position(on_list);
    let Some(list) = list.filter(|_| !narrowed) else { return };
    let place = format!("/acceptors/{list}/argument");
    let narrowing: Vec<_> =
        members.iter().map(|member| member.name.as_str()).filter(|name| narrows(name)).collect();
    let shown = narrowing.iter().take(6).copied().collect::<Vec<_>>().join(" or ");
    if !narrowing.is_empty() {
        let message = format!("unless the caller gives {shown}, this looks at everything there is");
        subject.report(&rule::UNNARROWED_LIST, &place, message);
    }
    let pages = |members: &[crate::model::Member]| {
        members.iter().any(|member| {
            let name = member.name.to_ascii_lowercase();
            name.contains("nexttoken") || name.contains("marker") || name.contains("pagetoken")
        })
    };
    if pages(operation.output_members()) && pages(members) {
        let message =
            format!("`{}` is paginated, and only its first page is polled", operation.name);
        subject.report(&rule::FIRST_PAGE, &place, message);
    }
}
