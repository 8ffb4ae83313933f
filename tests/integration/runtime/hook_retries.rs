//! Failure hooks that fail themselves: how often they are tried, and what is told of them.

use std::sync::atomic::{AtomicUsize, Ordering};

use maitred::runtime::task::FailureHook;
use maitred::runtime::{NewTask, Task, TaskId, TaskState};
use serde_json::json;

use super::rig::Rig;
use crate::support::loopback::{Loopback, RefusingPort, Reply, Request};

/// A rig whose pauses are over soon, and a task in it that fails, with this webhook.
fn failing(webhook: String, factor: u32) -> (Rig, TaskId) {
    let rig = Rig::http("http://127.0.0.1:9/", factor);
    let on_failure = Some(FailureHook::Webhook(webhook.into()));
    // The address is refused, and the task fails at once.
    let args = json!({"endpoint": RefusingPort::reserve().url("/"), "json": {}});
    let task = NewTask::new("http.request", args).with_on_failure(on_failure);
    let id = rig.submit_task(task);
    (rig, id)
}

async fn told(webhook: String) -> (Task, String) {
    told_at(webhook, 20).await
}

async fn told_at(webhook: String, factor: u32) -> (Task, String) {
    let (rig, id) = failing(webhook, factor);
    rig.drain().await;
    let task = rig.task(id);
    assert_eq!(task.state, TaskState::Failed);
    assert!(!task.hook_pending);
    (task, rig.everything(id))
}

/// A server that gives these replies in turn, the last one for ever.
fn replies(replies: Vec<Reply>) -> Loopback {
    let next = AtomicUsize::new(0);
    Loopback::start(move |_| {
        let index = next.fetch_add(1, Ordering::SeqCst).min(replies.len() - 1);
        replies[index].clone()
    })
}

#[tokio::test]
async fn a_webhook_is_called_again_until_it_is_heard() {
    for passing in [408, 425, 429, 500, 502, 503] {
        let no = Reply::text(passing, "later");
        let server = replies(vec![no.clone(), Reply::Reset, no, Reply::text(204, "")]);
        let (task, log) = told(server.url("/told")).await;
        assert_eq!(server.requests().len(), 4, "{passing}");
        assert_eq!((task.hook.attempts, task.hook.next, task.hook.error), (4, None, None));
        assert!(log.contains("again in 1 s") && log.contains("again in 2 s"), "{log}");
    }
}

#[tokio::test]
async fn a_webhook_that_is_never_heard_is_given_up() {
    let (task, log) = told_at(RefusingPort::reserve().url("/told"), 100).await;
    assert_eq!((task.hook.attempts, task.hook.next), (10, None));
    assert!(task.hook.error.unwrap().contains("connection refused"));
    assert!(log.contains("given up after 10 attempts"), "{log}");
}

#[tokio::test]
async fn a_webhook_that_refuses_is_called_once() {
    for status in [400, 401, 403, 404, 410] {
        let server = replies(vec![Reply::text(status, "no")]);
        let (task, _) = told(server.url("/told")).await;
        assert_eq!((server.requests().len(), task.hook.attempts), (1, 1), "{status}");
        assert!(task.hook.error.unwrap().contains(&status.to_string()));
    }
}

#[tokio::test]
async fn a_redirect_that_drops_the_post_is_no_answer_of_a_webhook() {
    for status in [301, 302, 303, 304] {
        let server = Loopback::start(move |request: &Request| match request.path.as_str() {
            "/told" => Reply::text(status, "").header("Location", "/elsewhere"),
            _ => Reply::text(200, ""),
        });
        let (task, _) = told(server.url("/told")).await;
        assert_eq!(server.requests().len(), 1, "{status}");
        let error = task.hook.error.unwrap();
        assert!(error.contains(&status.to_string()) && error.contains("redirect"), "{error}");
    }
}

