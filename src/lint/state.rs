//! What the states of a service say by their names, and the states that models do not list.

use super::kind::Origin;

mod table;

/// The values of a member that is a plain string in the model, from the service's documentation.
#[derive(Debug)]
#[non_exhaustive]
pub struct StateTable {
    /// The service, e.g. `redshift`.
    pub service: &'static str,
    /// The structure, e.g. `Cluster`.
    pub structure: &'static str,
    /// The member, e.g. `ClusterStatus`.
    pub member: &'static str,
    /// The values that end by themselves: nothing but somebody's action changes them.
    pub settled: &'static [&'static str],
    /// The values on the way to another.
    pub passing: &'static [&'static str],
    /// Where they are documented.
    pub source: &'static str,
}

impl StateTable {
    /// All values.
    pub(super) fn values(&self) -> Vec<String> {
        self.settled.iter().chain(self.passing).map(|value| (*value).to_owned()).collect()
    }
}

/// The tables of states that services document in prose only.
#[must_use]
pub fn state_tables() -> &'static [StateTable] {
    table::TABLES
}

/// The table of a member.
pub(super) fn table(service: &str, structure: &str, member: &str) -> Option<&'static StateTable> {
    table::TABLES.iter().find(|table| {
        table.service == service && table.structure == structure && table.member == member
    })
}

/// Whether what has `value` has ended, or is about to be gone.
pub(super) fn ends(service: &str, origin: Option<Origin<'_>>, value: &str) -> bool {
    let table = origin.and_then(|origin| table(service, origin.structure, origin.member));
    let words = words(value);
    is_final(&words)
        || is_about_deletion(&words)
        || table.is_some_and(|table| table.settled.contains(&value))
}

/// Words that say that it went wrong.
const WRONG: [&str; 22] = [
    "FAILED",
    "FAULT",
    "EXCEPTION",
    "EXCEPTIONS",
    "CRASHED",
    "DENIED",
    "EXCEEDED",
    "INVALID",
    "UNSUPPORTED",
    "FAILURE",
    "FAILURES",
    "FAIL",
    "FAULTED",
    "UNSUCCESSFUL",
    "ERROR",
    "ERRORED",
    "ERRORS",
    "TIMEDOUT",
    "TIMEOUT",
    "ABORTED",
    "REJECTED",
    "EXPIRED",
];

/// Words that say that it is not over, whatever else is said.
const OPEN: [&str; 4] = ["NOT", "PAUSED", "TEMPORARY", "TRANSIENT"];

/// Words that say that it is over.
const OVER: [&str; 19] = [
    "EXITED",
    "PARTIAL",
    "REVERTED",
    "SKIPPED",
    "CANCELLED",
    "CANCELED",
    "STOPPED",
    "DELETED",
    "TERMINATED",
    "SUCCEEDED",
    "SUCCESS",
    "SUCCESSFUL",
    "COMPLETED",
    "COMPLETE",
    "FINISHED",
    "INTERRUPTED",
    "KILLED",
    "REVOKED",
    "DEREGISTERED",
];

