//! The door to the service.

use std::sync::Arc;
use std::time::Duration;

use maitred_core::client::{
    Call, CallError, CallErrorKind, Client, Observation, Output, transport,
};
use maitred_core::clock::{BoxFuture, Clock as _, Timestamp};
use serde_json::{Value, json};

use crate::fault::{Door, Fault};
use crate::process::Process;
use crate::world::World;

/// The client of service `http` in a process: it reaches the simulated service, whatever the address.
#[derive(Debug)]
pub struct SimClient {
    /// The world.
    pub world: Arc<World>,
    /// The process whose client it is.
    pub process: Arc<Process>,
}

impl SimClient {
    async fn send(&self, call: &Call) -> Observation {
        let text = |name: &str| call.input.get(name).and_then(Value::as_str);
        let endpoint = text("endpoint").or(text("url")).unwrap_or_default();
        let endpoint = endpoint.trim_start_matches("http://sim/");
        let (world, process) = (&self.world, &self.process);
        let key = format!("{} {}", call.operation, endpoint.split('/').next().unwrap_or_default());
        let fault = world.cross(process, Door::Service, &key);
        let slow = match fault {
            Some(Fault::Slow(millis)) => Duration::from_millis(millis),
            _ => Duration::ZERO,
        };
        self.pause(&key, slow).await;
        let lost = || {
            let message = "no reply was seen";
            CallError::new(CallErrorKind::Transport, transport::TIMEOUT, message)
        };
        match fault {
            Some(Fault::KillBefore) => match process.die().await {},
            Some(Fault::LostRequest) => {
                self.pause(&key, Duration::from_secs(5)).await;
                return Observation::Error(lost());
            }
            Some(Fault::Refused) => return reply(503, &json!({"message": "try again"})),
            Some(Fault::Throttled) => return reply(429, &json!({"message": "slow down"})),
            _ => {}
        }
        if process.is_superseded() {
            return Observation::Error(lost());
        }
        // The service has a clock of its own, which nobody sets.
        let now = Timestamp::default().plus(world.clock.elapsed() + Duration::from_secs(60));
        let now = match fault {
            Some(Fault::Stale) => now.minus(Duration::from_secs(10)),
            _ => now,
        };
        let (status, body) = self.effect(call, endpoint, now);
        match fault {
            Some(Fault::KillAfter) => match process.die().await {},
            Some(Fault::LostReply) => {
                self.pause(&key, Duration::from_secs(5)).await;
                return Observation::Error(lost());
            }
            Some(Fault::FailedAfter) => return reply(500, &json!({"message": "out of order"})),
            _ => {}
        }
        self.pause(&key, Duration::ZERO).await;
        reply(status, &body)
    }

    /// What the service does, with the judge as its witness.
    fn effect(&self, call: &Call, endpoint: &str, now: Timestamp) -> (u16, Value) {
        let body = call.input.get("json").cloned().unwrap_or_default();
        let mut state = self.world.lock();
        let state = &mut *state;
        let answer = state.service.answer(&call.operation, endpoint, &body, now);
        if call.operation != "GET" {
            let place = if endpoint.is_empty() { "/" } else { endpoint };
            let what = format!("{} {place} -> {} {}", call.operation, answer.0, answer.1);
            state.trace.add(self.world.clock.elapsed(), self.process.name(), &what);
            state.judge.requested(&state.service, &call.operation, endpoint, &body);
        }
        answer
    }

    async fn pause(&self, key: &str, least: Duration) {
        self.world.clock.sleep(least + self.world.pause(key)).await;
        self.process.gate().await;
    }
}

impl Client for SimClient {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        Box::pin(self.send(call))
    }

    fn as_any(&self) -> Option<&dyn std::any::Any> {
        Some(self)
    }
}

fn reply(status: u16, body: &Value) -> Observation {
    let document = json!({"StatusCode": status, "Headers": {}, "Body": body});
    let mut output = Output::new(document, status);
    if status >= 400 {
        let message = body["message"].as_str().unwrap_or_default();
        let error = CallError::new(CallErrorKind::Service, status.to_string(), message);
        output.error = Some(error.with_status(status));
    }
    Observation::Output(output)
}
