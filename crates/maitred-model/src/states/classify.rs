//! Classification of the values of a state as success, failure or neither.

use super::class::{Class, class, is_about_deletion, is_going_on, is_gone, is_permanent};
use super::table::StateTable;
use super::vocabulary::{DONE, USABLE, VOCABULARY, WORK, has, has_stem, joined};

/// The meaning of a state for a wait. This enum will not grow.
/// Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// The wait has succeeded.
    Success,
    /// The wait cannot succeed any more.
    Failure,
    /// Still in progress.
    Retry,
    /// Not known from the name; treated as in progress.
    Unknown,
}

/// The goal of a wait. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// One of these values, or, if there are none, that the resource is ready or the work is done.
    Values(&'a [String]),
    /// That the resource is deleted.
    Gone,
}

/// Classifies each of `values`, by the service's documentation and by its name.
pub fn classify(values: &[String], wanted: Wanted<'_>, table: Option<&StateTable>) -> Vec<Meaning> {
    let goes = |value: &String| is_about_deletion(value);
    let (proposed, gone) = match wanted {
        Wanted::Values(success) if !success.iter().any(goes) => (by_name(values, success), false),
        Wanted::Values(_) | Wanted::Gone => (by_name_of_gone(values), true),
    };
    let documented = |(value, meaning): (&String, Meaning)| {
        let settled = table.and_then(|table| table.is_settled(value));
        match (meaning, settled) {
            // A settled state does not change by itself, so the goal is never reached.
            (Meaning::Unknown | Meaning::Retry, Some(true)) if !gone => Meaning::Failure,
            (Meaning::Unknown, Some(_)) => Meaning::Retry,
            (Meaning::Failure, Some(false)) if !gone && !goes(value) => Meaning::Retry,
            (_, _) => meaning,
        }
    };
    values.iter().zip(proposed).map(documented).collect()
}

/// Whether each of `values` is final: a wait that treats it neither as success nor as failure never ends.
pub fn finals(values: &[String], wanted: Wanted<'_>, table: Option<&StateTable>) -> Vec<bool> {
    let is_final = |(value, meaning): (&String, Meaning)| {
        let settled = table.and_then(|table| table.is_settled(value));
        settled.unwrap_or_else(|| match (class(value), meaning) {
            (Class::Goal(DONE), _) => is_permanent(value),
            (_, Meaning::Failure) => is_permanent(value),
            (_, Meaning::Success) => wanted == Wanted::Gone && is_gone(value),
            (_, Meaning::Retry | Meaning::Unknown) => false,
        })
    };
    values.iter().zip(classify(values, wanted, table)).map(is_final).collect()
}

/// The only one of `values` for which `is` holds.
fn only(values: &[String], is: impl Fn(&String) -> bool) -> Option<usize> {
    let mut found = values.iter().enumerate().filter(|(_, value)| is(value));
    let (index, _) = found.next()?;
    found.next().is_none().then_some(index)
}

/// The value that is the success if none is known to be one: the only past participle, or the only end.
fn last_resort(values: &[String], classes: &[Class]) -> Option<usize> {
    let at = |value: &String| values.iter().position(|it| it == value).map(|it| classes[it]);
    let participle = |value: &String| {
        let long = value.len() > "Red".len() + 1 && value.to_uppercase().ends_with("ED");
        long && at(value) == Some(Class::Unknown)
    };
    let end = |value: &String| {
        let words = joined(value);
        words.len() == 1 && has(&words, &VOCABULARY.last_resort_goals)
    };
    only(values, participle).or_else(|| only(values, end))
}

/// Whether a resource in a resting state can become ready again, by the other values.
fn comes_back(values: &[String]) -> bool {
    values.iter().any(|value| {
        let words = joined(value);
        let back = ["START", "RESTART", "RESUM", "ACTIVAT", "REACTIVAT", "ENABL", "WAKING"];
        has_stem(&words, &back) && is_going_on(&words) && !has_stem(&words, &VOCABULARY.undo_stems)
    })
}

