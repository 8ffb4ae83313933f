//! The lines of tasks' logs, until the store takes them.

use std::sync::{Arc, Mutex, PoisonError};

use super::task::{LogLine, TaskId};
use crate::clock::Clock;
use crate::trigger::Level;
use crate::trigger::Log;

/// Lines that wait to be stored.
#[derive(Debug)]
pub(super) struct LogBuffer {
    clock: Arc<dyn Clock>,
    lines: Mutex<Vec<LogLine>>,
}

impl LogBuffer {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { clock, lines: Mutex::default() })
    }

    pub(super) fn push(&self, id: TaskId, level: Level, message: String) {
        tracing::debug!(task = id, level = level.as_str(), "{message}");
        let line = LogLine { id, at: self.clock.now(), level, message };
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    pub(super) fn take(&self) -> Vec<LogLine> {
        std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The log of one task.
    pub(super) fn of(self: &Arc<Self>, id: TaskId) -> Arc<TaskLog> {
        Arc::new(TaskLog { id, buffer: Arc::clone(self) })
    }
}

/// The log of one task.
#[derive(Debug)]
pub(super) struct TaskLog {
    id: TaskId,
    buffer: Arc<LogBuffer>,
}

impl Log for TaskLog {
    fn log(&self, level: Level, message: String) {
        self.buffer.push(self.id, level, message);
    }
}
