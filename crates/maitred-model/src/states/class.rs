//! What the value of a state says by itself.

use super::vocabulary::{
    AWAY, BACK, BEGINNING, CLOSED, ENDED, FAILED, GIVEN_UP, NEVER, PASSING, REACHED, RESTING,
    TEMPORARY, UNDER_WAY, UNDONE, WHERE,
};
use super::words::{has, has_stem, joined};

/// What one value says by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// It has come to the end that is wanted; the best tier is.
    Reached(usize),
    /// It leads nowhere.
    Over,
    /// It goes on, or will.
    UnderWay,
    /// Not all of it came to the end that is wanted.
    Partial,
    /// Somebody has to make it go on.
    Resting,
    /// The name does not say.
    Unknown,
}

/// `DELETING`
fn is_participle(word: &str) -> bool {
    let not = ["WARNING", "MISSING", "EXISTING", "CONFLICTING", "PASSING"];
    word.len() > 4 && word.ends_with("ING") && !not.contains(&word)
}

pub(super) fn is_going_on(words: &[String]) -> bool {
    // `TRAINING_COMPLETED`
    let over = words.last().is_some_and(|last| REACHED[0].contains(&last.as_str()));
    has(words, UNDER_WAY) || !over && words.iter().any(|word| is_participle(word))
}

/// `UNPUBLISHED`, `UNRESOLVED`: it has not been done yet.
fn is_undone(words: &[String]) -> bool {
    let un = |word: &String| {
        word.starts_with("UN")
            && word.ends_with("ED")
            && REACHED.iter().all(|it| !it.contains(&word.as_str()))
    };
    words.iter().any(un)
}

/// What is not, or not yet.
fn denied(words: &[String]) -> Option<Class> {
    let first = words.first().is_some_and(|word| word == "NO");
    let denied = first || has(words, &["MISSING", "NEVER", "NON", "NOT"]);
    denied.then(|| if has(words, NEVER) { Class::Over } else { Class::UnderWay })
}

/// In which of the lists of [`REACHED`] it is: by its last word, or the first if only the place follows.
fn tier(words: &[String]) -> Option<usize> {
    let of = |word: &String| REACHED.iter().position(|tier| tier.contains(&word.as_str()));
    let newer = matches!(words, [.., before, last]
        if last == "AVAILABLE" && ["UPDATE", "UPDATES", "UPGRADE"].contains(&before.as_str()));
    let last = words.last().filter(|_| !newer).and_then(of);
    let first = || match words {
        [first, second, ..] if WHERE.contains(&second.as_str()) => of(first),
        _ => None,
    };
    last.or_else(first)
}

/// The part before `WITH_WARNINGS`, which take nothing from a success.
fn without_warnings(words: &[String]) -> &[String] {
    match words {
        [head @ .., with, last] if with == "WITH" && last.starts_with("WARNING") => head,
        _ => words,
    }
}

fn is_partial(words: &[String]) -> bool {
    let but = words.windows(2).any(|pair| pair[0] == "WITH" && pair[1] == "ISSUES");
    but || has_stem(words, &["PARTIAL"]) || has(words, &["SOME", "TRUNCATED"])
}

pub(super) fn class(value: &str) -> Class {
    let words = joined(value);
    let words = without_warnings(&words);
    let undone = has_stem(words, UNDONE) && tier(words) == Some(0);
    if let [one] = words
        && one == "RUNNING"
    {
        return Class::Reached(REACHED.len() - 1);
    }
    if let Some(denied) = denied(words) {
        denied
    } else if has(words, TEMPORARY) {
        Class::UnderWay
    } else if has(words, FAILED) || has_stem(words, AWAY) || has_stem(words, BACK) || undone {
        Class::Over
    } else if is_partial(words) {
        Class::Partial
    } else if is_going_on(words) {
        Class::UnderWay
    } else if [ENDED, GIVEN_UP, CLOSED].iter().any(|list| has(words, list)) {
        Class::Over
    } else if has(words, RESTING) {
        Class::Resting
    } else if has(words, PASSING) || is_undone(words) {
        Class::UnderWay
    } else {
        tier(words).map_or(Class::Unknown, Class::Reached)
    }
}

/// Whether it is not left by itself, if it is no success: `DELETING` leads to nothing, and is left.
pub(super) fn stays(value: &str) -> bool {
    let words = joined(value);
    // `FAILED_CREATING`
    let failed = has(&words, &["FAILED"]) && !has(&words, UNDER_WAY);
    failed || !words.iter().any(|word| is_participle(word)) && !is_going_on(&words)
}

/// Whether the value says that something has ended: it is not left again, unless somebody makes it.
pub fn is_final(value: &str) -> bool {
    match class(value) {
        Class::Over | Class::Resting => stays(value),
        Class::Partial | Class::Reached(0) => true,
        Class::Reached(_) | Class::UnderWay | Class::Unknown => false,
    }
}

/// Whether the value says that it went wrong, for good.
pub fn is_failure(value: &str) -> bool {
    let words = joined(value);
    class(value) == Class::Over && stays(value) && (has(&words, FAILED) || has(&words, ENDED))
}

/// Whether the value says that it is not left again: it went wrong, was given up, or is gone. What was taken away
/// from something else, as `DETACHED`, may be given to it again.
pub(super) fn is_gone(value: &str) -> bool {
    let words = joined(value);
    let ended = [GIVEN_UP, &["DELETED", "TERMINATED"]].iter().any(|list| has(&words, list));
    let gone = ended || (has_stem(&words, AWAY) && tier(&words) == Some(0));
    is_failure(value) || (gone && class(value) == Class::Over && stays(value))
}

/// Whether the value says that it went well, and nothing else.
pub fn is_good(value: &str) -> bool {
    joined(value).len() == 1 && class(value) == Class::Reached(0)
}

/// Whether the value says that it is there and can be used, and nothing else.
pub fn is_ready(value: &str) -> bool {
    let words = joined(value);
    words.len() == 1 && (class(value) == Class::Reached(1) || words == ["RUNNING"])
}

/// Whether the value says that something has only begun.
pub fn is_beginning(value: &str) -> bool {
    BEGINNING.iter().any(|beginning| joined(value) == *beginning)
}

/// Whether the value says that what it is of goes away, or is gone.
pub fn is_about_deletion(value: &str) -> bool {
    has_stem(&joined(value), AWAY)
}

/// Whether the value says that work is done, not that a thing can be used.
pub fn is_done(value: &str) -> bool {
    let words = joined(value);
    tier(without_warnings(&words)) == Some(0)
}
