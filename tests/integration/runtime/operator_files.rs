//! Operators of files, against a server that replies as a script says.

use std::collections::VecDeque;
use std::sync::Mutex;

use maitred::operator::FailureKind;
use maitred::runtime::{Task, TaskState};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::rig::Rig;
use crate::support::loopback::{Loopback, Reply, Request};

const WAITERS: &str = r#"{"version": 2, "service": "http", "waiters": {"job_done": {
    "operation": "GET", "delay": 1, "maxAttempts": 3, "acceptors": [
        {"state": "success", "matcher": "path", "argument": "Body.state", "expected": "done"},
        {"state": "failure", "matcher": "path", "argument": "Body.state", "expected": "failed"}
    ]}}}"#;

/// An operator of service `http`, a server with a script, and what runs tasks.
struct Stage {
    server: Loopback,
    rig: Rig,
    _files: TempDir,
}

impl Stage {
    /// The operator `http.start_job` is this one; the server replies so, in this order.
    fn new(operator: Value, replies: Vec<Reply>) -> Self {
        let files = tempfile::tempdir().unwrap();
        let file = json!({"version": 1, "service": "http", "operators": {"start_job": operator}});
        std::fs::write(files.path().join("operators.json"), file.to_string()).unwrap();
        std::fs::write(files.path().join("waiters.json"), WAITERS).unwrap();
        let replies = Mutex::new(VecDeque::from(replies));
        let server = Loopback::start(move |_: &Request| {
            let next = replies.lock().unwrap().pop_front();
            next.unwrap_or_else(|| Reply::json(418, "{}"))
        });
        let rig = Rig::http(&server.url("/"), 100).with_files(files.path());
        Self { server, rig, _files: files }
    }

    async fn run(&self, args: Value) -> Task {
        self.rig.run("http.start_job", args).await
    }

    /// What the server was asked for.
    fn requests(&self) -> Vec<String> {
        let line = |request: Request| {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            format!("{} {} {body}", request.method, request.path).trim_end().to_owned()
        };
        self.server.requests().into_iter().map(line).collect()
    }
}

fn ok(body: &str) -> Reply {
    Reply::json(200, body)
}

/// Starts a job with these keys beside its call, waits for it, and can stop it.
fn job(call: Value, more: Value) -> Value {
    let mut operator = json!({
        "description": "Starts a job.",
        "parameters": {"name": {}, "size": {"type": "number", "optional": true}},
        "call": {
            "operation": "POST",
            "input": {"endpoint": "jobs", "json": {"name": "{{name}}", "size": "{{size}}"}},
            "values": {"id": "Body.id"},
            "find": {"operation": "GET", "input": {"endpoint": "named/{{name}}"},
                "each": "Body.jobs", "values": {"id": "id"}},
        },
        "wait": {"waiter": "http.job_done", "input": {"endpoint": "jobs/{{id}}"}, "values": {"cost": "Body.cost"}},
        "undo": {"description": "stop job {{id}}", "operation": "DELETE", "input": {"endpoint": "jobs/{{id}}"}},
    });
    for (key, value) in call.as_object().unwrap() {
        operator["call"][key] = value.clone();
    }
    for (key, value) in more.as_object().unwrap() {
        operator[key] = value.clone();
    }
    operator
}

fn message(task: &Task) -> &str {
    task.message.as_deref().unwrap_or_default()
}

