//! The lines of tasks' logs, until the store takes them.

use std::sync::{Arc, Mutex, PoisonError};

use super::redact;
use super::task::{LogLine, TaskId};
use crate::trigger::{Level, Log};
use maitred_core::clock::Clock;
use maitred_core::secrets::KnownSecrets;

/// Lines that wait to be stored.
#[derive(Debug)]
pub(super) struct LogBuffer {
    clock: Arc<dyn Clock>,
    known: KnownSecrets,
    lines: Mutex<Vec<LogLine>>,
}

impl LogBuffer {
    pub(super) fn new(clock: Arc<dyn Clock>, known: KnownSecrets) -> Arc<Self> {
        Arc::new(Self { clock, known, lines: Mutex::default() })
    }

    /// A line that is stored by itself.
    pub(super) fn line(&self, id: TaskId, level: Level, mut message: String) -> LogLine {
        redact::text(&self.known, &mut message);
        tracing::debug!(task = id.0, level = level.as_str(), "{message}");
        LogLine { id, at: self.clock.now(), level, message }
    }

    pub(super) fn push(&self, id: TaskId, level: Level, message: String) {
        let line = self.line(id, level, message);
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
