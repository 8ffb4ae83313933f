//! Builds the SDK's configuration from settings, variables and profiles, in botocore's order.

use std::ffi::OsString;
use std::path::Path;

use aws_config::meta::region::RegionProviderChain;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};

use crate::endpoint::is_valid_host_label;
use crate::http_client::http_client;
use crate::limits::with_limits;
use maitred_core::client::{RetryMode, Verify};
use maitred_core::file;
use maitred_net::proxies::Proxies;
use maitred_net::{roots, tls};

use super::environment::{self, AwsEnvironment};
use super::error::AwsSettingsError;
use super::ini::printable;
use super::lookup::{Found, Lookup, Origin};
use super::profile_chain::ProfileChain;
use super::profiles::{Profiles, Section};
use super::reqwest_client::ReqwestClient;
use super::sdk_text;
use super::settings::{AccessKeys, AwsSettings};

/// The default profile.
const DEFAULT_PROFILE: &str = "default";

impl AwsSettings {
    /// The SDK's configuration without what only these settings have: a role, endpoints.
    pub(super) async fn load(
        &self,
        environment: &AwsEnvironment,
        profiles: &Profiles,
    ) -> Result<SdkConfig, AwsSettingsError> {
        let selected = self.selected(environment, profiles)?;
        let profile = profiles.profiles.get(&selected).map(|group| (selected.as_str(), group));
        let lookup = Lookup { environment, profile };
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
        loader = self.with_files(loader, &lookup, profiles)?;
        loader = self.with_region(loader, &lookup)?;
        loader = self.with_retries(loader, &lookup)?;
        loader = self.with_http_client(loader, &lookup)?;
        if self.is_unsigned() {
            loader = loader.no_credentials();
        } else if let Some(AccessKeys { id, secret, session_token }) = self.keys.clone() {
            let keys = Credentials::new(id, secret, session_token, None, "maitred connection");
            loader = loader.credentials_provider(keys);
        }
        Ok(loader.load().await)
    }

