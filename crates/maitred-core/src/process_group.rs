//! Child processes in their own process groups, so that their children can be killed with them.

use tokio::process::Command;

/// Makes the process the leader of a group. Does nothing except on Unix.
pub fn lead(command: &mut Command) {
    #[cfg(unix)]
    command.process_group(0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Kills a process group. Its leader must not have been waited for, so that its id is still valid. Except on
/// Unix, only the child is killed, when it is dropped.
pub fn kill(leader: u32) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw) {
        // It may have just ended.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    #[cfg(not(unix))]
    let _ = leader;
}
