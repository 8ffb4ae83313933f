//! A waiter file as a person writes it: botocore's `waiters-2.json`, and the keys that extend it.
//!
//! The doc comments of these fields are the descriptions in the JSON Schema
//! (`json_schema` of `maitred-authoring`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[cfg(feature = "schema")]
mod schema;

/// The waiters of one service. botocore reads the same file; it ignores the keys that it does not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
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
    pub waiters: BTreeMap<String, WaiterConfig>,
}

/// One waiter: what to poll, how often, and which response means what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", schemars(extend("if" = schema::extends_rule(), "else" = schema::required_rule())))]
pub struct WaiterConfig {
    /// The kind of waiter, accepted and ignored because older botocore files carry it.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What this waiter waits for, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Another waiter, `service.name`, from which everything is taken that this one does not say: its
    /// acceptors are asked after those of this one, its `input` and `parameters` are joined, any other
    /// key counts where this one lacks it. With its own name a waiter extends the one that it replaces.
    /// `operation`, `delay`, `maxAttempts` and `acceptors` may then be left out, and botocore, which
    /// needs them, cannot load the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[^.]+\.[^.]+$"), example = &"redshift.cluster_available"))]
    pub extends: Option<String>,
    /// The operation to poll, e.g. `DescribeClusters`; for service `http` the method, e.g. `GET`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1), example = &"DescribeClusters"))]
    pub operation: String,
    /// Seconds between two polls.
    #[serde(default = "absent_delay", skip_serializing_if = "is_absent_delay")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0), example = 30))]
    pub delay: f64,
    /// How many polls before giving up. N attempts are N calls and N-1 delays.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[cfg_attr(
        feature = "schema",
        schemars(range(min = 1, max = 9_007_199_254_740_992_u64), example = 60)
    )]
    pub max_attempts: u64,
    /// What the responses mean. The first acceptor that matches decides; if none matches, an output
    /// means "go on" and an error ends the wait.
    #[serde(default)]
    pub acceptors: Vec<AcceptorConfig>,
    /// Default input of the operation; what the caller gives replaces members of the same name.
    /// Default: `{}`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub input: Map<String, Value>,
    /// Wall-clock limit for the whole wait, in seconds. Default: none, the attempts are the bound.
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
    /// How many successes in a row are needed. Anything else in between starts the count anew, only
    /// a transient failure does not. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 4_294_967_295_u32), extend("default" = 1)))]
    pub consecutive: Option<u32>,
    /// What happens on throttling, 5xx and lost connections that no acceptor names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transient: Option<TransientConfig>,
    /// The value to show while waiting and in the result: a JMESPath expression, or a list of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(example = &"Clusters[].ClusterStatus"))]
    pub show: Option<Show>,
    /// A JMESPath expression that tells one run from another, such as a start time or an id. Its value is
    /// read at the first reply, or given by the caller (`--baseline`). As long as a reply still has the
    /// same value, it is about the run before: neither success nor failure ends the wait. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1), example = &"Crawler.LastCrawl.StartTime"))]
    pub baseline: Option<String>,
    /// Merges all pages of a paginated operation before the acceptors see the document, which then has
    /// the lists of all pages and nothing else of what the pages carry. All pages are one attempt.
    /// Default: false, the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_pages: Option<bool>,
    /// Values that the caller gives and that stand as `{{NAME}}` in `argument`, `expected` and `input`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, ParameterConfig>,
    /// Calls that are made once when the wait has failed or given up, and whose values join the message:
    /// why it ended. Together they may take 30 s; one that fails changes nothing. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnose: Vec<DiagnoseConfig>,
    /// Says that polling this operation changes something; it then runs only when the caller allows
    /// it. Default: false, and the operation must be a read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mutating: bool,
}

impl WaiterConfig {
    /// A waiter of nothing but what every waiter must have.
    #[must_use]
    pub fn new(
        operation: impl Into<String>,
        delay: f64,
        max_attempts: u64,
        acceptors: Vec<AcceptorConfig>,
    ) -> Self {
        Self {
            kind: None,
            description: None,
            extends: None,
            operation: operation.into(),
            delay,
            max_attempts,
            acceptors,
            input: Map::new(),
            timeout: None,
            initial_delay: None,
            backoff: None,
            consecutive: None,
            transient: None,
            show: None,
            baseline: None,
            all_pages: None,
            parameters: BTreeMap::new(),
            diagnose: Vec::new(),
            mutating: false,
        }
    }

    /// The required keys that this waiter does not have and, if it `extends` another, takes from it.
    /// (An empty list of acceptors is the same as none.)
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let keys = [
            ("operation", self.operation.is_empty()),
            ("delay", is_absent_delay(&self.delay)),
            ("maxAttempts", self.max_attempts == 0),
        ];
        keys.into_iter().filter(|(_, missing)| *missing).map(|(key, _)| key).collect()
    }
}

/// One rule: if `matcher` finds `expected`, the wait is in `state`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", schemars(extend("allOf" = [schema::argument_rule()])))]
pub struct AcceptorConfig {
    /// What a match means: `success` and `failure` end the wait, `retry` goes on.
    pub state: State,
    /// What to look at.
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

/// What a matching acceptor means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// The wait ends well.
    Success,
    /// The wait ends: what is waited for can no longer happen.
    Failure,
    /// The wait goes on.
    Retry,
}

/// What an acceptor looks at.
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
pub struct BackoffConfig {
    /// The longest delay between two polls, in seconds; at least `delay`.
    #[cfg_attr(feature = "schema", schemars(range(min = 0), example = 120))]
    pub max_delay: f64,
    /// Takes a random delay between `delay` and the current one. Default: true.
    #[serde(default = "yes")]
    #[cfg_attr(feature = "schema", schemars(default = "yes"))]
    pub jitter: bool,
}

/// How much throttling, 5xx and lost connections are borne that no acceptor names.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TransientConfig {
    /// How many such failures in a row are borne where no time-out is given; the next one ends the
    /// wait. Default: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 4_294_967_295_u32)))]
    pub max_consecutive: Option<u32>,
    /// Further error codes of this service that mean "try again".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
}

/// A call that tells why a wait failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DiagnoseConfig {
    /// An operation of the waiter's service that only reads.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), example = &"DescribeStackEvents"))]
    pub operation: String,
    /// Its input, with `{{NAME}}` and `{{input.X}}` as everywhere in the waiter; nothing of the waiter's
    /// own input goes in by itself. Default: `{}`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub input: Map<String, Value>,
    /// The value that says why: a JMESPath expression on the output, or a list of them.
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
pub struct ParameterConfig {
    /// The type of the value. Default: `string`.
    #[serde(rename = "type", default)]
    pub kind: ParameterType,
    /// What the value is, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The value if the caller gives none. Default: the caller must give one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
}

/// The type of a parameter.
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

/// No delay that JSON can write.
fn absent_delay() -> f64 {
    f64::NEG_INFINITY
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_absent_delay(delay: &f64) -> bool {
    *delay == absent_delay()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn yes() -> bool {
    true
}
