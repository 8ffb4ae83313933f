//! AWS services: what goes over the wire, and what comes of it.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::SystemTimeSource;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::origin::Origin;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use maitred::client::aws::AwsClient;
use maitred::client::{Call, CallError, CallErrorKind, Client as _, Observation, transport};
use serde_json::{Value, json};

mod botocore;
mod bounds;
mod checksums;
mod configuration;
mod customized;
mod moto;
mod pages;
mod polls;
mod protocols;
mod server;
mod services;
mod synthetic;

use server::{Act, Server};

const REPLY: &str = "<DescribeClustersResponse xmlns='http://redshift.amazonaws.com/doc/2012-12-01/'>\
    <DescribeClustersResult><Clusters><Cluster>\
    <ClusterIdentifier>c-1</ClusterIdentifier><ClusterStatus>available</ClusterStatus>\
    <ClusterCreateTime>2024-01-31T12:00:00.250Z</ClusterCreateTime>\
    <NumberOfNodes>2</NumberOfNodes><Encrypted>true</Encrypted>\
    <VpcSecurityGroups/></Cluster></Clusters></DescribeClustersResult>\
    <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></DescribeClustersResponse>";

const NOT_FOUND: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>ClusterNotFound</Code>\
    <Message>Cluster c-1 not found.</Message></Error><RequestId>r-2</RequestId></ErrorResponse>";

