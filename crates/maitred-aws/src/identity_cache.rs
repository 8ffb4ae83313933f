//! Renews credentials that a service refuses.
//!
//! Keys with a session token are rotated while waits run, in a file or by a process. The SDK caches
//! credentials until they expire, and keys of a file have no expiry.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_smithy_runtime_api::client::identity::{
    IdentityFuture, ResolveCachedIdentity, SharedIdentityCache, SharedIdentityResolver,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use maitred_core::client::{CallError, CallErrorKind};

/// The codes of services for credentials that have expired or were revoked.
const CREDENTIAL_CODES: [&str; 9] = [
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "RequestExpired",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
];

/// How long to wait for new credentials.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How long before they expire credentials are fetched anew, and how long those are kept that do not say when
/// they expire, as in the SDK's cache.
const MARGIN: Duration = Duration::from_secs(10);
const KEPT: Duration = Duration::from_secs(15 * 60);

/// Returns `true` if the call may succeed with other credentials.
pub(super) fn is_credentials_error(error: &CallError) -> bool {
    error.kind() == CallErrorKind::Service && CREDENTIAL_CODES.contains(&error.code())
}

/// A cache of credentials that can be emptied.
#[derive(Clone)]
pub(super) struct RenewableIdentityCache(Arc<Inner>);

struct Inner {
    current: Mutex<Current>,
    /// Held while new credentials are looked for.
    renewal: tokio::sync::Mutex<()>,
}

struct Current {
    cache: SharedIdentityCache,
    /// The credentials of the last renewal, and until when they are used without the cache: asking the provider
    /// again would be one call more.
    renewed: Option<(Credentials, SystemTime)>,
    /// The credentials that the cache gave last.
    given: Option<Credentials>,
    /// How often it was renewed.
    generation: u64,
}

impl RenewableIdentityCache {
    /// A cache in place of the one that `config` has.
    pub(super) fn new(config: &SdkConfig) -> Self {
        let cache = config.identity_cache().unwrap_or_else(|| IdentityCache::lazy().build());
        let current = Mutex::new(Current { cache, renewed: None, given: None, generation: 0 });
        Self(Arc::new(Inner { current, renewal: tokio::sync::Mutex::default() }))
    }

    /// How often the cache was emptied.
    pub(super) fn generation(&self) -> u64 {
        self.current(|current| current.generation)
    }

    /// Empties the cache if the provider has other credentials than those of generation `used`. Returns
    /// whether there are new ones.
    pub(super) async fn renew(&self, config: &SdkConfig, used: u64) -> bool {
        let _alone = self.0.renewal.lock().await;
        if self.generation() != used {
            return true;
        }
        let Some(provider) = config.credentials_provider() else { return false };
        let found = tokio::time::timeout(TIMEOUT, provider.provide_credentials()).await;
        let Ok(Ok(found)) = found else { return false };
        self.current(|current| {
            let is_new = current.given.as_ref().is_some_and(|given| keys(given) != keys(&found));
            if is_new {
                let until = match found.expiry() {
                    Some(expiry) => expiry.checked_sub(MARGIN),
                    None => config.time_source().map(|source| source.now() + KEPT),
                };
                current.given = Some(found.clone());
                current.renewed = until.map(|until| (found, until));
                current.cache = IdentityCache::lazy().load_timeout(TIMEOUT).build();
                current.generation += 1;
            }
            is_new
        })
    }

    fn current<T>(&self, of: impl FnOnce(&mut Current) -> T) -> T {
        // Each field is replaced whole, so a poisoned one is still good.
        of(&mut self.0.current.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Current {
    /// The credentials of the last renewal, until they have to be fetched again.
    fn renewed(&mut self, now: SystemTime) -> Option<Credentials> {
        self.renewed.take_if(|(_, until)| *until <= now);
        self.renewed.as_ref().map(|(credentials, _)| credentials.clone())
    }
}

fn keys(credentials: &Credentials) -> (&str, &str, Option<&str>) {
    (credentials.access_key_id(), credentials.secret_access_key(), credentials.session_token())
}

impl ResolveCachedIdentity for RenewableIdentityCache {
    fn resolve_cached_identity<'a>(
        &'a self,
        resolver: SharedIdentityResolver,
        components: &'a RuntimeComponents,
        config: &'a ConfigBag,
    ) -> IdentityFuture<'a> {
        IdentityFuture::new(async move {
            let now = components.time_source().map(|source| source.now());
            let renewed = now.and_then(|now| self.current(|current| current.renewed(now)));
            if let Some(renewed) = renewed {
                return Ok(renewed.into());
            }
            let cache = self.current(|current| current.cache.clone());
            let identity = cache.resolve_cached_identity(resolver, components, config).await?;
            let given = identity.data::<Credentials>().cloned();
            self.current(|current| current.given = given.or(current.given.take()));
            Ok(identity)
        })
    }
}

impl fmt::Debug for RenewableIdentityCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenewableIdentityCache").finish_non_exhaustive()
    }
}
