//! The door to threads: what blocks happens at a time that the schedule draws.

use std::sync::Arc;

use maitred_core::clock::{BoxFuture, Clock as _};
use maitred_runtime::blocking::Blocking;

use crate::fault::{Door, Fault};
use crate::process::Process;
use crate::world::World;

/// Runs work that blocks in place, before and after a pause.
#[derive(Debug)]
pub struct SimBlocking {
    /// The world.
    pub world: Arc<World>,
    /// The process whose threads these are.
    pub process: Arc<Process>,
}

impl SimBlocking {
    async fn pause(&self) {
        let mut pause = self.world.pause(self.process.name());
        if let Some(Fault::Slow(millis)) = self.world.cross(&self.process, Door::Disk, "disk") {
            pause += std::time::Duration::from_millis(millis);
        }
        self.world.clock.sleep(pause).await;
        self.process.gate().await;
    }
}

impl Blocking for SimBlocking {
    fn run(&self, work: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.pause().await;
            work();
            self.process.gate().await;
        })
    }
}
