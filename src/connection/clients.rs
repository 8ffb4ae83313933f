//! Clients from what a stored wait carries.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::client::Verify;
use crate::client::aws::AwsClient;
use crate::client::aws::AwsEnvironment;
use crate::client::aws::AwsSettings;
use crate::client::aws::ClientConfig;
use crate::client::aws::Models;
use crate::client::aws::remembering;
use crate::client::http::HttpClient;
use crate::client::http::HttpSettings;
use crate::clock::{Clock, Moment};

use super::{AWS_DEFAULT, ConnectionError, Connections, HTTP_DEFAULT, aws, http, mask};

/// The service whose operations are HTTP requests.
const HTTP: &str = "http";
/// A connection is read anew this often: keys are rotated while waits run.
const CHECK_EVERY: Duration = Duration::from_secs(60);
/// Clients kept at once. Settings come from tasks, so their number must have a bound.
const MAX_CLIENTS: usize = 1024;

/// Which client a wait polls with, as data: it travels with the wait, from the operator to the
/// trigger and back. It holds no secrets; those are in the connection.
///
/// What is given here wins over what the connection says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClientSettings {
    /// The id of a connection; default, also if it is empty: `aws_default`, or `http_default` for service
    /// `http`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// The AWS region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The profile of `~/.aws/config`, in place of the keys and the profile of the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Where requests go: an endpoint of AWS, or the base URL of service `http`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_url: Option<String>,
    /// Which certificates are accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
    /// Time-outs, retries and the like of a client of AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<ClientConfig>,
}

impl ClientSettings {
    /// Those of a connection, and no more.
    pub fn of_connection(id: impl Into<String>) -> Self {
        Self { connection: Some(id.into()), ..Self::default() }
    }

    /// Whether there is a secret in here: a URL with a login or a query. Such settings must not be
    /// stored.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        let proxies = self.config.iter().flat_map(|config| config.proxies.values());
        let mut urls = self.endpoint_url.iter().chain(proxies);
        urls.any(|url| mask::without_login(url) != *url)
    }
}

/// A client that is ready. Cloning is cheap.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum OpenClient {
    /// Of AWS services; [`AwsClient::config`] is what a client of the official SDK is made with.
    Aws(AwsClient),
    /// Of service `http`.
    Http(Arc<HttpClient>),
    /// One that was given ([`Clients::with_client`]).
    Other(Arc<dyn Client>),
}

impl OpenClient {
    /// The client.
    #[must_use]
    pub fn client(&self) -> &dyn Client {
        match self {
            Self::Aws(client) => client,
            Self::Http(client) => &**client,
            Self::Other(client) => &**client,
        }
    }
}

/// Makes clients, and keeps them: waits with equal settings share one, and with it connections,
/// cached credentials and tokens.
///
/// Once a minute, when it is asked for, a client's connection is read anew. If it says something
/// else, there is a new client; if it cannot be read, the old one stays, and the log says so.
pub struct Clients {
    connections: Connections,
    clock: Arc<dyn Clock>,
    models: Models,
    given: HashMap<String, Arc<dyn Client>>,
    kept: Mutex<HashMap<(bool, ClientSettings), Arc<Slot>>>,
}

/// Held while a client is made, so that it is made once.
type Slot = tokio::sync::Mutex<Option<Kept>>;

struct Kept {
    made_of: Made,
    client: OpenClient,
    checked: Moment,
}

/// What a client is made of, secrets and all.
#[derive(PartialEq)]
enum Made {
    Aws(Box<AwsSettings>),
    Http(Box<HttpSettings>),
}

impl Clients {
    /// Clients of `connections`.
    #[must_use]
    pub fn new(connections: Connections, clock: Arc<dyn Clock>) -> Self {
        let (given, kept) = (HashMap::new(), Mutex::default());
        Self { connections, clock, models: Models::embedded(), given, kept }
    }

