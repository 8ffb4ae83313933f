//! A process that can die, and whose doors answer nothing from then on.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// One process of the program.
#[derive(Debug)]
pub struct Process {
    name: String,
    dead: AtomicBool,
    frozen: AtomicBool,
    superseded: AtomicBool,
    changed: Notify,
}

impl Process {
    /// A process of this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            dead: AtomicBool::new(false),
            frozen: AtomicBool::new(false),
            superseded: AtomicBool::new(false),
            changed: Notify::new(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True once it was killed.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// Kills it.
    pub fn kill(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.changed.notify_waiters();
    }

    /// Kills it from inside: never returns.
    pub async fn die(&self) -> std::convert::Infallible {
        self.kill();
        std::future::pending().await
    }

    /// Returns once it was killed.
    pub async fn killed(&self) {
        self.until(Self::is_dead).await;
    }

    /// Another takes its place. What it has on the wire gets lost: no program can take that back.
    pub fn supersede(&self) {
        self.superseded.store(true, Ordering::SeqCst);
    }

    /// True once another has taken its place.
    #[must_use]
    pub fn is_superseded(&self) -> bool {
        self.superseded.load(Ordering::SeqCst)
    }

    /// Lets it stand still, or go on.
    pub fn freeze(&self, frozen: bool) {
        self.frozen.store(frozen, Ordering::SeqCst);
        self.changed.notify_waiters();
    }

    /// Returns once the process goes on; never in a dead one.
    pub async fn gate(&self) {
        self.until(|process| !process.frozen.load(Ordering::SeqCst)).await;
        if self.is_dead() {
            std::future::pending().await
        }
    }

    async fn until(&self, so: impl Fn(&Self) -> bool) {
        loop {
            let changed = self.changed.notified();
            if so(self) {
                return;
            }
            changed.await;
        }
    }
}
