//! Pauses a Redshift cluster as a durable task, and kills the process that runs the task half-way.
//!
//! ```sh
//! cargo run --example survive_kill
//! ```
//!
//! A small Redshift endpoint runs on the loopback interface. The triggerer is another process, made of
//! this same program: it sends PauseCluster, defers the task, and is killed (SIGKILL) while the cluster
//! is still pausing. A second one continues the trigger; PauseCluster is not sent again.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use maitred::clock::{Clock as _, SystemClock};
use maitred::runtime::{
    EmbeddedEngine, Engine as _, NewTask, SqliteStore, Store as _, TaskState, TriggererOptions,
};
use redshift::{FakeRedshift, Pace};
use serde_json::json;

#[path = "support/loopback.rs"]
#[expect(dead_code, reason = "this example needs a part of it")]
mod loopback;
#[path = "support/redshift.rs"]
#[expect(dead_code, reason = "this example needs a part of it")]
mod redshift;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut words = std::env::args().skip(1);
    match (words.next(), words.next()) {
        (Some(word), Some(path)) if word == "triggerer" => triggerer(Path::new(&path)).await,
        _ => story().await,
    }
}

/// Runs the tasks of the store until none is left, as `maitred triggerer --until-idle` does.
async fn triggerer(path: &Path) -> Outcome<()> {
    let options = TriggererOptions::until_idle();
    Ok(engine(path)?.triggerer(options).run(std::future::pending()).await?)
}

fn engine(path: &Path) -> Outcome<EmbeddedEngine> {
    let store = Arc::new(SqliteStore::open(path)?);
    Ok(maitred::engine(store, maitred::registry()))
}

async fn story() -> Outcome<()> {
    let redshift = FakeRedshift::start(Pace::Elapsed(Duration::from_secs(3)));
    redshift.cluster("analytics", &["available"]);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("tasks.sqlite");

    let (engine, clock) = (engine(&path)?, SystemClock::new());
    let args = json!({
        "cluster_identifier": "analytics",
        "wait_for_completion": true,
        "deferrable": true,
        "poll_interval": 0.5,
        "max_attempts": 100,
    });
    let id = engine.start(NewTask::new("redshift.pause_cluster", args)).await?.id();
    println!("task {id} is submitted: redshift.pause_cluster");

    let start = || {
        let connection = format!(
            "aws://AKIDEXAMPLE:example@?region_name=eu-central-1&endpoint_url={}",
            redshift.url().replace(':', "%3A").replace('/', "%2F")
        );
        Command::new(std::env::current_exe()?)
            .arg("triggerer")
            .arg(&path)
            .env("MAITRED_CONN_AWS_DEFAULT", connection)
            .spawn()
    };
    let mut first = start()?;
    println!("triggerer {} runs", first.id());
    while engine.get(id).await?.state != TaskState::Deferred {
        clock.sleep(Duration::from_millis(20)).await;
    }
    first.kill()?;
    first.wait()?;
    println!("the cluster is pausing, the task is deferred: triggerer {} is killed", first.id());

    let mut second = start()?;
    println!("triggerer {} runs", second.id());
    let task = engine.result(id).await?;
    second.wait()?;
    for entry in SqliteStore::open(&path)?.history(id)? {
        println!("  {:9} {}", entry.to.as_str(), entry.reason);
    }
    let calls = redshift.actions().iter().filter(|action| *action == "PauseCluster").count();
    println!("task {id}: {}; PauseCluster was sent {calls} time(s)", task.state);
    if task.state == TaskState::Success && calls == 1 {
        Ok(())
    } else {
        Err("it went wrong".into())
    }
}
