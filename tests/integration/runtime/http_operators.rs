//! The operators for HTTP, deferred and not, against a server on the loopback interface.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use maitred::clock::Timestamp;
use maitred::operator::{FailureKind, Intent, Settled};
use maitred::runtime::{Task, TaskState};
use serde_json::{Value, json};

use super::rig::Rig;
use crate::support::loopback::{Loopback, RefusingPort, Reply, Request};

const MODES: [bool; 2] = [false, true];

/// A server that gives these replies in turn, the last one for ever.
fn replies(replies: Vec<Reply>) -> Loopback {
    let next = AtomicUsize::new(0);
    Loopback::start(move |_| {
        let index = next.fetch_add(1, Ordering::SeqCst).min(replies.len() - 1);
        replies[index].clone()
    })
}

fn message(task: &Task) -> &str {
    task.message.as_deref().unwrap_or_default()
}

fn sensor(deferrable: bool) -> Value {
    json!({"endpoint": "jobs/7", "poke_interval": 0.02, "deferrable": deferrable})
}

#[tokio::test]
async fn a_sensor_asks_until_the_reply_is_good() {
    for deferrable in MODES {
        let server = replies(vec![
            Reply::text(404, "not yet"),
            Reply::Reset,
            Reply::text(503, "starting"),
            Reply::json(200, "{}"),
        ]);
        let rig = Rig::http(&server.url("/api"), 100);
        let task = rig.run("http.sensor", sensor(deferrable)).await;
        assert_eq!(task.state, TaskState::Success, "{}", message(&task));
        assert_eq!(rig.deferrals(task.id), usize::from(deferrable));
        let paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
        assert_eq!(paths, ["/api/jobs/7"; 4]);
    }
}

