//! Operators for HTTP.
//!
//! Names and arguments are those of Airflow's HTTP provider. What there is a Python callable is here an
//! expression ([JMESPath](https://jmespath.org)) over `{"StatusCode", "Headers", "Body"}`: it is data, so
//! it works on a worker and in a trigger alike.
//!
//! A secret goes in the connection, or as a reference (`{"$secret": "env:NAME"}`) in the place of a value
//! of `headers`, `params`, `data` or `json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::OperatorError;
use crate::connection::without_references;
use crate::trigger::literal_secret;
use maitred_core::client::Verify;
use maitred_core::expression::Expression;
use maitred_http::{METHODS, check_input};

mod request;
mod sensor;

pub use request::HttpRequest;
pub use sensor::HttpSensor;

/// An operator's struct with the arguments that all operators for HTTP have.
macro_rules! http_operator {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// A path below the connection's host, or a whole URL. Default: the connection's host.
            #[serde(default)]
            pub endpoint: String,
            /// The connection. Default: `http_default`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub http_conn_id: Option<String>,
            /// Headers. Default: the connection's.
            #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
            pub headers: serde_json::Map<String, serde_json::Value>,
            /// Parameters that are appended to the query of the URL.
            #[serde(default, alias = "request_params", skip_serializing_if = "serde_json::Map::is_empty")]
            pub params: serde_json::Map<String, serde_json::Value>,
            /// The body: a string as it is, an object as a form.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub data: Option<serde_json::Value>,
            /// The body, as JSON.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub json: Option<serde_json::Value>,
            /// Time-outs, redirects and the like, where they differ from the connection's.
            #[serde(default, skip_serializing_if = "super::ExtraOptions::is_default")]
            pub extra_options: super::ExtraOptions,
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $name {
            /// The input of service `http`.
            fn input(&self) -> serde_json::Map<String, serde_json::Value> {
                super::request_input(&self.endpoint, &self.extra_options, [
                    ("headers", super::object(&self.headers)),
                    ("params", super::object(&self.params)),
                    ("data", self.data.clone()),
                    ("json", self.json.clone()),
                ])
            }

            /// Checks the request that these arguments make.
            fn check_request(&self) -> Result<(), crate::operator::OperatorError> {
                super::check_request(&self.method, &self.input())
            }

            /// The connection, which has to have a host unless the endpoint is a whole URL.
            fn used_connections(&self) -> Vec<crate::operator::ConnectionUse> {
                use crate::operator::ConnectionUse;
                let named = ConnectionUse::named(self.http_conn_id.as_deref());
                let used = named.unwrap_or_else(|| ConnectionUse::default_of(crate::connection::HTTP_DEFAULT));
                vec![used.needing_host(super::target(&self.endpoint) == "endpoint")]
            }

            fn client_settings(&self) -> crate::connection::ClientSettings {
                let connection = self.http_conn_id.clone();
                crate::connection::ClientSettings { connection, ..Default::default() }
            }
        }
    };
}
use http_operator;

/// Time-outs, certificates and redirects of a request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ExtraOptions {
    /// Seconds for the whole request. Default: 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<f64>,
    /// Seconds to connect. Default: 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_timeout: Option<f64>,
    /// The certificates that are accepted. Default: those that the system trusts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
    /// Follows redirects. Default: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_redirects: Option<bool>,
    /// The largest number of redirects that are followed. Default: 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_redirects: Option<u64>,
    /// The largest body that is accepted, in bytes. Default: 8 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_body_bytes: Option<u64>,
}

impl ExtraOptions {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A condition on a reply. Both members have to hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ResponseCheck {
    /// The status, or a list of them. Default: any below 400.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Statuses>,
    /// A JMESPath expression over `{"StatusCode", "Headers", "Body"}` that has to be true, e.g.
    /// `Body.state == 'done'`. Null, false, and what is empty are not true. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
}

/// One HTTP status, or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Statuses {
    /// One.
    One(u16),
    /// Any of these.
    Many(Vec<u16>),
}

