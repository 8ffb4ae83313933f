//! Settings of a client: the part of botocore's client configuration that is honoured.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::diagnostic::nearest;

/// Settings of a client, by the names that botocore's `Config` has. What is not here is not
/// honoured, and an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ClientConfig {
    /// Seconds to connect; the SDK's default is 3.1.
    #[serde(with = "seconds", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub connect_timeout: Option<Duration>,
    /// Seconds for an attempt, until the last byte of its reply; default 60.
    #[serde(with = "seconds", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub read_timeout: Option<Duration>,
    /// How often and how a call is tried again before it counts as failed; default: standard, 3
    /// tries in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<Retries>,
    /// Added to the user agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent_extra: Option<String>,
    /// Only `unsigned`: requests go out without credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_version: Option<SignatureVersion>,
    /// The proxy by the scheme of the request, `http` and `https`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub proxies: BTreeMap<String, String>,
    /// Whether FIPS endpoints are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_fips_endpoint: Option<bool>,
    /// Whether endpoints with IPv6 are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_dualstack_endpoint: Option<bool>,
}

/// How a call is tried again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Retries {
    /// Tries after the first one, as botocore counts them here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// Tries in all; wins over `max_attempts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_max_attempts: Option<u32>,
    /// Which rules; default standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<RetryMode>,
}

/// The rules of retries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RetryMode {
    /// The SDK's standard mode.
    #[default]
    Standard,
    /// The standard mode with a limit of the client's own rate.
    Adaptive,
    /// Taken as standard: the SDK has no such mode.
    Legacy,
}

/// How requests are signed, where that is not the service's own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SignatureVersion {
    /// Not at all.
    Unsigned,
}

impl Retries {
    /// How many tries in all, if that is given.
    #[must_use]
    pub fn attempts(&self) -> Option<u32> {
        let retries = || Some(self.max_attempts?.saturating_add(1));
        self.total_max_attempts.or_else(retries).map(|attempts| attempts.max(1))
    }
}

/// What botocore knows and the SDK has no use for: pools and sockets look after themselves.
const WITHOUT_EFFECT: [&str; 3] = ["max_pool_connections", "parameter_validation", "tcp_keepalive"];

const HONOURED: [&str; 8] = [
    "connect_timeout",
    "read_timeout",
    "retries",
    "user_agent_extra",
    "signature_version",
    "proxies",
    "use_fips_endpoint",
    "use_dualstack_endpoint",
];

impl ClientConfig {
    /// Reads what Airflow calls `config_kwargs` or `botocore_config`. `max_pool_connections`,
    /// `parameter_validation` and `tcp_keepalive` are accepted, and have no effect.
    ///
    /// # Errors
    /// A key is not honoured, or its value is not what it takes. The message repeats no value.
    pub fn from_botocore(entries: &Map<String, Value>) -> Result<Self, String> {
        let mut known = Map::new();
        for (key, value) in entries {
            if WITHOUT_EFFECT.contains(&key.as_str()) || value.is_null() {
                continue;
            }
            if !HONOURED.contains(&key.as_str()) {
                let near = nearest(key, HONOURED).map(|near| format!("did you mean `{near}`? "));
                let near = near.unwrap_or_default();
                return Err(format!("`{key}` is not honoured; {near}{}", honoured()));
            }
            let single = Map::from_iter([(key.clone(), value.clone())]);
            if Self::deserialize(Value::Object(single)).is_err() {
                return Err(format!("the value of `{key}` is not one that it takes"));
            }
            known.insert(key.clone(), value.clone());
        }
        Self::deserialize(Value::Object(known)).map_err(|_| "it cannot be read".to_owned())
    }

    /// Whether requests go out without a signature.
    #[must_use]
    pub fn is_unsigned(&self) -> bool {
        self.signature_version == Some(SignatureVersion::Unsigned)
    }

    /// This, with `other` where it says nothing.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            connect_timeout: self.connect_timeout.or(other.connect_timeout),
            read_timeout: self.read_timeout.or(other.read_timeout),
            retries: self.retries.or(other.retries),
            user_agent_extra: self.user_agent_extra.or(other.user_agent_extra),
            signature_version: self.signature_version.or(other.signature_version),
            proxies: if self.proxies.is_empty() { other.proxies } else { self.proxies },
            use_fips_endpoint: self.use_fips_endpoint.or(other.use_fips_endpoint),
            use_dualstack_endpoint: self.use_dualstack_endpoint.or(other.use_dualstack_endpoint),
        }
    }
}

fn honoured() -> String {
    format!("honoured are {}", HONOURED.join(", "))
}

/// A duration as a number of seconds.
mod seconds {
    use super::{Deserialize as _, Deserializer, Duration};
    use serde::Serializer;
    use serde::de::Error as _;

    const LONGEST: f64 = 86_400.0;

    #[expect(clippy::ref_option, reason = "serde's `with` asks for it")]
    pub(super) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) if value.subsec_nanos() == 0 => serializer.serialize_u64(value.as_secs()),
            Some(value) => serializer.serialize_f64(value.as_secs_f64()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let Some(seconds) = Option::<f64>::deserialize(deserializer)? else { return Ok(None) };
        if seconds > 0.0 && seconds <= LONGEST {
            return Ok(Some(Duration::from_secs_f64(seconds)));
        }
        Err(D::Error::custom("must be more than 0 and at most 86400 seconds"))
    }
}
