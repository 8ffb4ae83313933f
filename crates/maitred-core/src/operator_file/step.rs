//! The steps of operators.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::acceptor::StepAcceptor;
use crate::config::AcceptorConfig;

/// An input with placeholders.
pub type Input = Map<String, Value>;

/// A step: what is looked at before, the call, the wait, what is read after it, and the undo.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StepConfig {
    /// A placeholder. The step is left out if its value is absent, null, false or empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Calls that only read, to see whether there is something to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<ReadConfig>,
    /// The main call, which is sent once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallConfig>,
    /// The wait for the work that the call has started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<WaitConfig>,
    /// Calls that only read what the wait does not show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<ReadConfig>,
    /// The calls that undo what the step has started: one, or a list.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "one_or_many",
        serialize_with = "as_one_or_many"
    )]
    #[cfg_attr(feature = "schema", schemars(with = "OneOrMany"))]
    pub undo: Vec<UndoConfig>,
}

/// A call that only reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ReadConfig {
    /// The service. Default: the file's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The operation; for service `http` the method.
    pub operation: String,
    /// Its input. Default: `{}`.
    #[serde(default, skip_serializing_if = "Input::is_empty")]
    pub input: Input,
    /// Merges all pages of the reply. Default: false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all_pages: bool,
    /// Names for values of the reply.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, ValueConfig>,
    /// The meanings of replies. Without a match the step goes on, and an error ends the task.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acceptors: Vec<StepAcceptor>,
}

/// A call that is sent once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct CallConfig {
    /// The service. Default: the file's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The operation; for service `http` the method.
    pub operation: String,
    /// Its input. Default: `{}`.
    #[serde(default, skip_serializing_if = "Input::is_empty")]
    pub input: Input,
    /// The member of the input by which the service recognises a call that is sent again. It is set to
    /// `{{task.token}}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The path of a member of the input that the service only gives back, such as a comment or a tag. It is set to
    /// `{{task.token}}`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marker: Vec<String>,
    /// Names for values of the reply.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, ValueConfig>,
    /// The meanings of replies. Without a match, an output has started the work, and an error fails the task if the
    /// service has refused the call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acceptors: Vec<StepAcceptor>,
    /// The pauses of a call that is tried again later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryConfig>,
    /// How a call whose reply was lost is found again.
    pub find: FindConfig,
}

/// The pauses of a call that is tried again later, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct RetryConfig {
    /// The first pause; each is half as long again as the one before. Default: 15.
    pub delay: f64,
    /// The longest pause. Default: 120.
    pub max_delay: f64,
    /// The time after which the call is not tried again. Default: 3600.
    pub timeout: f64,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self { delay: 15.0, max_delay: 120.0, timeout: 3600.0 }
    }
}

/// How a call whose reply was lost is found again. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum FindConfig {
    /// It is sent again: the service recognises it by its token, or it does no harm to repeat it.
    Again,
    /// Nobody can tell: the task ends as `in_doubt`.
    Cannot,
    /// It is looked for with a call that only reads.
    #[serde(untagged)]
    Read(Box<FindRead>),
}

impl<'de> Deserialize<'de> for FindConfig {
    // Derived for an untagged variant, an error would not say what is wrong.
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(from)?;
        match value.as_str() {
            Some("again") => Ok(Self::Again),
            Some("cannot") => Ok(Self::Cannot),
            Some(other) => {
                let message =
                    format!("`find` is `again`, `cannot` or a call that reads, not `{other}`");
                Err(serde::de::Error::custom(message))
            }
            None => serde_json::from_value(value)
                .map(Self::Read)
                .map_err(|error| serde::de::Error::custom(format!("in `find`: {error}"))),
        }
    }
}

