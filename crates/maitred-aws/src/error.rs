//! From the SDK runtime's errors to [`CallError`].

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::endpoint::error::ResolveEndpointError;
use aws_smithy_runtime_api::client::interceptors::context::Error;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};
use aws_smithy_types::retry::{ErrorKind, ProvideErrorKind};
use serde_json::Value;

use maitred_core::client::{CallError, CallErrorKind, transport};
use maitred_core::document::Document;
use maitred_core::secrets::urls;
use maitred_net::delivery::is_never_sent;
use maitred_net::error_chain::{self, chain};

use super::limits::BodyError;
use super::protocol::{ProtocolError, Reply};

/// The error in a reply.
#[derive(Debug, thiserror::Error)]
#[error("{metadata}")]
pub(super) struct ServiceError {
    metadata: ErrorMetadata,
    status: u16,
    document: Value,
    retry_after: Option<Duration>,
}

impl ServiceError {
    /// The error of a reply with this parsed document.
    pub(super) fn new(document: Value, reply: &Reply) -> Self {
        let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
        // An error without a code, such as XML of something else than the service, has its status as one.
        let code = text("/Error/Code").filter(|code| !code.is_empty()).map(str::to_owned);
        let mut metadata = ErrorMetadata::builder();
        metadata = metadata.code(code.unwrap_or_else(|| reply.status.to_string()));
        metadata = metadata.message(text("/Error/Message").unwrap_or_default());
        if let Some(id) = text("/ResponseMetadata/RequestId") {
            metadata = metadata.custom("aws_request_id", id);
        }
        let metadata = metadata.build();
        Self { metadata, status: reply.status, retry_after: retry_after(reply), document }
    }

    pub(super) fn into_call_error(self) -> CallError {
        let error =
            service_error(&self.metadata, self.status).with_document(Document::from(self.document));
        match self.retry_after {
            Some(retry_after) => error.with_retry_after(retry_after),
            None => error,
        }
    }
}

impl ProvideErrorMetadata for ServiceError {
    fn meta(&self) -> &ErrorMetadata {
        &self.metadata
    }

    /// The code that the SDK goes by: it does not know those of EC2 and others for a wrong clock.
    fn code(&self) -> Option<&str> {
        match self.metadata.code() {
            Some("RequestExpired" | "RequestInTheFuture") => Some("RequestTimeTooSkewed"),
            code => code,
        }
    }
}

impl ProvideErrorKind for ServiceError {
    fn retryable_error_kind(&self) -> Option<ErrorKind> {
        None
    }

    fn code(&self) -> Option<&str> {
        self.metadata.code()
    }
}

/// When the service asks to be called again: `Retry-After` in seconds, or Amazon's own header in
/// milliseconds.
fn retry_after(reply: &Reply) -> Option<Duration> {
    let number = |name: &str| reply.header(name)?.trim().parse::<u64>().ok();
    let millis = number("x-amz-retry-after").map(Duration::from_millis);
    millis.or_else(|| number("retry-after").map(Duration::from_secs))
}

/// The error of a call that the client of a typed SDK has sent to `url`.
pub fn call_error<E>(error: &SdkError<E, HttpResponse>, url: &str) -> CallError
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let SdkError::ServiceError(context) = error else { return no_reply_error(error, url) };
    let status = context.raw().status().as_u16();
    service_error(context.err().meta(), status)
}

/// The error of a call that this crate has sent to `url`.
pub(super) fn own_call_error(error: SdkError<Error, HttpResponse>, url: &str) -> CallError {
    let SdkError::ServiceError(context) = error else { return no_reply_error(&error, url) };
    match context.into_err().downcast::<ServiceError>() {
        Ok(error) => error.into_call_error(),
        Err(error) => transport_error(transport::RESPONSE, url, &error),
    }
}

/// The error of a reply with this metadata and this status.
fn service_error(metadata: &ErrorMetadata, status: u16) -> CallError {
    // An error without a code, such as XML of something else than the service, has its status as one.
    let code = metadata.code().filter(|code| !code.is_empty());
    let code = code.map_or_else(|| status.to_string(), str::to_owned);
    let message = metadata.message().filter(|message| !message.is_empty());
    let message = message.unwrap_or("the service gives no message");
    CallError::new(CallErrorKind::Service, code, message).with_status(status)
}