/// A configuration as a program builds it, with credentials that are nobody's.
fn config(endpoint: &str) -> aws_types::sdk_config::Builder {
    let credentials = Credentials::new("AKIDEXAMPLE", "not-a-secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
}

fn client(server: &Server) -> AwsClient {
    AwsClient::new(&config(&server.url()).build())
}

fn call(operation: &str, input: &Value) -> Call {
    Call::new("redshift", operation, input.as_object().cloned().unwrap_or_default())
}

fn describe() -> Call {
    call("describe-clusters", &json!({ "ClusterIdentifier": "c-1" }))
}

async fn output_of(client: &AwsClient, call: &Call) -> Value {
    match client.call(call).await {
        Observation::Output(output) => output.document.value().clone(),
        Observation::Error(error) => panic!("{error}"),
    }
}

async fn error_of(client: &AwsClient, call: &Call) -> CallError {
    client.call(call).await.error().expect("the call fails").clone()
}

#[tokio::test]
async fn a_call_goes_out_signed_in_the_query_protocol() {
    let server = Server::start(vec![Act::reply(200, REPLY)]).await;
    output_of(&client(&server), &describe()).await;
    let requests = server.requests();
    let request = &requests[0];
    assert_eq!(request.line, "POST / HTTP/1.1");
    assert_eq!(request.body, "Action=DescribeClusters&Version=2012-12-01&ClusterIdentifier=c-1");
    assert_eq!(
        request.header("content-type"),
        Some("application/x-www-form-urlencoded; charset=utf-8")
    );
    let authorization = request.header("authorization").unwrap();
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
    assert!(authorization.contains("/eu-central-1/redshift/aws4_request"), "{authorization}");
    assert!(request.header("user-agent").unwrap().contains("aws-sdk-rust"));
    assert!(request.header("amz-sdk-invocation-id").is_some());
}

#[tokio::test]
async fn a_reply_becomes_a_document() {
    let server = Server::start(vec![Act::reply(200, REPLY)]).await;
    let observation = client(&server).call(&describe()).await;
    assert_eq!(observation.status(), Some(200));
    let document = observation.document().unwrap();
    let mut json = document.value().clone();
    let metadata = json.as_object_mut().unwrap().shift_remove("ResponseMetadata").unwrap();
    assert_eq!(
        json,
        json!({ "Clusters": [{
            "ClusterIdentifier": "c-1",
            "ClusterStatus": "available",
            "ClusterCreateTime": "2024-01-31T12:00:00.250000+00:00",
            "VpcSecurityGroups": [],
            "NumberOfNodes": 2,
            "Encrypted": true,
        }] })
    );
    assert_eq!(metadata["RequestId"], "r-1");
    assert_eq!(metadata["HTTPStatusCode"], 200);
    assert_eq!(metadata["HTTPHeaders"]["content-type"], "text/xml");
    assert_eq!(metadata["RetryAttempts"], 0);
}

#[tokio::test]
async fn a_recorded_reply_reads_as_it_does_from_the_wire() {
    for (status, body) in [(200, REPLY), (404, NOT_FOUND), (503, "<html>"), (200, "<R><cut")] {
        let server = Server::start(vec![Act::reply(status, body)]).await;
        let client = client(&server);
        let live = client.call(&describe()).await;
        let headers = vec![
            ("content-type".to_owned(), "text/xml".to_owned()),
            ("content-length".to_owned(), body.len().to_string()),
        ];
        let read = client.prepare(&describe()).unwrap().read(status, headers, body.into());
        assert_eq!(read.document(), live.document());
        assert_eq!(read.status(), live.status());
        let kind_and_code =
            |seen: &Observation| seen.error().map(|error| (error.kind(), error.code().to_owned()));
        assert_eq!(kind_and_code(&read), kind_and_code(&live));
    }
}

#[tokio::test]
async fn an_error_reply_has_code_message_status_and_document() {
    let reply = Act::reply(404, NOT_FOUND).with_header("retry-after: 7");
    let server = Server::start(vec![reply]).await;
    let error = error_of(&client(&server), &describe()).await;
    assert_eq!(error.kind(), CallErrorKind::Service);
    assert_eq!(error.code(), "ClusterNotFound");
    assert_eq!(error.message(), "Cluster c-1 not found.");
    assert_eq!(error.status(), Some(404));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    let document = error.document().unwrap().value().clone();
    assert_eq!(
        document["Error"],
        json!({
            "Type": "Sender", "Code": "ClusterNotFound", "Message": "Cluster c-1 not found.",
        })
    );
    assert_eq!(document["ResponseMetadata"]["RequestId"], "r-2");
}

#[tokio::test]
async fn a_page_of_something_in_between_has_its_status_as_its_code() {
    let page = "<html><body>no healthy upstream</body></html>";
    let server = Server::start(vec![
        Act::reply(503, page),
        Act::reply(502, ""),
        Act::reply(403, "<!DOCTYPE html><p>Blocked"),
    ])
    .await;
    let client = client(&server);
    let error = error_of(&client, &describe()).await;
    assert_eq!((error.code(), error.message()), ("503", "Service Unavailable"));
    assert_eq!(error.status(), Some(503));
    let error = error_of(&client, &describe()).await;
    assert_eq!((error.code(), error.message()), ("502", "Bad Gateway"));
    let error = error_of(&client, &describe()).await;
    assert_eq!(error.kind(), CallErrorKind::Service);
    assert_eq!(error.code(), "403");
    assert_eq!(error.message(), "Forbidden: <!DOCTYPE html><p>Blocked");
}

#[tokio::test]
async fn a_refused_connection_is_a_connect_error() {
    let server = Server::start(Vec::new()).await;
    let client = client(&server);
    let url = server.url();
    server.stop().await;
    let error = error_of(&client, &describe()).await;
    assert_eq!(error.kind(), CallErrorKind::Transport);
    assert_eq!(error.code(), transport::CONNECT);
    let message = error.message();
    assert!(message.starts_with(&format!("no connection to {url}: ")), "{message}");
    assert!(message.to_lowercase().contains("refused"), "{message}");
}

#[tokio::test]
async fn a_dropped_connection_is_a_connect_error() {
    let server = Server::start(vec![Act::Close]).await;
    let error = error_of(&client(&server), &describe()).await;
    assert_eq!(error.code(), transport::CONNECT, "{error}");
}

#[tokio::test]
async fn a_host_that_does_not_exist_is_a_dns_error() {
    let client = AwsClient::new(&config("http://does-not-exist.invalid").build());
    let error = error_of(&client, &describe()).await;
    assert_eq!(error.code(), transport::DNS, "{error}");
}

#[tokio::test]
async fn a_server_without_tls_is_a_tls_error() {
    let server = Server::start(vec![Act::reply(400, "no TLS here")]).await;
    let url = server.url().replace("http://", "https://");
    let error = error_of(&AwsClient::new(&config(&url).build()), &describe()).await;
    assert_eq!(error.code(), transport::TLS, "{error}");
}

#[tokio::test]
async fn a_server_that_hangs_is_a_timeout() {
    let server = Server::start(vec![Act::Hang, Act::Hang]).await;
    let operation = TimeoutConfig::builder().operation_timeout(Duration::from_millis(100)).build();
    let read = TimeoutConfig::builder().read_timeout(Duration::from_millis(100)).build();
    for timeouts in [operation, read] {
        let config = config(&server.url()).timeout_config(timeouts).build();
        let error = error_of(&AwsClient::new(&config), &describe()).await;
        assert_eq!(error.kind(), CallErrorKind::Transport);
        assert_eq!(error.code(), transport::TIMEOUT, "{error}");
        assert!(error.message().contains("100ms"), "{error}");
    }
}

#[tokio::test]
async fn a_reply_that_is_cut_off_or_garbled_is_a_response_error() {
    let garbled = ["<a><b></a>", "no XML", "<DescribeClustersResponse/>"];
    let mut acts = vec![Act::CutOff(REPLY.to_owned())];
    acts.extend(garbled.map(|body| Act::reply(200, body)));
    let deep = format!("<a>{}", "<b>".repeat(200_000));
    acts.push(Act::reply(200, &deep));
    let count = acts.len();
    let server = Server::start(acts).await;
    let client = client(&server);
    for _ in 0..count {
        let error = error_of(&client, &describe()).await;
        assert_eq!(error.kind(), CallErrorKind::Transport);
        assert_eq!(error.code(), transport::RESPONSE, "{error}");
        assert_eq!(error.status(), Some(200));
    }
}

#[tokio::test]
async fn throttles_and_server_errors_are_retried() {
    let throttle = "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message>\
        </Error></ErrorResponse>";
    let server = Server::start(vec![
        Act::reply(400, throttle),
        Act::reply(500, "<html>"),
        Act::reply(200, REPLY),
    ])
    .await;
    let retries =
        RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(1));
    let config = config(&server.url()).retry_config(retries).build();
    let document = output_of(&AwsClient::new(&config), &describe()).await;
    assert_eq!(server.requests().len(), 3);
    assert_eq!(document["ResponseMetadata"]["RetryAttempts"], 2);
}

