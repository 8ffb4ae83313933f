//! The SDK's configuration from plain settings: region, endpoint, keys, role, time-outs, retries.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

mod credential_process;
mod environment;
mod error;
mod file_provider;
mod ini;
mod load;
mod lookup;
mod profile_chain;
mod profile_credentials;
mod profiles;
mod reqwest_client;
mod role;
mod sdk_text;
mod settings;
mod token_files;

pub use environment::AwsEnvironment;
pub use error::AwsSettingsError;
pub use role::Role;
pub use settings::{AccessKeys, AwsSettings};

use file_provider::FileProvider;
use role::RoleProvider;

/// How long fetching credentials may take: a call to STS and its retry.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(30);

impl AwsSettings {
    /// The SDK's configuration. It has everything that a client needs, also one of the official SDK;
    /// credentials are fetched when a call needs them, cached, and fetched anew before they expire.
    ///
    /// What is not set is looked up in the environment of the process and in `~/.aws/config` and
    /// `~/.aws/credentials`, as in botocore.
    ///
    /// If [`ClientConfig::signature_version`](maitred_core::client::ClientConfig::signature_version) says
    /// that requests are unsigned, there are no credentials, and
    /// [`AwsClient::unsigned`](crate::AwsClient::unsigned) is the client for them.
    ///
    /// # Errors
    /// The profile does not exist, a file cannot be parsed, or a setting cannot be used.
    pub async fn sdk_config(&self) -> Result<SdkConfig, AwsSettingsError> {
        self.sdk_config_in(&AwsEnvironment::from_process()).await
    }

    /// The SDK's configuration with other variables and files than those of the process.
    ///
    /// # Errors
    /// As [`Self::sdk_config`].
    pub async fn sdk_config_in(
        &self,
        environment: &AwsEnvironment,
    ) -> Result<SdkConfig, AwsSettingsError> {
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