/// The error of a call to `url` to which there was no reply of the service.
fn no_reply_error<E>(error: &SdkError<E, HttpResponse>, url: &str) -> CallError
where
    E: StdError + 'static,
{
    let body = find::<BodyError>(error);
    let status = error.raw_response().map(|response| response.status().as_u16());
    let status = status.or(body.map(BodyError::status));
    if let Some(error) = credentials_error(error) {
        return error;
    }
    let code = match error {
        SdkError::DispatchFailure(_) if body.is_some() => Some(transport::RESPONSE),
        SdkError::TimeoutError(_) => Some(transport::TIMEOUT),
        SdkError::ResponseError(_) if find::<ProtocolError>(error).is_some() => {
            Some(transport::RESPONSE)
        }
        SdkError::ResponseError(_) if is_timeout(error) => Some(transport::TIMEOUT),
        SdkError::ResponseError(_) => Some(transport::RESPONSE),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Some(transport::TIMEOUT),
        // A request that cannot be built was not sent.
        SdkError::DispatchFailure(failure) if failure.is_user() => None,
        SdkError::DispatchFailure(_) if find::<ResolveEndpointError>(error).is_some() => None,
        SdkError::DispatchFailure(_) => Some(connect_code(error)),
        SdkError::ConstructionFailure(_) | SdkError::ServiceError(_) | _ => None,
    };
    let Some(code) = code else {
        return CallError::new(CallErrorKind::Invalid, "CannotSend", root_message(error));
    };
    let failed = transport_error(code, url, error);
    match status {
        Some(status) => failed.with_status(status),
        None if is_never_sent(error) => failed.with_never_sent(),
        None => failed,
    }
}

