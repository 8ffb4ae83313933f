//! Waiter triggers: what they keep while they wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use maitred::operator::{
    Deferral, ExecuteComplete, Flow, Operator, OperatorContext, OperatorError,
};
use maitred::runtime::{NewTask, Registry, TaskState, TriggererOptions};
use maitred::trigger::WaiterTrigger;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::probe;
use super::scene::Scene;
use crate::support::loopback::{Loopback, Reply};

/// Waits for a job, as `jobs.json` says.
#[derive(Debug, Serialize, Deserialize)]
struct WaitForJob {
    url: String,
}

impl Operator for WaitForJob {
    const NAME: &'static str = "test.wait_for_job";
    type Resume = ExecuteComplete;

    async fn execute(
        &self,
        _ctx: &OperatorContext,
    ) -> Result<Flow<ExecuteComplete>, OperatorError> {
        let trigger = WaiterTrigger::new("http", "job").with_input("url", self.url.as_str());
        Ok(Flow::Defer(Deferral::new(&trigger, ExecuteComplete::ExecuteComplete)?))
    }
}

fn waiters(expected: &str) -> String {
    let waiter = json!({
        "operation": "GET", "delay": 0.05, "maxAttempts": 10_000, "show": "Body.state",
        "acceptors": [
            {"state": "success", "matcher": "path", "argument": "Body.state", "expected": expected},
        ],
    });
    json!({"version": 2, "service": "http", "waiters": {"job": waiter}}).to_string()
}

#[tokio::test]
async fn a_wait_keeps_its_waiter_though_the_file_changes() {
    let done = Arc::new(AtomicBool::new(false));
    let state = Arc::clone(&done);
    let server = Loopback::start(move |_| match state.load(Ordering::SeqCst) {
        true => Reply::json(200, r#"{"state": "done"}"#),
        false => Reply::json(200, r#"{"state": "running"}"#),
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jobs.json");
    std::fs::write(&file, waiters("done")).unwrap();
    let scene = Scene::with_waiters(folder.path().to_owned());
    let registry = || -> Registry { probe::registry().with_operator::<WaitForJob>() };
    let args = json!({"url": server.url("/job")});
    let first = scene.submit_task(NewTask::new(WaitForJob::NAME, args.clone()));
    let polled = || server.requests().len() >= 2;
    let options = TriggererOptions::default();
    scene.run_with_until(registry(), options, polled).await;
    assert_eq!(scene.task(first).state, TaskState::Deferred);
    // By now `running` is success, for waits that begin now, in a process that begins now.
    std::fs::write(&file, waiters("running")).unwrap();
    let second = scene.submit_task(NewTask::new(WaitForJob::NAME, args));
    let asked = server.requests().len() + 4;
    let polled =
        || server.requests().len() >= asked && scene.task(second).state == TaskState::Success;
    scene.run_with_until(registry(), TriggererOptions::default(), polled).await;
    assert_eq!(scene.task(first).state, TaskState::Deferred);
    // Nor does it need the file.
    std::fs::remove_file(&file).unwrap();
    done.store(true, Ordering::SeqCst);
    let options = TriggererOptions::until_idle();
    scene.run_with(registry(), options).await;
    let task = scene.task(first);
    assert_eq!(task.state, TaskState::Success, "{task:?}");
    assert_eq!(task.result.unwrap()["outcome"]["shown"], "done");
}
