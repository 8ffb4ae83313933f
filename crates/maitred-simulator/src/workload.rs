//! The work: an operator that starts jobs, and a trigger that waits for them.

use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use maitred_core::catalog::{Catalog, Sources};
use maitred_core::client::Call;
use maitred_core::clock::Clock as _;
use maitred_runtime::Registry;
use maitred_runtime::connection::ClientSettings;
use maitred_runtime::operator::file::OperatorCatalog;
use maitred_runtime::operator::{
    Deferral, Flow, Intent, MainCallError, Operator, OperatorContext, OperatorError, Reconciled,
    Resumed, UndoCall,
};
use maitred_runtime::trigger::{
    CancelReason, Step, Trigger, TriggerContext, TriggerError, TriggerEvent,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::SimClient;
use crate::fault::{Door, Fault};

/// The operators and triggers of the simulated program.
#[must_use]
pub fn registry() -> Registry {
    Registry::builtin()
        .with_operator::<Jobs>()
        .with_trigger::<JobTrigger>()
        .with_operators(OperatorCatalog::default().with_paths([file("operators.json")]))
}

/// The waiters of the simulated program.
#[must_use]
pub fn catalog() -> Catalog {
    Catalog::new(Sources::default().with_user([file("waiters.json")]))
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("files").join(name)
}

/// The operator of a file: it starts a job or two.
pub const FILE_OPERATOR: &str = "http.start_job";

/// Starts jobs, one after the other, waits for the last, and returns their numbers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// How many.
    pub calls: u32,
    /// Milliseconds that each takes.
    pub takes: u64,
    /// True if it defers to a trigger.
    pub defers: bool,
    /// How often it waits again after its first wait.
    pub again: u32,
    /// True if the last job can be stopped again.
    pub undo: bool,
    /// Seconds that one wait may take.
    pub timeout: Option<u64>,
}

/// Where it goes on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "method", content = "kwargs", rename_all = "snake_case")]
pub enum Resume {
    /// After a wait, with the jobs, and how many waits are left.
    Waited {
        /// The numbers of the jobs.
        jobs: Vec<u64>,
        /// How many waits are left.
        left: u32,
    },
}

impl Jobs {
    async fn start(&self, ctx: &OperatorContext, ordinal: u32) -> Result<u64, OperatorError> {
        let client = ctx.client("http", &ClientSettings::default()).await?;
        let body = json!({
            "task": ctx.task.id, "token": ctx.task.token, "ordinal": ordinal, "takes": self.takes,
        });
        let call = Call::new("http", "POST", [("endpoint", json!("jobs")), ("json", body)]);
        let send = || async {
            let reply = client.call(&call).await.into_result().map_err(MainCallError::from)?;
            Ok(reply.value()["Body"]["id"].as_u64().unwrap_or_default())
        };
        ctx.main_call("start", json!({"ordinal": ordinal}), send).await
    }

    fn wait(&self, jobs: Vec<u64>, left: u32) -> Result<Flow<Resume>, OperatorError> {
        let job = jobs.last().copied().unwrap_or_default();
        let mut deferral = Deferral::new(&JobTrigger { job }, Resume::Waited { jobs, left })?;
        deferral.timeout = self.timeout.map(Duration::from_secs);
        if self.undo {
            let call = Call::new("http", "DELETE", [("endpoint", format!("jobs/{job}"))]);
            let client = ClientSettings::default();
            deferral = deferral.with_undo(UndoCall::new(format!("stop job {job}"), call, client));
        }
        Ok(Flow::Defer(deferral))
    }
}

impl Operator for Jobs {
    const NAME: &'static str = "sim.jobs";
    type Resume = Resume;

    async fn execute(&self, ctx: &OperatorContext) -> Result<Flow<Resume>, OperatorError> {
        let mut jobs = Vec::new();
        for ordinal in 0..self.calls {
            user_code(ctx, "execute").await?;
            jobs.push(self.start(ctx, ordinal).await?);
        }
        user_code(ctx, "execute").await?;
        if self.defers {
            return self.wait(jobs, self.again);
        }
        Ok(Flow::Done(json!(jobs)))
    }

    async fn resume(
        &self,
        ctx: &OperatorContext,
        resume: Resume,
        with: Resumed,
    ) -> Result<Flow<Resume>, OperatorError> {
        user_code(ctx, "resume").await?;
        let Resume::Waited { mut jobs, left } = resume;
        with.success()?;
        if left == 0 {
            return Ok(Flow::Done(json!(jobs)));
        }
        // Its calls of this step are counted anew.
        jobs.push(self.start(ctx, 0).await?);
        user_code(ctx, "resume").await?;
        self.wait(jobs, left - 1)
    }

