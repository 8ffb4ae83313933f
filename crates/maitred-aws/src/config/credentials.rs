//! The source of credentials, in botocore's order. The SDK reads no profile itself: its parser refuses or drops
//! much of what botocore accepts.

use std::path::Path;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::credential_fn::provide_credentials_fn;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;

use maitred_core::file;
use uuid::Uuid;

use super::credential_process;
use super::environment::AwsEnvironment;
use super::error::AwsSettingsError;
use super::ini::printable;
use super::lookup::{Found, Lookup};
use super::profiles::{Profiles, Section, text};
use super::role::{self, MAX_TOKEN, Role};
use super::settings::AwsSettings;
#[cfg(feature = "sso")]
use super::sso::{self, SsoSettings};

/// The values of `credential_source`.
const SOURCES: [&str; 3] = ["Environment", "Ec2InstanceMetadata", "EcsContainer"];

/// The name of a role's session, if none is given: one of its own, as botocore and the SDK make it.
fn session_name() -> String {
    format!("maitred-{}", Uuid::new_v4().simple())
}

/// The source of credentials.
pub(super) enum Source {
    Keys(Credentials),
    /// The output of a command.
    Process {
        command: String,
        account: Option<String>,
    },
    /// A role, and the source of the credentials to assume it with; none if it is assumed with a token.
    Role(Role, Option<Box<Self>>),
    /// IAM Identity Center.
    #[cfg(feature = "sso")]
    Sso(Box<SsoSettings>),
    Machine(Machine),
    /// There are none, for this reason. Calls fail with it, and not the configuration: not every one needs
    /// credentials.
    Missing(String),
}

/// Parts of the machine that have credentials.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Machine {
    Container,
    Instance,
    /// The container, or else the instance.
    Any,
}

impl AwsSettings {
    /// The source of credentials; `None` if these settings have keys, or need none.
    ///
    /// # Errors
    /// The profile has a role that cannot be assumed, or names something that does not exist; or the file of a token
    /// is missing, not a regular file, or larger than a token.
    pub(super) fn source(
        &self,
        lookup: &Lookup<'_>,
        profiles: &Profiles,
    ) -> Result<Option<Source>, AwsSettingsError> {
        if self.keys.is_some() || self.is_unsigned() {
            return Ok(None);
        }
        let environment = lookup.environment;
        let is_named = self.named_profile().is_some();
        if !is_named && let Some(keys) = environment.keys()? {
            return Ok(Some(Source::Keys(keys)));
        }
        let mut chain = Chain { environment, profiles, names: Vec::new() };
        if let Some((name, section)) = lookup.profile
            && let Some(source) = chain.source(name, section)?
        {
            return Ok(Some(source));
        }
        if !is_named
            && let Some(arn) = environment.get("AWS_ROLE_ARN")?
            && let Some(token) = lookup.variable(&["AWS_WEB_IDENTITY_TOKEN_FILE"])?
        {
            let session_name = environment.get("AWS_ROLE_SESSION_NAME")?;
            let mut role = Role::new(arn, session_name.unwrap_or_else(self::session_name));
            role.web_identity_token_file = Some(checked_token_file(token)?);
            return Ok(Some(Source::Role(role, None)));
        }
        Ok(Some(Source::Machine(with_token(lookup, Machine::Any)?)))
    }
}

/// Profiles that are linked by `source_profile`.
struct Chain<'a> {
    environment: &'a AwsEnvironment,
    profiles: &'a Profiles,
    /// The profiles so far.
    names: Vec<&'a str>,
}

impl<'a> Chain<'a> {
    /// The source that a profile has, or refers to.
    fn source(
        &mut self,
        name: &'a str,
        section: &'a Section,
    ) -> Result<Option<Source>, AwsSettingsError> {
        if let Some(session) = text(section, "sso_session")
            && !self.profiles.sso_sessions.contains_key(session)
        {
            let what =
                format!("names the sso_session `{}`, which does not exist", printable(session));
            return Err(bad(name, section, "sso_session", &what));
        }
        let is_selected = self.names.is_empty();
        self.names.push(name);
        match (text(section, "role_arn"), keys(section)) {
            // Keys of a source win over its role.
            (_, Some(keys)) if !is_selected => Ok(Some(Source::Keys(keys))),
            (Some(arn), _) => self.role(arn, name, section).map(Some),
            (None, _) => Ok(self.own(name, section)),
        }
    }

