//! What the values of a state mean, by their names.

use super::Meaning;
use super::vocabulary::{
    AWAY, BACK, ENDED, FAILED, LAST, NEVER, ONE_WORD, OPPOSITES, PASSING, REACHED, RESTING,
    UNDER_WAY, UNDONE, WHERE, WORK,
};
use super::words::words;

/// What one value says by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
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
    Unknown,
}

/// A value in words, of which some that belong together are one.
fn joined(value: &str) -> Vec<String> {
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

fn has(words: &[String], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(&word.as_str()))
}

fn has_stem(words: &[String], stems: &[&str]) -> bool {
    words.iter().any(|word| stems.iter().any(|stem| word.starts_with(stem)))
}

fn is_going_on(words: &[String]) -> bool {
    let not = ["WARNING", "MISSING", "EXISTING", "CONFLICTING", "PASSING"];
    let ing =
        |word: &String| word.len() > 4 && word.ends_with("ING") && !not.contains(&word.as_str());
    // `TRAINING_COMPLETED`
    let over = words.last().is_some_and(|last| REACHED[0].contains(&last.as_str()));
    has(words, UNDER_WAY) || !over && words.iter().any(ing)
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

fn class(value: &str) -> Class {
    let words = joined(value);
    let words = without_warnings(&words);
    let undone = has_stem(words, UNDONE) && has(words, REACHED[0]);
    if let [one] = words
        && one == "RUNNING"
    {
        return Class::Reached(REACHED.len() - 1);
    }
    if let Some(denied) = denied(words) {
        denied
    } else if has(words, FAILED) || has_stem(words, AWAY) || has_stem(words, BACK) || undone {
        Class::Over
    } else if is_partial(words) {
        Class::Partial
    } else if is_going_on(words) {
        Class::UnderWay
    } else if has(words, ENDED) {
        Class::Over
    } else if has(words, RESTING) {
        Class::Resting
    } else if has(words, PASSING) || is_undone(words) {
        Class::UnderWay
    } else {
        tier(words).map_or(Class::Unknown, Class::Reached)
    }
}

/// The only one of `values` for which `is` holds.
fn only(values: &[String], is: impl Fn(&String) -> bool) -> Option<usize> {
    let mut found = values.iter().enumerate().filter(|(_, value)| is(value));
    let (index, _) = found.next()?;
    found.next().is_none().then_some(index)
}

/// Which value is waited for where none is known for a success: the only one that says that something
/// has been done, or the only end there is.
fn last_resort(values: &[String], classes: &[Class]) -> Option<usize> {
    let at = |value: &String| values.iter().position(|it| it == value).map(|it| classes[it]);
    let participle = |value: &String| {
        let long = value.len() > "Red".len() + 1 && value.to_uppercase().ends_with("ED");
        long && at(value) == Some(Class::Unknown)
    };
    let end = |value: &String| has(&joined(value), LAST) && joined(value).len() == 1;
    only(values, participle).or_else(|| only(values, end))
}

/// Whether what rests can be on its way back.
fn comes_back(values: &[String]) -> bool {
    values.iter().any(|value| {
        let words = joined(value);
        let back = ["START", "RESTART", "RESUM", "ACTIVAT", "REACTIVAT", "ENABL", "WAKING"];
        has_stem(&words, &back) && is_going_on(&words) && !has_stem(&words, UNDONE)
    })
}

/// Whether `value` is where the way to another of `values` begins, as `DETACHED` to `ATTACHED`.
fn is_beginning(value: &str, values: &[String]) -> bool {
    let is = |value: &str, word: &str| matches!(joined(value).as_slice(), [one] if one == word);
    let mut pairs = OPPOSITES.iter().filter(|(_, begins)| is(value, begins));
    pairs.any(|(ends, _)| values.iter().any(|other| is(other, ends)))
}

/// What each of `values` means to somebody who waits for one of `success`, or, if that is empty, for the
/// thing to work or the work to be done.
pub(super) fn propose(values: &[String], success: &[String]) -> Vec<Meaning> {
    let goes = |value: &String| has_stem(&joined(value), AWAY);
    if !success.is_empty() && success.iter().any(goes) {
        return propose_gone(values);
    }
    let classes: Vec<_> = values.iter().map(|value| class(value)).collect();
    let wanted = |value: &String| success.is_empty() || success.contains(value);
    let tiers = values.iter().zip(&classes).filter_map(|(value, class)| match class {
        Class::Reached(tier) => Some(*tier).filter(|_| wanted(value)),
        Class::Over | Class::UnderWay | Class::Partial | Class::Resting | Class::Unknown => None,
    });
    let best = tiers.min();
    let last =
        if best.is_none() && success.is_empty() { last_resort(values, &classes) } else { None };
    let work = last.is_some() || best.is_some_and(|best| WORK.contains(&best));
    let comes_back = !work && comes_back(values);
    let begins = |index: usize| is_beginning(&values[index], values);
    let meaning = |(index, class): (usize, &Class)| match class {
        _ if last == Some(index) => Meaning::Success,
        Class::Over if begins(index) => Meaning::Retry,
        Class::Reached(tier) if Some(*tier) == best => Meaning::Success,
        Class::Reached(_) | Class::UnderWay => Meaning::Retry,
        Class::Partial | Class::Resting if comes_back => Meaning::Retry,
        Class::Partial if !work => Meaning::Retry,
        Class::Partial | Class::Resting | Class::Over => Meaning::Failure,
        Class::Unknown => Meaning::Unknown,
    };
    let mut meanings: Vec<_> = classes.iter().enumerate().map(meaning).collect();
    // A switch is waited for where it is off.
    let waits = |meaning: &Meaning| matches!(meaning, Meaning::Retry | Meaning::Unknown);
    if !work && !meanings.iter().any(waits) {
        for (meaning, class) in meanings.iter_mut().zip(&classes) {
            if *class == Class::Resting {
                *meaning = Meaning::Retry;
            }
        }
    }
    meanings
}

/// The same to somebody who waits for the thing to be gone.
pub(super) fn propose_gone(values: &[String]) -> Vec<Meaning> {
    let meaning = |value: &String| {
        let words = joined(value);
        let failed = has(&words, FAILED);
        let ended = words.iter().any(|word| word.ends_with("ED"));
        let done = (ended || has(&words, REACHED[0])) && !is_going_on(&words);
        match has_stem(&words, AWAY) {
            true if failed => Meaning::Failure,
            true if done && !has(&words, &["SKIPPED"]) => Meaning::Success,
            true | false => Meaning::Retry,
        }
    };
    values.iter().map(meaning).collect()
}

/// How likely it is that what has these values is waited for at all; less is likelier, `None` is not at
/// all.
pub(super) fn likelihood(values: &[String]) -> Option<usize> {
    let is = |value: &String| matches!(class(value), Class::Reached(tier) if tier < 2);
    let reached = propose(values, &[]).contains(&Meaning::Success);
    // What is on or off is a setting rather than a state.
    let switch = values.len() < 3;
    reached.then(|| usize::from(switch || !values.iter().any(is)))
}

/// Whether the value says that work is done, not that a thing can be used.
pub(super) fn is_done(value: &str) -> bool {
    let words = joined(value);
    tier(without_warnings(&words)) == Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(meanings: Vec<Meaning>) -> String {
        let letter = |meaning: Meaning| match meaning {
            Meaning::Success => 's',
            Meaning::Failure => 'f',
            Meaning::Retry => '-',
            Meaning::Unknown => '?',
        };
        meanings.into_iter().map(letter).collect()
    }

    fn values(values: &str) -> Vec<String> {
        values.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn states_are_told_by_their_names() {
        for (states, expected) in [
            ("RUNNING SUCCEEDED FAILED TIMED_OUT ABORTED PENDING_REDRIVE", "-sfff-"),
            ("READY RUNNING STOPPING", "s--"),
            ("RUNNING SUCCEEDED FAILED STOPPING STOPPED QUEUED", "-sf-f-"),
            ("pending running shutting-down terminated stopping stopped", "-sff-f"),
            ("CREATING AVAILABLE DELETING DELETED CREATE_FAILED UPDATING", "-sfff-"),
            (
                "CREATE_IN_PROGRESS CREATE_COMPLETE ROLLBACK_COMPLETE UPDATE_ROLLBACK_IN_PROGRESS",
                "-sff",
            ),
            ("DELETE_IN_PROGRESS DELETE_COMPLETE UPDATE_COMPLETE", "ffs"),
            ("ACTIVE COMPLETED NOT_READY InProgress CompletedWithErrors", "-s--f"),
            ("Pending InProgress Success TimedOut Cancelled", "--sff"),
            ("OutOfService InService DELETE_UNSUCCESSFUL", "-sf"),
            ("CREATING PREPARING PREPARED NOT_PREPARED FAILED", "--s-f"),
            ("TRAINING TRAINED TRAINED_WITH_WARNING STOPPED IN_ERROR", "-ssff"),
            ("IN_PROGRESS SUCCEEDED PARTIAL_SUCCESS FAILED", "-sff"),
            ("NOT_STARTED RUNNING COMPLETED COMPLETED_WITH_FAILURES SKIPPED", "--sff"),
            ("CREATED UPDATE_SUCCESSFUL DELETE_SUCCESSFUL CANCEL_COMPLETED", "-sff"),
            ("ACTIVE PENDING_DELETION UnHealthy DEPRECATED", "sf-f"),
            ("STAGING STAGED_FOR_INSTALLATION INSTALLED FAILED_TO_INSTALL", "--sf"),
        ] {
            assert_eq!(letters(propose(&values(states), &[])), expected, "{states}");
        }
    }

    #[test]
    fn what_rests_has_failed_unless_it_is_on_its_way_back_or_only_switched_off() {
        for (states, expected) in [
            ("AVAILABLE CREATING STOPPED", "s-f"),
            ("AVAILABLE STARTING STOPPING STOPPED", "s---"),
            ("ENABLED DISABLED", "s-"),
            ("ENABLED DISABLED UPDATING", "sf-"),
            ("NotStarted InProgress Failed Stopping Stopped", "--f-s"),
            ("ATTACHING ATTACHED DETACHING DETACHED", "-sf-"),
        ] {
            assert_eq!(letters(propose(&values(states), &[])), expected, "{states}");
        }
    }

    #[test]
    fn what_is_wanted_changes_what_the_others_mean() {
        let states = values("CREATING AVAILABLE DELETING DELETED");
        assert_eq!(letters(propose(&states, &values("DELETED"))), "---s");
        let states = values("RUNNING STOPPING STOPPED STARTING FAILED TERMINATED");
        assert_eq!(letters(propose(&states, &values("STOPPED"))), "----ff");
    }

    #[test]
    fn what_is_to_be_gone_is_gone_when_it_says_so() {
        let states = values("ACTIVE DELETING DELETED DELETE_FAILED DELETE_COMPLETE REMOVED FAILED");
        assert_eq!(letters(propose_gone(&states)), "--sfss-");
    }
}
