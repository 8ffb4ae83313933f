//! The words of which the names of states are made, in capitals.

/// Failure, whatever else the name says.
pub(super) const FAILED: &[&str] = &[
    "ABANDONED",
    "BLACKHOLE",
    "BREACHED",
    "BROKEN",
    "CORRUPT",
    "CORRUPTED",
    "CRASHED",
    "DEAD",
    "ERROR",
    "ERRORED",
    "ERRORS",
    "EXCEEDED",
    "EXCEPTION",
    "EXCEPTIONS",
    "FAIL",
    "FAILED",
    "FAILING",
    "FAILS",
    "FAILURE",
    "FAILURES",
    "FAULT",
    "FAULTED",
    "INCOMPATIBLE",
    "INOPERABLE",
    "INVALID",
    "MISCONFIGURED",
    "TAINTED",
    "UNABLE",
    "UNRECOVERABLE",
    "UNSUCCESSFUL",
    "UNSUPPORTED",
    "VIOLATION",
    "VIOLATIONS",
];

/// Stems of words for deletion.
pub(super) const AWAY: &[&str] = &[
    "DEALLOCAT",
    "DECOMMISSION",
    "DELET",
    "DEPROVISION",
    "DEREGIST",
    "DESTROY",
    "DETACH",
    "DISASSOCIAT",
    "DISSOCIAT",
    "GONE",
    "OFFBOARD",
    "REMOV",
    "SHUTTING",
    "TERMINAT",
    "UNDEPLOY",
    "UNINSTALL",
    "UNREGIST",
];

/// Stems of words for undoing; completing that is not a success.
pub(super) const UNDONE: &[&str] = &[
    "ABORT",
    "CANCEL",
    "DEACTIVAT",
    "DISABL",
    "EXPIR",
    "ISOLAT",
    "PAUS",
    "REVERS",
    "REVERT",
    "REVOK",
    "ROLLBACK",
    "ROLLED",
    "STOP",
    "SUSPEND",
    "WITHDRAW",
];

/// Words for going back to an earlier state, which means failure.
pub(super) const BACK: &[&str] = &["REVERTING", "ROLLBACK", "ROLLED", "ROLLING"];

/// Ended without success.
pub(super) const ENDED: &[&str] =
    &["ABORTED", "DENIED", "EXPIRED", "REJECTED", "TIMEDOUT", "TIMEOUT"];

/// Ended by a user.
pub(super) const GIVEN_UP: &[&str] = &["CANCELED", "CANCELLED", "INTERRUPTED", "KILLED", "REVOKED"];

/// Past the goal, although a user may bring it back.
pub(super) const CLOSED: &[&str] = &[
    "ARCHIVED",
    "CLOSED",
    "COMPROMISED",
    "DEAUTHORIZED",
    "DECLINED",
    "DEPRECATED",
    "DISCARDED",
    "DISCONTINUED",
    "DISMISSED",
    "DISPOSED",
    "DROPPED",
    "ENDED",
    "EXCLUDED",
    "EXITED",
    "FORFEITED",
    "IGNORED",
    "INACCESSIBLE",
    "INCOMPLETE",
    "INSUFFICIENT",
    "ISOLATED",
    "LEFT",
    "LOST",
    "OBSOLETE",
    "PURGED",
    "RECLAIMED",
    "RECYCLED",
    "RELEASED",
    "REPLACED",
    "RESIGNED",
    "RETIRED",
    "RETURNED",
    "REVERTED",
    "ROLLBACK",
    "ROLLED",
    "SKIPPED",
    "SUPERSEDED",
    "SUPPRESSED",
    "UNREACHABLE",
    "WITHDRAWN",
];

/// Resting until a user resumes it.
pub(super) const RESTING: &[&str] = &[
    "DEACTIVATED",
    "DEGRADED",
    "DISABLED",
    "HIBERNATED",
    "INACTIVE",
    "STOPPED",
    "SUSPENDED",
    "UNAVAILABLE",
];

/// Not at the goal, but may reach it by itself or by a user's action.
pub(super) const PASSING: &[&str] = &[
    "ALARM",
    "ATTENTION",
    "BLOCKED",
    "BUSY",
    "CRITICAL",
    "DELAYED",
    "DISCONNECTED",
    "DOWN",
    "DRIFTED",
    "IMPAIRED",
    "INSUFFICIENTDATA",
    "LIMITED",
    "LOCKED",
    "MAINTENANCE",
    "NEEDED",
    "NEEDS",
    "NONCOMPLIANT",
    "NONE",
    "NONFINAL",
    "NOTCONNECTED",
    "OFF",
    "OFFLINE",
    "OUT",
    "OUTDATED",
    "OVERDUE",
    "PAUSED",
    "RED",
    "REQUIRED",
    "REQUIRES",
    "RISK",
    "STALE",
    "STANDBY",
    "UNDEFINED",
    "UNHEALTHY",
    "UNKNOWN",
    "WARN",
    "WARNING",
    "WARNINGS",
    "YELLOW",
];

/// Words that make a failure temporary.
pub(super) const TEMPORARY: &[&str] = &["PAUSED", "TEMPORARY", "TRANSIENT"];

/// Initial states.
pub(super) const BEGINNING: &[&[&str]] = &[
    &["CREATE", "INPROGRESS"],
    &["CREATING"],
    &["INITIALIZING"],
    &["INPROGRESS"],
    &["OPERATION", "INPROGRESS"],
    &["PENDING"],
    &["PROVISIONING"],
    &["QUEUED"],
    &["SUBMITTED"],
];

