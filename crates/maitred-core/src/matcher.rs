//! Acceptors, which decide what an observation means.

use std::borrow::Cow;

use serde_json::Value;

use crate::client::{CallError, CallErrorKind, Observation, transport};
use crate::config::{MatcherKind, State};
use crate::document::Document;
use crate::expression::{EvaluationError, Expression};
use crate::python;

mod sentence;

pub use sentence::{condition, verb};

/// A compiled acceptor, whose states are those of a waiter or, in an operator, of a step.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Acceptor<S = State> {
    /// The meaning of a match.
    pub state: S,
    /// The part of an observation that it looks at.
    pub matcher: Matcher,
    /// The value to match.
    pub expected: Value,
    /// On a failure acceptor, yields the reason for people.
    pub message: Option<Expression>,
}

/// The part of an observation that an acceptor looks at: one of the [`MatcherKind`]s, or the truth of an
/// expression. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, PartialEq)]
pub enum Matcher {
    /// The value of the expression.
    Path(Expression),
    /// Every member of the non-empty list that the expression yields.
    PathAll(Expression),
    /// Any member of the list that the expression yields.
    PathAny(Expression),
    /// The truth of the expression, by JMESPath's rules: not `false`, `null` or empty. Used for ad hoc
    /// conditions such as `--until`; not available in files.
    Truth(Expression),
    /// The HTTP status.
    Status,
    /// The error code, or whether there is an error.
    Error,
}

impl Matcher {
    /// The matcher of this kind; `None` if it needs an expression and there is none.
    #[must_use]
    pub fn of(kind: MatcherKind, argument: Option<Expression>) -> Option<Self> {
        match kind {
            MatcherKind::Path => argument.map(Self::Path),
            MatcherKind::PathAll => argument.map(Self::PathAll),
            MatcherKind::PathAny => argument.map(Self::PathAny),
            MatcherKind::Status => Some(Self::Status),
            MatcherKind::Error => Some(Self::Error),
        }
    }
}

/// The verdict of an acceptor on an observation. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The acceptor matches.
    Match,
    /// The acceptor does not match.
    NoMatch,
    /// The acceptor cannot be evaluated.
    Unevaluable(EvaluationError),
}

/// The decision of all acceptors on an observation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Decision {
    /// The index of the first acceptor that matched.
    pub matched: Option<usize>,
    /// The acceptors before it that could not be evaluated, and why.
    pub unevaluable: Vec<(usize, EvaluationError)>,
    /// Whether the reply still has the waiter's baseline value, so that neither success nor failure
    /// counts; [`engine::step`](crate::engine::step) sets it.
    pub is_baseline: bool,
}

/// The verdict of an acceptor with the value that it looked at, for people.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// The value that the acceptor looked at: of its expression, the status, or the error code.
    pub saw: Option<Value>,
    /// The verdict.
    pub verdict: Verdict,
}

/// Checks the acceptors in order; the first match decides.
#[must_use]
pub fn decide<S>(acceptors: &[Acceptor<S>], seen: &Observation) -> Decision {
    let mut decision = Decision::default();
    for (index, acceptor) in acceptors.iter().enumerate() {
        match acceptor.judge(seen) {
            Verdict::Match => {
                decision.matched = Some(index);
                break;
            }
            Verdict::NoMatch => {}
            Verdict::Unevaluable(error) => decision.unevaluable.push((index, error)),
        }
    }
    decision
}

/// Returns whether `seen` is an error by botocore's rule: its document has a member `Error` that is an object
/// with a `Code`, or the call failed without a document.
#[must_use]
pub fn is_error(seen: &Observation) -> bool {
    match seen.document() {
        Some(document) => error_code(document.value()).is_some(),
        None => true,
    }
}

fn error_code(document: &Value) -> Option<&Value> {
    document.get("Error")?.get("Code")
}

impl<S> Acceptor<S> {
    /// An acceptor without a message.
    pub fn new(state: S, matcher: Matcher, expected: impl Into<Value>) -> Self {
        Self { state, matcher, expected: expected.into(), message: None }
    }

