//! What `maitred triggerer` says, and how it ends.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::process::{Maitred, Ran, finished, read_until};
use crate::support::loopback::{Loopback, Reply};

/// A store, and an API that answers with the status in its path.
struct Scene {
    maitred: Maitred,
    folder: TempDir,
    api: Loopback,
}

impl Scene {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = folder.path().join("tasks.sqlite");
        let maitred = Maitred::new().variable("MAITRED_STORE", store.to_str().unwrap());
        let api = Loopback::start(|request| {
            let status = request.path.trim_start_matches('/').parse().unwrap();
            Reply::json(status, "{}")
        });
        Self { maitred, folder, api }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("tasks.sqlite")
    }

    async fn submit(&self, status: &str, more: &[&str]) {
        let args = json!({"endpoint": self.api.url(&format!("/{status}")), "method": "GET"});
        let args = args.to_string();
        let mut words = vec!["tasks", "submit", "http.request", "--args", &args];
        words.extend(more);
        let ran = soon(self.maitred.run(&words)).await;
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
}

async fn soon<T>(act: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), act).await.unwrap()
}

fn assert_says(ran: &Ran, words: &str) {
    assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
}

#[tokio::test]
async fn a_line_is_written_for_each_task_that_ends() {
    let scene = Scene::new();
    scene.submit("200", &["--key", "nightly"]).await;
    scene.submit("404", &["--key", "odd\u{1b}[2J\u{202e}"]).await;
    let ran = soon(scene.maitred.run(&["triggerer", "--until-idle"])).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_says(&ran, "task 1 (nightly), http.request: success\n");
    let failed = ran.stderr.lines().find(|line| line.contains("task 2")).unwrap();
    assert!(failed.contains("http.request: failed: 404"), "{failed}");
    assert!(!ran.stderr.contains(['\u{1b}', '\u{202e}']), "{:?}", ran.stderr);
}

#[tokio::test]
async fn no_line_is_written_if_none_is_wanted() {
    let scene = Scene::new();
    scene.submit("404", &[]).await;
    let ran = soon(scene.maitred.run(&["triggerer", "--until-idle", "--quiet"])).await;
    assert!(!ran.stderr.contains("task 1"), "{}", ran.stderr);
    assert_says(&ran, "1 failed");
}

#[cfg(unix)]
#[tokio::test]
async fn a_store_that_is_gone_ends_it() {
    let scene = Scene::new();
    let mut triggerer = scene.maitred.start(&["triggerer"]);
    read_until(&mut triggerer, |said| said.contains("running the tasks")).await;
    scene.submit("200", &[]).await;
    read_until(&mut triggerer, |said| said.contains("success")).await;
    std::fs::remove_file(scene.store()).unwrap();
    // A new store is another one, and its tasks are another triggerer's.
    let ended = soon(finished(triggerer)).await;
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    assert_says(&ended, "tasks.sqlite was deleted, replaced or restored while it was in use");
    scene.submit("200", &[]).await;
    let ran = soon(scene.maitred.run(&["triggerer", "--until-idle"])).await;
    assert_says(&ran, "task 1, http.request: success");
}

#[tokio::test]
async fn a_busy_store_is_waited_for_and_told_of() {
    let scene = Scene::new();
    scene.submit("200", &[]).await;
    let other = rusqlite::Connection::open(scene.store()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut triggerer = scene.maitred.start(&["triggerer", "--until-idle"]);
    let busy = "tasks.sqlite is kept busy by another process";
    soon(read_until(&mut triggerer, |said| said.contains(busy))).await;
    other.execute_batch("COMMIT").unwrap();
    let ended = soon(finished(triggerer)).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_says(&ended, "task 1, http.request: success");
}

#[tokio::test]
async fn a_command_that_finds_the_store_busy_for_too_long_says_so() {
    let scene = Scene::new();
    scene.submit("200", &[]).await;
    let other = rusqlite::Connection::open(scene.store()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let ran = soon(scene.maitred.run(&["tasks", "cancel", "1"])).await;
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    assert_says(&ran, "waiting for it");
    assert_says(&ran, "is kept busy by another process\n");
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(soon(scene.maitred.run(&["tasks", "cancel", "1"])).await.code, Some(0));
}

#[cfg(unix)]
#[tokio::test]
async fn a_closed_terminal_ends_it_as_sigterm_does_and_runs_no_failure_command_twice() {
    for signal in ["-HUP", "-QUIT"] {
        let scene = Scene::new();
        let (told, gate) = (scene.folder.path().join("told"), scene.folder.path().join("gate"));
        assert!(std::process::Command::new("mkfifo").arg(&gate).status().unwrap().success());
        let command =
            format!("echo told >> '{}'; echo >&2; cat '{}'", told.display(), gate.display());
        scene.submit("404", &["--on-failure-command", &command]).await;
        let mut triggerer = scene.maitred.start(&["triggerer"]);
        let has_begun = || std::fs::read_to_string(&told).is_ok_and(|text| text == "told\n");
        while !has_begun() {
            tokio::task::yield_now().await;
        }
        super::signals::send(&triggerer, signal);
        soon(read_until(&mut triggerer, |said| said.contains("ending: "))).await;
        tokio::task::spawn_blocking(move || std::fs::write(gate, "go on").unwrap()).await.unwrap();
        let ended = soon(finished(triggerer)).await;
        assert_eq!(ended.code, Some(0), "{signal}: {}", ended.stderr);
        soon(scene.maitred.run(&["triggerer", "--until-idle"])).await;
        assert!(has_begun(), "{signal}: it was run once");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_store_that_breaks_while_it_is_open_is_no_bad_usage() {
    let scene = Scene::new();
    let mut triggerer = scene.maitred.start(&["triggerer"]);
    read_until(&mut triggerer, |said| said.contains("running the tasks")).await;
    scene.submit("200", &[]).await;
    read_until(&mut triggerer, |said| said.contains("success")).await;
    std::fs::File::options().write(true).open(scene.store()).unwrap().set_len(100).unwrap();
    let ended = soon(finished(triggerer)).await;
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    // A file that is no store is, for who names it.
    std::fs::write(scene.folder.path().join("text"), "no store".repeat(1000)).unwrap();
    let text = scene.folder.path().join("text");
    let ran = scene.maitred.run(&["triggerer", "--store", text.to_str().unwrap()]).await;
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
}
