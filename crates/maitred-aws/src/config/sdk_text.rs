//! Profiles as a text that the SDK reads. Its parser refuses or drops much of what botocore accepts,
//! so that it is given no more than the settings that it needs, in the plainest form.

use std::collections::BTreeSet;

use super::environment::{AwsEnvironment, NO_ENDPOINT, is_endpoint_url};
use super::error::AwsSettingsError;
use super::ini::{is_space, printable};
use super::profile_chain::ProfileChain;
use super::profile_credentials;
use super::profiles::{Section, Value};

/// What the SDK reads of the profile that is selected.
const KEYS: [&str; 6] = [
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
    "ec2_metadata_v1_disabled",
    "endpoint_url",
    "ignore_configured_endpoint_urls",
    "sdk_ua_app_id",
];

/// What the SDK takes credentials from, beside `credential_source` and `source_profile`. Processes are run
/// in this crate.
const CREDENTIALS: [&str; 13] = [
    "aws_access_key_id",
    "aws_account_id",
    "aws_secret_access_key",
    "aws_session_token",
    "external_id",
    "role_arn",
    "role_session_name",
    "sso_account_id",
    "sso_region",
    "sso_role_name",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
];

/// What the SDK reads of an SSO session.
const SESSION_KEYS: [&str; 2] = ["sso_region", "sso_start_url"];

/// The keys of the environment, as settings of a profile.
const ENVIRONMENT_KEYS: [(&str, &str); 3] = [
    ("aws_access_key_id", "AWS_ACCESS_KEY_ID"),
    ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"),
    ("aws_session_token", "AWS_SESSION_TOKEN"),
];

/// The names of what is not from the files.
const OF_ENVIRONMENT: &str = "@environment";
const SERVICES: &str = "services";

/// A text of the kind of `~/.aws/config`.
pub(super) struct SdkText {
    pub(super) text: String,
    /// The name in it of the profile that is selected, if that exists.
    pub(super) selected: Option<String>,
}

/// Writes the profiles of `chain`, and what they refer to. `services` is the section that the
/// selected one names, if it is to be read.
///
/// # Errors
/// A name or a value cannot be written.
pub(super) fn write(
    chain: &ProfileChain<'_>,
    environment: &AwsEnvironment,
    services: Option<&Section>,
) -> Result<SdkText, AwsSettingsError> {
    let mut text = String::new();
    let is_own = profile_credentials::find(chain).is_some_and(|own| !own.is_source);
    for (index, name) in chain.names.iter().enumerate() {
        let group = &chain.profiles.profiles[*name];
        text.push_str(&format!("[profile {}]\n", written_name(chain, index)));
        push(&mut text, group, &KEYS)?;
        if chain.has_credentials && !is_own {
            push(&mut text, group, &CREDENTIALS)?;
            text.push_str(&source(chain, index, group));
        }
        if index == 0 && services.is_some() {
            text.push_str(&format!("services={SERVICES}\n"));
        }
    }
    if chain.has_credentials {
        text.push_str(&sessions(chain)?);
        text.push_str(&keys_of(environment)?);
    }
    if let Some(services) = services {
        text.push_str(&endpoints(services)?);
    }
    let selected = chain.names.first().map(|_| written_name(chain, 0));
    Ok(SdkText { text, selected })
}

/// The name of a profile in the text: the SDK drops those with spaces, for example.
fn written_name(chain: &ProfileChain<'_>, index: usize) -> String {
    let name = chain.names[index];
    if is_identifier(name) { name.to_owned() } else { format!("@{}", index + 1) }
}

fn push(text: &mut String, group: &Section, keys: &[&str]) -> Result<(), AwsSettingsError> {
    for key in keys {
        let found = match *key {
            "aws_session_token" => profile_credentials::session_token(group),
            key => group.get(key),
        };
        let Some(setting) = found else { continue };
        let Some(value) = setting.value.text() else { continue };
        if !fits(value) {
            return Err(AwsSettingsError::new(format!(
                "{}: the value of `{key}` has a line end, or a space before a `#` or `;`: a comment \
                 must be a line of its own",
                setting.place
            )));
        }
        text.push_str(&format!("{key}={value}\n"));
    }
    Ok(())
}