    /// The verdict on `seen`.
    fn judge(&self, seen: &Observation) -> Verdict {
        let matched = match &self.matcher {
            Matcher::Status => status(seen)
                .and_then(|status| status.map_or(Ok(false), |status| self.equals(&status))),
            Matcher::Error => self.judge_error(seen),
            Matcher::Path(expression)
            | Matcher::PathAll(expression)
            | Matcher::PathAny(expression)
            | Matcher::Truth(expression) => self.judge_path(expression, seen),
        };
        match matched {
            Ok(true) => Verdict::Match,
            Ok(false) => Verdict::NoMatch,
            Err(error) => Verdict::Unevaluable(error),
        }
    }

    /// The verdict on `seen`, with the value that the acceptor looked at.
    #[must_use]
    pub fn examine(&self, seen: &Observation) -> Finding {
        let saw = match self.expression() {
            Some(expression) => {
                output_document(seen).and_then(|document| expression.evaluate(document).ok())
            }
            None if self.matcher == Matcher::Status => {
                status(seen).ok().flatten().map(Cow::into_owned)
            }
            None => seen.error().map(|error| Value::from(error.code())),
        };
        Finding { saw, verdict: self.judge(seen) }
    }

    /// The expression that a path matcher evaluates.
    #[must_use]
    pub fn expression(&self) -> Option<&Expression> {
        match &self.matcher {
            Matcher::Path(expression)
            | Matcher::PathAll(expression)
            | Matcher::PathAny(expression)
            | Matcher::Truth(expression) => Some(expression),
            Matcher::Status | Matcher::Error => None,
        }
    }

    /// The explanation of a match, in botocore's words.
    #[must_use]
    pub fn explanation(&self) -> String {
        let expected = python::text(&self.expected);
        let argument = self.expression().map_or("", Expression::as_str);
        let path = |who: &str| {
            format!("For expression \"{argument}\" {who} matched expected path: \"{expected}\"")
        };
        match &self.matcher {
            Matcher::Path(_) => path("we"),
            Matcher::PathAll(_) => path("all members"),
            Matcher::PathAny(_) => format!("{} at least once", path("we")),
            Matcher::Truth(_) => format!("The expression \"{argument}\" is true"),
            Matcher::Status => format!("Matched expected HTTP status code: {expected}"),
            Matcher::Error => format!("Matched expected service error code: {expected}"),
        }
    }

    fn equals(&self, actual: &Value) -> Result<bool, EvaluationError> {
        python::try_equal(actual, &self.expected).map_err(EvaluationError::new)
    }

    fn judge_path(
        &self,
        expression: &Expression,
        seen: &Observation,
    ) -> Result<bool, EvaluationError> {
        let Some(document) = output_document(seen) else { return Ok(false) };
        if let Matcher::Truth(_) = self.matcher {
            return expression.is_true(document);
        }
        let value = expression.evaluate(document)?;
        let members = value.as_array().map_or(&[][..], Vec::as_slice);
        match self.matcher {
            Matcher::PathAll(_) if members.is_empty() => Ok(false),
            // The first unequal, or equal, member decides.
            Matcher::PathAll(_) => find(members, false, |member| self.equals(member)),
            Matcher::PathAny(_) => find(members, true, |member| self.equals(member)),
            Matcher::Path(_) | Matcher::Truth(_) | Matcher::Status | Matcher::Error => {
                self.equals(&value)
            }
        }
    }

    fn judge_error(&self, seen: &Observation) -> Result<bool, EvaluationError> {
        match (seen.error(), seen.document()) {
            (Some(error), _) if error.document().is_none() => Ok(self.names(error)),
            (_, Some(document)) => self.judge_error_member(document.value()),
            (_, None) => Ok(false),
        }
    }

    /// Returns whether it matches an error without a document: a transport failure, or an HTTP reply with a status of
    /// 400 or more.
    fn names(&self, error: &CallError) -> bool {
        match (error.kind(), &self.expected) {
            (CallErrorKind::Service, Value::Bool(any)) => *any,
            (CallErrorKind::Service, Value::String(code)) => {
                code == error.code() || is_status_class(code, error)
            }
            (CallErrorKind::Transport, Value::String(code)) => {
                code == error.code() || code == transport::ANY
            }
            _ => false,
        }
    }

