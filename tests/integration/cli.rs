//! The `maitred` command as a process, against servers on the loopback interface.

mod process;

mod arguments;
mod call;
mod endings;
mod output;
mod signals;
