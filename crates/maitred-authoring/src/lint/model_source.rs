//! The source of service models for lint.

use std::sync::Arc;

use maitred_model::{Models, OperationModel};

/// A source of service models.
pub trait ModelSource {
    /// The names of all services.
    fn services(&self) -> Vec<String>;

    /// The operations of a service; `None` if the service is unknown.
    fn operations(&self, service: &str) -> Option<Vec<String>>;

    /// An operation of a service, by a name from [`ModelSource::operations`].
    fn operation(&self, service: &str, operation: &str) -> Option<Arc<OperationModel>>;
}

impl ModelSource for Models {
    fn services(&self) -> Vec<String> {
        Self::services(self).map(str::to_owned).collect()
    }

    fn operations(&self, service: &str) -> Option<Vec<String>> {
        // A waiter file has to name the service in its own casing.
        let known = Self::services(self).any(|known| known == service);
        let service = self.service(service).ok().filter(|_| known)?;
        Some(service.model().operations.clone())
    }

    fn operation(&self, service: &str, operation: &str) -> Option<Arc<OperationModel>> {
        self.service(service).ok()?.operation(operation).ok()
    }
}
