//! Credentials of a role, from STS.

use std::path::Path;

use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::credential_fn::provide_credentials_fn;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, SharedCredentialsProvider};
use serde_json::{Map, Value};

use crate::client::AwsClient;
use maitred_core::client::{Call, Client as _, Observation};
use maitred_core::file;

use super::credential_process::expiration;

/// The region of STS if there is none, as in botocore.
const DEFAULT_REGION: &str = "us-east-1";

/// The largest token of an identity provider, in bytes.
pub(super) const MAX_TOKEN: u64 = 64 * 1024;

/// A role to assume. `Debug` shows no more than its ARN.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
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
    /// The endpoint of STS; default: that of the environment, the profile or the region.
    pub endpoint_url: Option<String>,
}

impl Role {
    /// A role that is assumed with keys.
    pub fn new(arn: impl Into<String>, session_name: impl Into<String>) -> Self {
        let (arn, session_name) = (arn.into(), session_name.into());
        let input = Map::new();
        Self { arn, session_name, input, web_identity_token_file: None, endpoint_url: None }
    }
}

impl std::fmt::Debug for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Role").field("arn", &self.arn).finish_non_exhaustive()
    }
}

/// A provider of the role's credentials. It makes its calls with `config`.
pub(super) fn provider(role: Role, config: &SdkConfig) -> SharedCredentialsProvider {
    let region = config.region().cloned().unwrap_or(Region::from_static(DEFAULT_REGION));
    let client = AwsClient::new(&config.to_builder().region(region).build());
    SharedCredentialsProvider::new(provide_credentials_fn(move || {
        let (role, client) = (role.clone(), client.clone());
        async move { assume(&role, &client).await }
    }))
}

async fn assume(role: &Role, client: &AwsClient) -> provider::Result {
    // A token may be on a disk that is slow.
    let role = role.clone();
    let call = tokio::task::spawn_blocking(move || call(&role)).await;
    let call = call.map_err(CredentialsError::unhandled)??;
    let document = match client.call(&call).await {
        Observation::Output(output) => output.document,
        Observation::Error(error) => return Err(CredentialsError::provider_error(error)),
    };
    let found = &document.value()["Credentials"];
    let member = |name: &str| found[name].as_str().map(str::to_owned);
    let (Some(id), Some(secret)) = (member("AccessKeyId"), member("SecretAccessKey")) else {
        return Err(CredentialsError::unhandled("the reply of STS has no credentials"));
    };
    // Without a time they would be kept for ever.
    let expires = member("Expiration").as_deref().and_then(expiration).ok_or_else(|| {
        CredentialsError::unhandled("the reply of STS does not say when it expires")
    })?;
    Ok(Credentials::new(id, secret, member("SessionToken"), Some(expires), "assumed role"))
}

fn call(role: &Role) -> Result<Call, CredentialsError> {
    let mut input = Map::new();
    input.insert("RoleSessionName".to_owned(), Value::from(role.session_name.as_str()));
    input.extend(role.input.clone());
    input.insert("RoleArn".to_owned(), Value::from(role.arn.as_str()));
    let mut operation = "AssumeRole";
    if let Some(path) = &role.web_identity_token_file {
        operation = "AssumeRoleWithWebIdentity";
        let token = file::text(Path::new(path), MAX_TOKEN).map_err(|error| {
            CredentialsError::invalid_configuration(format!("the token file {path} {error}"))
        })?;
        input.insert("WebIdentityToken".to_owned(), Value::from(token.trim_end()));
    }
    Ok(Call::new("sts", operation, input))
}
