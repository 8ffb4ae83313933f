//! What the values of a state say by their names.

use super::Meaning;

/// Something went wrong, whatever else the name says.
const FAILED: &[&str] = &[
    "ERROR",
    "ERRORED",
    "ERRORS",
    "FAIL",
    "FAILED",
    "FAILURE",
    "FAULT",
    "FAULTED",
    "INCOMPATIBLE",
    "INVALID",
    "UNSUCCESSFUL",
];

/// It is going away.
const GOING: &[&str] = &["DELETING", "TERMINATING", "SHUTTING", "DEREGISTERING"];

/// It has come to an end that is not the one that was wanted.
const ENDED: &[&str] = &[
    "ABORTED",
    "CANCELED",
    "CANCELLED",
    "DELETED",
    "DENIED",
    "DEREGISTERED",
    "EXPIRED",
    "IMPAIRED",
    "INACCESSIBLE",
    "INACTIVE",
    "INCOMPLETE",
    "INOPERABLE",
    "INTERRUPTED",
    "KILLED",
    "LOST",
    "REJECTED",
    "REVOKED",
    "ROLLBACK",
    "ROLLED",
    "STOPPED",
    "SUSPENDED",
    "TERMINATED",
    "TIMEDOUT",
    "TIMEOUT",
    "UNAVAILABLE",
    "UNHEALTHY",
];

/// It has not come to an end.
const UNDER_WAY: &[&str] = &[
    "INITIALIZED",
    "INPROGRESS",
    "NEW",
    "PENDING",
    "PROGRESS",
    "QUEUED",
    "REQUESTED",
    "SCHEDULED",
    "SUBMITTED",
    "WAITING",
];

/// What work ends as, then what a thing is that can be used, then what it may be if nothing better is
/// known.
const SUCCEEDED: [&[&str]; 3] = [
    &[
        "COMPLETE",
        "COMPLETED",
        "DELIVERED",
        "DONE",
        "FINISHED",
        "ISSUED",
        "PASSED",
        "SUCCEEDED",
        "SUCCESS",
        "SUCCESSFUL",
    ],
    &[
        "ACTIVE",
        "ASSOCIATED",
        "ATTACHED",
        "AVAILABLE",
        "CONNECTED",
        "DEPLOYED",
        "ENABLED",
        "HEALTHY",
        "INSERVICE",
        "OK",
        "ONLINE",
        "READY",
        "REGISTERED",
        "SERVICE",
    ],
    &["CREATED", "IDLE", "NORMAL", "OPEN", "RUNNING", "STABLE", "STARTED"],
];

/// A word that turns a success into something else.
const BUT: &[&str] = &["NO", "NOT", "OUT", "PARTIAL", "PARTIALLY", "PRE"];

