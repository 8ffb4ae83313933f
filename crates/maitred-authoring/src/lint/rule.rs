//! The rules: the one table of which the documentation, `--explain` and the tests are made.

use maitred_core::diagnostic::Severity;
use maitred_core::diagnostic::nearest;

/// A rule of lint.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// The name, e.g. `unknown-member`.
    pub name: &'static str,
    /// How bad its findings are, unless the configuration says otherwise.
    pub severity: Severity,
    /// What it finds, in a line.
    pub summary: &'static str,
    /// Why that is a problem, and what to do.
    pub explanation: &'static str,
    /// A waiter file in which it finds something.
    pub bad: &'static str,
    /// The same without the mistake.
    pub good: &'static str,
}

/// All rules, in the order of the documentation.
#[must_use]
pub fn rules() -> &'static [&'static Rule] {
    ALL
}

/// The rule `name`.
///
/// # Errors
/// There is none; what was probably meant, if anything is near.
pub fn find(name: &str) -> Result<&'static Rule, Option<&'static str>> {
    let found = ALL.iter().find(|rule| rule.name == name);
    found.copied().ok_or_else(|| nearest(name, ALL.iter().map(|rule| rule.name)))
}

/// What is wrong with a file before there are waiters to check: name, and what it finds. They are
/// always errors.
#[must_use]
pub fn file_rules() -> &'static [(&'static str, &'static str)] {
    FILE_RULES
}

static FILE_RULES: &[(&str, &str)] = &[
    ("argument", "A path matcher without an `argument`."),
    ("backoff", "A back-off that cannot grow."),
    ("byte-order-mark", "A byte order mark, which is not JSON."),
    ("comment", "A comment, which is not JSON."),
    ("control-character", "A line break, tab or control character in a string."),
    ("duplicate-key", "A key that is there twice."),
    ("duration", "A number of seconds that cannot be waited."),
    ("expression", "An expression that does not compile."),
    ("extends", "A waiter that extends one that does not exist, or itself."),
    ("file", "A file that cannot be read, or is too large."),
    ("json", "A text that is not JSON."),
    ("key-length", "A key that is too long."),
    ("matcher", "A matcher that does not exist."),
    ("missing-comma", "A comma too few."),
    ("missing-key", "A required key that is not there."),
    ("number", "A number that cannot be represented."),
    ("parameter", "A placeholder that stands for nothing, or a value of the wrong type."),
    ("quotes", "Single quotes, which are not JSON."),
    ("range", "A number that is too small or too large."),
    ("schema", "Anything else that the JSON Schema does not allow."),
    ("state", "A state that does not exist: botocore would go on for ever."),
    ("too-many", "More problems than are shown."),
    ("trailing-comma", "A comma too many."),
    ("type", "A value of the wrong type."),
    ("unknown-key", "A key that does not exist."),
    ("utf-8", "A text that is not UTF-8."),
    ("value", "A value that is not one of those allowed."),
    ("version", "A version of the format other than 2."),
];

macro_rules! rules {
    ($($id:ident $name:literal $severity:ident $summary:literal $explanation:literal)+) => {
        $(pub(super) static $id: Rule = Rule {
            name: $name,
            severity: Severity::$severity,
            summary: $summary,
            explanation: $explanation,
            bad: include_str!(concat!("rules/", $name, ".bad.json")),
            good: include_str!(concat!("rules/", $name, ".good.json")),
        };)+
        static ALL: &[&Rule] = &[$(&$id),+];
    };
}