#[tokio::test]
async fn a_sensor_checks_status_and_body_in_both_modes() {
    for deferrable in MODES {
        let server = replies(vec![
            Reply::json(200, r#"{"state": "running"}"#),
            Reply::text(200, "no json at all"),
            Reply::json(202, r#"{"state": "done"}"#),
            Reply::json(200, r#"{"state": "done"}"#),
        ]);
        let rig = Rig::http(&server.url("/"), 100);
        let mut args = sensor(deferrable);
        args["response_check"] = json!({"status": 200, "expression": "Body.state == 'done'"});
        let task = rig.run("http.sensor", args).await;
        assert_eq!(task.state, TaskState::Success, "{}", message(&task));
        assert_eq!(server.requests().len(), 4);
    }
}

#[tokio::test]
async fn an_error_status_can_be_what_is_waited_for() {
    for deferrable in MODES {
        let server = replies(vec![Reply::text(200, "still here"), Reply::text(410, "gone")]);
        let rig = Rig::http(&server.url("/"), 100);
        let mut args = sensor(deferrable);
        args["response_check"] = json!({"status": [404, 410]});
        let task = rig.run("http.sensor", args).await;
        assert_eq!(task.state, TaskState::Success, "{}", message(&task));
    }
}

#[tokio::test]
async fn what_waiting_does_not_mend_ends_a_sensor_after_one_request() {
    for deferrable in MODES {
        let failed = Reply::json(200, r#"{"state": "failed", "message": "no space"}"#);
        for (reply, why) in [(Reply::text(403, "not you"), "not you"), (failed, "no space")] {
            let server = replies(vec![reply]);
            let rig = Rig::http(&server.url("/"), 1);
            let mut args = sensor(deferrable);
            args["fail_if"] = "Body.state == 'failed'".into();
            let task = rig.run("http.sensor", args.clone()).await;
            assert_eq!(task.state, TaskState::Failed);
            assert!(message(&task).contains(why), "{}", message(&task));
            assert_eq!(server.requests().len(), 1);
        }
    }
}

#[tokio::test]
async fn soft_fail_skips_what_did_not_come_in_time_and_nothing_else() {
    for deferrable in MODES {
        let failed = Reply::json(200, r#"{"state": "failed", "message": "no space"}"#);
        let cases = [
            (Reply::text(401, "who?"), TaskState::Failed, Some(FailureKind::Refused)),
            (Reply::text(403, "not you"), TaskState::Failed, Some(FailureKind::Refused)),
            (Reply::text(400, "what?"), TaskState::Failed, Some(FailureKind::Refused)),
            (failed, TaskState::Failed, None),
            (Reply::text(404, "not yet"), TaskState::Skipped, None),
            (Reply::text(503, "starting"), TaskState::Skipped, None),
            (Reply::Reset, TaskState::Skipped, None),
        ];
        for (reply, state, failure) in cases {
            let server = replies(vec![reply.clone()]);
            let rig = Rig::http(&server.url("/"), 100);
            let mut args = sensor(deferrable);
            args["fail_if"] = "Body.state == 'failed'".into();
            // Only what is to be late has little time.
            let timeout = if state == TaskState::Skipped { 20 } else { 604_800 };
            args["timeout"] = timeout.into();
            args["soft_fail"] = true.into();
            let task = rig.run("http.sensor", args).await;
            assert_eq!(
                (task.state, task.failure),
                (state, failure),
                "{reply:?}: {}",
                message(&task)
            );
        }
        // A connection that cannot be used is no matter of time.
        let rig = Rig::http("ftp://127.0.0.1/", 100);
        let mut args = sensor(deferrable);
        args["soft_fail"] = true.into();
        let task = rig.run("http.sensor", args).await;
        assert_eq!(task.state, TaskState::Failed, "{}", message(&task));
    }
}

#[tokio::test]
async fn no_reply_makes_a_sensor_ask_in_a_loop_without_pauses() {
    for deferrable in MODES {
        for status in [404, 429, 500, 503] {
            let no = Reply::text(status, "no");
            let server = replies(vec![no.clone(), no.clone(), no, Reply::text(200, "yes")]);
            let rig = Rig::http(&server.url("/"), 100);
            let mut args = sensor(deferrable);
            args["poke_interval"] = 5.into();
            let task = rig.run("http.sensor", args).await;
            assert_eq!(task.state, TaskState::Success, "{status}: {}", message(&task));
            let took = task.ended.unwrap().since(task.started.unwrap());
            assert!(took >= Duration::from_secs(15), "{status}: 4 requests in {took:?}");
        }
    }
}

#[tokio::test]
async fn a_sensor_has_a_time_out() {
    for deferrable in MODES {
        let server = replies(vec![Reply::text(404, "no")]);
        let rig = Rig::http(&server.url("/"), 50);
        let mut args = sensor(deferrable);
        args["poke_interval"] = 5.into();
        args["timeout"] = 30.into();
        let task = rig.run("http.sensor", args).await;
        assert_eq!(task.state, TaskState::Failed);
        assert!(message(&task).contains("timed out"), "{}", message(&task));
        assert!(server.requests().len() <= 8);
    }
}

#[tokio::test]
async fn a_sensor_waits_as_long_as_the_server_asks_for() {
    for deferrable in MODES {
        let busy = Reply::text(429, "later").header("Retry-After", "40");
        let server = replies(vec![busy, Reply::text(200, "now")]);
        let rig = Rig::http(&server.url("/"), 100);
        let task = rig.run("http.sensor", sensor(deferrable)).await;
        assert_eq!(task.state, TaskState::Success, "{}", message(&task));
        let took = task.ended.unwrap().since(task.started.unwrap());
        assert!(took >= Duration::from_secs(40), "{took:?}");
    }
}

#[tokio::test]
async fn a_request_is_made_of_all_its_arguments() {
    for deferrable in MODES {
        for operator in ["http.sensor", "http.request"] {
            let server = replies(vec![Reply::json(200, r#"{"id": 7}"#)]);
            let rig = Rig::http(&server.url("/api"), 1);
            let mut args = json!({
                "method": "POST",
                "endpoint": "search",
                "headers": {"X-Team": "data", "Authorization": {"$secret": "env:TOKEN"}},
                "params": {"limit": 5},
                "json": {"query": [1, 2]},
                "deferrable": deferrable,
            });
            if operator == "http.request" {
                args["allow_repeat"] = true.into();
            }
            let task = rig.run(operator, args).await;
            assert_eq!(task.state, TaskState::Success, "{operator}: {}", message(&task));
            let [request] = &server.requests()[..] else { panic!("one request") };
            assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/api/search"));
            assert_eq!(request.query, "limit=5");
            assert_eq!(request.header("x-team"), Some("data"));
            assert_eq!(request.header("authorization"), Some("Bearer canary-4711"));
            assert_eq!(request.text(), r#"{"query":[1,2]}"#);
            assert!(!rig.everything(task.id).contains("canary-4711"));
        }
    }
}

#[tokio::test]
async fn every_method_is_sent() {
    for deferrable in MODES {
        let server = Loopback::start(|request: &Request| {
            Reply::json(200, &format!(r#"{{"method": "{}"}}"#, request.method))
        });
        let rig = Rig::http(&server.url("/"), 1);
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let args =
                json!({"method": method, "deferrable": deferrable, "allow_repeat": deferrable});
            let task = rig.run("http.request", args).await;
            assert_eq!(task.state, TaskState::Success, "{method}: {}", message(&task));
            let expected = if method == "HEAD" { Value::Null } else { json!({"method": method}) };
            assert_eq!(task.result.unwrap_or_default(), expected);
            assert_eq!(rig.deferrals(task.id), usize::from(deferrable));
        }
        assert_eq!(server.requests().len(), 7);
    }
}

#[tokio::test]
async fn a_result_is_what_the_filter_takes() {
    for deferrable in MODES {
        let server = replies(vec![Reply::json(201, r#"{"id": 7, "rest": "long"}"#)]);
        let rig = Rig::http(&server.url("/"), 1);
        let mut args = json!({
            "method": "PUT", "deferrable": deferrable, "response_filter": "[StatusCode, Body.id]",
            "response_check": {"status": 201, "expression": "Body.id"},
        });
        let task = rig.run("http.request", args.clone()).await;
        assert_eq!(task.result, Some(json!([201, 7])), "{}", message(&task));
        args["response_check"] = json!({"expression": "Body.id > `9`"});
        let task = rig.run("http.request", args.clone()).await;
        assert_eq!(task.state, TaskState::Failed);
        let why = "response_check does not hold: Body.id > `9`";
        assert!(message(&task).contains(why), "{}", message(&task));
        args["response_check"] = json!({"status": 200});
        let task = rig.run("http.request", args).await;
        assert_eq!(task.state, TaskState::Failed);
        assert!(message(&task).contains("201"), "{}", message(&task));
    }
}

#[tokio::test]
async fn a_request_that_may_be_repeated_is_while_the_server_is_overloaded() {
    for deferrable in MODES {
        let busy = Reply::text(503, "later").header("Retry-After", "40");
        let server = replies(vec![busy, Reply::Reset, Reply::json(200, "[]")]);
        let rig = Rig::http(&server.url("/"), 100);
        let args = json!({"method": "GET", "deferrable": deferrable});
        let task = rig.run("http.request", args.clone()).await;
        assert_eq!(task.state, TaskState::Success, "{}", message(&task));
        assert_eq!(server.requests().len(), 3);
        let took = task.ended.unwrap().since(task.started.unwrap());
        assert!(took >= Duration::from_secs(40), "{took:?}");

        for (status, requests) in [(500, 3), (403, 1), (404, 1)] {
            let server = replies(vec![Reply::text(status, "no")]);
            let rig = Rig::http(&server.url("/"), 100);
            let task = rig.run("http.request", args.clone()).await;
            assert_eq!(task.state, TaskState::Failed);
            assert!(message(&task).contains(&status.to_string()), "{}", message(&task));
            assert_eq!(server.requests().len(), requests, "{status}");
        }
    }
}

#[tokio::test]
async fn a_request_that_must_not_be_repeated_is_sent_once() {
    for method in ["POST", "PATCH"] {
        for (reply, state) in [
            (Reply::Reset, TaskState::InDoubt),
            (Reply::Truncate(vec![b'x'; 100]), TaskState::InDoubt),
            (Reply::text(503, "no"), TaskState::Failed),
        ] {
            let server = replies(vec![reply]);
            let rig = Rig::http(&server.url("/"), 1);
            let task = rig.run("http.request", json!({"method": method})).await;
            assert_eq!(task.state, state, "{}", message(&task));
            assert_eq!(server.requests().len(), 1);
        }
    }
}

#[tokio::test]
async fn a_request_in_doubt_is_sent_again_only_if_a_user_says_so() {
    // What looks like an event of ours is none, unless it is.
    let made = Settled::Done(json!({"id": 7, "status": "ok", "message": "made"}));
    for (settled, result, sent) in [(made, 7, 1), (Settled::NotMade, 8, 2)] {
        let server = replies(vec![Reply::Reset, Reply::json(200, r#"{"id": 8}"#)]);
        let rig = Rig::http(&server.url("/"), 1);
        let task = rig.run("http.request", json!({"method": "POST"})).await;
        assert_eq!(task.state, TaskState::InDoubt, "{}", message(&task));
        assert!(message(&task).contains("because: no reply to POST request was seen: "));
        let log = rig.store.logs(task.id, 0).unwrap();
        assert!(log.iter().any(|line| line.message.starts_with("no reply to POST request")));
        rig.store.settle_by_user(task.id, &settled, Timestamp::default()).unwrap();
        rig.drain().await;
        let task = rig.task(task.id);
        assert_eq!(task.state, TaskState::Success, "{}", message(&task));
        assert_eq!(task.result.unwrap()["id"], result);
        assert_eq!(server.requests().len(), sent);
    }
}

#[tokio::test]
async fn a_request_that_never_left_is_no_doubt() {
    let port = RefusingPort::reserve();
    let rig = Rig::http(&port.url("/"), 1);
    let task = rig.run("http.request", json!({})).await;
    assert_eq!(task.state, TaskState::Failed);
    assert!(message(&task).contains("connection refused"), "{}", message(&task));
}

#[tokio::test]
async fn after_a_crash_a_request_that_must_not_be_repeated_is_in_doubt() {
    let server = replies(vec![Reply::json(200, "{}")]);
    let rig = Rig::http(&server.url("/"), 1);
    let id = rig.submit("http.request", &json!({"endpoint": "orders"}), 3);
    let details = json!({"method": "POST", "endpoint": "orders", "page": 0});
    rig.crash_after(id, &Intent::new(0, "POST request", details));
    rig.drain().await;
    assert_eq!(rig.task(id).state, TaskState::InDoubt);
    assert!(server.requests().is_empty());
}

/// Three pages: the next one is named by a path, and by parameters.
fn pages() -> Loopback {
    Loopback::start(|request: &Request| {
        let page = match request.query.as_str() {
            "" => r#"{"items": [1, 2], "next": "/api/items?page=2"}"#,
            "page=2" => r#"{"items": [3], "next": {"params": {"page": 3}, "endpoint": "items"}}"#,
            "page=3" => r#"{"items": [4], "next": null}"#,
            _ => return Reply::text(404, "no such page"),
        };
        Reply::json(200, &page.replace("/api", ""))
    })
}

#[tokio::test]
async fn pages_are_followed_to_the_last() {
    for (deferrable, method) in [(false, "GET"), (true, "GET"), (false, "POST")] {
        let server = pages();
        let rig = Rig::http(&server.url("/api"), 1);
        let args = json!({
            "method": method, "endpoint": "items", "next_page": "Body.next",
            "response_filter": "Body.items", "deferrable": deferrable,
        });
        let task = rig.run("http.request", args).await;
        assert_eq!(task.result, Some(json!([[1, 2], [3], [4]])), "{}", message(&task));
        assert_eq!(server.requests().len(), 3);
        assert_eq!(rig.deferrals(task.id), if deferrable { 3 } else { 0 });
    }
}

#[tokio::test]
async fn pages_have_an_end() {
    for deferrable in MODES {
        for (next, max_pages, requests, why) in [
            (r#""/items""#, 100, 1, "the same page again"),
            (r#"{"params": {"at": "RANDOM"}}"#, 4, 4, "more than 4 pages"),
            ("7", 100, 1, "neither a URL"),
            (r#"{"headers": {"a": "b"}}"#, 100, 1, "`headers` cannot be changed"),
            (r#"{"json": {"$secret": "env:TOKEN"}}"#, 100, 1, "a reference to a secret"),
        ] {
            let count = AtomicUsize::new(0);
            let server = Loopback::start(move |_| {
                let count = count.fetch_add(1, Ordering::SeqCst).to_string();
                Reply::json(200, &format!(r#"{{"next": {}}}"#, next.replace("RANDOM", &count)))
            });
            let rig = Rig::http(&server.url("/"), 1);
            let args = json!({
                "method": "GET", "endpoint": "/items", "next_page": "Body.next",
                "max_pages": max_pages, "deferrable": deferrable,
            });
            let task = rig.run("http.request", args).await;
            assert_eq!(task.state, TaskState::Failed);
            assert!(message(&task).contains(why), "{}", message(&task));
            assert_eq!(server.requests().len(), requests, "{next}");
        }
    }
}

#[test]
fn what_cannot_be_meant_is_refused_before_the_task_is_accepted() {
    let rig = Rig::http("http://127.0.0.1:9", 1);
    for (operator, args, why) in [
        ("http.request", json!({"deferrable": true}), "\"allow_repeat\": true"),
        ("http.request", json!({"method": "get"}), "method is one of GET"),
        ("http.request", json!({"headers": {"Authorization": "Bearer hunter2"}}), "the header"),
        ("http.request", json!({"endpoint": "http://me:hunter2@host/"}), "a login in it"),
        ("http.request", json!({"data": "a", "json": 1}), "together with `json`"),
        ("http.request", json!({"headers": {"X": {"$secret": "hunter2"}}}), "not a reference"),
        ("http.request", json!({"response_filter": "Body["}), "response_filter"),
        ("http.request", json!({"next_page": "a b"}), "next_page"),
        ("http.request", json!({"pages": 1}), "unknown field"),
        ("http.sensor", json!({"response_check": {"expression": ") || ("}}), "expression"),
        ("http.sensor", json!({"response_check": {"status": []}}), "empty list"),
        ("http.sensor", json!({"response_check": {"status": 2}}), "no HTTP status"),
        ("http.sensor", json!({"response_error_codes_allowlist": ["4o4"]}), "`4o4`"),
        ("http.sensor", json!({"poke_interval": 0}), "poke_interval"),
        ("http.sensor", json!({"timeout": -1}), "timeout"),
        ("http.sensor", json!({"extra_options": {"timeout": 0}}), "requestTimeout"),
    ] {
        let refusal = rig.refusal(operator, &args);
        assert!(refusal.contains(why), "{operator} {args}: {refusal}");
        assert!(!refusal.contains("hunter2"), "{refusal}");
    }
}
