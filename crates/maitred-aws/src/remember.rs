//! Credentials that are remembered as secrets when they are fetched.

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

use maitred_core::secrets::KnownSecrets;

/// Keys of AWS have 40 characters, and stand-ins for tests such as `testing` are words.
pub const MIN_KEY: usize = 16;

#[derive(Debug)]
struct Remembering {
    inner: SharedCredentialsProvider,
    known: KnownSecrets,
}

/// The same configuration, whose secret keys and session tokens `known` learns of.
pub fn remembering(config: SdkConfig, known: KnownSecrets) -> SdkConfig {
    let Some(inner) = config.credentials_provider() else { return config };
    let provider = SharedCredentialsProvider::new(Remembering { inner, known });
    config.into_builder().credentials_provider(provider).build()
}

impl ProvideCredentials for Remembering {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let credentials = self.inner.provide_credentials().await?;
            let secrets = [Some(credentials.secret_access_key()), credentials.session_token()];
            for secret in secrets.into_iter().flatten().filter(|secret| secret.len() >= MIN_KEY) {
                self.known.add(secret);
            }
            Ok(credentials)
        })
    }

    fn fallback_on_interrupt(&self) -> Option<aws_credential_types::Credentials> {
        self.inner.fallback_on_interrupt()
    }
}
