//! The ways of single services that their models do not tell.

use aws_config::Region;
use maitred::client::aws::AwsClient;
use maitred::client::{Call, CallErrorKind, Client as _};
use serde_json::{Value, json};

use super::server::{Act, Server};
use super::{client, config, error_of, output_of};

fn call(service: &str, operation: &str, input: &Value) -> Call {
    let input = input.as_object().unwrap().clone();
    Call::new(service, operation, input)
}

/// The URL of a call that is not sent, where AWS has its endpoint.
fn url(call: &Call) -> String {
    let mut config = config("").region(Region::new("eu-central-1"));
    config.set_endpoint_url(None);
    AwsClient::new(&config.build()).prepare(call).unwrap().url()
}

fn code(call: &Call) -> (CallErrorKind, String) {
    let mut config = config("").region(Region::new("eu-central-1"));
    config.set_endpoint_url(None);
    let error = AwsClient::new(&config.build()).prepare(call).unwrap_err();
    (error.kind(), error.code().to_owned())
}

#[tokio::test]
async fn a_bucket_in_another_region_is_asked_there_and_remembered() {
    let moved = Act::Reply { status: 301, headers: Vec::new(), body: String::new() };
    let server = Server::start(vec![
        moved.with_header("x-amz-bucket-region: eu-west-1"),
        Act::reply(200, ""),
        Act::reply(200, ""),
    ])
    .await;
    let client = client(&server);
    let call = call("s3", "HeadBucket", &json!({ "Bucket": "b-1" }));
    assert_eq!(client.call(&call).await.status(), Some(200));
    assert_eq!(client.call(&call).await.status(), Some(200));
    let requests = server.requests();
    let regions = ["eu-central-1", "eu-west-1", "eu-west-1"];
    assert_eq!(requests.len(), regions.len());
    for (request, region) in requests.iter().zip(regions) {
        assert!(request.line.starts_with("HEAD /b-1"), "{}", request.line);
        let authorization = request.header("authorization").unwrap();
        assert!(authorization.contains(&format!("/{region}/s3/aws4_request")), "{authorization}");
        assert!(request.header("x-amz-content-sha256").is_some());
    }
}

#[tokio::test]
async fn a_head_without_a_body_has_its_status_as_its_code() {
    let server = Server::start(vec![Act::reply(404, "")]).await;
    let call = call("s3", "HeadBucket", &json!({ "Bucket": "b-1" }));
    let error = error_of(&client(&server), &call).await;
    assert_eq!((error.code(), error.message(), error.status()), ("404", "Not Found", Some(404)));
}

#[tokio::test]
async fn where_a_bucket_is_is_the_root_of_the_reply() {
    let reply = |text: &str| {
        let open = r#"<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">"#;
        Act::reply(200, &format!("{open}{text}</LocationConstraint>"))
    };
    let server = Server::start(vec![reply("eu-west-1"), reply("")]).await;
    let client = client(&server);
    let call = call("s3", "GetBucketLocation", &json!({ "Bucket": "b-1" }));
    // Of a bucket in us-east-1 nothing is said.
    for expected in [json!("eu-west-1"), Value::Null] {
        assert_eq!(output_of(&client, &call).await["LocationConstraint"], expected);
    }
}

#[test]
fn bytes_are_base64_wherever_they_are() {
    let record = |data: &str| {
        call("kinesis", "PutRecord", &json!({"StreamName": "s", "PartitionKey": "p", "Data": data}))
    };
    let item = |bytes: &str| {
        let input = json!({"TableName": "t", "Item": {"id": {"B": bytes}}});
        call("dynamodb", "PutItem", &input)
    };
    for call in [record("hello!"), record("hello"), record("aGk"), item("not base64!")] {
        assert_eq!(code(&call), (CallErrorKind::Invalid, "ParamValidation".to_owned()));
    }
    for call in [record("aGVsbG8="), record(""), item("+/+/")] {
        assert!(!url(&call).is_empty());
    }
}

#[test]
fn buckets_go_into_the_host_name_where_they_can() {
    let key = |bucket: &str| {
        url(&call("s3", "GetObject", &json!({ "Bucket": bucket, "Key": "a b/c.txt" })))
    };
    assert_eq!(key("b-1"), "https://b-1.s3.eu-central-1.amazonaws.com/a%20b/c.txt");
    assert_eq!(key("b.1"), "https://s3.eu-central-1.amazonaws.com/b.1/a%20b/c.txt");
    let location = call("s3", "GetBucketLocation", &json!({ "Bucket": "b-1" }));
    assert_eq!(url(&location), "https://s3.eu-central-1.amazonaws.com/b-1/?location");
}

#[test]
fn ids_of_route_53_are_taken_as_its_replies_have_them() {
    for id in ["/change/C1", "change/C1", "C1"] {
        let call = call("route53", "GetChange", &json!({ "Id": id }));
        assert_eq!(url(&call), "https://route53.amazonaws.com/2013-04-01/change/C1");
    }
}

#[test]
fn glacier_takes_the_account_of_the_credentials() {
    let call = call("glacier", "DescribeVault", &json!({ "vaultName": "v" }));
    assert_eq!(url(&call), "https://glacier.eu-central-1.amazonaws.com/-/vaults/v");
}

#[test]
fn what_goes_into_the_path_cannot_leave_it() {
    for name in ["..", ".", ""] {
        let call = call("eks", "DescribeCluster", &json!({ "name": name }));
        assert_eq!(code(&call), (CallErrorKind::Invalid, "ParamValidation".to_owned()));
    }
    let slash = call("eks", "DescribeCluster", &json!({ "name": "a/../b" }));
    assert_eq!(url(&slash), "https://eks.eu-central-1.amazonaws.com/clusters/a%2F..%2Fb");
    let header = json!({ "Bucket": "b-1", "ExpectedBucketOwner": "1\r\nx-amz-acl: public-read" });
    assert_eq!(code(&call("s3", "HeadBucket", &header)).1, "ParamValidation");
}

#[test]
fn what_cannot_be_signed_or_streamed_is_told_before_anything_is_sent() {
    let invalid = |code: &str| (CallErrorKind::Invalid, code.to_owned());
    let old = call("sdb", "ListDomains", &json!({}));
    assert_eq!(code(&old), invalid("UnsupportedSigner"));
    let token = call("codecatalyst", "ListSpaces", &json!({}));
    assert_eq!(code(&token), invalid("UnsupportedSigner"));
    let arn = "arn:aws:s3::123456789012:accesspoint:mfzwi23gnjvgw.mrap";
    let several = call("s3", "HeadBucket", &json!({ "Bucket": arn }));
    assert_eq!(code(&several), invalid("UnsupportedSigner"));
    let stream = call("logs", "StartLiveTail", &json!({ "logGroupIdentifiers": ["a"] }));
    assert_eq!(code(&stream), invalid("UnsupportedOperation"));
}