/// In progress.
pub(super) const UNDER_WAY: &[&str] = &[
    "ACKNOWLEDGED",
    "DEFERRED",
    "DRAFT",
    "ENQUEUED",
    "INITIAL",
    "INITIALIZED",
    "INITIATED",
    "INPROGRESS",
    "INVITED",
    "NEW",
    "PENDING",
    "PICKED",
    "PRE",
    "PROGRESS",
    "PROPOSED",
    "QUEUED",
    "RECEIVED",
    "REQUESTED",
    "RETRY",
    "REVIEW",
    "RUNNABLE",
    "SCHEDULED",
    "STAGED",
    "SUBMITTED",
    "UNASSIGNED",
    "UNCONFIRMED",
    "UNDER",
    "UNVERIFIED",
    "WAITING",
];

/// Words for goals in tiers: work is done; a resource can be used; something was reached, if there is nothing
/// better; and words that may be a goal if there is no other.
pub(super) const REACHED: [&[&str]; 4] = [
    &[
        "COMPLETE",
        "COMPLETED",
        "DELIVERED",
        "DONE",
        "FINISHED",
        "FULFILLED",
        "ISSUED",
        "PASS",
        "PASSED",
        "SUCCEED",
        "SUCCEEDED",
        "SUCCESS",
        "SUCCESSFUL",
        "SUCCESSFULLY",
    ],
    &[
        "ACTIVATED",
        "ACTIVE",
        "ASSOCIATED",
        "ATTACHED",
        "ATTACHABLE",
        "AVAILABLE",
        "CONNECTED",
        "DEPLOYABLE",
        "DEPLOYED",
        "ENABLED",
        "GREEN",
        "HEALTHY",
        "INSERVICE",
        "LIVE",
        "OK",
        "OKAY",
        "ONLINE",
        "OPERATIONAL",
        "PASSING",
        "READY",
        "REGISTERED",
        "VALID",
    ],
    &[
        "ACCEPTED",
        "ALLOCATED",
        "ANSWERED",
        "APPLIED",
        "APPROVED",
        "AUTHORIZED",
        "BUILT",
        "CLAIMED",
        "COMMITTED",
        "COMPLIANT",
        "CONFIGURED",
        "CONFIRMED",
        "ENROLLED",
        "EXPORTED",
        "FINAL",
        "FINALIZED",
        "FIXED",
        "GENERATED",
        "IMPLEMENTED",
        "IMPORTED",
        "INDEXED",
        "INSTALLED",
        "INSTANTIATED",
        "INSYNC",
        "JOINED",
        "LINKED",
        "MERGED",
        "ONBOARDED",
        "PLANNED",
        "PREPARED",
        "PROCESSED",
        "PROTECTED",
        "PROVISIONED",
        "PUBLISHED",
        "RESERVED",
        "RESOLVED",
        "RESTORED",
        "SELECTED",
        "SHARED",
        "SUBSCRIBED",
        "SYNCED",
        "SYNCHRONIZED",
        "TRAINED",
        "UNBLOCKED",
        "UNLOCKED",
        "UPDATED",
        "UPTODATE",
        "VALIDATED",
        "VERIFIED",
    ],
    &[
        "ASSIGNED", "CREATED", "CURRENT", "IDLE", "INUSE", "NORMAL", "ON", "OPEN", "RUNNING",
        "STABLE", "STARTED", "UP",
    ],
];

/// The tiers of [`REACHED`] that are about work rather than resources.
pub(super) const WORK: [usize; 2] = [0, 2];

/// Words for a goal if there is no other.
pub(super) const LAST: &[&str] = &["CLOSED", "ENDED", "EXITED", "STOPPED"];

/// Words whose followers only say where or how.
pub(super) const WHERE: &[&str] = &["BY", "FOR", "IN", "UNTIL", "WITH"];

/// Negations that are final.
pub(super) const NEVER: &[&str] = &[
    "ALLOWED",
    "APPLICABLE",
    "APPROVED",
    "AUTHORIZED",
    "COMPATIBLE",
    "DELIVERED",
    "ELIGIBLE",
    "EXIST",
    "FOUND",
    "RETRYABLE",
    "SUPPORTED",
];

/// Pairs of words that count as one word.
pub(super) const ONE_WORD: [(&str, &str, &str); 9] = [
    ("INSUFFICIENT", "DATA", "INSUFFICIENTDATA"),
    ("TIMED", "OUT", "TIMEDOUT"),
    ("IN", "PROGRESS", "INPROGRESS"),
    ("IN", "SERVICE", "INSERVICE"),
    ("IN", "SYNC", "INSYNC"),
    ("IN", "USE", "INUSE"),
    ("UN", "HEALTHY", "UNHEALTHY"),
    ("STAND", "BY", "STANDBY"),
    ("UP", "TO", "UPTO"),
];

/// Goals and their starting points.
pub(super) const BEGINS_AT: [(&str, &str); 6] = [
    ("ALLOCATED", "DEALLOCATED"),
    ("ASSOCIATED", "DISASSOCIATED"),
    ("ATTACHED", "DETACHED"),
    ("INSTALLED", "UNINSTALLED"),
    ("PROVISIONED", "DEPROVISIONED"),
    ("REGISTERED", "UNREGISTERED"),
];

/// Stems of words for phases.
pub(super) const PHASES: &[&str] = &[
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

/// The phase that follows a failure.
pub(super) const ROLLBACK: &str = "ROLLBACK";

/// Pairs of phases that undo each other.
pub(super) const OPPOSITE_PHASES: [(&str, &str); 5] = [
    ("START", "STOP"),
    ("ATTACH", "DETACH"),
    ("ASSOCIAT", "DISASSOCIAT"),
    ("REGIST", "DEREGIST"),
    ("ACTIVAT", "DEACTIVAT"),
];
