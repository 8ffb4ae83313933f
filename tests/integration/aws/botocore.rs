//! Parity with botocore: the same bytes go out, the same documents come in.
//!
//! `support::sample` says which services are taken. All of them, which takes some minutes:
//!
//! ```text
//! MAITRED_TEST_SERVICES=all cargo test --test integration services_are_spoken
//! ```
//!
//! `MAITRED_TEST_MODELS` names another archive.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use aws_config::Region;
use maitred::client::Client as _;
use maitred::client::aws::{AwsClient, PreparedRequest};
use maitred::model::Models;
use maitred::model::archive::build::build;
use serde_json::{Value, json};

use crate::support::{python, sample};

use super::server::{Act, Server};
use super::{call, config};

/// The lines that a script of `tests/oracle` prints.
pub(super) fn oracle(script: &str, arguments: &[impl AsRef<OsStr>]) -> Vec<Value> {
    oracle_with(Path::new(""), script, arguments)
}

/// The same, where botocore has the models of a data path too.
pub(super) fn oracle_with(
    data_path: &Path,
    script: &str,
    arguments: &[impl AsRef<OsStr>],
) -> Vec<Value> {
    let output = Command::new(python::python())
        .env("AWS_DATA_PATH", data_path)
        .arg(python::oracle(script))
        .args(arguments)
        .env("PYTHONHASHSEED", "0")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let hex = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn form(body: &[u8]) -> Value {
    let pairs = std::str::from_utf8(body).unwrap().split('&');
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(k, v)| (decode(k), Value::String(decode(v)))).collect()
}

fn models() -> Models {
    match std::env::var("MAITRED_TEST_MODELS") {
        Ok(path) => Models::from_bytes(std::fs::read(path).unwrap()).unwrap(),
        Err(_) => Models::embedded(),
    }
}

/// Services of each protocol for the default lane, with something that others do not have, and of most only so many
/// operations.
const SAMPLE: [&str; 14] = [
    "redshift",
    "iam:20",
    "ec2:40",
    "dynamodb:15",
    "sqs:15",
    "ecs:15",
    "eks:25",
    "lambda:25",
    "omics:15",
    "iot-data",
    "lex-runtime",
    "s3:45",
    "route53:30",
    "cloudfront:20",
];

/// How many services botocore is asked for at once.
const AT_ONCE: usize = 16;

#[tokio::test]
#[expect(clippy::print_stdout, reason = "a run by hand is for the counts")]
async fn services_are_spoken_as_botocore_speaks_them() {
    let chance = [sample::seed(), sample::cases()].map(|number| number.to_string());
    let models = models();
    let mut found = Differences::default();
    for services in sample::services().names(SAMPLE, models.services()).chunks(AT_ONCE) {
        let cases = oracle("wire.py", &[&chance, services].concat());
        compare(&models, &cases, &mut found).await;
    }
    assert!(found.requests > 0);
    let Differences { requests, replies, unsupported, .. } = found;
    println!("{requests} requests, {replies} replies, {unsupported} unsupported");
    let (number, list) = (found.list.len(), found.list.join("\n"));
    assert!(found.list.is_empty(), "seed and cases {chance:?}: {number} differences:\n{list}");
}

/// What is compared, and what differs.
#[derive(Default)]
struct Differences {
    requests: usize,
    replies: usize,
    /// Cases of services in [`UNSUPPORTED`].
    unsupported: usize,
    list: Vec<String>,
}

impl Differences {
    fn check(&mut self, what: &str, ours: &Value, theirs: &Value) {
        if ours != theirs {
            self.list.push(format!("{what}\n  ours   {ours}\n  theirs {theirs}"));
        }
    }
}

/// Services whose requests cannot be signed here, and what they take.
const UNSUPPORTED: [(&str, &str); 6] = [
    ("cloudfront-keyvaluestore", "Signature Version 4A"),
    ("codecatalyst", "a bearer token"),
    ("events", "Signature Version 4A, with an EndpointId"),
    ("importexport", "Signature Version 2"),
    ("sesv2", "Signature Version 4A, with an EndpointId"),
    ("sdb", "Signature Version 2"),
];

