//! What happens to a task: the rules that all stores share. Stores only keep what comes of them.

mod calls;
mod lifecycle;
mod requests;

pub(super) use calls::{cancelled, check_running, doubt, known_call};
pub(super) use lifecycle::{Conflict, conflict, take_turns};
pub(super) use requests::{REPLACE, Undoable};