    /// The role of a profile.
    fn role(
        &mut self,
        arn: &str,
        name: &'a str,
        section: &'a Section,
    ) -> Result<Source, AwsSettingsError> {
        let lookup = Lookup { environment: self.environment, profile: Some((name, section)) };
        let given = text(section, "role_session_name").map(str::to_owned);
        let mut role = Role::new(arn, given.unwrap_or_else(session_name));
        if let Some(token) = lookup.key("web_identity_token_file") {
            role.web_identity_token_file = Some(checked_token_file(token)?);
            return Ok(Source::Role(role, None));
        }
        if let Some(id) = text(section, "external_id") {
            role.input.insert("ExternalId".to_owned(), id.into());
        }
        let bad = |key: &str, what: &str| Err(bad(name, section, key, what));
        if text(section, "mfa_serial").is_some() {
            return bad(
                "mfa_serial",
                "has an `mfa_serial`, and nobody can be asked for its code here: get credentials of the \
                 role by other means, such as a `credential_process`",
            );
        }
        let source = match (text(section, "source_profile"), text(section, "credential_source")) {
            (Some(_), Some(_)) => {
                return bad(
                    "source_profile",
                    "has both `source_profile` and `credential_source`; one must go",
                );
            }
            (None, None) => {
                return bad(
                    "role_arn",
                    "has a `role_arn` and does not say whose credentials to assume it with: add \
                     `source_profile` or `credential_source`",
                );
            }
            (None, Some("Environment")) => self.environment.keys()?.map(Source::Keys),
            (None, Some("EcsContainer")) => {
                Some(Source::Machine(with_token(&lookup, Machine::Container)?))
            }
            (None, Some("Ec2InstanceMetadata")) => Some(Source::Machine(Machine::Instance)),
            (None, Some(source)) => {
                let (source, known) = (printable(source), SOURCES.join(", "));
                let what =
                    format!("has the credential_source `{source}`; it must be one of {known}");
                return bad("credential_source", &what);
            }
            (Some(source), None) if source == name => self.own(name, section),
            (Some(source), None) => self.linked(source, name, section)?,
        };
        let missing = || Source::Missing(format!("the source of `{}` has none", printable(name)));
        Ok(Source::Role(role, Some(Box::new(source.unwrap_or_else(missing)))))
    }

    /// The source of the profile that `source_profile` of another one names.
    fn linked(
        &mut self,
        source: &str,
        name: &str,
        section: &Section,
    ) -> Result<Option<Source>, AwsSettingsError> {
        let shown = printable(source);
        match self.profiles.profiles.get_key_value(source) {
            None => {
                let what = format!("names the source_profile `{shown}`, which does not exist");
                Err(bad(name, section, "source_profile", &what))
            }
            Some((source, _)) if self.names.contains(&source.as_str()) => {
                let place = place(section, "source_profile");
                Err(AwsSettingsError::new(format!(
                    "the profile `{shown}` is its own source, by `source_profile` of {place}"
                )))
            }
            Some((source, section)) => self.source(source, section),
        }
    }

    /// The credentials of a profile apart from those of a role.
    fn own(&self, name: &str, section: &Section) -> Option<Source> {
        if text(section, "sso_session").or(text(section, "sso_start_url")).is_some() {
            return Some(self.sso(name, section));
        }
        let keys = keys(section);
        let in_credentials =
            section.get("aws_access_key_id").is_some_and(|id| id.place.credentials);
        match text(section, "credential_process") {
            Some(command) if keys.is_none() || !in_credentials => Some(Source::Process {
                command: command.to_owned(),
                account: text(section, "aws_account_id").map(str::to_owned),
            }),
            _ if keys.is_some() => keys.map(Source::Keys),
            _ if ["sso_account_id", "sso_role_name"]
                .iter()
                .any(|key| section.contains_key(*key)) =>
            {
                Some(self.sso(name, section))
            }
            _ => incomplete(name, section),
        }
    }

    #[cfg(feature = "sso")]
    fn sso(&self, name: &str, section: &Section) -> Source {
        match sso::settings(section, &self.profiles.sso_sessions) {
            Some(settings) => Source::Sso(Box::new(settings)),
            None => {
                let wanted = "sso_account_id, sso_role_name, sso_region and sso_start_url";
                let name = printable(name);
                Source::Missing(format!("the profile `{name}` must have {wanted}"))
            }
        }
    }

