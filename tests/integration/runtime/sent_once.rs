//! Calls that must not happen twice, against servers that lose connections and answer badly.

use maitred::client::http::HttpClient;
use maitred::client::{Call, CallMode, Client as _, Observation, transport};
use maitred::clock::SystemClock;
use maitred::operator::FailureKind;
use maitred::runtime::{Task, TaskState};
use serde_json::json;

use super::rig::Rig;
use crate::support::loopback::{Loopback, RefusingPort, Reply, Request};

/// Answers the first request of each connection, and resets the connection on the next.
fn closes_when_idle(reply: Reply) -> Loopback {
    Loopback::start(
        move |request: &Request| {
            if request.place == 0 { reply.clone() } else { Reply::Reset }
        },
    )
}

fn message(task: &Task) -> &str {
    task.message.as_deref().unwrap_or_default()
}

async fn post(url: String) -> Observation {
    let client = HttpClient::new(std::sync::Arc::new(SystemClock::new()));
    let call = Call::new("http", "POST", [("url", json!(url)), ("json", json!({"n": 1}))]);
    client.call(&call.with_mode(CallMode::Once)).await
}

#[tokio::test]
async fn a_request_sent_once_never_goes_over_a_connection_that_the_server_may_have_closed() {
    let server = closes_when_idle(Reply::json(200, "{}"));
    let rig = Rig::http(&server.url("/"), 1);
    for _ in 0..5 {
        // Leaves a connection behind that is open and idle.
        let read = rig.run("http.request", json!({"method": "GET"})).await;
        assert_eq!(read.state, TaskState::Success, "{}", message(&read));
        let task = rig.run("http.request", json!({"json": {"n": 1}})).await;
        assert_eq!(task.state, TaskState::Success, "{}", message(&task));
    }
    let posts = server.requests().into_iter().filter(|request| request.method == "POST");
    assert_eq!(posts.map(|request| request.place).collect::<Vec<_>>(), [0; 5]);
}

#[tokio::test]
async fn a_request_sent_once_that_had_no_connection_fails_and_may_be_made_again() {
    let port = RefusingPort::reserve();
    let rig = Rig::http(&port.url("/"), 1);
    let task = rig.run("http.request", json!({"json": {}})).await;
    assert_eq!(task.state, TaskState::Failed, "{}", message(&task));
    assert_eq!(task.failure, Some(FailureKind::Unreachable));
}

