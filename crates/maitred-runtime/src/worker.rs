//! Workers: each runs the step that one task is in, and tells what is to become of the task.

mod bounds;
mod changes;
mod end_deferral;
mod guard;
mod host;
mod reconcile;
mod run;
mod undo;
mod workplace;

pub(super) use bounds::STOP_GRACE;
pub(super) use changes::too_large;
pub(super) use end_deferral::EndDeferral;
pub(super) use guard::caught;
pub(super) use workplace::Workplace;
