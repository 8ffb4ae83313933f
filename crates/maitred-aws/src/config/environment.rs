//! The variables and the files that clients of AWS are configured by.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use aws_credential_types::Credentials;
use regex_lite::{Captures, Regex};

use maitred_core::file::{self, FileError};

use super::error::AwsSettingsError;
use super::profiles::Profiles;

/// The largest file that is read.
const MAX_FILE: u64 = 4 << 20;

/// Variables whose values are sent in headers.
const HEADER_VARIABLES: [&str; 4] =
    ["AWS_ACCESS_KEY_ID", "AWS_EXECUTION_ENV", SESSION_TOKENS[0], SESSION_TOKENS[1]];

/// Session tokens, in botocore's order.
const SESSION_TOKENS: [&str; 2] = ["AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"];

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
        Self::from_variables(std::env::vars_os())
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

    /// The names that are UTF-8.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().filter_map(|name| name.to_str())
    }

    /// The keys, if there are any. One without the other is refused, as in botocore.
    pub(super) fn keys(&self) -> Result<Option<Credentials>, AwsSettingsError> {
        let [id, secret] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
        let Some(key_id) = self.get(id)? else { return Ok(None) };
        let Some(key) = self.get(secret)? else {
            return Err(AwsSettingsError::new(format!("{id} is set, and {secret} is not")));
        };
        let [security_token, session_token] = SESSION_TOKENS;
        let token =
            self.get(security_token)?.map_or_else(|| self.get(session_token), |it| Ok(Some(it)))?;
        let mut keys = Credentials::builder()
            .access_key_id(key_id)
            .secret_access_key(key)
            .provider_name("EnvironmentVariable");
        keys.set_session_token(token);
        keys.set_account_id(self.get("AWS_ACCOUNT_ID")?.map(Into::into));
        Ok(Some(keys.build()))
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

    /// Where the two files are, if no contents are given in their place.
    pub(super) fn paths(&self) -> [PathBuf; 2] {
        [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")].map(
            |(variable, default)| match self.raw(variable) {
                Some(path) => self.expanded(Path::new(path)),
                None => self.home().join(".aws").join(default),
            },
        )
    }

    /// The contents of the two files. One that does not exist, is not a regular file or cannot be read counts as
    /// empty, as in botocore.
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

    /// The path with `~` and `$NAME` or `${NAME}` replaced, as in Python. A variable that is not set stays.
    fn expanded(&self, path: &Path) -> PathBuf {
        static VARIABLE: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"\$(\w+|\{[^}]*\})").expect("the pattern is valid"));
        let Some(text) = path.to_str() else { return path.to_owned() };
        let value = |found: &Captures<'_>| {
            let value = self.raw(found[1].trim_matches(['{', '}']));
            value.and_then(|value| value.to_str()).unwrap_or(&found[0]).to_owned()
        };
        let path = PathBuf::from(VARIABLE.replace_all(text, value).into_owned());
        match path.strip_prefix("~") {
            Ok(rest) => self.home().join(rest),
            Err(_) => path,
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, AwsSettingsError> {
    match file::bytes(path, MAX_FILE) {
        Err(FileError::TooLong(_)) => {
            Err(AwsSettingsError::new(format!("{} is larger than 4 MiB", path.display())))
        }
        Err(error) => {
            if !error.is_missing() {
                tracing::warn!(path = %path.display(), %error, "the file is not read");
            }
            Ok(Vec::new())
        }
        Ok(bytes) => Ok(bytes),
    }
}