#[tokio::test]
async fn a_webhook_may_move_within_its_server_and_not_to_another() {
    for status in [307, 308] {
        let server = Loopback::start(move |request: &Request| match request.path.as_str() {
            "/told" => Reply::text(status, "").header("Location", "/moved"),
            "/round" => Reply::text(status, "").header("Location", "/round"),
            _ => Reply::text(200, ""),
        });
        let (task, _) = told(server.url("/told")).await;
        assert_eq!((task.hook.attempts, task.hook.next, task.hook.error), (1, None, None));
        let last = server.requests().pop().unwrap();
        assert_eq!((&*last.method, &*last.path), ("POST", "/moved"));
        assert!(last.text().contains("http.request"));
        let (task, _) = told(server.url("/round")).await;
        assert!(task.hook.error.unwrap().contains("more than 5 times"));
        let to = server.url("/moved");
        let other = Loopback::start(move |_| Reply::text(status, "").header("Location", &to));
        let before = server.requests().len();
        let (task, _) = told(other.url("/told")).await;
        assert!(task.hook.error.unwrap().contains("another server"));
        assert_eq!(server.requests().len(), before);
    }
}

#[tokio::test]
async fn the_attempts_of_a_webhook_go_on_after_a_restart() {
    let server = replies(vec![Reply::text(502, ""), Reply::text(502, ""), Reply::text(200, "")]);
    let (rig, id) = failing(server.url("/told"), 20);
    for attempts in 1..=3 {
        let store = std::sync::Arc::clone(&rig.store);
        let tried = move || store.task(id).unwrap().unwrap().hook.attempts >= attempts;
        rig.run_until(tried).await;
        assert_eq!(rig.task(id).hook.attempts, attempts);
    }
    assert_eq!(server.requests().len(), 3);
    assert!(!rig.task(id).hook_pending);
}

#[cfg(unix)]
mod commands {
    use std::fs::File;
    use std::io::Read as _;
    use std::path::Path;
    use std::time::Duration;

    use super::*;

    /// A task that fails, with a shell script that gets it.
    fn failing_with(script: &str, factor: u32) -> (Rig, TaskId) {
        let rig = Rig::http("http://127.0.0.1:9/", factor);
        let words = ["sh", "-c", script].map(str::to_owned).to_vec();
        let args = json!({"endpoint": RefusingPort::reserve().url("/"), "json": {}});
        let on_failure = Some(FailureHook::Command(words));
        let id = rig.submit_task(NewTask::new("http.request", args).with_on_failure(on_failure));
        (rig, id)
    }

    /// A script that leaves a process behind which holds a pipe open, so that its end is seen.
    fn lingering(pipe: &Path) -> String {
        let status = std::process::Command::new("mkfifo").arg(pipe).status().unwrap();
        assert!(status.success());
        format!("sleep 600 > '{}' & wait", pipe.display())
    }

    /// Opens the pipe, which waits for the process that writes to it.
    async fn opened(pipe: &Path) -> File {
        let pipe = pipe.to_owned();
        tokio::task::spawn_blocking(move || File::open(pipe).unwrap()).await.unwrap()
    }

    /// Returns once no process holds the pipe open any more.
    async fn let_go(mut pipe: File) {
        let read = tokio::task::spawn_blocking(move || pipe.read_to_end(&mut Vec::new()).unwrap());
        let read = tokio::time::timeout(Duration::from_secs(60), read).await;
        assert_eq!(read.expect("a process of the command lives on").unwrap(), 0);
    }

    #[tokio::test]
    async fn a_command_that_takes_too_long_leaves_no_process_behind() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let (rig, id) = failing_with(&lingering(&pipe), 30);
        tokio::join!(rig.drain(), async { let_go(opened(&pipe).await).await });
        let hook = rig.task(id).hook;
        assert_eq!(hook.attempts, 1);
        assert!(hook.error.unwrap().contains("took longer than 30 s and was killed"));
    }

    #[tokio::test]
    async fn a_triggerer_that_is_dropped_leaves_no_command_behind() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let (rig, id) = failing_with(&lingering(&pipe), 1);
        let pipe = tokio::select! {
            () = rig.drain() => panic!("the command runs for minutes"),
            pipe = opened(&pipe) => pipe,
        };
        let_go(pipe).await;
        assert!(rig.task(id).hook_pending);
    }

    #[tokio::test]
    async fn a_command_that_fails_is_not_repeated_and_its_end_is_told() {
        let (rig, id) = failing_with("exit 7", 1);
        rig.drain().await;
        let hook = rig.task(id).hook;
        assert_eq!((hook.attempts, hook.next), (1, None));
        assert!(hook.error.unwrap().contains("exit status: 7"));
    }
}
