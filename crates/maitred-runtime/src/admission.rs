//! What is checked before a task is accepted.

use std::collections::BTreeMap;
use std::sync::Arc;

use maitred_core::catalog::Catalog;

use super::engine::{EngineError, Warning};
use super::known_waiters::KnownWaiters;
use super::registry::Registry;
use super::task::NewTask;
use crate::connection::{Clients, ConnectionError, Origin};
use crate::operator::ConnectionUse;

/// Checks tasks before they are accepted, as [`Engine::start_all`](super::Engine::start_all) says.
#[derive(Debug, Clone)]
pub struct Admission {
    pub(super) registry: Arc<Registry>,
    pub(super) clients: Arc<Clients>,
    pub(super) catalog: Option<Arc<Catalog>>,
}

/// What was found out about tasks that can be accepted.
#[derive(Debug)]
pub(super) struct Admitted {
    /// The definitions that the tasks' waiters name, hash and text.
    pub(super) definitions: BTreeMap<String, String>,
    pub(super) warnings: Vec<Warning>,
}

impl Admission {
    /// Checks with the operators of `registry` and with `clients` and their connections.
    #[must_use]
    pub fn new(registry: Arc<Registry>, clients: Arc<Clients>) -> Self {
        Self { registry, clients, catalog: None }
    }

    /// The same that finds waiters here. A task that begins with a wait, such as `maitred.wait`, is accepted
    /// only if there is that waiter, it compiles, and its input is what the service's model says. The waiter
    /// is stored with the task, which then waits with it wherever it runs.
    #[must_use]
    pub fn with_catalog(mut self, catalog: Arc<Catalog>) -> Self {
        self.catalog = Some(catalog);
        self
    }

    /// Checks tasks that are not submitted yet.
    ///
    /// # Errors
    /// [`EngineError::Unusable`], for the first that cannot be run as it is.
    pub fn check(&self, tasks: &[NewTask]) -> Result<(), EngineError> {
        self.admit(&mut tasks.to_vec()).map(drop)
    }

    /// Checks tasks, and fills in the versions of their arguments and their waiters.
    pub(super) fn admit(&self, tasks: &mut [NewTask]) -> Result<Admitted, EngineError> {
        let mut known = KnownWaiters::new(&self.clients);
        let mut warnings = Vec::new();
        for (index, task) in tasks.iter_mut().enumerate() {
            let unusable = |reason| EngineError::Unusable { index, reason };
            let operator = self.registry.checked_task(task).map_err(unusable)?;
            for used in operator.connections() {
                if self.lacks_host(&used) {
                    let operator = task.operator.clone();
                    return Err(EngineError::NoHost { index, operator, connection: used.id });
                }
                warnings.extend(self.warning_of(used));
            }
            if let Some(catalog) = &self.catalog {
                let waiter = known.check(&*operator, catalog).map_err(unusable)?;
                task.waiters = waiter.into_iter().collect();
            }
            task.version = self.registry.version(&task.operator).map_err(unusable)?;
        }
        warnings.sort();
        warnings.dedup();
        Ok(Admitted { definitions: known.into_definitions(), warnings })
    }

    /// Whether a host is needed that the connection does not have. One that is named may be defined where the
    /// task runs.
    fn lacks_host(&self, used: &ConnectionUse) -> bool {
        let connection = self.clients.connections().get(&used.id);
        used.needs_host
            && connection.is_ok_and(|connection| {
                let is_defined = connection.origin != Origin::BuiltIn || !used.is_named;
                connection.host().is_none() && is_defined
            })
    }

    fn warning_of(&self, used: ConnectionUse) -> Option<Warning> {
        let found = used.is_named.then(|| self.clients.connections().get(&used.id))?;
        let is_undefined = matches!(found, Err(ConnectionError::Undefined { .. }));
        is_undefined.then_some(Warning::UndefinedConnection(used.id))
    }
}
