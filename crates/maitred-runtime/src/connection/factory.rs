//! Factories of clients, one for each family of services.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::definition::Resolved;
use super::settings::ClientSettings;
use maitred_core::client::{Call, CallError, Client, InputProblem};
use maitred_core::clock::BoxFuture;
use maitred_core::secrets::KnownSecrets;

/// Makes the clients of a family of services, such as all of AWS, out of connections.
pub trait ClientFactory: Send + Sync + fmt::Debug {
    /// The id of the connection where the settings name none, e.g. `http_default`.
    fn default_connection(&self) -> &'static str;

    /// The plan of the client of a connection with these settings. It may block. `known` learns of secrets
    /// that the client comes by.
    ///
    /// # Errors
    /// The connection or the settings cannot be used: a message without secrets.
    fn plan(
        &self,
        connection: &Resolved,
        settings: &ClientSettings,
        known: &KnownSecrets,
    ) -> Result<Box<dyn ClientPlan>, String>;

    /// Problems of the input of a call that can be found without a connection; none where
    /// the service is not known.
    ///
    /// # Errors
    /// The call cannot be made whatever its input is.
    fn input_problems(&self, call: &Call) -> Result<Vec<InputProblem>, CallError>;
}

/// Everything that a client is made of, secrets and all. It is read anew once a minute; the client stays as long
/// as it is the same.
pub trait ClientPlan: Any + Send + Sync {
    /// True if a client of `other` would be the same.
    fn is_same(&self, other: &dyn ClientPlan) -> bool;

    /// Makes the client. It may block. The error is a message without secrets.
    fn build(&self) -> BoxFuture<'_, Result<Arc<dyn Client>, String>>;
}

/// `plan` if it is a `T`, for [`ClientPlan::is_same`].
#[must_use]
pub fn plan_as<T: ClientPlan>(plan: &dyn ClientPlan) -> Option<&T> {
    let plan: &dyn Any = plan;
    plan.downcast_ref()
}
