//! Settings by name: a variable first, then a key of the profile. An invalid value is an error that names
//! the setting.

use super::environment::AwsEnvironment;
use super::error::AwsSettingsError;
use super::ini::printable;
use super::profiles::{Section, text};

/// Where settings are looked up.
pub(super) struct Lookup<'a> {
    pub(super) environment: &'a AwsEnvironment,
    /// The profile that is selected, and its name.
    pub(super) profile: Option<(&'a str, &'a Section)>,
}

/// A value that is not empty, and its origin as messages name it.
pub(super) struct Found {
    pub(super) value: String,
    pub(super) origin: String,
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
        variables: &[&str],
        key: &str,
    ) -> Result<Option<Found>, AwsSettingsError> {
        Ok(self.variable(variables)?.or_else(|| self.key(key)))
    }

    /// The value of the first of `variables` that is set.
    pub(super) fn variable(&self, variables: &[&str]) -> Result<Option<Found>, AwsSettingsError> {
        for name in variables {
            if let Some(value) = self.environment.get(name)? {
                return Ok(Some(Found { value, origin: (*name).to_owned() }));
            }
        }
        Ok(None)
    }

    /// The value of `key` in the profile.
    pub(super) fn key(&self, key: &str) -> Option<Found> {
        let (profile, section) = self.profile?;
        let value = text(section, key)?.to_owned();
        let (profile, place) = (printable(profile), &section.get(key)?.place);
        Some(Found { value, origin: format!("`{key}` of profile `{profile}` ({place})") })
    }

    /// The value that `parse` makes of the setting. It is `wanted` in words.
    pub(super) fn parsed<T>(
        &self,
        [variable, key]: [&str; 2],
        wanted: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, AwsSettingsError> {
        let Some(found) = self.find(&[variable], key)? else { return Ok(None) };
        parse(&found.value).map(Some).ok_or_else(|| found.must_be(wanted))
    }

    /// `true` or `false`, in any case.
    pub(super) fn boolean(&self, names: [&str; 2]) -> Result<Option<bool>, AwsSettingsError> {
        self.parsed(names, "`true` or `false`", |value| value.to_ascii_lowercase().parse().ok())
    }
}
