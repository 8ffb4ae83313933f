//! The models that are built into the program.

mod embedded {
    use std::sync::Arc;

    use maitred_model::Models;
    use maitred_model::OperationModel;

    impl crate::lint::Models for Models {
        fn services(&self) -> Vec<String> {
            Self::services(self).map(str::to_owned).collect()
        }

        fn operations(&self, service: &str) -> Option<Vec<String>> {
            // Its name in another casing is not the name of a waiter file.
            let known = Self::services(self).any(|known| known == service);
            let service = self.service(service).ok().filter(|_| known)?;
            Some(service.model().operations.clone())
        }

        fn operation(&self, service: &str, operation: &str) -> Option<Arc<OperationModel>> {
            self.service(service).ok()?.operation(operation).ok()
        }
    }
}

/// The members of an HTTP reply.
pub(super) const HTTP_REPLY: [&str; 3] = ["StatusCode", "Headers", "Body"];
