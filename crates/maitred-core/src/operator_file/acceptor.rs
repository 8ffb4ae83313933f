//! The acceptors of steps.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::Observation;
use crate::config::MatcherKind;
use crate::expression::Expression;
use crate::matcher::{Acceptor, Matcher, Verdict};
use crate::placeholder::Scope;

/// One rule: if `matcher` finds `expected`, the reply has the meaning `state`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StepAcceptor {
    /// The meaning of a match.
    pub state: StepState,
    /// The part of the reply to look at.
    pub matcher: MatcherKind,
    /// The JMESPath expression that `path`, `pathAll` and `pathAny` evaluate on the output. With matcher `error`, an
    /// expression on `{"Error": {"Code", "Message"}}` that has to be true as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub argument: Option<String>,
    /// The value to match; as in waiters.
    pub expected: Value,
    /// A JMESPath expression on the reply, or on `{"Error": {"Code", "Message"}}`, that yields the reason for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The meaning of a reply of a step. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum StepState {
    /// The step has nothing left to do.
    Success,
    /// What is asked for is under way: the step waits for it, without undo.
    Wait,
    /// Not now: it is tried again later.
    Retry,
    /// The task ends as skipped.
    Skip,
    /// The task fails.
    Failure,
    /// It exists already: the values are those of `find`, and the step waits for it, without undo.
    Find,
}

/// An acceptor of a step with its placeholders bound.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BoundAcceptor {
    /// The acceptor.
    pub acceptor: Acceptor<StepState>,
    /// On an error, an expression on [`error_document`] that has to be true as well.
    pub condition: Option<Expression>,
}

impl StepAcceptor {
    /// The acceptor with its placeholders bound.
    ///
    /// # Errors
    /// An expression does not compile, or a placeholder has no value.
    pub fn bind(&self, scope: &dyn Scope) -> Result<BoundAcceptor, String> {
        let bound = |text: &Option<String>| {
            let bind = |text| scope.expression(&compiled(text)?);
            text.as_deref().map(bind).transpose()
        };
        let (argument, message) = (bound(&self.argument)?, bound(&self.message)?);
        let is_error = self.matcher == MatcherKind::Error;
        let (argument, condition) = if is_error { (None, argument) } else { (argument, None) };
        let matcher = Matcher::of(self.matcher, argument)
            .ok_or_else(|| "a path matcher needs an `argument`".to_owned())?;
        let expected = scope.bind(&self.expected)?.unwrap_or_default();
        let mut acceptor = Acceptor::new(self.state, matcher, expected);
        acceptor.message = message;
        Ok(BoundAcceptor { acceptor, condition })
    }
}

/// An expression, or why it does not compile.
pub(super) fn compiled(text: &str) -> Result<Expression, String> {
    Expression::compile(text).map_err(|error| format!("`{text}` does not compile: {error}"))
}

impl BoundAcceptor {
    fn matches(&self, seen: &Observation) -> bool {
        let holds = |condition: &Expression| {
            error_document(seen)
                .is_some_and(|document| condition.is_true(&document).unwrap_or_default())
        };
        self.acceptor.examine(seen).verdict == Verdict::Match
            && self.condition.as_ref().is_none_or(holds)
    }
}

/// The first acceptor that matches. One that cannot be evaluated does not match.
#[must_use]
pub fn decide<'a>(acceptors: &'a [BoundAcceptor], seen: &Observation) -> Option<&'a BoundAcceptor> {
    acceptors.iter().find(|acceptor| acceptor.matches(seen))
}

/// The reason that an acceptor gives for people: the value of its `message`, or else the service's own words.
#[must_use]
pub fn reason(acceptor: &BoundAcceptor, seen: &Observation) -> String {
    let document = match seen {
        Observation::Output(output) => Some(Cow::Borrowed(output.document.value())),
        Observation::Error(_) => error_document(seen),
    };
    let yielded =
        acceptor.acceptor.message.as_ref().zip(document).and_then(|(message, document)| {
            let value = message.evaluate(&document).ok().filter(|value| !value.is_null())?;
            Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        });
    yielded.unwrap_or_else(|| match seen.error() {
        Some(error) => error.to_string(),
        None => acceptor.acceptor.explanation(),
    })
}

/// The document of an error: the service's, or `{"Error": {"Code", "Message"}}`. `None` if there is none.
#[must_use]
pub fn error_document(seen: &Observation) -> Option<Cow<'_, Value>> {
    let error = seen.error()?;
    let document = error.document().map(|document| document.value());
    Some(match document.filter(|document| document.get("Error").is_some()) {
        Some(document) => Cow::Borrowed(document),
        None => Cow::Owned(json!({"Error": {"Code": error.code(), "Message": error.message()}})),
    })
}
