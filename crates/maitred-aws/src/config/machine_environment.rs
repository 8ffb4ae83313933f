//! The environment of the SDK's loader. It has the settings of the requests to the machine, from the environment and
//! the profile, as variables. The loader reads no files: its parser refuses or drops much of what botocore accepts.

use std::collections::HashMap;

use aws_types::os_shim_internal::Env;

use super::credentials::{Machine, Source};
use super::endpoints::checked_endpoint;
use super::error::AwsSettingsError;
use super::lookup::Lookup;

/// A region, which the SDK's chain of credentials wants and does not use: it would ask the instance metadata service
/// for one, which off EC2 takes seconds to fail.
const ANY_REGION: &str = "us-east-1";

const NO_METADATA: &str = "AWS_EC2_METADATA_DISABLED";
const METADATA_ENDPOINT: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
const METADATA_MODE: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";
const CONTAINER_URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const CONTAINER: [&str; 4] = [
    CONTAINER_URI,
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// The variables for credentials from `source`.
pub(super) fn machine_environment(
    lookup: &Lookup<'_>,
    source: Option<&Source>,
) -> Result<Env, AwsSettingsError> {
    let mut seen = HashMap::new();
    let mut see = |name: &str, value: String| drop(seen.insert(name.to_owned(), value));
    see("AWS_REGION", ANY_REGION.to_owned());
    if let Some(found) = lookup.find(&["AWS_SDK_UA_APP_ID"], "sdk_ua_app_id")? {
        see("AWS_SDK_UA_APP_ID", found.value);
    }
    if let Some(found) = lookup.find(&[METADATA_ENDPOINT], "ec2_metadata_service_endpoint")? {
        see(METADATA_ENDPOINT, checked_endpoint(found)?);
    }
    lookup.variable(&[CONTAINER_URI])?.map(checked_endpoint).transpose()?;
    let names = [METADATA_MODE, "ec2_metadata_service_endpoint_mode"];
    let mode = lookup.parsed(names, "`ipv4` or `ipv6`", |mode| {
        Some(mode.to_lowercase()).filter(|mode| matches!(mode.as_str(), "ipv4" | "ipv6"))
    })?;
    if let Some(mode) = mode {
        see(METADATA_MODE, mode);
    }
    let machine = source.and_then(Source::machine);
    let container = if machine == Some(Machine::Instance) { &[][..] } else { &CONTAINER };
    for name in container.iter().chain(&[NO_METADATA]) {
        if let Some(found) = lookup.variable(&[name])? {
            see(name, found.value);
        }
    }
    if machine == Some(Machine::Container) {
        see(NO_METADATA, "true".to_owned());
    }
    Ok(Env::from(seen))
}
