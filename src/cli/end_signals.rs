//! The signals that end a process that runs tasks.

use super::exit::Exit;
use super::signals::Signals;

/// Receives Ctrl-C and SIGTERM, and also SIGHUP and SIGQUIT, which would end the process at once and leave
/// failure commands running.
pub(super) struct EndSignals {
    signals: Signals,
    /// `None`, where it was ignored from the start, as `nohup` does.
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    quit: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl EndSignals {
    /// Signals no longer end the process by themselves. Needs a tokio runtime.
    pub(super) fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let unless_ignored = |kind: SignalKind| match is_ignored(kind.as_raw_value()) {
            true => Ok(None),
            false => signal(kind).map(Some),
        };
        Ok(Self {
            signals: Signals::listen()?,
            hangup: unless_ignored(SignalKind::hangup())?,
            quit: unless_ignored(SignalKind::quit())?,
        })
    }

    pub(super) async fn next(&mut self) -> Exit {
        tokio::select! {
            exit = self.signals.next() => exit,
            () = received(&mut self.hangup) => Exit::Terminated,
            () = received(&mut self.quit) => Exit::Terminated,
        }
    }
}

#[cfg(unix)]
async fn received(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Whether this process ignores a signal; `false` where that is not known.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}

#[cfg(not(unix))]
impl EndSignals {
    /// Ctrl-C no longer ends the process by itself. Needs a tokio runtime.
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self { signals: Signals::listen()? })
    }

    pub(super) async fn next(&mut self) -> Exit {
        self.signals.next().await
    }
}