/// Whether `value` is the starting point of another of `values`, as `DETACHED` of `ATTACHED`.
fn begins(value: &str, values: &[String]) -> bool {
    let is = |value: &str, word: &str| matches!(joined(value).as_slice(), [one] if one == word);
    let mut pairs = VOCABULARY.starting_points.iter().filter(|[_, start]| is(value, start));
    pairs.any(|[goal, _]| values.iter().any(|other| is(other, goal)))
}

/// Classifies each of `values` by its name. The goal is one of `success`, or, if that is empty, that the
/// resource is ready or the work is done.
fn by_name(values: &[String], success: &[String]) -> Vec<Meaning> {
    let classes: Vec<_> = values.iter().map(|value| class(value)).collect();
    let wanted = |value: &String| success.is_empty() || success.contains(value);
    let tiers = values.iter().zip(&classes).filter_map(|(value, class)| match class {
        Class::Goal(tier) => Some(*tier).filter(|_| wanted(value)),
        Class::Over | Class::UnderWay | Class::Partial | Class::Resting | Class::Unknown => None,
    });
    let best = tiers.min();
    let last =
        if best.is_none() && success.is_empty() { last_resort(values, &classes) } else { None };
    let work = last.is_some() || best.is_some_and(|best| WORK.contains(&best));
    let comes_back = !work && comes_back(values);
    let is_beginning = |index: usize| begins(&values[index], values);
    let meaning = |(index, class): (usize, &Class)| match class {
        _ if last == Some(index) => Meaning::Success,
        Class::Over if is_beginning(index) => Meaning::Retry,
        Class::Goal(tier) if Some(*tier) == best => Meaning::Success,
        Class::Goal(_) | Class::UnderWay => Meaning::Retry,
        Class::Partial | Class::Resting if comes_back => Meaning::Retry,
        Class::Partial if !work => Meaning::Retry,
        Class::Partial | Class::Resting | Class::Over => Meaning::Failure,
        Class::Unknown => Meaning::Unknown,
    };
    let mut meanings: Vec<_> = classes.iter().enumerate().map(meaning).collect();
    // A setting that is off may be switched on.
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

/// Classifies each of `values` by its name, where the goal is that the resource is deleted.
fn by_name_of_gone(values: &[String]) -> Vec<Meaning> {
    let meaning = |value: &String| {
        let words = joined(value);
        let failed = has(&words, &VOCABULARY.failure);
        let ended = words.iter().any(|word| word.ends_with("ED"));
        let done = (ended || has(&words, &VOCABULARY.goals[DONE])) && !is_going_on(&words);
        match is_about_deletion(value) {
            true if failed => Meaning::Failure,
            true if done && !has(&words, &["SKIPPED"]) => Meaning::Success,
            true | false => Meaning::Retry,
        }
    };
    values.iter().map(meaning).collect()
}

/// A rank of how likely a member with these values is a state to wait for; lower is likelier, `None` means
/// that it is not.
pub fn likelihood(values: &[String]) -> Option<usize> {
    let is = |value: &String| matches!(class(value), Class::Goal(tier) if tier <= USABLE);
    let reached = by_name(values, &[]).contains(&Meaning::Success);
    // Two values are a setting, such as on and off, rather than a state.
    let switch = values.len() < 3;
    reached.then(|| usize::from(switch || !values.iter().any(is)))
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
            assert_eq!(letters(by_name(&values(states), &[])), expected, "{states}");
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
            assert_eq!(letters(by_name(&values(states), &[])), expected, "{states}");
        }
    }

    #[test]
    fn what_is_wanted_changes_what_the_others_mean() {
        let states = values("CREATING AVAILABLE DELETING DELETED");
        assert_eq!(letters(classify(&states, Wanted::Values(&values("DELETED")), None)), "---s");
        let states = values("RUNNING STOPPING STOPPED STARTING FAILED TERMINATED");
        assert_eq!(letters(by_name(&states, &values("STOPPED"))), "----ff");
    }

    #[test]
    fn what_is_to_be_gone_is_gone_when_it_says_so() {
        let states = values("ACTIVE DELETING DELETED DELETE_FAILED DELETE_COMPLETE REMOVED FAILED");
        assert_eq!(letters(by_name_of_gone(&states)), "--sfss-");
    }
}
