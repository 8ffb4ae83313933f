//! The operators for Redshift, deferred and not, against a scripted service.

use maitred::clock::Timestamp;
use maitred::operator::{FailureKind, Intent};
use maitred::runtime::task::CancelRequest;
use maitred::runtime::{Task, TaskState};
use maitred::trigger::CancelReason;
use serde_json::{Value, json};

use super::rig::Rig;
use crate::support::loopback::RefusingPort;
use crate::support::redshift::{FakeRedshift, Fault, Pace};

const MODES: [bool; 2] = [false, true];

fn fake() -> FakeRedshift {
    FakeRedshift::start(Pace::Describes(1))
}

/// The arguments of a wait that is over soon.
fn quick(mut args: Value, deferrable: bool) -> Value {
    args["deferrable"] = deferrable.into();
    args["wait_for_completion"] = true.into();
    args["poll_interval"] = 0.02.into();
    args
}

fn create(deferrable: bool) -> Value {
    let args = json!({
        "cluster_identifier": "analytics",
        "node_type": "ra3.xlplus",
        "master_username": "admin",
        "master_user_password": {"$secret": "env:PASSWORD"},
        "number_of_nodes": 2,
    });
    quick(args, deferrable)
}

fn message(task: &Task) -> &str {
    task.message.as_deref().unwrap_or_default()
}

fn count(redshift: &FakeRedshift, action: &str) -> usize {
    redshift.calls(action).len()
}

/// A task of this operator that died right after its main call was begun, and is taken up again.
async fn after_a_crash(rig: &Rig, operator: &str, args: Value, details: Value) -> Task {
    let id = rig.submit(operator, &args, 0);
    let name = operator.split_once('.').unwrap().1.to_owned();
    rig.crash_after(id, &Intent::new(0, name, details));
    rig.drain().await;
    rig.task(id)
}

#[tokio::test]
async fn a_task_cancelled_while_its_call_cannot_be_looked_up_is_in_doubt() {
    let port = RefusingPort::reserve();
    let rig = Rig::aws(&port.url(""), 1);
    let id = rig.submit("redshift.pause_cluster", &json!({"cluster_identifier": "analytics"}), 0);
    let details = json!({"cluster_identifier": "analytics"});
    rig.crash_after(id, &Intent::new(0, "pause_cluster", details));
    let cancel = async {
        while !rig.everything(id).contains("could not be looked up") {
            tokio::task::yield_now().await;
        }
        let request = CancelRequest::new(CancelReason::User, false);
        rig.store.request_cancel(id, request, Timestamp::default()).unwrap();
    };
    tokio::join!(rig.drain(), cancel);
    let task = rig.task(id);
    assert_eq!(task.state, TaskState::InDoubt, "{}", message(&task));
    for words in ["cancelled by a user", "pause_cluster could not be looked up", "tasks settle"] {
        assert!(message(&task).contains(words), "{words}: {}", message(&task));
    }
}

#[tokio::test]
async fn a_cluster_is_created_and_waited_for() {
    for deferrable in MODES {
        let redshift = fake();
        let rig = Rig::aws(&redshift.url(), 1);
        let task = rig.run("redshift.create_cluster", create(deferrable)).await;
        assert_eq!(task.state, TaskState::Success, "{}", message(&task));
        assert_eq!(task.result, Some(json!({"cluster_identifier": "analytics"})));
        assert_eq!(rig.deferrals(task.id), usize::from(deferrable));
        let [call] = &redshift.calls("CreateCluster")[..] else { panic!("one call") };
        assert_eq!(call["MasterUserPassword"], "canary-4711");
        assert_eq!(call["NumberOfNodes"], "2");
        assert!(!rig.everything(task.id).contains("canary-4711"));
    }
}

