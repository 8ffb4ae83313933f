//! Credentials of a role, from STS.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use serde_json::{Map, Value};

use crate::client::AwsClient;
use maitred_core::client::{Call, Client as _, Observation};
use maitred_core::file;
use maitred_model::TimestampFormat;
use maitred_model::timestamp::DateTime;

/// The largest token of an identity provider, in bytes.
pub(super) const MAX_TOKEN: u64 = 64 * 1024;

/// Why a reply of STS has no credentials that can be used.
const NO_CREDENTIALS: &str = "the reply of STS has no credentials";

/// A role to assume. `Debug` shows no more than its ARN.
#[derive(Clone, PartialEq)]
pub struct Role {
    /// `RoleArn`
    pub arn: String,
    /// `RoleSessionName`, where [`input`](Self::input) does not name one.
    pub session_name: String,
    /// Further members of the call's input: `ExternalId`, `DurationSeconds`, `Policy`, `Tags`, ….
    pub input: Map<String, Value>,
    /// A file with a token of an identity provider: the role is assumed with it
    /// (`AssumeRoleWithWebIdentity`) and not with keys. It is read for every call.
    pub web_identity_token_file: Option<String>,
    /// Where STS is, if not where the SDK finds it.
    pub endpoint_url: Option<String>,
}

impl std::fmt::Debug for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Role").field("arn", &self.arn).finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(super) struct RoleProvider {
    role: Role,
    client: AwsClient,
}

impl RoleProvider {
    pub(super) fn new(role: Role, config: &SdkConfig) -> Self {
        Self { role, client: AwsClient::new(config) }
    }

    async fn load(&self) -> Result<Credentials, CredentialsError> {
        let call = self.call().await?;
        let document = match self.client.call(&call).await {
            Observation::Output(output) => output.document,
            Observation::Error(error) => return Err(CredentialsError::provider_error(error)),
        };
        let found = &document.value()["Credentials"];
        let member = |name: &str| found[name].as_str().map(str::to_owned);
        let (Some(id), Some(secret)) = (member("AccessKeyId"), member("SecretAccessKey")) else {
            return Err(CredentialsError::unhandled(NO_CREDENTIALS));
        };
        // Without a time they would be kept for ever.
        let Some(expires) = member("Expiration").as_deref().and_then(DateTime::parse) else {
            return Err(CredentialsError::unhandled(
                "the reply of STS does not say when it expires",
            ));
        };
        let seconds = expires.format(TimestampFormat::UnixTimestamp).parse().unwrap_or_default();
        let expires = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        Ok(Credentials::new(id, secret, member("SessionToken"), Some(expires), "assumed role"))
    }

    async fn call(&self) -> Result<Call, CredentialsError> {
        let mut input = Map::new();
        input.insert("RoleSessionName".to_owned(), Value::from(self.role.session_name.as_str()));
        input.extend(self.role.input.clone());
        input.insert("RoleArn".to_owned(), Value::from(self.role.arn.as_str()));
        let mut operation = "AssumeRole";
        if let Some(path) = self.role.web_identity_token_file.clone() {
            operation = "AssumeRoleWithWebIdentity";
            let token = path.clone();
            let read = tokio::task::spawn_blocking(move || {
                file::text(std::path::Path::new(&token), MAX_TOKEN)
            })
            .await;
            let token = read.map_err(CredentialsError::unhandled)?.map_err(|error| {
                let message = format!("the token file {path} {error}");
                CredentialsError::invalid_configuration(message)
            })?;
            input.insert("WebIdentityToken".to_owned(), Value::from(token.trim_end()));
        }
        Ok(Call { service: "sts".to_owned(), operation: operation.to_owned(), input })
    }
}

impl ProvideCredentials for RoleProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.load())
    }
}