/// The words of a value in capitals: `in-progress` and `InProgress` are `IN`, `PROGRESS`.
fn words(value: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in value.chars() {
        if !letter.is_alphanumeric() || (was_lower && letter.is_uppercase()) {
            words.push(String::new());
        }
        was_lower = letter.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_uppercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn has(words: &[String], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(&word.as_str()))
}

/// In which of the lists of [`SUCCEEDED`] the last word is.
fn tier(words: &[String]) -> Option<usize> {
    let last = words.last().filter(|_| !has(words, BUT) && !has(words, UNDER_WAY))?;
    SUCCEEDED.iter().position(|tier| tier.contains(&last.as_str()))
}

fn is_gone(words: &[String]) -> bool {
    let delete = has(words, &["DELETE"]);
    has(words, &["DELETED", "TERMINATED"]) || (delete && has(words, &["COMPLETE", "COMPLETED"]))
}

fn is_going(words: &[String]) -> bool {
    has(words, GOING) || (has(words, &["DELETE"]) && has(words, &["PROGRESS"]))
}

fn is_under_way(words: &[String]) -> bool {
    let ing = |word: &String| word.len() > 4 && word.ends_with("ING") && word != "WARNING";
    has(words, UNDER_WAY) || words.iter().any(ing)
}

fn has_ended(words: &[String]) -> bool {
    let timed_out = words.windows(2).any(|pair| pair[0] == "TIMED" && pair[1] == "OUT");
    has(words, ENDED) || timed_out || is_gone(words)
}

fn meaning(words: &[String]) -> Meaning {
    if has(words, FAILED) || is_going(words) {
        Meaning::Failure
    } else if is_under_way(words) {
        Meaning::Retry
    } else if has_ended(words) {
        Meaning::Failure
    } else if tier(words).is_some() {
        Meaning::Success
    } else {
        Meaning::Unknown
    }
}

/// What each of `values` means to somebody who waits for the thing to work, or for the work to be done.
pub(super) fn propose(values: &[String]) -> Vec<Meaning> {
    let words: Vec<_> = values.iter().map(|value| words(value)).collect();
    let mut meanings: Vec<_> = words.iter().map(|words| meaning(words)).collect();
    let tiers: Vec<_> = words
        .iter()
        .zip(&meanings)
        // Nothing better is known of what is `RUNNING` than that it goes on.
        .map(|(words, meaning)| {
            tier(words).filter(|tier| {
                *meaning == Meaning::Success || *tier == 2 && *meaning == Meaning::Retry
            })
        })
        .collect();
    let best = tiers.iter().flatten().min().copied();
    for (meaning, tier) in meanings.iter_mut().zip(tiers) {
        match tier {
            Some(tier) if Some(tier) == best => *meaning = Meaning::Success,
            Some(_) => *meaning = Meaning::Retry,
            None => {}
        }
    }
    meanings
}

/// The same to somebody who waits for the thing to be gone.
pub(super) fn propose_gone(values: &[String]) -> Vec<Meaning> {
    let meaning = |value: &String| {
        let words = words(value);
        if is_gone(&words) && !has(&words, FAILED) {
            Meaning::Success
        } else if has(&words, FAILED) && has(&words, &["DELETE", "DELETING", "DELETION"]) {
            Meaning::Failure
        } else {
            Meaning::Retry
        }
    };
    values.iter().map(meaning).collect()
}

/// Whether the value says that work is done, not that a thing can be used.
pub(super) fn is_done(value: &str) -> bool {
    tier(&words(value)) == Some(0)
}

/// `has succeeded`, `is available`.
pub(super) fn phrase(value: &str) -> String {
    let words = success(value).replace('_', " ");
    let participle = words.ends_with("ed") && is_done(value);
    if participle || words.ends_with("succeeded") {
        format!("has {words}")
    } else {
        format!("is {words}")
    }
}

/// A success as a part of a name: `Success` is `succeeded`.
pub(super) fn success(value: &str) -> String {
    match name(value).as_str() {
        "success" | "successful" => "succeeded".to_owned(),
        other => other.to_owned(),
    }
}

/// The value as a part of a name: `TIMED_OUT` is `timed_out`.
pub(super) fn name(value: &str) -> String {
    words(value).join("_").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposed(values: &str) -> String {
        let values: Vec<_> = values.split(' ').map(str::to_owned).collect();
        let letter = |meaning: Meaning| match meaning {
            Meaning::Success => 's',
            Meaning::Failure => 'f',
            Meaning::Retry => '-',
            Meaning::Unknown => '?',
        };
        propose(&values).into_iter().map(letter).collect()
    }

    #[test]
    fn states_are_told_by_their_names() {
        for (values, expected) in [
            ("RUNNING SUCCEEDED FAILED TIMED_OUT ABORTED PENDING_REDRIVE", "-sfff-"),
            ("READY RUNNING STOPPING", "s--"),
            ("RUNNING SUCCEEDED FAILED STOPPING STOPPED QUEUED", "-sf-f-"),
            ("pending running shutting-down terminated stopping stopped", "-sff-f"),
            ("CREATING AVAILABLE DELETING DELETED CREATE_FAILED UPDATING", "-sfff-"),
            (
                "CREATE_IN_PROGRESS CREATE_COMPLETE ROLLBACK_COMPLETE UPDATE_ROLLBACK_IN_PROGRESS",
                "-sf-",
            ),
            ("DELETE_IN_PROGRESS DELETE_COMPLETE UPDATE_COMPLETE", "ffs"),
            ("ACTIVE COMPLETED NOT_READY InProgress CompletedWithErrors", "-s?-f"),
            ("Pending InProgress Success TimedOut Cancelled", "--sff"),
            ("OutOfService InService DELETE_UNSUCCESSFUL", "?sf"),
        ] {
            assert_eq!(proposed(values), expected, "{values}");
        }
    }

    #[test]
    fn a_state_is_said_in_a_sentence() {
        assert_eq!(phrase("SUCCEEDED"), "has succeeded");
        assert_eq!(phrase("COMPLETE"), "is complete");
        assert_eq!(phrase("InService"), "is in service");
    }
}