    async fn reconcile(
        &self,
        ctx: &OperatorContext,
        intent: &Intent,
    ) -> Result<Reconciled, OperatorError> {
        user_code(ctx, "reconcile").await?;
        let client = ctx.client("http", &ClientSettings::default()).await?;
        let call = format!("calls/{}/{}", ctx.task.token, intent.ordinal);
        let call = Call::new("http", "GET", [("endpoint", call)]);
        let found = client.call(&call).await.into_result().map_err(OperatorError::from)?;
        Ok(match found.value()["Body"]["id"].as_u64() {
            Some(id) => Reconciled::Found(json!(id)),
            None => Reconciled::NotStarted,
        })
    }

    async fn on_cancel(&self, ctx: &OperatorContext, _reason: CancelReason) {
        // Its errors are nobody's.
        let _ = user_code(ctx, "on_cancel").await;
    }
}

/// Waits until a job is done.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobTrigger {
    job: u64,
}

impl Trigger for JobTrigger {
    const NAME: &'static str = "sim.job";
    /// How often it has looked.
    type State = u32;

    async fn start(&self, ctx: &TriggerContext) -> Result<u32, TriggerError> {
        trigger_code(ctx, "start").await?;
        Ok(0)
    }

    async fn step(&self, ctx: &TriggerContext, looks: &mut u32) -> Result<Step, TriggerError> {
        *looks += 1;
        trigger_code(ctx, "step").await?;
        let client = ctx.client("http", &ClientSettings::default()).await?;
        let call = Call::new("http", "GET", [("endpoint", format!("jobs/{}", self.job))]);
        let state = match client.call(&call).await.into_result() {
            Ok(reply) => reply.value()["Body"]["state"].as_str().unwrap_or_default().to_owned(),
            Err(_) => String::new(),
        };
        Ok(match state.as_str() {
            "done" => Step::Fire(TriggerEvent::new(json!({"status": "success"}))),
            "stopped" => {
                let message = "the job was stopped";
                Step::Fire(TriggerEvent::new(json!({"status": "failure", "message": message})))
            }
            _ => Step::Again { after: Duration::from_secs(2) },
        })
    }

    async fn on_cancel(&self, ctx: &TriggerContext, _looks: &u32, _reason: CancelReason) {
        // Its errors are nobody's.
        let _ = trigger_code(ctx, "on_cancel of the trigger").await;
    }
}

/// A place in an operator at which its code may go wrong.
async fn user_code(ctx: &OperatorContext, method: &str) -> Result<(), OperatorError> {
    let client = ctx.client("http", &ClientSettings::default()).await?;
    go_wrong(&client, &format!("{method} {}", ctx.task.id)).await.map_err(OperatorError::new)
}

/// The same in a trigger.
async fn trigger_code(ctx: &TriggerContext, method: &str) -> Result<(), TriggerError> {
    let client = ctx.client("http", &ClientSettings::default()).await?;
    go_wrong(&client, method).await.map_err(TriggerError::new)
}

async fn go_wrong(
    client: &std::sync::Arc<dyn maitred_core::client::Client>,
    key: &str,
) -> Result<(), String> {
    let Some(SimClient { world, process }) = client.downcast_ref::<SimClient>() else {
        return Ok(());
    };
    match world.cross(process, Door::User, key) {
        Some(Fault::KillBefore) => match process.die().await {},
        Some(Fault::Panic) => panic!("{SIMULATED}"),
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Error) => Err("the code is wrong".to_owned()),
        Some(Fault::Slow(millis)) => {
            world.clock.sleep(Duration::from_millis(millis)).await;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The message of simulated panics.
const SIMULATED: &str = "a simulated panic";

/// Prints no simulated panics from now on.
pub fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload_as_str() != Some(SIMULATED) {
                usual(panic);
            }
        }));
    });
}

/// The body of a wait of `maitred.wait` for a job that somebody else has started.
#[must_use]
pub fn waiter_args(job: usize) -> Value {
    json!({
        "service": "http",
        "waiter": "job_done",
        "definition": {
            "operation": "GET", "delay": 2, "maxAttempts": 500,
            "acceptors": [
                {"state": "success", "matcher": "path", "argument": "Body.state", "expected": "done"},
                {"state": "failure", "matcher": "path", "argument": "Body.state", "expected": "stopped"},
                {"state": "retry", "matcher": "status", "expected": 404}
            ]
        },
        "input": {"endpoint": format!("jobs/{job}")}
    })
}
