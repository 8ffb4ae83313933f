//! AWS clients for the connections that tasks name.
//!
//! [`with_aws`] adds AWS to [`Clients`]; [`aws_client`] returns the client of a connection, for operators that use an
//! AWS SDK themselves.

use std::sync::Arc;

use crate::known_secrets::with_known_secrets;
use crate::{AwsClient, AwsEnvironment, AwsSettings};
use maitred_core::client::{Call, CallError, Client, InputProblem};
use maitred_core::clock::BoxFuture;
use maitred_core::secrets::KnownSecrets;
use maitred_model::Models;
use maitred_runtime::connection::{
    AWS_DEFAULT, ClientFactory, ClientPlan, ClientSettings, Clients, ConnectionError, Resolved,
    plan_as,
};

mod settings;

/// Adds the clients of AWS services with these models. Clients of service `http` then accept the certificates of the
/// AWS configuration (`AWS_CA_BUNDLE`), too.
#[must_use]
pub fn with_aws(clients: Clients, models: Models) -> Clients {
    let ca_bundle = || AwsEnvironment::from_process().ca_bundle().map_err(|bad| bad.to_string());
    clients.with_factory(Arc::new(AwsFactory { models })).with_ca_bundle(ca_bundle)
}

/// The AWS client with `settings`, even if [`Clients::with_client`] has set another one for `service`.
///
/// # Errors
/// The connection is not defined, or it or the settings cannot be used; or `clients` are without AWS.
pub async fn aws_client(
    clients: &Clients,
    service: &str,
    settings: &ClientSettings,
) -> Result<AwsClient, ConnectionError> {
    let client = clients.connect(service, settings).await?;
    let aws = client.downcast_ref::<AwsClient>();
    aws.cloned().ok_or_else(|| ConnectionError::NoClients(service.to_owned()))
}

#[derive(Debug)]
struct AwsFactory {
    models: Models,
}

impl ClientFactory for AwsFactory {
    fn default_connection(&self) -> &'static str {
        AWS_DEFAULT
    }

    fn plan(
        &self,
        connection: &Resolved,
        settings: &ClientSettings,
        known: &KnownSecrets,
    ) -> Result<Box<dyn ClientPlan>, String> {
        let mut found = settings::settings(connection)?;
        let ClientSettings { region, profile, endpoint_url, verify, config, .. } = settings.clone();
        found.region = region.or(found.region);
        found.verify = verify.or(found.verify);
        found.config = config.unwrap_or_default().or(found.config);
        if endpoint_url.is_some() {
            found.endpoint_url = endpoint_url;
            found.service_endpoints.clear();
        }
        if profile.is_some() {
            found.profile = profile;
            found.keys = None;
        }
        let (models, known) = (self.models.clone(), known.clone());
        Ok(Box::new(AwsPlan { settings: found, models, known }))
    }

    fn input_problems(&self, call: &Call) -> Result<Vec<InputProblem>, CallError> {
        crate::input_problems(&self.models, call)
    }
}

struct AwsPlan {
    settings: AwsSettings,
    models: Models,
    known: KnownSecrets,
}

impl ClientPlan for AwsPlan {
    fn is_same(&self, other: &dyn ClientPlan) -> bool {
        plan_as::<Self>(other).is_some_and(|other| other.settings == self.settings)
    }

    fn build(&self) -> BoxFuture<'_, Result<Arc<dyn Client>, String>> {
        Box::pin(async {
            let config = self.settings.sdk_config().await.map_err(|bad| match bad.help() {
                Some(help) => format!("{bad}; {help}"),
                None => bad.to_string(),
            })?;
            let models = self.models.clone();
            let client = if self.settings.is_unsigned() {
                AwsClient::unsigned(&config, models)
            } else {
                AwsClient::with_models(&with_known_secrets(config, self.known.clone()), models)
            };
            Ok(Arc::new(client) as Arc<dyn Client>)
        })
    }
}
