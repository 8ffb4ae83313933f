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

fn hostile_state() -> Loopback {
    let body = json!({"state": HOSTILE, HOSTILE: [HOSTILE]}).to_string();
    Loopback::start(move |_| Reply::json(200, &body))
}

/// Runs a command with each of these further words, and looks at what it says.
async fn each_is_harmless(command: &[&str], further: &[&[&str]]) {
    for words in further {
        let ran = Maitred::with_account().run(&[command, words].concat()).await;
        assert_harmless(&command.join(" "), &ran);
        assert!(ran.stdout.contains("pwn") || ran.stderr.contains("pwn"), "{command:?}: {ran:?}");
    }
}

#[tokio::test]
async fn what_a_service_says_never_begins_a_line() {
    let server = aws_error();
    let url = server.url("");
    let asked = ["glue", "get-crawler", "--name", "c", "--endpoint-url", &url];
    each_is_harmless(&[&["call"], &asked[..]].concat(), &[&[]]).await;
    let wait = [&["wait"], &asked[..], &["--until", "Crawler"]].concat();
    each_is_harmless(&wait, &[&[], &["-v"], &["--output", "json"]]).await;
}

#[tokio::test]
async fn what_a_reply_shows_never_begins_a_line() {
    let server = hostile_state();
    let url = server.url("/");
    let wait = ["wait", "http", "get", "--delay", "0", "--max-attempts", "2"];
    let shown = ["--url", &url, "--show", "Body.state", "--until"];
    let state = [&wait[..], &shown, &["Body.state != 'y'"]].concat();
    each_is_harmless(&state, &[&[], &["--output", "json", "-v"]]).await;
    let never = [&wait[..], &shown, &["Body.state == 'y'"]].concat();
    each_is_harmless(&never, &[&[], &["-v"], &["--once"]]).await;
    let each = format!("url={url}");
    let each = ["--for-each", &each, "--until", "Body.state", "--show", "Body"];
    each_is_harmless(&[&wait[..], &each].concat(), &[&[]]).await;
    let call = ["call", "http", "get", "--url", &url];
    let text = |query| ["--query", query, "--output", "text"];
    each_is_harmless(&call, &[&[], &text("Body.state"), &text("Body.*")]).await;
    // JSON says the same as ever.
    assert_eq!(Maitred::new().run(&call).await.json()["Body"]["state"], HOSTILE);
}

#[tokio::test]
async fn what_a_task_tells_never_begins_a_line() {
    let server = hostile_state();
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
    let named = Maitred::new().file("waiters/a\n::error::pwn\u{1b}[2J.json", "{}");
    for command in [&["lint"][..], &["wait", "http", "x", "--waiters", "waiters"]] {
        let ran = named.run(command).await;
        assert_harmless(&format!("{command:?}"), &ran);
        assert!(
            !ran.stdout.lines().any(|line| line.contains("error::pwn") && !line.starts_with(' '))
        );
    }
    let ran = maitred.run(&["lint", "--output", "github"]).await;
    let commands: Vec<_> = ran.stdout.lines().collect();
    assert!(!commands.is_empty());
    let of_ours = |line: &&str| line.starts_with("::") && line.contains(" file=waiters/bad.json");
    assert!(commands.iter().all(of_ours), "{}", ran.stdout);
    assert!(!ran.stdout.contains(['\u{9b}', '\u{202e}', '\u{1b}']), "{:?}", ran.stdout);
}

#[tokio::test]
async fn several_lines_that_were_asked_for_stay_lines() {
    let server = Loopback::start(|_| Reply::json(200, r#"{"pem": "a\nb\n"}"#));
    let url = server.url("/");
    let call = ["call", "http", "get", "--url", &url, "--query", "Body.pem", "--output", "text"];
    assert_eq!(Maitred::new().run(&call).await.stdout, "a\nb\n");
    let whole: Value = Maitred::new().run(&["call", "http", "get", "--url", &url]).await.json();
    assert_eq!(whole["Body"]["pem"], "a\nb\n");
}
