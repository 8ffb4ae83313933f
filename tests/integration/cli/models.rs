//! Service models of the user's own: found, merged, told of, and refused where they are not whole.

use std::io::Write as _;

use serde_json::{Value, json};

use super::process::{Maitred, Ran};
use crate::support::loopback::{Loopback, Reply};

const WAIT: [&str; 8] =
    ["wait", "myservice", "get-thing", "--id", "x", "--until", "State == 'ready'", "--once"];

/// A service that nobody else has.
fn model() -> Value {
    json!({
        "version": "2.0",
        "metadata": {
            "apiVersion": "2024-01-01", "endpointPrefix": "myservice", "protocol": "rest-json",
            "signatureVersion": "v4",
        },
        "operations": { "GetThing": {
            "name": "GetThing",
            "http": { "method": "GET", "requestUri": "/things/{Id}" },
            "input": { "shape": "ThingId" },
            "output": { "shape": "Thing" },
        } },
        "shapes": {
            "String": { "type": "string" },
            "ThingId": {
                "type": "structure", "required": ["Id"],
                "members": { "Id": { "shape": "String", "location": "uri", "locationName": "Id" } },
            },
            "Thing": { "type": "structure", "members": { "State": { "shape": "String" } } },
        },
    })
}

fn server() -> Loopback {
    Loopback::start(|_| Reply::json(200, r#"{"State": "ready", "Color": "red"}"#))
}

fn zip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

async fn run(maitred: &Maitred, server: &Loopback, args: &[&str]) -> Ran {
    let url = server.url("");
    maitred.run(&[args, &["--endpoint-url", &url]].concat()).await
}

#[tokio::test]
async fn a_service_with_a_model_of_its_own_is_waited_for_and_called() {
    let server = server();
    let file = "models/myservice/2024-01-01/service-2.json";
    for (variable, folder, option) in [
        ("AWS_DATA_PATH", "models", &[][..]),
        ("UNUSED", ".aws/models", &[]),
        ("UNUSED", "models", &["--botocore-data", "models"]),
    ] {
        let maitred = Maitred::with_account()
            .variable(variable, "models")
            .file(&file.replace("models", folder), &model().to_string());
        let ran = run(&maitred, &server, &[&WAIT, option].concat()).await;
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let call = ["call", "myservice", "GetThing", "--id", "x"];
        let ran = run(&maitred, &server, &[&call, option].concat()).await;
        assert_eq!(ran.json()["State"], "ready", "{}", ran.stderr);
        assert!(ran.json().get("Color").is_none());
    }
    assert!(server.requests().iter().all(|request| request.path == "/things/x"));
}

#[tokio::test]
async fn a_service_without_rules_is_where_most_services_are() {
    let maitred = Maitred::with_account()
        .variable("AWS_DATA_PATH", "models")
        .file("models/myservice/2024-01-01/service-2.json", &model().to_string());
    let ran = maitred.run(&["call", "myservice", "get-thing", "--id", "x", "--dry-run"]).await;
    let url = "https://myservice.eu-west-1.amazonaws.com/things/x";
    assert!(ran.stdout.contains(url), "{}{}", ran.stdout, ran.stderr);
    let rules = json!({ "version": "1.0", "parameters": {}, "rules": [{
        "conditions": [], "type": "endpoint", "endpoint": { "url": "https://things.example" },
    }] });
    let maitred =
        maitred.file("models/myservice/2024-01-01/endpoint-rule-set-1.json", &rules.to_string());
    let ran = maitred.run(&["call", "myservice", "get-thing", "--id", "x", "--dry-run"]).await;
    assert!(ran.stdout.contains("https://things.example/things/x"), "{}", ran.stdout);
}

#[tokio::test]
async fn the_newest_version_of_the_first_folder_wins_with_its_extras() {
    let server = server();
    let color = json!({ "merge": { "shapes": { "Thing": { "members": {
        "Color": { "shape": "String" },
    } } } } });
    let old = json!({ "metadata": {}, "operations": {}, "shapes": {} });
    let maitred = Maitred::with_account()
        .variable("AWS_DATA_PATH", "none:one:two")
        .file("one/myservice/2020-01-01/service-2.json", &old.to_string())
        .bytes("one/myservice/2024-01-01/service-2.json.gz", &zip(&model().to_string()))
        // The extras of a version are merged from wherever they are.
        .file("two/myservice/2024-01-01/service-2.sdk-extras.json", &color.to_string())
        .file("two/myservice/2025-01-01/service-2.json", &old.to_string());
    let ran = run(&maitred, &server, &["call", "myservice", "get-thing", "--id", "x"]).await;
    assert_eq!(ran.json()["Color"], "red", "{}", ran.stderr);
}

#[tokio::test]
async fn a_model_of_a_built_in_service_wins_over_it() {
    let server = server();
    let maitred = Maitred::with_account()
        .file(".aws/models/redshift/2012-12-01/service-2.json", &model().to_string());
    let ran = run(&maitred, &server, &["call", "redshift", "get-thing", "--id", "x"]).await;
    assert_eq!(ran.json()["State"], "ready", "{}", ran.stderr);
    let ran = maitred.run(&["models"]).await;
    let line = |service: &str| {
        let mut lines = ran.stdout.lines().filter(|line| line.starts_with(service));
        lines.next().unwrap_or_default().to_owned()
    };
    assert!(line("built in:").ends_with("botocore 1.43.11"), "{}", ran.stdout);
    assert!(line("redshift ").ends_with("redshift/2012-12-01/service-2.json"), "{}", ran.stdout);
    assert!(line("redshift-data ").ends_with("built in"), "{}", ran.stdout);
    let ran = maitred.run(&["models", "--output", "json"]).await;
    let list = ran.json();
    let services = list["services"].as_array().unwrap();
    let redshift = services.iter().find(|service| service["name"] == "redshift").unwrap();
    assert_eq!(redshift["origin"]["kind"], "file");
}

#[tokio::test]
async fn a_model_that_cannot_be_used_is_an_error_of_its_service_alone() {
    let server = server();
    let endless = json!({ "type": "list", "member": { "shape": "Thing" } });
    let mut recursive = model();
    recursive["shapes"]["Thing"] = endless;
    let bomb = vec![b' '; 80 << 20];
    for (file, content, why) in [
        ("service-2.json", b"{".to_vec(), "EOF while parsing"),
        ("service-2.json", b"{}".to_vec(), "no object `operations`"),
        ("service-2.json", vec![0xff, 0xfe], "UTF-8"),
        ("service-2.json", "[".repeat(100_000).into_bytes(), "recursion limit"),
        ("service-2.json", recursive.to_string().into_bytes(), "shape `Thing`"),
        ("service-2.json.gz", b"not zipped".to_vec(), "gzip"),
        ("service-2.json.gz", zip(std::str::from_utf8(&bomb).unwrap()), "longer than"),
        ("service-2.sdk-extras.json", b"{}".to_vec(), "which has it"),
    ] {
        let path = format!(".aws/models/redshift/2012-12-01/{file}");
        let maitred = Maitred::with_account().bytes(&path, &content);
        for command in [
            &["call", "redshift", "describe-clusters"][..],
            &["wait", "redshift", "cluster_available", "--cluster-identifier", "c"],
        ] {
            let ran = run(&maitred, &server, command).await;
            assert_eq!(ran.code, Some(2), "{file}: {}", ran.stderr);
            assert!(
                ran.stderr.contains(&path) && ran.stderr.contains(why),
                "{why}: {}",
                ran.stderr
            );
            assert!(ran.stderr.contains("correct the file"), "{}", ran.stderr);
        }
        let ran = run(&maitred, &server, &["call", "eks", "list-clusters"]).await;
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
    let ran = Maitred::with_account().run(&["call", "eks", "x", "--botocore-data", "none"]).await;
    assert!(ran.stderr.contains("none is not a folder"), "{}", ran.stderr);
}

#[tokio::test]
async fn extras_change_part_of_a_built_in_waiter() {
    let delay = |waiter: &str| {
        json!({ "version": 1.0, "merge": { "waiters": { waiter: { "delay": 77 } } } }).to_string()
    };
    let maitred = Maitred::with_account()
        .file(".aws/models/ec2/2016-11-15/waiters-2.sdk-extras.json", &delay("VpcExists"))
        // One of ours: it goes before botocore's, and so it is the one that is changed.
        .file(".aws/models/redshift/2012-12-01/waiters-2.sdk-extras.json", &delay("ClusterPaused"));
    for (service, waiter) in [("ec2", "vpc_exists"), ("redshift", "cluster_paused")] {
        let ran = maitred.run(&["explain", service, waiter, "--output", "json"]).await;
        let path = format!("{service}/");
        assert!(ran.stdout.contains("77") && ran.stdout.contains(&path), "{}", ran.stdout);
        assert!(ran.stdout.contains("sdk-extras"), "{}", ran.stdout);
    }
    // The others stay as they are.
    let ran = maitred.run(&["list", "ec2", "--output", "json"]).await;
    let list = ran.json();
    let waiters = list["waiters"].as_array().unwrap();
    assert!(waiters.len() > 40, "{}", waiters.len());
    let changed = waiters.iter().filter(|waiter| waiter["origin"]["kind"] == "dataPath");
    assert_eq!(changed.count(), 1);
}

#[tokio::test]
async fn extras_go_over_the_waiters_of_the_same_version_in_any_folder() {
    let waiters = json!({ "version": 2, "waiters": { "ThingReady": {
        "operation": "GetThing", "delay": 5, "maxAttempts": 3,
        "acceptors": [{ "state": "success", "matcher": "status", "expected": 200 }],
    } } });
    let extras = json!({ "merge": { "waiters": { "ThingReady": { "delay": 77 } } } });
    let maitred = Maitred::with_account()
        .variable("AWS_DATA_PATH", "one:two")
        .file("one/myservice/2024-01-01/waiters-2.sdk-extras.json", &extras.to_string())
        .file("two/myservice/2024-01-01/service-2.json", &model().to_string())
        .bytes("two/myservice/2024-01-01/waiters-2.json.gz", &zip(&waiters.to_string()));
    let ran = maitred.run(&["explain", "myservice", "thing_ready"]).await;
    assert!(ran.stdout.contains("1 min 17 s"), "{}{}", ran.stdout, ran.stderr);
    let server = server();
    let wait = ["wait", "myservice", "thing_ready", "--id", "x"];
    let ran = run(&maitred, &server, &wait).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}