/// Headers that botocore adds when it has written the request, by the service's name.
const ADDED_LATER: [(&str, &str); 8] = [
    ("glacier", "x-amz-glacier-version"),
    // `checksums_are_those_of_botocore` compares these.
    ("s3", "x-amz-checksum-crc32"),
    ("s3", "x-amz-checksum-sha1"),
    ("s3", "x-amz-checksum-sha256"),
    ("s3", "x-amz-checksum-sha512"),
    ("s3", "x-amz-sdk-checksum-algorithm"),
    ("s3control", "x-amz-checksum-crc32"),
    ("apigateway", "accept"),
];

async fn compare(models: &Models, cases: &[Value], found: &mut Differences) {
    let replies = cases.iter().flat_map(|case| case["replies"].as_array().unwrap());
    let server = Server::start(replies.map(act).collect()).await;
    let client = AwsClient::with_models(&config(&server.url()).build(), models.clone());
    for case in cases {
        let text = |key: &str| case[key].as_str().unwrap();
        let mut call = call(text("operation"), &case["input"]);
        text("service").clone_into(&mut call.service);
        let what = format!("{} {} {}", text("protocol"), call.service, call.operation);
        match client.prepare(&call) {
            Ok(prepared) => {
                let ours = request(&prepared, &case["request"]);
                found.check(&format!("{what}: {}", case["input"]), &ours, &case["request"]);
                found.requests += 1;
            }
            Err(error) => {
                let unsupported = UNSUPPORTED.iter().any(|(name, _)| *name == call.service);
                // botocore refuses these algorithms too, later than where it is compared; see `checksums`.
                let checksum = error.code() == "UnsupportedChecksum";
                if checksum || (unsupported && error.code() == "UnsupportedSigner") {
                    found.unsupported += 1;
                    server.skip(case["replies"].as_array().unwrap().len());
                    continue;
                }
                found.list.push(format!("{what}: {error}: {}", case["input"]));
                // Keeps the server's script in step: nothing will be sent.
                server.skip(case["replies"].as_array().unwrap().len());
                continue;
            }
        }
        for reply in case["replies"].as_array().unwrap() {
            let observation = client.call(&call).await;
            found.replies += 1;
            let what = format!("{what} {}: {}", reply["status"], reply["body"]);
            let Some(document) = observation.document() else {
                found.list.push(format!("{what}: {observation:?}"));
                continue;
            };
            let (ours, theirs) = (document.value(), &reply["parsed"]);
            found.check(&what, ours, theirs);
            if ours == theirs && reply["status"] == 200 {
                // And in the same order.
                found.check(&what, &text_in_order(ours), &text_in_order(theirs));
            }
        }
    }
}

/// The members without `ResponseMetadata`, which REST protocols put first.
pub(super) fn text_in_order(document: &Value) -> Value {
    let mut members = document.as_object().unwrap().clone();
    members.shift_remove("ResponseMetadata");
    Value::String(Value::Object(members).to_string())
}

/// Our request, its body in the form that botocore's is in.
pub(super) fn request(prepared: &PreparedRequest, theirs: &Value) -> Value {
    let (headers, theirs) = (&theirs["headers"], &theirs["body"]);
    let added = |name: &str| ADDED_LATER.contains(&(prepared.service(), name));
    let headers = prepared.headers().filter(|(n, _)| headers.get(n).is_some() || !added(n));
    let headers: BTreeMap<&str, &str> = headers.collect();
    let body = prepared.body();
    let body = if theirs.get("form").is_some() {
        json!({ "form": form(body) })
    } else if theirs.get("json").is_some() {
        json!({ "json": serde_json::from_slice::<Value>(body).unwrap_or_default() })
    } else {
        json!({ "base64": aws_smithy_types::base64::encode(body) })
    };
    let (method, target) = (prepared.method(), prepared.target());
    json!({ "method": method, "target": target, "headers": headers, "body": body })
}