#[tokio::test]
async fn false_and_zero_are_sent_and_what_is_not_given_is_not() {
    let redshift = fake();
    let rig = Rig::aws(&redshift.url(), 1);
    let mut args = create(true);
    args["wait_for_completion"] = false.into();
    args["cluster_type"] = "single-node".into();
    for name in ["allow_version_upgrade", "publicly_accessible", "encrypted"] {
        args[name] = false.into();
    }
    args["automated_snapshot_retention_period"] = 0.into();
    args["tags"] = json!([{"Key": "team", "Value": "data"}]);
    let task = rig.run("redshift.create_cluster", args).await;
    assert_eq!(task.state, TaskState::Success, "{}", message(&task));
    assert_eq!(rig.deferrals(task.id), 0, "it was not to be waited for");
    let call = &redshift.calls("CreateCluster")[0];
    for name in ["AllowVersionUpgrade", "PubliclyAccessible", "Encrypted"] {
        assert_eq!(call[name], "false", "{name}");
    }
    assert_eq!(call["AutomatedSnapshotRetentionPeriod"], "0");
    assert_eq!(call["Tags.Tag.1.Value"], "data");
    assert!(!call.contains_key("NumberOfNodes"), "it is for multi-node clusters");
    assert!(!call.contains_key("EnhancedVpcRouting"), "it was not given");
    assert_eq!((call["Port"].as_str(), call["DBName"].as_str()), ("5439", "dev"));
}

#[tokio::test]
async fn a_failed_creation_is_cleaned_up_if_that_is_asked_for() {
    for deferrable in MODES {
        for asked in [true, false] {
            let redshift = fake();
            redshift.creates(&["creating", "incompatible-network"]);
            let rig = Rig::aws(&redshift.url(), 1);
            let mut args = create(deferrable);
            args["delete_cluster_on_failure"] = asked.into();
            let task = rig.run("redshift.create_cluster", args).await;
            assert_eq!(task.state, TaskState::Failed);
            assert!(message(&task).contains("has a problem in its network"), "{}", message(&task));
            assert_eq!(message(&task).contains("is being deleted"), asked, "{}", message(&task));
            assert_eq!(count(&redshift, "DeleteCluster"), usize::from(asked));
        }
    }
}

#[tokio::test]
async fn a_cleanup_bears_a_busy_cluster_for_as_long_as_it_may() {
    for deferrable in MODES {
        for (seconds, calls, end) in
            [(300, 3, "the cluster is being deleted"), (0, 1, "could not be deleted within 0 s")]
        {
            let redshift = fake();
            redshift.creates(&["creating"]);
            redshift.fail_call("DeleteCluster", Fault::Busy, false);
            redshift.fail_call("DeleteCluster", Fault::Busy, false);
            let rig = Rig::aws(&redshift.url(), 20);
            let mut args = create(deferrable);
            args["poll_interval"] = 1.into();
            args["max_attempts"] = 2.into();
            args["cleanup_timeout_seconds"] = seconds.into();
            let task = rig.run("redshift.create_cluster", args).await;
            assert_eq!(task.state, TaskState::Failed);
            assert!(message(&task).contains("gave up after 2 attempts"), "{}", message(&task));
            assert!(message(&task).contains(end), "{}", message(&task));
            assert_eq!(count(&redshift, "DeleteCluster"), calls);
        }
    }
}

#[tokio::test]
async fn a_cluster_that_was_there_before_is_neither_taken_nor_deleted() {
    let redshift = fake();
    redshift.cluster("analytics", &["available"]);
    let rig = Rig::aws(&redshift.url(), 1);
    let task = rig.run("redshift.create_cluster", create(true)).await;
    assert_eq!(task.state, TaskState::Failed);
    assert!(message(&task).contains("ClusterAlreadyExists"), "{}", message(&task));
    assert_eq!(count(&redshift, "DeleteCluster"), 0);
}

#[tokio::test]
async fn a_creation_whose_reply_was_lost_is_found_again() {
    for deferrable in MODES {
        let redshift = fake();
        redshift.fail_call("CreateCluster", Fault::Reset, true);
        let rig = Rig::aws(&redshift.url(), 20);
        let task = rig.run("redshift.create_cluster", create(deferrable)).await;
        assert_eq!(task.state, TaskState::Success, "{}", message(&task));
        assert_eq!(count(&redshift, "CreateCluster"), 1);
    }
}

#[tokio::test]
async fn after_a_crash_a_creation_is_told_from_an_older_cluster_of_the_name() {
    // 2026-06-01, after the old clusters and before the young ones.
    let details = json!({"cluster_identifier": "analytics", "at": 1_780_272_000_000_u64});
    let redshift = fake();
    redshift.cluster("analytics", &["available"]);
    let rig = Rig::aws(&redshift.url(), 20);
    let task = after_a_crash(&rig, "redshift.create_cluster", create(true), details.clone()).await;
    assert_eq!(task.state, TaskState::Failed);
    assert!(message(&task).contains("ClusterAlreadyExists"), "{}", message(&task));

    let redshift = fake();
    let rig = Rig::aws(&redshift.url(), 20);
    let task = after_a_crash(&rig, "redshift.create_cluster", create(true), details).await;
    assert_eq!(task.state, TaskState::Success, "{}", message(&task));
    assert_eq!(count(&redshift, "CreateCluster"), 1, "it had not been made");
}

