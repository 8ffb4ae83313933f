//! The clients of service `http`.

use std::fmt;
use std::sync::Arc;

use super::definition::Resolved;
use super::factory::{ClientFactory, ClientPlan, plan_as};
use super::http;
use super::settings::{ClientSettings, HTTP_DEFAULT};
use maitred_core::client::{Call, CallError, Client, InputProblem};
use maitred_core::clock::{BoxFuture, Clock};
use maitred_core::secrets::KnownSecrets;
use maitred_http::{HttpClient, HttpSettings, check_input};

/// Names the file of the certificates that are accepted beside those of the system; the error is a message.
pub type CaBundle = fn() -> Result<Option<String>, String>;

/// Makes the clients of service `http`.
#[derive(Clone)]
pub(super) struct HttpFactory {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ca_bundle: CaBundle,
}

impl fmt::Debug for HttpFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpFactory")
    }
}

impl ClientFactory for HttpFactory {
    fn default_connection(&self) -> &'static str {
        HTTP_DEFAULT
    }

    fn plan(
        &self,
        connection: &Resolved,
        settings: &ClientSettings,
        known: &KnownSecrets,
    ) -> Result<Box<dyn ClientPlan>, String> {
        let mut found = http::settings(connection)?;
        if let Some(url) = &settings.endpoint_url {
            found.base_url = Some(url.clone());
        }
        if let Some(verify) = &settings.verify {
            found.defaults.insert("verify".to_owned(), serde_json::json!(verify));
        }
        if !found.defaults.contains_key("verify") {
            found.ca_file = (self.ca_bundle)()?;
        }
        // Nobody named this connection, so a request to elsewhere does not mean it.
        found.other_origins = settings.named_connection().is_none();
        let (clock, known) = (Arc::clone(&self.clock), known.clone());
        Ok(Box::new(HttpPlan { settings: found, clock, known }))
    }

    fn input_problems(&self, call: &Call) -> Result<Vec<InputProblem>, CallError> {
        Ok(check_input(&call.input))
    }
}

struct HttpPlan {
    settings: HttpSettings,
    clock: Arc<dyn Clock>,
    known: KnownSecrets,
}

impl ClientPlan for HttpPlan {
    fn is_same(&self, other: &dyn ClientPlan) -> bool {
        plan_as::<Self>(other).is_some_and(|other| other.settings == self.settings)
    }

    fn build(&self) -> BoxFuture<'_, Result<Arc<dyn Client>, String>> {
        let client = HttpClient::with_settings(Arc::clone(&self.clock), self.settings.clone());
        let client = client.map_err(|error| error.message().to_owned());
        let client = client.map(|client| client.with_known_secrets(self.known.clone()));
        Box::pin(std::future::ready(client.map(|client| Arc::new(client) as Arc<dyn Client>)))
    }
}
