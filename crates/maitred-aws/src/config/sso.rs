//! Credentials from IAM Identity Center.

use std::collections::BTreeMap;

use aws_config::provider_config::ProviderConfig;
use aws_config::sso::SsoCredentialsProvider;
use aws_config::sso::credentials::Builder;
use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;

use super::profiles::{Section, text};

pub(super) type SsoSettings = (Builder, Region);

/// The settings of a profile; `None` if one is missing.
pub(super) fn settings(
    profile: &Section,
    sessions: &BTreeMap<String, Section>,
) -> Option<SsoSettings> {
    let session = text(profile, "sso_session");
    let shared = session.and_then(|name| sessions.get(name)).unwrap_or(profile);
    let region = Region::new(text(shared, "sso_region")?.to_owned());
    let mut builder = SsoCredentialsProvider::builder()
        .account_id(text(profile, "sso_account_id")?)
        .role_name(text(profile, "sso_role_name")?)
        .region(region.clone())
        .start_url(text(shared, "sso_start_url")?);
    builder.set_session_name(session.map(str::to_owned));
    Some((builder, region))
}

/// The provider with these settings. `config` is for its requests.
pub(super) fn provider(
    (builder, region): SsoSettings,
    config: &SdkConfig,
) -> SharedCredentialsProvider {
    let mut requests = ProviderConfig::without_region()
        .with_region(Some(region))
        .with_use_fips(config.use_fips())
        .with_use_dual_stack(config.use_dual_stack());
    if let Some(http_client) = config.http_client() {
        requests = requests.with_http_client(http_client);
    }
    if let Some(retry) = config.retry_config() {
        requests = requests.with_retry_config(retry.clone());
    }
    if let Some(timeout) = config.timeout_config() {
        requests = requests.with_timeout_config(timeout.clone());
    }
    SharedCredentialsProvider::new(builder.configure(&requests).build())
}
