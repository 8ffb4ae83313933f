//! How clients are made of connections, for each family of services.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::error::ConnectionError;
use super::lookup::Connections;
use super::settings::ClientSettings;
use maitred_core::client::{Call, CallError, Client, InputProblem};
use maitred_core::clock::BoxFuture;

/// Makes the clients of a family of services, such as all of AWS, out of connections.
pub trait ClientFactory: Send + Sync + fmt::Debug {
    /// Reads everything that the client of `settings` is made of: the connection, its file, and the secrets
    /// that it refers to. Blocks.
    ///
    /// # Errors
    /// The connection is not defined, or it or the settings cannot be used.
    fn plan(
        &self,
        connections: &Connections,
        settings: &ClientSettings,
    ) -> Result<Box<dyn ClientPlan>, ConnectionError>;

    /// What is wrong with the input of a call, as far as that can be told without a connection; nothing where
    /// the service is not known.
    ///
    /// # Errors
    /// The call cannot be made whatever its input is.
    fn input_problems(&self, call: &Call) -> Result<Vec<InputProblem>, CallError>;
}

/// Everything that a client is made of, secrets and all. It is read anew once a minute; the client stays as long
/// as it is the same.
pub trait ClientPlan: Any + Send + Sync {
    /// Whether a client of `other` would be the same.
    fn is_same(&self, other: &dyn ClientPlan) -> bool;

    /// Makes the client. The error is a message without secrets.
    fn build(&self) -> BoxFuture<'_, Result<Arc<dyn Client>, String>>;
}

/// `plan` if it is a `T`, for [`ClientPlan::is_same`].
#[must_use]
pub fn plan_as<T: ClientPlan>(plan: &dyn ClientPlan) -> Option<&T> {
    let plan: &dyn Any = plan;
    plan.downcast_ref()
}