    /// The same with a client for all calls of `service`, whatever the connection: for a test of an
    /// operator, or for a service that only the program knows. ([`Self::aws`] does not give it.)
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use maitred::client::{Call, Client, Observation, Output};
    /// use maitred::clock::{BoxFuture, SystemClock};
    /// use maitred::connection::{ClientSettings, Clients, Connections, Environment};
    /// use serde_json::json;
    ///
    /// /// An API whose job is done.
    /// #[derive(Debug)]
    /// struct Done;
    ///
    /// impl Client for Done {
    ///     fn call<'a>(&'a self, _call: &'a Call) -> BoxFuture<'a, Observation> {
    ///         let reply = json!({"StatusCode": 200, "Headers": {}, "Body": {"state": "done"}});
    ///         Box::pin(async { Observation::Output(Output::from_json(reply)) })
    ///     }
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let connections = Connections::new(Environment::empty());
    /// let clients = Clients::new(connections, Arc::new(SystemClock::new()))
    ///     .with_client("http", Arc::new(Done));
    /// // What `ctx.client(..)` of an operator or a trigger does:
    /// let client = clients.open("http", &ClientSettings::of_connection("jobs")).await?;
    /// let call = Call::new("http", "GET", [("endpoint", "jobs/7")]);
    /// let reply = client.client().call(&call).await.into_result()?;
    /// assert_eq!(reply.value()["Body"]["state"], "done");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [`EmbeddedEngine::triggerer_with`](crate::runtime::EmbeddedEngine::triggerer_with)
    /// runs whole tasks with it.
    #[must_use]
    pub fn with_client(mut self, service: impl Into<String>, client: Arc<dyn Client>) -> Self {
        self.given.insert(service.into(), client);
        self
    }

    /// The same with other service models than those that are built in.
    #[must_use]
    pub fn with_models(mut self, models: Models) -> Self {
        self.models = models;
        self
    }

    /// Where connections are found.
    #[must_use]
    pub fn connections(&self) -> &Connections {
        &self.connections
    }

    /// The client of `service` with `settings`.
    ///
    /// # Errors
    /// The connection is not defined, or it or the settings cannot be used.
    pub async fn open(
        &self,
        service: &str,
        settings: &ClientSettings,
    ) -> Result<OpenClient, ConnectionError> {
        match self.given.get(service) {
            Some(client) => Ok(OpenClient::Other(Arc::clone(client))),
            None => self.connect(service, settings).await,
        }
    }

    async fn connect(
        &self,
        service: &str,
        settings: &ClientSettings,
    ) -> Result<OpenClient, ConnectionError> {
        let slot = self.slot(service == HTTP, settings);
        let mut slot = slot.lock().await;
        let now = Moment::of(&*self.clock);
        if let Some(kept) = &*slot
            && kept.checked.elapsed(&*self.clock) < CHECK_EVERY
        {
            return Ok(kept.client.clone());
        }
        let found = self.read(service == HTTP, settings).await;
        match (&mut *slot, found) {
            (None, Err(error)) => Err(error),
            (Some(kept), Err(error)) => {
                tracing::warn!(%error, "a connection cannot be read anew; its client stays");
                kept.checked = now;
                Ok(kept.client.clone())
            }
            (Some(kept), Ok(made_of)) if kept.made_of == made_of => {
                kept.checked = now;
                Ok(kept.client.clone())
            }
            (_, Ok(made_of)) => {
                let client = self.make(&made_of, settings).await?;
                *slot = Some(Kept { made_of, client: client.clone(), checked: now });
                Ok(client)
            }
        }
    }

