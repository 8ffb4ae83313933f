//! Each customisation of a service, beside what botocore's client sends.

use aws_config::Region;
use maitred::client::aws::{AwsClient, PreparedRequest};
use maitred::client::{Call, Observation};
use serde_json::{Value, json};

use super::botocore::oracle;
use super::config;

/// The headers that customisations add; botocore's others are those of its signer and its connection.
const HEADERS: [&str; 3] = ["accept", "x-amz-account-id", "x-amz-glacier-version"];

fn case(service: &str, operation: &str, input: &Value) -> Value {
    json!({ "service": service, "operation": operation, "input": input })
}

fn at(endpoint: &str, mut case: Value) -> Value {
    case["endpoint"] = endpoint.into();
    case
}

fn prepared(case: &Value) -> Result<PreparedRequest, String> {
    let mut config = config("").region(Region::new("eu-central-1"));
    config.set_endpoint_url(case["endpoint"].as_str().map(str::to_owned));
    let text = |key: &str| case[key].as_str().unwrap();
    let input = case["input"].as_object().unwrap().clone();
    let call = Call::new(text("service"), text("operation"), input);
    AwsClient::new(&config.build()).prepare(&call).map_err(|error| error.to_string())
}

/// What is sent for each case, after it was compared with botocore: the method and the URL.
fn sent(cases: &[Value]) -> Vec<String> {
    let asked: Vec<String> = cases.iter().map(Value::to_string).collect();
    let answers = oracle("customized.py", &asked);
    assert_eq!(answers.len(), cases.len());
    let both = cases.iter().zip(&answers);
    both.map(|(case, theirs)| {
        let ours = prepared(case).unwrap_or_else(|error| panic!("{case}: {error}"));
        // botocore leaves out the slash after a bucket in the path.
        let url = ours.url().replace("/?", "?");
        assert_eq!(json!([ours.method(), url]), json!([theirs["method"], theirs["url"]]), "{case}");
        for name in HEADERS {
            let mut sent = ours.headers().filter(|(known, _)| *known == name);
            let sent = sent.next().map(|(_, value)| value);
            assert_eq!(sent, theirs["headers"][name].as_str(), "{case}: {name}");
        }
        format!("{} {url}", ours.method())
    })
    .collect()
}

/// Neither we nor botocore send any of these.
fn refused(cases: &[Value]) {
    let asked: Vec<String> = cases.iter().map(Value::to_string).collect();
    for (case, theirs) in cases.iter().zip(oracle("customized.py", &asked)) {
        assert!(theirs["refused"].is_string(), "{case}: {theirs}");
        assert!(prepared(case).is_err(), "{case}");
    }
}

#[test]
fn glacier_is_given_the_account_of_the_credentials_unless_one_is_named() {
    let own = case("glacier", "DescribeVault", &json!({ "vaultName": "v" }));
    let named = case("glacier", "ListVaults", &json!({ "accountId": "111122223333" }));
    let policy = case("glacier", "GetDataRetrievalPolicy", &json!({}));
    let host = "GET https://glacier.eu-central-1.amazonaws.com";
    assert_eq!(
        sent(&[own, named, policy]),
        [
            format!("{host}/-/vaults/v"),
            format!("{host}/111122223333/vaults"),
            format!("{host}/-/policies/data-retrieval"),
        ]
    );
}

#[test]
fn ids_of_route_53_lose_what_stands_before_them() {
    let zone = |id: &str| case("route53", "GetHostedZone", &json!({ "Id": id }));
    let set = json!({ "Id": "/delegationset/N1" });
    let set = case("route53", "GetReusableDelegationSet", &set);
    let records = json!({ "HostedZoneId": "/hostedzone/Z1" });
    let records = case("route53", "ListResourceRecordSets", &records);
    let zones = json!({ "DelegationSetId": "/delegationset/N1" });
    let zones = case("route53", "ListHostedZones", &zones);
    let change = case("route53", "GetChange", &json!({ "Id": "/change/C1" }));
    let cases = [zone("/hostedzone/Z1"), zone("hostedzone/Z1"), zone("Z1"), zone("/a/b/Z1")];
    let host = "GET https://route53.amazonaws.com/2013-04-01";
    assert_eq!(sent(&cases), vec![format!("{host}/hostedzone/Z1"); 4]);
    assert_eq!(
        sent(&[set, records, zones, change]),
        [
            format!("{host}/delegationset/N1"),
            format!("{host}/hostedzone/Z1/rrset"),
            format!("{host}/hostedzone?delegationsetid=N1"),
            format!("{host}/change/C1"),
        ]
    );
}

#[test]
fn what_is_no_id_of_route_53_stays_as_it_is() {
    let tags = json!({ "ResourceType": "hostedzone", "ResourceId": "hostedzone/Z1" });
    let name = json!({ "DNSName": "change/me" });
    let policy = json!({ "Id": "policies/P1" });
    let cases = [
        case("route53", "GetTrafficPolicyInstance", &policy),
        case("route53", "ListTagsForResource", &tags),
        case("route53", "ListHostedZonesByName", &name),
    ];
    let host = "GET https://route53.amazonaws.com/2013-04-01";
    assert_eq!(
        sent(&cases),
        [
            format!("{host}/trafficpolicyinstance/policies%2FP1"),
            format!("{host}/tags/hostedzone/hostedzone%2FZ1"),
            format!("{host}/hostedzonesbyname?dnsname=change%2Fme"),
        ]
    );
}

