//! Processes that are started as the leaders of their own groups, so that their children end with them.

use tokio::process::Command;

/// Makes the process the leader of a group. Elsewhere than on Unix there are none.
pub fn lead(command: &mut Command) {
    #[cfg(unix)]
    command.process_group(0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Kills a process group. Its leader has not been waited for, so the number is still its own. Elsewhere than
/// on Unix, the child alone is killed, when it is dropped.
pub fn kill(leader: u32) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw) {
        // It may have ended just now.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    #[cfg(not(unix))]
    let _ = leader;
}
