//! The class of a single state, by its name.

use super::vocabulary::{DONE, USABLE, VOCABULARY, has, has_stem, joined};

/// The class of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// A goal, by its tier.
    Goal(usize),
    /// It has failed or ended otherwise.
    Over,
    /// It is in progress, or will be.
    UnderWay,
    /// Only a part has reached the goal.
    Partial,
    /// It rests until a user resumes it.
    Resting,
    /// Not known from the name.
    Unknown,
}

/// `DELETING`
fn is_participle(word: &str) -> bool {
    let not = ["WARNING", "MISSING", "EXISTING", "CONFLICTING", "PASSING"];
    word.len() > 4 && word.ends_with("ING") && !not.contains(&word)
}

pub(super) fn is_going_on(words: &[String]) -> bool {
    // `TRAINING_COMPLETED`
    let over = words.last().is_some_and(|last| VOCABULARY.goals[DONE].contains(last));
    has(words, &VOCABULARY.in_progress) || !over && words.iter().any(|word| is_participle(word))
}

/// Whether it has not been done yet, as `UNPUBLISHED` or `UNRESOLVED`.
fn is_undone(words: &[String]) -> bool {
    words.iter().any(|word| {
        word.starts_with("UN") && word.ends_with("ED") && VOCABULARY.goal_tier(word).is_none()
    })
}

/// The class of a negated state, such as `NOT_READY`.
fn denied(words: &[String]) -> Option<Class> {
    let first = words.first().is_some_and(|word| word == "NO");
    let denied = first || has(words, &["MISSING", "NEVER", "NON", "NOT"]);
    let class = if has(words, &VOCABULARY.final_negations) { Class::Over } else { Class::UnderWay };
    denied.then_some(class)
}

/// The tier of the goal, by the last word, or by the first if the rest only says where.
fn tier(words: &[String]) -> Option<usize> {
    let newer = matches!(words, [.., before, last]
        if last == "AVAILABLE" && ["UPDATE", "UPDATES", "UPGRADE"].contains(&before.as_str()));
    let last = words.last().filter(|_| !newer).and_then(|last| VOCABULARY.goal_tier(last));
    let first = || match words {
        [first, second, ..] if VOCABULARY.qualifiers.contains(second) => {
            VOCABULARY.goal_tier(first)
        }
        _ => None,
    };
    last.or_else(first)
}

/// The words without `WITH_WARNINGS`, which do not affect success.
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
    let known = &*VOCABULARY;
    let undone = has_stem(words, &known.undo_stems) && tier(words) == Some(DONE);
    if words == ["RUNNING"] {
        return Class::Goal(known.goals.len() - 1);
    }
    if let Some(denied) = denied(words) {
        denied
    } else if has(words, &known.temporary) {
        Class::UnderWay
    } else if has(words, &known.failure)
        || has_stem(words, &known.deletion_stems)
        || has_stem(words, &known.reverting)
        || undone
    {
        Class::Over
    } else if is_partial(words) {
        Class::Partial
    } else if is_going_on(words) {
        Class::UnderWay
    } else if has(words, &known.ended_without_success)
        || has(words, &known.ended_by_user)
        || has(words, &known.past_goal)
    {
        Class::Over
    } else if has(words, &known.resting) {
        Class::Resting
    } else if has(words, &known.before_goal) || is_undone(words) {
        Class::UnderWay
    } else {
        tier(words).map_or(Class::Unknown, Class::Goal)
    }
}

/// Whether a state that is not a success does not change by itself; `DELETING` does.
pub(super) fn is_permanent(value: &str) -> bool {
    let words = joined(value);
    // `FAILED_CREATING`
    let failed = has(&words, &["FAILED"]) && !has(&words, &VOCABULARY.in_progress);
    failed || !words.iter().any(|word| is_participle(word)) && !is_going_on(&words)
}

/// Whether the state is final: it changes only if a user changes it.
pub fn is_final(value: &str) -> bool {
    match class(value) {
        Class::Over | Class::Resting => is_permanent(value),
        Class::Partial | Class::Goal(DONE) => true,
        Class::Goal(_) | Class::UnderWay | Class::Unknown => false,
    }
}

/// Whether the state is a permanent failure.
pub fn is_failure(value: &str) -> bool {
    let words = joined(value);
    class(value) == Class::Over
        && is_permanent(value)
        && (has(&words, &VOCABULARY.failure) || has(&words, &VOCABULARY.ended_without_success))
}

/// Whether the state is a failure, a cancellation or a deletion, which is never left. `DETACHED` is not, as
/// the resource may be attached again.
pub(super) fn is_gone(value: &str) -> bool {
    let words = joined(value);
    let ended = has(&words, &VOCABULARY.ended_by_user) || has(&words, &["DELETED", "TERMINATED"]);
    let deletion = has_stem(&words, &VOCABULARY.deletion_stems);
    let gone = ended || (deletion && tier(&words) == Some(DONE));
    is_failure(value) || (gone && class(value) == Class::Over && is_permanent(value))
}

/// Whether the state is a single word for success.
pub fn is_good(value: &str) -> bool {
    joined(value).len() == 1 && class(value) == Class::Goal(DONE)
}

/// Whether the state is a single word for a resource that can be used.
pub fn is_ready(value: &str) -> bool {
    let words = joined(value);
    words.len() == 1 && (class(value) == Class::Goal(USABLE) || words == ["RUNNING"])
}

/// Whether the state is an initial one.
pub fn is_beginning(value: &str) -> bool {
    VOCABULARY.initial.contains(&joined(value))
}

/// Whether the state is about deletion, in progress or done.
pub fn is_about_deletion(value: &str) -> bool {
    has_stem(&joined(value), &VOCABULARY.deletion_stems)
}

/// Whether the state says that work is done, rather than that a resource can be used.
pub fn is_done(value: &str) -> bool {
    let words = joined(value);
    tier(without_warnings(&words)) == Some(DONE)
}
