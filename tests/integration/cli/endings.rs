//! Every way a wait ends has its exit code, and says what to do next.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::process::{Maitred, Ran, finished};
use crate::support::loopback::{Loopback, RefusingPort, Reply};
use crate::support::redshift::{FakeRedshift, Fault, Pace};

const READY: &str = "Body.state == 'ready'";

/// Waits until the reply of a server is ready, at most three times.
async fn poll(url: &str, more: &[&str]) -> Ran {
    let args = ["wait", "http", "get", "--url", url, "--until", READY, "--delay", "0.01"];
    Maitred::new().run(&[&args[..], more].concat()).await
}

/// A server whose replies, one after the other, are these; the last one is repeated.
fn replies(replies: Vec<Reply>) -> Loopback {
    let next = AtomicUsize::new(0);
    Loopback::start(move |_| {
        let index = next.fetch_add(1, Ordering::SeqCst).min(replies.len() - 1);
        replies[index].clone()
    })
}

fn state(state: &str) -> Reply {
    Reply::json(200, &format!("{{\"state\": \"{state}\"}}"))
}

#[tokio::test]
async fn success_is_0() {
    let server = replies(vec![state("starting"), state("starting"), state("ready")]);
    let ran = poll(&server.url("/"), &["--show", "Body.state"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.stdout, "ready\n");
    assert!(ran.stderr.contains("http.get succeeded after 3 attempts"), "{}", ran.stderr);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_failure_condition_is_1() {
    let server = replies(vec![state("starting"), state("broken")]);
    let ran = poll(&server.url("/"), &["--fail-if", "Body.state == 'broken'"]).await;
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("error: http.get failed"), "{}", ran.stderr);
}

#[tokio::test]
async fn used_up_attempts_are_3() {
    let server = replies(vec![state("starting")]);
    let ran = poll(&server.url("/"), &["--max-attempts", "2"]).await;
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("gave up after 2 attempts"), "{}", ran.stderr);
    assert!(ran.stderr.contains("help: wait longer with --timeout"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_server_that_hangs_is_cut_at_the_deadline() {
    let server = replies(vec![Reply::Hang]);
    let url = server.url("/");
    let wait = ["wait", "http", "get", "--url", &url, "--until", READY, "--output", "json"];
    let is_reached = || !server.requests().is_empty();
    let ran = Maitred::new().run_out_of_time(&wait, is_reached).await;
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    let json = ran.json();
    assert_eq!((&json["status"], &json["attempts"]), (&"timeout".into(), &1.into()));
}

#[tokio::test]
async fn used_up_without_any_answer_is_5() {
    let port = RefusingPort::reserve();
    let url = port.url("/");
    for (more, status) in [(["--max-attempts", "2"], "exhausted"), (["--timeout", "1s"], "timeout")]
    {
        let ran = poll(&url, &[&more[..], &["--output", "json"]].concat()).await;
        assert_eq!(ran.code, Some(5), "{}", ran.stderr);
        assert_eq!(ran.json()["status"], status, "{}", ran.stdout);
    }
    // One answer, and it is no longer the network that is to blame.
    let server = replies(vec![state("starting"), Reply::text(503, "no")]);
    let ran = poll(&server.url("/"), &["--max-attempts", "2"]).await;
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
}

#[tokio::test]
async fn used_up_without_any_answer_is_5_also_where_the_waiter_goes_on_after_each_failure() {
    let port = RefusingPort::reserve();
    let url = port.url("/");
    let up = ["wait", "http", "up", "--url", &url, "--delay", "0.01"];
    for bound in [&["--max-attempts", "2"][..], &["--timeout", "1s"], &["--once"]] {
        let ran = Maitred::new().run(&[&up[..], bound].concat()).await;
        assert_eq!(ran.code, Some(5), "{bound:?}: {}", ran.stderr);
    }
    let each = ["--for-each", &format!("url={url},{}", port.url("/b")), "--max-attempts", "2"];
    let up = ["wait", "http", "up", "--delay", "0.01"];
    let ran = Maitred::new().run(&[&up[..], &each].concat()).await;
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    // Such failures say nothing once there was an answer, and neither does a 404.
    for first in [Reply::text(200, "redirecting"), Reply::text(404, "no")] {
        let server = replies(vec![first, Reply::text(503, "no")]);
        let args = ["wait", "http", "get", "--until", READY, "--delay", "0.01"];
        let ran = Maitred::new()
            .run(&[&args[..], &["--url", &server.url("/"), "--max-attempts", "3"]].concat())
            .await;
        assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    }
}

#[tokio::test]
async fn the_message_names_the_last_error_in_text_and_json_alike() {
    let port = RefusingPort::reserve();
    let url = port.url("/");
    let args = ["wait", "http", "up", "--url", &url, "--delay", "0", "--max-attempts", "2"];
    let ran = Maitred::new().run(&[&args[..], &["--output", "json"]].concat()).await;
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    let message = ran.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("; last error: ConnectError: "), "{message}");
    assert!(ran.stderr.contains(&message), "{message}\n{}", ran.stderr);
}

#[tokio::test]
async fn a_string_without_quotes_is_pointed_out() {
    let server = Loopback::start(|_| Reply::json(200, r#"{"state": "done"}"#));
    let url = server.url("/");
    let args = ["wait", "http", "get", "--url", &url, "--delay", "0", "--until"];
    for (condition, bound) in [
        ("Body.state == done", ["--max-attempts", "2"]),
        ("StatusCode == `200` && Body.state == done", ["--max-attempts", "1"]),
        ("Body.state == \"done\"", ["--max-attempts", "1"]),
        ("Body.state == done", ["--once", "-v"]),
    ] {
        let asked = [&args[..], &[condition], &bound].concat();
        let ran = Maitred::new().run(&asked).await;
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains("write text in single quotes: 'done'"), "{}", ran.stderr);
        let ran = Maitred::new().run(&[&asked[..], &["--allow-unknown"]].concat()).await;
        assert_eq!(ran.code, Some(3), "{}", ran.stderr);
        assert!(ran.stderr.contains("write text in single quotes: 'done'"), "{}", ran.stderr);
    }
    assert!(server.requests().len() < 10, "what is refused is not sent");
    for condition in ["Body.state == 'ready'", "Body.state == Body.wanted", "done == 'x'"] {
        let ran =
            Maitred::new().run(&[&args[..], &[condition, "--max-attempts", "1"]].concat()).await;
        assert!(!ran.stderr.contains("quotes"), "{condition}: {}", ran.stderr);
    }
}

/// Waiters of a server's state that bear no transient failure.
const IMPATIENT: &str = r#"{"version": 2, "waiters": {"ready": {
    "operation": "GET", "delay": 0.01, "maxAttempts": 5, "transient": {"maxConsecutive": 0},
    "acceptors": [{"state": "success", "matcher": "path", "argument": "Body.state", "expected": "ready"}]
}}}"#;

