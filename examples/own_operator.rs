//! An operator and a trigger of one's own: a report is requested, and waited for as a file.
//!
//! ```sh
//! cargo run --example own_operator
//! ```
//!
//! Waiting for a file is what no waiter can express, so the trigger polls by hand. It never sleeps: it
//! says when it wants to be asked again, and keeps what it must remember in its state, which is stored.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use maitred::catalog::{Catalog, Sources};
use maitred::clock::{Clock, SystemClock};
use maitred::connection::{Clients, Connections, Environment};
use maitred::operator::{Deferral, Flow, Operator, OperatorContext, OperatorError, Resumed};
use maitred::runtime::{
    EmbeddedEngine, Engine as _, MemoryStore, NewTask, Registry, Store, StoreDefinitions,
    Triggerer, TriggererOptions,
};
use maitred::trigger::{
    Definitions, Level, Services, Step, Trigger, TriggerContext, TriggerError, TriggerEvent,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Waits until a file is there. The fields are its arguments, and are stored.
#[derive(Debug, Serialize, Deserialize)]
struct FileTrigger {
    path: PathBuf,
}

impl Trigger for FileTrigger {
    const NAME: &'static str = "example.file";
    /// How often it has looked.
    type State = u32;

    async fn start(&self, _ctx: &TriggerContext) -> Result<u32, TriggerError> {
        Ok(0)
    }

    async fn step(&self, ctx: &TriggerContext, looks: &mut u32) -> Result<Step, TriggerError> {
        *looks += 1;
        if self.path.exists() {
            let event = json!({"status": "success", "looks": looks});
            return Ok(Step::Fire(TriggerEvent::new(event)));
        }
        ctx.log(Level::Info, format!("look {looks}: not there yet"));
        Ok(Step::Again { after: Duration::from_millis(200) })
    }
}

/// Requests a report and waits for it. The fields are its arguments, and are stored.
#[derive(Debug, Serialize, Deserialize)]
struct Report {
    path: PathBuf,
}

impl Operator for Report {
    const NAME: &'static str = "example.report";
    const SUMMARY: &'static str = "Request a report and wait for it";

    async fn execute(&self, ctx: &OperatorContext) -> Result<Flow, OperatorError> {
        // What must not happen twice goes through `main_call`.
        let path = self.path.clone();
        let details = json!({"path": path});
        ctx.main_call("request_report", details, || async move {
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(500));
                std::fs::write(path, "42 rows")
            });
            Ok(())
        })
        .await?;
        let trigger = FileTrigger { path: self.path.clone() };
        let deferral = Deferral::new(&trigger, "read")?.with_timeout(Duration::from_secs(30));
        Ok(Flow::Defer(deferral))
    }

    async fn resume(
        &self,
        _ctx: &OperatorContext,
        _method: &str,
        _kwargs: Value,
        with: Resumed,
    ) -> Result<Flow, OperatorError> {
        let event = with.success()?;
        let report = std::fs::read_to_string(&self.path)
            .map_err(|error| OperatorError::new(format!("the report cannot be read: {error}")))?;
        Ok(Flow::Done(json!({"report": report, "event": event})))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let registry = Registry::builtin().with_operator::<Report>().with_trigger::<FileTrigger>();
    let registry = Arc::new(registry);

    let engine = EmbeddedEngine::new(Arc::clone(&store), Arc::clone(&registry), Arc::clone(&clock));
    let args = json!({"path": folder.path().join("report.txt")});
    let id = engine.start(NewTask::new("example.report", 1, args)).await?.id();

    let services = Services {
        clock: Arc::clone(&clock),
        clients: Clients::new(Connections::new(Environment::of_process()), clock),
        catalog: Catalog::new(Sources::default()),
        definitions: Definitions::new(Arc::new(StoreDefinitions::new(Arc::clone(&store)))),
    };
    let options = TriggererOptions { until_idle: true, ..TriggererOptions::default() };
    let triggerer = Triggerer::new(Arc::clone(&store), registry, Arc::new(services), options);
    triggerer.run(std::future::pending()).await?;

    for entry in store.history(id)? {
        println!("{:9} {}", entry.to.as_str(), entry.reason);
    }
    for line in store.logs(id, 0)? {
        println!("  log: {}", line.message);
    }
    println!("{}", engine.get(id).await?.result.unwrap_or_default());
    Ok(())
}
