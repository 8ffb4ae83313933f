//! Waiting for somebody else's work.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    ConnectionUse, Deferral, ExecuteComplete, Flow, Operator, OperatorContext, OperatorError,
    arguments_of,
};
use crate::connection::HTTP_DEFAULT;
use crate::trigger::WaiterTrigger;
use maitred_core::client::HTTP_SERVICE;

/// Waits as a waiter says, and starts nothing: the arguments are those of [`WaiterTrigger`], e.g.
/// `{"service": "redshift", "waiter": "cluster_available", "input": {"ClusterIdentifier": "analytics"}}`.
///
/// It starts from its trigger. The result is the trigger's event, with the `values` that were asked for; a
/// wait that does not succeed fails the task with the event's message. The command line, and an engine that
/// has a catalog, take only tasks whose waiter there is and whose input the service's model knows; the
/// waiter is stored with the task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WaitOperator {
    /// The wait.
    pub trigger: WaiterTrigger,
}

impl Operator for WaitOperator {
    const NAME: &'static str = "maitred.wait";
    type Resume = ExecuteComplete;
    const SUMMARY: &'static str = "Wait as a waiter says, for work that somebody else has started";

    fn arguments() -> Value {
        arguments_of::<WaiterTrigger>()
    }

    fn check(&self) -> Result<(), OperatorError> {
        self.trigger.refuse_secrets().map_err(|error| OperatorError::fatal(error.to_string()))
    }

    fn connections(&self) -> Vec<ConnectionUse> {
        let WaiterTrigger { service, input, client, .. } = &self.trigger;
        let named = ConnectionUse::named(client.connection.as_deref());
        let is_path = input.contains_key("endpoint") && client.endpoint_url.is_none();
        if service != HTTP_SERVICE || !is_path {
            return named.into_iter().collect();
        }
        let used = named.unwrap_or_else(|| ConnectionUse::default_of(HTTP_DEFAULT));
        vec![used.needing_host(true)]
    }

    fn start_from_trigger(&self) -> Result<Option<Deferral<ExecuteComplete>>, OperatorError> {
        Ok(Some(Deferral::new(&self.trigger, ExecuteComplete::ExecuteComplete)?))
    }

    async fn execute(
        &self,
        _ctx: &OperatorContext,
    ) -> Result<Flow<ExecuteComplete>, OperatorError> {
        Ok(Flow::Defer(Deferral::new(&self.trigger, ExecuteComplete::ExecuteComplete)?))
    }
}