/// The words of a value: `CREATE_FAILED`, `create-failed` and `CreateFailed` have the same.
pub(super) fn words(value: &str) -> Vec<String> {
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

/// Whether the words of a value say that it does not change any more.
pub(super) fn is_final(words: &[String]) -> bool {
    let [first, .., last] = words else { return words.iter().any(|word| is_end(word)) };
    // `CREATING_FAILED` is over.
    let failed = last == "FAILED";
    let open = |word: &String| OPEN.contains(&word.as_str()) || (!failed && is_going_on(word));
    if words.iter().any(open) || is_in_progress(words) {
        return false;
    }
    let timed_out = words.ends_with(&["TIMED".to_owned(), "OUT".to_owned()]);
    let rolled_back = words.ends_with(&["ROLLED".to_owned(), "BACK".to_owned()]);
    timed_out || rolled_back || is_end(last) || WRONG.contains(&first.as_str())
}

/// Whether the words of a value say that it went wrong, for good.
pub(super) fn is_failure(words: &[String]) -> bool {
    let timed_out = words.ends_with(&["TIMED".to_owned(), "OUT".to_owned()]);
    let wrong = |word: &String| WRONG.contains(&word.as_str());
    is_final(words)
        && (timed_out || words.first().is_some_and(wrong) || words.last().is_some_and(wrong))
}

/// Whether the words of a value say that it went well.
pub(super) fn is_good(words: &[String]) -> bool {
    const GOOD: [&str; 6] =
        ["SUCCEEDED", "SUCCESS", "SUCCESSFUL", "COMPLETED", "COMPLETE", "FINISHED"];
    matches!(words, [word] if GOOD.contains(&word.as_str()))
}

/// Whether the words of a value say that it is there and can be used.
pub(super) fn is_ready(words: &[String]) -> bool {
    const READY: [&[&str]; 8] = [
        &["ACTIVE"],
        &["AVAILABLE"],
        &["RUNNING"],
        &["READY"],
        &["ENABLED"],
        &["DEPLOYED"],
        &["INSERVICE"],
        &["IN", "SERVICE"],
    ];
    READY.iter().any(|ready| words == *ready)
}

/// Whether the words of a value say that something has only begun.
pub(super) fn is_beginning(words: &[String]) -> bool {
    const BEGINNING: [&[&str]; 9] = [
        &["PENDING"],
        &["CREATING"],
        &["PROVISIONING"],
        &["INITIALIZING"],
        &["QUEUED"],
        &["SUBMITTED"],
        &["IN", "PROGRESS"],
        &["OPERATION", "IN", "PROGRESS"],
        &["CREATE", "IN", "PROGRESS"],
    ];
    BEGINNING.iter().any(|beginning| words == *beginning)
}

/// Whether the words of a value say that it is not left again: it went wrong, was given up, or is
/// gone. What has stopped may be started.
fn is_gone(words: &[String]) -> bool {
    const GONE: [&str; 6] = ["CANCELLED", "CANCELED", "DELETED", "TERMINATED", "KILLED", "REVOKED"];
    is_failure(words)
        || (is_final(words) && words.last().is_some_and(|word| GONE.contains(&word.as_str())))
}

fn is_end(word: &str) -> bool {
    WRONG.contains(&word) || OVER.contains(&word)
}

fn is_in_progress(words: &[String]) -> bool {
    words.windows(2).any(|two| two[0] == "IN" && two[1] == "PROGRESS")
}

/// `DELETING`, `PENDING`: on the way to another.
fn is_going_on(word: &str) -> bool {
    word.len() > 4 && word.ends_with("ING") && word != "MISSING"
}

/// The words for what may be going on, by the beginning that their forms share.
const PHASES: [&str; 18] = [
    "MOV",
    "CREAT",
    "UPDAT",
    "MODIF",
    "DELET",
    "IMPORT",
    "UPLOAD",
    "START",
    "STOP",
    "ATTACH",
    "DETACH",
    "ASSOCIAT",
    "DISASSOCIAT",
    "REGIST",
    "DEREGIST",
    "ACTIVAT",
    "DEACTIVAT",
    "ROLLBACK",
];

/// How something that fails may end.
const ROLLBACK: &str = "ROLLBACK";

/// What undoes what.
const OPPOSITES: [(&str, &str); 5] = [
    ("START", "STOP"),
    ("ATTACH", "DETACH"),
    ("ASSOCIAT", "DISASSOCIAT"),
    ("REGIST", "DEREGIST"),
    ("ACTIVAT", "DEACTIVAT"),
];

/// What a value is about: `CREATE_FAILED` about creation.
fn phases(words: &[String]) -> Vec<&'static str> {
    let of = |word: &String| PHASES.into_iter().find(|phase| word.starts_with(phase));
    words.iter().filter_map(of).collect()
}

