//! Where botocore ships a waiter of the same name, ours means the same: success is the same, errors
//! are, and it may only end earlier, as a failure, on a state that leads nowhere.

use maitred::client::{CallError, CallErrorKind, Observation, Output};
use maitred::config::{State, WaiterConfig};
use maitred::document::Document;
use maitred::matcher::decide;
use maitred::waiter::{Options, Waiter};
use serde_json::{Value, json};

use super::{CLUSTER_STATUSES, compile};

/// An acceptor of botocore's: state, matcher, argument, expected.
type Fact = (&'static str, &'static str, &'static str, &'static str);

/// A waiter of botocore's: name, operation, delay, attempts, acceptors.
type Original = (&'static str, &'static str, u64, u64, &'static [Fact]);

/// What botocore 1.43 has for Redshift.
const ORIGINALS: &[Original] = &[
    (
        "cluster_available",
        "DescribeClusters",
        60,
        30,
        &[
            ("success", "pathAll", "Clusters[].ClusterStatus", "available"),
            ("failure", "pathAny", "Clusters[].ClusterStatus", "deleting"),
            ("retry", "error", "", "ClusterNotFound"),
        ],
    ),
    (
        "cluster_deleted",
        "DescribeClusters",
        60,
        30,
        &[
            ("success", "error", "", "ClusterNotFound"),
            ("failure", "pathAny", "Clusters[].ClusterStatus", "creating"),
            ("failure", "pathAny", "Clusters[].ClusterStatus", "modifying"),
        ],
    ),
    (
        "cluster_restored",
        "DescribeClusters",
        60,
        30,
        &[
            ("success", "pathAll", "Clusters[].RestoreStatus.Status", "completed"),
            ("failure", "pathAny", "Clusters[].ClusterStatus", "deleting"),
        ],
    ),
    (
        "snapshot_available",
        "DescribeClusterSnapshots",
        15,
        20,
        &[
            ("success", "pathAll", "Snapshots[].Status", "available"),
            ("failure", "pathAny", "Snapshots[].Status", "failed"),
            ("failure", "pathAny", "Snapshots[].Status", "deleted"),
        ],
    ),
];

/// The states in which ours ends a wait that botocore goes on with.
const FINAL: &[&str] = &[
    "final-snapshot",
    "hardware-failure",
    "incompatible-hsm",
    "incompatible-network",
    "incompatible-parameters",
    "incompatible-restore",
    "storage-full",
];

fn original(&(name, operation, delay, attempts, facts): &Original) -> Waiter {
    let acceptor = |&(state, matcher, argument, expected): &Fact| {
        let argument = (!argument.is_empty()).then_some(argument);
        json!({"state": state, "matcher": matcher, "argument": argument, "expected": expected})
    };
    let acceptors: Vec<_> = facts.iter().map(acceptor).collect();
    let config: WaiterConfig = serde_json::from_value(json!({
        "operation": operation, "delay": delay, "maxAttempts": attempts, "acceptors": acceptors,
    }))
    .unwrap();
    let mut strict = Options::default();
    strict.strict = true;
    Waiter::compile("redshift", name, &config, &strict).unwrap()
}

fn cluster(status: &str, restore: Option<&str>) -> Value {
    match restore {
        Some(restore) => json!({"ClusterStatus": status, "RestoreStatus": {"Status": restore}}),
        None => json!({"ClusterStatus": status}),
    }
}

/// Every document with a cluster in every state and every state of a restore, alone and beside a
/// cluster in another; every document with one or two snapshots; and none.
fn documents() -> Vec<Value> {
    let restores = [None, Some("starting"), Some("restoring"), Some("completed"), Some("failed")];
    let clusters: Vec<_> = CLUSTER_STATUSES
        .iter()
        .flat_map(|(status, _)| restores.map(|restore| cluster(status, restore)))
        .collect();
    let statuses = ["creating", "available", "final snapshot", "failed", "deleted"];
    let snapshots: Vec<_> = statuses.iter().map(|status| json!({"Status": status})).collect();
    let mut documents = vec![json!({}), json!({"Clusters": []}), json!({"Snapshots": []})];
    let beside = [
        cluster("available", None),
        cluster("available", Some("completed")),
        cluster("deleting", None),
        cluster("modifying", Some("restoring")),
    ];
    for (key, items, others) in
        [("Clusters", &clusters, &beside[..]), ("Snapshots", &snapshots, &snapshots[..])]
    {
        for one in items {
            documents.push(json!({key: [one]}));
            documents.extend(others.iter().map(|other| json!({key: [one, other]})));
        }
    }
    documents
}

fn errors() -> Vec<Observation> {
    let codes = ["ClusterNotFound", "ClusterSnapshotNotFound", "AccessDenied", "Throttling"];
    let error = |code: &&str| {
        let document = json!({"Error": {"Code": code, "Message": "no"}});
        let error = CallError::new(CallErrorKind::Service, *code, "no");
        Observation::Error(error.with_document(Document::from(document)))
    };
    codes.iter().map(error).collect()
}

fn state(waiter: &Waiter, seen: &Observation) -> Option<State> {
    decide(waiter.acceptors(), seen).matched.map(|index| waiter.acceptors()[index].state)
}

fn leads_nowhere(document: &Value) -> bool {
    let clusters = document["Clusters"].as_array().map_or(&[][..], Vec::as_slice);
    let is_final = |one: &Value| {
        FINAL.iter().any(|status| one["ClusterStatus"] == *status)
            || one["RestoreStatus"]["Status"] == "failed"
    };
    let never_restored = |one: &Value| one == &cluster("available", None);
    clusters.iter().any(is_final) || (!clusters.is_empty() && clusters.iter().all(never_restored))
}

#[test]
fn ours_has_botocores_operation_and_pace() {
    for fact in ORIGINALS {
        let (ours, theirs) = (compile("redshift", fact.0, &Options::default()), original(fact));
        assert_eq!(ours.call(), theirs.call(), "{}", fact.0);
        assert_eq!(ours.schedule(), theirs.schedule(), "{}", fact.0);
    }
}

#[test]
fn ours_takes_errors_as_botocore_does() {
    for fact in ORIGINALS {
        let (ours, theirs) = (compile("redshift", fact.0, &Options::default()), original(fact));
        for seen in errors() {
            assert_eq!(state(&ours, &seen), state(&theirs, &seen), "{}: {seen:?}", fact.0);
        }
    }
}

#[test]
fn ours_succeeds_and_fails_where_botocore_does_and_ends_earlier_only_where_nothing_is_left() {
    let documents = documents();
    for fact in ORIGINALS {
        let (ours, theirs) = (compile("redshift", fact.0, &Options::default()), original(fact));
        for document in &documents {
            let seen = Observation::Output(Output::from_json(document.clone()));
            let (ours, theirs) = (state(&ours, &seen), state(&theirs, &seen));
            let earlier = ours == Some(State::Failure) && theirs.is_none();
            assert!(
                ours == theirs || (earlier && leads_nowhere(document)),
                "{}: {ours:?}, botocore {theirs:?}, on {document}",
                fact.0
            );
        }
    }
}
