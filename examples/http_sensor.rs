//! Waits for a job behind an HTTP API, as a durable task. The API is busy at first.
//!
//! ```sh
//! cargo run --example http_sensor
//! ```
//!
//! The same from the shell, with the base of the URL and the credentials in a connection:
//!
//! ```sh
//! export MAITRED_CONN_JOBS='https://user:password@jobs.example.com'
//! maitred run http.sensor --args '{"http_conn_id": "jobs", "endpoint": "/jobs/7", "deferrable": true,
//!     "response_check": {"expression": "Body.state == `done`"}, "fail_if": "Body.state == `failed`"}'
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loopback::{Loopback, Reply};
use maitred::runtime::{Engine as _, NewTask, SqliteStore, Store, TaskState, TriggererOptions};
use serde_json::json;

#[path = "support/loopback.rs"]
#[expect(dead_code, reason = "this example needs a part of it")]
mod loopback;

/// An API whose job takes two looks, after one that it is too busy for.
fn jobs_api() -> Loopback {
    let looks = AtomicUsize::new(0);
    Loopback::start(move |request| {
        let reply = match looks.fetch_add(1, Ordering::Relaxed) {
            0 => Reply::json(503, r#"{"error": "busy"}"#).header("Retry-After", "1"),
            1 | 2 => Reply::json(200, r#"{"state": "running"}"#),
            _ => Reply::json(200, r#"{"state": "done", "rows": 42}"#),
        };
        println!("{} {}", request.method, request.path);
        reply
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let api = jobs_api();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory()?);
    let engine = maitred::engine(Arc::clone(&store), maitred::registry());

    let args = json!({
        "endpoint": api.url("/jobs/7"),
        "response_check": {"expression": "Body.state == 'done'"},
        "fail_if": "Body.state == 'failed'",
        "poke_interval": 0.3,
        "timeout": 60,
        "deferrable": true,
    });
    let id = engine.start(NewTask::new("http.sensor", args)).await?.id();
    let options = TriggererOptions::until_idle();
    engine.triggerer(options).run(std::future::pending()).await?;

    for entry in store.history(id)? {
        println!("  {:9} {}", entry.to.as_str(), entry.reason);
    }
    let task = engine.get(id).await?;
    println!("{}: {}", task.state, task.result.unwrap_or_default());
    if task.state == TaskState::Success { Ok(()) } else { Err("it went wrong".into()) }
}
