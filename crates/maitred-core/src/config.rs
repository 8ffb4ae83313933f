//! A waiter file as a person writes it: botocore's `waiters-2.json`, and the keys that extend it.
//!
//! A file has [`PartialWaiter`]s, a wait needs a [`WaiterConfig`]. The doc comments of the fields are the
//! descriptions in the JSON Schema (`json_schema` of `maitred-authoring`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

mod resolve;
#[cfg(feature = "schema")]
mod schema;

/// The waiters of one service. botocore reads the same file; it ignores the keys that it does not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WaiterFile {
    /// The JSON Schema of this file, for editors.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The version of the format: always 2.
    #[cfg_attr(feature = "schema", schemars(schema_with = "schema::version_schema"))]
    pub version: u32,
    /// The service whose operations are polled, e.g. `redshift` or `http`. Default: the file's name
    /// without `.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The waiters by name. `cluster_paused`, `cluster-paused` and `ClusterPaused` are the same name.
    pub waiters: BTreeMap<String, PartialWaiter>,
}

impl WaiterFile {
    /// A file of these waiters, by name.
    #[must_use]
    pub fn new(waiters: BTreeMap<String, PartialWaiter>) -> Self {
        Self { schema: None, version: 2, service: None, waiters }
    }
}

/// One waiter: what to poll, how often, and which response means what.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", schemars(rename = "WaiterConfig"))]
#[cfg_attr(feature = "schema", schemars(extend("if" = schema::extends_rule(), "else" = schema::required_rule())))]
#[non_exhaustive]
pub struct PartialWaiter {
    /// The kind of waiter. It is accepted and ignored, because older botocore files have it.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// A description of the condition that it waits for, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Another waiter, `service.name`, that supplies the keys which this one lacks. Its acceptors follow
    /// this one's; its `input` and `parameters` are merged under this one's. A waiter with its own name
    /// here extends the one that it replaces. `operation`, `delay`, `maxAttempts` and `acceptors` may then
    /// be omitted; botocore, which needs them, cannot load such a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[^.]+\.[^.]+$"), example = &"redshift.cluster_available"))]
    pub extends: Option<String>,
    /// The operation to poll, e.g. `DescribeClusters`; for service `http` the method, e.g. `GET`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1), example = &"DescribeClusters"))]
    pub operation: Option<String>,
    /// Seconds between two polls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0), example = 30))]
    pub delay: Option<f64>,
    /// The maximum number of polls. N attempts are N calls and N-1 delays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(range(min = 1, max = 9_007_199_254_740_992_u64), example = 60)
    )]
    pub max_attempts: Option<u64>,
    /// The meanings of responses. The first acceptor that matches decides. If none matches, an output
    /// continues the wait and an error ends it.
    #[serde(default)]
    pub acceptors: Vec<AcceptorConfig>,
    /// Default input of the operation. The caller's input replaces members of the same name.
    /// Default: `{}`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub input: Map<String, Value>,
    /// Wall-clock limit for the whole wait, in seconds. Default: none, the attempts are the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0), example = 3600))]
    pub timeout: Option<f64>,
    /// Seconds before the first poll. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub initial_delay: Option<f64>,
    /// Lets the delay grow. Default: the delay is constant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<BackoffConfig>,
    /// The number of successes in a row that are needed. Any other result resets the count, except a transient
    /// failure. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 4_294_967_295_u32), extend("default" = 1)))]
    pub consecutive: Option<u32>,
    /// The retries of throttling, 5xx replies and lost connections that no acceptor names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transient: Option<TransientConfig>,
    /// The value to show while waiting and in the result: a JMESPath expression, or a list of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(example = &"Clusters[].ClusterStatus"))]
    pub show: Option<Show>,
    /// A JMESPath expression that distinguishes runs, such as a start time or an id. Its value is read
    /// from the first reply, or given by the caller (`--baseline`). While a reply has the same value, it
    /// describes the previous run, and neither success nor failure ends the wait. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1), example = &"Crawler.LastCrawl.StartTime"))]
    pub baseline: Option<String>,
    /// Merges all pages of a paginated operation before the acceptors see the document, which then has
    /// only the lists of all pages. All pages together are one attempt. Default: false, the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_pages: Option<bool>,
    /// Values that the caller gives. `{{NAME}}` in `argument`, `expected` and `input` stands for one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, ParameterConfig>,
    /// Calls that are made once after the wait has failed or given up. Their values are added to the
    /// message as the reason. Together they may take 30 s; one that fails changes nothing. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnose: Vec<DiagnoseConfig>,
    /// Declares that polling this operation changes something; it is then polled only if the caller
    /// allows it. Default: false, and the operation must be read-only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mutating: bool,
}

