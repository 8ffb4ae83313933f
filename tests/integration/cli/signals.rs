//! A wait that is interrupted says where it stood.

use tokio::process::Child;

use super::process::{Maitred, Ran, finished};
use crate::support::loopback::{Loopback, Reply};

/// Starts a wait, sends it a signal once it has polled, and returns what it said.
async fn interrupted(signal: &str) -> Ran {
    let (polled, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let server = Loopback::start(move |_| {
        let _ = polled.send(());
        Reply::json(200, r#"{"state": "starting"}"#)
    });
    let url = server.url("/");
    let until = "Body.state == 'ready'";
    let args = ["wait", "http", "get", "--url", &url, "--until", until, "--output", "json"];
    let child = Maitred::new().start(&args);
    seen.recv().await.unwrap();
    send(&child, signal);
    finished(child).await
}

pub(super) fn send(child: &Child, signal: &str) {
    let id = child.id().unwrap().to_string();
    let status = std::process::Command::new("kill").args([signal, &id]).status().unwrap();
    assert!(status.success());
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupted_wait_exits_with_130() {
    let ran = interrupted("-INT").await;
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert_eq!(ran.json()["status"], "cancelled");
    assert!(ran.stderr.contains("http.get was cancelled"), "{}", ran.stderr);
}

#[cfg(unix)]
#[tokio::test]
async fn a_terminated_wait_exits_with_143() {
    let ran = interrupted("-TERM").await;
    assert_eq!(ran.code, Some(143), "{}", ran.stderr);
    assert_eq!(ran.json()["status"], "cancelled");
}
