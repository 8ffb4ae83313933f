//! Points in time in the formats that services read and write.

use super::TimestampFormat;

/// A point in time as seconds since 1970-01-01T00:00:00Z and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateTime {
    seconds: i64,
    nanos: u32,
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
/// The years 1 to 9999, which every format can write.
const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

impl DateTime {
    /// The time `seconds` after 1970-01-01T00:00:00Z, cut to microseconds; none outside of the
    /// years 1 to 9999.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked ranges")]
    pub fn from_epoch(seconds: f64) -> Option<Self> {
        let whole = seconds.floor();
        if !seconds.is_finite() || whole.abs() > 1e12 {
            return None;
        }
        let micros = ((seconds - whole) * 1e6).round().min(999_999.0) as u32;
        Some(Self { seconds: whole as i64, nanos: micros * 1000 }).filter(Self::in_range)
    }

    /// Reads ISO 8601 (a date alone is midnight; no zone is UTC), RFC 822 or seconds since 1970.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let parsed = text
            .parse::<f64>()
            .map_or_else(|_| parse_iso(text).or_else(|| parse_rfc822(text)), Self::from_epoch);
        parsed.filter(Self::in_range)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub fn epoch_millis(self) -> i64 {
        self.seconds * 1000 + i64::from(self.nanos / 1_000_000)
    }

    fn in_range(&self) -> bool {
        RANGE.contains(&self.seconds)
    }

    /// The time as the format writes it. ISO 8601 has microseconds if there are any; the others
    /// have whole seconds, as botocore writes them.
    #[must_use]
    pub fn format(self, format: TimestampFormat) -> String {
        match format {
            TimestampFormat::Iso8601 => {
                let fraction = self.nanos / 1000;
                let fraction =
                    if fraction == 0 { String::new() } else { format!(".{fraction:06}") };
                format!("{}{fraction}Z", self.civil())
            }
            TimestampFormat::UnixTimestamp => self.seconds.to_string(),
            TimestampFormat::Rfc822 => self.rfc822(),
        }
    }

    /// The time as Python and the AWS CLI show it: `2024-01-31T12:00:00+00:00`, with microseconds
    /// if there are any. Such texts sort in the order of time.
    #[must_use]
    pub fn isoformat(self) -> String {
        let fraction = self.nanos / 1000;
        let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:06}") };
        format!("{}{fraction}+00:00", self.civil())
    }

    fn civil(self) -> String {
        let (year, month, day) = civil_from_days(self.seconds.div_euclid(86_400));
        let (hour, minute, second) = time_of_day(self.seconds);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }

    fn rfc822(self) -> String {
        let days = self.seconds.div_euclid(86_400);
        let (year, month, day) = civil_from_days(days);
        let (hour, minute, second) = time_of_day(self.seconds);
        let weekday = usize::try_from(days.rem_euclid(7)).unwrap_or_default();
        let month = usize::try_from(month - 1).unwrap_or_default();
        format!(
            "{}, {day:02} {} {year:04} {hour:02}:{minute:02}:{second:02} GMT",
            DAYS[weekday], MONTHS[month]
        )
    }
}

fn time_of_day(seconds: i64) -> (i64, i64, i64) {
    let second = seconds.rem_euclid(86_400);
    (second / 3600, second / 60 % 60, second % 60)
}

/// The day's date in the proleptic Gregorian calendar, counted in eras of 400 years that start on
/// the first of March, so that the leap day is the last of a year.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// The inverse of [`civil_from_days`]; none for a day that does not exist.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(0..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    (civil_from_days(days) == (year, month, day)).then_some(days)
}

fn parse_iso(text: &str) -> Option<DateTime> {
    let date = text.get(..10)?;
    let mut parts = date.split('-');
    let days = days_from_civil(
        digits(parts.next()?, 4)?,
        digits(parts.next()?, 2)?,
        digits(parts.next()?, 2)?,
    )?;
    let rest = text.get(10..)?;
    if rest.is_empty() {
        return Some(DateTime { seconds: days * 86_400, nanos: 0 });
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let zone_at = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(zone_at);
    let (seconds, nanos) = parse_clock(clock)?;
    Some(DateTime { seconds: days * 86_400 + seconds - zone_offset(zone)?, nanos })
}

fn parse_rfc822(text: &str) -> Option<DateTime> {
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let words: Vec<&str> = text.split_whitespace().collect();
    let [day, month, year, clock, zone] = words.as_slice() else { return None };
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))?;
    let day = if day.len() == 1 { digits(day, 1)? } else { digits(day, 2)? };
    let days = days_from_civil(digits(year, 4)?, i64::try_from(month).ok()? + 1, day)?;
    let (seconds, nanos) = parse_clock(clock)?;
    let zone = if matches!(*zone, "GMT" | "UTC") { "Z" } else { zone };
    Some(DateTime { seconds: days * 86_400 + seconds - zone_offset(zone)?, nanos })
}

/// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fraction`.
fn parse_clock(clock: &str) -> Option<(i64, u32)> {
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.split(':');
    let hour = digits(parts.next()?, 2)?;
    let minute = digits(parts.next()?, 2)?;
    let second = parts.next().map_or(Some(0), |second| digits(second, 2))?;
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    Some((hour * 3600 + minute * 60 + second, nanos))
}

/// The seconds that a zone is ahead of UTC: nothing, `Z`, `+HH:MM`, `+HHMM` or `+HH`.
fn zone_offset(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z" | "z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let offset = zone.get(1..)?;
    let (hours, minutes) = match offset.len() {
        2 => (digits(offset, 2)?, 0),
        4 => (digits(offset.get(..2)?, 2)?, digits(offset.get(2..)?, 2)?),
        5 => (digits(offset.get(..2)?, 2)?, digits(offset.get(2..)?.strip_prefix(':')?, 2)?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn digits(text: &str, length: usize) -> Option<i64> {
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
