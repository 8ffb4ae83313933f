//! The settings of a client.

use std::collections::BTreeMap;
use std::fmt;

use maitred_core::client::{ClientConfig, Verify};

use super::role::Role;

/// The settings of a client. The environment and the profile have what is not set.
///
/// `Debug` does not show keys.
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct AwsSettings {
    /// The region; default: `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's. The instance metadata
    /// service is not asked.
    pub region: Option<String>,
    /// The profile of `~/.aws/config` and `~/.aws/credentials`; default: `AWS_PROFILE`.
    pub profile: Option<String>,
    /// The endpoint of all services. It does not apply to the call that assumes [`role`](Self::role).
    pub endpoint_url: Option<String>,
    /// The endpoints of single services, by service id such as `Redshift Data`. They win over `endpoint_url`.
    pub service_endpoints: BTreeMap<String, String>,
    /// Which certificates are accepted.
    pub verify: Option<Verify>,
    /// Time-outs, retries and the like.
    pub config: ClientConfig,
    /// The keys to sign with.
    pub keys: Option<AccessKeys>,
    /// The role to assume, with the keys or else with the credentials of the environment, the profile or the machine.
    pub role: Option<Role>,
}

/// Access keys. `Debug` does not show them.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccessKeys {
    /// `aws_access_key_id`
    pub id: String,
    /// `aws_secret_access_key`
    pub secret: String,
    /// `aws_session_token`
    pub session_token: Option<String>,
}

impl AccessKeys {
    /// Keys without a session token.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { id: id.into(), secret: secret.into(), session_token: None }
    }
}

impl fmt::Debug for AccessKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessKeys(***)")
    }
}

impl fmt::Debug for AwsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An endpoint or a proxy may be a URL with a login.
        f.debug_struct("AwsSettings")
            .field("region", &self.region)
            .field("profile", &self.profile)
            .field("verify", &self.verify)
            .field("keys", &self.keys)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl AwsSettings {
    /// Returns `true` if requests are sent without a signature.
    #[must_use]
    pub fn is_unsigned(&self) -> bool {
        self.config.is_unsigned()
    }

    /// The profile that these settings name.
    pub(super) fn named_profile(&self) -> Option<&str> {
        self.profile.as_deref().filter(|name| !name.is_empty())
    }
}