fn sessions(chain: &ProfileChain<'_>) -> Result<String, AwsSettingsError> {
    let mut text = String::new();
    let groups = chain.names.iter().map(|name| &chain.profiles.profiles[*name]);
    let named: BTreeSet<&str> =
        groups.filter_map(|group| group.get("sso_session")?.value.text()).collect();
    for name in named {
        if !is_identifier(name) {
            return Err(AwsSettingsError::new(format!(
                "the name of the sso-session `{}` has a character that cannot be used, such as a \
                 space",
                printable(name)
            )));
        }
        let Some(group) = chain.profiles.sso_sessions.get(name) else { continue };
        text.push_str(&format!("[sso-session {name}]\n"));
        push(&mut text, group, &SESSION_KEYS)?;
    }
    Ok(text)
}

/// Whose credentials the role of a profile is assumed with, if it has one.
fn source(chain: &ProfileChain<'_>, index: usize, group: &Section) -> String {
    let value = |key: &str| group.get(key).and_then(|setting| setting.value.text());
    if value("role_arn").is_none() || value("web_identity_token_file").is_some() {
        return String::new();
    }
    if asks_environment(group) {
        return format!("source_profile={OF_ENVIRONMENT}\n");
    }
    match value("credential_source") {
        Some(source) => format!("credential_source={source}\n"),
        None => {
            let last = chain.names.len() - 1;
            format!("source_profile={}\n", written_name(chain, last.min(index + 1)))
        }
    }
}

fn asks_environment(group: &Section) -> bool {
    let source = group.get("credential_source").and_then(|setting| setting.value.text());
    source == Some("Environment")
}

/// A profile with the keys of the environment, which the SDK may not see: they must not win over a
/// profile that is named.
fn keys_of(environment: &AwsEnvironment) -> Result<String, AwsSettingsError> {
    let mut text = format!("[profile {OF_ENVIRONMENT}]\n");
    for (key, variable) in ENVIRONMENT_KEYS {
        let value = match key {
            "aws_session_token" => environment.session_token()?,
            _ => environment.get(variable)?,
        };
        let Some(value) = value else { continue };
        if !fits(&value) {
            return Err(AwsSettingsError::new(format!(
                "{variable} has a character that no key has"
            )));
        }
        text.push_str(&format!("{key}={value}\n"));
    }
    Ok(text)
}

/// The endpoints of single services.
fn endpoints(services: &Section) -> Result<String, AwsSettingsError> {
    let mut text = format!("[services {SERVICES}]\n");
    for (service, setting) in services {
        let Value::Nested(settings) = &setting.value else {
            return Err(AwsSettingsError::new(format!(
                "{}: below `{}` there must be an indented line `endpoint_url = URL`",
                setting.place,
                printable(service)
            )));
        };
        let Some(url) = settings.get("endpoint_url").filter(|url| !url.is_empty()) else {
            continue;
        };
        if !is_endpoint_url(url) {
            let (place, service) = (&setting.place, printable(service));
            let message = format!("{place}: the endpoint_url of `{service}` {NO_ENDPOINT}");
            return Err(AwsSettingsError::new(message));
        }
        if fits(url) && is_identifier(service) {
            text.push_str(&format!("{service}=\n  endpoint_url={url}\n"));
        }
    }
    Ok(text)
}

/// Whether the SDK takes it for a name.
fn is_identifier(name: &str) -> bool {
    let taken = |c: char| c.is_ascii_alphanumeric() || "_-/.%@:+".contains(c);
    !name.is_empty() && name.chars().all(taken)
}

/// Whether the SDK reads the value as it is: it takes a `#` or `;` behind a space for a comment.
fn fits(value: &str) -> bool {
    let mut before_is_space = false;
    value.chars().all(|c| {
        let begins_comment = matches!(c, '#' | ';') && before_is_space;
        before_is_space = is_space(c);
        !begins_comment && !matches!(c, '\n' | '\r')
    })
}
