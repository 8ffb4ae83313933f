//! Panics of operators and triggers, which end their task only.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use crate::operator::OperatorError;

/// Runs code of a user; a panic is an error with its message.
pub(crate) async fn caught<T>(future: impl Future<Output = T> + Send) -> Result<T, String> {
    let done = AssertUnwindSafe(future).catch_unwind().await;
    done.map_err(|panic| panic_message(&*panic))
}

/// The same for code of an operator, whose panic fails as its error does.
pub(super) async fn guarded<T>(
    future: impl Future<Output = Result<T, OperatorError>> + Send,
) -> Result<T, OperatorError> {
    caught(future).await.unwrap_or_else(|panic| Err(OperatorError::new(panic)))
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panicked: {}", text.as_deref().unwrap_or("(no message)"))
}
