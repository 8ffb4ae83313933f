//! The variables and the files that clients of AWS are configured by.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use aws_types::os_shim_internal::Env;
use reqwest::Url;

use super::error::AwsSettingsError;
use super::profiles::Profiles;

/// The largest file that is read.
const MAX_FILE: u64 = 4 << 20;

/// The variables that the SDK reads itself, with those that begin with [`ENDPOINT_URL`]. Others are read in
/// this crate, or have no effect.
const SDK_VARIABLES: [&str; 20] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_ACCOUNT_ID",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_EC2_METADATA_V1_DISABLED",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SDK_UA_APP_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "HOME",
    "HOMEDRIVE",
    "HOMEPATH",
    "USERPROFILE",
];

/// Where roles are assumed without a region, as in botocore. The SDK would ask the instance metadata
/// service, which off EC2 takes seconds to fail.
const REGION_OF_STS: &str = "us-east-1";

/// Variables whose values are sent in headers.
const HEADER_VARIABLES: [&str; 4] =
    ["AWS_ACCESS_KEY_ID", "AWS_EXECUTION_ENV", SESSION_TOKENS[0], SESSION_TOKENS[1]];

/// Session tokens, in botocore's order; the SDK knows the second name.
const SESSION_TOKENS: [&str; 2] = ["AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"];

/// The general endpoint; with `_` and a service's name after it, that of one service.
pub(super) const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";

/// Credentials of the environment. A profile that the settings name wins over them.
pub(super) const CREDENTIALS: [&str; 6] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
];

/// What is wrong with an endpoint. It may hold a login, which is not repeated.
pub(super) const NO_ENDPOINT: &str = "must be a URL such as https://HOST:PORT";

/// Whether this is the URL of an endpoint.
pub(super) fn is_endpoint_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// The variables and the shared configuration files that clients of AWS are configured by.
///
/// A variable that is empty counts as not set. `Debug` shows no values.
#[derive(Clone, PartialEq)]
pub struct AwsEnvironment {
    variables: BTreeMap<OsString, OsString>,
    files: Files,
}

#[derive(Clone, PartialEq)]
enum Files {
    /// Those that the variables name, or those in the home folder.
    Named,
    Given {
        config: Vec<u8>,
        credentials: Vec<u8>,
    },
}

impl fmt::Debug for AwsEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsEnvironment").finish_non_exhaustive()
    }
}

impl AwsEnvironment {
    /// The variables of the process, and the files that they name (`AWS_CONFIG_FILE`,
    /// `AWS_SHARED_CREDENTIALS_FILE`) or else `~/.aws/config` and `~/.aws/credentials`.
    #[must_use]
    pub fn from_process() -> Self {
        Self { variables: std::env::vars_os().collect(), files: Files::Named }
    }

