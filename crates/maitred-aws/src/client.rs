//! The client: one configuration for calls to any service.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use maitred_core::client::{Call, CallError, CallErrorKind, Client, Observation, Output};
use maitred_core::clock::BoxFuture;
use maitred_core::document::Document;
use maitred_model::{Models, Service};
use maitred_net::delivery::Delivery;

use super::customize;
use super::endpoint::{Partitions, RuleSet};
use super::error;
use super::identity_cache::{RenewableIdentityCache, is_credentials_error};
use super::invalid_call::InvalidCall;
use super::pages::Pages;
use super::prepare::{self, EndpointSource, Prepared};
use super::runtime::ServiceClient;

/// Calls AWS services with one configuration: account, region, endpoint, time-outs, retries.
///
/// Connections, cached credentials and the retry quota of a service are shared by its calls.
/// Cloning is cheap, and clones share them too.
#[derive(Clone)]
pub struct AwsClient(Arc<Inner>);

struct Inner {
    config: SdkConfig,
    identities: RenewableIdentityCache,
    /// Whether requests are sent without a signature.
    unsigned: bool,
    models: Models,
    partitions: OnceLock<Partitions>,
    services: Mutex<HashMap<String, Arc<ServiceEntry>>>,
    /// The regions of buckets that are not in the configured one.
    buckets: Mutex<HashMap<String, String>>,
}

/// What is built once for a service.
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
    /// All of `config` is used: HTTP client, credentials and their cache, time source, sleep, retries,
    /// time-outs, endpoint URLs (also those of single services), FIPS, dual stack, application name. The
    /// read time-out (default 60 s) covers a whole attempt, until the last byte of its reply. A reply has at
    /// most [`MAX_REPLY_BYTES`](crate::MAX_REPLY_BYTES).
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self::with_models(config, Models::embedded())
    }

    /// A client with other models.
    #[must_use]
    pub fn with_models(config: &SdkConfig, models: Models) -> Self {
        Self::build(config, models, false)
    }

    /// A client whose requests have no signature and need no credentials, for public resources.
    #[must_use]
    pub fn unsigned(config: &SdkConfig, models: Models) -> Self {
        Self::build(config, models, true)
    }

    fn build(config: &SdkConfig, models: Models, unsigned: bool) -> Self {
        let identities = RenewableIdentityCache::new(config);
        // Other clients of this configuration share the credentials.
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

    /// The request of a call without its signature. Sends nothing and needs no credentials.
    ///
    /// # Errors
    /// [`CallErrorKind::Invalid`] if the call is not valid.
    pub fn prepare(&self, call: &Call) -> Result<Prepared, CallError> {
        let entry = self.0.entry(&call.service)?;
        Ok(self.0.prepare(&entry, call, None)?)
    }

    /// Sends a call. If it was refused because its bucket is in another region, sends it again there.
    async fn send(&self, call: &Call, delivery: Delivery) -> Result<Observation, CallError> {
        let entry = self.0.entry(&call.service)?;
        let bucket = customize::bucket(entry.service.model(), &call.input);
        let buckets = || self.0.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let known = bucket.and_then(|bucket| buckets().get(bucket).cloned());
        let prepared = self.0.prepare(&entry, call, known.as_deref())?;
        let tried = prepared.region.clone();
        let sent = self.send_prepared(&entry, prepared, delivery).await;
        let (Err(error), Some(bucket)) = (&sent, bucket) else { return sent };
        let Some(region) = customize::bucket_region(error).filter(|region| *region != tried) else {
            return sent;
        };
        tracing::debug!(bucket, region, "the bucket is in another region");
        let prepared = self.0.prepare(&entry, call, Some(&region))?;
        let sent = self.send_prepared(&entry, prepared, delivery).await;
        buckets().insert(bucket.to_owned(), region);
        sent
    }

    /// Sends a call for each page and merges the pages. If one page fails, all fail.
    async fn send_all_pages(&self, call: &Call) -> Result<Observation, CallError> {
        let entry = self.0.entry(&call.service)?;
        let operation = entry.service.operation(&call.operation);
        let operation = operation.map_err(InvalidCall::from)?;
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

    /// Sends a call. If the service says that the credentials are no longer valid, and there are new ones,
    /// sends it again.
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
                if is_credentials_error(&error)
                    && self.0.identities.renew(&self.0.config, used).await =>
            {
                tracing::info!(code = error.code(), "the call is sent again with new credentials");
                send().await
            }
            sent => sent,
        }
    }
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

impl Inner {
    fn entry(&self, name: &str) -> Result<Arc<ServiceEntry>, InvalidCall> {
        let service = self.models.service(name)?;
        let model = service.model();
        let services = || self.services.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = services().get(&model.name) {
            return Ok(Arc::clone(entry));
        }
        let rules =
            RuleSet::parse(&self.models.rule_set(model)?).map_err(InvalidCall::damaged_models)?;
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
    ) -> Result<Prepared, InvalidCall> {
        let mut operation = entry.service.operation(&call.operation)?;
        if self.unsigned && !operation.unsigned {
            Arc::make_mut(&mut operation).unsigned = true;
        }
        let region = region.or_else(|| self.config.region().map(AsRef::as_ref)).ok_or_else(|| {
            InvalidCall::new(
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

    fn partitions(&self) -> Result<&Partitions, InvalidCall> {
        if let Some(partitions) = self.partitions.get() {
            return Ok(partitions);
        }
        let partitions =
            Partitions::parse(&self.models.partitions()?).map_err(InvalidCall::damaged_models)?;
        Ok(self.partitions.get_or_init(|| partitions))
    }

    /// A URL given in code wins, then the service's own of environment and profile, then the general one.
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
