//! Reloads credentials when the configuration files change.

use std::sync::{Mutex, PoisonError};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};

use super::environment::AwsEnvironment;
use super::error::AwsSettingsError;
use super::profile_credentials;
use super::profiles::Profiles;
use super::settings::AwsSettings;

/// The SDK's chain of providers, rebuilt when the files change: keys are rotated there while waits run.
#[derive(Debug)]
pub(super) struct FileProvider {
    settings: AwsSettings,
    environment: AwsEnvironment,
    current: Mutex<Current>,
}

#[derive(Clone, Debug)]
struct Current {
    profiles: Profiles,
    provider: SharedCredentialsProvider,
}

impl FileProvider {
    /// The provider that was made of `profiles` is used as long as they stay the same.
    pub(super) fn new(
        settings: &AwsSettings,
        environment: &AwsEnvironment,
        profiles: Profiles,
        provider: SharedCredentialsProvider,
    ) -> Self {
        let (settings, environment) = (settings.clone(), environment.clone());
        Self { settings, environment, current: Mutex::new(Current { profiles, provider }) }
    }

    fn current(&self) -> Current {
        // It is replaced whole, so a poisoned one is still good.
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn load(&self) -> provider::Result {
        let current = self.current();
        let provider = match self.changed(&current.profiles).await {
            Ok(None) => current.provider,
            Ok(Some(new)) => {
                let provider = new.provider.clone();
                *self.current.lock().unwrap_or_else(PoisonError::into_inner) = new;
                provider
            }
            // The keys may be being rotated right now.
            Err(bad) => {
                tracing::warn!(error = %bad, "the AWS configuration cannot be read anew");
                current.provider
            }
        };
        let profiles = self.current().profiles;
        self.settings
            .check_tokens(&self.environment, &profiles)
            .map_err(CredentialsError::invalid_configuration)?;
        match self.own(&profiles).await? {
            Some(credentials) => Ok(credentials),
            None => provider.provide_credentials().await,
        }
    }

    /// The credentials of a profile that has them itself or runs a process for them, or of a role that is
    /// assumed with those of a process.
    async fn own(&self, profiles: &Profiles) -> Result<Option<Credentials>, CredentialsError> {
        let chain = self.settings.chain(&self.environment, profiles);
        let chain = chain.map_err(CredentialsError::invalid_configuration)?;
        let Some(own) = profile_credentials::find(&chain) else { return Ok(None) };
        let found = own.credentials().await?;
        if !own.is_source {
            return Ok(Some(found));
        }
        let profiles = own.with_keys(profiles, &found);
        let loaded = self.settings.load(&self.environment, &profiles).await;
        let loaded = loaded.map_err(CredentialsError::invalid_configuration)?;
        match loaded.credentials_provider() {
            Some(provider) => provider.provide_credentials().await.map(Some),
            None => Ok(None),
        }
    }

    /// The profiles and their provider, if the files have changed.
    async fn changed(&self, known: &Profiles) -> Result<Option<Current>, AwsSettingsError> {
        let profiles = self.environment.profiles()?;
        if profiles == *known {
            return Ok(None);
        }
        let loaded = self.settings.load(&self.environment, &profiles).await?;
        Ok(loaded.credentials_provider().map(|provider| Current { profiles, provider }))
    }
}

impl ProvideCredentials for FileProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.load())
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.current().provider.fallback_on_interrupt()
    }
}