/// What a wait is about, so far as names tell.
#[derive(Debug)]
pub(super) struct Purpose {
    deletion: bool,
    phases: Vec<&'static str>,
    /// What the named values are about.
    named: Vec<&'static str>,
    /// What has a `ROLLBACK` of its own, as in `UPDATE_ROLLBACK_COMPLETE`.
    rolled_back: Vec<&'static str>,
}

impl Purpose {
    /// Of the waiter `name` that succeeds with one of the values `success` of `known`, and names
    /// `named`.
    pub(super) fn new(name: &str, success: &[&str], named: &[&str], known: &[String]) -> Self {
        let about = |values: &[&str]| -> Vec<_> {
            values.iter().flat_map(|value| phases(&words(value))).collect()
        };
        // `CREATED` is where an update may end, `CREATE_COMPLETE` is not.
        let (long, short): (Vec<_>, Vec<_>) =
            success.iter().copied().partition(|value| words(value).len() > 1);
        let candidates = [about(&long), about(&[name]), about(&short)];
        let phases = candidates.into_iter().find(|phases| !phases.is_empty()).unwrap_or_default();
        let deletion = success.iter().chain([&name]).any(|value| is_about_deletion(&words(value)));
        let known = known.iter().map(|value| self::phases(&words(value)));
        let rolled_back = known.filter(|phases| phases.contains(&ROLLBACK)).flatten();
        let rolled_back = rolled_back.filter(|phase| *phase != ROLLBACK).collect();
        Self { deletion, phases, named: about(named), rolled_back }
    }

    /// The same, where it is known from elsewhere whether something is to be gone.
    pub(super) fn or_deletion(mut self, deletion: bool) -> Self {
        self.deletion |= deletion;
        self
    }

    /// Whether a final value can be where this wait ends. In a wait for a deletion, the states in
    /// which other things ended are where it starts from; so it is with `CREATE_FAILED` in a wait
    /// for an update.
    pub(super) fn concerns(&self, value: &str) -> bool {
        let words = words(value);
        if self.deletion {
            return is_about_deletion(&words);
        }
        let about = phases(&words);
        if words.len() < 2 || about.is_empty() || about.contains(&"DELET") {
            return true;
        }
        if about == [ROLLBACK] {
            let other = |phase: &&str| self.rolled_back.contains(phase);
            return self.phases.contains(&ROLLBACK) || !self.phases.iter().any(other);
        }
        !about.iter().any(|phase| self.is_opposite(phase))
            && (self.phases.is_empty()
                || about.iter().any(|phase| *phase != ROLLBACK && self.phases.contains(phase)))
    }

    /// Whether a wait that is in this state is over. `CANCEL_FAILED` and the like are about something
    /// that was tried meanwhile, and what is waited for goes on.
    pub(super) fn is_lost(&self, value: &str) -> bool {
        let words = words(value);
        let whole = words.len() == 1 || words == ["TIMED", "OUT"];
        let about = phases(&words);
        let own = whole || about.iter().any(|phase| self.phases.contains(phase));
        own && is_gone(&words) && self.concerns(value)
    }

    /// Whether acceptors ask for the opposite of `phase`, and not for it.
    fn is_opposite(&self, phase: &str) -> bool {
        let opposite = OPPOSITES.iter().find_map(|(one, other)| match phase {
            phase if phase == *one => Some(other),
            phase if phase == *other => Some(one),
            _ => None,
        });
        opposite.is_some_and(|opposite| self.named.contains(opposite))
            && !self.named.contains(&phase)
    }
}

/// Whether the words of a value say that what it is of goes away, or is gone.
pub(super) fn is_about_deletion(words: &[String]) -> bool {
    words.iter().any(|word| {
        ["DELET", "TERMINAT", "DEREGISTER", "REMOV", "DESTROY", "DISASSOCIAT", "DETACH", "GONE"]
            .iter()
            .any(|stem| word.starts_with(stem))
    })
}
