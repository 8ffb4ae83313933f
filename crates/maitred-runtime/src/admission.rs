//! The checks before a task is accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use maitred_core::catalog::Catalog;
use maitred_core::client::HTTP_SERVICE;

use super::engine::{EngineError, Warning};
use super::known_waiters::KnownWaiters;
use super::registry::Registry;
use super::task::NewTask;
use crate::connection::{Clients, ConnectionError, Connections, Origin};
use crate::operator::ConnectionUse;

/// Checks tasks before they are accepted, as [`Engine::start_all`](super::Engine::start_all) says.
#[derive(Debug, Clone)]
pub struct Admission {
    pub(super) registry: Arc<Registry>,
    pub(super) clients: Arc<Clients>,
    pub(super) catalog: Option<Arc<Catalog>>,
}

/// The result of the checks of tasks that can be accepted.
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
        let mut connections = KnownConnections {
            connections: self.clients.connections(),
            checked: BTreeMap::new(),
            undefined: BTreeSet::new(),
        };
        for (index, task) in tasks.iter_mut().enumerate() {
            let unusable = |reason| EngineError::Unusable { index, reason };
            let operator = self.registry.checked_task(task).map_err(unusable)?;
            for used in operator.connections() {
                // A client that the program has given needs no host.
                if !connections.check(&used) && !self.clients.has_given(HTTP_SERVICE) {
                    let operator = task.operator.clone();
                    return Err(EngineError::NoHost { index, operator, connection: used.id });
                }
            }
            if let Some(catalog) = &self.catalog {
                let waiter = known.check(&*operator, catalog).map_err(unusable)?;
                task.waiters = waiter.into_iter().collect();
            }
            if let Some(definition) = self.registry.operator_of_file(&task.operator) {
                task.operator = definition.id();
                task.definition = Some(known.put_operator(definition).map_err(unusable)?);
                known.check_operator(definition, &task.args).map_err(unusable)?;
                if let Some(catalog) = &self.catalog {
                    task.waiters = known.of_operator(definition, catalog).map_err(unusable)?;
                }
            }
            task.version = self.registry.version(&task.operator).map_err(unusable)?;
        }
        let warnings =
            connections.undefined.into_iter().map(Warning::UndefinedConnection).collect();
        Ok(Admitted { definitions: known.into_definitions(), warnings })
    }
}

/// The connections of tasks that are submitted together; each is looked up once.
struct KnownConnections<'a> {
    connections: &'a Connections,
    /// False for those that lack the host that they have to have.
    checked: BTreeMap<ConnectionUse, bool>,
    /// Those that tasks name and that are not defined here.
    undefined: BTreeSet<String>,
}

impl KnownConnections<'_> {
    /// Looks a connection up, and notes one that is not defined. Returns false if a host is needed that it does not
    /// have; one that is named may be defined where the task runs.
    fn check(&mut self, used: &ConnectionUse) -> bool {
        if let Some(is_usable) = self.checked.get(used) {
            return *is_usable;
        }
        let found = self.connections.get(&used.id);
        if used.is_named && matches!(found, Err(ConnectionError::Undefined { .. })) {
            self.undefined.insert(used.id.clone());
        }
        let lacks_host = used.needs_host
            && found.is_ok_and(|connection| {
                let is_defined = connection.origin != Origin::BuiltIn || !used.is_named;
                connection.host().is_none() && is_defined
            });
        self.checked.insert(used.clone(), !lacks_host);
        !lacks_host
    }
}