    /// The client of AWS services with `settings`.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn aws(&self, settings: &ClientSettings) -> Result<AwsClient, ConnectionError> {
        match self.connect("aws", settings).await? {
            OpenClient::Aws(client) => Ok(client),
            OpenClient::Http(_) | OpenClient::Other(_) => {
                unreachable!("`connect` makes a client of AWS for any service but `http`")
            }
        }
    }

    fn slot(&self, http: bool, settings: &ClientSettings) -> Arc<Slot> {
        let key = (http, settings.clone());
        // A slot is inserted whole or not at all, so a poisoned map is still good.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = kept.get(&key) {
            return Arc::clone(slot);
        }
        if kept.len() >= MAX_CLIENTS {
            kept.clear();
        }
        Arc::clone(kept.entry(key).or_default())
    }

    /// Reads the connection, its file and the secrets that it refers to.
    async fn read(&self, http: bool, settings: &ClientSettings) -> Result<Made, ConnectionError> {
        let (connections, settings) = (self.connections.clone(), settings.clone());
        let proxies = settings.config.iter().flat_map(|config| config.proxies.values());
        settings
            .endpoint_url
            .iter()
            .chain(proxies)
            .for_each(|url| connections.known().add_urls(url));
        let read = move || {
            if http {
                connections.http_settings(&settings).map(|made| Made::Http(Box::new(made)))
            } else {
                connections.aws_settings(&settings).map(|made| Made::Aws(Box::new(made)))
            }
        };
        // A file may be on a disk that is slow.
        match tokio::task::spawn_blocking(read).await {
            Ok(read) => read,
            Err(failed) => match failed.try_into_panic() {
                // A panic goes on where it was asked for.
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is ending, and this with it.
                Err(_) => std::future::pending().await,
            },
        }
    }

    async fn make(
        &self,
        made_of: &Made,
        settings: &ClientSettings,
    ) -> Result<OpenClient, ConnectionError> {
        let fail = |message: String| {
            let http = matches!(made_of, Made::Http(_));
            let connection = self.connections.get(settings.id(http))?;
            Err(connection.invalid(message))
        };
        match made_of {
            Made::Aws(made_of) => match made_of.sdk_config().await {
                Ok(config) if made_of.is_unsigned() => {
                    Ok(OpenClient::Aws(AwsClient::unsigned(&config, self.models.clone())))
                }
                Ok(config) => {
                    let config = remembering(config, self.connections.known().clone());
                    Ok(OpenClient::Aws(AwsClient::with_models(&config, self.models.clone())))
                }
                Err(bad) => fail(match bad.help() {
                    Some(help) => format!("{bad}; {help}"),
                    None => bad.to_string(),
                }),
            },
            Made::Http(made_of) => {
                let made_of = HttpSettings::clone(made_of);
                let known = self.connections.known().clone();
                match HttpClient::with_settings(Arc::clone(&self.clock), made_of) {
                    Ok(client) => Ok(OpenClient::Http(Arc::new(client.remembering(known)))),
                    Err(error) => fail(error.message().to_owned()),
                }
            }
        }
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("Clients").field("kept", &kept).finish_non_exhaustive()
    }
}

impl ClientSettings {
    fn id(&self, http: bool) -> &str {
        self.named_connection().unwrap_or(if http { HTTP_DEFAULT } else { AWS_DEFAULT })
    }

    fn named_connection(&self) -> Option<&str> {
        self.connection.as_deref().filter(|id| !id.is_empty())
    }
}

impl Connections {
    /// What a client of AWS is made of: the connection, and over it what `settings` say.
    fn aws_settings(&self, settings: &ClientSettings) -> Result<AwsSettings, ConnectionError> {
        let connection = self.get(settings.id(false))?;
        let resolved = self.resolved(&connection)?;
        let found = aws::settings(connection.id(), &resolved);
        let mut found = found.map_err(|message| connection.invalid(message))?;
        let ClientSettings { connection: _, region, profile, endpoint_url, verify, config } =
            settings.clone();
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
        Ok(found)
    }

    /// What a client of service `http` is made of.
    fn http_settings(&self, settings: &ClientSettings) -> Result<HttpSettings, ConnectionError> {
        let connection = self.get(settings.id(true))?;
        let resolved = self.resolved(&connection)?;
        let mut found = http::settings(&resolved).map_err(|message| connection.invalid(message))?;
        if let Some(url) = &settings.endpoint_url {
            found.base_url = Some(url.clone());
        }
        if let Some(verify) = &settings.verify {
            found.defaults.insert("verify".to_owned(), serde_json::json!(verify));
        }
        if !found.defaults.contains_key("verify") {
            let bundle = AwsEnvironment::of_process().ca_bundle();
            found.ca_file = bundle.map_err(|bad| connection.invalid(bad.to_string()))?;
        }
        // Nobody named this connection, so a request to elsewhere does not mean it.
        found.other_origins = settings.named_connection().is_none();
        Ok(found)
    }
}
