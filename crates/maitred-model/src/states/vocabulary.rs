//! The words that states are made of, in capitals.

/// Something went wrong, whatever else the name says.
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

/// How the words begin that say that it goes away, or has gone.
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

/// How the words begin that say that it is undone: that this is complete is no success.
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

/// How the words begin that say that it goes back to where it was: the way on has failed.
pub(super) const BACK: &[&str] = &["REVERTING", "ROLLBACK", "ROLLED", "ROLLING"];

/// Nothing came of it.
pub(super) const ENDED: &[&str] =
    &["ABORTED", "DENIED", "EXPIRED", "REJECTED", "TIMEDOUT", "TIMEOUT"];

/// Somebody has ended it.
pub(super) const GIVEN_UP: &[&str] = &["CANCELED", "CANCELLED", "INTERRUPTED", "KILLED", "REVOKED"];

/// It is past what was wanted, although somebody may bring it back.
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

/// It rests, and goes on only if somebody makes it.
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

/// It is not as it should be, and may become so by itself or by what somebody does.
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

/// What says of a failure that it passes, or waits for somebody.
pub(super) const TEMPORARY: &[&str] = &["PAUSED", "TEMPORARY", "TRANSIENT"];

/// It has only begun.
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

/// It has not come to an end.
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

/// What work ends as; what a thing is that can be used; what has been reached, if there is nothing
/// better; and what it may be where nothing else is known.
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

/// Where these tiers are, a thing is not used but work is done.
pub(super) const WORK: [usize; 2] = [0, 2];

/// What may be waited for where nothing else can be.
pub(super) const LAST: &[&str] = &["CLOSED", "ENDED", "EXITED", "STOPPED"];

/// Words after which the rest only says where or how.
pub(super) const WHERE: &[&str] = &["BY", "FOR", "IN", "UNTIL", "WITH"];

/// Denials after which there is nothing to wait for.
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

/// Words that are one, however they are written.
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

/// What is waited for, and where that begins.
pub(super) const BEGINS_AT: [(&str, &str); 6] = [
    ("ALLOCATED", "DEALLOCATED"),
    ("ASSOCIATED", "DISASSOCIATED"),
    ("ATTACHED", "DETACHED"),
    ("INSTALLED", "UNINSTALLED"),
    ("PROVISIONED", "DEPROVISIONED"),
    ("REGISTERED", "UNREGISTERED"),
];

/// The words for what may be going on, by the beginning that their forms share.
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

/// How something that fails may end.
pub(super) const ROLLBACK: &str = "ROLLBACK";

/// Phases of which each undoes the other.
pub(super) const OPPOSITE_PHASES: [(&str, &str); 5] = [
    ("START", "STOP"),
    ("ATTACH", "DETACH"),
    ("ASSOCIAT", "DISASSOCIAT"),
    ("REGIST", "DEREGIST"),
    ("ACTIVAT", "DEACTIVAT"),
];
