//! The scripted Redshift behaves as its documentation says, so that tests can lean on it.

use std::sync::Arc;
use std::time::Duration;

use maitred::client::http::HttpClient;
use maitred::client::{Call, Client as _, Observation, transport};
use maitred::clock::ManualClock;
use serde_json::{Value, json};

use crate::support::redshift::{FakeRedshift, Fault, Pace};

async fn send(redshift: &FakeRedshift, action: &str, cluster: &str) -> Observation {
    let input = json!({
        "url": redshift.url(),
        "data": {"Action": action, "Version": "2012-12-01", "ClusterIdentifier": cluster},
        "requestTimeout": 3,
    });
    let Value::Object(input) = input else { unreachable!("it is an object") };
    let call = Call::new("http", "POST", input);
    HttpClient::new(Arc::new(ManualClock::default())).call(&call).await
}

/// What is between `<name>` and `</name>` of the reply, or the code of a transport failure.
async fn member(redshift: &FakeRedshift, action: &str, cluster: &str, name: &str) -> String {
    let reply = match send(redshift, action, cluster).await {
        Observation::Output(output) => output.document.value().clone(),
        Observation::Error(error) => return error.code().to_owned(),
    };
    let body = reply["Body"].as_str().unwrap_or_default();
    let after = body.split_once(&format!("<{name}>")).map(|(_, after)| after).unwrap_or_default();
    after.split_once("</").map(|(text, _)| text).unwrap_or(body).to_owned()
}

async fn state(redshift: &FakeRedshift) -> String {
    member(redshift, "DescribeClusters", "analytics", "ClusterStatus").await
}

async fn code(redshift: &FakeRedshift, action: &str) -> String {
    member(redshift, action, "analytics", "Code").await
}

#[tokio::test]
async fn a_cluster_walks_through_its_life_one_describe_at_a_time() {
    let redshift = FakeRedshift::start(Pace::Describes(2));
    assert_eq!(code(&redshift, "DescribeClusters").await, "ClusterNotFound");
    let calls = [
        ("CreateCluster", ["creating", "creating", "available"]),
        ("PauseCluster", ["pausing", "pausing", "paused"]),
        ("ResumeCluster", ["resuming", "resuming", "available"]),
    ];
    for (action, states) in calls {
        assert_eq!(member(&redshift, action, "analytics", "ClusterStatus").await, states[0]);
        for expected in states {
            assert_eq!(state(&redshift).await, expected, "after {action}");
        }
    }
    assert_eq!(code(&redshift, "ResumeCluster").await, "InvalidClusterState");
    assert_eq!(code(&redshift, "CreateCluster").await, "ClusterAlreadyExists");
    assert_eq!(member(&redshift, "DeleteCluster", "analytics", "ClusterStatus").await, "deleting");
    assert_eq!([state(&redshift).await, state(&redshift).await], ["deleting", "deleting"]);
    assert_eq!(code(&redshift, "DescribeClusters").await, "ClusterNotFound");
    assert_eq!(redshift.actions()[..2], ["DescribeClusters", "CreateCluster"]);
}

#[tokio::test]
async fn a_state_can_last_for_a_time_instead() {
    let redshift = FakeRedshift::start(Pace::Elapsed(Duration::from_secs(3600)));
    redshift.cluster("analytics", &["resuming", "available"]);
    assert_eq!([state(&redshift).await, state(&redshift).await], ["resuming", "resuming"]);
    let redshift = FakeRedshift::start(Pace::Elapsed(Duration::ZERO));
    redshift.cluster("analytics", &["resuming", "available"]);
    assert_eq!(state(&redshift).await, "available");
}

#[tokio::test]
async fn faults_hit_the_poll_they_were_planned_for() {
    let redshift = FakeRedshift::start(Pace::Describes(1));
    redshift.cluster("analytics", &["pausing", "paused"]);
    let faults = [
        (1, Fault::Throttle, "Throttling"),
        (2, Fault::Deny, "AccessDenied"),
        (3, Fault::Reset, transport::CONNECT),
        (4, Fault::Hang, transport::TIMEOUT),
        (5, Fault::Truncate, transport::RESPONSE),
    ];
    for (number, fault, expected) in faults {
        redshift.fail_poll(number, fault);
        assert_eq!(code(&redshift, "DescribeClusters").await, expected);
    }
    redshift.fail_poll(6, Fault::Unavailable);
    assert_eq!(send(&redshift, "DescribeClusters", "analytics").await.status(), Some(503));
    assert_eq!([state(&redshift).await, state(&redshift).await], ["pausing", "paused"]);
}

#[tokio::test]
async fn all_clusters_and_snapshots_are_listed() {
    let redshift = FakeRedshift::start(Pace::Describes(1));
    for number in 0..50 {
        redshift.cluster(&format!("c{number}"), &["available"]);
    }
    redshift.snapshot("nightly", "analytics", &["creating", "available"]);
    redshift.snapshot("other", "c1", &["creating"]);
    let input = json!({"url": redshift.url(), "data": {"Action": "DescribeClusters"}});
    let Value::Object(input) = input else { unreachable!("it is an object") };
    let call = Call::new("http", "POST", input);
    let reply = HttpClient::new(Arc::new(ManualClock::default())).call(&call).await;
    let body = reply.document().expect("an output").value()["Body"].to_string();
    assert_eq!(body.matches("<ClusterStatus>available</ClusterStatus>").count(), 50);
    for expected in ["creating", "available"] {
        let action = "DescribeClusterSnapshots";
        assert_eq!(member(&redshift, action, "analytics", "Status").await, expected);
    }
}

#[tokio::test]
async fn a_call_goes_wrong_before_or_after_it_is_done() {
    let redshift = FakeRedshift::start(Pace::Describes(1));
    redshift.fail_call("CreateCluster", Fault::Busy, false);
    redshift.fail_call("CreateCluster", Fault::Reset, true);
    redshift.creates(&["creating", "storage-full"]);
    assert_eq!(code(&redshift, "CreateCluster").await, "InvalidClusterState");
    assert_eq!(code(&redshift, "DescribeClusters").await, "ClusterNotFound");
    assert_eq!(code(&redshift, "CreateCluster").await, transport::CONNECT);
    assert_eq!(state(&redshift).await, "creating");
    assert_eq!(state(&redshift).await, "storage-full");
    let calls = redshift.calls("CreateCluster");
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[1]["ClusterIdentifier"], "analytics");
}