    /// Only these variables, and the files that they name.
    pub fn from_variables<K: Into<OsString>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { variables: variables.collect(), files: Files::Named }
    }

    /// Uses these contents instead of the two files.
    #[must_use]
    pub fn with_files(
        mut self,
        config: impl Into<Vec<u8>>,
        credentials: impl Into<Vec<u8>>,
    ) -> Self {
        self.files = Files::Given { config: config.into(), credentials: credentials.into() };
        self
    }

    /// The value of a variable; `None` if it is not set or empty.
    pub(super) fn get(&self, name: &str) -> Result<Option<String>, AwsSettingsError> {
        let Some(value) = self.raw(name) else { return Ok(None) };
        match value.to_str() {
            Some(value) => Ok(Some(value.to_owned())),
            None => Err(AwsSettingsError::new(format!("{name} is not UTF-8"))),
        }
    }

    fn raw(&self, name: &str) -> Option<&OsString> {
        self.variables.get(std::ffi::OsStr::new(name)).filter(|value| !value.is_empty())
    }

    /// The session token that goes with the keys.
    pub(super) fn session_token(&self) -> Result<Option<String>, AwsSettingsError> {
        for name in SESSION_TOKENS {
            if let Some(token) = self.get(name)? {
                return Ok(Some(token));
            }
        }
        Ok(None)
    }

    /// Whether there are keys. One without the other is refused, as in botocore.
    pub(super) fn has_keys(&self) -> Result<bool, AwsSettingsError> {
        let [id, secret] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
        let (is_set, is_whole) = (self.get(id)?.is_some(), self.get(secret)?.is_some());
        if is_set && !is_whole {
            return Err(AwsSettingsError::new(format!("{id} is set, and {secret} is not")));
        }
        Ok(is_set)
    }

    /// Refuses values that are sent in a header and contain characters that a header cannot have.
    pub(super) fn check_headers(&self) -> Result<(), AwsSettingsError> {
        for name in HEADER_VARIABLES {
            let goes = |c: char| matches!(c, ' '..='~' | '\t');
            if self.get(name)?.is_some_and(|value| !value.chars().all(goes)) {
                let message =
                    format!("{name} has a character that no header of a request can have");
                return Err(AwsSettingsError::new(message));
            }
        }
        Ok(())
    }

    /// The variables for the SDK, without those in `hidden`.
    pub(super) fn for_sdk(&self, hidden: &[&str]) -> Result<Env, AwsSettingsError> {
        let mut seen = vec![("AWS_REGION", REGION_OF_STS.to_owned())];
        if !hidden.contains(&SESSION_TOKENS[1]) {
            seen.extend(self.session_token()?.map(|token| (SESSION_TOKENS[1], token)));
        }
        for name in self.variables.keys().filter_map(|name| name.to_str()) {
            let is_endpoint = name == ENDPOINT_URL || name.starts_with("AWS_ENDPOINT_URL_");
            if (is_endpoint || SDK_VARIABLES.contains(&name)) && !hidden.contains(&name) {
                let value = self.get(name)?;
                if is_endpoint && value.as_deref().is_some_and(|url| !is_endpoint_url(url)) {
                    return Err(AwsSettingsError::new(format!("{name} {NO_ENDPOINT}")));
                }
                seen.extend(value.map(|value| (name, value)));
            }
        }
        let seen: Vec<_> = seen.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Ok(Env::from_slice(&seen))
    }

    /// Where the two files are, if no contents are given in their place.
    pub(super) fn paths(&self) -> [PathBuf; 2] {
        [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")].map(
            |(variable, default)| match self.raw(variable) {
                Some(path) => self.expanded(Path::new(path)),
                None => self.home().join(".aws").join(default),
            },
        )
    }

    /// What the two files say. One that does not exist, is not a regular file or cannot be opened says
    /// nothing, as in botocore.
    pub(super) fn profiles(&self) -> Result<Profiles, AwsSettingsError> {
        let [config_path, credentials_path] = self.paths();
        let mut profiles = Profiles::default();
        let (config, credentials) = match &self.files {
            Files::Named => (read(&config_path)?, read(&credentials_path)?),
            Files::Given { config, credentials } => (config.clone(), credentials.clone()),
        };
        profiles.add_config(&config_path, &config)?;
        profiles.add_credentials(&credentials_path, &credentials)?;
        Ok(profiles)
    }

    fn home(&self) -> PathBuf {
        let named = ["HOME", "USERPROFILE"].into_iter().find_map(|name| self.raw(name));
        named.map(PathBuf::from).or_else(std::env::home_dir).unwrap_or_default()
    }

    /// The path with `~` and `$NAME` or `${NAME}` replaced. A variable that is not set stays.
    fn expanded(&self, path: &Path) -> PathBuf {
        let Some(text) = path.to_str() else { return path.to_owned() };
        let text = self.with_variables(text);
        match text.strip_prefix('~') {
            Some("") => self.home(),
            Some(rest) if rest.starts_with(std::path::is_separator) => {
                self.home().join(rest.trim_start_matches(std::path::is_separator))
            }
            Some(_) | None => PathBuf::from(text),
        }
    }

    fn with_variables(&self, text: &str) -> String {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            expanded.push_str(before);
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let (name, tail) = match after.strip_prefix('{').and_then(|it| it.split_once('}')) {
                Some(braced) => braced,
                None => after.split_at(after.find(|c| !is_name(c)).unwrap_or(after.len())),
            };
            match self.raw(name).and_then(|value| value.to_str()) {
                Some(value) => {
                    expanded.push_str(value);
                    rest = tail;
                }
                None => {
                    expanded.push('$');
                    rest = after;
                }
            }
        }
        expanded + rest
    }
}

fn read(path: &Path) -> Result<Vec<u8>, AwsSettingsError> {
    if !fs::metadata(path).is_ok_and(|found| found.is_file()) {
        return Ok(Vec::new());
    }
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "the file is not read");
            return Ok(Vec::new());
        }
    };
    let mut bytes = Vec::new();
    let length = file.take(MAX_FILE + 1).read_to_end(&mut bytes);
    match length {
        Ok(length) if length as u64 <= MAX_FILE => Ok(bytes),
        Ok(_) => Err(AwsSettingsError::new(format!("{} is larger than 4 MiB", path.display()))),
        Err(error) => {
            let message = format!("{} cannot be read: {}", path.display(), error.kind());
            Err(AwsSettingsError::new(message))
        }
    }
}
