//! The words that the name of a state is made of.

use super::vocabulary::ONE_WORD;

/// The words of a value in capitals; the same for `CREATE_FAILED`, `create-failed` and `CreateFailed`.
pub fn words(value: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for c in value.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before_lower) {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.last_mut().expect("there is one from the start").extend(c.to_uppercase());
        }
        before_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The words of a value, with compounds such as those of [`ONE_WORD`] joined.
pub(super) fn joined(value: &str) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for word in words(value) {
        let last = joined.last().map_or("", String::as_str);
        let one = ONE_WORD.iter().find(|(first, second, _)| *first == last && *second == word);
        match (one, joined.last_mut()) {
            (Some((_, _, one)), Some(last)) => *last = (*one).to_owned(),
            (None, Some(last)) if last == "UPTO" => last.push_str(&word),
            (_, _) => joined.push(word),
        }
    }
    joined
}

pub(super) fn has(words: &[String], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(&word.as_str()))
}

pub(super) fn has_stem(words: &[String], stems: &[&str]) -> bool {
    words.iter().any(|word| stems.iter().any(|stem| word.starts_with(stem)))
}
