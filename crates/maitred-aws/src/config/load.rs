//! Builds the SDK's configuration from settings, variables and profiles, in botocore's order.

use std::ffi::OsStr;
use std::path::Path;

use aws_config::meta::region::RegionProviderChain;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::endpoint::is_valid_host_label;
use crate::http_client::http_client;
use crate::limits::with_limits;
use crate::reqwest_client::ReqwestClient;
use maitred_core::client::{RetryMode, Verify};
use maitred_core::file;
use maitred_net::proxies::Proxies;
use maitred_net::{roots, tls};

use super::endpoints::Endpoints;
use super::environment::AwsEnvironment;
use super::error::AwsSettingsError;
use super::ini::printable;
use super::lookup::{Found, Lookup};
use super::machine_environment::machine_environment;
use super::profiles::Profiles;
use super::settings::{AccessKeys, AwsSettings};

/// The default profile.
const DEFAULT_PROFILE: &str = "default";

impl AwsSettings {
    /// The SDK's configuration without what only these settings have: a role, endpoints. The endpoints of environment
    /// and profile are in it.
    pub(super) async fn load(
        &self,
        environment: &AwsEnvironment,
        profiles: &Profiles,
    ) -> Result<(SdkConfig, Endpoints), AwsSettingsError> {
        let lookup = self.lookup(environment, profiles)?;
        let source = self.source(&lookup, profiles)?;
        environment.check_headers()?;
        let endpoints = Endpoints::find(&lookup, profiles)?;
        let no_files = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, "");
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .env(machine_environment(&lookup, source.as_ref())?)
            .profile_files(no_files.build());
        loader = self.with_region(loader, &lookup)?;
        loader = self.with_retries(loader, &lookup)?;
        let [http_client, direct] = self.http_clients(&lookup)?;
        if self.is_unsigned() {
            loader = loader.no_credentials();
        } else if let Some(AccessKeys { id, secret, session_token }) = self.keys.clone() {
            let keys = Credentials::new(id, secret, session_token, None, "maitred connection");
            loader = loader.credentials_provider(keys);
        }
        // The SDK asks the machine for credentials, which no proxy may see.
        let config = loader.http_client(direct).load().await;
        let mut builder = config.into_builder();
        builder.set_http_client(Some(http_client));
        builder.set_endpoint_url(endpoints.general.clone());
        let mut config = builder.service_config(endpoints.clone()).build();
        if let Some(source) = source {
            let provider = source.provider(&config);
            config = config.into_builder().credentials_provider(provider).build();
        }
        Ok((config, endpoints))
    }

    /// Finds settings in the variables and in the selected profile.
    pub(super) fn lookup<'a>(
        &self,
        environment: &'a AwsEnvironment,
        profiles: &'a Profiles,
    ) -> Result<Lookup<'a>, AwsSettingsError> {
        let selected = self.selected(environment, profiles)?;
        let profile = profiles.profiles.get_key_value(&selected);
        let profile = profile.map(|(name, section)| (name.as_str(), section));
        Ok(Lookup { environment, profile })
    }

    /// The name of the profile that settings are taken from.
    ///
    /// A named profile that does not exist is an error; the SDK would look for credentials elsewhere.
    fn selected(
        &self,
        environment: &AwsEnvironment,
        profiles: &Profiles,
    ) -> Result<String, AwsSettingsError> {
        let lookup = Lookup { environment, profile: None };
        let of_variable = lookup.variable(&["AWS_DEFAULT_PROFILE", "AWS_PROFILE"])?;
        let (name, origin) = match (self.named_profile(), of_variable) {
            (Some(name), _) => (name.to_owned(), String::new()),
            (None, Some(found)) => (found.value, format!(", which {} names", found.origin)),
            (None, None) => return Ok(DEFAULT_PROFILE.to_owned()),
        };
        if profiles.profiles.contains_key(&name) {
            return Ok(name);
        }
        let [config, credentials] = environment.paths();
        let [config, credentials] = [config.display(), credentials.display()];
        let shown = printable(&name);
        let help = if profiles.others.contains(&name) {
            format!("in {config}, the section [{shown}] must be [profile {shown}]")
        } else {
            format!("profiles are looked for in {config} and {credentials}")
        };
        let message = format!("there is no profile `{shown}`{origin}");
        Err(AwsSettingsError::new(message).with_help(help))
    }

    /// Adds the region and what kind of endpoint is used there.
    fn with_region(
        &self,
        loader: ConfigLoader,
        lookup: &Lookup<'_>,
    ) -> Result<ConfigLoader, AwsSettingsError> {
        let fips = lookup.boolean(["AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"])?;
        let dual_stack =
            lookup.boolean(["AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"])?;
        let mut fips = self.config.use_fips_endpoint.or(fips).unwrap_or(false);
        let dual_stack = self.config.use_dualstack_endpoint.or(dual_stack).unwrap_or(false);
        let mut region = self.region(lookup)?;
        if let Some(plain) = region.as_deref().and_then(without_fips) {
            region = Some(plain);
            fips = true;
        }
        // The SDK's own chain goes on to ask the instance metadata service, which botocore does not,
        // and which off EC2 takes seconds to fail.
        let region = RegionProviderChain::first_try(region.map(Region::new));
        Ok(loader.region(region).use_fips(fips).use_dual_stack(dual_stack))
    }

    fn region(&self, lookup: &Lookup<'_>) -> Result<Option<String>, AwsSettingsError> {
        let (region, see) = match self.region.clone().filter(|region| !region.is_empty()) {
            Some(region) => (region, String::new()),
            None => match lookup.find(&["AWS_REGION", "AWS_DEFAULT_REGION"], "region")? {
                Some(Found { value, origin }) => (value, format!("; see {origin}")),
                None => return Ok(None),
            },
        };
        match is_valid_host_label(&region, false) {
            true => Ok(Some(region)),
            false => {
                let message = format!("`{}` is not an AWS region{see}", printable(&region));
                Err(AwsSettingsError::new(message))
            }
        }
    }

    /// Adds time-outs, retries, and what goes with them.
    fn with_retries(
        &self,
        mut loader: ConfigLoader,
        lookup: &Lookup<'_>,
    ) -> Result<ConfigLoader, AwsSettingsError> {
        let config = &self.config;
        if config.connect_timeout.is_some() || config.read_timeout.is_some() {
            let mut timeouts = TimeoutConfig::builder();
            timeouts.set_connect_timeout(config.connect_timeout);
            timeouts.set_read_timeout(config.read_timeout);
            loader = loader.timeout_config(timeouts.build());
        }
        let retries = config.retries.clone().unwrap_or_default();
        let found_mode = || {
            let names = ["AWS_RETRY_MODE", "retry_mode"];
            let parse = |mode: &str| serde_json::from_value(mode.into()).ok();
            lookup.parsed(names, "`standard`, `adaptive` or `legacy`", parse)
        };
        let mode = retries.mode.map_or_else(found_mode, |mode| Ok(Some(mode)))?;
        let found_attempts = || {
            let names = ["AWS_MAX_ATTEMPTS", "max_attempts"];
            let parse = |count: &str| count.parse().ok().filter(|count| *count >= 1);
            lookup.parsed(names, "a whole number of at least 1", parse)
        };
        let attempts = retries.attempts().map_or_else(found_attempts, |count| Ok(Some(count)))?;
        let retry = match mode.unwrap_or_default() {
            RetryMode::Standard | RetryMode::Legacy => RetryConfig::standard(),
            RetryMode::Adaptive => RetryConfig::adaptive(),
        };
        loader = loader.retry_config(match attempts {
            Some(attempts) => retry.with_max_attempts(attempts),
            None => retry,
        });
        let uncorrected = lookup
            .boolean(["AWS_DISABLE_CLOCK_SKEW_CORRECTION", "disable_clock_skew_correction"])?;
        if let Some(uncorrected) = uncorrected {
            loader = loader.disable_clock_skew_correction(uncorrected);
        }
        if let Some(text) = &config.user_agent_extra {
            let name = AppName::new(text.replace(['/', ' '], "-")).map_err(|_| {
                AwsSettingsError::new(
                    "`user_agent_extra` has a character that a user agent cannot carry",
                )
            })?;
            loader = loader.app_name(name);
        }
        Ok(loader)
    }

    /// The HTTP client with the certificates and proxies, and the same one without a proxy.
    fn http_clients(&self, lookup: &Lookup<'_>) -> Result<[SharedHttpClient; 2], AwsSettingsError> {
        let proxies = &self.config.proxies;
        if self.verify != Some(Verify::Enabled(false)) {
            check_system_bundle(lookup)?;
        }
        let verify = match &self.verify {
            Some(verify) => verify.clone(),
            None => ca_bundle(lookup)?.map_or(Verify::Enabled(true), Verify::CaFile),
        };
        let of_environment = Proxies::from_env().map_err(AwsSettingsError::new)?;
        // The SDK's own connector cannot do without verification, and knows fewer kinds of proxies.
        if verify == Verify::Enabled(true) && proxies.is_empty() && of_environment.is_empty() {
            return Ok([http_client(), http_client()]);
        }
        let client = ReqwestClient::new(&verify, proxies).map_err(AwsSettingsError::new)?;
        let direct = client.direct();
        Ok([with_limits(client), with_limits(direct)])
    }
}

