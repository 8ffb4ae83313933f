//! The SDK's configuration from plain settings: region, endpoint, keys, role, time-outs, retries.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use maitred_core::client::{ClientConfig, Verify};

mod chain;
mod connector;
mod environment;
mod ini;
mod load;
mod lookup;
mod own;
mod process;
mod profiles;
mod renewal;
mod role;
mod sdk_text;
mod tokens;

pub use environment::AwsEnvironment;
pub use role::Role;

use renewal::FileProvider;
use role::RoleProvider;

/// Fetching credentials may take a call to STS, which may take a retry.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(30);

/// What a client of AWS services is made of; what is not given comes from the SDK's own chain.
///
/// `Debug` does not show keys.
#[derive(Clone, Default, PartialEq)]
pub struct AwsSettings {
    /// The region; default: `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's. The instance metadata
    /// service is not asked.
    pub region: Option<String>,
    /// The profile of `~/.aws/config` and `~/.aws/credentials`; default: `AWS_PROFILE`.
    pub profile: Option<String>,
    /// Where requests go instead of to the services' own endpoints. The call that assumes
    /// [`role`](Self::role) does not go there.
    pub endpoint_url: Option<String>,
    /// The same for single services, by service id as in `Redshift Data`; these win.
    pub service_endpoints: BTreeMap<String, String>,
    /// Which certificates are accepted.
    pub verify: Option<Verify>,
    /// Time-outs, retries and the like.
    pub config: ClientConfig,
    /// The keys to sign with.
    pub keys: Option<AccessKeys>,
    /// The role to assume with the keys or with what the SDK's chain finds.
    pub role: Option<Role>,
}

/// Access keys. `Debug` does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKeys {
    /// `aws_access_key_id`
    pub id: String,
    /// `aws_secret_access_key`
    pub secret: String,
    /// `aws_session_token`
    pub session_token: Option<String>,
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

/// Settings that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadSettings {
    message: String,
    help: Option<String>,
}

impl BadSettings {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for BadSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for BadSettings {}

impl AwsSettings {
    /// The SDK's configuration. It has everything that a client needs, also one of the official SDK;
    /// credentials are fetched when a call needs them, cached, and fetched anew before they expire.
    ///
    /// What the settings do not say is looked up in the environment of the process and in
    /// `~/.aws/config` and `~/.aws/credentials`, as botocore reads them.
    ///
    /// Requests go out unsigned if [`ClientConfig::signature_version`] says so: there are no
    /// credentials then, and [`super::AwsClient::unsigned`] is the client for it.
    ///
    /// # Errors
    /// The profile does not exist, a file cannot be parsed, or a setting cannot be used.
    pub async fn sdk_config(&self) -> Result<SdkConfig, BadSettings> {
        self.sdk_config_in(&AwsEnvironment::of_process()).await
    }

    /// The same with other variables and files than those of the process.
    ///
    /// # Errors
    /// As [`Self::sdk_config`].
    pub async fn sdk_config_in(
        &self,
        environment: &AwsEnvironment,
    ) -> Result<SdkConfig, BadSettings> {
        let profiles = environment.profiles()?;
        self.check_tokens(environment, &profiles)?;
        let mut base = self.load(environment, &profiles).await?;
        if self.keys.is_none()
            && let Some(provider) = base.credentials_provider()
        {
            let provider = FileProvider::new(self, environment, profiles, provider);
            let provider = SharedCredentialsProvider::new(provider);
            base = base.into_builder().credentials_provider(provider).build();
        }
        let inner = || base.service_config().map(|_| base.clone());
        let role = self.role.as_ref().map(|role| {
            let sts = role.endpoint_url.iter().map(|url| ("STS".to_owned(), url.clone()));
            let endpoints = Endpoints { services: sts.collect(), general: None, inner: inner() };
            let config = base.to_builder().service_config(endpoints).build();
            RoleProvider::new(role.clone(), &config)
        });
        let mut builder = base.to_builder();
        if self.endpoint_url.is_some() || !self.service_endpoints.is_empty() {
            let (services, general) = (self.service_endpoints.clone(), self.endpoint_url.clone());
            builder = builder.service_config(Endpoints { services, general, inner: inner() });
        }
        if let Some(url) = &self.endpoint_url {
            // The official clients refuse a given endpoint together with these.
            builder = builder.endpoint_url(url).use_fips(false).use_dual_stack(false);
        }
        if let Some(role) = role {
            let cache = IdentityCache::lazy().load_timeout(CREDENTIALS_TIMEOUT).build();
            builder = builder
                .identity_cache(cache)
                .credentials_provider(SharedCredentialsProvider::new(role));
        }
        Ok(builder.build())
    }

    /// Whether requests go out without a signature.
    #[must_use]
    pub fn is_unsigned(&self) -> bool {
        self.config.is_unsigned()
    }
}

/// Endpoints of single services, then the general one, both before those of environment and profile.
struct Endpoints {
    services: BTreeMap<String, String>,
    general: Option<String>,
    inner: Option<SdkConfig>,
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let own = || self.services.get(key.service_id()).or(self.general.as_ref()).cloned();
        let endpoint = (key.env() == "AWS_ENDPOINT_URL").then(own).flatten();
        endpoint.or_else(|| self.inner.as_ref()?.service_config()?.load_config(key))
    }
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A URL may hold a login.
        let services: Vec<_> = self.services.keys().collect();
        f.debug_struct("Endpoints").field("services", &services).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
