//! botocore's waiters by name, on things that the client made, against moto's server.

use maitred::catalog::Catalog;
use maitred::client::aws::AwsClient;
use maitred::client::{Call, Client as _, Observation};
use maitred::clock::SystemClock;
use maitred::engine::wait;
use maitred::model::Models;
use maitred::waiter::Options;
use serde_json::{Value, json};

use crate::support::moto::Moto;

use super::config;

const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": []}"#;
/// An archive without files: what AWS Lambda takes for code here.
const EMPTY_ZIP: &str = "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==";

struct Account {
    client: AwsClient,
    catalog: Catalog,
}

impl Account {
    /// Calls an operation that has to work.
    async fn make(&self, service: &str, operation: &str, input: Value) -> Value {
        let input = input.as_object().unwrap().clone();
        let call = Call::new(service, operation, input);
        match self.client.call(&call).await {
            Observation::Output(output) => output.document.value().clone(),
            Observation::Error(error) => panic!("{service} {operation}: {error}"),
        }
    }

    /// Waits with a waiter that is to succeed at once.
    async fn wait(&self, service: &str, name: &str, input: Value) {
        let entry = self.catalog.find(service, name).unwrap();
        let input = input.as_object().unwrap().clone();
        for strict in [true, false] {
            let mut options = Options::with_input(input.clone());
            options.strict = strict;
            options.max_attempts = Some(1);
            let waiter = entry.compile(&options).unwrap();
            let outcome = wait(&waiter, &self.client, &SystemClock::new()).await;
            if let Err(error) = outcome.into_result() {
                panic!("{service}.{name}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn botocore_waiters_see_what_is_there() {
    let moto = Moto::start();
    let catalog = Catalog::new(maitred::sources().with_embedded(Some(Models::embedded_waiters())));
    let account = Account { client: AwsClient::new(&config(moto.endpoint()).build()), catalog };
    ec2(&account).await;
    identities(&account).await;
    containers(&account).await;
    storage(&account).await;
    names(&account).await;
}

async fn ec2(account: &Account) {
    let vpc = account.make("ec2", "CreateVpc", json!({ "CidrBlock": "10.0.0.0/16" })).await;
    let vpcs = json!({ "VpcIds": [vpc["Vpc"]["VpcId"]] });
    account.wait("ec2", "vpc_exists", vpcs.clone()).await;
    account.wait("ec2", "vpc_available", vpcs).await;
    let input = json!({ "ImageId": "ami-12c6146b", "MinCount": 2, "MaxCount": 2 });
    let started = account.make("ec2", "RunInstances", input).await;
    let instances = started["Instances"].as_array().unwrap();
    let ids: Vec<&Value> = instances.iter().map(|instance| &instance["InstanceId"]).collect();
    assert_eq!(ids.len(), 2);
    let instances = json!({ "InstanceIds": ids });
    account.wait("ec2", "InstanceRunning", instances.clone()).await;
    account.make("ec2", "TerminateInstances", instances.clone()).await;
    account.wait("ec2", "instance_terminated", instances).await;
}

async fn identities(account: &Account) {
    account.make("iam", "CreateUser", json!({ "UserName": "u" })).await;
    account.wait("iam", "user_exists", json!({ "UserName": "u" })).await;
    let role = json!({ "RoleName": "r", "AssumeRolePolicyDocument": TRUST });
    let role = account.make("iam", "CreateRole", role).await["Role"]["Arn"].clone();
    account.wait("iam", "role_exists", json!({ "RoleName": "r" })).await;
    let function = json!({
        "FunctionName": "f", "Runtime": "python3.12", "Handler": "f.f", "Role": role,
        "Code": { "ZipFile": EMPTY_ZIP },
    });
    account.make("lambda", "CreateFunction", function).await;
    for waiter in ["function_exists", "function_active_v2", "function_updated"] {
        account.wait("lambda", waiter, json!({ "FunctionName": "f" })).await;
    }
}

async fn containers(account: &Account) {
    account.make("ecs", "CreateCluster", json!({ "clusterName": "c" })).await;
    let container = json!({ "name": "a", "image": "b", "memory": 128 });
    let task = json!({ "family": "t", "containerDefinitions": [container] });
    account.make("ecs", "RegisterTaskDefinition", task).await;
    let service =
        json!({ "cluster": "c", "serviceName": "s", "taskDefinition": "t", "desiredCount": 0 });
    account.make("ecs", "CreateService", service).await;
    let services = json!({ "cluster": "c", "services": ["s"] });
    account.wait("ecs", "services_stable", services).await;
    let cluster = json!({
        "name": "k", "roleArn": "arn:aws:iam::123456789012:role/r", "resourcesVpcConfig": {},
    });
    account.make("eks", "CreateCluster", cluster).await;
    account.wait("eks", "cluster_active", json!({ "name": "k" })).await;
    account.make("eks", "DeleteCluster", json!({ "name": "k" })).await;
    account.wait("eks", "cluster_deleted", json!({ "name": "k" })).await;
}

async fn storage(account: &Account) {
    let bucket = json!({ "Bucket": "b-1" });
    account.wait("s3", "BucketNotExists", bucket.clone()).await;
    let place = json!({ "LocationConstraint": "eu-central-1" });
    let input = json!({ "Bucket": "b-1", "CreateBucketConfiguration": place });
    account.make("s3", "CreateBucket", input).await;
    account.wait("s3", "BucketExists", bucket).await;
    let key = json!({ "Bucket": "b-1", "Key": "a b/ü.txt" });
    account.wait("s3", "object_not_exists", key.clone()).await;
    let object = json!({ "Bucket": "b-1", "Key": "a b/ü.txt", "Body": "aGVsbG8=" });
    account.make("s3", "PutObject", object).await;
    account.wait("s3", "object_exists", key.clone()).await;
    let found = account.make("s3", "GetObject", key).await;
    assert_eq!(found["Body"], "aGVsbG8=");
    let delete = json!({ "Bucket": "b-1", "Delete": { "Objects": [{ "Key": "a b/ü.txt" }] } });
    let deleted = account.make("s3", "DeleteObjects", delete).await;
    assert_eq!(deleted["Deleted"][0]["Key"], "a b/ü.txt");
    let table = json!({
        "TableName": "t", "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{ "AttributeName": "k", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "k", "AttributeType": "S" }],
    });
    account.make("dynamodb", "CreateTable", table).await;
    account.wait("dynamodb", "table_exists", json!({ "TableName": "t" })).await;
    account.make("dynamodb", "DeleteTable", json!({ "TableName": "t" })).await;
    account.wait("dynamodb", "table_not_exists", json!({ "TableName": "t" })).await;
}

async fn names(account: &Account) {
    let zone = json!({ "Name": "example.com", "CallerReference": "1" });
    let zone = account.make("route53", "CreateHostedZone", zone).await;
    assert!(zone["HostedZone"]["Id"].as_str().unwrap().starts_with("/hostedzone/"));
    let record = json!({
        "Name": "a.example.com", "Type": "A", "TTL": 60,
        "ResourceRecords": [{ "Value": "192.0.2.1" }],
    });
    let changes = json!({ "Changes": [{ "Action": "CREATE", "ResourceRecordSet": record }] });
    let input = json!({ "HostedZoneId": zone["HostedZone"]["Id"], "ChangeBatch": changes });
    let change = account.make("route53", "ChangeResourceRecordSets", input).await;
    let id = json!({ "Id": change["ChangeInfo"]["Id"] });
    account.wait("route53", "resource_record_sets_changed", id).await;
    let records = json!({ "HostedZoneId": zone["HostedZone"]["Id"] });
    let found = account.make("route53", "ListResourceRecordSets", records).await;
    let names: Vec<&Value> =
        found["ResourceRecordSets"].as_array().unwrap().iter().map(|set| &set["Name"]).collect();
    assert!(names.contains(&&json!("a.example.com.")), "{found}");
}
