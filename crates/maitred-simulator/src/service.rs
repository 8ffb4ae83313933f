//! The service: jobs that are started, watched and stopped, and a hook that is told of failures. Its records are
//! the witness of what was really done.

use std::collections::BTreeMap;
use std::time::Duration;

use maitred_core::clock::Timestamp;
use serde_json::{Value, json};

/// A job.
#[derive(Debug, Clone)]
pub struct Job {
    /// The task that has started it.
    pub task: i64,
    /// The token and the number of the call.
    pub call: (String, u64),
    begun: Timestamp,
    takes: Duration,
    stopped: bool,
}

/// The service and its records.
#[derive(Debug, Default)]
pub struct Service {
    /// All jobs, by their numbers.
    pub jobs: Vec<Job>,
    /// How often each stop had an effect, by job.
    pub stops: BTreeMap<usize, u32>,
    /// How often each failure was told, by task and try.
    pub told: BTreeMap<(i64, u64), u32>,
}

impl Service {
    /// Does what a request asks for, and answers it.
    pub fn answer(
        &mut self,
        method: &str,
        endpoint: &str,
        body: &Value,
        now: Timestamp,
    ) -> (u16, Value) {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        match (method, endpoint.split_once('/').unwrap_or((endpoint, ""))) {
            ("POST", ("jobs", "")) => {
                self.jobs.push(Job {
                    task: body["task"].as_i64().unwrap_or_default(),
                    call: (text("token"), body["ordinal"].as_u64().unwrap_or_default()),
                    begun: now,
                    takes: Duration::from_millis(body["takes"].as_u64().unwrap_or_default()),
                    stopped: false,
                });
                (200, json!({"id": self.jobs.len() - 1}))
            }
            ("GET", ("jobs", number)) => match self.job(number) {
                Some(job) => (200, json!({"state": job.state(now)})),
                None => (404, json!({"message": "no such job"})),
            },
            ("GET", ("calls", call)) => {
                let found = self
                    .jobs
                    .iter()
                    .position(|job| format!("{}/{}", job.call.0, job.call.1) == call);
                (200, json!({"id": found}))
            }
            ("DELETE", ("jobs", number)) => match self.number(number) {
                Some(number) => {
                    self.jobs[number].stopped = true;
                    *self.stops.entry(number).or_default() += 1;
                    (200, json!({}))
                }
                None => (404, json!({"message": "no such job"})),
            },
            ("POST", ("told", "")) => {
                let task = &body["task"];
                let which = (task["id"].as_i64(), task["try"].as_u64());
                *self
                    .told
                    .entry((which.0.unwrap_or_default(), which.1.unwrap_or_default()))
                    .or_default() += 1;
                (200, json!({}))
            }
            _ => (404, json!({"message": "no such endpoint"})),
        }
    }

    /// How often the call of this token and number was made.
    #[must_use]
    pub fn made(&self, token: &str, ordinal: u64) -> usize {
        self.jobs.iter().filter(|job| (job.call.0.as_str(), job.call.1) == (token, ordinal)).count()
    }

    fn number(&self, text: &str) -> Option<usize> {
        text.parse().ok().filter(|number| *number < self.jobs.len())
    }

    fn job(&self, number: &str) -> Option<&Job> {
        self.jobs.get(self.number(number)?)
    }
}

impl Job {
    fn state(&self, now: Timestamp) -> &'static str {
        match now.since(self.begun) >= self.takes {
            _ if self.stopped => "stopped",
            true => "done",
            false => "running",
        }
    }
}
