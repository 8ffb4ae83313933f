//! The SDK's configuration from plain settings: region, endpoint, keys, role, time-outs, retries.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_credential_types::provider::SharedCredentialsProvider;

mod credential_process;
mod credentials;
mod endpoints;
mod environment;
mod error;
mod file_provider;
mod ini;
mod load;
mod lookup;
mod machine_environment;
mod profiles;
mod role;
mod settings;
#[cfg(feature = "sso")]
mod sso;

pub use environment::AwsEnvironment;
pub use error::AwsSettingsError;
pub use role::Role;
pub use settings::{AccessKeys, AwsSettings};

use file_provider::FileProvider;

/// How long fetching credentials may take: a call to STS and its retry.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(30);

impl AwsSettings {
    /// The SDK's configuration. It has everything that a client needs, also one of the official SDK;
    /// credentials are fetched when a call needs them, cached, and fetched anew before they expire.
    ///
    /// Other settings are looked up in the environment of the process and in `~/.aws/config` and
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
        let (mut base, endpoints) = self.load(environment, &profiles).await?;
        if self.keys.is_none()
            && let Some(provider) = base.credentials_provider()
        {
            let provider = FileProvider::new(self, environment, profiles, provider);
            let provider = SharedCredentialsProvider::new(provider);
            base = base.into_builder().credentials_provider(provider).build();
        }
        let mut builder = base.to_builder().service_config(endpoints.with_settings(self));
        if let Some(url) = &self.endpoint_url {
            // The official clients refuse a given endpoint together with these.
            builder = builder.endpoint_url(url).use_fips(false).use_dual_stack(false);
        }
        if let Some(role) = self.role.clone() {
            if let Some(url) = &role.endpoint_url {
                base = base.into_builder().service_config(endpoints.with_sts(url)).build();
            }
            let cache = IdentityCache::lazy().load_timeout(CREDENTIALS_TIMEOUT).build();
            builder =
                builder.identity_cache(cache).credentials_provider(role::provider(role, &base));
        }
        Ok(builder.build())
    }
}

#[cfg(test)]
mod tests;
