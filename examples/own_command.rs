//! Builds the whole command `maitred` with your own operator and trigger.
//!
//! ```sh
//! cargo run --example own_command -- tasks operators
//! cargo run --example own_command -- run example.wait_for_file --args '{"path": "Cargo.toml"}'
//! ```
//!
//! No waiter can wait for a file, so the trigger polls by hand. It never sleeps: it returns the time of the
//! next poll, and its state is stored.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use maitred::operator::{
    Deferral, ExecuteComplete, Flow, Operator, OperatorContext, OperatorError,
};
use maitred::trigger::{Level, Step, Trigger, TriggerContext, TriggerError, TriggerEvent};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Waits until a file is there. The fields are its arguments, and are stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

/// Waits for a file that somebody else writes. Its result is the event.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WaitForFile {
    path: PathBuf,
}

impl WaitForFile {
    fn deferral(&self) -> Result<Deferral<ExecuteComplete>, OperatorError> {
        let trigger = FileTrigger { path: self.path.clone() };
        Ok(Deferral::new(&trigger, ExecuteComplete::ExecuteComplete)?
            .with_timeout(Duration::from_secs(3600)))
    }
}

impl Operator for WaitForFile {
    const NAME: &'static str = "example.wait_for_file";
    type Resume = ExecuteComplete;
    const SUMMARY: &'static str = "Wait until a file is there";

    /// It starts nothing, so it needs no worker before its trigger.
    fn start_from_trigger(&self) -> Result<Option<Deferral<ExecuteComplete>>, OperatorError> {
        self.deferral().map(Some)
    }

    async fn execute(
        &self,
        _ctx: &OperatorContext,
    ) -> Result<Flow<ExecuteComplete>, OperatorError> {
        self.deferral().map(Flow::Defer)
    }
}

fn main() -> ExitCode {
    let registry = maitred::registry().with_operator::<WaitForFile>().with_trigger::<FileTrigger>();
    maitred::cli::main_with(registry, std::env::args_os())
}
