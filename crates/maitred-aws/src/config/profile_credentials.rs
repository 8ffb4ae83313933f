//! Credentials in a profile, or from its `credential_process`.
//!
//! The SDK would cut a value off at ` #`, and misread a value of several lines.

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;

use super::credential_process;
use super::profile_chain::ProfileChain;
use super::profiles::{Profiles, Section, Setting, Value};

/// The credentials of a profile.
pub(super) struct ProfileCredentials<'a> {
    profile: &'a str,
    group: &'a Section,
    kind: Kind<'a>,
    /// Whether the role of another profile is assumed with them.
    pub(super) is_source: bool,
}

enum Kind<'a> {
    Keys { id: &'a str, secret: &'a str },
    Process(&'a Setting, &'a str),
}

/// The credentials of the last profile of a chain, in botocore's order. The SDK handles all others.
pub(super) fn find<'a>(chain: &ProfileChain<'a>) -> Option<ProfileCredentials<'a>> {
    let profile = chain.names.last().copied().filter(|_| chain.has_credentials)?;
    let group = &chain.profiles.profiles[profile];
    let is_source = chain.names.len() > 1;
    let keys = text(group, "aws_access_key_id").zip(text(group, "aws_secret_access_key"));
    let is_of_credentials = group.get("aws_access_key_id").is_some_and(|id| id.place.credentials);
    let wins = ["role_arn", "sso_session", "sso_start_url"];
    if is_source && keys.is_some() || wins.iter().any(|key| text(group, key).is_some()) {
        return None;
    }
    let process = group.get("credential_process").zip(text(group, "credential_process"));
    let kind = match (process, keys) {
        (Some((setting, command)), keys) if keys.is_none() || !is_of_credentials => {
            Kind::Process(setting, command)
        }
        (_, keys) => keys.map(|(id, secret)| Kind::Keys { id, secret })?,
    };
    Some(ProfileCredentials { profile, group, kind, is_source })
}

/// The session token of a profile, by the name that botocore takes first.
pub(super) fn session_token(group: &Section) -> Option<&Setting> {
    let keys = ["aws_security_token", "aws_session_token"];
    let mut settings = keys.into_iter().filter_map(|key| group.get(key));
    settings.find(|setting| setting.value.text().is_some())
}

impl ProfileCredentials<'_> {
    /// The credentials; a process is run for them.
    pub(super) async fn credentials(&self) -> Result<Credentials, CredentialsError> {
        let account = text(self.group, "aws_account_id");
        let (id, secret) = match &self.kind {
            Kind::Process(_, command) => return credential_process::run(command, account).await,
            Kind::Keys { id, secret } => (*id, *secret),
        };
        let mut keys = Credentials::builder()
            .access_key_id(id)
            .secret_access_key(secret)
            .provider_name("ProfileFile");
        let token = session_token(self.group).and_then(|setting| setting.value.text());
        keys.set_session_token(token.map(str::to_owned));
        keys.set_account_id(account.map(Into::into));
        Ok(keys.build())
    }

    /// The profiles with these keys in place of the process.
    pub(super) fn with_keys(&self, profiles: &Profiles, keys: &Credentials) -> Profiles {
        let mut profiles = profiles.clone();
        if let Kind::Process(setting, _) = &self.kind
            && let Some(group) = profiles.profiles.get_mut(self.profile)
        {
            let values = [
                ("aws_access_key_id", Some(keys.access_key_id())),
                ("aws_secret_access_key", Some(keys.secret_access_key())),
                ("aws_session_token", keys.session_token()),
            ];
            group.remove("credential_process");
            group.remove("aws_security_token");
            for (key, value) in values {
                let value = Value::Text(value.unwrap_or_default().to_owned());
                group.insert(key.to_owned(), Setting { value, place: setting.place.clone() });
            }
        }
        profiles
    }
}

fn text<'a>(group: &'a Section, key: &str) -> Option<&'a str> {
    group.get(key)?.value.text()
}
