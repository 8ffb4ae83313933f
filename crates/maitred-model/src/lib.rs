//! Service models: operations, their shapes, enums and errors. Pure data.
//!
//! The terms are those of botocore's service models and of Smithy. A [`ServiceModel`] lists the operations; an
//! [`OperationModel`] is self-contained and has only the shapes that it reaches.

pub mod archive;
mod check;
mod operation;
mod service;
mod shape;
pub mod states;
pub mod timestamp;

pub use archive::{ModelError, ModelOrigin, Models, Service};
pub use operation::{ErrorModel, OperationModel, Pagination};
pub use service::{Protocol, ServiceModel};
pub use shape::{
    Location, Member, Shape, ShapeId, ShapeKind, ShapeRef, Structure, TimestampFormat, Traits,
    XmlNamespace,
};
