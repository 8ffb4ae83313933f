//! The archive that is built into the program.

use std::sync::OnceLock;

use maitred_core::catalog::Embedded;

use super::Models;

impl Models {
    /// The models that are built into the program.
    ///
    /// # Panics
    /// If the program was built with a damaged archive; a test checks that it is not.
    #[must_use]
    pub fn embedded() -> Self {
        static EMBEDDED: OnceLock<Models> = OnceLock::new();
        let load = || Self::from_bytes(include_bytes!("../models.bin").as_slice());
        EMBEDDED.get_or_init(|| load().expect("the embedded archive is whole")).clone()
    }

    /// The waiters of the archive, as a source of a [`Catalog`](maitred_core::catalog::Catalog).
    #[must_use]
    pub fn embedded_waiters() -> Embedded {
        Embedded {
            services: || Self::embedded().waiter_services().map(str::to_owned).collect(),
            file: |service| Self::embedded().waiters(service).ok().flatten(),
        }
    }

    #[expect(
        clippy::unused_self,
        reason = "without the embedded models, this returns the models themselves"
    )]
    pub(super) fn with_usual_rules(&self) -> Self {
        Self::embedded()
    }
}
