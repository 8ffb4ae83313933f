//! Finding waiters by words, in any order and spelling.

use super::airflow::airflow_names;
use super::entry::Entry;
use crate::diagnostic::{fold, nearest};
use crate::names::{other_names, snake_name};

/// The words of a text, lower case and singular: `service` and `stable` for `Services-Stable`.
fn words(text: &str) -> Vec<String> {
    let snake = snake_name(text);
    let words = snake.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(singular).collect()
}

fn singular(word: &str) -> String {
    let word = word.to_lowercase();
    match word.strip_suffix('s') {
        Some(one) if one.len() > 2 && !one.ends_with('s') => one.to_owned(),
        _ => word,
    }
}

/// Returns whether `texts` together contain all of `words`.
fn are_in(words: &[String], texts: &[&str]) -> bool {
    let text = fold(&texts.join(" "));
    words.iter().all(|word| text.contains(word.as_str()))
}

/// The `entries` that match all words of `query`: in the names of the service and the waiter or, if there are
/// several words and no names match, also in the operation and the description.
#[must_use]
pub fn found_by_words(entries: Vec<Entry>, query: &[String]) -> Vec<Entry> {
    let words: Vec<_> = query.iter().flat_map(|text| self::words(text)).collect();
    let matches_names = |entry: &Entry| {
        let mut texts = vec![entry.service.as_str(), &entry.name];
        other_names(&entry.service).for_each(|name| texts.push(name));
        airflow_names(&entry.service, &entry.name).for_each(|name| texts.push(name));
        are_in(&words, &texts)
    };
    let matches_description = |entry: &Entry| {
        let description = entry.config.description.as_deref().unwrap_or_default();
        let texts = [&entry.service, &entry.name, &entry.config.operation, description];
        let known = self::words(&texts.join(" "));
        words.iter().all(|word| known.iter().any(|known| known.starts_with(word.as_str())))
    };
    // A single word occurs in too many descriptions.
    let any_named = words.len() < 2 || entries.iter().any(matches_names);
    let matches = |entry: &Entry| match any_named {
        true => matches_names(entry),
        false => matches_description(entry),
    };
    entries.into_iter().filter(matches).collect()
}

/// The one of `names` that was probably meant by `name`.
pub(super) fn meant<'a>(name: &str, names: &'a [String]) -> Option<&'a str> {
    let words = words(name);
    let has_all = |known: &&String| are_in(&words, &[known]);
    let mut whole: Vec<_> = names.iter().filter(has_all).collect();
    whole.sort_by_key(|known| known.len());
    match whole.as_slice() {
        [one] => Some(one),
        [shortest, ..] if words.len() > 1 => Some(shortest),
        _ => nearest(name, names.iter().map(String::as_str)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_in_any_order_and_spelling() {
        let names = ["services_inactive", "services_stable", "tasks_stopped"].map(str::to_owned);
        for asked in
            ["stable-services", "service stable", "StableService", "stable", "servics_stable"]
        {
            assert_eq!(meant(asked, &names), Some("services_stable"), "{asked}");
        }
        assert_eq!(meant("task", &names), Some("tasks_stopped"));
        assert_eq!(meant("volume", &names), None);
    }
}