#[tokio::test]
async fn a_cluster_is_paused_and_resumed() {
    for deferrable in MODES {
        let redshift = fake();
        redshift.cluster("analytics", &["available"]);
        redshift.fail_poll(3, Fault::Throttle);
        let rig = Rig::aws(&redshift.url(), 20);
        for (operator, action) in [
            ("redshift.pause_cluster", "PauseCluster"),
            ("redshift.resume_cluster", "ResumeCluster"),
        ] {
            let args = quick(json!({"cluster_identifier": "analytics"}), deferrable);
            let task = rig.run(operator, args).await;
            assert_eq!(task.state, TaskState::Success, "{operator}: {}", message(&task));
            assert_eq!(rig.deferrals(task.id), usize::from(deferrable));
            assert_eq!(count(&redshift, action), 1);
        }
    }
}

#[tokio::test]
async fn a_busy_cluster_is_asked_again_from_a_trigger() {
    for deferrable in MODES {
        for (operator, action) in [
            ("redshift.pause_cluster", "PauseCluster"),
            ("redshift.delete_cluster", "DeleteCluster"),
        ] {
            let redshift = fake();
            redshift.cluster("analytics", &["available"]);
            redshift.fail_call(action, Fault::Busy, false);
            redshift.fail_call(action, Fault::Throttle, false);
            let rig = Rig::aws(&redshift.url(), 20);
            let mut args = quick(json!({"cluster_identifier": "analytics"}), deferrable);
            args["poll_interval"] = 5.into();
            let task = rig.run(operator, args).await;
            assert_eq!(task.state, TaskState::Success, "{operator}: {}", message(&task));
            assert_eq!(rig.deferrals(task.id), 2 + usize::from(deferrable));
            assert_eq!(count(&redshift, action), 3);
        }
    }
}

#[tokio::test]
async fn a_cluster_that_cannot_get_there_is_a_failure_at_once() {
    for deferrable in MODES {
        let redshift = fake();
        redshift.cluster("analytics", &["deleting"]);
        let rig = Rig::aws(&redshift.url(), 1);
        for operator in ["redshift.pause_cluster", "redshift.resume_cluster"] {
            for (cluster, why) in [("analytics", "is deleting"), ("other", "there is no cluster")] {
                let args = quick(json!({"cluster_identifier": cluster}), deferrable);
                let task = rig.run(operator, args).await;
                assert_eq!(task.state, TaskState::Failed);
                assert!(message(&task).contains(why), "{operator}: {}", message(&task));
            }
        }
        assert_eq!(count(&redshift, "PauseCluster") + count(&redshift, "ResumeCluster"), 0);
    }
}

#[tokio::test]
async fn a_cluster_is_deleted_and_waited_for() {
    for deferrable in MODES {
        let redshift = fake();
        redshift.cluster("analytics", &["available"]);
        let rig = Rig::aws(&redshift.url(), 1);
        let mut args = quick(json!({"cluster_identifier": "analytics"}), deferrable);
        args["skip_final_cluster_snapshot"] = false.into();
        args["final_cluster_snapshot_identifier"] = "last".into();
        let task = rig.run("redshift.delete_cluster", args).await;
        assert_eq!(task.state, TaskState::Success, "{}", message(&task));
        assert_eq!(rig.deferrals(task.id), usize::from(deferrable));
        let call = &redshift.calls("DeleteCluster")[0];
        assert_eq!(call["SkipFinalClusterSnapshot"], "false");
        assert_eq!(call["FinalClusterSnapshotIdentifier"], "last");
    }
}

#[tokio::test]
async fn a_deletion_is_not_waited_for_where_that_is_not_asked_for() {
    for deferrable in MODES {
        let redshift = fake();
        redshift.cluster("analytics", &["available"]);
        let rig = Rig::aws(&redshift.url(), 1);
        let mut args = quick(json!({"cluster_identifier": "analytics"}), deferrable);
        args["wait_for_completion"] = false.into();
        let task = rig.run("redshift.delete_cluster", args).await;
        assert_eq!(task.state, TaskState::Success, "{}", message(&task));
        assert_eq!(redshift.actions(), ["DescribeClusters", "DeleteCluster"]);
    }
}

