//! The signals that end a process.

use super::exit::Exit;

#[cfg(unix)]
use {
    std::task::Poll,
    tokio::signal::unix::{Signal, SignalKind, signal},
};

/// Receives the signals that would end the process, which no longer do so by themselves, and returns the exit
/// code for each. Needs a tokio runtime.
pub(super) struct Signals {
    #[cfg(unix)]
    signals: Vec<(Signal, Exit)>,
}

#[cfg(unix)]
impl Signals {
    /// Receives Ctrl-C and SIGTERM.
    pub(super) fn listen() -> std::io::Result<Self> {
        let signals = vec![
            (signal(SignalKind::interrupt())?, Exit::Interrupted),
            (signal(SignalKind::terminate())?, Exit::Terminated),
        ];
        Ok(Self { signals })
    }

    /// Also receives SIGHUP and SIGQUIT, which would leave failure commands running, unless they were ignored
    /// from the start, as `nohup` does.
    pub(super) fn listen_to_all() -> std::io::Result<Self> {
        let mut all = Self::listen()?;
        for kind in [SignalKind::hangup(), SignalKind::quit()] {
            if !is_ignored(kind.as_raw_value()) {
                all.signals.push((signal(kind)?, Exit::Terminated));
            }
        }
        Ok(all)
    }

    pub(super) async fn next(&mut self) -> Exit {
        std::future::poll_fn(|context| {
            let received = |(signal, exit): &mut (Signal, Exit)| {
                signal.poll_recv(context).is_ready().then_some(*exit)
            };
            self.signals.iter_mut().find_map(received).map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

/// True if this process ignores a signal; `false` where that is not known.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}

#[cfg(not(unix))]
impl Signals {
    /// Receives Ctrl-C.
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }

    /// Receives Ctrl-C.
    pub(super) fn listen_to_all() -> std::io::Result<Self> {
        Self::listen()
    }

    pub(super) async fn next(&mut self) -> Exit {
        // Without a handler for it there is no way to be interrupted.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Exit::Interrupted
    }
}
