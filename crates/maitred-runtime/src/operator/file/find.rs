//! Finding the work of a main call whose reply was lost.

use std::time::Duration;

use maitred_core::clock::Timestamp;
use maitred_core::operator_file::{CallConfig, FindConfig, FindRead};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::operator::FileOperator;
use super::progress::Progress;
use super::read::{call, document};
use super::values;
use crate::operator::{OperatorContext, OperatorError};

/// What a look-up has found.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    /// Nothing: the call was not made.
    None,
    /// Its work, with these values.
    One(Map<String, Value>),
    /// Several things that may be its work.
    Several,
}

/// The time that a service may take to show what it has accepted.
const SETTLE: f64 = 3.0;

/// How far the clocks of a service and of this machine may be apart.
const SKEW: Duration = Duration::from_secs(60);

impl FileOperator {
    /// Looks for what there is, for the state `find`.
    pub(super) async fn found(
        &self,
        ctx: &OperatorContext,
        progress: &Progress,
        config: &CallConfig,
    ) -> Result<Found, OperatorError> {
        match &config.find {
            FindConfig::Read(find) => self.find_once(ctx, progress, config, find, None).await,
            FindConfig::Again | FindConfig::Cannot => Ok(Found::None),
        }
    }

    /// Looks for the work of a call that was made at `called`, and once more if there is nothing yet.
    pub(super) async fn find(
        &self,
        ctx: &OperatorContext,
        progress: &Progress,
        config: &CallConfig,
        find: &FindRead,
        called: u64,
    ) -> Result<Found, OperatorError> {
        let found = self.find_once(ctx, progress, config, find, Some(called)).await?;
        if found != Found::None {
            return Ok(found);
        }
        let settle = Duration::try_from_secs_f64(find.settle.unwrap_or(SETTLE)).unwrap_or_default();
        ctx.services.clock.sleep(settle).await;
        self.find_once(ctx, progress, config, find, Some(called)).await
    }

    async fn find_once(
        &self,
        ctx: &OperatorContext,
        progress: &Progress,
        config: &CallConfig,
        find: &FindRead,
        called: Option<u64>,
    ) -> Result<Found, OperatorError> {
        let own_input = self.main_call(ctx, progress, config)?.input;
        let mut scope = self.scope(ctx, progress);
        scope.input = Some(&own_input);
        let service = find.service.as_deref().or(config.service.as_deref());
        let service = service.unwrap_or(&self.definition.service);
        let read = call(service, &find.operation, &find.input, &scope)?;
        let seen = self.look(ctx, read, find.all_pages).await?;
        if let Some(error) = seen.error() {
            if find.not_made.iter().any(|code| code == error.code()) {
                return Ok(Found::None);
            }
            return Err(error.clone().into());
        }
        let candidates = match values::evaluate(&find.each, document(&seen), &scope)? {
            Value::Array(items) => items,
            one @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_)) => vec![one],
        };
        let mut ours = Vec::new();
        for candidate in candidates.into_iter().filter(|candidate| !candidate.is_null()) {
            let is_older = match (&find.since, called) {
                (Some(since), Some(called)) => {
                    let made = values::evaluate(since, &candidate, &scope)?;
                    millis(&made).is_some_and(|made| is_before(made, called))
                }
                _ => false,
            };
            if !is_older {
                ours.push(candidate);
            }
        }
        match &ours[..] {
            [] => Ok(Found::None),
            [one] => values::read(&find.values, one, &scope).map(Found::One),
            _ => Ok(Found::Several),
        }
    }
}

/// True if something was made before a call that was made at `called`, whatever the clocks say.
fn is_before(made: i128, called: u64) -> bool {
    let earliest = Timestamp::from_millis(called).minus(SKEW).as_millis();
    made < i128::from(earliest)
}

/// A time of a reply in milliseconds since 1970: a text in ISO 8601, or a number of seconds or milliseconds.
fn millis(time: &Value) -> Option<i128> {
    match time {
        Value::String(text) => {
            let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
            Some(time.unix_timestamp_nanos() / 1_000_000)
        }
        Value::Number(number) => {
            let number = number.as_f64()?;
            // In the year 5138, or in 1973.
            let millis = if number < 1e11 { number * 1000.0 } else { number };
            #[expect(clippy::cast_possible_truncation, reason = "a time far away is far away")]
            Some(millis as i128)
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_of_replies_are_read() {
        for (time, expected) in [
            (json!("1970-01-01T00:00:01+00:00"), Some(1000)),
            (json!("1970-01-01T01:00:01.250000+01:00"), Some(1250)),
            (json!(1.5), Some(1500)),
            (json!(1_767_225_600_000_u64), Some(1_767_225_600_000)),
            (json!("yesterday"), None),
            (json!(null), None),
        ] {
            assert_eq!(millis(&time), expected, "{time}");
        }
    }

    #[test]
    fn clocks_may_be_a_minute_apart() {
        assert!(!is_before(40_000, 100_000));
        assert!(is_before(39_999, 100_000));
    }
}
