//! Reloads credentials when the configuration files change.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};

use super::environment::AwsEnvironment;
use super::error::AwsSettingsError;
use super::profiles::Profiles;
use super::settings::AwsSettings;

/// A provider that is rebuilt when the files change: keys are rotated there while waits run.
pub(super) struct FileProvider {
    settings: AwsSettings,
    environment: AwsEnvironment,
    current: Mutex<Current>,
}

#[derive(Clone)]
struct Current {
    profiles: Profiles,
    provider: SharedCredentialsProvider,
}

impl FileProvider {
    /// `provider` was made of `profiles`. It is used until they change.
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
        let mut current = self.current();
        match self.changed(&current.profiles).await {
            Ok(None) => {}
            Ok(Some(new)) => {
                current = new.clone();
                *self.current.lock().unwrap_or_else(PoisonError::into_inner) = new;
            }
            // The keys may be being rotated right now.
            Err(bad) => {
                tracing::warn!(error = %bad, "the AWS configuration cannot be read anew");
            }
        }
        // Token files may have changed, too.
        let lookup = self.settings.lookup(&self.environment, &current.profiles);
        let source = lookup.and_then(|lookup| self.settings.source(&lookup, &current.profiles));
        source.map_err(CredentialsError::invalid_configuration)?;
        current.provider.provide_credentials().await
    }

    /// The profiles and their provider, if the files have changed.
    async fn changed(&self, known: &Profiles) -> Result<Option<Current>, AwsSettingsError> {
        let profiles = self.environment.profiles()?;
        if profiles == *known {
            return Ok(None);
        }
        let (config, _) = self.settings.load(&self.environment, &profiles).await?;
        Ok(config.credentials_provider().map(|provider| Current { profiles, provider }))
    }
}

impl fmt::Debug for FileProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileProvider").finish_non_exhaustive()
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