async fn poll_impatiently(url: &str) -> Ran {
    let maitred = Maitred::new().file("mine/http.json", IMPATIENT);
    maitred.run(&["wait", "http", "ready", "--url", url, "--waiters", "mine"]).await
}

#[tokio::test]
async fn a_refused_connection_is_5() {
    let port = RefusingPort::reserve();
    let ran = poll_impatiently(&port.url("/")).await;
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    assert!(ran.stderr.contains("ConnectError"), "{}", ran.stderr);
    assert!(ran.stderr.contains("help: is the server up? check --url"), "{}", ran.stderr);
}

#[tokio::test]
async fn throttled_out_is_5() {
    let server = replies(vec![Reply::text(429, "slow down")]);
    let ran = poll_impatiently(&server.url("/")).await;
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    assert!(ran.stderr.contains("--delay"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_truncated_body_is_5() {
    let server = replies(vec![Reply::Truncate(b"{\"state\": \"ready\"}".to_vec())]);
    let ran = poll_impatiently(&server.url("/")).await;
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    assert!(ran.stderr.contains("ResponseError"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_page_instead_of_json_is_no_success() {
    let server = replies(vec![Reply::new(200, "text/html", "<html>ready</html>"), state("ready")]);
    let ran = poll(&server.url("/"), &[]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_reply_that_no_acceptor_names_is_4() {
    let server = replies(vec![Reply::text(403, "no")]);
    let ran = poll(&server.url("/"), &[]).await;
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("check --auth"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_server_may_appear_after_fifty_refusals() {
    let port = RefusingPort::reserve();
    let url = port.url("/health");
    let args = ["wait", "http", "up", "--url", &url, "--delay", "0", "--timeout", "60", "-v"];
    let mut child = Maitred::new().start(&args);
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.starts_with("poll 50 ") {
            break;
        }
    }
    let server = port.start(|_| Reply::text(200, "up"));
    // The rest is read too, so that the pipe does not fill up.
    while lines.next_line().await.unwrap().is_some() {}
    let ran = finished(child).await;
    assert_eq!(ran.code, Some(0));
    assert_eq!(ran.stdout, "200\n");
    assert_eq!(server.requests().len(), 1);
}

/// Waits for a cluster to be paused.
async fn poll_cluster(maitred: &Maitred, redshift: &FakeRedshift, more: &[&str]) -> Ran {
    let url = redshift.url();
    let args = ["wait", "redshift", "cluster_paused", "--cluster-identifier", "analytics"];
    let pace = ["--endpoint-url", &url, "--delay", "0.01"];
    maitred.run(&[&args[..], &pace, more].concat()).await
}

#[tokio::test]
async fn a_cluster_is_waited_for_by_name() {
    let redshift = FakeRedshift::start(Pace::Describes(2));
    redshift.cluster("analytics", &["pausing", "paused"]);
    let ran = poll_cluster(&Maitred::with_account(), &redshift, &[]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(redshift.actions(), ["DescribeClusters"; 3]);
    assert!(ran.stderr.starts_with("waiting for redshift.cluster_paused (maitred) in eu-west-1"));
}

#[tokio::test]
async fn throttling_passes() {
    let redshift = FakeRedshift::start(Pace::Describes(1));
    redshift.cluster("analytics", &["paused"]);
    redshift.fail_poll(1, Fault::Throttle);
    let ran = poll_cluster(&Maitred::with_account(), &redshift, &[]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("Throttling: Rate exceeded; trying again"), "{}", ran.stderr);
    assert_eq!(redshift.actions().len(), 2);
}

#[tokio::test]
async fn access_denied_is_4() {
    let redshift = FakeRedshift::start(Pace::Describes(1));
    redshift.cluster("analytics", &["paused"]);
    redshift.fail_poll(1, Fault::Deny);
    let ran = poll_cluster(&Maitred::with_account(), &redshift, &["--output", "json"]).await;
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("help: the credentials do not permit this"), "{}", ran.stderr);
    let json = ran.json();
    assert_eq!(json["status"], "error");
    assert_eq!(json["error"]["code"], "AccessDenied");
    assert_eq!(json["error"]["status"], 403);
}

#[tokio::test]
async fn no_credentials_are_4() {
    let redshift = FakeRedshift::start(Pace::Describes(1));
    let maitred = Maitred::new().variable("AWS_REGION", "eu-west-1");
    let ran = poll_cluster(&maitred, &redshift, &[]).await;
    assert_eq!(ran.code, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("there are no credentials"), "{}", ran.stderr);
    assert_eq!(redshift.actions().len(), 0);
}

#[tokio::test]
async fn no_region_is_2() {
    let redshift = FakeRedshift::start(Pace::Describes(1));
    let ran = poll_cluster(&Maitred::new(), &redshift, &[]).await;
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("give --region NAME"), "{}", ran.stderr);
}

#[tokio::test]
async fn one_poll_tells_how_it_stands() {
    let server = replies(vec![state("starting"), state("broken"), state("ready")]);
    let url = server.url("/");
    let mut codes = Vec::new();
    for _ in 0..3 {
        let more = ["--once", "--fail-if", "Body.state == 'broken'"];
        codes.push(poll(&url, &more).await.code);
    }
    assert_eq!(codes, [Some(3), Some(1), Some(0)]);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn one_poll_of_nothing_is_5() {
    let port = RefusingPort::reserve();
    let ran = poll(&port.url("/"), &["--once"]).await;
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
}

#[tokio::test]
async fn a_region_is_a_name_and_an_empty_one_is_none() {
    let asked = |maitred: Maitred, more: &'static [&'static str]| async move {
        let args = ["call", "redshift", "describe-clusters", "--dry-run"];
        maitred.run(&[&args[..], more].concat()).await
    };
    let empty = || Maitred::with_account().variable("AWS_REGION", "");
    let ran = asked(empty().variable("AWS_DEFAULT_REGION", "us-east-1"), &[]).await;
    assert!(ran.stdout.contains("https://redshift.us-east-1.amazonaws.com/"), "{ran:?}");
    let ran = asked(Maitred::with_account(), &["--region", ""]).await;
    assert!(ran.stdout.contains("https://redshift.eu-west-1.amazonaws.com/"), "{ran:?}");
    for (maitred, more, said) in [
        (empty(), &[][..], "there is no AWS region"),
        (empty(), &["--region", "x y"], "`x y` is not an AWS region"),
        (Maitred::with_account().variable("AWS_REGION", "eu.west"), &[], "`eu.west` is not an AWS"),
    ] {
        let ran = asked(maitred, more).await;
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.stderr.contains(said), "{ran:?}");
    }
}

#[tokio::test]
async fn what_the_model_does_not_know_is_told_before_the_wait() {
    let redshift = FakeRedshift::start(Pace::Describes(1));
    redshift.cluster("analytics", &["available"]);
    let asked = async |until: &str| {
        let url = redshift.url();
        let args = ["wait", "redshift", "describe-clusters", "--endpoint-url", &url, "--once"];
        Maitred::with_account().run(&[&args[..], &["--until", until]].concat()).await
    };
    let ran = asked("Clusters[0].Clusterstatus == 'available'").await;
    let said = "`Cluster` has no member `Clusterstatus`; did you mean `ClusterStatus`?";
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains(said) && ran.stderr.contains("--allow-unknown"), "{ran:?}");
    // Anything that is there is true.
    for until in ["Clusters[0].ClusterStatus == 'available'", "Clusters", "length(Clusters)"] {
        let ran = asked(until).await;
        assert!(ran.code == Some(0) && !ran.stderr.contains("warning"), "{ran:?}");
    }
}
