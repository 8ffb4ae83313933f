//! Arguments that operators have in common, their defaults and checks.

use maitred_runtime::operator::OperatorError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An operator's struct with the arguments that all operators for AWS have.
macro_rules! aws_operator {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
            /// The connection. Default: `aws_default`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub aws_conn_id: Option<String>,
            /// The region. Default: the connection's.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub region_name: Option<String>,
            /// The endpoint. Default: the connection's, else the service's own.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub endpoint_url: Option<String>,
            /// The certificates that are accepted. Default: the connection's.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub verify: Option<maitred_core::client::Verify>,
            /// Time-outs, retries and the like. Default: the connection's.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub botocore_config: Option<maitred_core::client::ClientConfig>,
        }

        impl $name {
            pub(crate) fn used_connections(&self) -> Vec<maitred_runtime::operator::ConnectionUse> {
                let named = self.aws_conn_id.as_deref();
                maitred_runtime::operator::ConnectionUse::named(named).into_iter().collect()
            }

            /// The client that this operator and its triggers use.
            pub(crate) fn client_settings(&self) -> maitred_runtime::connection::ClientSettings {
                let mut settings = maitred_runtime::connection::ClientSettings::default();
                settings.connection.clone_from(&self.aws_conn_id);
                settings.region.clone_from(&self.region_name);
                settings.endpoint_url.clone_from(&self.endpoint_url);
                settings.verify.clone_from(&self.verify);
                settings.config.clone_from(&self.botocore_config);
                settings
            }
        }
    };
}
pub(super) use aws_operator;

/// A tag of a cluster or a snapshot: `{"Key": "team", "Value": "data"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Tag {
    /// The key.
    #[serde(alias = "key")]
    pub key: String,
    /// The value. Default: none.
    #[serde(alias = "value", default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Tag {
    pub(super) fn sdk(&self) -> aws_sdk_redshift::types::Tag {
        let tag = aws_sdk_redshift::types::Tag::builder().key(&self.key);
        tag.set_value(self.value.clone()).build()
    }
}

/// A default number of seconds.
pub(super) fn seconds<const DEFAULT: u32>() -> f64 {
    DEFAULT.into()
}

/// A default number of polls.
pub(super) fn polls<const DEFAULT: u64>() -> u64 {
    DEFAULT
}

/// A default number.
pub(super) fn number<const DEFAULT: i32>() -> i32 {
    DEFAULT
}

pub(super) fn yes() -> bool {
    true
}

pub(super) fn check_cluster(cluster: &str) -> Result<(), OperatorError> {
    if cluster.is_empty() {
        return Err(OperatorError::fatal("cluster_identifier is empty"));
    }
    Ok(())
}

pub(super) fn check_snapshot(snapshot: &str) -> Result<(), OperatorError> {
    if snapshot.is_empty() {
        return Err(OperatorError::fatal("snapshot_identifier is empty"));
    }
    Ok(())
}
