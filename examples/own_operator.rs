//! Defines an operator that starts work behind an HTTP API and waits for it.
//!
//! ```sh
//! cargo run --example own_operator
//! ```
//!
//! - The work is started by a main call, which carries the idempotency token. The API loses the first
//!   reply here, so the operator finds the work by that token, and nothing is sent twice.
//! - The wait is a waiter, whose JSON is part of the program. The values that it shows become the result.
//! - A second task is cancelled, and the work that it started is undone. (own_command.rs polls by hand.)

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use loopback::{Loopback, Reply, Request};
use maitred::client::{Call, CallMode};
use maitred::clock::{Clock as _, SystemClock};
use maitred::connection::ClientSettings;
use maitred::diagnostic::Invalid;
use maitred::operator::{
    Deferral, ExecuteComplete, Flow, Intent, MainCallError, Operator, OperatorContext,
    OperatorError, Reconciled, Resumed, UndoCall,
};
use maitred::runtime::{Engine as _, NewTask, SqliteStore, Store, TaskState, TriggererOptions};
use maitred::schema;
use maitred::trigger::WaiterTrigger;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[path = "support/loopback.rs"]
#[expect(dead_code, reason = "this example needs a part of it")]
mod loopback;

/// In a program of more than one file: `include_str!("../waiters/exports.json")`.
const WAITERS: &str = r#"{"version": 2, "service": "http", "waiters": {"export_done": {
    "operation": "GET", "delay": 0.2, "maxAttempts": 1000, "show": "Body.state",
    "parameters": {"EXPORT": {}}, "input": {"endpoint": "exports/{{EXPORT}}"},
    "acceptors": [
        {"state": "success", "matcher": "path", "argument": "Body.state", "expected": "done"},
        {"state": "failure", "matcher": "path", "argument": "Body.state", "expected": "failed",
         "message": "Body.error"}
    ]
}}}"#;

/// Exports a report. The fields are its arguments, and are stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Export {
    report: String,
    /// The connection to the API, by its id, e.g. `{"connection": "reports"}`.
    #[serde(default)]
    api: ClientSettings,
}

impl Export {
    /// The wait for an export.
    fn wait(&self, id: &str) -> Result<WaiterTrigger, OperatorError> {
        let fatal = |error: Invalid| OperatorError::fatal(error.to_string());
        let file = schema::parse(WAITERS).map_err(fatal)?;
        Ok(WaiterTrigger::new("http", "export_done")
            .with_definition(file.waiters["export_done"].clone())
            .with_parameter("EXPORT", id)
            .with_client(self.api.clone())
            .with_timeout(Duration::from_secs(3600))
            .with_value("url", "Body.url"))
    }

    /// What deletes an export.
    fn undo(&self, id: &str) -> UndoCall {
        let call = Call::new("http", "DELETE", [("endpoint", format!("exports/{id}"))]);
        UndoCall::new(format!("delete export {id}"), call, self.api.clone())
    }
}

impl Operator for Export {
    const NAME: &'static str = "example.export";
    type Resume = ExecuteComplete;
    const SUMMARY: &'static str = "Export a report";

    fn check(&self) -> Result<(), OperatorError> {
        if self.report.is_empty() {
            return Err(OperatorError::fatal("report is empty: give the report's name"));
        }
        Ok(())
    }

    async fn execute(&self, ctx: &OperatorContext) -> Result<Flow<ExecuteComplete>, OperatorError> {
        let client = ctx.client("http", &self.api).await?;
        let headers = json!({"Idempotency-Key": ctx.task.token});
        let body = json!({"report": self.report});
        let input = [("endpoint", json!("exports")), ("headers", headers), ("json", body)];
        let post = Call::new("http", "POST", input).with_mode(CallMode::Once);
        let details = json!({"report": self.report});
        // What must not happen twice goes through `main_call` and [`CallMode::Once`].
        let id: String = ctx
            .main_call("post_export", details, || async move {
                let reply = client.call(&post).await.into_result()?;
                let id = reply.value()["Body"]["id"].as_str();
                id.map(str::to_owned).ok_or(MainCallError::Ambiguous("no id was given".to_owned()))
            })
            .await?;
        let deferral = Deferral::new(&self.wait(&id)?, ExecuteComplete::ExecuteComplete)?;
        Ok(Flow::Defer(deferral.with_undo(self.undo(&id))))
    }