#[tokio::test]
async fn a_cluster_that_others_delete_is_waited_for_and_one_that_never_was_is_a_failure() {
    for deferrable in MODES {
        let redshift = fake();
        redshift.cluster("analytics", &["available"]);
        let rig = Rig::aws(&redshift.url(), 1);
        let args = |cluster: &str| quick(json!({"cluster_identifier": cluster}), deferrable);
        let mut first = args("analytics");
        first["wait_for_completion"] = false.into();
        rig.run("redshift.delete_cluster", first).await;
        let task = rig.run("redshift.delete_cluster", args("analytics")).await;
        assert_eq!(task.state, TaskState::Success, "{}", message(&task));
        assert_eq!(count(&redshift, "DeleteCluster"), 1);
        let task = rig.run("redshift.delete_cluster", args("other")).await;
        assert_eq!(task.state, TaskState::Failed);
        assert!(message(&task).contains("there is no cluster other"), "{}", message(&task));
    }
}

#[tokio::test]
async fn a_deletion_whose_reply_was_lost_is_sent_once() {
    for deferrable in MODES {
        let redshift = fake();
        redshift.cluster("analytics", &["available"]);
        redshift.fail_call("DeleteCluster", Fault::Reset, true);
        let rig = Rig::aws(&redshift.url(), 20);
        let args = quick(json!({"cluster_identifier": "analytics"}), deferrable);
        let task = rig.run("redshift.delete_cluster", args).await;
        assert_eq!(task.state, TaskState::Success, "{}", message(&task));
        assert_eq!(count(&redshift, "DeleteCluster"), 1);
    }
}

#[tokio::test]
async fn after_a_crash_a_cluster_that_is_gone_was_deleted() {
    let redshift = fake();
    let rig = Rig::aws(&redshift.url(), 20);
    let args = quick(json!({"cluster_identifier": "analytics"}), true);
    let details = json!({"cluster_identifier": "analytics"});
    let task = after_a_crash(&rig, "redshift.delete_cluster", args, details).await;
    assert_eq!(task.state, TaskState::Success, "{}", message(&task));
    assert_eq!(count(&redshift, "DeleteCluster"), 0);
}

#[tokio::test]
async fn what_a_task_has_made_is_undone_if_that_is_asked_for() {
    for (operator, args, undo, expected) in [
        (
            "redshift.create_cluster",
            create(true),
            "DeleteCluster",
            Some(("SkipFinalClusterSnapshot", "true")),
        ),
        (
            "redshift.create_cluster_snapshot",
            snapshot(true),
            "DeleteClusterSnapshot",
            Some(("SnapshotClusterIdentifier", "warehouse")),
        ),
        ("redshift.cluster_sensor", sensor("paused", true), "DeleteCluster", None),
    ] {
        let redshift = fake();
        redshift.cluster("warehouse", &["available"]);
        redshift.creates(&["creating"]);
        if expected.is_none() {
            redshift.cluster("analytics", &["modifying"]);
        }
        let rig = Rig::aws(&redshift.url(), 1);
        let id = rig.submit(operator, &args, 0);
        rig.drain_and_undo(id).await;
        assert_eq!(rig.task(id).state, TaskState::Cancelled);
        let calls = redshift.calls(undo);
        assert_eq!(calls.len(), usize::from(expected.is_some()), "{operator}");
        if let Some((name, value)) = expected {
            assert_eq!(calls[0][name], value);
        }
    }
}

fn snapshot(deferrable: bool) -> Value {
    let args = json!({"snapshot_identifier": "nightly", "cluster_identifier": "warehouse"});
    quick(args, deferrable)
}

