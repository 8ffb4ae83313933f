//! Running a wait: [`step()`] decides, [`Wait`] polls and sleeps.
//!
//! `step` is pure: it has no clock, network or sleep. Every kind of wait calls it, so all of them behave
//! the same.
//!
//! # Where this differs from botocore
//!
//! In strict mode ([`Options::strict`](crate::waiter::Options::strict)) a wait behaves exactly as in
//! botocore. Otherwise:
//!
//! 1. **Transient failures are retried.** Throttling, a status of 408, 429 or 5xx, and a failure of the
//!    transport that no acceptor names count as an attempt and are followed by another after
//!    `delay + rand(0, min(60 s, 1 s * 2^k))`, where `k` is their number in a row. Unless a time-out bounds
//!    the wait, more than [`MAX_CONSECUTIVE_TRANSIENT`](crate::waiter::MAX_CONSECUTIVE_TRANSIENT) in a row
//!    end it. With [`Options::transient_is_not_yet`](crate::waiter::Options::transient_is_not_yet) there is
//!    neither the random pause nor that bound. A `Retry-After` is honoured, up to [`MAX_RETRY_AFTER`], also
//!    if an acceptor with state `retry` matches. In botocore the first failure ends the wait.
//! 2. **An acceptor that cannot be evaluated does not match**, such as `length(Things)` if there are no
//!    `Things`. The final message names it. In botocore the exception ends the wait.
//! 3. **"Previously accepted" names the acceptor that matched last**, not the one that was checked last.
//! 4. **A time-out given by the caller is the only bound**, unless the caller also gives attempts.
//! 5. **An acceptor's `state` must be one of three.** botocore treats any other word as `retry`.
//!
//! Keys of a waiter file that botocore does not know, such as `baseline`, change nothing unless they are
//! used. Strict mode ignores them.

mod baseline;
mod diagnose;
mod ending;
mod outcome;
mod progress;
mod run;
mod step;
mod transient;

pub use diagnose::{DIAGNOSE_LIMIT, Diagnosis, DiagnosisFinding, diagnose};
pub use ending::{Ending, Status};
pub use outcome::{Outcome, WaitError};
pub use progress::{BaselineProgress, LastError, LastMatched, Progress};
pub use run::{LAST_POLL_GRACE, Poll, Wait, WaitEvent, wait};
pub use step::{MAX_RETRY_AFTER, NextAction, StepResult, shown, step};
pub use transient::is_transient;