#[tokio::test]
async fn a_request_sent_once_whose_reply_was_lost_is_in_doubt_and_not_repeated() {
    for lost in [Reply::Reset, Reply::Truncate(b"{\"id\": 7}".to_vec())] {
        let server = Loopback::start(move |_| lost.clone());
        let rig = Rig::http(&server.url("/"), 1);
        let id = rig.submit("http.request", &json!({"json": {}}), 3);
        rig.drain().await;
        assert_eq!(rig.task(id).state, TaskState::InDoubt);
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_redirect_never_sends_a_request_again_that_is_sent_once() {
    for status in [307, 308] {
        let server = Loopback::start(move |request: &Request| match request.path.as_str() {
            "/old" => Reply::text(status, "").header("Location", "/new?token=secret"),
            _ => Reply::json(200, r#"{"id": 7}"#),
        });
        let Observation::Error(error) = post(server.url("/old")).await else { panic!("{status}") };
        assert!(error.is_never_sent(), "{error}");
        assert!(error.message().contains("/new") && !error.message().contains("secret"), "{error}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_redirect_without_an_address_is_no_result_of_a_request_sent_once() {
    for status in [307, 308] {
        let server = Loopback::start(move |_: &Request| Reply::text(status, "accepted"));
        let Observation::Error(error) = post(server.url("/old")).await else { panic!("{status}") };
        assert!(error.is_never_sent() && error.message().contains("redirects"), "{error}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_redirect_to_the_result_of_a_request_sent_once_is_read() {
    for status in [301, 302, 303] {
        let server = Loopback::start(move |request: &Request| match request.method.as_str() {
            "POST" => Reply::text(status, "").header("Location", "/jobs/7"),
            _ => Reply::json(200, r#"{"id": 7}"#),
        });
        let seen = post(server.url("/jobs")).await.into_result().unwrap();
        assert_eq!(seen.value()["Body"], json!({"id": 7}));
        let requests = server.requests();
        let [_, read] = &requests[..] else { panic!("{requests:?}") };
        assert_eq!((&*read.method, &*read.path, read.body.len()), ("GET", "/jobs/7", 0));
    }
}

#[tokio::test]
async fn a_request_sent_once_counts_as_made_once_its_redirect_cannot_be_followed() {
    let gone = RefusingPort::reserve().url("/jobs/7");
    let server = Loopback::start(move |request: &Request| match request.path.as_str() {
        "/dead" => Reply::text(303, "").header("Location", &gone),
        "/missing" => Reply::text(303, "").header("Location", "/nothing"),
        _ => Reply::text(404, "no such job"),
    });
    for path in ["/dead", "/missing"] {
        let Observation::Error(error) = post(server.url(path)).await else { panic!("{path}") };
        assert!(!error.is_never_sent() && error.status().is_none(), "{path}: {error}");
        assert_eq!(error.code(), transport::RESPONSE);
    }
}

#[tokio::test]
async fn what_belongs_to_one_origin_does_not_follow_a_redirect_to_the_result_elsewhere() {
    let other = Loopback::start(|_| Reply::json(200, "{}"));
    let to = other.url("/jobs/7");
    let server = Loopback::start(move |_| Reply::text(303, "").header("Location", &to));
    let client = HttpClient::new(std::sync::Arc::new(SystemClock::new()));
    let call = Call::new(
        "http",
        "POST",
        [
            ("url", json!(server.url("/jobs"))),
            ("headers", json!({"X-Api-Key": "canary-4711"})),
            ("auth", json!({"bearer": "canary-4711"})),
            ("json", json!({"password": "canary-4711"})),
        ],
    );
    client.call(&call.with_mode(CallMode::Once)).await.into_result().unwrap();
    let [read] = &other.requests()[..] else { panic!("one request") };
    assert!(!format!("{read:?}").contains("canary-4711"), "{read:?}");
}

#[tokio::test]
async fn a_token_that_cannot_be_had_leaves_a_request_unsent() {
    let tokens = Loopback::start(|_| Reply::Reset);
    let server = Loopback::start(|_| Reply::json(200, "{}"));
    let oauth2 = json!({"token_url": tokens.url("/token"), "client_id": "a", "client_secret": "b"});
    let connection =
        json!({"conn_type": "http", "host": server.url("/"), "extra": {"oauth2": oauth2}});
    let rig = Rig::connected("MAITRED_CONN_HTTP_DEFAULT", &connection);
    let task = rig.run("http.request", json!({"json": {}})).await;
    assert_eq!(task.state, TaskState::Failed, "{}", message(&task));
    assert_eq!(server.requests().len(), 0);
}

mod aws {
    use maitred::client::Verify;
    use maitred::client::aws::{AccessKeys, AwsClient, AwsSettings};

    use super::*;
    use crate::support::redshift::{FakeRedshift, Fault, Pace};

    async fn client(endpoint: String, verify: Option<Verify>) -> AwsClient {
        let mut settings = AwsSettings::default();
        settings.region = Some("eu-west-1".to_owned());
        settings.endpoint_url = Some(endpoint);
        settings.verify = verify;
        settings.keys = Some(AccessKeys::new("AKIDEXAMPLE", "example"));
        AwsClient::new(&settings.sdk_config().await.unwrap())
    }

    fn pause() -> Call {
        Call::new("redshift", "PauseCluster", [("ClusterIdentifier", "analytics")])
    }

    #[tokio::test]
    async fn a_call_sent_once_has_a_connection_of_its_own_whatever_makes_connections() {
        let xml = "<PauseClusterResponse><PauseClusterResult/></PauseClusterResponse>";
        for verify in [None, Some(Verify::Enabled(false))] {
            let server = closes_when_idle(Reply::new(200, "text/xml", xml));
            let client = client(server.url("/"), verify).await;
            for _ in 0..5 {
                client.call(&pause()).await.into_result().unwrap();
                client.call(&pause().with_mode(CallMode::Once)).await.into_result().unwrap();
            }
            assert!(server.connections() >= 5);
        }
    }

    #[tokio::test]
    async fn a_call_sent_once_is_not_retried() {
        let server = Loopback::start(|_| Reply::text(500, "out of order"));
        let client = client(server.url("/"), None).await;
        let error =
            client.call(&pause().with_mode(CallMode::Once)).await.into_result().unwrap_err();
        assert_eq!((error.status(), error.is_never_sent()), (Some(500), false));
        assert_eq!(server.requests().len(), 1);
    }

    #[tokio::test]
    async fn a_call_without_a_connection_is_told_from_one_whose_reply_was_lost() {
        for verify in [None, Some(Verify::Enabled(false))] {
            let refusing = client(RefusingPort::reserve().url("/"), verify.clone()).await;
            let error =
                refusing.call(&pause().with_mode(CallMode::Once)).await.into_result().unwrap_err();
            assert!(error.is_never_sent(), "{error}");
            let server = Loopback::start(|_| Reply::Reset);
            let resetting = client(server.url("/"), verify).await;
            let error =
                resetting.call(&pause().with_mode(CallMode::Once)).await.into_result().unwrap_err();
            assert!(!error.is_never_sent(), "{error}");
            assert_eq!(server.requests().len(), 1);
        }
    }

    #[tokio::test]
    async fn a_main_call_of_the_sdk_has_a_connection_of_its_own() {
        let redshift = FakeRedshift::start(Pace::Describes(1));
        redshift.cluster("analytics", &["available"]);
        let rig = Rig::aws(&redshift.url(), 1);
        let args = json!({"cluster_identifier": "analytics"});
        let task = rig.run("redshift.pause_cluster", args).await;
        assert_eq!(task.state, TaskState::Success, "{}", message(&task));
        assert_eq!(redshift.places("PauseCluster"), [0]);
    }

    /// What became of a task whose undo the service answered so.
    async fn undone(fault: Fault) -> (Task, usize) {
        let redshift = FakeRedshift::start(Pace::Describes(1000));
        redshift.cluster("analytics", &["available"]);
        redshift.fail_call("ResumeCluster", fault, false);
        let rig = Rig::aws(&redshift.url(), 1);
        let args = json!({
            "cluster_identifier": "analytics",
            "wait_for_completion": true,
            "deferrable": true,
        });
        let id = rig.submit("redshift.pause_cluster", &args, 0);
        rig.drain_and_undo(id).await;
        (rig.task(id), redshift.calls("ResumeCluster").len())
    }

    #[tokio::test]
    async fn an_undo_is_sent_once_and_one_that_is_unclear_says_so() {
        for fault in [Fault::Unavailable, Fault::Reset, Fault::Truncate] {
            let (task, calls) = undone(fault).await;
            assert_eq!((task.state, calls), (TaskState::Cancelled, 1), "{fault:?}");
            let unclear = "it is unclear whether this was undone, look: resume cluster analytics";
            assert!(message(&task).contains(unclear), "{fault:?}: {}", message(&task));
        }
    }

    #[tokio::test]
    async fn an_undo_that_was_refused_says_so() {
        let (task, calls) = undone(Fault::Deny).await;
        assert_eq!((task.state, calls), (TaskState::Cancelled, 1));
        assert!(message(&task).contains("could not undo"), "{}", message(&task));
    }
}
