//! Any AWS operation by name.
//!
//! A [`Call`] is checked against the service's model, written in the service's protocol, signed and
//! sent by the runtime of the AWS SDK, and its reply is read back to a document. Only this module
//! and those under it know that runtime.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use maitred_core::client::InputProblem;
use maitred_core::client::{Call, CallError, CallErrorKind, Client, Observation, Output};
use maitred_core::clock::BoxFuture;
use maitred_core::document::Document;
use maitred_model::{ModelError, Models, Service};
use maitred_net::delivery::Delivery;

mod once;
mod endpoint;
mod error;
mod customize;
mod checksum;
mod protocol;
mod prepare;
mod pages;
mod exchange;
mod connector;
mod identity;
mod metadata;
mod skew;
mod runtime;
mod config;
mod remember;
#[cfg(feature = "runtime")]
pub mod connections;

pub use config::{AccessKeys, AwsEnvironment, AwsSettings, BadSettings, Role};
pub use connector::http_client;
pub use exchange::MAX_REPLY_BYTES;
pub use once::SentOnce;
pub use pages::MAX_PAGES;
pub use pages::has_next_page;
pub use prepare::Prepared;
pub use remember::{MIN_KEY, remembering};

use endpoint::{EndpointError, Partitions, RuleSet};
use identity::Identities;
use pages::Pages;
use prepare::{EndpointSource, Invalid};
use runtime::ServiceClient;

/// Calls AWS services with one configuration: account, region, endpoint, time-outs, retries.
///
/// Connections, cached credentials and the retry quota of a service are shared by its calls.
/// Cloning is cheap, and clones share them too.
#[derive(Clone)]
pub struct AwsClient(Arc<Inner>);

struct Inner {
    config: SdkConfig,
    identities: Identities,
    /// Whether requests go out without a signature.
    unsigned: bool,
    models: Models,
    partitions: OnceLock<Partitions>,
    services: Mutex<HashMap<String, Arc<ServiceEntry>>>,
    /// The regions of buckets that turned out to be elsewhere.
    buckets: Mutex<HashMap<String, String>>,
}

/// What is made once for a service.
struct ServiceEntry {
    service: Arc<Service>,
    rules: RuleSet,
    /// Made by the first call that is sent.
    client: OnceLock<ServiceClient>,
}

impl fmt::Debug for AwsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsClient")
            .field("region", &self.0.config.region())
            .field("models", &self.0.models)
            .finish_non_exhaustive()
    }
}

impl AwsClient {
    /// A client with the models that are built into the program.
    ///
    /// Everything that `config` has is honoured: HTTP client, credentials and their cache, time
    /// source, sleep, retries, time-outs, endpoint URLs (also those of one service), FIPS, dual
    /// stack, application name. The read time-out bounds the whole of an attempt, until the last byte
    /// of its reply; where there is none, one of 60 s is set. Replies have at most [`MAX_REPLY_BYTES`].
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self::with_models(config, Models::embedded())
    }

    /// A client with other models.
    #[must_use]
    pub fn with_models(config: &SdkConfig, models: Models) -> Self {
        Self::build(config, models, false)
    }

    /// A client whose requests carry no signature and need no credentials, for what is public.
    #[must_use]
    pub fn unsigned(config: &SdkConfig, models: Models) -> Self {
        Self::build(config, models, true)
    }

    fn build(config: &SdkConfig, models: Models, unsigned: bool) -> Self {
        let identities = Identities::of(config);
        // Whoever makes a client of this configuration shares the credentials.
        let config = config.to_builder().identity_cache(identities.clone()).build();
        Self(Arc::new(Inner {
            config,
            identities,
            unsigned,
            models,
            partitions: OnceLock::new(),
            services: Mutex::default(),
            buckets: Mutex::default(),
        }))
    }

    /// The models that the client knows.
    #[must_use]
    pub fn models(&self) -> &Models {
        &self.0.models
    }

    /// The configuration that the client was made with.
    #[must_use]
    pub fn config(&self) -> &SdkConfig {
        &self.0.config
    }

    /// The request of a call as it would be sent, but for its signature. Sends nothing and needs no
    /// credentials.
    ///
    /// # Errors
    /// [`CallErrorKind::Invalid`] if the call cannot be sent as it is.
    pub fn prepare(&self, call: &Call) -> Result<Prepared, CallError> {
        let entry = self.0.entry(&call.service).map_err(invalid)?;
        self.0.prepare(&entry, call, None).map_err(invalid)
    }

    /// Sends a call; once more if it is of a bucket that turns out to be in another region, which has
    /// refused it then.
    async fn send(&self, call: &Call, delivery: Delivery) -> Result<Observation, CallError> {
        let entry = self.0.entry(&call.service).map_err(invalid)?;
        let bucket = customize::bucket(entry.service.model(), &call.input);
        let buckets = || self.0.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let known = bucket.and_then(|bucket| buckets().get(bucket).cloned());
        let prepared = self.0.prepare(&entry, call, known.as_deref()).map_err(invalid)?;
        let tried = prepared.region.clone();
        let sent = self.send_prepared(&entry, prepared, delivery).await;
        let (Err(error), Some(bucket)) = (&sent, bucket) else { return sent };
        let Some(region) = customize::bucket_region(error).filter(|region| *region != tried) else {
            return sent;
        };
        tracing::debug!(bucket, region, "the bucket is in another region");
        let prepared = self.0.prepare(&entry, call, Some(&region)).map_err(invalid)?;
        let sent = self.send_prepared(&entry, prepared, delivery).await;
        buckets().insert(bucket.to_owned(), region);
        sent
    }

    /// Sends a call for each page, and merges the pages. A page that fails fails them all.
    async fn send_all_pages(&self, call: &Call) -> Result<Observation, CallError> {
        let entry = self.0.entry(&call.service).map_err(invalid)?;
        let operation = entry.service.operation(&call.operation);
        let operation = operation.map_err(|error| invalid(error.into()))?;
        let Some(pagination) = &operation.pagination else {
            let message = format!("{} of {} does not come in pages", operation.name, call.service);
            return Err(CallError::new(CallErrorKind::Invalid, "NotPaginated", message));
        };
        let mut pages = Pages::new(call, pagination)?;
        loop {
            let output = match self.send(pages.call(), Delivery::Repeated).await? {
                Observation::Output(output) => output,
                error @ Observation::Error(_) => return Ok(error),
            };
            if !pages.add(output.document.value())? {
                let document = Document::from(pages.finish());
                return Ok(Observation::Output(Output { document, ..output }));
            }
        }
    }

    /// Sends a call; once more if the service says that its credentials are no longer good, and there
    /// are other ones now.
    async fn send_prepared(
        &self,
        entry: &ServiceEntry,
        prepared: Prepared,
        delivery: Delivery,
    ) -> Result<Observation, CallError> {
        if self.0.config.credentials_provider().is_none() && !prepared.operation.unsigned {
            return Err(error::no_credentials());
        }
        let prepared = Arc::new(prepared);
        let make = || ServiceClient::new(&self.0.config, entry.service.model());
        let client = entry.client.get_or_init(make);
        let send = || async {
            let sent = client.send(Arc::clone(&prepared), delivery).await;
            let output = sent.map_err(|error| error::call_error(error, &prepared.endpoint.url))?;
            Ok(Observation::Output(output))
        };
        let used = self.0.identities.generation();
        match send().await {
            Err(error)
                if identity::is_of_credentials(&error)
                    && self.0.identities.renew(&self.0.config, used).await =>
            {
                tracing::info!(code = error.code(), "the call is sent again with new credentials");
                send().await
            }
            sent => sent,
        }
    }
}

