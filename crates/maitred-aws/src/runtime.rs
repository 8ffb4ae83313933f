//! Sends calls on the runtime of the AWS SDK's clients: signing, retries, time-outs, identity cache,
//! connection pool.
//!
//! A service's components are built once. A call adds its own and goes through the orchestrator, as in a
//! generated client.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::SdkConfig;
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions, sigv4};
use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::recursion_detection::RecursionDetectionInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_runtime::service_clock_skew::{ServiceClockSkewClassifier, ServiceClockSkewInterceptor};
use aws_runtime::user_agent::{ApiMetadata, UserAgentInterceptor};
use aws_smithy_runtime::client::auth::no_auth::{NO_AUTH_SCHEME_ID, NoAuthRuntimePluginV2};
use aws_smithy_runtime::client::defaults::{DefaultPluginParams, default_plugins};
use aws_smithy_runtime::client::http::connection_poisoning::ConnectionPoisoningInterceptor;
use aws_smithy_runtime::client::orchestrator::{self, AuthSchemeAndEndpointOrchestrationV2};
use aws_smithy_runtime::client::retries::classifiers::{
    HttpStatusCodeClassifier, TransientErrorClassifier,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::endpoint::{
    EndpointFuture, EndpointResolverParams, ResolveEndpoint, SharedEndpointResolver,
};
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, Error, Input, Output,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, SharedInterceptor};
use aws_smithy_runtime_api::client::orchestrator::{
    HttpRequest, HttpResponse, Metadata, OrchestratorError, SensitiveOutput,
};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::{Order, RuntimePlugins, StaticRuntimePlugin};
use aws_smithy_runtime_api::client::ser_de::{
    DeserializeResponse, SerializeRequest, SharedRequestSerializer, SharedResponseDeserializer,
};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Layer};
use aws_smithy_types::endpoint::Endpoint;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_smithy_types::{Document as SmithyDocument, Number as SmithyNumber};
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use serde_json::Value;

use maitred_core::client;
use maitred_model::ServiceModel;
use maitred_net::coding;

use super::endpoint::ResolvedEndpoint;
use super::error::ServiceError;
use super::http_client::http_client;
use super::limits::{DEFAULT_TIMEOUT, MAX_REPLY_BYTES, with_limits};
use super::prepare::PreparedRequest;
use super::protocol::{ProtocolError, Reply};
use super::reply::{self, ReplyError};
use super::sent_once::SentOnce;

/// The client of one service.
pub(super) struct ServiceClient {
    plugins: RuntimePlugins,
}

impl fmt::Debug for ServiceClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceClient").finish_non_exhaustive()
    }
}

impl ServiceClient {
    pub(super) fn new(config: &SdkConfig, service: &ServiceModel) -> Self {
        let region = config.region().map(AsRef::as_ref).unwrap_or_default();
        let version = config.behavior_version();
        let defaults = DefaultPluginParams::new()
            .with_retry_partition_name(format!("{}-{region}", service.endpoint_prefix))
            .with_behavior_version(version.unwrap_or_else(aws_config::BehaviorVersion::latest))
            .with_is_aws_sdk(true);
        let own = StaticRuntimePlugin::new()
            .with_order(Order::Overrides)
            .with_config(client_config(config, service).freeze())
            .with_runtime_components(client_components(config));
        let plugins = RuntimePlugins::new()
            .with_client_plugins(default_plugins(defaults))
            .with_client_plugin(own)
            .with_client_plugin(NoAuthRuntimePluginV2::new());
        Self { plugins }
    }

    pub(super) async fn send(
        &self,
        call: Arc<PreparedRequest>,
        once: bool,
    ) -> Result<client::Output, SdkError<Error, HttpResponse>> {
        let operation = call.operation().to_owned();
        let service = call.service.model().service_id.clone();
        let plugins = self.plugins.clone().with_operation_plugin(operation_plugin(&call, once));
        let output = orchestrator::invoke(&service, &operation, Input::erase(()), &plugins).await?;
        Ok(output.downcast().expect("the deserializer gives this type"))
    }
}

