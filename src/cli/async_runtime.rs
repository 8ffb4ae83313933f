//! Tokio runtimes for the commands that need one.

use std::future::Future;

use tokio::runtime::{Builder, Runtime};

use super::exit::Failure;
use crate::descriptors;

/// The number of files that a runtime, its signals, and one connection with its certificates need.
const FILES_NEEDED: usize = 8;

/// Runs a future to completion on a current-thread runtime of its own.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = with_all_drivers(Builder::new_current_thread())?;
    let result = runtime.block_on(future);
    // A name look-up that hangs must not keep the process alive.
    runtime.shutdown_background();
    Ok(result)
}

/// A runtime on several threads.
pub(super) fn multi_thread() -> anyhow::Result<Runtime> {
    with_all_drivers(Builder::new_multi_thread())
}

fn with_all_drivers(mut builder: Builder) -> anyhow::Result<Runtime> {
    // Several parts of a runtime panic where no file can be opened.
    check_file_limit()?;
    Ok(builder.enable_all().build()?)
}

/// Checks that the process can open as many files as a command needs.
pub(super) fn check_file_limit() -> Result<(), Failure> {
    match descriptors::available() {
        Some(left) if left < FILES_NEEDED => {
            let message = format!(
                "this process may open only {left} more files, and needs {FILES_NEEDED} or more"
            );
            Err(Failure::usage(message).help("raise the limit, e.g. `ulimit -n 1024`"))
        }
        _ => Ok(()),
    }
}