/// What is wrong with the input of a call; nothing of a service that there is no model of.
///
/// # Errors
/// [`CallErrorKind::Invalid`] if the service has no such operation, or its model cannot be used.
pub fn input_problems(models: &Models, call: &Call) -> Result<Vec<InputProblem>, CallError> {
    let service = match models.service(&call.service) {
        Ok(service) => service,
        Err(ModelError::UnknownService { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(invalid(error.into())),
    };
    prepare::input_problems(&service, call).map_err(invalid)
}

impl Client for AwsClient {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        Box::pin(async move {
            self.send(call, Delivery::Repeated).await.unwrap_or_else(Observation::Error)
        })
    }

    fn call_once<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        Box::pin(
            async move { self.send(call, Delivery::Once).await.unwrap_or_else(Observation::Error) },
        )
    }

    fn call_all_pages<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        Box::pin(async move { self.send_all_pages(call).await.unwrap_or_else(Observation::Error) })
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

fn invalid(invalid: Invalid) -> CallError {
    CallError::new(CallErrorKind::Invalid, invalid.code, invalid.message)
}

impl Inner {
    fn entry(&self, name: &str) -> Result<Arc<ServiceEntry>, Invalid> {
        let service = self.models.service(name)?;
        let model = service.model();
        let services = || self.services.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = services().get(&model.name) {
            return Ok(Arc::clone(entry));
        }
        let rules = RuleSet::parse(&self.models.rule_set(model)?).map_err(damaged)?;
        let client = OnceLock::new();
        let entry = Arc::new(ServiceEntry { service: Arc::clone(&service), rules, client });
        // If another call was faster, its entry stays: it may have connections already.
        Ok(Arc::clone(services().entry(model.name.clone()).or_insert(entry)))
    }

    /// Prepares a call for the configured region or for another one.
    fn prepare(
        &self,
        entry: &ServiceEntry,
        call: &Call,
        region: Option<&str>,
    ) -> Result<Prepared, Invalid> {
        let mut operation = entry.service.operation(&call.operation)?;
        if self.unsigned && !operation.unsigned {
            Arc::make_mut(&mut operation).unsigned = true;
        }
        let region = region.or_else(|| self.config.region().map(AsRef::as_ref)).ok_or_else(|| {
            Invalid::new(
                "NoRegion",
                "there is no region: give --region, set AWS_REGION, or name a profile that has one",
            )
        })?;
        let source = EndpointSource {
            rules: &entry.rules,
            partitions: self.partitions()?,
            region,
            fips: self.config.use_fips(),
            dual_stack: self.config.use_dual_stack(),
            url: self.endpoint_url(&entry.service.model().service_id),
        };
        prepare::prepare(Arc::clone(&entry.service), operation, call, &source)
    }

    fn partitions(&self) -> Result<&Partitions, Invalid> {
        if let Some(partitions) = self.partitions.get() {
            return Ok(partitions);
        }
        let partitions = Partitions::parse(&self.models.partitions()?).map_err(damaged)?;
        Ok(self.partitions.get_or_init(|| partitions))
    }

    /// A URL given in code goes first, then the service's own of environment and profile, then the
    /// general one.
    fn endpoint_url(&self, service_id: &str) -> Option<String> {
        let general = self.config.endpoint_url().map(str::to_owned);
        if self.config.get_origin("endpoint_url").is_client_config() {
            return general;
        }
        let key = ServiceConfigKey::builder()
            .service_id(service_id)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build();
        let own = key.ok().and_then(|key| self.config.service_config()?.load_config(key));
        own.or(general)
    }
}

fn damaged(error: EndpointError) -> Invalid {
    Invalid::new("DamagedModels", error)
}