    /// As botocore, looks for a member `Error` in outputs as well, and assumes that it is an object.
    fn judge_error_member(&self, document: &Value) -> Result<bool, EvaluationError> {
        let error = document.get("Error");
        match (&self.expected, error) {
            (Value::Bool(false), _) => Ok(error.is_none()),
            (Value::Bool(true), None) => Ok(false),
            (Value::Bool(true), Some(error)) => has_code(error),
            (_, None | Some(Value::Object(_))) => {
                let code = error.and_then(|error| error.get("Code"));
                self.equals(code.unwrap_or(&Value::String(String::new())))
            }
            (_, Some(error)) => Err(no_attribute_get(error)),
        }
    }
}

/// `wanted` if `is` returns `wanted` for a member, or else its opposite.
fn find(
    members: &[Value],
    wanted: bool,
    is: impl Fn(&Value) -> Result<bool, EvaluationError>,
) -> Result<bool, EvaluationError> {
    for member in members {
        if is(member)? == wanted {
            return Ok(wanted);
        }
    }
    Ok(!wanted)
}

/// Python's `"Code" in error`.
fn has_code(error: &Value) -> Result<bool, EvaluationError> {
    match error {
        Value::Object(error) => Ok(error.contains_key("Code")),
        Value::String(text) => Ok(text.contains("Code")),
        Value::Array(items) => Ok(items.iter().any(|item| item == "Code")),
        Value::Null | Value::Bool(_) | Value::Number(_) => Err(EvaluationError::new(format!(
            "argument of type '{}' is not iterable",
            python::type_name(error)
        ))),
    }
}

/// Python's error for a value that botocore assumes to be an object.
fn no_attribute_get(value: &Value) -> EvaluationError {
    EvaluationError::new(format!("'{}' object has no attribute 'get'", python::type_name(value)))
}

/// The document for path matchers, which do not see errors.
fn output_document(seen: &Observation) -> Option<&Value> {
    match seen {
        Observation::Output(output) if !is_error(seen) => Some(output.document.value()),
        Observation::Output(_) | Observation::Error(_) => None,
    }
}

/// `ResponseMetadata.HTTPStatusCode` if the document has it, or else the status of the reply; `None` if there
/// was no reply.
fn status(seen: &Observation) -> Result<Option<Cow<'_, Value>>, EvaluationError> {
    let null = Cow::Owned(Value::Null);
    // The status of an incomplete reply means nothing.
    if seen.error().is_some_and(|error| error.kind() == CallErrorKind::Transport) {
        return Ok(None);
    }
    let document = seen.document().map(Document::value);
    match (document.map(|document| document.get("ResponseMetadata")), seen.status()) {
        (Some(Some(Value::Object(metadata))), _) => {
            Ok(Some(metadata.get("HTTPStatusCode").map_or(null, Cow::Borrowed)))
        }
        (Some(Some(metadata)), _) => Err(no_attribute_get(metadata)),
        (_, Some(status)) => Ok(Some(Cow::Owned(status.into()))),
        (Some(None), None) => Ok(Some(null)),
        (None, None) => Ok(None),
    }
}

