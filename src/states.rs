//! What the states of services mean, by their names and by what services document in prose.

mod class;
mod meaning;
mod purpose;
mod table;
mod vocabulary;
mod words;

pub use meaning::Meaning;
pub use table::{StateTable, state_tables};

pub(crate) use class::{
    is_about_deletion, is_beginning, is_done, is_failure, is_final, is_good, is_ready,
};
pub(crate) use meaning::{Wanted, finals, likelihood, meanings};
pub(crate) use purpose::Purpose;
pub(crate) use table::table;
pub(crate) use words::words;
