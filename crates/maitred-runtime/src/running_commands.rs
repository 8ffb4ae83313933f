//! The failure commands that run, so that none outlives the triggerer.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use maitred_core::process_group;
use tokio::process::Child;

/// The commands that run now, each by the process that leads its group.
#[derive(Debug, Default)]
pub(crate) struct RunningCommands(Mutex<HashSet<u32>>);

impl RunningCommands {
    /// Kills all of them, with the processes that they have started.
    pub(crate) fn kill_all(&self) {
        let leaders = std::mem::take(&mut *self.lock());
        leaders.into_iter().for_each(process_group::kill);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<u32>> {
        // A number is inserted whole or not at all, so a poisoned set is still good.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A command that runs. Unless it ends by itself, it is killed when this is dropped.
pub(crate) struct RunningCommand<'a> {
    commands: &'a RunningCommands,
    leader: Option<u32>,
}

impl<'a> RunningCommand<'a> {
    pub(crate) fn new(commands: &'a RunningCommands, child: &Child) -> Self {
        let leader = child.id();
        commands.lock().extend(leader);
        Self { commands, leader }
    }

    /// It has ended. What it has left behind on purpose goes on.
    pub(crate) fn ended(mut self) {
        if let Some(leader) = self.leader.take() {
            self.commands.lock().remove(&leader);
        }
    }
}

impl Drop for RunningCommand<'_> {
    fn drop(&mut self) {
        let leader = self.leader.filter(|leader| self.commands.lock().remove(leader));
        leader.into_iter().for_each(process_group::kill);
    }
}