fn act(reply: &Value) -> Act {
    let mut act = Act::Reply {
        status: u16::try_from(reply["status"].as_u64().unwrap()).unwrap(),
        headers: Vec::new(),
        body: reply["body"].as_str().unwrap().to_owned(),
    };
    for (name, value) in reply["headers"].as_object().unwrap() {
        // The server sends this one by itself.
        if name != "content-length" {
            act = act.with_header(&format!("{name}: {}", value.as_str().unwrap()));
        }
    }
    act
}

/// Services whose endpoints are special: one for a partition, own domains, dual stack, FIPS.
const ENDPOINTS: [&str; 18] = [
    "iam",
    "sts",
    "s3",
    "ec2",
    "dynamodb",
    "route53",
    "cloudfront",
    "organizations",
    "eks",
    "lambda",
    "sdb",
    "transcribe",
    "datazone",
    "dsql",
    "route53-recovery-control-config",
    "budgets",
    "kinesis",
    "sqs",
];
const REGIONS: &str = "us-east-1,cn-north-1,us-gov-west-1";

#[test]
#[expect(clippy::print_stdout, reason = "a run by hand is for the counts")]
fn services_are_found_where_botocore_finds_them() {
    let models = Models::embedded();
    let mut cases = oracle("endpoints.py", &["all", "redshift"]);
    let services = sample::services().names(ENDPOINTS, models.services());
    cases.extend(oracle("endpoints.py", &[vec![REGIONS.to_owned()], services].concat()));
    let mut clients: HashMap<String, AwsClient> = HashMap::new();
    let mut wrong = Vec::new();
    for case in &cases {
        let key = ["region", "fips", "dualStack", "given"].map(|key| case[key].to_string());
        let client = clients.entry(key.concat()).or_insert_with(|| endpoint_client(case, &models));
        let mut call = call(case["operation"].as_str().unwrap(), &json!({}));
        case["service"].as_str().unwrap().clone_into(&mut call.service);
        let prepared = client.prepare(&call);
        let ours = prepared
            .as_ref()
            .ok()
            .map(|prepared| prepared.url().strip_suffix(prepared.target()).unwrap().to_owned());
        let theirs = case["url"].as_str().map(|url| url.trim_end_matches('/').to_owned());
        // Only the signature's version is in the way here, not the endpoint.
        let unsupported = prepared.as_ref().is_err_and(|e| e.code() == "UnsupportedSigner");
        if ours != theirs && !unsupported {
            wrong.push(format!("{case}: {prepared:?}"));
        }
    }
    println!("{} endpoints", cases.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn endpoint_client(case: &Value, models: &Models) -> AwsClient {
    let given = case["given"].as_str();
    let mut config = config(given.unwrap_or_default())
        .region(Region::new(case["region"].as_str().unwrap().to_owned()))
        .use_fips(case["fips"].as_bool().unwrap())
        .use_dual_stack(case["dualStack"].as_bool().unwrap());
    config.set_endpoint_url(given.map(str::to_owned));
    AwsClient::with_models(&config.build(), models.clone())
}

#[test]
fn the_embedded_models_are_those_of_botocore() {
    let place = oracle("data.py", &[""; 0]);
    let data = Path::new(place[0].as_str().unwrap());
    let names = ["redshift", "eks", "s3", "sqs"];
    let built = Models::from_bytes(build(data, &names.map(str::to_owned)).unwrap()).unwrap();
    let embedded = Models::embedded();
    assert_eq!(built.source(), embedded.source(), "build the archive anew");
    for name in names {
        assert_eq!(built.waiters(name).unwrap(), embedded.waiters(name).unwrap());
        let (built, embedded) = (built.service(name).unwrap(), embedded.service(name).unwrap());
        assert_eq!(built.model(), embedded.model(), "build the archive anew");
        for operation in &built.model().operations {
            let (built, embedded) = (built.operation(operation), embedded.operation(operation));
            assert_eq!(built.unwrap(), embedded.unwrap(), "build the archive anew");
        }
    }
    let has_model = |entry: &std::fs::DirEntry| entry.path().is_dir();
    let services =
        std::fs::read_dir(data).unwrap().filter(|entry| has_model(entry.as_ref().unwrap()));
    assert_eq!(services.count(), embedded.services().count(), "build the archive anew");
}
