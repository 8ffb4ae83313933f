//! From a trigger to its compiled waiter.

use std::sync::Arc;
use std::time::Duration;

use maitred_core::catalog::{Catalog, LookupError};
use maitred_core::client::Call;
use maitred_core::config::WaiterConfig;
use maitred_core::diagnostic::Invalid;
use maitred_core::waiter::{Options, Waiter};
use serde_json::{Map, Value};

use super::WaiterTrigger;
use crate::trigger::{TriggerContext, TriggerError};

impl WaiterTrigger {
    /// The name of the waiter, e.g. `redshift.cluster_paused`.
    pub(crate) fn id(&self) -> String {
        format!("{}.{}", self.service, self.waiter)
    }

    /// The definition of the waiter.
    pub(crate) fn find(&self, catalog: &Catalog) -> Result<Arc<WaiterConfig>, TriggerError> {
        if let Some(definition) = &self.definition {
            return definition.resolve().map(Arc::new).map_err(|error| self.unusable(&error));
        }
        let entry = catalog.find(&self.service, &self.waiter);
        Ok(entry.map_err(|error| not_found(&error))?.config)
    }

    /// The waiter that was submitted with the task, or else the one that is found here.
    pub(super) async fn take(
        &self,
        ctx: &TriggerContext,
    ) -> Result<(String, Arc<WaiterConfig>), TriggerError> {
        let submitted = ctx.submitted(&self.id()).filter(|_| self.definition.is_none());
        if let Some(hash) = submitted {
            return Ok((hash.to_owned(), ctx.definitions().get(hash).await?));
        }
        let config = self.find(ctx.catalog())?;
        self.refuse_secrets_of(&config.input)?;
        Ok((ctx.definitions().put(&config).await?, config))
    }

    fn options(&self, input: Map<String, Value>) -> Result<Options, TriggerError> {
        let seconds = |value: Option<f64>| match value.map(Duration::try_from_secs_f64) {
            None => Ok(None),
            Some(Ok(duration)) => Ok(Some(duration)),
            Some(Err(error)) => Err(TriggerError::new(format!("a time cannot be waited: {error}"))),
        };
        let mut options = Options::with_input(input);
        options.parameters.clone_from(&self.parameters);
        options.delay = seconds(self.overrides.delay)?;
        options.max_attempts = self.overrides.max_attempts;
        options.timeout = seconds(self.overrides.timeout)?;
        options.acceptors.clone_from(&self.overrides.acceptors);
        options.show.clone_from(&self.overrides.show);
        // The author of a waiter in the task itself knows what it polls.
        options.allow_mutating = self.definition.is_some();
        Ok(options)
    }

    pub(super) fn compile(
        &self,
        config: &WaiterConfig,
        input: Map<String, Value>,
    ) -> Result<Waiter, TriggerError> {
        let options = self.options(input)?;
        Waiter::compile(&self.service, &self.waiter, config, &options)
            .map_err(|problems| self.unusable(&problems))
    }

    fn unusable(&self, problems: &Invalid) -> TriggerError {
        TriggerError::new(format!("{}: {problems}", self.id()))
    }

    /// The call that the wait polls with.
    pub(crate) fn call(&self, config: &WaiterConfig) -> Result<Call, TriggerError> {
        Ok(self.compile(config, self.input.clone())?.call().clone())
    }

    /// The compiled waiter. What does not depend on the input is compiled once for all waits.
    pub(super) fn compiled(
        &self,
        ctx: &TriggerContext,
        hash: &str,
        config: &WaiterConfig,
        input: &Map<String, Value>,
    ) -> Result<Waiter, TriggerError> {
        let compile = |input| self.compile(config, input);
        let key = self.key(hash)?;
        let shared = ctx.definitions().compiled(key, || compile(Map::new()));
        // `{{input.X}}` cannot be bound before there is an input.
        let waiter = shared.ok().and_then(|shared| shared.with_input(input.clone()));
        waiter.map_or_else(|| compile(input.clone()), Ok)
    }

    /// The key of the compiled waiter.
    fn key(&self, hash: &str) -> Result<String, TriggerError> {
        if self.parameters.is_empty() && self.overrides.is_empty() {
            return Ok(format!("{} {hash}", self.id()));
        }
        let own = serde_json::to_string(&(&self.parameters, &self.overrides))
            .map_err(|error| TriggerError::new(error.to_string()))?;
        Ok(format!("{} {hash} {own}", self.id()))
    }
}

/// The error of a look-up, with the waiter that was probably meant.
fn not_found(error: &LookupError) -> TriggerError {
    let mut hint = String::new();
    if let LookupError::BadFile(bad) = error {
        hint = format!("; `maitred lint {}` shows why", bad.path.display());
    }
    if let LookupError::Unknown(unknown) = error
        && let Some(near) = unknown.near()
    {
        hint = format!("; did you mean `{near}`?");
    }
    TriggerError::missing(format!("{error}{hint}"))
}