/// A waiter with all required keys: a [`PartialWaiter`] that extends nothing, or with the keys of the waiters
/// that it extends.
///
/// Each key means what it means in [`PartialWaiter`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "PartialWaiter", into = "PartialWaiter")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the keys are documented once, at `PartialWaiter`")]
pub struct WaiterConfig {
    pub kind: Option<String>,
    pub description: Option<String>,
    pub operation: String,
    pub delay: f64,
    pub max_attempts: u64,
    pub acceptors: Vec<AcceptorConfig>,
    pub input: Map<String, Value>,
    pub timeout: Option<f64>,
    pub initial_delay: Option<f64>,
    pub backoff: Option<BackoffConfig>,
    pub consecutive: Option<u32>,
    pub transient: Option<TransientConfig>,
    pub show: Option<Show>,
    pub baseline: Option<String>,
    pub all_pages: Option<bool>,
    pub parameters: BTreeMap<String, ParameterConfig>,
    pub diagnose: Vec<DiagnoseConfig>,
    pub mutating: bool,
}

/// One rule: if `matcher` finds `expected`, the wait is in `state`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", schemars(extend("allOf" = [schema::argument_rule()])))]
#[non_exhaustive]
pub struct AcceptorConfig {
    /// The meaning of a match: `success` and `failure` end the wait, `retry` continues it.
    pub state: State,
    /// The part of the response to look at.
    pub matcher: MatcherKind,
    /// The JMESPath expression that `path`, `pathAll` and `pathAny` evaluate on the output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(example = &"Clusters[].ClusterStatus"))]
    pub argument: Option<String>,
    /// The value to match: for `path`, `pathAll` and `pathAny` any JSON value, for `status` a number,
    /// for `error` a code, or `true` for any error and `false` for none.
    #[cfg_attr(feature = "schema", schemars(schema_with = "schema::any_value_schema"))]
    pub expected: Value,
    /// On a failure acceptor: a JMESPath expression that yields the reason for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl AcceptorConfig {
    /// An acceptor without `argument` and `message`.
    pub fn new(state: State, matcher: MatcherKind, expected: impl Into<Value>) -> Self {
        Self { state, matcher, argument: None, expected: expected.into(), message: None }
    }

    /// An acceptor with matcher `path` on the value of `argument`.
    pub fn path(state: State, argument: impl Into<String>, expected: impl Into<Value>) -> Self {
        Self { argument: Some(argument.into()), ..Self::new(state, MatcherKind::Path, expected) }
    }
}

/// The meaning of a match: one of exactly three states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// The wait succeeds.
    Success,
    /// The wait fails: what it waits for can no longer happen.
    Failure,
    /// The wait continues.
    Retry,
}

/// The part of a response that an acceptor looks at: one of the five matchers of the format's version 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum MatcherKind {
    /// The value of `argument` equals `expected`.
    Path,
    /// The value of `argument` is a non-empty list and every member equals `expected`.
    PathAll,
    /// The value of `argument` is a non-empty list and a member equals `expected`.
    PathAny,
    /// The HTTP status equals `expected`.
    Status,
    /// The error code equals `expected`; `true` is any error, `false` is none.
    Error,
}

/// A delay that grows from `delay` to `maxDelay`
/// (<https://smithy.io/2.0/additional-specs/waiters.html#waiter-retries>).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct BackoffConfig {
    /// The longest delay between two polls, in seconds; at least `delay`.
    #[cfg_attr(feature = "schema", schemars(range(min = 0), example = 120))]
    pub max_delay: f64,
    /// Makes each delay random, between `delay` and the current one. Default: true.
    #[serde(default = "yes")]
    #[cfg_attr(feature = "schema", schemars(default = "yes"))]
    pub jitter: bool,
}

/// The retries of throttling, 5xx replies and lost connections that no acceptor names.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct TransientConfig {
    /// The number of failures in a row that are retried in a wait without a time-out; the next one ends the
    /// wait. Default: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 4_294_967_295_u32)))]
    pub max_consecutive: Option<u32>,
    /// Additional error codes of this service that are retried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
}

/// A call that finds out why a wait failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct DiagnoseConfig {
    /// A read-only operation of the waiter's service.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), example = &"DescribeStackEvents"))]
    pub operation: String,
    /// Its input, with `{{NAME}}` and `{{input.X}}` as elsewhere in the waiter. The waiter's own input is
    /// not merged in. Default: `{}`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub input: Map<String, Value>,
    /// The value that gives the reason: a JMESPath expression on the output, or a list of them.
    pub show: Show,
}

/// One JMESPath expression, or several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Show {
    /// One expression.
    One(String),
    /// Several; their values are shown together.
    Many(Vec<String>),
}

impl Show {
    /// The expressions in order.
    #[must_use]
    pub fn expressions(&self) -> &[String] {
        match self {
            Self::One(expression) => std::slice::from_ref(expression),
            Self::Many(expressions) => expressions,
        }
    }
}

/// A value that the caller gives.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ParameterConfig {
    /// The type of the value. Default: `string`.
    #[serde(rename = "type", default)]
    pub kind: ParameterType,
    /// A description of the value, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The value if the caller gives none. Default: the caller must give one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
}

/// The type of a parameter: one of the types of JSON, or an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ParameterType {
    /// Any string.
    #[default]
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Any JSON value.
    Json,
    /// A JMESPath expression, which stands for a whole `argument`.
    Expression,
}

fn yes() -> bool {
    true
}