/// A call that looks for the work that a call with a lost reply may have started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct FindRead {
    /// The service. Default: the call's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The operation; for service `http` the method.
    pub operation: String,
    /// Its input. Default: `{}`.
    #[serde(default, skip_serializing_if = "Input::is_empty")]
    pub input: Input,
    /// Merges all pages of the reply. Default: false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all_pages: bool,
    /// A JMESPath expression that yields the candidates: none means that the call was not made, one is its work, and of
    /// more nobody can tell.
    pub each: String,
    /// A JMESPath expression on a candidate that yields the time at which it was made. One that is older than the call
    /// does not count. Default: all count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Error codes of the read that mean that nothing was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_made: Vec<String>,
    /// Seconds before a second look if the first finds nothing. Default: 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settle: Option<f64>,
    /// Names for values of the candidate: those that the call's own reply would have given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, ValueConfig>,
}

/// The wait of a step, with a waiter that there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct WaitConfig {
    /// The waiter, `service.name`.
    pub waiter: String,
    /// Its input.
    #[serde(default, skip_serializing_if = "Input::is_empty")]
    pub input: Input,
    /// Its parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Value>,
    /// Acceptors that are asked before the waiter's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acceptors: Vec<AcceptorConfig>,
    /// Names for values of the last reply of a wait that has succeeded.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, ValueConfig>,
}

impl WaitConfig {
    /// The waiter's service and name.
    #[must_use]
    pub fn service_and_name(&self) -> Option<(&str, &str)> {
        self.waiter.split_once('.')
    }
}

/// A call that undoes what the step has started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UndoConfig {
    /// A description, e.g. `stop run {{run_id}}`. It is shown before the call is sent.
    pub description: String,
    /// The service. Default: the file's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The operation; for service `http` the method.
    pub operation: String,
    /// Its input. Default: `{}`.
    #[serde(default, skip_serializing_if = "Input::is_empty")]
    pub input: Input,
    /// When it is sent. Default: on a cancel that asks for it.
    #[serde(default = "on_cancel")]
    pub on: Vec<UndoOn>,
}

/// An end that a step's work is undone at. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum UndoOn {
    /// A cancel that asks for it.
    Cancel,
    /// The wait has failed.
    Failure,
    /// The wait has given up.
    Timeout,
}

fn on_cancel() -> Vec<UndoOn> {
    vec![UndoOn::Cancel]
}

/// A value of a reply: a JMESPath expression, or one with a type. Callers match it exhaustively: a new variant is a
/// breaking change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ValueConfig {
    /// The value of the expression.
    Plain(String),
    /// The value of the expression, converted.
    #[serde(rename_all = "camelCase")]
    Typed {
        /// The expression.
        expression: String,
        /// The form of the value in the reply.
        #[serde(rename = "type")]
        kind: ValueType,
    },
}

impl ValueConfig {
    /// The expression.
    #[must_use]
    pub fn expression(&self) -> &str {
        match self {
            Self::Plain(expression) | Self::Typed { expression, .. } => expression,
        }
    }
}

/// The form of a value in a reply. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ValueType {
    /// Any JSON value.
    Json,
    /// The text of a JSON value.
    JsonText,
}

/// One call, or a list of them.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub(super) enum OneOrMany {
    /// One call.
    One(UndoConfig),
    /// Several, in this order.
    Many(Vec<UndoConfig>),
}

impl<'de> Deserialize<'de> for OneOrMany {
    // Derived for an untagged enum, an error would not say what is wrong.
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(from)?;
        let read = if value.is_array() {
            serde_json::from_value(value).map(Self::Many)
        } else {
            serde_json::from_value(value).map(Self::One)
        };
        read.map_err(serde::de::Error::custom)
    }
}

impl OneOrMany {
    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::Many(many) if many.is_empty())
    }
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl From<OneOrMany> for Vec<UndoConfig> {
    fn from(undo: OneOrMany) -> Self {
        match undo {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        }
    }
}

impl From<Vec<UndoConfig>> for OneOrMany {
    fn from(mut many: Vec<UndoConfig>) -> Self {
        match many.pop() {
            Some(one) if many.is_empty() => Self::One(one),
            last => {
                many.extend(last);
                Self::Many(many)
            }
        }
    }
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<UndoConfig>, D::Error> {
    OneOrMany::deserialize(from).map(Vec::from)
}

fn as_one_or_many<S: serde::Serializer>(undo: &[UndoConfig], to: S) -> Result<S::Ok, S::Error> {
    OneOrMany::from(undo.to_vec()).serialize(to)
}