/// `5xx` matches every status from 500 to 599.
fn is_status_class(code: &str, error: &CallError) -> bool {
    let class = error.status().map(|status| status / 100);
    matches!(code.as_bytes(), [digit @ b'1'..=b'5', b'x', b'x'] if Some(u16::from(digit - b'0')) == class)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client::Output;

    fn output(document: Value) -> Observation {
        Observation::Output(Output::from_json(document))
    }

    fn failed(kind: CallErrorKind, code: &str, status: u16) -> Observation {
        Observation::Error(CallError::new(kind, code, "no").with_status(status))
    }

    fn verdict(matcher: Matcher, expected: Value, seen: &Observation) -> Verdict {
        Acceptor::new(State::Success, matcher, expected).examine(seen).verdict
    }

    fn matches(matcher: Matcher, expected: Value, seen: &Observation) -> bool {
        match verdict(matcher, expected, seen) {
            Verdict::Match => true,
            Verdict::NoMatch => false,
            Verdict::Unevaluable(error) => panic!("{error}"),
        }
    }

    fn unevaluable(matcher: Matcher, expected: Value, seen: &Observation) -> String {
        let verdict = verdict(matcher, expected, seen);
        let Verdict::Unevaluable(error) = verdict else { panic!("{verdict:?}") };
        error.to_string()
    }

    fn path(text: &str) -> Expression {
        Expression::compile(text).unwrap()
    }

    #[test]
    fn an_error_acceptor_matches_what_it_names_and_nothing_else() {
        let document = |document: Value| {
            let error = CallError::new(CallErrorKind::Service, "Outer", "no").with_status(500);
            Observation::Error(error.with_document(document.into()))
        };
        let server = failed(CallErrorKind::Service, "InternalError", 500);
        let refused = failed(CallErrorKind::Transport, transport::CONNECT, 200);
        let input = failed(CallErrorKind::Invalid, "ParamValidation", 400);
        let inner = document(json!({"Error": {"Code": "Inner"}}));
        assert!(is_error(&server) && is_error(&inner));
        assert!(!is_error(&document(json!({"Error": {"Message": "no"}}))));
        let fine = output(json!({"State": "ready"}));
        for (expected, seen, matched) in [
            (json!(false), &server, false),
            (json!(true), &server, true),
            (json!("InternalError"), &server, true),
            (json!("InternalErro"), &server, false),
            (json!("5xx"), &server, true),
            (json!("4xx"), &server, false),
            (json!("TransportError"), &server, false),
            (json!(7), &server, false),
            (json!(false), &refused, false),
            (json!(true), &refused, false),
            (json!("ConnectError"), &refused, true),
            (json!("TransportError"), &refused, true),
            (json!("2xx"), &refused, false),
            (json!(false), &input, false),
            (json!(true), &input, false),
            (json!("ParamValidation"), &input, false),
            (json!(true), &inner, true),
            (json!(false), &inner, false),
            (json!("Inner"), &inner, true),
            (json!("Outer"), &inner, false),
            (json!("5xx"), &inner, false),
            (json!(true), &fine, false),
            (json!(false), &fine, true),
            (json!(""), &fine, true),
            (json!(null), &fine, false),
        ] {
            assert_eq!(
                matches(Matcher::Error, expected.clone(), seen),
                matched,
                "{expected} {seen:?}"
            );
        }
    }

    #[test]
    fn a_class_of_statuses_is_its_first_digit() {
        for (class, status, matched) in [
            ("4xx", 399, false),
            ("4xx", 400, true),
            ("4xx", 499, true),
            ("4xx", 500, false),
            ("5xx", 599, true),
            ("5xx", 600, false),
            ("1xx", 100, true),
            ("3xx", 304, true),
            ("6xx", 600, false),
            ("0xx", 99, false),
            ("5XX", 500, false),
            ("50x", 500, false),
            ("5xxx", 500, false),
        ] {
            let seen = failed(CallErrorKind::Service, "Odd", status);
            assert_eq!(matches(Matcher::Error, json!(class), &seen), matched, "{class} {status}");
        }
    }

    #[test]
    fn a_member_error_is_taken_as_python_takes_it() {
        let seen = |error: Value| output(json!({ "Error": error }));
        for (error, has_code) in [
            (json!({"Code": null}), true),
            (json!({"Message": "no"}), false),
            (json!("a Code"), true),
            (json!("a code"), false),
            (json!(["Code"]), true),
            (json!(["Coda", 1]), false),
        ] {
            assert_eq!(
                matches(Matcher::Error, json!(true), &seen(error.clone())),
                has_code,
                "{error}"
            );
            assert!(!matches(Matcher::Error, json!(false), &seen(error)));
        }
        let number = seen(json!(7));
        assert_eq!(
            unevaluable(Matcher::Error, json!(true), &number),
            "argument of type 'int' is not iterable"
        );
        assert_eq!(
            unevaluable(Matcher::Error, json!("Busy"), &number),
            "'int' object has no attribute 'get'"
        );
        assert!(matches(Matcher::Error, json!(""), &seen(json!({"Message": "no"}))));
    }

    #[test]
    fn a_status_is_that_of_a_whole_reply() {
        let metadata = |metadata: Value| output(json!({ "ResponseMetadata": metadata }));
        let bare = Observation::Output(Output::new(json!({}), None));
        let no_reply = CallError::new(CallErrorKind::Service, "Odd", "no");
        for (expected, seen, matched) in [
            (json!(200), output(json!({})), true),
            (json!(201), output(json!({})), false),
            (json!(200), failed(CallErrorKind::Transport, transport::RESPONSE, 200), false),
            (json!(null), failed(CallErrorKind::Transport, transport::RESPONSE, 200), false),
            (json!(404), failed(CallErrorKind::Service, "NotFound", 404), true),
            (json!(202), metadata(json!({"HTTPStatusCode": 202})), true),
            (json!(200), metadata(json!({"HTTPStatusCode": 202})), false),
            (json!(null), metadata(json!({})), true),
            (json!(null), bare, true),
            (json!(null), Observation::Error(no_reply), false),
        ] {
            assert_eq!(
                matches(Matcher::Status, expected.clone(), &seen),
                matched,
                "{expected} {seen:?}"
            );
        }
        assert_eq!(
            unevaluable(Matcher::Status, json!(200), &metadata(json!(7))),
            "'int' object has no attribute 'get'"
        );
    }

    #[test]
    fn every_member_or_any_one_of_a_list_is_compared() {
        for (list, all, any) in [
            (json!(["a", "a"]), true, true),
            (json!(["a", "b"]), false, true),
            (json!(["b", "a"]), false, true),
            (json!(["b", "b"]), false, false),
            (json!([]), false, false),
            (json!("a"), false, false),
            (json!(null), false, false),
        ] {
            let seen = output(json!({ "List": list }));
            assert_eq!(matches(Matcher::PathAll(path("List")), json!("a"), &seen), all, "{list}");
            assert_eq!(matches(Matcher::PathAny(path("List")), json!("a"), &seen), any, "{list}");
        }
    }

    #[test]
    fn a_path_does_not_see_errors() {
        let error = output(json!({"Error": {"Code": "Busy"}, "State": "ready"}));
        let state = output(json!({"Error": {"Message": "none"}, "State": "ready"}));
        let whole = json!({"State": "ready"});
        let call = CallError::new(CallErrorKind::Service, "Busy", "no").with_document(whole.into());
        let call = Observation::Error(call);
        for (seen, matched) in [(error, false), (call, false), (state, true)] {
            assert_eq!(matches(Matcher::Path(path("State")), json!("ready"), &seen), matched);
            assert_eq!(matches(Matcher::Truth(path("State")), json!(true), &seen), matched);
        }
        // The truth of a text is not the text.
        let seen = output(json!({"State": "", "List": [0]}));
        assert!(!matches(Matcher::Truth(path("State")), json!(""), &seen));
        assert!(matches(Matcher::Truth(path("List")), json!(true), &seen));
    }

    #[test]
    fn the_first_match_decides_and_what_could_not_be_evaluated_before_it_is_told() {
        let acceptor = |text: &str| Acceptor::new(State::Retry, Matcher::Path(path(text)), "a");
        let acceptors = ["length(N)", "B", "A", "A", "length(N)"].map(acceptor);
        let decision = decide(&acceptors, &output(json!({"A": "a", "B": "b", "N": 7})));
        assert_eq!(decision.matched, Some(2));
        let told: Vec<_> = decision.unevaluable.iter().map(|(index, _)| *index).collect();
        assert_eq!(told, [0]);
        let decision = decide(&acceptors, &output(json!({"N": 7})));
        let told: Vec<_> = decision.unevaluable.iter().map(|(index, _)| *index).collect();
        assert_eq!((decision.matched, told), (None, vec![0, 4]));
    }

    #[test]
    fn what_an_acceptor_saw_is_the_part_that_it_looks_at() {
        let saw = |matcher, seen: &Observation| {
            Acceptor::new(State::Success, matcher, true).examine(seen).saw
        };
        let fine = output(json!({"State": "ready"}));
        let failed = failed(CallErrorKind::Service, "Busy", 409);
        assert_eq!(saw(Matcher::Path(path("State")), &fine), Some(json!("ready")));
        assert_eq!(saw(Matcher::Path(path("State")), &failed), None);
        assert_eq!(saw(Matcher::Status, &fine), Some(json!(200)));
        assert_eq!(saw(Matcher::Status, &failed), Some(json!(409)));
        assert_eq!(saw(Matcher::Error, &fine), None);
        assert_eq!(saw(Matcher::Error, &failed), Some(json!("Busy")));
    }
}