rules! {
    UNKNOWN_SERVICE "unknown-service" Error
        "The service does not exist."
        "A waiter file is of the service that its key `service` names, or else the file's name. It has to be the name that botocore and the AWS CLI have, or `http`. Under any other name the waiters are never found."
    UNKNOWN_OPERATION "unknown-operation" Error
        "The service has no such operation."
        "Every poll would fail. Operations are written as in the API, e.g. `DescribeClusters`."
    OPERATION_CASE "operation-case" Note
        "The operation is written in another way than in the API."
        "It is found all the same, by botocore too, but not by whoever searches for it. `--fix` writes it as the API does."
    MUTATING_OPERATION "mutating-operation" Error
        "The polled operation is not a read."
        "A poll is repeated, so it must not change anything. Operations that describe, get or list are reads, and so are HTTP GET and HEAD. If another one is meant, the file has to say `\"mutating\": true`, and the caller `--allow-mutating`."
    BAD_INPUT "bad-input" Error
        "The input has a member that the operation does not take, or one of the wrong type."
        "The request would be refused. What the caller gives is checked when it is given; this is about the file's own `input`, that of `diagnose`, and the types of the parameters in them."
    UNKNOWN_INPUT_VALUE "unknown-input-value" Warning
        "A value of the input is not among those that the model lists."
        "It is misspelt, or newer than the model."
    REQUIRED_INPUT "required-input" Note
        "What the caller has to give."
        "These members of the input are required, and the file's `input` does not have them. So whoever starts the wait has to. Nothing is wrong with that."
    UNKNOWN_MEMBER "unknown-member" Error
        "An expression names a member that the output does not have, or `{{input.X}}` one that the input does not have."
        "The value is always null, so the acceptor never matches, and what it was written for is not noticed. Documents without a fixed shape are not checked."
    NO_STRUCTURE "not-a-structure" Error
        "An expression wants a member of something that has no members."
        "A member of a list, a string or a number is always null. That of each element of a list is `List[].Member`."
    NO_LIST "not-a-list" Error
        "An expression treats as a list what is none."
        "`[]`, `[0]`, `[?…]` of anything but a list are always null."
    LIST_EXPECTED "list-expected" Error
        "`pathAll` or `pathAny` on what is no list."
        "Both match only lists. For one value the matcher is `path`; for that of each element of a list the expression has `[]`."
    SCALAR_EXPECTED "scalar-expected" Error
        "`path` compares a list with a single value."
        "A list never equals a string, a number or a boolean. `pathAll` and `pathAny` compare its elements."
    IMPOSSIBLE_VALUE "impossible-value" Error
        "A comparison with a value of another type."
        "A boolean is never `\"true\"`, a string never `1`, an HTTP status never `\"200\"`. The acceptor, or this part of its expression, never matches."
    UNKNOWN_VALUE "unknown-value" Warning
        "A comparison with a value that the enum does not have."
        "It is misspelt, of another casing, or newer than the model. For services that document their states in prose only, the values are those of their documentation."
    PYTHON_EQUALITY "python-equality" Warning
        "Equal in Python, not in JSON: `true` and `1`, `false` and `0`."
        "A matcher compares as botocore does, in Python, where `true` is `1`. In JSON, and in the rest of the world, it is not. Write the value that the member has. And what a model calls a timestamp or a blob is no text in botocore, so there it never equals one, and functions such as `sort_by` do not take it: the waiter works in maitred only."
    WRONG_ARGUMENT "wrong-argument" Error
        "A function gets a value of a type that it does not take."
        "It fails on every poll: botocore ends the wait with an exception, maitred takes it for no match."
    ABSENT_ARGUMENT "absent-argument" Note
        "A function gets what may be absent, e.g. `length()` of a list."
        "Services leave out empty lists. `length(null)` is an error: botocore ends the wait with an exception, maitred takes it for no match and says so. `length(Things || `[]`)` works in both."
    ABSENT_COMPARISON "absent-comparison" Warning
        "A comparison whose two sides may both be absent."
        "Then both are null, and null equals null: the acceptor matches while there is nothing."
    UNCOVERED_FINAL_STATE "uncovered-final-state" Warning
        "A final value of the polled state is named by no acceptor."
        "Once there, the state does not change by itself, so the wait goes on to its last attempt and then says that it gave up, not what happened. Add a failure acceptor; or, if the state can be left again, a retry acceptor that says so. Which values are final is told from their names, e.g. `FAILED`, `TIMED_OUT`, `DELETED`. A wait for a deletion does not need the states in which other things ended."
    UNCOVERED_STATE "uncovered-state" Note
        "Values of the polled state that no acceptor names."
        "In these the wait goes on. That is right for what happens on the way; look the list over once."
    UNREACHABLE_ACCEPTOR "unreachable-acceptor" Warning
        "An earlier acceptor covers this one."
        "Acceptors are asked in order, and the first match decides. Whatever this one matches, an earlier one has matched already: remove it, or put it first. Conditions are looked into, so that `contains(['A', 'B'], Status)` covers `B` of `Status`."
    CONTRADICTORY_ACCEPTORS "contradictory-acceptors" Warning
        "An earlier acceptor covers this one, and says something else."
        "The same response means one thing in the one and another thing in the other. Only the first counts."
    CONSTANT_CONDITION "constant-condition" Warning
        "A condition, or a part of it, that is the same whatever the reply."
        "`Status != 'A' || Status != 'B'` always holds, `Status == 'A' && Status == 'B'` never does, and in `Status == 'A' || 'B'` the second part is only a text: JMESPath has no short form of `Status == 'A' || Status == 'B'` but `contains(['A', 'B'], Status)`."
    MISTAKEN_STATE "mistaken-state" Warning
        "An acceptor says something else of a state than its name does."
        "What is `FAILED`, `CANCELLED`, `TIMED_OUT` or `DELETED` is not left again, so a `retry` acceptor on it waits for nothing: make it a failure. `CREATING` and `PENDING` are on the way to `ACTIVE`, so they are no failure of it, and what is not found is not `ACTIVE`. And where `FAILED` is a success and `COMPLETED` a failure, the two are swapped."
    UNDECLARED_ERROR "undeclared-error" Note
        "An error code that the operation does not declare."
        "It may be misspelt. Models do not list every code, and codes that any operation may give, such as throttling, are not reported."
    MISWRITTEN_ERROR "miswritten-error" Warning
        "An error code that the operation declares in another way."
        "The acceptor never matches. A code is compared to the letter: `EntityNotFound` is not `EntityNotFoundException`. What counts is the code that the service sends, not the name of the exception in an SDK, and it has no namespace."
    EARLIER_RUN "earlier-run" Warning
        "An acceptor looks at how the last run ended, which may be the one before."
        "Until a new run has ended, `LastCrawl` or `latestExecution` is that of the run before, so the wait may end at its first poll with what happened yesterday. With a `baseline`, e.g. the run's start time or id, success needs another value than there was at the beginning; or poll the run itself, by its id."
    PREMATURE_SUCCESS "premature-success" Warning
        "A success acceptor that matches while there is nothing yet."
        "What it asks is also true while the work has not begun or is under way: that there is no error, or that something is not there. Ask for the state as well, or for the state alone."
    NO_SUCCESS "no-success" Error
        "No acceptor means success."
        "The wait can only fail, or be given up."
    NO_FAILURE "no-failure" Note
        "No acceptor means failure."
        "If what is waited for can no longer happen, the wait goes on all the same, to its last attempt."
    FAILURE_OF_ALL "failure-of-all" Warning
        "A failure acceptor with `pathAll` on a list of several."
        "`pathAll` matches when every one has failed. If one fails and the others do not, the wait goes on to its last attempt. Write `pathAny`, unless the list has one element."
    UNNARROWED_LIST "unnarrowed-list" Note
        "`pathAll` over everything there is, unless the caller narrows it."
        "The operation requires no input and the file gives none, so without a caller's input the acceptor looks at all resources of the region, also at those that have nothing to do with this wait."
    FIRST_PAGE "first-page" Note
        "The operation is paginated, and only the first page is polled."
        "What is on the second page is not seen. Narrow the input, so that one page is enough, or merge the pages with `\"allPages\": true`. Which operations are paginated, and which of their lists, is what botocore's paginators say."
    SHORT_BUDGET "short-budget" Warning
        "A state is polled for less than a minute, or without a pause."
        "Few things in the cloud change their state so fast; `maxAttempts` polls with `delay` seconds between them are all there is, unless the caller gives more. A delay of 0 polls as fast as the service answers. A `timeout` that ends before `initialDelay` leaves no poll, and `consecutive` successes need as many polls."
    ENDLESS_BUDGET "endless-budget" Warning
        "A wait of more than seven days."
        "Credentials, processes and people's patience end before. Lower `maxAttempts`, or set `timeout`."
    UNUSED_PARAMETER "unused-parameter" Warning
        "A parameter is declared and nowhere used."
        "The caller has to give a value that changes nothing."
    UNDECLARED_PARAMETER "undeclared-parameter" Warning
        "A placeholder in a waiter that declares no parameters."
        "`{{NAME}}` stands for a value only where the waiter has `parameters`, or the caller passes some. Otherwise it is the text itself."
    USELESS_KEY "useless-key" Note
        "A key that has no effect where it is."
        "`argument` on a `status` or `error` acceptor, and `message` on anything but a failure acceptor, are never read; `allPages` needs an operation that is paginated, and `mutating` one that is not a read. `--fix` removes such an `argument`."
    DUPLICATE_NAME "duplicate-name" Warning
        "Two waiters of a file with the same name."
        "`ClusterPaused`, `cluster_paused` and `cluster-paused` are one name. One of the two is never found."
    NOT_PORTABLE "not-portable" Note
        "Keys that botocore does not know."
        "botocore ignores them. For some, such as `show`, the waiter means the same without them; for others, such as `input` or `parameters`, it does not."
}
