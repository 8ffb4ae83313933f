//! Fetched credentials become known secrets.

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

use maitred_core::secrets::KnownSecrets;

/// The least length of a secret key or session token that counts as a secret, in bytes. Keys of AWS have
/// 40 characters; stand-ins for tests, such as `testing`, are ordinary words.
pub const MIN_SECRET_LENGTH: usize = 16;

#[derive(Debug)]
struct RecordingProvider {
    inner: SharedCredentialsProvider,
    known: KnownSecrets,
}

/// Adds the secret keys and session tokens that `config` fetches to `known`.
pub(super) fn with_known_secrets(config: SdkConfig, known: KnownSecrets) -> SdkConfig {
    let Some(inner) = config.credentials_provider() else { return config };
    let provider = SharedCredentialsProvider::new(RecordingProvider { inner, known });
    config.into_builder().credentials_provider(provider).build()
}

impl ProvideCredentials for RecordingProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let credentials = self.inner.provide_credentials().await?;
            let secrets = [Some(credentials.secret_access_key()), credentials.session_token()];
            for secret in
                secrets.into_iter().flatten().filter(|secret| secret.len() >= MIN_SECRET_LENGTH)
            {
                self.known.add(secret);
            }
            Ok(credentials)
        })
    }

    fn fallback_on_interrupt(&self) -> Option<aws_credential_types::Credentials> {
        self.inner.fallback_on_interrupt()
    }
}
