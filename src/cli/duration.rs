//! Durations as people write and read them: `20m`, `1h30m`, `0.5`.

use std::time::Duration;

/// Reads a number of seconds or numbers with units: `90`, `90s`, `1h30m`, `500ms`.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("`{text}` is not a duration; write seconds, or e.g. 90s, 20m, 1h30m, 500ms");
    let seconds = match text.parse::<f64>() {
        Ok(seconds) => seconds,
        Err(_) => with_units(text).ok_or_else(wrong)?,
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

/// Reads a plain number of seconds.
pub(super) fn parse_seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.0..1e9).contains(seconds));
    seconds.ok_or_else(|| "write a number of seconds".to_owned())
}

fn with_units(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut total = 0.0;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(number_end);
        let unit_end = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let unit = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * unit;
        rest = tail.trim_start();
    }
    if text.trim().is_empty() { None } else { Some(total) }
}

/// `0.05 s`, `1.2 s`, `30 s`, `1 min 30 s`, `2 h`: whole seconds from ten seconds on, whole minutes
/// from an hour on.
pub(super) fn show(duration: Duration) -> String {
    if duration < Duration::from_secs(10) {
        let steps = if duration < Duration::from_secs(1) { 100.0 } else { 10.0 };
        return format!("{} s", (duration.as_secs_f64() * steps).round() / steps);
    }
    let seconds = duration.as_secs_f64().round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let parts = [(hours, "h"), (minutes, "min"), (if hours > 0 { 0 } else { seconds }, "s")];
    let shown: Vec<_> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number} {unit}"))
        .collect();
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_and_without_units() {
        for (text, seconds) in [
            ("90", 90.0),
            ("0.05", 0.05),
            ("90s", 90.0),
            ("20m", 1200.0),
            ("1h30m", 5400.0),
            ("1h 30m", 5400.0),
            ("1.5h", 5400.0),
            ("500ms", 0.5),
            ("1d", 86_400.0),
            ("0", 0.0),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["", "x", "-1", "20 minutes", "1e400", "NaN", "h", "3m2"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_shown_as_coarsely_as_people_care() {
        for (millis, expected) in [
            (0, "0 s"),
            (50, "0.05 s"),
            (1_234, "1.2 s"),
            (30_000, "30 s"),
            (59_700, "1 min"),
            (90_000, "1 min 30 s"),
            (1_770_000, "29 min 30 s"),
            (7_200_000, "2 h"),
            (5_430_000, "1 h 30 min"),
        ] {
            assert_eq!(show(Duration::from_millis(millis)), expected);
        }
    }
}