fn client_config(config: &SdkConfig, service: &ServiceModel) -> Layer {
    let mut layer = Layer::new("maitred_core::client");
    layer.store_put(AuthSchemeAndEndpointOrchestrationV2);
    if let Some(region) = config.region() {
        layer.store_put(region.clone());
        layer.store_put(SigningRegion::from(region.clone()));
    }
    layer.store_put(SigningName::from(service.signing_name.clone()));
    let name = service.service_id.to_lowercase().replace(' ', "");
    layer.store_put(ApiMetadata::new(interned(name), env!("CARGO_PKG_VERSION")));
    if let Some(name) = config.app_name() {
        layer.store_put(name.clone());
    }
    for metadata in config.framework_metadata() {
        layer.store_append(metadata.clone());
    }
    if let Some(retry) = config.retry_config() {
        layer.store_put(retry.clone());
    }
    let mut timeouts =
        config.timeout_config().cloned().unwrap_or_else(|| TimeoutConfig::builder().build());
    let fallback = TimeoutConfig::builder().read_timeout(DEFAULT_TIMEOUT).build();
    timeouts.take_defaults_from(&fallback);
    layer.store_put(timeouts);
    if let Some(protection) = config.stalled_stream_protection() {
        layer.store_put(protection);
    }
    layer
}

/// The user agent needs static names: each service's is leaked once.
fn interned(name: String) -> &'static str {
    static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(known) = names.get(name.as_str()) {
        return known;
    }
    let name: &'static str = name.leak();
    names.insert(name);
    name
}

fn client_components(config: &SdkConfig) -> RuntimeComponentsBuilder {
    let mut components = RuntimeComponentsBuilder::new("maitred_core::client");
    let http_client = match config.http_client() {
        Some(given) => with_limits(given),
        None => http_client(),
    };
    components.set_http_client(Some(http_client));
    if let Some(sleep) = config.sleep_impl() {
        components.set_sleep_impl(Some(sleep));
    }
    if let Some(time) = config.time_source() {
        components.set_time_source(Some(time));
    }
    if let Some(cache) = config.identity_cache() {
        components.set_identity_cache(Some(cache));
    }
    if let Some(provider) = config.credentials_provider() {
        components.set_identity_resolver(sigv4::SCHEME_ID, provider);
    }
    components.set_endpoint_resolver(Some(SharedEndpointResolver::new(PreparedEndpoint)));
    components.push_auth_scheme(sigv4::SigV4AuthScheme::new());
    components.push_retry_classifier(TransientErrorClassifier::<ServiceError>::new());
    components.push_retry_classifier(AwsErrorCodeClassifier::<ServiceError>::new());
    components.push_retry_classifier(HttpStatusCodeClassifier::default());
    if config.disable_clock_skew_correction() != Some(true) {
        components.push_retry_classifier(ServiceClockSkewClassifier::<ServiceError>::new());
        components.push_interceptor(ServiceClockSkewInterceptor::new());
    }
    components.push_interceptor(ConnectionPoisoningInterceptor::new());
    components.push_interceptor(RequestInfoInterceptor::new());
    components.push_interceptor(UserAgentInterceptor::new());
    components.push_interceptor(InvocationIdInterceptor::new());
    components.push_interceptor(RecursionDetectionInterceptor::new());
    components
}

fn operation_plugin(call: &Arc<PreparedRequest>, once: bool) -> StaticRuntimePlugin {
    let mut layer = Layer::new("maitred::operation");
    let codec = Codec(Arc::clone(call));
    layer.store_put(Metadata::new(
        call.operation().to_owned(),
        call.service.model().service_id.clone(),
    ));
    layer.store_put(SharedRequestSerializer::new(codec.clone()));
    layer.store_put(SharedResponseDeserializer::new(codec.clone()));
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    layer.store_put(SigV4OperationSigningConfig {
        signing_options: signing_options(call.service()),
        ..SigV4OperationSigningConfig::default()
    });
    // Any body may hold a secret, so none is logged.
    layer.store_put(SensitiveOutput);
    let scheme = if call.unsigned { NO_AUTH_SCHEME_ID } else { sigv4::SCHEME_ID };
    let mut components = RuntimeComponentsBuilder::new("maitred::operation");
    components.push_interceptor(SharedInterceptor::permanent(codec));
    if once {
        layer.store_put(RetryConfig::disabled());
        components.push_interceptor(SharedInterceptor::permanent(SentOnce));
    }
    components
        .set_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![scheme])));
    StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components)
}

/// Amazon S3 signs paths unnormalised, and needs a checksum of the body among the headers, as related
/// services do.
fn signing_options(service: &str) -> SigningOptions {
    let mut options = SigningOptions::default();
    let is_s3 = service == "s3";
    options.double_uri_encode = !is_s3;
    options.normalize_uri_path = !is_s3;
    options.content_sha256_header =
        matches!(service, "s3" | "s3control" | "s3outposts" | "glacier");
    options
}

