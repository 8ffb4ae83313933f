//! Points in time as people write and read them: `2026-12-01T03:00:00Z`, or a duration from now.

use std::time::Duration;

use super::duration;
use crate::clock::Timestamp;
use crate::model::timestamp::DateTime;

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PointInTime {
    At(Timestamp),
    /// A distance from now; the option says whether it lies ahead or back.
    FromNow(Duration),
}

/// Reads a time in ISO 8601, in UTC if it has no zone, or a duration: `2026-12-01`, `2026-12-01T03:00:00+01:00`,
/// `90m`.
pub(super) fn parse(text: &str) -> Result<PointInTime, String> {
    if let Ok(duration) = duration::parse(text) {
        return Ok(PointInTime::FromNow(duration));
    }
    let wrong = || {
        format!(
            "`{text}` is not a time; write e.g. 2026-12-01T03:00:00Z, or a duration such as 90m or 2d"
        )
    };
    DateTime::parse(text).and_then(timestamp).map(PointInTime::At).ok_or_else(wrong)
}

/// A point in time for people, in UTC.
pub(super) fn show(time: Timestamp) -> String {
    #[expect(clippy::cast_precision_loss, reason = "seconds of this age are exact")]
    let seconds = time.as_millis() as f64 / 1000.0;
    DateTime::from_epoch(seconds).map_or_else(|| time.as_millis().to_string(), DateTime::isoformat)
}

/// `None` for a time before 1970.
fn timestamp(time: DateTime) -> Option<Timestamp> {
    u64::try_from(time.epoch_millis()).ok().map(Timestamp::from_millis)
}

impl PointInTime {
    /// The time, with a duration counted forward from `now`.
    pub(super) fn after(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::FromNow(duration) => now.plus(duration),
        }
    }

    /// The time, with a duration counted back from `now`.
    pub(super) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::FromNow(duration) => {
                let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
                Timestamp::from_millis(now.as_millis().saturating_sub(millis))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_date_or_a_distance_from_now() {
        let now = Timestamp::from_millis(1_000_000);
        let at = |millis| PointInTime::At(Timestamp::from_millis(millis));
        for (text, point_in_time) in [
            ("1970-01-02", at(86_400_000)),
            ("1970-01-01T01:00:00.5Z", at(3_600_500)),
            ("1970-01-01T01:00:00+01:00", at(0)),
            ("10m", PointInTime::FromNow(Duration::from_secs(600))),
            ("90", PointInTime::FromNow(Duration::from_secs(90))),
        ] {
            assert_eq!(parse(text), Ok(point_in_time), "{text}");
        }
        for text in ["", "tomorrow", "1969-12-31", "2026-13-01", "-5m", "99999-01-01"] {
            assert!(parse(text).is_err(), "{text}");
        }
        let minute = PointInTime::FromNow(Duration::from_secs(60));
        assert_eq!(minute.after(now), Timestamp::from_millis(1_060_000));
        assert_eq!(minute.before(now), Timestamp::from_millis(940_000));
        assert_eq!(PointInTime::FromNow(Duration::MAX).before(now), Timestamp::from_millis(0));
    }
}
