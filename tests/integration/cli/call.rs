//! `maitred call`: one call, its reply as JSON.

use super::process::Maitred;
use crate::support::loopback::{Loopback, RefusingPort, Reply};
use crate::support::redshift::{FakeRedshift, Fault, Pace};

#[tokio::test]
async fn a_reply_is_printed_as_json() {
    let redshift = FakeRedshift::start(Pace::Describes(1));
    redshift.cluster("analytics", &["available"]);
    let url = redshift.url();
    let args = ["call", "redshift", "describe-clusters", "--endpoint-url", &url];
    let ran = Maitred::with_account().run(&args).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.json()["Clusters"][0]["ClusterStatus"], "available");
    assert_eq!(ran.stderr, "");
}

#[tokio::test]
async fn what_may_change_something_needs_leave() {
    let redshift = FakeRedshift::start(Pace::Describes(1));
    redshift.cluster("analytics", &["available"]);
    let url = redshift.url();
    let args = ["call", "redshift", "pause-cluster", "--cluster-identifier", "analytics"];
    let args = [&args[..], &["--endpoint-url", &url]].concat();
    let ran = Maitred::with_account().run(&args).await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("give --allow-mutating"), "{}", ran.stderr);
    assert_eq!(redshift.actions().len(), 0);
    let ran = Maitred::with_account().run(&[&args[..], &["--allow-mutating"]].concat()).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(redshift.actions(), ["PauseCluster"]);
}

#[tokio::test]
async fn errors_have_the_exit_codes_of_waits() {
    let redshift = FakeRedshift::start(Pace::Describes(1));
    redshift.fail_poll(1, Fault::Deny);
    redshift.fail_poll(2, Fault::Throttle);
    let url = redshift.url();
    let args = ["call", "redshift", "describe-clusters", "--endpoint-url", &url];
    for code in [4, 5] {
        let ran = Maitred::with_account().run(&args).await;
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
        assert!(ran.stderr.contains("error: ") && ran.stderr.contains("help: "), "{}", ran.stderr);
    }
    let port = RefusingPort::reserve();
    let ran = Maitred::new().run(&["call", "http", "get", "--url", &port.url("/")]).await;
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
}

#[tokio::test]
async fn an_http_error_still_prints_its_reply() {
    let server = Loopback::start(|_| Reply::json(404, r#"{"message": "no such job"}"#));
    let ran = Maitred::new().run(&["call", "http", "get", "--url", &server.url("/")]).await;
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert_eq!(ran.json()["Body"]["message"], "no such job");
}

#[tokio::test]
async fn a_query_picks_from_the_reply() {
    let server = Loopback::start(|_| Reply::json(200, r#"{"jobs": [{"id": "a"}, {"id": "b"}]}"#));
    let url = server.url("/");
    let call = async |more: &[&str]| {
        Maitred::new().run(&[&["call", "http", "get", "--url", &url][..], more].concat()).await
    };
    let ran = call(&["--query", "Body.jobs[].id"]).await;
    assert_eq!(ran.json(), serde_json::json!(["a", "b"]), "{}", ran.stderr);
    for (query, text) in [
        ("Body.jobs[].id", "a\nb\n"),
        ("Body.jobs[0].id", "a\n"),
        ("Body.jobs[0]", "{\"id\":\"a\"}\n"),
        ("StatusCode", "200\n"),
        ("Body.nothing", ""),
    ] {
        let ran = call(&["--query", query, "--output", "text"]).await;
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), text), "{query}: {}", ran.stderr);
    }
    let sent = server.requests().len();
    let ran = call(&["--query", "Body.["]).await;
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert_eq!(server.requests().len(), sent, "a query that does not compile sends nothing");
    let ran = call(&["--query", "length(StatusCode)"]).await;
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("--query has no value on this reply"), "{}", ran.stderr);
}
