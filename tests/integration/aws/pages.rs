//! All pages of an operation as one document: what botocore's paginators make of them.

use maitred::client::aws::AwsClient;
use maitred::client::{Call, CallMode, Client as _, Observation};
use serde_json::{Value, json};

use crate::support::moto::Moto;

use super::botocore::oracle;
use super::server::{Act, Server};
use super::{client, config};

fn call(service: &str, operation: &str, input: &Value) -> Call {
    let input = input.as_object().unwrap().clone();
    Call::new(service, operation, input)
}

async fn sent(client: &AwsClient, call: &Call) -> Value {
    match client.call(call).await {
        Observation::Output(output) => output.document.value().clone(),
        Observation::Error(error) => panic!("{call:?}: {error}"),
    }
}

async fn all_pages(client: &AwsClient, call: &Call) -> Value {
    match client.call(&call.clone().with_mode(CallMode::AllPages)).await {
        Observation::Output(output) => output.document.value().clone(),
        Observation::Error(error) => panic!("{call:?}: {error}"),
    }
}

/// Makes five of each thing that is listed.
async fn fill(client: &AwsClient) -> Value {
    let zone = json!({ "Name": "example.com", "CallerReference": "1" });
    let zone = sent(client, &call("route53", "CreateHostedZone", &zone)).await;
    let zone = zone["HostedZone"]["Id"].as_str().unwrap().trim_start_matches("/hostedzone/");
    for n in 1..=5 {
        let table = json!({
            "TableName": format!("table-{n}"), "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{ "AttributeName": "k", "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": "k", "AttributeType": "S" }],
        });
        sent(client, &call("dynamodb", "CreateTable", &table)).await;
        let item = json!({ "TableName": "table-1", "Item": { "k": { "S": format!("{n}") } } });
        sent(client, &call("dynamodb", "PutItem", &item)).await;
        let stream = json!({ "StreamName": format!("stream-{n}"), "ShardCount": 1 });
        sent(client, &call("kinesis", "CreateStream", &stream)).await;
        sent(client, &call("sqs", "CreateQueue", &json!({ "QueueName": format!("q-{n}") }))).await;
        let record = json!({
            "Name": format!("r{n}.example.com"), "Type": "A", "TTL": 60,
            "ResourceRecords": [{ "Value": "192.0.2.1" }],
        });
        let changes = json!({ "Changes": [{ "Action": "CREATE", "ResourceRecordSet": record }] });
        let input = json!({ "HostedZoneId": zone, "ChangeBatch": changes });
        sent(client, &call("route53", "ChangeResourceRecordSets", &input)).await;
        let vpc = json!({ "CidrBlock": format!("10.{n}.0.0/16") });
        sent(client, &call("ec2", "CreateVpc", &vpc)).await;
    }
    json!([
        ["dynamodb", "ListTables", { "Limit": 2 }],
        ["dynamodb", "Scan", { "TableName": "table-1", "Limit": 2 }],
        ["sqs", "ListQueues", { "MaxResults": 2 }],
        ["kinesis", "ListStreams", { "Limit": 2 }],
        ["route53", "ListResourceRecordSets", { "HostedZoneId": zone, "MaxItems": "2" }],
        ["ec2", "DescribeTags", { "MaxResults": 5 }],
        ["ec2", "DescribeVpcs", { "MaxResults": 5 }],
    ])
}

#[tokio::test]
async fn all_pages_are_merged_as_botocore_merges_them() {
    let moto = Moto::start();
    let client = AwsClient::new(&config(moto.endpoint()).build());
    let calls = fill(&client).await;
    let expected = oracle("pages.py", &[moto.endpoint(), &calls.to_string()]);
    let mut pages = 0;
    for (one, expected) in calls.as_array().unwrap().iter().zip(&expected) {
        let one = call(one[0].as_str().unwrap(), one[1].as_str().unwrap(), &one[2]);
        assert_eq!(all_pages(&client, &one).await, expected[0], "{one:?}");
        pages += expected[1].as_u64().unwrap();
    }
    assert_eq!(expected.len(), calls.as_array().unwrap().len());
    assert!(pages > 10, "there were only {pages} pages: nothing was merged");
}

fn page(cluster: &str, marker: &str) -> Act {
    Act::reply(
        200,
        &format!(
            "<DescribeClustersResponse><DescribeClustersResult><Marker>{marker}</Marker><Clusters>\
             <Cluster><ClusterIdentifier>{cluster}</ClusterIdentifier></Cluster>\
             </Clusters></DescribeClustersResult></DescribeClustersResponse>"
        ),
    )
}

#[tokio::test]
async fn a_page_that_fails_fails_all_of_them() {
    let server = Server::start(vec![page("a", "1"), Act::reply(403, super::NOT_FOUND)]).await;
    let describe = call("redshift", "describe_clusters", &json!({}));
    let seen = client(&server).call(&describe.with_mode(CallMode::AllPages)).await;
    assert_eq!(seen.error().unwrap().code(), "ClusterNotFound");
    assert!(server.requests()[1].body.contains("Marker=1"), "{:?}", server.requests()[1]);
}

#[tokio::test]
async fn a_service_that_turns_in_a_circle_is_left() {
    let server = Server::start(vec![page("a", "1"), page("b", "1"), page("c", "1")]).await;
    let describe = call("redshift", "DescribeClusters", &json!({}));
    let seen = client(&server).call(&describe.with_mode(CallMode::AllPages)).await;
    assert_eq!(seen.error().unwrap().message(), "The same next token was received twice");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn an_operation_without_pages_is_an_error_before_anything_is_sent() {
    let server = Server::start(Vec::new()).await;
    let identity = call("sts", "GetCallerIdentity", &json!({}));
    let seen = client(&server).call(&identity.with_mode(CallMode::AllPages)).await;
    assert_eq!(seen.error().unwrap().code(), "NotPaginated");
    assert_eq!(server.requests().len(), 0);
}