#[tokio::test]
async fn calls_share_a_connection() {
    let server = Server::start(vec![Act::reply(200, REPLY), Act::reply(200, REPLY)]).await;
    let client = client(&server);
    output_of(&client, &describe()).await;
    output_of(&client.clone(), &describe()).await;
    assert_eq!(server.requests().len(), 2);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn what_cannot_be_sent_is_told_before_anything_is_sent() {
    let server = Server::start(Vec::new()).await;
    let client = client(&server);
    let mut unknown_service = describe();
    unknown_service.service = "redshfit".to_owned();
    for (call, code, message) in [
        (unknown_service, "UnknownService", "did you mean `redshift`?"),
        (
            call("DescribeClutsers", &json!({})),
            "UnknownOperation",
            "did you mean `DescribeClusters`?",
        ),
        (
            call("DescribeClusters", &json!({ "ClusterIdentifer": "a" })),
            "ParamValidation",
            "ClusterIdentifer: is not a member of DescribeClusters; \
             did you mean `ClusterIdentifier`?",
        ),
        (
            call("PauseCluster", &json!({})),
            "ParamValidation",
            "ClusterIdentifier: is required (string)",
        ),
    ] {
        let error = error_of(&client, &call).await;
        assert_eq!(error.kind(), CallErrorKind::Invalid);
        assert_eq!(error.code(), code);
        assert!(error.message().contains(message), "{error}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn what_is_missing_in_the_configuration_is_named() {
    let bare = || SdkConfig::builder().behavior_version(BehaviorVersion::latest());
    let error = error_of(&AwsClient::new(&bare().build()), &describe()).await;
    assert_eq!(error.kind(), CallErrorKind::Invalid);
    assert!(error.message().contains("--region"), "{error}");
    let regional = bare().region(Region::new("eu-central-1"));
    let error = error_of(&AwsClient::new(&regional.build()), &describe()).await;
    assert_eq!(error.kind(), CallErrorKind::Credentials);
    assert!(error.message().contains("AWS_PROFILE"), "{error}");
    let error = error_of(&AwsClient::new(&config("localhost:1").build()), &describe()).await;
    assert_eq!(error.code(), "InvalidEndpoint");
    assert!(error.message().contains("https://host"), "{error}");
}

#[derive(Debug)]
struct ServiceUrl(String);

impl LoadServiceConfig for ServiceUrl {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let is_ours = (key.service_id(), key.env(), key.profile())
            == ("Redshift", "AWS_ENDPOINT_URL", "endpoint_url");
        is_ours.then(|| self.0.clone())
    }
}

#[test]
fn the_endpoint_of_one_service_goes_before_that_of_all() {
    let own = ServiceUrl("http://own.example".to_owned());
    let url = |config: SdkConfig| {
        let prepared = AwsClient::new(&config).prepare(&describe()).unwrap();
        prepared.url()
    };
    let mut builder = config("http://all.example").service_config(own);
    builder.insert_origin("endpoint_url", Origin::shared_environment_variable());
    let from_environment = builder.build();
    assert_eq!(url(from_environment.clone()), "http://own.example/");
    // What is given in code goes before both.
    let mut builder = from_environment.into_builder();
    builder.insert_origin("endpoint_url", Origin::shared_config());
    assert_eq!(url(builder.build()), "http://all.example/");
}

/// Credentials that cannot be had: they fail, or never come.
#[derive(Debug)]
enum Broken {
    Refused,
    Hangs,
}

impl ProvideCredentials for Broken {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        match self {
            Self::Refused => {
                let error = CredentialsError::provider_error("the role may not be assumed");
                future::ProvideCredentials::ready(Err(error))
            }
            Self::Hangs => future::ProvideCredentials::new(std::future::pending()),
        }
    }
}

#[tokio::test]
async fn credentials_that_cannot_be_fetched_say_why() {
    let server = Server::start(Vec::new()).await;
    for (provider, why) in [
        (Broken::Refused, "the role may not be assumed"),
        (Broken::Hangs, "identity resolver timed out after 50ms"),
    ] {
        let cache = IdentityCache::lazy().load_timeout(Duration::from_millis(50)).build();
        let config = config(&server.url())
            .time_source(SystemTimeSource::new())
            .identity_cache(cache)
            .credentials_provider(SharedCredentialsProvider::new(provider));
        let error = error_of(&AwsClient::new(&config.build()), &describe()).await;
        assert_eq!(error.kind(), CallErrorKind::Credentials, "{error}");
        assert!(error.message().contains(why), "{error}");
        assert!(error.message().contains("--profile"), "{error}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_dry_run_needs_neither_credentials_nor_network() {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-gov-west-1"))
        .build();
    let client = AwsClient::new(&config);
    let prepared = client.prepare(&describe()).unwrap();
    assert_eq!(prepared.method(), "POST");
    assert_eq!(prepared.url(), "https://redshift.us-gov-west-1.amazonaws.com/");
    assert_eq!(prepared.region(), "us-gov-west-1");
    assert_eq!(prepared.operation(), "DescribeClusters");
    assert!(prepared.body().ends_with(b"&ClusterIdentifier=c-1"));
}

#[test]
fn the_body_of_a_call_is_not_shown_by_debug() {
    let client = AwsClient::new(&config("http://127.0.0.1:1").build());
    let input = json!({ "ClusterIdentifier": "a", "MasterUserPassword": "hunter2" });
    let prepared = client.prepare(&call("ModifyCluster", &input)).unwrap();
    assert!(!format!("{prepared:?}{client:?}").contains("hunter2"));
}
