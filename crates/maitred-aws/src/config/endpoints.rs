//! Endpoints of the environment, the profile and the settings.

use std::collections::BTreeMap;
use std::fmt;

use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use reqwest::Url;

use super::error::AwsSettingsError;
use super::ini::printable;
use super::lookup::{Found, Lookup};
use super::profiles::{Profiles, Value};
use super::settings::AwsSettings;

/// The general endpoint; with `_` and a service's name after it, that of one service.
const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";

/// The general endpoint, and those of single services, which win over it.
#[derive(Clone, Default)]
pub(super) struct Endpoints {
    pub(super) general: Option<String>,
    /// By [`service_name`].
    services: BTreeMap<String, String>,
}

impl Endpoints {
    /// The endpoints of the environment, and those of the profile that it does not replace.
    pub(super) fn find(lookup: &Lookup<'_>, profiles: &Profiles) -> Result<Self, AwsSettingsError> {
        let mut endpoints = Self::default();
        for name in lookup.environment.names() {
            let Some(service) = name.strip_prefix(ENDPOINT_URL) else { continue };
            let Some(found) = lookup.variable(&[name])? else { continue };
            if service.is_empty() {
                endpoints.general = Some(checked_endpoint(found)?);
            } else if let Some(service) = service.strip_prefix('_') {
                endpoints.services.insert(service.to_owned(), checked_endpoint(found)?);
            }
        }
        let ignored = ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls"];
        if lookup.boolean(ignored)? == Some(true) {
            return Ok(Self::default());
        }
        if endpoints.general.is_none() {
            if let Some(found) = lookup.key("services") {
                endpoints.add_section(&found, profiles)?;
            }
            endpoints.general = lookup.key("endpoint_url").map(checked_endpoint).transpose()?;
        }
        Ok(endpoints)
    }

    /// Adds the section that `services` of the profile names.
    fn add_section(
        &mut self,
        Found { value, origin }: &Found,
        profiles: &Profiles,
    ) -> Result<(), AwsSettingsError> {
        let section = profiles.services.get(value).filter(|section| !section.is_empty());
        let section = section.ok_or_else(|| {
            let name = printable(value);
            let message = format!("there is no section [services {name}], which {origin} names");
            AwsSettingsError::new(message)
        })?;
        for (service, setting) in section {
            let (place, name) = (&setting.place, printable(service));
            let Value::Nested(settings) = &setting.value else {
                return Err(AwsSettingsError::new(format!(
                    "{place}: below `{name}` there must be an indented line `endpoint_url = URL`"
                )));
            };
            if let Some(url) = settings.get("endpoint_url").filter(|url| !url.is_empty()) {
                let origin = format!("{place}: the endpoint_url of `{name}`");
                let url = checked_endpoint(Found { value: url.clone(), origin })?;
                self.services.entry(service_name(service)).or_insert(url);
            }
        }
        Ok(())
    }

    /// These, unless the settings have others.
    pub(super) fn with_settings(&self, settings: &AwsSettings) -> Self {
        let mut endpoints = match &settings.endpoint_url {
            Some(url) => Self { general: Some(url.clone()), ..Self::default() },
            None => self.clone(),
        };
        let own = settings.service_endpoints.iter();
        endpoints.services.extend(own.map(|(id, url)| (service_name(id), url.clone())));
        endpoints
    }

    /// These, with another endpoint of STS.
    pub(super) fn with_sts(mut self, url: &str) -> Self {
        self.services.insert("STS".to_owned(), url.to_owned());
        self
    }
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let endpoint = self.services.get(&service_name(key.service_id())).or(self.general.as_ref());
        endpoint.filter(|_| key.env() == ENDPOINT_URL).cloned()
    }
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A URL may hold a login.
        let services: Vec<_> = self.services.keys().collect();
        f.debug_struct("Endpoints").field("services", &services).finish_non_exhaustive()
    }
}

/// A service's id as it is in the name of a variable.
fn service_name(id: &str) -> String {
    id.to_uppercase().replace([' ', '-'], "_")
}

/// The URL that was found.
///
/// # Errors
/// It is not a URL of HTTP. The message does not repeat it, as it may hold a login.
pub(super) fn checked_endpoint(found: Found) -> Result<String, AwsSettingsError> {
    let is_endpoint = |url: Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    match Url::parse(&found.value).is_ok_and(is_endpoint) {
        true => Ok(found.value),
        false => {
            let message = format!("{} must be a URL such as https://HOST:PORT", found.origin);
            Err(AwsSettingsError::new(message))
        }
    }
}