    /// The name of the profile that settings are taken from.
    ///
    /// A named profile that does not exist is an error; the SDK would look for credentials elsewhere.
    pub(super) fn selected(
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

    /// The profile that these settings name.
    pub(super) fn named_profile(&self) -> Option<&str> {
        self.profile.as_deref().filter(|name| !name.is_empty())
    }

    /// The profiles from the selected one down to the one that has credentials.
    pub(super) fn chain<'a>(
        &self,
        environment: &AwsEnvironment,
        profiles: &'a Profiles,
    ) -> Result<ProfileChain<'a>, AwsSettingsError> {
        let selected = self.selected(environment, profiles)?;
        let has_keys = self.keys.is_some() || self.is_unsigned();
        let is_named = self.named_profile().is_some();
        if has_keys || !is_named && environment.has_keys()? {
            return Ok(ProfileChain::without_credentials(profiles, &selected));
        }
        ProfileChain::follow(profiles, &selected)
    }

    /// Gives the SDK the variables and files that it reads itself, and no others.
    fn with_files(
        &self,
        loader: ConfigLoader,
        lookup: &Lookup<'_>,
        profiles: &Profiles,
    ) -> Result<ConfigLoader, AwsSettingsError> {
        let environment = lookup.environment;
        let is_named = self.named_profile().is_some();
        let chain = self.chain(environment, profiles)?;
        let services = self.services(lookup, profiles)?;
        let hidden: &[&str] = if is_named { &environment::CREDENTIALS } else { &[] };
        environment.check_headers()?;
        check_credential_urls(lookup)?;
        let env = environment.for_sdk(hidden)?;
        let written = sdk_text::write(&chain, environment, services)?;
        let files =
            EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, written.text);
        let loader = loader.env(env).profile_files(files.build());
        Ok(match written.selected {
            Some(name) => loader.profile_name(name),
            None => loader,
        })
    }

    /// The section that `services` of the profile names. What the environment says wins over it.
    fn services<'a>(
        &self,
        lookup: &Lookup<'_>,
        profiles: &'a Profiles,
    ) -> Result<Option<&'a Section>, AwsSettingsError> {
        let ignored = lookup
            .boolean("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls")?;
        if ignored == Some(true) || self.endpoint_url.is_some() {
            return Ok(None);
        }
        if let Some(found) = lookup.find(&[environment::ENDPOINT_URL], "endpoint_url")? {
            if !environment::is_endpoint_url(&found.value) {
                let message = format!("{} {}", found.origin, environment::NO_ENDPOINT);
                return Err(AwsSettingsError::new(message));
            }
            if matches!(found.origin, Origin::Variable(_)) {
                return Ok(None);
            }
        }
        let Some(found) = lookup.key("services") else { return Ok(None) };
        match profiles.services.get(&found.value) {
            Some(section) if !section.is_empty() => Ok(Some(section)),
            Some(_) | None => {
                let (name, origin) = (printable(&found.value), found.origin);
                let message =
                    format!("there is no section [services {name}], which {origin} names");
                Err(AwsSettingsError::new(message))
            }
        }
    }

    /// Adds the region and what kind of endpoint is used there.
    fn with_region(
        &self,
        loader: ConfigLoader,
        lookup: &Lookup<'_>,
    ) -> Result<ConfigLoader, AwsSettingsError> {
        let fips = lookup.boolean("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")?;
        let dual_stack = lookup.boolean("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")?;
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
        let is_region = |name: &str| is_valid_host_label(name, false);
        if let Some(region) = self.region.as_deref().filter(|region| !region.is_empty()) {
            return match is_region(region) {
                true => Ok(Some(region.to_owned())),
                false => {
                    Err(AwsSettingsError::new(format!("`{}` is no AWS region", printable(region))))
                }
            };
        }
        match lookup.find(&["AWS_REGION", "AWS_DEFAULT_REGION"], "region")? {
            Some(Found { value, origin }) if !is_region(&value) => {
                let message = format!("`{}` is no AWS region; see {origin}", printable(&value));
                Err(AwsSettingsError::new(message))
            }
            found => Ok(found.map(|found| found.value)),
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
        let mode = retries.mode.map_or_else(|| retry_mode(lookup), |mode| Ok(Some(mode)))?;
        let attempts = || lookup.count("AWS_MAX_ATTEMPTS", "max_attempts");
        let attempts = retries.attempts().map_or_else(attempts, |attempts| Ok(Some(attempts)))?;
        let retry = match mode.unwrap_or_default() {
            RetryMode::Standard | RetryMode::Legacy => RetryConfig::standard(),
            RetryMode::Adaptive => RetryConfig::adaptive(),
        };
        loader = loader.retry_config(match attempts {
            Some(attempts) => retry.with_max_attempts(attempts),
            None => retry,
        });
        let uncorrected =
            lookup.boolean("AWS_DISABLE_CLOCK_SKEW_CORRECTION", "disable_clock_skew_correction")?;
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

    /// Adds certificates and proxies.
    fn with_http_client(
        &self,
        loader: ConfigLoader,
        lookup: &Lookup<'_>,
    ) -> Result<ConfigLoader, AwsSettingsError> {
        let proxies = &self.config.proxies;
        if self.verify != Some(Verify::Enabled(false)) {
            check_system_bundle(lookup)?;
        }
        let verify = match &self.verify {
            Some(verify) => verify.clone(),
            None => match ca_bundle(lookup)? {
                Some(found) => Verify::CaFile(usable_bundle(&found)?),
                None => Verify::Enabled(true),
            },
        };
        let of_environment = Proxies::from_env().map_err(AwsSettingsError::new)?;
        // The SDK's own connector cannot do without verification, and knows fewer kinds of proxies.
        if verify == Verify::Enabled(true) && proxies.is_empty() && of_environment.is_empty() {
            return Ok(loader.http_client(http_client()));
        }
        let client = ReqwestClient::new(&verify, proxies).map_err(AwsSettingsError::new)?;
        let direct = client.direct();
        Ok(loader.http_client(with_limits(client, direct)))
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
        let selected = AwsSettings::default().selected(self, &profiles).unwrap_or_default();
        let profile = profiles.profiles.get(&selected).map(|group| (selected.as_str(), group));
        let lookup = Lookup { environment: self, profile };
        check_system_bundle(&lookup)?;
        let found = ca_bundle(&lookup)?;
        found.map(|found| usable_bundle(&found)).transpose()
    }
}

fn usable_bundle(found: &Found) -> Result<String, AwsSettingsError> {
    let origin = found.origin.to_string();
    if found.value.contains(char::is_control) {
        return Err(found.must_be("the path of a PEM file"));
    }
    tls::certificates(&origin, &found.value).map_err(AwsSettingsError::new)?;
    Ok(found.value.clone())
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
    let [file, folders] =
        [file, folders].map(|found| found.map(|found| OsString::from(found.value)));
    let is_named = file.is_some() || folders.is_some();
    if is_named && roots::load(file.as_deref(), folders.as_deref()).is_empty() {
        return Err(AwsSettingsError::new(roots::none_found_message(
            file.is_some(),
            folders.is_some(),
        )));
    }
    Ok(())
}

/// Checks the addresses that credentials are requested from.
fn check_credential_urls(lookup: &Lookup<'_>) -> Result<(), AwsSettingsError> {
    let endpoint = "ec2_metadata_service_endpoint";
    let urls = [
        lookup.find(&["AWS_EC2_METADATA_SERVICE_ENDPOINT"], endpoint)?,
        lookup.variable(&["AWS_CONTAINER_CREDENTIALS_FULL_URI"])?,
    ];
    for found in urls.into_iter().flatten() {
        if !environment::is_endpoint_url(&found.value) {
            let message = format!("{} {}", found.origin, environment::NO_ENDPOINT);
            return Err(AwsSettingsError::new(message));
        }
    }
    let mode = "ec2_metadata_service_endpoint_mode";
    match lookup.find(&["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"], mode)? {
        Some(found) if !["ipv4", "ipv6"].contains(&found.value.to_lowercase().as_str()) => {
            Err(found.must_be("`ipv4` or `ipv6`"))
        }
        Some(_) | None => Ok(()),
    }
}

/// The file of certificates that the environment or the profile names.
fn ca_bundle(lookup: &Lookup<'_>) -> Result<Option<Found>, AwsSettingsError> {
    match lookup.find(&["AWS_CA_BUNDLE"], "ca_bundle")? {
        Some(found) => Ok(Some(found)),
        None => lookup.variable(&["REQUESTS_CA_BUNDLE"]),
    }
}

/// The mode that the environment or the profile names.
fn retry_mode(lookup: &Lookup<'_>) -> Result<Option<RetryMode>, AwsSettingsError> {
    let Some(found) = lookup.find(&["AWS_RETRY_MODE"], "retry_mode")? else { return Ok(None) };
    match found.value.as_str() {
        "standard" => Ok(Some(RetryMode::Standard)),
        "adaptive" => Ok(Some(RetryMode::Adaptive)),
        "legacy" => Ok(Some(RetryMode::Legacy)),
        _ => Err(found.must_be("`standard`, `adaptive` or `legacy`")),
    }
}