    #[cfg(not(feature = "sso"))]
    #[expect(clippy::unused_self, reason = "it is used with the feature")]
    fn sso(&self, name: &str, _: &Section) -> Source {
        let name = printable(name);
        Source::Missing(format!("the profile `{name}` needs the feature `sso` of this program"))
    }
}

/// The refusal of a profile with a part of its credentials. Those of the machine must not take their place.
fn incomplete(name: &str, section: &Section) -> Option<Source> {
    const PARTS: [(&str, &str); 4] = [
        ("aws_access_key_id", "aws_secret_access_key"),
        ("aws_secret_access_key", "aws_access_key_id"),
        ("aws_session_token", "aws_access_key_id"),
        ("web_identity_token_file", "role_arn"),
    ];
    let has = |key: &str| text(section, key).is_some();
    let (given, lacking) = PARTS.into_iter().find(|(key, other)| has(key) && !has(other))?;
    let name = printable(name);
    Some(Source::Missing(format!("the profile `{name}` has `{given}` and lacks `{lacking}`")))
}

/// The keys of a profile.
fn keys(section: &Section) -> Option<Credentials> {
    let mut keys = Credentials::builder()
        .access_key_id(text(section, "aws_access_key_id")?)
        .secret_access_key(text(section, "aws_secret_access_key")?)
        .provider_name("ProfileFile");
    let token = text(section, "aws_security_token").or(text(section, "aws_session_token"));
    keys.set_session_token(token.map(str::to_owned));
    keys.set_account_id(text(section, "aws_account_id").map(Into::into));
    Some(keys.build())
}

/// `machine`, once the token file is checked that a request to the container needs.
fn with_token(lookup: &Lookup<'_>, machine: Machine) -> Result<Machine, AwsSettingsError> {
    let uris = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
    let is_asked = lookup.variable(&uris)?.is_some();
    let token = lookup.variable(&["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"])?;
    token.filter(|_| is_asked).map(checked_token_file).transpose()?;
    Ok(machine)
}

/// The path of a token file that can be read. The SDK would block on a pipe, and fill the memory from a device.
fn checked_token_file(found: Found) -> Result<String, AwsSettingsError> {
    let Found { value, origin } = found;
    match file::text(Path::new(&value), MAX_TOKEN) {
        Ok(_) => Ok(value),
        Err(error) => {
            let path = printable(&value);
            Err(AwsSettingsError::new(format!("{origin}: the token file {path} {error}")))
        }
    }
}

fn bad(name: &str, section: &Section, key: &str, what: &str) -> AwsSettingsError {
    let (name, place) = (printable(name), place(section, key));
    AwsSettingsError::new(format!("the profile `{name}` ({place}) {what}"))
}

fn place(section: &Section, key: &str) -> String {
    section.get(key).map(|setting| setting.place.to_string()).unwrap_or_default()
}

impl Source {
    /// The part of the machine that is asked, if any is.
    pub(super) fn machine(&self) -> Option<Machine> {
        match self {
            Self::Machine(machine) => Some(*machine),
            Self::Role(_, source) => source.as_ref()?.machine(),
            Self::Keys(_) | Self::Process { .. } | Self::Missing(_) => None,
            #[cfg(feature = "sso")]
            Self::Sso(_) => None,
        }
    }

    /// The provider of the credentials. `config` is for the requests that it makes, and has the provider of the SDK,
    /// which asks the machine.
    pub(super) fn provider(self, config: &SdkConfig) -> SharedCredentialsProvider {
        match self {
            Self::Keys(keys) => SharedCredentialsProvider::new(keys),
            Self::Process { command, account } => {
                SharedCredentialsProvider::new(provide_credentials_fn(move || {
                    credential_process::run(command.clone(), account.clone())
                }))
            }
            Self::Role(role, source) => {
                let mut requests = config.to_builder();
                requests.set_credentials_provider(source.map(|source| source.provider(config)));
                role::provider(role, &requests.build())
            }
            #[cfg(feature = "sso")]
            Self::Sso(settings) => sso::provider(*settings, config),
            Self::Machine(_) => match config.credentials_provider() {
                Some(provider) => provider,
                None => missing("there is no chain of providers".to_owned()),
            },
            Self::Missing(reason) => missing(reason),
        }
    }
}

fn missing(reason: String) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(provide_credentials_fn(move || {
        std::future::ready(Err(CredentialsError::invalid_configuration(reason.clone())))
    }))
}
