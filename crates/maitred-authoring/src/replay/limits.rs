//! Limits of a case.

/// The most replies of a case, including repetitions.
pub const MAX_REPLIES: u64 = 100_000;

/// The most bytes of all replies of a case, including repetitions.
pub const MAX_BYTES: u64 = 1 << 28;

/// The most steps of evaluating a waiter's expressions on all replies of a case, including repetitions: about
/// one for each node of an expression and each part of a value that it reads. This is a thousand times the
/// cost of an ordinary waiter that polls for a day.
pub const MAX_STEPS: u64 = 100_000_000;
