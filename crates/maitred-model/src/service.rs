//! The model of a service.

use serde::{Deserialize, Serialize};

use crate::shape::is_false;
use maitred_core::diagnostic::nearest;
use maitred_core::names::{is_read, same_name};

/// The wire protocol of a service. Exhaustive, so that a client handles all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// Form-encoded requests, XML replies.
    Query,
    /// EC2's variant of [`Protocol::Query`].
    Ec2,
    /// JSON-RPC: everything in one JSON body.
    Json,
    /// REST with JSON bodies.
    RestJson,
    /// REST with XML bodies.
    RestXml,
}

/// A service: the settings that its client needs, and the names of its operations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServiceModel {
    /// The name in botocore and the AWS CLI, e.g. `redshift`.
    pub name: String,
    /// The service id, e.g. `Redshift`.
    pub service_id: String,
    /// The full name, e.g. `Amazon Redshift`.
    pub full_name: String,
    /// The API version, e.g. `2012-12-01`.
    pub api_version: String,
    /// The first label of the service's host names.
    pub endpoint_prefix: String,
    /// The name that requests are signed for.
    pub signing_name: String,
    /// The method of signing, e.g. `v4`.
    pub signature_version: String,
    /// The wire protocol.
    pub protocol: Protocol,
    /// `X-Amz-Target` prefix of [`Protocol::Json`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_prefix: Option<String>,
    /// The version of [`Protocol::Json`], `1.0` or `1.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json_version: Option<String>,
    /// The namespace of XML request bodies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xml_namespace: Option<String>,
    /// The host, if there is only one in each partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global_endpoint: Option<String>,
    /// Whether the header `x-amzn-query-error` has the error codes of the former query API.
    #[serde(default, skip_serializing_if = "is_false")]
    pub query_compatible: bool,
    /// The names of the operations, in the order of the model.
    pub operations: Vec<String>,
}

impl ServiceModel {
    /// The operation's own name, for any casing of it: `DescribeClusters`, `describe-clusters` and
    /// `describe_clusters` are the same.
    #[must_use]
    pub fn operation_name(&self, name: &str) -> Option<&str> {
        let exact = self.operations.iter().find(|operation| *operation == name);
        exact
            .or_else(|| self.operations.iter().find(|operation| same_name(operation, name)))
            .map(String::as_str)
    }

    /// The operation whose name is most similar to `name`.
    #[must_use]
    pub fn suggest_operation(&self, name: &str) -> Option<&str> {
        nearest(name, self.operations.iter().map(String::as_str))
    }

    /// Whether the operation is read-only, so that polling it changes nothing.
    #[must_use]
    pub fn is_read(&self, operation: &str) -> bool {
        is_read(&self.name, self.operation_name(operation).unwrap_or(operation))
    }
}
