//! Operators of files: one generic operator that interprets what an operator file says.
//!
//! A step of the file is a step of a task: it looks (`before`), makes its main call once (`call`), defers onto the waiter
//! (`wait`), and reads what is missing (`after`). What it has learned travels in the deferral as data. A call whose reply
//! was lost is found again as the file says (`find`). `docs/operators.md` describes the format.

mod arguments;
mod call;
mod catalog;
mod definition;
mod find;
mod operator;
mod progress;
mod read;
mod run;
mod scope;
mod values;
mod wait;

pub use catalog::{BadOperatorFile, OperatorCatalog};
pub use definition::OperatorDefinition;
pub(crate) use definition::VERSION;
pub(crate) use operator::FileOperator;
