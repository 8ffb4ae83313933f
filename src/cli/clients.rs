//! The client that a command sends its calls with.

use std::sync::Arc;

use super::connections_args::{ConnectionsArgs, connection_failure};
use super::context::Context;
use super::exit::Failure;
use super::operation_flags::OptionNames;
use super::report;
use super::signature::Signature;
use crate::aws_connections::with_aws;
use crate::client::aws::AwsClient;
use crate::client::http::HttpClient;
use crate::client::{Call, CallError, Client, HTTP_SERVICE};
use crate::connection::{ClientSettings, Clients, ConnectionError, Connections, Environment};
use crate::model::Models;
use crate::secrets::urls;

/// Which account and endpoint calls go to.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct ConnectionArgs {
    /// A named connection, whose credentials and defaults are used; the options below win over it.
    #[arg(long, value_name = "ID")]
    pub(super) connection: Option<String>,
    #[command(flatten)]
    pub(super) connections: ConnectionsArgs,
    /// The AWS region; default: AWS_REGION, AWS_DEFAULT_REGION, or the profile's.
    #[arg(long)]
    pub(super) region: Option<String>,
    /// The profile of ~/.aws/config and ~/.aws/credentials; default: AWS_PROFILE.
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// Send requests here instead of to the service's own endpoint; for service http, the base URL
    /// of --endpoint.
    #[arg(long, value_name = "URL")]
    pub(super) endpoint_url: Option<String>,
}

impl ConnectionArgs {
    fn settings(&self) -> ClientSettings {
        let mut settings = ClientSettings::default();
        settings.connection.clone_from(&self.connection);
        settings.region.clone_from(&self.region);
        settings.profile.clone_from(&self.profile);
        settings.endpoint_url.clone_from(&self.endpoint_url);
        settings
    }

    /// The connections; none unless one is named: a variable that is meant for another program must not change
    /// what a command does.
    fn connections(&self, context: &Context) -> Result<Connections, Failure> {
        match &self.connection {
            Some(_) => self.connections.open(context),
            None => {
                let known = report::known().clone();
                Ok(Connections::new(Environment::empty()).with_known_secrets(known))
            }
        }
    }
}

/// The client of one service.
#[derive(Debug)]
pub(super) struct ServiceClient(Arc<dyn Client>);

impl ServiceClient {
    /// A client for the service of `signature` with `models`. AWS configuration is read only where it
    /// is needed, and never from the network.
    pub(super) async fn open(
        signature: &Signature,
        models: &Models,
        args: &ConnectionArgs,
        context: &Context,
    ) -> Result<Self, Failure> {
        let service = signature.service();
        let clients = Clients::new(args.connections(context)?, Arc::clone(&context.clock));
        let clients = with_aws(clients, models.clone());
        let client = clients.open(service, &args.settings()).await;
        let client = Self(client.map_err(|error| cannot_open(&error, service, args))?);
        if client.aws().is_some() && client.region().is_none() {
            let flag = OptionNames::beside(signature).flag("region");
            return Err(Failure::usage("there is no AWS region").help(format!(
                "give {flag} NAME, set AWS_REGION, or add `region` to the profile"
            )));
        }
        Ok(client)
    }

    /// Checks, without sending it, that `call` can be sent.
    pub(super) fn check(&self, call: &Call) -> Result<(), CallError> {
        self.aws().map_or(Ok(()), |client| client.prepare(call).map(drop))
    }

    pub(super) fn client(&self) -> &dyn Client {
        &*self.0
    }

    /// The same, if it is one of AWS.
    pub(super) fn aws(&self) -> Option<&AwsClient> {
        self.0.downcast_ref()
    }

    pub(super) fn region(&self) -> Option<&str> {
        self.aws()?.config().region().map(AsRef::as_ref)
    }

    /// The endpoint, or the base URL of service `http`, if one was given.
    pub(super) fn endpoint_url(&self) -> Option<String> {
        match self.aws() {
            Some(client) => client.config().endpoint_url().map(urls::masked),
            None => self.0.downcast_ref::<HttpClient>()?.base_url(),
        }
    }
}

fn cannot_open(error: &ConnectionError, service: &str, args: &ConnectionArgs) -> Failure {
    let url_given = args.connection.is_none() && args.endpoint_url.is_some();
    if url_given && service == HTTP_SERVICE && matches!(error, ConnectionError::Invalid { .. }) {
        return Failure::usage(format!("--endpoint-url cannot be used: {error}"));
    }
    connection_failure(error)
}

/// The source that credentials would come from, by the environment alone.
pub(super) fn credentials_source(args: &ConnectionArgs) -> String {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if let Some(profile) = &args.profile {
        return format!("profile {profile} (--profile)");
    }
    if let Some(id) = &args.connection {
        return format!("connection {id} (--connection)");
    }
    if set("AWS_ACCESS_KEY_ID") && set("AWS_SECRET_ACCESS_KEY") {
        return "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned();
    }
    if let Some(name) = ["AWS_DEFAULT_PROFILE", "AWS_PROFILE"].into_iter().find(|name| set(name)) {
        let profile = std::env::var(name).unwrap_or_default();
        return format!("profile {profile} ({name})");
    }
    if set("AWS_WEB_IDENTITY_TOKEN_FILE") {
        return "web identity (AWS_WEB_IDENTITY_TOKEN_FILE)".to_owned();
    }
    if set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") || set("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
        return "profile default if it has any, else the container's role".to_owned();
    }
    "profile default if it has any, else the instance's role".to_owned()
}
