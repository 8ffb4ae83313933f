//! Tables and counts in text.

use serde_json::Value;

use super::report;

/// Rows with all columns but the last one padded to the same width, a line each.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or_default());
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths);
        let line: String = cells.map(|(cell, width)| format!("{cell:width$}  ")).collect();
        report::one_line(line.trim_end()) + "\n"
    };
    rows.iter().map(line).collect()
}

/// The members of an object, each with its name before it.
pub(super) fn members(object: &Value) -> String {
    let line = |(name, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| format!("{value:#}"), report::lines);
        format!("{name:<12} {}\n", value.replace('\n', "\n             "))
    };
    object.as_object().into_iter().flatten().map(line).collect()
}

/// E.g. `1 file`, `2 files` and `2 successes`.
pub(super) fn counted(number: usize, what: &str) -> String {
    let plural = if what.ends_with('s') { "es" } else { "s" };
    format!("{number} {what}{}", if number == 1 { "" } else { plural })
}