/// Serialises and deserialises a prepared call for the orchestrator.
#[derive(Debug, Clone)]
struct Codec(Arc<PreparedRequest>);

impl SerializeRequest for Codec {
    fn serialize_input(&self, _: Input, _: &mut ConfigBag) -> Result<HttpRequest, BoxError> {
        let (prepared, method) = (&self.0.request, self.0.method());
        let mut request = HttpRequest::new(SdkBody::from(prepared.body.as_slice()));
        request.set_method(method)?;
        request.set_uri(&*prepared.target)?;
        for (name, value) in &prepared.headers {
            request.headers_mut().try_insert(name.clone(), value.clone())?;
        }
        // As in botocore: a service may refuse a request of these methods without a length.
        if !matches!(method, "GET" | "HEAD" | "OPTIONS") || !prepared.body.is_empty() {
            let length = prepared.body.len().to_string();
            request.headers_mut().try_insert("content-length", length)?;
        }
        Ok(request)
    }
}

impl DeserializeResponse for Codec {
    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        config: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        let attempts = config.load::<RequestAttempts>().map_or(1, RequestAttempts::attempts);
        let call = &self.0;
        let body = response.body().bytes().unwrap_or_default();
        // A file keeps its coding, as it does in botocore.
        let status = response.status().as_u16();
        let is_file = call.operation.streams_output() && !reply::is_error(status);
        let coding = response.headers().get("content-encoding").filter(|_| !is_file);
        let coding = coding.unwrap_or_default();
        let body = coding::decode(body, coding, MAX_REPLY_BYTES).map_err(|error| {
            OrchestratorError::response(ProtocolError(error.to_string()).into())
        })?;
        let reply = Reply {
            status,
            headers: response
                .headers()
                .iter()
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect(),
            body: body.into_owned(),
            retries: attempts.saturating_sub(1),
        };
        match reply::read(&call.service, &call.operation, &reply) {
            Ok(output) => Ok(Output::erase(output)),
            Err(ReplyError::Service(error)) => {
                Err(OrchestratorError::operation(Error::erase(*error)))
            }
            // A reply that was garbled on the way may be whole the next time.
            Err(ReplyError::Unreadable(error)) => Err(OrchestratorError::response(error.into())),
        }
    }
}

/// Gives the orchestrator the endpoint of the prepared call.
#[derive(Debug)]
struct PreparedEndpoint;

impl ResolveEndpoint for PreparedEndpoint {
    fn resolve_endpoint<'a>(&'a self, params: &'a EndpointResolverParams) -> EndpointFuture<'a> {
        let endpoint = params.get::<Endpoint>().cloned();
        EndpointFuture::ready(endpoint.ok_or_else(|| "the call has no endpoint".into()))
    }
}

impl Intercept for Codec {
    fn name(&self) -> &'static str {
        "maitred::endpoint"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let endpoint = EndpointResolverParams::new(endpoint(&self.0.destination.endpoint));
        config.interceptor_state().store_put(endpoint);
        Ok(())
    }
}

fn endpoint(resolved: &ResolvedEndpoint) -> Endpoint {
    let mut endpoint = Endpoint::builder().url(resolved.url.clone());
    for (name, value) in &resolved.properties {
        endpoint = endpoint.property(name.clone(), smithy_document(value));
    }
    for (name, values) in &resolved.headers {
        for value in values.as_array().into_iter().flatten().filter_map(Value::as_str) {
            endpoint = endpoint.header(name.clone(), value.to_owned());
        }
    }
    endpoint.build()
}

fn smithy_document(value: &Value) -> SmithyDocument {
    match value {
        Value::Null => SmithyDocument::Null,
        Value::Bool(value) => SmithyDocument::Bool(*value),
        Value::Number(number) => SmithyDocument::Number(match number.as_u64() {
            Some(number) => SmithyNumber::PosInt(number),
            None => SmithyNumber::Float(number.as_f64().unwrap_or_default()),
        }),
        Value::String(text) => SmithyDocument::String(text.clone()),
        Value::Array(items) => SmithyDocument::Array(items.iter().map(smithy_document).collect()),
        Value::Object(entries) => SmithyDocument::Object(
            entries.iter().map(|(key, value)| (key.clone(), smithy_document(value))).collect(),
        ),
    }
}
