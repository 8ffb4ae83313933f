//! The client: one configuration for calls to any service.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use maitred_core::client::{Call, CallError, CallMode, Client, Observation, Output, PreparedCall};
use maitred_core::clock::BoxFuture;
use maitred_core::document::Document;
use maitred_model::{Models, Service};

use super::endpoint::{Partitions, RuleSet};
use super::identity_cache::{RenewableIdentityCache, is_credentials_error};
use super::invalid_call::InvalidCall;
use super::pages::Pages;
use super::prepare::{self, Destination, EndpointSource, PreparedRequest};
use super::runtime::ServiceClient;
use super::{customize, error};

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
    owner: Weak<Inner>,
    service: Arc<Service>,
    rules: RuleSet,
    /// Made by the first call that is sent.
    client: OnceLock<ServiceClient>,
    /// The destination of the last call that was prepared.
    destination: Mutex<Option<Arc<Destination>>>,
}

/// A call that can be signed and sent.
struct Ready {
    entry: Arc<ServiceEntry>,
    request: Arc<PreparedRequest>,
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
    /// [`CallErrorKind::Invalid`](maitred_core::client::CallErrorKind::Invalid) if the call is not valid.
    pub fn prepare(&self, call: &Call) -> Result<PreparedRequest, CallError> {
        Ok(self.0.prepare(&*self.entry(&call.service)?, call, None)?)
    }

    /// Sends a call as it is in `prepared`, or prepares it. If it was refused because its bucket is in another
    /// region, sends it again there.
    async fn send(
        &self,
        call: &Call,
        prepared: &mut PreparedCall,
    ) -> Result<Observation, CallError> {
        let once = call.mode == CallMode::Once;
        let kept = prepared.get::<Ready>().filter(|ready| ready.is_of(self));
        let ready = match kept {
            Some(ready) => ready,
            None => self.make_ready(call, None, prepared)?,
        };
        let sent = self.send_ready(&ready, once).await;
        let bucket = customize::bucket(ready.entry.service.model(), &call.input);
        let (Err(error), Some(bucket)) = (&sent, bucket) else { return sent };
        let tried = &ready.request.destination.region;
        let Some(region) = customize::bucket_region(error).filter(|region| region != tried) else {
            return sent;
        };
        tracing::debug!(bucket, region, "the bucket is in another region");
        let ready = self.make_ready(call, Some(&region), prepared)?;
        let sent = self.send_ready(&ready, once).await;
        self.0.buckets().insert(bucket.to_owned(), region);
        sent
    }

    /// Prepares a call for `region`, or for that of its bucket, or for the configured one, and keeps it in
    /// `prepared` if it may be sent again as it is.
    fn make_ready(
        &self,
        call: &Call,
        region: Option<&str>,
        prepared: &mut PreparedCall,
    ) -> Result<Arc<Ready>, InvalidCall> {
        let entry = self.entry(&call.service)?;
        let bucket = customize::bucket(entry.service.model(), &call.input);
        let known = bucket.and_then(|bucket| self.0.buckets().get(bucket).cloned());
        let mut request = self.0.prepare(&entry, call, region.or(known.as_deref()))?;
        entry.share_destination(&mut request);
        let ready = Arc::new(Ready { entry, request: Arc::new(request) });
        if !ready.request.has_new_token {
            prepared.keep(Arc::clone(&ready));
        }
        Ok(ready)
    }

    /// Sends a call for each page and merges the pages. If one page fails, all fail. Only the first page is
    /// requested in the same way each time.
    async fn send_all_pages(
        &self,
        call: &Call,
        prepared: &mut PreparedCall,
    ) -> Result<Observation, CallError> {
        let service = self.0.models.service(&call.service).map_err(InvalidCall::from)?;
        let operation = service.operation(&call.operation).map_err(InvalidCall::from)?;
        let Some(pagination) = &operation.pagination else {
            return Err(CallError::not_paginated(call));
        };
        let mut pages = Pages::new(call, pagination)?;
        let mut first = Some(prepared);
        loop {
            let sent = match first.take() {
                Some(prepared) => self.send(pages.call(), prepared).await?,
                None => self.send(pages.call(), &mut PreparedCall::default()).await?,
            };
            let output = match sent {
                Observation::Output(output) => output,
                error @ Observation::Error(_) => return Ok(error),
            };
            if !pages.add(output.document.value())? {
                let document = Document::from(pages.finish());
                return Ok(Observation::Output(Output::new(document, output.status)));
            }
        }
    }

    /// Sends a call. If the service says that the credentials are no longer valid, and there are new ones,
    /// sends it again.
    async fn send_ready(&self, ready: &Ready, once: bool) -> Result<Observation, CallError> {
        let Ready { entry, request } = ready;
        if self.0.config.credentials_provider().is_none() && !request.unsigned {
            return Err(error::no_credentials());
        }
        let make = || ServiceClient::new(&self.0.config, entry.service.model());
        let client = entry.client.get_or_init(make);
        let send = || async {
            let sent = client.send(Arc::clone(request), once).await;
            let url = &request.destination.endpoint.url;
            Ok(Observation::Output(sent.map_err(|error| error::own_call_error(error, url))?))
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

    fn entry(&self, name: &str) -> Result<Arc<ServiceEntry>, InvalidCall> {
        let service = self.0.models.service(name)?;
        let model = service.model();
        let services = || self.0.services.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = services().get(&model.name) {
            return Ok(Arc::clone(entry));
        }
        let rules = self.0.models.rule_set(model)?;
        let entry = Arc::new(ServiceEntry {
            owner: Arc::downgrade(&self.0),
            rules: RuleSet::parse(&rules).map_err(InvalidCall::damaged_models)?,
            service: Arc::clone(&service),
            client: OnceLock::new(),
            destination: Mutex::default(),
        });
        // If another call was faster, its entry stays: it may have connections already.
        Ok(Arc::clone(services().entry(model.name.clone()).or_insert(entry)))
    }
}

impl Client for AwsClient {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        Box::pin(async move { self.poll(call, &mut PreparedCall::default()).await })
    }

    fn poll<'a>(
        &'a self,
        call: &'a Call,
        prepared: &'a mut PreparedCall,
    ) -> BoxFuture<'a, Observation> {
        Box::pin(async move {
            let sent = if call.mode == CallMode::AllPages {
                self.send_all_pages(call, prepared).await
            } else {
                self.send(call, prepared).await
            };
            sent.unwrap_or_else(Observation::Error)
        })
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl ServiceEntry {
    /// Lets a request share its destination with the one before, if they go to the same place: with 100,000 waits
    /// on one operation, it is there once.
    fn share_destination(&self, request: &mut PreparedRequest) {
        let mut last = self.destination.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some(last) if **last == *request.destination => {
                request.destination = Arc::clone(last);
            }
            _ => *last = Some(Arc::clone(&request.destination)),
        }
    }
}

impl Ready {
    /// True if `client` has prepared it, and not one with another configuration.
    fn is_of(&self, client: &AwsClient) -> bool {
        std::ptr::eq(self.entry.owner.as_ptr(), Arc::as_ptr(&client.0))
    }
}

impl Inner {
    fn buckets(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prepares a call for the configured region or for another one.
    fn prepare(
        &self,
        entry: &ServiceEntry,
        call: &Call,
        region: Option<&str>,
    ) -> Result<PreparedRequest, InvalidCall> {
        let operation = entry.service.operation(&call.operation)?;
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
        prepare::prepare(Arc::clone(&entry.service), operation, call, self.unsigned, &source)
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
