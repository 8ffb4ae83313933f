//! Waiting for a reply.

use super::{ResponseCheck, check_expression, http_operator, truth};
use crate::operator::sensor::{self, Sensing, Sensor};
use crate::operator::{ConnectionUse, OperatorError};
use crate::trigger::WaiterTrigger;
use maitred_core::config::{AcceptorConfig, MatcherKind, Show, State, WaiterConfig};

http_operator! {
    /// Asks an endpoint until its reply is as it should be.
    ///
    /// - A reply for which `response_check` holds ends it well; one for which it does not is asked for again.
    /// - So is one whose status is in `response_error_codes_allowlist`, and one that passes by itself: no
    ///   connection, 408, 429, 5xx. After these it waits longer and longer, and as long as a `Retry-After`
    ///   asks for.
    /// - Any other status of 400 and above is a failure at once.
    pub struct HttpSensor {
        /// The method. Default: `GET`.
        #[serde(default = "default_method")]
        pub method: String,
        /// The condition on the reply. Default: any status below 400.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub response_check: Option<ResponseCheck>,
        /// A JMESPath expression over `{"StatusCode", "Headers", "Body"}` that ends the wait as a failure
        /// where it is true, e.g. `Body.state == 'failed'`. Default: none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub fail_if: Option<String>,
        /// Statuses that are asked again, e.g. `404` or `4xx`. Default: `["404"]`.
        #[serde(default = "default_allowlist")]
        pub response_error_codes_allowlist: Vec<String>,
        /// Seconds between two requests. Default: 60.
        #[serde(default = "sensor::a_minute")]
        pub poke_interval: f64,
        /// Seconds that it may take. Default: 604800, a week.
        #[serde(default = "sensor::a_week")]
        pub timeout: f64,
        /// Defers the wait to the triggerer. Default: false.
        #[serde(default)]
        pub deferrable: bool,
        /// Skips the task, in place of failing it, if the reply is not as it should be within `timeout`. Any other
        /// failure, such as access denied or a bad connection, still fails it. Default: false.
        #[serde(default)]
        pub soft_fail: bool,
    }
}

fn default_method() -> String {
    "GET".to_owned()
}

fn default_allowlist() -> Vec<String> {
    vec!["404".to_owned()]
}

/// The reason why a reply meets `fail_if`, where APIs tend to give it.
const REASON: &str = "join(': ', ['the reply meets fail_if', \
    to_string(not_null(Body.message, Body.error, Body.reason, Body.detail, 'it gives no reason'))])";

impl HttpSensor {
    /// The waiter. It does not differ from one endpoint to the next, so many sensors share it.
    fn definition(&self) -> WaiterConfig {
        let mut acceptors = Vec::new();
        if let Some(expression) = &self.fail_if {
            let mut failure = AcceptorConfig::path(State::Failure, truth(expression), true);
            failure.message = Some(REASON.to_owned());
            acceptors.push(failure);
        }
        let check = self.response_check.clone().unwrap_or_default();
        acceptors.push(AcceptorConfig::path(State::Success, check.condition(), true));
        let codes = self.response_error_codes_allowlist.iter();
        acceptors.extend(
            codes.map(|code| AcceptorConfig::new(State::Retry, MatcherKind::Error, code.as_str())),
        );
        let delay = sensor::a_minute();
        let mut definition = WaiterConfig::new(self.method.as_str(), delay, 1, acceptors);
        definition.show = Some(Show::One("StatusCode".to_owned()));
        definition.mutating = !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS");
        definition
    }
}

impl Sensor for HttpSensor {
    const OPERATOR: &'static str = "http.sensor";
    const DESCRIPTION: &'static str = "Ask an endpoint until its reply is as it should be";

    fn trigger(&self) -> WaiterTrigger {
        let mut trigger = WaiterTrigger::new("http", "sensor").with_definition(self.definition());
        trigger.input = self.input();
        trigger.client = self.client_settings();
        trigger
    }

    fn sensing(&self) -> Sensing {
        let Self { poke_interval, timeout, deferrable, soft_fail, .. } = *self;
        Sensing { poke_interval, timeout, deferrable, soft_fail }
    }

    fn connections(&self) -> Vec<ConnectionUse> {
        self.used_connections()
    }

    fn check_arguments(&self) -> Result<(), OperatorError> {
        self.check_request()?;
        if let Some(check) = &self.response_check {
            check.check("response_check")?;
        }
        if let Some(expression) = &self.fail_if {
            check_expression("fail_if", expression)?;
        }
        for code in &self.response_error_codes_allowlist {
            if !matches!(code.as_bytes(), [b'4' | b'5', tail @ ..] if is_tail(tail)) {
                return Err(OperatorError::fatal(format!(
                    "response_error_codes_allowlist: `{code}` is not the status of an error, such as \
                     404, nor a class of them, 4xx or 5xx"
                )));
            }
        }
        Ok(())
    }
}

/// The last two digits of a status, or `xx` for all of its class.
fn is_tail(tail: &[u8]) -> bool {
    tail == b"xx" || matches!(tail, [b'0'..=b'9', b'0'..=b'9'])
}
