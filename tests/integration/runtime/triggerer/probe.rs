//! An operator and a trigger that do what they are told.

use std::time::Duration;

use maitred::client::Call;
use maitred::clock::Timestamp;
use maitred::connection::ClientSettings;
use maitred::operator::{
    Deferral, Flow, Operator, OperatorContext, OperatorError, Resumed, UndoCall,
};
use maitred::runtime::{NewTask, Registry};
use maitred::trigger::{Step, TaskEnd, Trigger, TriggerContext, TriggerError, TriggerEvent};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What the operator does.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Act {
    Panic,
    Fail(String),
    Fatal(String),
    Result(Value),
    Sleep(f64),
    /// A main call that takes so many seconds, and then as many without one.
    Call(f64),
    Defer(Wait),
}

/// What the trigger does.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Wait {
    Panic,
    Fire(Value),
    End(TaskEnd),
    /// It is due after so many seconds.
    After(f64),
    /// Its one step takes so many seconds.
    Slow(f64),
    /// It takes two steps, so many seconds apart.
    Twice(f64),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Probe {
    pub(super) execute: Act,
    /// The deferral's time-out in seconds.
    #[serde(default)]
    pub(super) timeout: Option<f64>,
    /// Whether every resumption defers again.
    #[serde(default)]
    pub(super) again: bool,
    /// What it waits for after the first wait.
    #[serde(default)]
    pub(super) then: Option<Wait>,
    #[serde(default)]
    pub(super) from_trigger: Option<Wait>,
    /// Where the call goes that undoes its work.
    #[serde(default)]
    pub(super) undo: Option<String>,
}

/// A task of it.
pub(super) struct ProbeTask {
    pub(super) args: Probe,
    pub(super) task: NewTask,
}

impl ProbeTask {
    pub(super) fn into_task(self) -> NewTask {
        let mut task = self.task;
        task.args = serde_json::to_value(self.args).unwrap();
        task
    }
}

impl Probe {
    #[expect(clippy::new_ret_no_self, reason = "a task is what tests want")]
    pub(super) fn new(execute: Act) -> ProbeTask {
        let args = Self {
            execute,
            timeout: None,
            again: false,
            then: None,
            from_trigger: None,
            undo: None,
        };
        ProbeTask { args, task: NewTask::new(Self::NAME, Value::Null) }
    }

    fn defer(&self, wait: &Wait, at: Stage) -> Result<Flow<Stage>, OperatorError> {
        let mut deferral = Deferral::new(&WaitTrigger { wait: wait.clone() }, at)?;
        deferral.timeout = self.timeout.map(Duration::from_secs_f64);
        deferral.undo = self.undo.as_ref().map(|url| {
            UndoCall::new(
                "tell the server",
                Call::new("http", "DELETE", [("url", url.as_str())]),
                ClientSettings::default(),
            )
        });
        Ok(Flow::Defer(deferral))
    }
}

/// Which wait it is that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", content = "kwargs", rename_all = "snake_case")]
pub(super) enum Stage {
    First,
    Second,
}

impl Operator for Probe {
    const NAME: &'static str = "test.probe";
    type Resume = Stage;

    fn start_from_trigger(&self) -> Result<Option<Deferral<Stage>>, OperatorError> {
        let Some(wait) = &self.from_trigger else { return Ok(None) };
        Ok(Some(Deferral::new(&WaitTrigger { wait: wait.clone() }, Stage::First)?))
    }

    async fn execute(&self, ctx: &OperatorContext) -> Result<Flow<Stage>, OperatorError> {
        match &self.execute {
            Act::Panic => panic!("out of order"),
            Act::Fail(message) => Err(OperatorError::new(message.as_str())),
            Act::Fatal(message) => Err(OperatorError::fatal(message.as_str())),
            Act::Result(value) => Ok(Flow::Done(value.clone())),
            Act::Sleep(seconds) => {
                ctx.services.clock.sleep(Duration::from_secs_f64(*seconds)).await;
                Ok(Flow::Done(Value::Null))
            }
            Act::Call(seconds) => {
                let pause = || ctx.services.clock.sleep(Duration::from_secs_f64(*seconds));
                let call = || async {
                    pause().await;
                    Ok(())
                };
                ctx.main_call("sleep", Value::Null, call).await?;
                pause().await;
                Ok(Flow::Done(Value::Null))
            }
            Act::Defer(wait) => self.defer(wait, Stage::First),
        }
    }

    async fn resume(
        &self,
        _ctx: &OperatorContext,
        at: Stage,
        with: Resumed,
    ) -> Result<Flow<Stage>, OperatorError> {
        match (&self.execute, &self.then) {
            (_, Some(then)) if at == Stage::First => {
                Self { timeout: None, ..self.clone() }.defer(then, Stage::Second)
            }
            (Act::Defer(wait), None) if self.again => self.defer(wait, at),
            _ => Ok(Flow::Done(json!(with))),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WaitTrigger {
    wait: Wait,
}

impl Trigger for WaitTrigger {
    const NAME: &'static str = "test.wait";
    const VERSION: u32 = 2;
    /// How many steps were made.
    type State = u32;

    async fn start(&self, _ctx: &TriggerContext) -> Result<u32, TriggerError> {
        Ok(0)
    }

    fn first_due(&self, _steps: &u32, now: Timestamp) -> Timestamp {
        if let Wait::After(seconds) = self.wait {
            return now.plus(Duration::from_secs_f64(seconds));
        }
        now
    }

    async fn step(&self, ctx: &TriggerContext, steps: &mut u32) -> Result<Step, TriggerError> {
        *steps += 1;
        let success = || Step::Fire(TriggerEvent::new(json!({"status": "success"})));
        Ok(match &self.wait {
            Wait::Panic => panic!("the trigger broke"),
            Wait::Fire(payload) => Step::Fire(TriggerEvent::new(payload.clone())),
            Wait::End(end) => Step::End(end.clone()),
            Wait::Twice(seconds) if *steps < 2 => {
                Step::Again { after: Duration::from_secs_f64(*seconds) }
            }
            Wait::After(_) | Wait::Twice(_) => success(),
            Wait::Slow(seconds) => {
                ctx.clock().sleep(Duration::from_secs_f64(*seconds)).await;
                success()
            }
        })
    }
}

/// The same trigger as an earlier program knows it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OldTrigger {}

impl Trigger for OldTrigger {
    const NAME: &'static str = WaitTrigger::NAME;
    type State = ();

    async fn start(&self, _ctx: &TriggerContext) -> Result<(), TriggerError> {
        Ok(())
    }

    async fn step(&self, _ctx: &TriggerContext, (): &mut ()) -> Result<Step, TriggerError> {
        Err(TriggerError::new("it must not run"))
    }
}

pub(super) fn registry() -> Registry {
    maitred::registry().with_operator::<Probe>().with_trigger::<WaitTrigger>()
}