#[tokio::test]
async fn the_snapshot_that_was_made_is_the_one_waited_for() {
    for deferrable in MODES {
        let redshift = fake();
        redshift.cluster("warehouse", &["available"]);
        redshift.snapshot("old", "warehouse", &["failed"]);
        redshift.snapshot("parallel", "warehouse", &["creating"]);
        let rig = Rig::aws(&redshift.url(), 1);
        let task = rig.run("redshift.create_cluster_snapshot", snapshot(deferrable)).await;
        assert_eq!(task.state, TaskState::Success, "{}", message(&task));
        assert_eq!(rig.deferrals(task.id), usize::from(deferrable));
        let call = &redshift.calls("CreateClusterSnapshot")[0];
        assert_eq!(call["ManualSnapshotRetentionPeriod"], "-1");
        for poll in redshift.calls("DescribeClusterSnapshots") {
            assert_eq!(poll["SnapshotIdentifier"], "nightly");
            assert_eq!(poll["ClusterIdentifier"], "warehouse");
        }
    }
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_taken_is_a_failure_that_says_why() {
    for deferrable in MODES {
        for (status, why) in [
            (Some("paused"), "cluster warehouse is paused"),
            (None, "cluster warehouse does not exist"),
        ] {
            let redshift = fake();
            if let Some(status) = status {
                redshift.cluster("warehouse", &[status]);
            }
            let rig = Rig::aws(&redshift.url(), 1);
            let task = rig.run("redshift.create_cluster_snapshot", snapshot(deferrable)).await;
            assert_eq!(task.state, TaskState::Failed);
            assert!(message(&task).contains(why), "{}", message(&task));
            assert_eq!(count(&redshift, "CreateClusterSnapshot"), 0);
        }
        let redshift = fake();
        redshift.cluster("warehouse", &["available"]);
        redshift.creates(&["creating", "failed"]);
        let rig = Rig::aws(&redshift.url(), 1);
        let task = rig.run("redshift.create_cluster_snapshot", snapshot(deferrable)).await;
        assert_eq!(task.state, TaskState::Failed);
        let why = "snapshot nightly could not be taken";
        assert!(message(&task).contains(why), "{}", message(&task));
    }
}

#[tokio::test]
async fn a_snapshot_whose_reply_was_lost_is_taken_once() {
    let redshift = fake();
    redshift.cluster("warehouse", &["available"]);
    redshift.fail_call("CreateClusterSnapshot", Fault::Reset, true);
    let rig = Rig::aws(&redshift.url(), 20);
    let task = rig.run("redshift.create_cluster_snapshot", snapshot(true)).await;
    assert_eq!(task.state, TaskState::Success, "{}", message(&task));
    assert_eq!(count(&redshift, "CreateClusterSnapshot"), 1);
}

#[tokio::test]
async fn a_snapshot_is_deleted_and_waited_for() {
    for deferrable in MODES {
        let redshift = fake();
        redshift.snapshot("nightly", "warehouse", &["available"]);
        redshift.fail_call("DeleteClusterSnapshot", Fault::Throttle, false);
        let rig = Rig::aws(&redshift.url(), 20);
        let task = rig.run("redshift.delete_cluster_snapshot", snapshot(deferrable)).await;
        assert_eq!(task.state, TaskState::Success, "{}", message(&task));
        assert_eq!(rig.deferrals(task.id), 1 + usize::from(deferrable));
        assert_eq!(count(&redshift, "DeleteClusterSnapshot"), 2);
        let task = rig.run("redshift.delete_cluster_snapshot", snapshot(deferrable)).await;
        assert_eq!(task.state, TaskState::Failed);
        assert!(message(&task).contains("ClusterSnapshotNotFound"), "{}", message(&task));
    }
}

fn sensor(status: &str, deferrable: bool) -> Value {
    json!({
        "cluster_identifier": "analytics", "target_status": status, "poke_interval": 0.02,
        "deferrable": deferrable,
    })
}

#[tokio::test]
async fn a_sensor_waits_for_what_others_do() {
    for deferrable in MODES {
        for (states, status) in [
            (&["modifying", "pausing", "paused"][..], "paused"),
            (&["creating", "available"], "available"),
            (&["final-snapshot", "deleting"], "deleting"),
        ] {
            let redshift = fake();
            redshift.cluster("analytics", states);
            redshift.fail_poll(1, Fault::Throttle);
            let rig = Rig::aws(&redshift.url(), 20);
            let task = rig.run("redshift.cluster_sensor", sensor(status, deferrable)).await;
            assert_eq!(task.state, TaskState::Success, "{status}: {}", message(&task));
            assert_eq!(rig.deferrals(task.id), usize::from(deferrable));
        }
        let redshift = fake();
        let rig = Rig::aws(&redshift.url(), 1);
        let args = sensor("cluster_not_found", deferrable);
        let task = rig.run("redshift.cluster_sensor", args).await;
        assert_eq!(task.state, TaskState::Success, "{}", message(&task));
    }
}

#[tokio::test]
async fn a_sensor_fails_at_once_where_the_status_cannot_be_reached() {
    for deferrable in MODES {
        for (status, why) in [
            ("deleting", "cluster analytics is deleting"),
            ("final-snapshot", "cluster analytics is in final-snapshot"),
            ("hardware-failure", "cluster analytics is hardware-failure"),
        ] {
            let redshift = fake();
            redshift.cluster("analytics", &[status]);
            let rig = Rig::aws(&redshift.url(), 1);
            let task = rig.run("redshift.cluster_sensor", sensor("paused", deferrable)).await;
            assert_eq!(task.state, TaskState::Failed);
            assert!(message(&task).contains(why), "{}", message(&task));
            let mut args = sensor("paused", deferrable);
            args["soft_fail"] = true.into();
            let task = rig.run("redshift.cluster_sensor", args).await;
            assert_eq!(task.state, TaskState::Failed);
            assert!(message(&task).contains(why), "{}", message(&task));
        }
    }
}

#[tokio::test]
async fn a_sensor_has_a_time_out() {
    for deferrable in MODES {
        let redshift = fake();
        redshift.cluster("analytics", &["modifying"]);
        let rig = Rig::aws(&redshift.url(), 20);
        let mut args = sensor("paused", deferrable);
        args["timeout"] = 20.into();
        args["poke_interval"] = 5.into();
        let task = rig.run("redshift.cluster_sensor", args).await;
        assert_eq!(task.state, TaskState::Failed);
        assert!(message(&task).contains("timed out"), "{}", message(&task));
        assert!(redshift.actions().len() <= 6);
    }
}

#[tokio::test]
async fn soft_fail_skips_what_did_not_come_in_time_and_nothing_else() {
    for deferrable in MODES {
        let redshift = fake();
        redshift.cluster("analytics", &["modifying"]);
        let rig = Rig::aws(&redshift.url(), 20);
        let mut args = sensor("paused", deferrable);
        args["timeout"] = 20.into();
        args["poke_interval"] = 5.into();
        args["soft_fail"] = true.into();
        let task = rig.run("redshift.cluster_sensor", args.clone()).await;
        assert_eq!(task.state, TaskState::Skipped, "{}", message(&task));
        let redshift = fake();
        redshift.cluster("analytics", &["modifying"]);
        redshift.fail_poll(1, Fault::Deny);
        let rig = Rig::aws(&redshift.url(), 20);
        args["timeout"] = 604_800.into();
        let task = rig.run("redshift.cluster_sensor", args).await;
        assert_eq!(task.state, TaskState::Failed, "{}", message(&task));
        assert_eq!(task.failure, Some(FailureKind::Refused));
    }
}

#[test]
fn what_cannot_be_meant_is_refused_before_the_task_is_accepted() {
    let rig = Rig::aws("http://127.0.0.1:9", 1);
    let with = |mut args: Value, name: &str, value: Value| {
        args[name] = value;
        args
    };
    let cluster = || json!({"cluster_identifier": "analytics"});
    let snapshot = json!({"cluster_identifier": "analytics", "snapshot_identifier": "nightly"});
    for (operator, args, why) in [
        (
            "redshift.create_cluster",
            with(create(true), "master_user_password", "hunter2".into()),
            "a secret must be given as a reference",
        ),
        (
            "redshift.create_cluster",
            with(create(true), "cluster_type", "big".into()),
            "single-node",
        ),
        ("redshift.create_cluster", with(create(true), "number_of_nodes", 0.into()), "at least 1"),
        ("redshift.create_cluster", with(create(true), "encrpted", true.into()), "encrypted"),
        (
            "redshift.delete_cluster",
            with(cluster(), "skip_final_cluster_snapshot", false.into()),
            "final_cluster_snapshot_identifier is needed",
        ),
        (
            "redshift.delete_cluster",
            with(cluster(), "final_cluster_snapshot_identifier", "x".into()),
            "needs skip_final_cluster_snapshot to be false",
        ),
        (
            "redshift.create_cluster_snapshot",
            with(snapshot, "retention_period", 0.into()),
            "1 to 3653",
        ),
        ("redshift.cluster_sensor", sensor("avaliable", true), "did you mean `available`?"),
        ("redshift.cluster_sensor", with(cluster(), "poke_interval", 0.into()), "poke_interval"),
        ("redshift.pause_cluster", with(cluster(), "poll_interval", 0.into()), "poll_interval"),
    ] {
        let refusal = rig.refusal(operator, &args);
        assert!(refusal.contains(why), "{operator}: {refusal}");
        assert!(!refusal.contains("hunter2"), "{refusal}");
    }
}