impl ResponseCheck {
    fn statuses(&self) -> &[u16] {
        match &self.status {
            None => &[],
            Some(Statuses::One(status)) => std::slice::from_ref(status),
            Some(Statuses::Many(statuses)) => statuses,
        }
    }

    /// The condition as one expression, which is true or false.
    fn condition(&self) -> String {
        let status = match &self.status {
            None => "StatusCode < `400`".to_owned(),
            Some(_) => format!("contains(`{:?}`, StatusCode)", self.statuses()),
        };
        match &self.expression {
            None => status,
            // Twice not is the truth of a value.
            Some(expression) => format!("{status} && {}", truth(expression)),
        }
    }

    fn check(&self, argument: &str) -> Result<(), OperatorError> {
        let wrong =
            |message: &str| Err(OperatorError::fatal(format!("{argument}.status {message}")));
        if self.status.is_some() && self.statuses().is_empty() {
            return wrong("is an empty list");
        }
        if self.statuses().iter().any(|status| !(100..=599).contains(status)) {
            return wrong("has a number that is no HTTP status");
        }
        match &self.expression {
            Some(expression) => check_expression(&format!("{argument}.expression"), expression),
            None => Ok(()),
        }
    }
}

/// An expression for whether `expression`, which compiles by itself, is true.
fn truth(expression: &str) -> String {
    format!("!(!({expression}))")
}

fn check_expression(argument: &str, text: &str) -> Result<(), OperatorError> {
    match Expression::compile(text) {
        Ok(_) => Ok(()),
        Err(error) => Err(OperatorError::fatal(format!("{argument}: {error}"))),
    }
}

/// The members of a request as the input of service `http`.
fn request_input(
    endpoint: &str,
    options: &ExtraOptions,
    members: [(&str, Option<Value>); 4],
) -> Map<String, Value> {
    let options = [
        ("requestTimeout", options.timeout.map(Value::from)),
        ("connectTimeout", options.connect_timeout.map(Value::from)),
        ("verify", options.verify.as_ref().map(|verify| serde_json::json!(verify))),
        ("followRedirects", options.allow_redirects.map(Value::from)),
        ("maxRedirects", options.max_redirects.map(Value::from)),
        ("maxBodyBytes", options.max_body_bytes.map(Value::from)),
    ];
    let address = (target(endpoint), Some(Value::from(endpoint)));
    let members = std::iter::once(address).chain(members).chain(options);
    members.filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// A member that is an object; none if it is empty.
fn object(map: &Map<String, Value>) -> Option<Value> {
    (!map.is_empty()).then(|| Value::Object(map.clone()))
}

/// Checks the input of a request, in which references stand for secrets.
fn check_request(method: &str, input: &Map<String, Value>) -> Result<(), OperatorError> {
    if !METHODS.contains(&method) {
        let known = METHODS.join(", ");
        return Err(OperatorError::fatal(format!("method is one of {known}, in capitals")));
    }
    if let Some(message) = literal_secret(input, "endpoint") {
        return Err(OperatorError::fatal(message));
    }
    let mut problems = Vec::new();
    let mut plain = Map::new();
    for (key, value) in input {
        match without_references(value) {
            Ok(value) => drop(plain.insert(key.clone(), value)),
            Err(bad) => problems.push(format!("{key}: {bad}")),
        }
    }
    for problem in check_input(&plain) {
        let help = problem.help.map(|help| format!(" ({help})")).unwrap_or_default();
        let path = if problem.path == "url" { "endpoint" } else { &problem.path };
        problems.push(format!("{path} {}{help}", problem.message));
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(OperatorError::fatal(problems.join("; ")))
}

/// The member of an input that an endpoint is.
fn target(endpoint: &str) -> &'static str {
    if endpoint.contains("://") { "url" } else { "endpoint" }
}
