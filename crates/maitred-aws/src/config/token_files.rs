//! Checks token files before the SDK reads them: it would block on a pipe and fill the memory from a device.

use std::path::Path;

use maitred_core::file;

use super::environment::AwsEnvironment;
use super::error::AwsSettingsError;
use super::ini::printable;
use super::lookup::{Found, Lookup};
use super::profiles::{Profiles, Section};
use super::role::MAX_TOKEN;
use super::settings::AwsSettings;

/// Keys of a profile that credentials come from.
const SOURCES: [&str; 6] = [
    "aws_access_key_id",
    "credential_process",
    "login_session",
    "role_arn",
    "sso_session",
    "sso_start_url",
];

impl AwsSettings {
    /// Checks the file that the SDK will read a token from.
    ///
    /// # Errors
    /// It is missing, is not a regular file, or is larger than a token.
    pub(super) fn check_tokens(
        &self,
        environment: &AwsEnvironment,
        profiles: &Profiles,
    ) -> Result<(), AwsSettingsError> {
        let is_named = self.named_profile().is_some();
        let chain = self.chain(environment, profiles)?;
        if !chain.has_credentials {
            return Ok(());
        }
        for name in &chain.names {
            check_profile(environment, (name, &profiles.profiles[*name]))?;
        }
        let groups = || chain.names.iter().map(|name| &profiles.profiles[*name]);
        if groups().any(|group| SOURCES.iter().any(|key| has(group, key))) {
            return Ok(());
        }
        let lookup = Lookup { environment, profile: None };
        if !is_named && environment.get("AWS_ROLE_ARN")?.is_some() {
            let token = lookup.variable(&["AWS_WEB_IDENTITY_TOKEN_FILE"])?;
            if let Some(found) = token {
                return check(&found);
            }
        }
        check_container(&lookup)
    }
}

/// The token of a profile's role, and that of the container if the profile asks there.
fn check_profile(
    environment: &AwsEnvironment,
    profile: (&str, &Section),
) -> Result<(), AwsSettingsError> {
    let lookup = Lookup { environment, profile: Some(profile) };
    let token = lookup.key("web_identity_token_file").filter(|_| has(profile.1, "role_arn"));
    if let Some(found) = token {
        return check(&found);
    }
    match lookup.key("credential_source") {
        Some(found) if found.value == "EcsContainer" => check_container(&lookup),
        Some(_) | None => Ok(()),
    }
}

fn check_container(lookup: &Lookup<'_>) -> Result<(), AwsSettingsError> {
    let uris = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
    let is_asked = lookup.variable(&uris)?.is_some();
    let token = lookup.variable(&["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"])?;
    token.filter(|_| is_asked).map_or(Ok(()), |found| check(&found))
}

fn has(group: &Section, key: &str) -> bool {
    group.get(key).is_some_and(|setting| setting.value.text().is_some())
}

fn check(found: &Found) -> Result<(), AwsSettingsError> {
    let Found { value, origin } = found;
    file::text(Path::new(value), MAX_TOKEN).map(drop).map_err(|error| {
        AwsSettingsError::new(format!("{origin}: the token file {} {error}", printable(value)))
    })
}
