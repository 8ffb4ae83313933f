//! The checksums of requests, and what says how long they are.

use maitred::client::aws::AwsClient;
use maitred::client::{Call, Client as _};
use maitred::model::Models;
use serde_json::{Map, Value, json};

use crate::support::sample;

use super::botocore::oracle;
use super::server::{Act, Server};
use super::{call, config};

const PREFIXES: [&str; 3] = ["x-amz-checksum-", "x-amz-sdk-checksum-", "content-md5"];

#[tokio::test]
async fn checksums_are_those_of_botocore() {
    let seed = sample::seed().to_string();
    let client = AwsClient::with_models(&config("http://127.0.0.1:9").build(), Models::embedded());
    let mut compared = 0;
    for case in oracle("checksums.py", &[&*seed, "s3control", "s3"]) {
        let mut call = call(case["operation"].as_str().unwrap(), &case["input"]);
        case["service"].as_str().unwrap().clone_into(&mut call.service);
        let what = format!("{} {}", call.service, call.operation);
        let prepared = client.prepare(&call);
        if case["unsupported"] == true {
            let error = prepared.expect_err(&what);
            assert_eq!(error.code(), "UnsupportedChecksum", "{what}: {error}");
            continue;
        }
        let prepared = prepared.unwrap_or_else(|error| panic!("{what}: {error}"));
        let body = aws_smithy_types::base64::encode(prepared.body());
        assert_eq!(body, case["body"].as_str().unwrap(), "{what}");
        let headers = prepared.headers();
        let ours: Map<String, Value> = headers
            .filter(|(name, _)| PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        assert_eq!(Value::Object(ours), case["headers"], "{what}");
        compared += usize::from(case["headers"] != json!({}));
    }
    // s3control has 37 operations that need one, S3 has 26.
    assert!(compared >= 63 - 11, "{compared}");
}

#[tokio::test]
async fn a_request_without_a_body_says_so_as_botocores_does() {
    let delete = json!({ "name": "c-1" });
    let cases = [
        ("eks", "DeleteCluster", delete.clone(), Some("0")),
        ("eks", "DescribeCluster", delete, None),
        ("iot", "EnableTopicRule", json!({ "ruleName": "r" }), Some("0")),
        ("apigateway", "FlushStageCache", json!({ "restApiId": "a", "stageName": "s" }), Some("0")),
        ("lex-models", "DeleteBot", json!({ "name": "bot" }), Some("0")),
    ];
    for (service, operation, input, length) in cases {
        let server = Server::start(vec![Act::reply(200, "{}")]).await;
        let client = super::client(&server);
        let input = input.as_object().unwrap().clone();
        client.call(&Call::new(service, operation, input)).await;
        let request = server.requests().remove(0);
        assert_eq!(request.header("content-length"), length, "{}", request.line);
        assert_eq!(request.header("transfer-encoding"), None, "{}", request.line);
    }
}
