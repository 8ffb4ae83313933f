//! The choice of a client, as data.

use maitred_core::client::{ClientConfig, Verify};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::mask;

/// The connection of AWS services where none is named.
pub const AWS_DEFAULT: &str = "aws_default";

/// The connection of service `http` where none is named.
pub const HTTP_DEFAULT: &str = "http_default";

/// The choice of the client that a wait polls with, as data: it travels with the wait, from the operator to the
/// trigger and back. It holds no secrets; those are in the connection.
///
/// These settings win over those of the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ClientSettings {
    /// The id of a connection; default, also if it is empty: `aws_default`, or `http_default` for service
    /// `http`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// The AWS region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The profile of `~/.aws/config`, in place of the keys and the profile of the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The address of requests: an endpoint of AWS, or the base URL of service `http`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_url: Option<String>,
    /// The certificates that are accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
    /// Time-outs, retries and the like of a client of AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<ClientConfig>,
}

impl ClientSettings {
    /// Those of a connection, and no more.
    pub fn of_connection(id: impl Into<String>) -> Self {
        Self { connection: Some(id.into()), ..Self::default() }
    }

    /// Sets [`Self::endpoint_url`].
    #[must_use]
    pub fn with_endpoint_url(mut self, url: impl Into<String>) -> Self {
        self.endpoint_url = Some(url.into());
        self
    }

    /// True if there is a secret in here: a URL with a login or a query. Such settings must not be
    /// stored.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        let proxies = self.config.iter().flat_map(|config| config.proxies.values());
        let mut urls = self.endpoint_url.iter().chain(proxies);
        urls.any(|url| mask::without_login(url) != *url)
    }

    /// The connection that is named; an empty id names none.
    #[must_use]
    pub fn named_connection(&self) -> Option<&str> {
        self.connection.as_deref().filter(|id| !id.is_empty())
    }
}
