//! States in names and in sentences.

use maitred_model::states::{is_done, words};

/// The state as a predicate: `has succeeded`, `is available`.
pub(super) fn phrase(success: &str) -> String {
    let words = success.replace('_', " ");
    let participle = words.ends_with("ed") && is_done(success);
    if participle || words.ends_with("succeeded") {
        format!("has {words}")
    } else {
        format!("is {words}")
    }
}

/// The common words of `values` as a part of a name: `complete` for `CREATE_COMPLETE` and `UPDATE_COMPLETE`,
/// `succeeded` for `Success`. The first value if there are no common words.
pub(super) fn success(values: &[&str]) -> String {
    let Some((first, others)) = values.split_first() else { return String::new() };
    let first = words(first);
    let common = others.iter().map(|other| words(other)).fold(first.len(), |common, other| {
        let same = first.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b);
        same.count().min(common)
    });
    let common = if common == 0 { first.len() } else { common };
    let name = first[first.len() - common..].join("_").to_lowercase();
    match name.as_str() {
        "succeed" | "success" | "successful" | "pass" => {
            if name == "pass" { "passed" } else { "succeeded" }.to_owned()
        }
        _ => name,
    }
}

/// The value as a part of a name: `timed_out` for `TIMED_OUT`.
pub(super) fn name(value: &str) -> String {
    words(value).join("_").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_said_in_a_sentence() {
        assert_eq!(phrase(&success(&["SUCCEEDED"])), "has succeeded");
        assert_eq!(phrase(&success(&["COMPLETE"])), "is complete");
        assert_eq!(phrase(&success(&["InService"])), "is in service");
    }

    #[test]
    fn states_are_named_by_what_they_have_in_common() {
        assert_eq!(success(&["CREATE_COMPLETE", "UPDATE_COMPLETE"]), "complete");
        assert_eq!(success(&["ACTIVE", "AVAILABLE"]), "active");
        assert_eq!(success(&["Success"]), "succeeded");
    }
}
