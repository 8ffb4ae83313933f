//! The operation that a waiter is drafted for.

use std::sync::Arc;

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::services;
use crate::cli::signature::Signature;
use crate::client::HTTP_SERVICE;
use crate::model::{Models, OperationModel, ServiceModel};

/// The operation that a waiter is drafted for.
pub(super) struct DraftTarget<'a> {
    pub(super) context: &'a Context,
    pub(super) models: Models,
    pub(super) service: ServiceModel,
    pub(super) operation: Arc<OperationModel>,
}

impl<'a> DraftTarget<'a> {
    /// Finds an operation that is read-only.
    pub(super) fn find(
        service: &str,
        operation: &str,
        context: &'a Context,
    ) -> Result<Self, Failure> {
        if service == HTTP_SERVICE {
            let failure = Failure::usage("service http has no model to write a waiter from");
            return Err(failure.help("`maitred explain http json_field` shows one to begin with"));
        }
        let models = context.models(&[]);
        let service = services::resolve(None, &models, service);
        let found = Signature::find(&models, &service, operation)?;
        let Some(Signature::Aws { service, operation }) = found else {
            let near = Signature::suggest(&models, &service, operation);
            return Err(Failure::usage(format!("{service} has no operation `{operation}`"))
                .did_you_mean(near, format!("`maitred call {service}` lists them")));
        };
        let service = service.model().clone();
        if !service.is_read(&operation.name) {
            let message =
                format!("polling {} may change something: it is not read-only", operation.name);
            return Err(
                Failure::usage(message).help("name the operation that describes the resource")
            );
        }
        Ok(Self { context, models, service, operation })
    }
}
