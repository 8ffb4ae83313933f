//! The parameters of a request as data, for checks, help and command-line flags.

use std::sync::LazyLock;

/// The operations of service `http`.
pub const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// How many redirects are followed by default.
pub const MAX_REDIRECTS: usize = 10;

/// The members of an input that decide who can read a request in transit.
pub const ROUTE: [&str; 2] = ["proxy", "verify"];

/// One key that the input of an HTTP request may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// The key, e.g. `requestTimeout`.
    pub name: &'static str,
    /// Its type, e.g. `object of string or list`.
    pub value: &'static str,
    /// What it means, with unit and default.
    pub description: &'static str,
    /// Whether every request needs it (`url`, or `endpoint` instead).
    pub required: bool,
    /// The least and the greatest value of a number. For a number of seconds, the least is excluded.
    pub range: Option<(u64, u64)>,
}

/// Every key of the input.
pub static PARAMETERS: LazyLock<Vec<Parameter>> = LazyLock::new(|| {
    // Name, type, range of a number, description.
    let rows = include_str!("parameters.tsv").lines().map(|row| row.splitn(4, '\t'));
    let parameters = rows.map(|mut row| {
        let mut column = || row.next().unwrap_or_default();
        let (name, value, range, description) = (column(), column(), column(), column());
        let range = range.split_once(' ');
        let range = range.and_then(|(least, most)| Some((least.parse().ok()?, most.parse().ok()?)));
        Parameter { name, value, description, required: name == "url", range }
    });
    parameters.collect()
});

/// The least and the greatest value of the number `name`.
pub(super) fn range(name: &str) -> (u64, u64) {
    let parameter = PARAMETERS.iter().find(|parameter| parameter.name == name);
    parameter.and_then(|parameter| parameter.range).unwrap_or((0, u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_every_key() {
        for Parameter { name, .. } in PARAMETERS.iter() {
            let row = format!("//! | `{name}` | ");
            assert!(include_str!("lib.rs").contains(&row), "{name}");
        }
    }

    #[test]
    fn every_number_has_bounds_and_its_description_tells_the_upper_one() {
        for Parameter { name, value, description, range, .. } in PARAMETERS.iter() {
            let is_number = matches!(*value, "number" | "integer");
            assert_eq!(range.is_some(), is_number, "{name}");
            let most = range.map_or(String::new(), |(_, most)| format!("at most {most})."));
            assert!(description.ends_with(&most), "{name}");
        }
    }
}
