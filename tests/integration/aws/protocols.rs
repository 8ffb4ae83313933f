//! What each protocol makes of replies, right and wrong ones.

use maitred::client::{Call, CallErrorKind, Client as _, transport};
use serde_json::{Value, json};

use super::server::{Act, Server};
use super::{client, error_of, output_of};

fn call(service: &str, operation: &str, input: &Value) -> Call {
    let input = input.as_object().unwrap().clone();
    Call::new(service, operation, input)
}

fn eks() -> Call {
    call("eks", "DescribeCluster", &json!({ "name": "c" }))
}

/// A call of each protocol.
fn each() -> [Call; 5] {
    [
        call("redshift", "DescribeClusters", &json!({})),
        call("ec2", "DescribeVpcs", &json!({})),
        call("ecs", "DescribeServices", &json!({ "services": ["s"] })),
        eks(),
        call("route53", "GetChange", &json!({ "Id": "C" })),
    ]
}

#[tokio::test]
async fn a_reply_that_is_no_reply_of_the_service_is_a_response_error() {
    let deep_json = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_xml = format!("<a>{}", "<b>".repeat(100_000));
    let bodies =
        ["<html><p>Welcome", "[1]", "{\"cluster\": [", "{\"cluster\": 3}", &deep_json, &deep_xml];
    for body in bodies {
        for call in each() {
            if body.contains("cluster\": 3") && call.service != "eks" {
                continue;
            }
            let server = Server::start(vec![Act::reply(200, body)]).await;
            let error = error_of(&client(&server), &call).await;
            assert_eq!(error.kind(), CallErrorKind::Transport, "{}: {body:.40}", call.service);
            assert_eq!(error.code(), transport::RESPONSE, "{}: {body:.40}", call.service);
        }
    }
}

#[tokio::test]
async fn the_page_of_a_proxy_has_its_status_as_its_code() {
    for call in each() {
        let page = r#"<html xmlns="http://www.w3.org/1999/xhtml"><body/></html>"#;
        let acts = ["Forbidden by policy", page, "{}"].map(|body| Act::reply(403, body));
        let acts = [Act::reply(502, "<html>")].into_iter().chain(acts).collect();
        let server = Server::start(acts).await;
        let client = client(&server);
        let error = error_of(&client, &call).await;
        assert_eq!((error.code(), error.message()), ("502", "Bad Gateway"), "{}", call.service);
        for _ in 0..3 {
            let error = error_of(&client, &call).await;
            assert_eq!((error.code(), error.status()), ("403", Some(403)), "{}", call.service);
        }
    }
}

#[tokio::test]
async fn the_code_of_an_error_is_found_wherever_it_is() {
    let ecs = || call("ecs", "DescribeServices", &json!({ "services": ["s"] }));
    let sqs = || call("sqs", "GetQueueUrl", &json!({ "QueueName": "q" }));
    let s3 = || call("s3", "GetObject", &json!({ "Bucket": "b-1", "Key": "k" }));
    let old = "x-amzn-query-error: AWS.SimpleQueueService.NonExistentQueue;Sender";
    let new = "x-amzn-errortype: ResourceNotFoundException:http://x.example/";
    let typed = |name: &str| format!(r#"{{"__type": "{name}", "message": "No."}}"#);
    for (call, act, code) in [
        (ecs(), Act::reply(400, &typed("com.amazonaws#ClusterNotFound")), "ClusterNotFound"),
        (ecs(), Act::reply(400, &typed("ClusterNotFound")), "ClusterNotFound"),
        (
            sqs(),
            Act::reply(400, &typed("com.amazonaws.sqs#QueueDoesNotExist")).with_header(old),
            "AWS.SimpleQueueService.NonExistentQueue",
        ),
        (
            eks(),
            Act::reply(404, r#"{"message": "No."}"#).with_header(new),
            "ResourceNotFoundException",
        ),
        (eks(), Act::reply(404, r#"{"code": "a#Gone", "Message": "No."}"#), "Gone"),
        (
            s3(),
            Act::reply(404, "<Error><Code>NoSuchKey</Code><Message>No.</Message></Error>"),
            "NoSuchKey",
        ),
        (
            call("ec2", "DescribeVpcs", &json!({})),
            Act::reply(
                400,
                "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>No.</Message>\
                 </Error></Errors><RequestID>r</RequestID></Response>",
            ),
            "InvalidVpcID.NotFound",
        ),
    ] {
        let server = Server::start(vec![act]).await;
        let error = error_of(&client(&server), &call).await;
        assert_eq!((error.code(), error.message()), (code, "No."), "{}", call.service);
    }
}

#[tokio::test]
async fn tokens_are_made_up_where_nobody_gives_one() {
    let server = Server::start(vec![Act::reply(200, "{}"), Act::reply(200, "{}")]).await;
    let client = client(&server);
    let mut call = call(
        "eks",
        "CreateFargateProfile",
        &json!({
            "fargateProfileName": "f", "clusterName": "c", "podExecutionRoleArn": "r",
        }),
    );
    client.call(&call).await;
    call.input.insert("clientRequestToken".to_owned(), "mine".into());
    output_of(&client, &call).await;
    let bodies: Vec<Value> = server
        .requests()
        .iter()
        .map(|request| serde_json::from_str(&request.body).unwrap())
        .collect();
    assert_eq!(bodies[0]["clientRequestToken"].as_str().unwrap().len(), 36);
    assert_eq!(bodies[1]["clientRequestToken"], "mine");
}
