//! Waiting for somebody else's work.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Deferral, Flow, Operator, OperatorContext, OperatorError, Resumed};
use crate::trigger::WaiterTrigger;

/// Waits as a waiter says, and starts nothing: the arguments are those of [`WaiterTrigger`], e.g.
/// `{"service": "redshift", "waiter": "cluster_available", "input": {"ClusterIdentifier": "analytics"}}`.
///
/// It starts from its trigger. The result is the trigger's event; a wait that does not succeed fails
/// the task with the event's message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Wait {
    /// What is waited for.
    pub trigger: WaiterTrigger,
}

impl Wait {
    /// The members of a request of service `http` that hold secrets.
    fn has_login(&self) -> bool {
        let input = &self.trigger.input;
        let headers = input.get("headers").and_then(Value::as_object);
        let mut names = headers.into_iter().flat_map(|headers| headers.keys());
        input.contains_key("auth") || names.any(|name| name.eq_ignore_ascii_case("authorization"))
    }
}

impl Operator for Wait {
    const NAME: &'static str = "maitred.wait";
    const SUMMARY: &'static str = "Wait as a waiter says, for work that somebody else has started";

    fn check(&self) -> Result<(), OperatorError> {
        let WaiterTrigger { service, client, .. } = &self.trigger;
        if client.has_secret() || (service == "http" && self.has_login()) {
            let message =
                "a task is stored: put the login into a connection, and name that in `client`";
            return Err(OperatorError::fatal(message));
        }
        Ok(())
    }

    fn start_from_trigger(&self) -> Result<Option<Deferral>, OperatorError> {
        Ok(Some(Deferral::new(&self.trigger, "execute_complete")?))
    }

    async fn execute(&self, _ctx: &OperatorContext) -> Result<Flow, OperatorError> {
        Ok(Flow::Defer(Deferral::new(&self.trigger, "execute_complete")?))
    }

    async fn resume(
        &self,
        _ctx: &OperatorContext,
        _method: &str,
        _kwargs: Value,
        with: Resumed,
    ) -> Result<Flow, OperatorError> {
        Ok(Flow::Done(with.success()?.payload))
    }
}