#[tokio::test]
async fn an_operator_of_a_file_calls_waits_and_gives_its_values() {
    let replies = vec![
        ok(r#"{"id": 7}"#),
        ok(r#"{"state": "running"}"#),
        ok(r#"{"state": "done", "cost": 3}"#),
    ];
    let stage = Stage::new(job(json!({}), json!({})), replies);
    let task = stage.run(json!({"name": "a"})).await;
    assert_eq!(task.state, TaskState::Success, "{}", message(&task));
    assert_eq!(task.result, Some(json!({"id": 7, "cost": 3})));
    // An optional parameter that is not given is no member of the request.
    assert_eq!(stage.requests(), [r#"POST /jobs {"name":"a"}"#, "GET /jobs/7", "GET /jobs/7"]);
}

#[tokio::test]
async fn a_result_is_what_the_file_says_with_null_for_what_is_not_known() {
    let result = json!({"result": {"job": "{{id}}", "cost": "{{cost}}", "text": "job {{id}}"}});
    let stage = Stage::new(job(json!({}), result), vec![ok(r#"{"id": 7}"#)]);
    let task = stage.run(json!({"name": "a", "wait_for_completion": false})).await;
    assert_eq!(task.result, Some(json!({"job": 7, "cost": null, "text": "job 7"})));
}

#[tokio::test]
async fn a_call_whose_reply_was_lost_is_found_and_not_repeated() {
    let found = ok(r#"{"jobs": [{"id": 7}]}"#);
    let replies = vec![Reply::Reset, found, ok(r#"{"state": "done"}"#)];
    let stage = Stage::new(job(json!({}), json!({})), replies);
    let task = stage.run(json!({"name": "a"})).await;
    assert_eq!(task.state, TaskState::Success, "{}", message(&task));
    assert_eq!(task.result, Some(json!({"id": 7})));
    assert_eq!(stage.requests()[1..], ["GET /named/a", "GET /jobs/7"]);
}

#[tokio::test]
async fn a_call_whose_reply_was_lost_and_that_is_not_found_after_a_second_look_was_not_made() {
    let none = || ok(r#"{"jobs": []}"#);
    let stage = Stage::new(job(json!({}), json!({})), vec![Reply::Reset, none(), none()]);
    let task = stage.run(json!({"name": "a"})).await;
    assert_eq!(task.state, TaskState::Failed);
    assert_eq!(stage.requests()[1..], ["GET /named/a", "GET /named/a"]);
}

#[tokio::test]
async fn a_call_that_may_be_one_of_several_things_is_in_doubt() {
    let stage = Stage::new(
        job(json!({}), json!({})),
        vec![Reply::Reset, ok(r#"{"jobs": [{"id": 7}, {"id": 8}]}"#)],
    );
    assert_eq!(stage.run(json!({"name": "a"})).await.state, TaskState::InDoubt);
    let cannot = job(json!({"find": "cannot"}), json!({}));
    let stage = Stage::new(cannot, vec![Reply::Reset]);
    assert_eq!(stage.run(json!({"name": "a"})).await.state, TaskState::InDoubt);
    assert_eq!(stage.requests().len(), 1);
}

#[tokio::test]
async fn things_that_were_made_before_the_call_are_not_its_work() {
    let mut operator = job(json!({}), json!({}));
    operator["call"]["find"]["since"] = "made".into();
    let old = ok(
        r#"{"jobs": [{"id": 6, "made": "2001-01-01T00:00:00Z"}, {"id": 7, "made": "2999-01-01T00:00:00Z"}]}"#,
    );
    let stage = Stage::new(operator, vec![Reply::Reset, old, ok(r#"{"state": "done"}"#)]);
    let task = stage.run(json!({"name": "a"})).await;
    assert_eq!(task.result, Some(json!({"id": 7})), "{}", message(&task));
}

#[tokio::test]
async fn a_call_that_may_be_sent_again_has_the_same_token_then() {
    let call = json!({"find": "again", "input": {"endpoint": "jobs", "json": {"token": "{{task.token}}"}}});
    let replies = vec![Reply::Reset, ok(r#"{"id": 7}"#), ok(r#"{"state": "done"}"#)];
    let stage = Stage::new(job(call, json!({"parameters": {}})), replies);
    let task = stage.run(json!({})).await;
    assert_eq!(task.state, TaskState::Success, "{}", message(&task));
    let requests = stage.requests();
    assert_eq!(requests[0], requests[1]);
    assert!(requests[0].contains(r#"{"token":""#) && requests[0].len() > 50, "{}", requests[0]);
}

#[tokio::test]
async fn a_marker_is_put_where_the_file_says_beside_what_the_caller_gives() {
    let call = json!({"marker": ["json", "labels", "task"]});
    let stage = Stage::new(job(call, json!({})), vec![ok(r#"{"id": 7}"#)]);
    let body = json!({"labels": {"team": "data"}});
    let task = stage.run(json!({"name": "a", "json": body, "wait_for_completion": false})).await;
    assert_eq!(task.state, TaskState::Success, "{}", message(&task));
    let request = &stage.requests()[0];
    assert!(request.starts_with(r#"POST /jobs {"labels":{"team":"data","task":""#), "{request}");
}

#[tokio::test]
async fn a_call_that_is_refused_for_now_is_made_again_later() {
    let acceptors = json!([
        {"state": "retry", "matcher": "status", "expected": 409},
        {"state": "failure", "matcher": "status", "expected": 404, "message": "Body.why"},
    ]);
    let call = json!({"acceptors": acceptors});
    let busy = || Reply::json(409, "{}");
    let replies = vec![
        busy(),
        busy(),
        Reply::json(429, "{}"),
        ok(r#"{"id": 7}"#),
        ok(r#"{"state": "done"}"#),
    ];
    let stage = Stage::new(job(call.clone(), json!({})), replies);
    let task = stage.run(json!({"name": "a"})).await;
    assert_eq!(task.state, TaskState::Success, "{}", message(&task));
    assert_eq!(stage.requests().iter().filter(|request| request.starts_with("POST")).count(), 4);

    let stage =
        Stage::new(job(call, json!({})), vec![Reply::json(404, r#"{"why": "no such queue"}"#)]);
    let task = stage.run(json!({"name": "a"})).await;
    assert_eq!((task.state, message(&task)), (TaskState::Failed, "no such queue"));
}

#[tokio::test]
async fn a_call_that_is_made_again_later_is_found_by_its_own_token() {
    let call = json!({
        "input": {"endpoint": "jobs", "json": {"token": "{{task.token}}"}},
        "acceptors": [{"state": "retry", "matcher": "status", "expected": 409}],
        "find": {"operation": "GET", "input": {"endpoint": "of/{{task.token}}"},
            "each": "Body.jobs", "values": {"id": "id"}},
    });
    let found = ok(r#"{"jobs": [{"id": 7}]}"#);
    let replies = vec![Reply::json(409, "{}"), Reply::Reset, found, ok(r#"{"state": "done"}"#)];
    let stage = Stage::new(job(call, json!({"parameters": {}})), replies);
    let task = stage.run(json!({})).await;
    assert_eq!(task.state, TaskState::Success, "{}", message(&task));
    let requests = stage.requests();
    let [first, second, look, _] = &requests[..] else { panic!("{requests:?}") };
    assert_ne!(first, second);
    let token = look.strip_prefix("GET /of/").unwrap();
    assert!(second.contains(token), "{requests:?}");
}

#[tokio::test]
async fn a_call_that_stays_refused_gives_up() {
    let call = json!({
        "acceptors": [{"state": "retry", "matcher": "status", "expected": 409}],
        "retry": {"delay": 1, "maxDelay": 1, "timeout": 2},
    });
    let busy = || Reply::json(409, "{}");
    let stage = Stage::new(job(call, json!({})), (0..20).map(|_| busy()).collect());
    let task = stage.run(json!({"name": "a"})).await;
    assert_eq!((task.state, task.failure), (TaskState::Failed, Some(FailureKind::GaveUp)));
    assert!(message(&task).starts_with("it could not be done within 2 s: "), "{}", message(&task));
}

#[tokio::test]
async fn what_is_looked_at_before_decides_what_is_done() {
    let before = |state: &str| {
        let acceptor = json!({"state": state, "matcher": "path", "argument": "Body.is", "expected": "so",
            "message": "join(' ', ['it is', Body.is])"});
        let read = json!({"operation": "GET", "input": {"endpoint": "queue"}, "values": {"id": "Body.id"},
            "acceptors": [acceptor]});
        json!({"before": [read], "result": {"id": "{{id}}"}})
    };
    let so = || ok(r#"{"is": "so", "id": 5}"#);
    let done = || ok(r#"{"state": "done"}"#);
    for (state, is, replies, ended, requests) in [
        ("success", "so", vec![so()], TaskState::Success, 1),
        ("wait", "so", vec![so(), done()], TaskState::Success, 2),
        ("skip", "so", vec![so()], TaskState::Skipped, 1),
        ("failure", "so", vec![so()], TaskState::Failed, 1),
        (
            "failure",
            "not",
            vec![ok(r#"{"is": "not"}"#), ok(r#"{"id": 5}"#), done()],
            TaskState::Success,
            3,
        ),
    ] {
        let stage = Stage::new(job(json!({}), before(state)), replies);
        let task = stage.run(json!({"name": "a"})).await;
        assert_eq!(task.state, ended, "{state} {is}: {}", message(&task));
        assert_eq!(stage.requests().len(), requests, "{state} {is}: {:?}", stage.requests());
        if ended == TaskState::Success {
            assert_eq!(task.result, Some(json!({"id": 5})), "{state} {is}");
        } else {
            assert_eq!(message(&task), "it is so");
        }
    }
}

#[tokio::test]
async fn steps_run_one_after_the_other_and_are_undone_in_reverse() {
    let step = |name: &str| {
        json!({
            "call": {"operation": "POST", "input": {"endpoint": name}, "values": {name: "Body.id"}, "find": "cannot"},
            "wait": {"waiter": "http.job_done", "input": {"endpoint": format!("{name}/{{{{{name}}}}}")}},
            "undo": {"description": format!("stop {name}"), "operation": "DELETE",
                "input": {"endpoint": format!("{name}/{{{{{name}}}}}")}},
        })
    };
    let mut left_out = step("never");
    left_out["when"] = "{{wanted}}".into();
    let operator = json!({
        "description": "Starts two jobs.",
        "parameters": {"wanted": {"type": "boolean", "default": false}},
        "steps": [step("first"), left_out, step("second")],
    });
    let replies = vec![
        ok(r#"{"id": 1}"#),
        ok(r#"{"state": "done"}"#),
        ok(r#"{"id": 2}"#),
        ok(r#"{"state": "done"}"#),
    ];
    let stage = Stage::new(operator.clone(), replies);
    let task = stage.run(json!({})).await;
    assert_eq!(task.result, Some(json!({"first": 1, "second": 2})), "{}", message(&task));
    assert_eq!(stage.requests(), ["POST /first", "GET /first/1", "POST /second", "GET /second/2"]);

    let running = || ok(r#"{"state": "running"}"#);
    let replies = vec![
        ok(r#"{"id": 1}"#),
        ok(r#"{"state": "done"}"#),
        ok(r#"{"id": 2}"#),
        running(),
        running(),
    ];
    let stage = Stage::new(operator, replies);
    let id = stage.rig.submit("http.start_job", &json!({"max_attempts": 100_000}), 0);
    stage.rig.drain_and_undo_after(id, 2).await;
    let task = stage.rig.task(id);
    assert_eq!(task.state, TaskState::Cancelled);
    let requests = stage.requests();
    assert_eq!(requests[requests.len() - 2..], ["DELETE /second/2", "DELETE /first/1"]);
}

#[tokio::test]
async fn what_has_failed_or_gave_up_is_undone_where_the_file_says_so() {
    for (on, states, undone) in [
        (json!(["failure"]), vec!["failed"], true),
        (json!(["failure"]), vec!["running", "running", "running"], false),
        (json!(["timeout"]), vec!["running", "running", "running"], true),
        (json!(["timeout"]), vec!["failed"], false),
        (json!(["cancel"]), vec!["failed"], false),
    ] {
        let mut operator = job(json!({}), json!({}));
        operator["undo"]["on"] = on.clone();
        let mut replies = vec![ok(r#"{"id": 7}"#)];
        replies.extend(states.iter().map(|state| ok(&json!({"state": state}).to_string())));
        replies.push(ok("{}"));
        let stage = Stage::new(operator, replies);
        let task = stage.run(json!({"name": "a"})).await;
        assert_eq!(task.state, TaskState::Failed, "{on}");
        let deletes = stage.requests().into_iter().filter(|request| request == "DELETE /jobs/7");
        assert_eq!(deletes.count(), usize::from(undone), "{on} {states:?}");
    }
}

#[tokio::test]
async fn what_the_wait_does_not_show_is_read_after_it() {
    let after = json!({"after": [{"operation": "GET", "input": {"endpoint": "reports/{{id}}"},
        "values": {"report": {"expression": "Body.text", "type": "jsonText"}},
        "acceptors": [{"state": "failure", "matcher": "path", "argument": "Body.bad", "expected": true}]}],
        "result": "{{report}}"});
    let start = || vec![ok(r#"{"id": 7}"#), ok(r#"{"state": "done"}"#)];
    let mut replies = start();
    replies.push(ok(r#"{"text": "{\"rows\": 3}"}"#));
    let stage = Stage::new(job(json!({}), after.clone()), replies);
    assert_eq!(stage.run(json!({"name": "a"})).await.result, Some(json!({"rows": 3})));
    let mut replies = start();
    replies.push(ok(r#"{"bad": true}"#));
    let stage = Stage::new(job(json!({}), after), replies);
    assert_eq!(stage.run(json!({"name": "a"})).await.state, TaskState::Failed);
}

#[tokio::test]
async fn arguments_are_checked_before_anything_is_sent() {
    let stage = Stage::new(job(json!({}), json!({})), vec![]);
    for (args, problem) in [
        (json!({}), "`name` is missing"),
        (json!({"name": 1}), "name: expected a string"),
        (json!({"name": "a", "size": "big"}), "size: expected a number"),
        (json!({"name": "a", "sice_x": 1}), "unknown field `sice_x`"),
        (json!({"name": "a", "poll_interval": 0}), "poll_interval is a number of seconds above 0"),
        (json!({"name": "a", "deferrable": "yes"}), "deferrable: invalid type"),
        (json!(["a"]), "expected an object"),
    ] {
        let refusal = stage.rig.refusal("http.start_job", &args);
        assert!(refusal.contains(problem), "{args}: {refusal}");
    }
    assert_eq!(stage.requests(), [""; 0]);
}