fn transport_error(code: &str, url: &str, error: &(dyn StdError + 'static)) -> CallError {
    let what = match code {
        transport::TIMEOUT => "no reply in time from",
        transport::DNS => "cannot resolve the host name of",
        transport::TLS => "no secure connection to",
        transport::RESPONSE => "no whole reply from",
        _ => "no connection to",
    };
    let message = urls::masked(&format!("{what} {url}: {}", root_message(error)));
    CallError::new(CallErrorKind::Transport, code, message)
}

/// The types of the connector's errors are private, so this goes by the kinds of I/O errors and by their
/// messages.
fn connect_code(error: &(dyn StdError + 'static)) -> &'static str {
    let words = chain(error).map(|error| error.to_string().to_lowercase()).collect::<Vec<_>>();
    let says = |word: &str| words.iter().any(|text| text.contains(word));
    let is = |kind: io::ErrorKind| {
        error_chain::of_type::<io::Error>(error).any(|error| error.kind() == kind)
    };
    if says("dns error") || says("failed to lookup address") {
        transport::DNS
    } else if is(io::ErrorKind::InvalidData) || says("tls handshake") || says("certificate") {
        transport::TLS
    } else if is(io::ErrorKind::TimedOut) {
        transport::TIMEOUT
    } else {
        transport::CONNECT
    }
}

fn is_timeout(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(|error| {
        error.downcast_ref::<ConnectorError>().is_some_and(ConnectorError::is_timeout)
            || error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
            || error.to_string().contains("timed out")
            || error.to_string().contains("timeout")
    })
}

/// The error of missing credentials, or of ones that could not be fetched.
fn credentials_error(error: &(dyn StdError + 'static)) -> Option<CallError> {
    let found = find::<CredentialsError>(error);
    if let Some(call) = found.and_then(|found| find::<CallError>(found)) {
        return Some(role_error(call));
    }
    if matches!(found, Some(CredentialsError::CredentialsNotLoaded(_))) {
        return Some(no_credentials());
    }
    // The cache has an error without a name for a provider that takes too long.
    let too_long = || chain(error).any(|error| error.to_string().starts_with("identity resolver"));
    if found.is_none() && !too_long() {
        return None;
    }
    let message = format!(
        "the credentials could not be fetched: {}; \
         check the profile (--profile, AWS_PROFILE) and what it refers to",
        root_message(error)
    );
    Some(CallError::new(CallErrorKind::Credentials, "CredentialsError", message))
}

/// The call that assumes a role failed. A transient error does not end a wait.
fn role_error(error: &CallError) -> CallError {
    let passes = error.kind() == CallErrorKind::Transport
        || error.status().is_some_and(|status| status >= 500 || status == 429)
        || error.code().contains("Throttl");
    let kind = if passes { error.kind() } else { CallErrorKind::Credentials };
    let message = format!("the role cannot be assumed: {}", error.message());
    let found = CallError::new(kind, error.code(), message).with_never_sent();
    match error.status() {
        Some(status) => found.with_status(status),
        None => found,
    }
}

/// There are no credentials at all.
pub(super) fn no_credentials() -> CallError {
    CallError::new(
        CallErrorKind::Credentials,
        "NoCredentials",
        "there are no credentials: name a profile (--profile, AWS_PROFILE), \
         or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    )
}

fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    error_chain::of_type(error).next()
}

/// The message of the innermost error that has one.
fn root_message(error: &(dyn StdError + 'static)) -> String {
    let says_something = |text: &String| !matches!(text.as_str(), "" | "timed out");
    let texts = chain(error).map(ToString::to_string).filter(says_something);
    texts.last().unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;
    use serde_json::json;

    use super::*;

    const URL: &str = "https://redshift.eu-central-1.amazonaws.com/";

    type Failure = SdkError<Error, HttpResponse>;

    fn reply(headers: &[(&str, &str)]) -> Reply {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Reply { status: 503, headers: headers.collect(), body: Vec::new(), retries: 0 }
    }

    fn response() -> HttpResponse {
        HttpResponse::new(StatusCode::try_from(502).unwrap(), SdkBody::empty())
    }

    fn io(kind: io::ErrorKind, text: &str) -> ConnectorError {
        ConnectorError::io(io::Error::new(kind, text.to_owned()).into())
    }

    fn found(error: Failure) -> (CallErrorKind, String) {
        let error = own_call_error(error, URL);
        (error.kind(), error.code().to_owned())
    }

    #[test]
    fn amazons_own_header_for_a_pause_is_in_milliseconds_and_the_other_in_seconds() {
        for (headers, millis) in [
            (&[][..], None),
            (&[("retry-after", "2")], Some(2_000)),
            (&[("x-amz-retry-after", "1500")], Some(1_500)),
            (&[("retry-after", "2"), ("x-amz-retry-after", " 1500 ")], Some(1_500)),
            (&[("retry-after", "2"), ("x-amz-retry-after", "soon")], Some(2_000)),
            (&[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")], None),
        ] {
            let found = retry_after(&reply(headers));
            assert_eq!(found, millis.map(Duration::from_millis), "{headers:?}");
            let error = ServiceError::new(json!({}), &reply(headers)).into_call_error();
            assert_eq!((error.status(), error.retry_after()), (Some(503), found));
        }
    }

    #[test]
    fn an_error_without_a_code_or_a_message_has_its_status_and_says_so() {
        for (document, code, message) in [
            (json!({}), "503", "the service gives no message"),
            (json!({"Error": {"Code": "", "Message": ""}}), "503", "the service gives no message"),
            (json!({"Error": {"Code": "SlowDown", "Message": "no"}}), "SlowDown", "no"),
        ] {
            let error = ServiceError::new(document, &reply(&[])).into_call_error();
            assert_eq!((error.code(), error.message()), (code, message));
        }
    }

    #[test]
    fn an_error_keeps_the_id_of_its_request_and_shows_no_login() {
        let document = json!({"ResponseMetadata": {"RequestId": "r-1"}});
        let error = ServiceError::new(document, &reply(&[]));
        assert_eq!(error.meta().extra("aws_request_id"), Some("r-1"));
        assert_eq!(ServiceError::new(json!({}), &reply(&[])).meta().extra("aws_request_id"), None);
        let unnamed = ErrorMetadata::builder().code("").message("").build();
        assert_eq!(service_error(&unnamed, 503).code(), "503");
        let refused = Failure::dispatch_failure(io(io::ErrorKind::ConnectionRefused, "refused"));
        let error = own_call_error(refused, "https://me:hunter2@h/");
        assert_eq!(error.message(), "no connection to https://***@h/: refused");
    }

    #[test]
    fn what_cannot_be_sent_is_not_taken_for_a_failure_of_the_transport() {
        let cannot = (CallErrorKind::Invalid, "CannotSend".to_owned());
        let endpoint = || ResolveEndpointError::message("no endpoint");
        for error in [
            Failure::dispatch_failure(ConnectorError::user("not a host".into())),
            Failure::dispatch_failure(ConnectorError::other(endpoint().into(), None)),
            Failure::construction_failure(endpoint()),
        ] {
            assert_eq!(found(error), cannot);
        }
        let error = own_call_error(Failure::construction_failure(endpoint()), URL);
        assert_eq!((error.message(), error.status()), ("no endpoint", None));
    }

    #[test]
    fn a_failure_of_the_transport_has_the_code_of_its_cause() {
        use io::ErrorKind::{ConnectionRefused, InvalidData, Other, TimedOut};
        let dispatch = Failure::dispatch_failure;
        let timeout = || ConnectorError::timeout("slow".into());
        for (error, code) in [
            (dispatch(timeout()), transport::TIMEOUT),
            (Failure::timeout_error("slow"), transport::TIMEOUT),
            (dispatch(io(TimedOut, "late")), transport::TIMEOUT),
            (dispatch(io(ConnectionRefused, "refused")), transport::CONNECT),
            (dispatch(io(Other, "dns error: no such host")), transport::DNS),
            (dispatch(io(Other, "failed to lookup address information")), transport::DNS),
            (dispatch(io(InvalidData, "odd")), transport::TLS),
            (dispatch(io(Other, "TLS handshake failed")), transport::TLS),
            (dispatch(io(Other, "invalid peer Certificate")), transport::TLS),
            (Failure::response_error(timeout(), response()), transport::TIMEOUT),
            (Failure::response_error(io(TimedOut, "late"), response()), transport::TIMEOUT),
            (Failure::response_error("it timed out", response()), transport::TIMEOUT),
            (Failure::response_error("a timeout", response()), transport::TIMEOUT),
            (Failure::response_error("cut off", response()), transport::RESPONSE),
            (
                Failure::response_error(ProtocolError("a timeout".to_owned()), response()),
                transport::RESPONSE,
            ),
        ] {
            let said = format!("{error:?}");
            assert_eq!(found(error), (CallErrorKind::Transport, code.to_owned()), "{said}");
        }
        let error = own_call_error(Failure::response_error("cut off", response()), URL);
        assert_eq!(error.status(), Some(502));
        assert_eq!(error.message(), format!("no whole reply from {URL}: cut off"));
        assert!(!error.is_never_sent());
    }

    #[test]
    fn a_role_that_cannot_be_assumed_now_may_be_later() {
        use CallErrorKind::{Credentials, Invalid, Service, Transport};
        for (kind, code, status, becomes) in [
            (Transport, transport::CONNECT, None, Transport),
            (Service, "InternalFailure", Some(500), Service),
            (Service, "Odd", Some(499), Credentials),
            (Service, "Odd", Some(428), Credentials),
            (Service, "Odd", Some(429), Service),
            (Service, "Odd", Some(430), Credentials),
            (Service, "Throttling", Some(400), Service),
            (Service, "ThrottlingException", Some(400), Service),
            (Service, "RequestThrottled", Some(400), Service),
            (Service, "AccessDenied", Some(403), Credentials),
            (Invalid, "Odd", None, Credentials),
        ] {
            let error = CallError::new(kind, code, "no");
            let error = status.map_or(error.clone(), |status| error.with_status(status));
            let found = role_error(&error);
            assert_eq!((found.kind(), found.code(), found.status()), (becomes, code, status));
            assert_eq!(found.message(), "the role cannot be assumed: no");
            assert!(found.is_never_sent());
        }
    }

    #[test]
    fn credentials_that_cannot_be_had_end_a_call_whatever_else_failed() {
        let call = || CallError::new(CallErrorKind::Service, "Throttling", "slow");
        for (error, kind, code) in [
            (CredentialsError::provider_error(call()), CallErrorKind::Service, "Throttling"),
            (CredentialsError::not_loaded_no_source(), CallErrorKind::Credentials, "NoCredentials"),
            (
                CredentialsError::provider_error("denied"),
                CallErrorKind::Credentials,
                "CredentialsError",
            ),
        ] {
            let failed = ConnectorError::other(error.into(), None);
            assert_eq!(found(Failure::dispatch_failure(failed)), (kind, code.to_owned()));
        }
        let late = Failure::dispatch_failure(ConnectorError::other(
            "identity resolver timed out after 5s".into(),
            None,
        ));
        assert_eq!(found(late), (CallErrorKind::Credentials, "CredentialsError".to_owned()));
    }

    #[test]
    fn the_reason_is_the_innermost_message_that_says_something() {
        for (inner, said) in [("refused", "refused"), ("", "other"), ("timed out", "other")] {
            let error = ConnectorError::other(inner.to_owned().into(), None);
            assert_eq!(root_message(&Failure::construction_failure(error)), said, "{inner:?}");
        }
    }
}