#[test]
fn api_gateway_is_asked_for_json_unless_the_call_says_otherwise() {
    let api = case("apigateway", "GetRestApi", &json!({ "restApiId": "a" }));
    let export = json!({ "restApiId": "a", "stageName": "s", "exportType": "oas30" });
    let mut yaml = export.clone();
    yaml["accepts"] = "application/yaml".into();
    let cases =
        [api, case("apigateway", "GetExport", &export), case("apigateway", "GetExport", &yaml)];
    sent(&cases);
    let accept = |case: &Value| {
        let prepared = prepared(case).unwrap();
        let accept: Vec<_> = prepared.headers().filter(|(name, _)| *name == "accept").collect();
        accept.iter().map(|(_, value)| (*value).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        cases.each_ref().map(accept),
        [["application/json"], ["application/json"], ["application/yaml"],]
    );
}

#[test]
fn a_bucket_is_where_botocore_puts_it() {
    let key = |bucket: &str| case("s3", "GetObject", &json!({ "Bucket": bucket, "Key": "a b/c" }));
    let access_point = "arn:aws:s3:us-east-1:123456789012:accesspoint/ap";
    let elsewhere = "https://example.com";
    let cases = [
        key("b-1"),
        key("b.1"),
        key(access_point),
        at(elsewhere, key("b-1")),
        at(elsewhere, key(access_point)),
        case("s3", "ListBuckets", &json!({})),
        case("s3", "HeadBucket", &json!({ "Bucket": "b-1" })),
    ];
    assert_eq!(
        sent(&cases),
        [
            "GET https://b-1.s3.eu-central-1.amazonaws.com/a%20b/c",
            "GET https://s3.eu-central-1.amazonaws.com/b.1/a%20b/c",
            "GET https://ap-123456789012.s3-accesspoint.us-east-1.amazonaws.com/a%20b/c",
            "GET https://example.com/b-1/a%20b/c",
            "GET https://ap-123456789012.example.com/a%20b/c",
            "GET https://s3.eu-central-1.amazonaws.com/",
            "HEAD https://b-1.s3.eu-central-1.amazonaws.com/",
        ]
    );
}

#[test]
fn the_place_of_a_bucket_is_asked_in_the_path_and_is_the_root_of_the_reply() {
    let root = |name: &str, text: &str| format!("<{name} xmlns=\"urn:x\">{text}</{name}>");
    let replies = [
        root("LocationConstraint", "eu-west-1"),
        root("LocationConstraint", ""),
        root("Other", "eu-west-1"),
    ];
    let location = case("s3", "GetBucketLocation", &json!({ "Bucket": "b-1" }));
    let cases = replies.each_ref().map(|reply| {
        let mut case = location.clone();
        case["reply"] = reply.as_str().into();
        case
    });
    assert_eq!(sent(&cases), ["GET https://s3.eu-central-1.amazonaws.com/b-1?location"; 3]);
    let asked = cases.each_ref().map(Value::to_string);
    for (case, theirs) in cases.iter().zip(oracle("customized.py", &asked)) {
        let reply = case["reply"].as_str().unwrap().as_bytes().to_vec();
        let seen = prepared(case).unwrap().read(200, Vec::new(), reply);
        let Observation::Output(output) = seen else { panic!("{case}: {seen:?}") };
        let mut ours = output.document.value().clone();
        ours.as_object_mut().unwrap().shift_remove("ResponseMetadata");
        assert_eq!(ours, theirs["output"], "{case}");
    }
}

#[test]
fn the_account_of_s3_control_goes_before_the_host_once() {
    let of =
        |account: &str| case("s3control", "GetPublicAccessBlock", &json!({ "AccountId": account }));
    let account = "123456789012";
    let path = "v20180820/configuration/publicAccessBlock";
    assert_eq!(
        sent(&[of(account), at("https://example.com", of(account))]),
        [
            format!("GET https://{account}.s3-control.eu-central-1.amazonaws.com/{path}"),
            format!("GET https://{account}.example.com/{path}"),
        ]
    );
    refused(&[of(""), of("a/b"), of("a.b"), of("a_b")]);
    // An address has no names before it, whatever botocore says.
    let local = at("http://127.0.0.1:9", of(account));
    assert_eq!(prepared(&local).unwrap().url(), format!("http://127.0.0.1:9/{path}"));
}

#[test]
fn a_member_goes_before_the_host_if_it_can_be_part_of_a_name() {
    let route = |route: &str| {
        let input = json!({ "RequestRoute": route, "RequestToken": "t" });
        case("s3", "WriteGetObjectResponse", &input)
    };
    let discover = json!({ "NamespaceName": "a", "ServiceName": "s" });
    let discover = case("servicediscovery", "DiscoverInstances", &discover);
    let cases = [
        route("io-1"),
        route("a.b"),
        discover.clone(),
        at("https://example.com:9/x/", discover.clone()),
    ];
    let lambda = "s3-object-lambda.eu-central-1.amazonaws.com/WriteGetObjectResponse";
    assert_eq!(
        sent(&cases),
        [
            format!("POST https://io-1.{lambda}"),
            format!("POST https://a.b.{lambda}"),
            "POST https://data-servicediscovery.eu-central-1.amazonaws.com/".to_owned(),
            "POST https://data-example.com:9/x/".to_owned(),
        ]
    );
    refused(&[route(""), route("a/b"), route("a_b"), route("a b"), route("ä"), route("a:b")]);
    // An address and the local host stay as they are, whatever botocore says.
    for local in ["http://127.0.0.1:9", "http://[::1]:9", "http://localhost:9"] {
        let prepared = prepared(&at(local, discover.clone())).unwrap();
        assert_eq!(prepared.url(), format!("{local}/"));
    }
}
