//! Settings by name: a variable first, then a key of the profile. An invalid value is an error that names
//! the setting.

use std::fmt;

use super::environment::AwsEnvironment;
use super::error::AwsSettingsError;
use super::ini::printable;
use super::profiles::{FileLine, Section};

/// Where settings are looked up.
pub(super) struct Lookup<'a> {
    pub(super) environment: &'a AwsEnvironment,
    /// The profile that is selected, and its name.
    pub(super) profile: Option<(&'a str, &'a Section)>,
}

/// A value that is not empty, and its origin.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) value: String,
    pub(super) origin: Origin,
}

/// The origin of a setting, as messages name it.
#[derive(Clone)]
pub(super) enum Origin {
    Variable(&'static str),
    Profile { key: &'static str, profile: String, place: FileLine },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::Profile { key, profile, place } => {
                write!(f, "`{key}` of profile `{}` ({place})", printable(profile))
            }
        }
    }
}

impl Found {
    /// The error that the value is not valid for the setting.
    pub(super) fn must_be(&self, wanted: &str) -> AwsSettingsError {
        let Self { value, origin } = self;
        AwsSettingsError::new(format!("{origin} must be {wanted}, but is `{}`", printable(value)))
    }
}

impl Lookup<'_> {
    /// The value of the first of `variables` that is set, or else of `key` in the profile.
    pub(super) fn find(
        &self,
        variables: &[&'static str],
        key: &'static str,
    ) -> Result<Option<Found>, AwsSettingsError> {
        Ok(self.variable(variables)?.or_else(|| self.key(key)))
    }

    /// The value of the first of `variables` that is set.
    pub(super) fn variable(
        &self,
        variables: &[&'static str],
    ) -> Result<Option<Found>, AwsSettingsError> {
        for name in variables {
            if let Some(value) = self.environment.get(name)? {
                return Ok(Some(Found { value, origin: Origin::Variable(name) }));
            }
        }
        Ok(None)
    }

    /// The value of `key` in the profile.
    pub(super) fn key(&self, key: &'static str) -> Option<Found> {
        let (profile, group) = self.profile?;
        let setting = group.get(key)?;
        let value = setting.value.text()?.to_owned();
        let (profile, place) = (profile.to_owned(), setting.place.clone());
        Some(Found { value, origin: Origin::Profile { key, profile, place } })
    }

    /// `true` or `false`, in any case.
    pub(super) fn boolean(
        &self,
        variable: &'static str,
        key: &'static str,
    ) -> Result<Option<bool>, AwsSettingsError> {
        let Some(found) = self.find(&[variable], key)? else { return Ok(None) };
        match found.value.to_ascii_lowercase().as_str() {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(found.must_be("`true` or `false`")),
        }
    }

    /// A whole number of at least 1.
    pub(super) fn count(
        &self,
        variable: &'static str,
        key: &'static str,
    ) -> Result<Option<u32>, AwsSettingsError> {
        let Some(found) = self.find(&[variable], key)? else { return Ok(None) };
        match found.value.parse() {
            Ok(count) if count >= 1 => Ok(Some(count)),
            Ok(_) | Err(_) => Err(found.must_be("a whole number of at least 1")),
        }
    }
}
