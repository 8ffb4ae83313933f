//! Clients from what a stored wait carries.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;

use maitred_core::client::{Call, CallError, Client, HTTP_SERVICE, InputProblem};
use maitred_core::clock::{Clock, Moment};

use super::definition::Connection;
use super::error::ConnectionError;
use super::factory::{ClientFactory, ClientPlan};
use super::http_factory::{CaBundle, HttpFactory};
use super::lookup::{Connections, on_a_thread};
use super::settings::ClientSettings;

/// A connection is read anew this often: keys are rotated while waits run.
const CHECK_EVERY: Duration = Duration::from_secs(60);
/// Clients kept at once. Settings come from tasks, so their number must have a bound.
const MAX_CLIENTS: usize = 1024;

/// Makes clients, and keeps them: waits with equal settings share one, and with it connections,
/// cached credentials and tokens.
///
/// Once a minute, when it is asked for, a client's connection is read anew. If it says something
/// else, there is a new client; if it cannot be read, the old one stays, and the log says so.
pub struct Clients {
    connections: Connections,
    clock: Arc<dyn Clock>,
    http: HttpFactory,
    others: Option<Arc<dyn ClientFactory>>,
    given: HashMap<String, Arc<dyn Client>>,
    kept: Mutex<HashMap<(bool, ClientSettings), Arc<Slot>>>,
}

/// Held while a client is made, so that it is made once.
type Slot = tokio::sync::Mutex<Option<Kept>>;

struct Kept {
    plan: Box<dyn ClientPlan>,
    client: Arc<dyn Client>,
    checked: Moment,
}

impl Clients {
    /// Clients of `connections`, for service `http`.
    #[must_use]
    pub fn new(connections: Connections, clock: Arc<dyn Clock>) -> Self {
        let http = HttpFactory { clock: Arc::clone(&clock), ca_bundle: || Ok(None) };
        let (given, kept) = (HashMap::new(), Mutex::default());
        Self { connections, clock, http, others: None, given, kept }
    }

    /// The same with clients for all other services, which `factory` makes.
    #[must_use]
    pub fn with_factory(mut self, factory: Arc<dyn ClientFactory>) -> Self {
        self.others = Some(factory);
        self
    }

    /// The same with certificates that clients of service `http` accept where neither the request nor the
    /// connection says which.
    #[must_use]
    pub fn with_ca_bundle(mut self, ca_bundle: CaBundle) -> Self {
        self.http.ca_bundle = ca_bundle;
        self
    }

    /// The same with a client for all calls of `service`, whatever the connection: for a test of an
    /// operator, or for a service that only the program knows.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use maitred_core::client::{Call, Client, Observation, Output};
    /// use maitred_core::clock::{BoxFuture, SystemClock};
    /// use maitred_runtime::connection::{ClientSettings, Clients, Connections, Environment};
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
    /// let reply = client.call(&call).await.into_result()?;
    /// assert_eq!(reply.value()["Body"]["state"], "done");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [`EmbeddedEngine::triggerer_with`](crate::EmbeddedEngine::triggerer_with)
    /// runs whole tasks with it.
    #[must_use]
    pub fn with_client(mut self, service: impl Into<String>, client: Arc<dyn Client>) -> Self {
        self.given.insert(service.into(), client);
        self
    }

    /// True if [`Self::with_client`] has given a client for `service`.
    pub(crate) fn has_given(&self, service: &str) -> bool {
        self.given.contains_key(service)
    }

    /// The connections.
    #[must_use]
    pub fn connections(&self) -> &Connections {
        &self.connections
    }

    /// Problems of the input of a call that can be found without a connection.
    ///
    /// # Errors
    /// The call cannot be made whatever its input is.
    pub fn input_problems(&self, call: &Call) -> Result<Vec<InputProblem>, CallError> {
        match self.factory(&call.service) {
            Some(factory) => factory.input_problems(call),
            None => Ok(Vec::new()),
        }
    }

    /// The client of `service` with `settings`.
    ///
    /// # Errors
    /// The connection is not defined, or it or the settings cannot be used.
    pub async fn open(
        &self,
        service: &str,
        settings: &ClientSettings,
    ) -> Result<Arc<dyn Client>, ConnectionError> {
        match self.given.get(service) {
            Some(client) => Ok(Arc::clone(client)),
            None => self.connect(service, settings).await,
        }
    }

    /// The client of the connection, also where [`Self::with_client`] has given another one.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn connect(
        &self,
        service: &str,
        settings: &ClientSettings,
    ) -> Result<Arc<dyn Client>, ConnectionError> {
        let slot = self.slot(service == HTTP_SERVICE, settings);
        let mut slot = slot.lock().await;
        let now = Moment::of(&*self.clock);
        if let Some(kept) = &*slot
            && kept.checked.elapsed(&*self.clock) < CHECK_EVERY
        {
            return Ok(Arc::clone(&kept.client));
        }
        let found = self.plan(service, settings).await;
        match (&mut *slot, found) {
            (None, Err(error)) => Err(error),
            (Some(kept), Err(error)) => {
                tracing::warn!(%error, "a connection cannot be read anew; its client stays");
                kept.checked = now;
                Ok(Arc::clone(&kept.client))
            }
            (Some(kept), Ok(planned)) if kept.plan.is_same(&*planned.plan) => {
                kept.checked = now;
                Ok(Arc::clone(&kept.client))
            }
            (_, Ok(planned)) => {
                let (plan, client) = planned.build().await?;
                *slot = Some(Kept { plan, client: Arc::clone(&client), checked: now });
                Ok(client)
            }
        }
    }

    fn factory(&self, service: &str) -> Option<Arc<dyn ClientFactory>> {
        if service == HTTP_SERVICE {
            Some(Arc::new(self.http.clone()))
        } else {
            self.others.clone()
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
    async fn plan(
        &self,
        service: &str,
        settings: &ClientSettings,
    ) -> Result<Planned, ConnectionError> {
        let proxies = settings.config.iter().flat_map(|config| config.proxies.values());
        for url in settings.endpoint_url.iter().chain(proxies) {
            self.connections.known().add_urls(url);
        }
        let (connections, settings) = (self.connections.clone(), settings.clone());
        let no_clients = || ConnectionError::NoClients(service.to_owned());
        let factory = self.factory(service).ok_or_else(no_clients)?;
        on_a_thread(move || {
            let id = settings.named_connection().unwrap_or(factory.default_connection());
            let connection = connections.get(id)?;
            let resolved = connections.resolved(&connection)?;
            let plan = factory.plan(&resolved, &settings, connections.known());
            let plan = plan.map_err(|message| connection.invalid(message))?;
            Ok(Planned { connection, plan })
        })
        .await
    }
}

/// The plan of a client, and the connection that it comes from.
struct Planned {
    connection: Connection,
    plan: Box<dyn ClientPlan>,
}

impl Planned {
    /// Makes the client.
    async fn build(self) -> Result<(Box<dyn ClientPlan>, Arc<dyn Client>), ConnectionError> {
        let runtime = Handle::current();
        let Self { connection, plan } = self;
        on_a_thread(move || match runtime.block_on(plan.build()) {
            Ok(client) => Ok((plan, client)),
            Err(message) => Err(connection.invalid(message)),
        })
        .await
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("Clients").field("kept", &kept).finish_non_exhaustive()
    }
}
