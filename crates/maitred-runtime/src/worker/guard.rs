//! Panics of operators, which end their task only.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use crate::operator::OperatorError;

/// A panic of an operator ends its task only.
pub(super) async fn guarded<T>(
    future: impl Future<Output = Result<T, OperatorError>> + Send,
) -> Result<T, OperatorError> {
    match AssertUnwindSafe(future).catch_unwind().await {
        Ok(result) => result,
        Err(panic) => Err(OperatorError::new(panic_message(&*panic))),
    }
}

pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panicked: {}", text.as_deref().unwrap_or("(no message)"))
}
