//! What the states of services mean, by their names and by what services document in prose.

mod class;
mod meaning;
mod purpose;
mod table;
mod vocabulary;
mod words;

pub use meaning::Meaning;
pub use table::{StateTable, state_tables};

pub use class::{
    is_about_deletion, is_beginning, is_done, is_failure, is_final, is_good, is_ready,
};
pub use meaning::{Wanted, finals, likelihood, meanings};
pub use purpose::Purpose;
pub use table::table;
pub use words::words;
