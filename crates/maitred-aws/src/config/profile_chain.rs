//! The profiles that credentials come from, linked by `source_profile`.

use super::error::AwsSettingsError;
use super::ini::printable;
use super::profiles::{Profiles, Section};

/// What `credential_source` can be.
const SOURCES: [&str; 3] = ["Environment", "Ec2InstanceMetadata", "EcsContainer"];

/// The profiles from the selected one down to the one that has credentials.
pub(super) struct ProfileChain<'a> {
    pub(super) profiles: &'a Profiles,
    pub(super) names: Vec<&'a str>,
    /// Whether credentials are taken from them.
    pub(super) has_credentials: bool,
}

impl<'a> ProfileChain<'a> {
    /// Only the selected profile, if the credentials come from elsewhere.
    pub(super) fn without_credentials(profiles: &'a Profiles, selected: &str) -> Self {
        let found = profiles.profiles.get_key_value(selected);
        let names = found.map(|(name, _)| name.as_str()).into_iter().collect();
        Self { profiles, names, has_credentials: false }
    }

    /// Follows `source_profile` from the selected profile.
    ///
    /// # Errors
    /// A profile or an SSO session that is named does not exist, or a role has no source.
    pub(super) fn follow(profiles: &'a Profiles, selected: &str) -> Result<Self, AwsSettingsError> {
        let mut chain = Self::without_credentials(profiles, selected);
        chain.has_credentials = true;
        let mut next = chain.names.first().copied();
        while let Some((name, group)) = next.and_then(|name| profiles.profiles.get_key_value(name))
        {
            chain.check_session(name, group)?;
            next = chain.source(name, group)?;
            if let Some(source) = next {
                if chain.names.contains(&source) {
                    let (name, place) = (printable(source), place(group, "source_profile"));
                    return Err(AwsSettingsError::new(format!(
                        "the profile `{name}` is its own source, by `source_profile` of {place}"
                    )));
                }
                chain.names.push(source);
            }
        }
        Ok(chain)
    }

    /// The profile whose credentials the role of this one is assumed with, if it is another one.
    fn source(&self, name: &str, group: &'a Section) -> Result<Option<&'a str>, AwsSettingsError> {
        let text = |key: &str| group.get(key).and_then(|setting| setting.value.text());
        let is_static = text("aws_access_key_id").is_some() && self.names.len() > 1;
        if is_static || text("role_arn").is_none() || text("web_identity_token_file").is_some() {
            return Ok(None);
        }
        let bad = |key: &str, what: &str| {
            let (name, place) = (printable(name), place(group, key));
            Err(AwsSettingsError::new(format!("the profile `{name}` ({place}) {what}")))
        };
        if text("mfa_serial").is_some() {
            return bad(
                "mfa_serial",
                "has an `mfa_serial`, and nobody can be asked for its code here: get credentials of the \
                 role by other means, such as a `credential_process`",
            );
        }
        match (text("source_profile"), text("credential_source")) {
            (Some(_), Some(_)) => bad(
                "source_profile",
                "has both `source_profile` and `credential_source`; one must go",
            ),
            (None, None) => bad(
                "role_arn",
                "has a `role_arn` and does not say whose credentials to assume it with: add \
                 `source_profile` or `credential_source`",
            ),
            (None, Some(source)) if SOURCES.contains(&source) => Ok(None),
            (None, Some(source)) => {
                let (source, known) = (printable(source), SOURCES.join(", "));
                let what =
                    format!("has the credential_source `{source}`; it must be one of {known}");
                bad("credential_source", &what)
            }
            (Some(source), None) if source == name => Ok(None),
            (Some(source), None) if self.profiles.profiles.contains_key(source) => Ok(Some(source)),
            (Some(source), None) => {
                let source = printable(source);
                let what = format!("names the source_profile `{source}`, which does not exist");
                bad("source_profile", &what)
            }
        }
    }

    fn check_session(&self, name: &str, group: &Section) -> Result<(), AwsSettingsError> {
        let Some(setting) = group.get("sso_session") else { return Ok(()) };
        match setting.value.text() {
            Some(session) if !self.profiles.sso_sessions.contains_key(session) => {
                let (name, session, place) = (printable(name), printable(session), &setting.place);
                Err(AwsSettingsError::new(format!(
                    "the profile `{name}` ({place}) names the sso_session `{session}`, which does \
                     not exist"
                )))
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn place(group: &Section, key: &str) -> String {
    group.get(key).map(|setting| setting.place.to_string()).unwrap_or_default()
}
