//! Classification of the states of services, by their names and by the services' documentation.

mod class;
mod classify;
mod purpose;
mod table;
mod vocabulary;

pub use class::{
    is_about_deletion, is_beginning, is_done, is_failure, is_final, is_good, is_ready,
};
pub use classify::{Meaning, Wanted, classify, finals, likelihood};
pub use purpose::Purpose;
pub use table::{StateTable, known_values};
pub use vocabulary::words;
