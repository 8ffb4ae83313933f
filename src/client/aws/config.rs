//! The SDK's configuration from plain settings: region, endpoint, keys, role, time-outs, retries.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::region::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use super::endpoint::is_valid_host_label;
use super::http_client;
use crate::client::Verify;

mod connector;
mod options;
mod role;

pub use options::{ClientConfig, Retries, RetryMode, SignatureVersion};
pub use role::Role;

use connector::Connector;
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

/// The region that the environment names. A variable that is empty counts as none: CI sets those.
fn region_of_process() -> Option<String> {
    let set = |name| std::env::var(name).ok().filter(|region| !region.is_empty());
    set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION"))
}

impl AwsSettings {
    /// The SDK's configuration. It has everything that a client needs, also one of the official SDK;
    /// credentials are fetched when a call needs them, cached, and fetched anew before they expire.
    ///
    /// Requests go out unsigned if [`ClientConfig::signature_version`] says so: there are no
    /// credentials then, and [`super::AwsClient::unsigned`] is the client for it.
    ///
    /// # Errors
    /// The profile does not exist, or a setting cannot be used.
    pub async fn sdk_config(&self) -> Result<SdkConfig, BadSettings> {
        self.profile_exists()?;
        let mut base = self.loader()?.load().await;
        if base.region().is_some_and(|region| region.as_ref().is_empty()) {
            base = base.into_builder().region(None).build();
        }
        if let Some(region) =
            base.region().filter(|region| !is_valid_host_label(region.as_ref(), false))
        {
            return Err(BadSettings::new(format!("`{region}` is no AWS region")));
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
            builder = builder.endpoint_url(url);
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

    fn loader(&self) -> Result<ConfigLoader, BadSettings> {
        let mut profile = ProfileFileRegionProvider::builder();
        if let Some(name) = &self.profile {
            profile = profile.profile_name(name);
        }
        // The SDK's own chain goes on to ask the instance metadata service, which botocore does not,
        // and which off EC2 takes seconds to fail.
        let given = self.region.clone().filter(|region| !region.is_empty());
        let region =
            RegionProviderChain::first_try(given.or_else(region_of_process).map(Region::new))
                .or_else(profile.build());
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).region(region);
        if let Some(name) = &self.profile {
            loader = loader.profile_name(name);
        }
        loader = self.configured(loader)?;
        if self.is_unsigned() {
            return Ok(loader.no_credentials());
        }
        if let Some(AccessKeys { id, secret, session_token }) = self.keys.clone() {
            let keys = Credentials::new(id, secret, session_token, None, "maitred connection");
            loader = loader.credentials_provider(keys);
        }
        Ok(loader)
    }

    /// Adds what [`ClientConfig`] and `verify` say.
    fn configured(&self, mut loader: ConfigLoader) -> Result<ConfigLoader, BadSettings> {
        let config = &self.config;
        if config.connect_timeout.is_some() || config.read_timeout.is_some() {
            let mut timeouts = TimeoutConfig::builder();
            timeouts.set_connect_timeout(config.connect_timeout);
            timeouts.set_read_timeout(config.read_timeout);
            loader = loader.timeout_config(timeouts.build());
        }
        if let Some(retries) = &config.retries {
            let mode = match retries.mode.unwrap_or_default() {
                RetryMode::Standard | RetryMode::Legacy => RetryConfig::standard(),
                RetryMode::Adaptive => RetryConfig::adaptive(),
            };
            loader = loader.retry_config(match retries.attempts() {
                Some(attempts) => mode.with_max_attempts(attempts),
                None => mode,
            });
        }
        if let Some(text) = &config.user_agent_extra {
            let name = AppName::new(text.replace(['/', ' '], "-")).map_err(|_| {
                BadSettings::new(
                    "`user_agent_extra` has a character that a user agent cannot carry",
                )
            })?;
            loader = loader.app_name(name);
        }
        if let Some(fips) = config.use_fips_endpoint {
            loader = loader.use_fips(fips);
        }
        if let Some(dual_stack) = config.use_dualstack_endpoint {
            loader = loader.use_dual_stack(dual_stack);
        }
        // The SDK's own connector cannot do without verification.
        let verified = matches!(self.verify, None | Some(Verify::Enabled(true)));
        if verified && config.proxies.is_empty() {
            return Ok(loader.http_client(http_client()));
        }
        let verify = self.verify.clone().unwrap_or(Verify::Enabled(true));
        let connector = Connector::new(&verify, &config.proxies).map_err(BadSettings::new)?;
        Ok(loader.http_client(connector))
    }

    /// A profile that does not exist is a slip of the pen, and the SDK would look for credentials
    /// elsewhere.
    fn profile_exists(&self) -> Result<(), BadSettings> {
        let Some(name) = &self.profile else { return Ok(()) };
        let home = std::env::home_dir().unwrap_or_default();
        let file = |variable: &str, default: &str| {
            let named = std::env::var_os(variable).map(PathBuf::from);
            named.unwrap_or_else(|| home.join(".aws").join(default))
        };
        let files =
            [file("AWS_CONFIG_FILE", "config"), file("AWS_SHARED_CREDENTIALS_FILE", "credentials")];
        let texts = files.iter().filter_map(|path| std::fs::read_to_string(path).ok());
        if texts.into_iter().any(|text| text.lines().any(|line| is_section(line, name))) {
            return Ok(());
        }
        let [config, credentials] = files;
        let places = format!("{} and {}", config.display(), credentials.display());
        Err(BadSettings {
            message: format!("there is no profile `{name}`"),
            help: Some(format!("profiles are looked for in {places}")),
        })
    }
}

/// Whether `line` is `[NAME]` or `[profile NAME]`.
fn is_section(line: &str, name: &str) -> bool {
    let section = line.trim().strip_prefix('[').and_then(|rest| rest.split(']').next());
    section.is_some_and(|section| {
        let section = section.trim();
        let profile = section.strip_prefix("profile").map(str::trim_start);
        [Some(section), profile].contains(&Some(name))
    })
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
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_a_section_of_either_file() {
        for line in ["[work]", "[profile work]", " [ profile  work ] # mine"] {
            assert!(is_section(line, "work"), "{line}");
        }
        for line in ["[works]", "work", "[sso-session work]", "# [work]"] {
            assert!(!is_section(line, "work"), "{line}");
        }
    }
}
