//! Transient errors.

use crate::client::{CallError, CallErrorKind};

/// The error codes of AWS services for throttling and temporary failures, in addition to every 5xx status.
/// Most are those that the SDKs retry within a poll
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>).
/// `LimitExceededException`, which botocore retries too, is left out: it is often a hard quota.
const TRANSIENT_CODES: &str = include_str!("transient_codes.txt");

/// Whether `error` is transient: throttling, a status of 408, 429 or 5xx, a failure of the transport, or
/// one of the waiter's own `codes`.
#[must_use]
pub fn is_transient(error: &CallError, codes: &[String]) -> bool {
    if codes.iter().any(|code| code == error.code()) {
        return true;
    }
    match error.kind() {
        CallErrorKind::Transport => true,
        CallErrorKind::Service => {
            matches!(error.status(), Some(408 | 429 | 500..=599))
                || TRANSIENT_CODES.lines().any(|code| code == error.code())
        }
        CallErrorKind::Credentials | CallErrorKind::Invalid => false,
    }
}
