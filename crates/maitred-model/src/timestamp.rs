//! Points in time in the formats that services read and write.

use std::str::FromStr;

use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

use super::TimestampFormat;

/// A point in time in the years 1 to 9999, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateTime(OffsetDateTime);

impl DateTime {
    /// The time `seconds` after 1970-01-01T00:00:00Z, rounded to microseconds; `None` outside of the years 1 to
    /// 9999.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked ranges")]
    pub fn from_epoch(seconds: f64) -> Option<Self> {
        let whole = seconds.floor();
        if !seconds.is_finite() || whole.abs() > 1e12 {
            return None;
        }
        let micros = ((seconds - whole) * 1e6).round().min(999_999.0) as u32;
        let time = OffsetDateTime::from_unix_timestamp(whole as i64).ok()?;
        Self::in_range(time.replace_microsecond(micros).ok()?)
    }

    /// Reads ISO 8601 (a date alone is midnight; no zone is UTC), RFC 822 or seconds since 1970.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(seconds) = text.parse() {
            return Self::from_epoch(seconds);
        }
        parse_iso(text).or_else(|| parse_rfc822(text)).and_then(Self::in_range)
    }

    fn in_range(time: OffsetDateTime) -> Option<Self> {
        let time = time.checked_to_offset(UtcOffset::UTC)?;
        (1..=9999).contains(&time.year()).then_some(Self(time))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub fn epoch_millis(self) -> i64 {
        self.0.unix_timestamp() * 1000 + i64::from(self.0.millisecond())
    }

    /// The time in a format. ISO 8601 has microseconds if there are any; the others have whole seconds, as
    /// botocore writes them.
    #[must_use]
    pub fn format(self, format: TimestampFormat) -> String {
        match format {
            TimestampFormat::Iso8601 => format!("{}Z", self.civil()),
            TimestampFormat::UnixTimestamp => self.0.unix_timestamp().to_string(),
            TimestampFormat::Rfc822 => {
                let (weekday, month) = (self.0.weekday().to_string(), self.0.month().to_string());
                let (year, day, time) = (self.0.year(), self.0.day(), self.clock());
                format!("{}, {day:02} {} {year:04} {time} GMT", &weekday[..3], &month[..3])
            }
        }
    }

    /// The time as Python and the AWS CLI show it: `2024-01-31T12:00:00+00:00`, with microseconds
    /// if there are any. Such texts sort in the order of time.
    #[must_use]
    pub fn isoformat(self) -> String {
        format!("{}+00:00", self.civil())
    }

    fn civil(self) -> String {
        let (year, month, day) = self.0.to_calendar_date();
        let fraction = match self.0.microsecond() {
            0 => String::new(),
            fraction => format!(".{fraction:06}"),
        };
        format!("{year:04}-{:02}-{day:02}T{}{fraction}", u8::from(month), self.clock())
    }

    fn clock(self) -> String {
        let (hour, minute, second) = self.0.to_hms();
        format!("{hour:02}:{minute:02}:{second:02}")
    }
}

fn parse_iso(text: &str) -> Option<OffsetDateTime> {
    let (date, rest) = text.split_at_checked(10)?;
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let month = Month::try_from(digits::<u8>(month, 2)?).ok()?;
    let date = Date::from_calendar_date(digits(year, 4)?, month, digits(day, 2)?).ok()?;
    if rest.is_empty() {
        return Some(date.midnight().assume_utc());
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, zone) = rest.split_at(rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len()));
    Some(date.with_time(parse_clock(clock)?).assume_offset(parse_zone(zone)?))
}

fn parse_rfc822(text: &str) -> Option<OffsetDateTime> {
    const MONTHS: &str = "jan feb mar apr may jun jul aug sep oct nov dec";
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let words: Vec<&str> = text.split_whitespace().collect();
    let [day, month, year, clock, zone] = words.as_slice() else { return None };
    let month = MONTHS.split(' ').position(|name| name.eq_ignore_ascii_case(month))?;
    let month = Month::January.nth_next(u8::try_from(month).ok()?);
    let day = digits(day, if day.len() == 1 { 1 } else { 2 })?;
    let date = Date::from_calendar_date(digits(year, 4)?, month, day).ok()?;
    let zone = if matches!(*zone, "GMT" | "UTC") { "Z" } else { zone };
    Some(date.with_time(parse_clock(clock)?).assume_offset(parse_zone(zone)?))
}

/// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fraction`.
fn parse_clock(clock: &str) -> Option<Time> {
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.split(':');
    let hour = digits(parts.next()?, 2)?;
    let minute = digits(parts.next()?, 2)?;
    let second = parts.next().map_or(Some(0), |second| digits(second, 2))?;
    if parts.next().is_some() {
        return None;
    }
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    Time::from_hms_nano(hour, minute, second, nanos).ok()
}

/// The offset from UTC: nothing, `Z`, `+HH:MM`, `+HHMM` or `+HH`.
fn parse_zone(zone: &str) -> Option<UtcOffset> {
    if matches!(zone, "" | "Z" | "z") {
        return Some(UtcOffset::UTC);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let offset = zone.get(1..)?;
    let (hours, minutes): (i32, i32) = match offset.len() {
        2 => (digits(offset, 2)?, 0),
        4 => (digits(offset.get(..2)?, 2)?, digits(offset.get(2..)?, 2)?),
        5 => (digits(offset.get(..2)?, 2)?, digits(offset.get(2..)?.strip_prefix(':')?, 2)?),
        _ => return None,
    };
    if hours >= 24 || minutes >= 60 {
        return None;
    }
    UtcOffset::from_whole_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// The number that a text of exactly `length` digits stands for.
fn digits<T: FromStr>(text: &str, length: usize) -> Option<T> {
    let all = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if all { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(text: &str) -> Option<String> {
        DateTime::parse(text).map(|time| time.format(TimestampFormat::Iso8601))
    }

    #[test]
    fn every_way_to_write_a_time_is_the_same_time() {
        for text in [
            "2024-02-29T12:30:00Z",
            "2024-02-29T14:30:00+02:00",
            "2024-02-29 12:30:00",
            "2024-02-29T12:30Z",
            "Thu, 29 Feb 2024 12:30:00 GMT",
            "29 Feb 2024 13:30:00 +0100",
            "1709209800",
        ] {
            assert_eq!(iso(text).as_deref(), Some("2024-02-29T12:30:00Z"), "{text}");
        }
        assert_eq!(iso("1969-12-31T23:59:59.5Z").as_deref(), Some("1969-12-31T23:59:59.500000Z"));
        assert_eq!(iso("2024-01-01").as_deref(), Some("2024-01-01T00:00:00Z"));
    }

    #[test]
    fn times_are_written_in_every_format() {
        let time = DateTime::parse("1709209800.25").unwrap();
        assert_eq!(time.format(TimestampFormat::Rfc822), "Thu, 29 Feb 2024 12:30:00 GMT");
        assert_eq!(time.format(TimestampFormat::UnixTimestamp), "1709209800");
        assert_eq!(time.isoformat(), "2024-02-29T12:30:00.250000+00:00");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "soon",
            "2023-02-29",
            "2024-13-01",
            "2024-01-01T25:00:00Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00+99:00",
            "2024-01-01Tééé",
            "1e300",
            "NaN",
            "inf",
            "99999999999999",
            "2024-01-01T00:00:00Zé",
            "Thu, 99 Feb 2024 12:30:00 GMT",
            "0000-01-01",
        ] {
            assert_eq!(DateTime::parse(text), None, "{text}");
        }
    }
}
