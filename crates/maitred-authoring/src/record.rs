//! Recording a live wait as a case, without secrets.
//!
//! A [`Recorder`] wraps the client of the wait. A [`Scrubber`] removes secrets before a reply is stored.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::case::{Case, Expect, Reply, Transport};
use crate::replay;
use crate::schema::CASE_SCHEMA_ID;
use maitred_core::client::{Call, CallErrorKind, Client, Observation, PreparedCall};
use maitred_core::clock::BoxFuture;
use maitred_core::config::WaiterConfig;
use maitred_core::diagnostic::Invalid;
use maitred_core::engine::{Outcome, Status};
use maitred_core::waiter::Waiter;

mod scrub;
mod text;

pub use scrub::Scrubber;

/// A client that records replies.
#[derive(Debug)]
pub struct Recorder<'a> {
    client: &'a dyn Client,
    scrubber: Scrubber,
    replies: Mutex<Vec<Reply>>,
    /// The scrubbers for diagnostic calls, in order.
    asked: Vec<Scrubber>,
    diagnosis: Mutex<Vec<Reply>>,
}

impl<'a> Recorder<'a> {
    /// Forwards calls to `client`, and records the replies to polls.
    #[must_use]
    pub fn new(client: &'a dyn Client, scrubber: Scrubber) -> Self {
        let (replies, diagnosis) = (Mutex::default(), Mutex::default());
        Self { client, scrubber, replies, asked: Vec::new(), diagnosis }
    }

    /// Records the replies to diagnostic calls as well, with one scrubber for each call of the waiter's
    /// `diagnose`.
    #[must_use]
    pub fn with_diagnosis(self, scrubbers: Vec<Scrubber>) -> Self {
        Self { asked: scrubbers, ..self }
    }

    /// The replies so far, with equal ones in a row combined.
    #[must_use]
    pub fn replies(&self) -> Vec<Reply> {
        self.scrubbed_again(&self.replies)
    }

    /// The replies to diagnostic calls so far.
    #[must_use]
    pub fn diagnosis(&self) -> Vec<Reply> {
        self.scrubbed_again(&self.diagnosis)
    }

    /// A later reply may reveal that a value of an earlier one is a secret.
    fn scrubbed_again(&self, replies: &Mutex<Vec<Reply>>) -> Vec<Reply> {
        let mut replies = lock(replies).clone();
        for reply in &mut replies {
            if let Some(output) = &mut reply.output {
                self.scrubber.again(output);
            }
            if let Some(error) = &mut reply.error {
                error.message = self.scrubber.text(&error.message);
            }
        }
        replies
    }

    fn keep(&self, seen: Option<&Observation>, asks_why: bool) {
        let mut replies = lock(if asks_why { &self.diagnosis } else { &self.replies });
        let scrubber = match asks_why {
            true => self.asked.get(replies.len()),
            false => Some(&self.scrubber),
        };
        let Some(scrubber) = scrubber else { return };
        let reply = seen.map_or(Reply::transport(Transport::Timeout), |seen| reply(scrubber, seen));
        if asks_why {
            // Each is the reply to another call.
            return replies.push(reply);
        }
        match replies.last_mut() {
            Some(last) if Reply { repeat: 1, ..last.clone() } == reply => last.repeat += 1,
            _ => replies.push(reply),
        }
    }
}

fn lock(replies: &Mutex<Vec<Reply>>) -> MutexGuard<'_, Vec<Reply>> {
    // The guarded code cannot panic midway, so a poisoned state is consistent.
    replies.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reply(scrubber: &Scrubber, seen: &Observation) -> Reply {
    match seen {
        Observation::Output(output) => {
            let document = output.document.value();
            Reply::output(scrubber.output(document, output.status))
        }
        Observation::Error(error) if error.kind() == CallErrorKind::Transport => {
            Reply::transport(Transport::from_code(error.code()))
        }
        Observation::Error(error) => {
            Reply::error(error.code(), scrubber.text(error.message()), error.status())
        }
    }
}

