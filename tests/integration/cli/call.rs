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
async fn help_after_a_failed_call_names_no_option_that_the_command_does_not_have() {
    let redshift = FakeRedshift::start(Pace::Describes(1));
    redshift.fail_poll(1, Fault::Throttle);
    let (aws, port) = (redshift.url(), RefusingPort::reserve());
    let missing = Loopback::start(|_| Reply::text(404, "no"));
    let busy = Loopback::start(|_| Reply::text(503, "no"));
    // Once throttled, and then for a cluster that does not exist.
    let describe = ["call", "redshift", "describe-clusters", "--cluster-identifier", "a"];
    let describe = || [&describe[..], &["--endpoint-url", &aws]].concat();
    let (refusing, missing, busy) = (port.url("/"), missing.url("/"), busy.url("/"));
    let get = |url| vec!["call", "http", "get", "--url", url];
    let test = vec!["connections", "test", "c", "--endpoint-url", &refusing];
    for args in [describe(), describe(), get(&refusing), get(&missing), get(&busy), test] {
        let maitred = Maitred::with_account().variable(
            "MAITRED_CONN_C",
            r#"{"conn_type": "aws", "extra": {"region_name": "eu-west-1"}}"#,
        );
        let ran = maitred.run(&args).await;
        let help = ran.stderr.lines().find(|line| line.starts_with("help: ")).unwrap_or_default();
        assert!(!help.is_empty(), "{args:?}: {}", ran.stderr);
        let known = maitred.run(&[&args[..3], &["--help"]].concat()).await.stdout;
        let named = help.split(|c: char| !c.is_ascii_lowercase() && c != '-');
        // What stands in backquotes is another command.
        let quoted = help.split('`').skip(1).step_by(2).collect::<String>();
        for flag in named.filter(|word| word.starts_with("--") && !quoted.contains(word)) {
            assert!(known.contains(flag), "{args:?}: {help}");
        }
        assert!(!help.contains("acceptor"), "{help}");
    }
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