    async fn reconcile(
        &self,
        ctx: &OperatorContext,
        _intent: &Intent,
    ) -> Result<Reconciled, OperatorError> {
        let client = ctx.client("http", &self.api).await?;
        let params = json!({"token": ctx.task.token});
        let get = Call::new("http", "GET", [("endpoint", json!("exports")), ("params", params)]);
        let reply = client.call(&get).await.into_result()?;
        let found = reply.value()["Body"].as_array();
        Ok(match found.map(Vec::as_slice) {
            Some([]) => Reconciled::NotStarted,
            Some([export]) if export["id"].is_string() => Reconciled::Found(export["id"].clone()),
            // What is not understood must not lead to a second export.
            Some(_) | None => Reconciled::InDoubt,
        })
    }

    async fn resume(
        &self,
        _ctx: &OperatorContext,
        _at: ExecuteComplete,
        with: Resumed,
    ) -> Result<Flow<ExecuteComplete>, OperatorError> {
        Ok(Flow::Done(with.success()?.payload["values"].take()))
    }
}

/// An API whose first reply is lost; the second export never ends.
fn exports_api() -> Loopback {
    let tokens = Mutex::new(Vec::<String>::new());
    let polls = Mutex::new(0);
    Loopback::start(move |request: &Request| {
        println!("  {} {}", request.method, request.path);
        let mut tokens = tokens.lock().expect("no handler panics");
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", _) => {
                tokens.push(request.header("idempotency-key").unwrap_or_default().to_owned());
                match tokens.len() {
                    1 => Reply::Reset,
                    id => Reply::json(201, &json!({"id": id.to_string()}).to_string()),
                }
            }
            ("GET", "/exports") => {
                let known = |token: &String| request.query == format!("token={token}");
                let found = tokens.iter().position(known).map(|at| (at + 1).to_string());
                let found = found.map_or_else(|| json!([]), |id| json!([{"id": id}]));
                Reply::json(200, &found.to_string())
            }
            ("GET", "/exports/1") => {
                let mut polls = polls.lock().expect("no handler panics");
                *polls += 1;
                let done = r#"{"state": "done", "url": "/files/1.csv"}"#;
                Reply::json(200, if *polls > 2 { done } else { r#"{"state": "running"}"# })
            }
            ("GET", _) => Reply::json(200, r#"{"state": "running"}"#),
            _ => Reply::json(200, "{}"),
        }
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let api = exports_api();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory()?);
    let registry = maitred::registry().with_operator::<Export>();
    let engine = maitred::engine(Arc::clone(&store), registry);
    let clock = SystemClock::new();
    let args = |report: &str| json!({"report": report, "api": {"endpoint_url": api.url("/")}});

    let first = engine.start(NewTask::new(Export::NAME, args("sales"))).await?.id();
    let second = engine.start(NewTask::new(Export::NAME, args("endless"))).await?.id();
    let cancel = async {
        while engine.get(second).await?.state != TaskState::Deferred {
            clock.sleep(Duration::from_millis(10)).await;
        }
        engine.cancel(second, true).await
    };
    let options = TriggererOptions::until_idle().with_workers(1);
    let triggerer = engine.triggerer(options);
    let (ran, cancelled) = tokio::join!(triggerer.run(std::future::pending()), cancel);
    ran?;
    cancelled?;

    for id in [first, second] {
        let task = engine.get(id).await?;
        println!("task {id}: {} {}", task.state, task.result.unwrap_or_default());
        for entry in store.history(id)? {
            println!("  {:9} {}", entry.to.as_str(), entry.reason);
        }
    }
    Ok(())
}
