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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_and_failures_of_the_server_are_transient_and_other_statuses_are_not() {
        for (status, transient) in [
            (400, false),
            (403, false),
            (407, false),
            (408, true),
            (409, false),
            (428, false),
            (429, true),
            (430, false),
            (499, false),
            (500, true),
            (503, true),
            (599, true),
            (600, false),
        ] {
            let error = CallError::new(CallErrorKind::Service, "Odd", "odd").with_status(status);
            assert_eq!(is_transient(&error, &[]), transient, "{status}");
        }
        assert!(!is_transient(&CallError::new(CallErrorKind::Service, "Odd", "odd"), &[]));
    }

    #[test]
    fn a_code_of_throttling_or_of_the_waiter_is_transient_whatever_the_status() {
        let transient = |kind: CallErrorKind, code: &str| {
            let error = CallError::new(kind, code, "odd").with_status(400);
            is_transient(&error, &["Mine".to_owned()])
        };
        for code in TRANSIENT_CODES.lines().chain(["Mine"]) {
            assert!(transient(CallErrorKind::Service, code), "{code}");
        }
        for code in ["LimitExceededException", "throttling", "Throttling ", ""] {
            assert!(!transient(CallErrorKind::Service, code), "{code}");
        }
        assert!(transient(CallErrorKind::Transport, "Odd"));
        for kind in [CallErrorKind::Credentials, CallErrorKind::Invalid] {
            assert!(!transient(kind, "Throttling"), "{kind:?}");
            assert!(transient(kind, "Mine"), "{kind:?}");
        }
    }
}
