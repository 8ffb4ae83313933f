//! Text from outside is harmless for terminals and for the logs of CI.

use serde_json::{Value, json};

use super::process::{Maitred, Ran};
use crate::support::loopback::{Loopback, Reply};

/// What a hostile server says: commands of CI, and what a terminal obeys.
const HOSTILE: &str = "x\n::error::pwn\r\n  ::set-env name=A::b\r##[error]pwn ##vso[task.x]y \u{9b}31m\u{1b}[2J \
    \u{202e}txt\u{2066} \u{2028}::error::c\u{85}::error::d \u{200b}\u{feff}end";

fn assert_harmless(what: &str, ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        for line in text.split(['\n', '\r', '\u{2028}', '\u{85}']) {
            assert!(!line.trim_start().starts_with("::"), "{what}: {line:?} in {text}");
        }
        assert!(!text.contains("##[") && !text.contains("##vso["), "{what}: {text}");
        let unseen = |c: char| {
            (c.is_control() && !matches!(c, '\n' | '\t'))
                || matches!(c, '\u{200b}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        };
        assert!(!text.contains(unseen), "{what}: {text:?}");
    }
}

fn aws_error() -> Loopback {
    let body = json!({"__type": "TrapException", "message": HOSTILE}).to_string();
    Loopback::start(move |_| Reply::new(400, "application/x-amz-json-1.1", body.as_str()))
}

#[tokio::test]
async fn what_a_server_says_never_begins_a_line() {
    let (aws, http) = (
        aws_error(),
        Loopback::start(|_| {
            let body = json!({"state": HOSTILE, HOSTILE: [HOSTILE]}).to_string();
            Reply::json(200, &body)
        }),
    );
    let (aws, http) = (aws.url(""), http.url("/"));
    let call = ["call", "glue", "get-crawler", "--name", "c", "--endpoint-url", &aws];
    let wait =
        ["wait", "glue", "get-crawler", "--name", "c", "--until", "A", "--endpoint-url", &aws];
    let state = [
        "wait",
        "http",
        "get",
        "--url",
        &http,
        "--until",
        "Body.state != 'y'",
        "--show",
        "Body.state",
    ];
    let never = [
        "wait",
        "http",
        "get",
        "--url",
        &http,
        "--until",
        "Body.state == 'y'",
        "--show",
        "Body.state",
        "--delay",
        "0",
        "--max-attempts",
        "2",
    ];
    let each = [
        "wait",
        "http",
        "get",
        "--for-each",
        &format!("url={http}"),
        "--until",
        "Body.state",
        "--show",
        "Body",
    ];
    let commands: Vec<Vec<&str>> = vec![
        call.to_vec(),
        wait.to_vec(),
        [&wait[..], &["-v"]].concat(),
        [&wait[..], &["--output", "json"]].concat(),
        state.to_vec(),
        [&state[..], &["--output", "json", "-v"]].concat(),
        never.to_vec(),
        [&never[..], &["-v"]].concat(),
        [&never[..], &["--once"]].concat(),
        each.to_vec(),
        vec!["call", "http", "get", "--url", &http],
        vec!["call", "http", "get", "--url", &http, "--query", "Body.state", "--output", "text"],
        vec!["call", "http", "get", "--url", &http, "--query", "Body.*", "--output", "text"],
    ];
    for command in commands {
        let ran = Maitred::with_account().run(&command).await;
        assert!(ran.stdout.len() + ran.stderr.len() > 0, "{command:?}");
        assert_harmless(&command.join(" "), &ran);
        assert!(ran.stdout.contains("pwn") || ran.stderr.contains("pwn"), "{command:?}: {ran:?}");
    }
    // JSON says the same as ever.
    let ran = Maitred::new().run(&["call", "http", "get", "--url", &http]).await;
    assert_eq!(ran.json()["Body"]["state"], HOSTILE);
}

#[tokio::test]
async fn what_a_task_tells_never_begins_a_line() {
    let server = Loopback::start(|_| Reply::json(200, &json!({"state": HOSTILE}).to_string()));
    let maitred =
        Maitred::new().variable("MAITRED_STORE", "t.sqlite").variable("MAITRED_LOG", "debug");
    let args =
        json!({"endpoint": server.url("/"), "method": "GET", "response_filter": "Body.state"});
    let ran =
        maitred.run(&["run", "http.request", "--args", &args.to_string(), "--key", HOSTILE]).await;
    assert_harmless("run", &ran);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let wait = json!({
        "service": "http", "waiter": "up", "input": {"url": server.url("/")},
        "overrides": {"max_attempts": 1, "show": "Body.state", "acceptors": [
            {"state": "failure", "matcher": "status", "expected": 200, "message": "Body.state"}]},
    });
    let ran = maitred.run(&["run", "maitred.wait", "--args", &wait.to_string()]).await;
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert_harmless("run maitred.wait", &ran);
    for command in [
        &["tasks", "show", "1"][..],
        &["tasks", "show", "2"],
        &["tasks", "show", "2", "--output", "json"],
        &["tasks", "list"],
        &["tasks", "logs", "2"],
        &["tasks", "watch", "1"],
        &["tasks", "watch", "2"],
    ] {
        assert_harmless(&command.join(" "), &maitred.run(command).await);
    }
}

#[tokio::test]
async fn what_files_and_arguments_say_never_begins_a_line() {
    let waiter = json!({"version": 2, "service": "http", "waiters": {"bad": {
        "operation": "GET", "description": HOSTILE, "delay": 1, "maxAttempts": 1, HOSTILE: 1, "input": {"url": "x"},
        "acceptors": [{"state": "success", "matcher": "path", "argument": HOSTILE, "expected": HOSTILE}],
    }}});
    let good = json!({"version": 2, "service": "http", "waiters": {"good": {
        "operation": "GET", "description": HOSTILE, "delay": 1, "maxAttempts": 1, "input": {"url": "http://127.0.0.1:9"},
        "acceptors": [{"state": "success", "matcher": "path", "argument": "Body", "expected": HOSTILE}],
    }}});
    let maitred = Maitred::new()
        .file("waiters/bad.json", &waiter.to_string())
        .file("good/good.json", &good.to_string());
    for command in [
        &["explain", "http", "good", "--waiters", "good"][..],
        &["list", "--waiters", "good"],
        &["wait", "http", "bad", "--waiters", "waiters/bad.json"],
        &["lint"],
        &["lint", HOSTILE],
        &["lint", "--output", "json"],
        &["lint", "--output", "sarif"],
        &["wait", HOSTILE, HOSTILE],
        &["wait", "http", "get", "--url", HOSTILE, "--until", HOSTILE],
        &["call", "http", "get", "--url", HOSTILE],
        &[HOSTILE],
        &["tasks", "list", "--state", HOSTILE],
        &["list", "--output", HOSTILE],
        &["connections", "show", HOSTILE],
        &["test", HOSTILE],
    ] {
        let ran = maitred.run(command).await;
        assert_harmless(&format!("{command:?}"), &ran);
    }
    let ran = maitred.run(&["lint", "--output", "github"]).await;
    let commands: Vec<_> = ran.stdout.lines().collect();
    assert!(!commands.is_empty());
    let of_ours = |line: &&str| line.starts_with("::") && line.contains(" file=waiters/bad.json");
    assert!(commands.iter().all(of_ours), "{}", ran.stdout);
}

#[tokio::test]
async fn several_lines_that_were_asked_for_stay_lines() {
    let server = Loopback::start(|_| Reply::json(200, r#"{"pem": "a\nb\n"}"#));
    let url = server.url("/");
    let call = ["call", "http", "get", "--url", &url, "--query", "Body.pem", "--output", "text"];
    assert_eq!(Maitred::new().run(&call).await.stdout, "a\nb\n");
    let none: Value = Maitred::new().run(&["call", "http", "get", "--url", &url]).await.json();
    assert_eq!(none["Body"]["pem"], "a\nb\n");
}