/// botocore's region for a name that asks for FIPS endpoints, such as `fips-us-east-1`.
fn without_fips(region: &str) -> Option<String> {
    let plain = region.replace("fips-", "").replace("-fips", "");
    (plain != region).then_some(plain)
}

impl AwsEnvironment {
    /// The file of certificates that is to be trusted as well as those of the system: `AWS_CA_BUNDLE`,
    /// the profile's `ca_bundle`, or `REQUESTS_CA_BUNDLE`. A configuration file that cannot be used
    /// names none.
    ///
    /// # Errors
    /// The file that is named has no certificates, or cannot be read.
    pub fn ca_bundle(&self) -> Result<Option<String>, AwsSettingsError> {
        let profiles = self.profiles().unwrap_or_default();
        let lookup = AwsSettings::default().lookup(self, &profiles);
        let lookup = lookup.unwrap_or(Lookup { environment: self, profile: None });
        check_system_bundle(&lookup)?;
        ca_bundle(&lookup)
    }
}

/// Checks the variables that name the certificates of the system.
fn check_system_bundle(lookup: &Lookup<'_>) -> Result<(), AwsSettingsError> {
    let file = lookup.variable(&[roots::FILE_VARIABLE])?;
    let folders = lookup.variable(&[roots::FOLDERS_VARIABLE])?;
    if let Some(Found { value, origin }) = &file {
        file::open(Path::new(value)).map_err(|error| {
            AwsSettingsError::new(format!("{origin}: {} {error}", printable(value)))
        })?;
    }
    if let Some(found) = &folders
        && !std::env::split_paths(&found.value).any(|path| path.is_dir())
    {
        return Err(found.must_be("a folder that exists"));
    }
    let [file, folders] = [&file, &folders].map(|it| it.as_ref().map(|it| OsStr::new(&it.value)));
    if (file, folders) != (None, None) && roots::load(file, folders).is_empty() {
        let message = roots::none_found_message(file.is_some(), folders.is_some());
        return Err(AwsSettingsError::new(message));
    }
    Ok(())
}

/// The file of certificates that the environment or the profile names.
fn ca_bundle(lookup: &Lookup<'_>) -> Result<Option<String>, AwsSettingsError> {
    let found = match lookup.find(&["AWS_CA_BUNDLE"], "ca_bundle")? {
        Some(found) => Some(found),
        None => lookup.variable(&["REQUESTS_CA_BUNDLE"])?,
    };
    let Some(found) = found else { return Ok(None) };
    if found.value.contains(char::is_control) {
        return Err(found.must_be("the path of a PEM file"));
    }
    tls::certificates(&found.origin, &found.value).map_err(AwsSettingsError::new)?;
    Ok(Some(found.value))
}
