//! Clock skew errors that the SDK does not recognise.

use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use aws_smithy_types::retry::ErrorKind;
use aws_types::sdk_config::SharedTimeSource;

use super::error::ServiceError;

/// The codes of EC2 and others, where most services answer `RequestTimeTooSkewed`.
const CODES: [&str; 2] = ["RequestExpired", "RequestInTheFuture"];

/// A smaller difference is not the reason of a refusal. The SDK uses the same threshold for the codes it knows.
const THRESHOLD: Duration = Duration::from_secs(4 * 60);

/// Retries a request that is too late or too early for the service's clock. It is signed for that clock
/// then.
#[derive(Debug)]
pub(super) struct ClockSkewClassifier(pub(super) SharedTimeSource);

impl ClassifyRetry for ClockSkewClassifier {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error = context.output_or_error().and_then(|outcome| outcome.err());
        let error = error.and_then(OrchestratorError::as_operation_error);
        let code = error.and_then(|error| error.downcast_ref::<ServiceError>()?.meta().code());
        let date = context.response().and_then(|response| response.headers().get("date"));
        let skew = date.and_then(|date| skew(date, self.0.now()));
        if code.is_some_and(|code| CODES.contains(&code)) && skew > Some(THRESHOLD) {
            return RetryAction::retryable_error(ErrorKind::ServerError);
        }
        RetryAction::NoActionIndicated
    }

    fn name(&self) -> &'static str {
        "maitred::skew"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::http_status_code_classifier())
    }
}

/// How far the time of a reply is from `now`.
fn skew(date: &str, now: SystemTime) -> Option<Duration> {
    let date = DateTime::from_str(date, Format::HttpDate).ok()?;
    let date = SystemTime::try_from(date).ok()?;
    Some(date.duration_since(now).unwrap_or_else(|earlier| earlier.duration()))
}