impl Client for Recorder<'_> {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        self.kept(self.client.call(call), true)
    }

    fn poll<'a>(
        &'a self,
        call: &'a Call,
        prepared: &'a mut PreparedCall,
    ) -> BoxFuture<'a, Observation> {
        self.kept(self.client.poll(call, prepared), false)
    }
}

impl Recorder<'_> {
    fn kept<'a>(
        &'a self,
        call: BoxFuture<'a, Observation>,
        asks_why: bool,
    ) -> BoxFuture<'a, Observation> {
        Box::pin(async move {
            let mut pending = Pending { recorder: self, asks_why, replied: false };
            let seen = call.await;
            pending.replied = true;
            self.keep(Some(&seen), asks_why);
            seen
        })
    }
}

/// A call in flight; if it is cancelled, there is no reply.
struct Pending<'a> {
    recorder: &'a Recorder<'a>,
    asks_why: bool,
    replied: bool,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if !self.replied {
            self.recorder.keep(None, self.asks_why);
        }
    }
}

/// Creates the case of a wait with this `outcome`.
///
/// `given` has the caller's options; replies and expectations are filled in. The message and the shown value
/// are those of a replay, since the live ones may contain scrubbed values. Calls take no time in a replay, so
/// if the wait timed out, the last reply is repeated as often as necessary.
///
/// The second value is whether the replay has the same outcome. It may differ if an acceptor reads a scrubbed
/// value.
///
/// # Errors
/// The waiter cannot be compiled.
pub fn case(
    recorder: &Recorder<'_>,
    given: Case,
    outcome: &Outcome,
    (service, name, config): (&str, &str, &WaiterConfig),
) -> Result<(Case, bool), Invalid> {
    let attempts = outcome.progress().attempts;
    let mut case = Case {
        schema: Some(CASE_SCHEMA_ID.to_owned()),
        recorded: true,
        input: recorder.scrubber.input(&given.input),
        parameters: recorder.scrubber.parameters(&given.parameters),
        baseline: given.baseline.as_ref().map(|value| recorder.scrubber.plain(value)),
        replies: only(recorder.replies(), attempts),
        expect: Expect {
            attempts: (attempts > 0).then_some(attempts),
            ..Expect::new(outcome.status())
        },
        ..given
    };
    let waiter = Waiter::compile(service, name, config, &replay::options(&case)?)?;
    let diagnosis = recorder.diagnosis();
    if diagnosis.len() == waiter.diagnose().len() {
        case.diagnose = diagnosis;
    }
    if outcome.status() == Status::Timeout {
        let total = repeat_last(&mut case, &waiter);
        case.expect.attempts = Some(total);
    }
    let replayed = replay::replay(&case, &waiter);
    let same = replayed.outcome.status() == outcome.status();
    if same {
        case.expect.shown.clone_from(&replayed.outcome.progress().shown);
        let message = replayed.outcome.message();
        let ends = [" failed: ", " ended by an error: "];
        let reason = ends.iter().find_map(|end| message.split_once(end));
        case.expect.message = reason.map(|(_, reason)| reason.to_owned());
    }
    let whole = same && replayed.differences(&case.expect).is_empty();
    Ok((case, whole))
}

/// The first `count` replies, without that of a call in flight when the wait was cancelled.
fn only(replies: Vec<Reply>, count: u64) -> Vec<Reply> {
    let mut left = count;
    let mut kept = Vec::new();
    for reply in replies {
        let repeat = reply.repeat.min(left);
        left -= repeat;
        kept.extend((repeat > 0).then(|| reply.times(repeat)));
    }
    kept
}

/// Repeats the last reply until the time-out, and returns the number of replies.
fn repeat_last(case: &mut Case, waiter: &Waiter) -> u64 {
    let before: u64 = case.replies.iter().map(|reply| reply.repeat).sum();
    if let Some(last) = case.replies.last_mut() {
        last.repeat = replay::MAX_REPLIES.saturating_sub(before).max(last.repeat);
    }
    let attempts = replay::replay(case, waiter).outcome.progress().attempts;
    case.replies = only(std::mem::take(&mut case.replies), attempts);
    attempts
}
