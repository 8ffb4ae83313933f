//! Checks of a trigger before its wait begins.

use maitred_core::catalog::Catalog;
use maitred_core::client::HTTP_SERVICE;
use maitred_core::config::WaiterConfig;
use serde_json::{Map, Value};

use super::WaiterTrigger;
use crate::trigger::secrets::{literal_secret_of, refused_route, route_of_file, secret_parameter};
use crate::trigger::{TriggerError, values};

impl WaiterTrigger {
    /// Checks that the waiter exists and that it compiles with this input, these parameters and these `values`. Call
    /// it from [`Operator::check`](crate::operator::Operator::check) if the waiter is known by then: otherwise a
    /// mistake is found only when the task is deferred, after the main call.
    ///
    /// # Errors
    /// The first problem, with the name that was probably meant.
    pub fn check(&self, catalog: &Catalog) -> Result<(), TriggerError> {
        let config = self.find(catalog)?;
        self.refuse_secrets()?;
        self.refuse_secrets_of(&config.input)?;
        self.refuse_route_of(&config, self.client.connection.is_some())?;
        values::check(&self.values)?;
        self.compile(&config, self.input.clone()).map(drop)
    }

    /// Refuses secrets that would be stored.
    pub(crate) fn refuse_secrets(&self) -> Result<(), TriggerError> {
        if self.client.has_secret() {
            let message =
                "a task is stored: put the login into a connection, and name that in `client`";
            return Err(TriggerError::new(message));
        }
        let in_input = literal_secret_of(&self.service, &self.input);
        if let Some(message) = in_input.or_else(|| secret_parameter(self.parameters.iter())) {
            return Err(TriggerError::new(message));
        }
        let input = self.definition.as_ref().map(|definition| &definition.input);
        input.map_or(Ok(()), |input| self.refuse_secrets_of(input))
    }

    /// Refuses secrets in the input of the waiter, which is stored, too.
    pub(super) fn refuse_secrets_of(&self, input: &Map<String, Value>) -> Result<(), TriggerError> {
        match literal_secret_of(&self.service, input) {
            Some(message) => {
                let (service, waiter) = (&self.service, &self.waiter);
                let message = format!("{service}.{waiter}: in its input, {message}");
                Err(TriggerError::new(message))
            }
            None => Ok(()),
        }
    }

    /// Refuses a proxy or certificates that a waiter file names, which may be a stranger's, for a request that has the
    /// credentials of a connection.
    pub(super) fn refuse_route_of(
        &self,
        config: &WaiterConfig,
        has_connection: bool,
    ) -> Result<(), TriggerError> {
        if self.service != HTTP_SERVICE || self.definition.is_some() || !has_connection {
            return Ok(());
        }
        let (service, waiter) = (&self.service, &self.waiter);
        match route_of_file(&config.input, &self.input) {
            Some(key) => {
                Err(TriggerError::new(format!("{service}.{waiter}: {}", refused_route(key))))
            }
            None => Ok(()),
        }
    }
}
