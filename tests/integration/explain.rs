//! `maitred explain`: a waiter in words, and a saved reply tried on it.

use serde_json::Value;

use crate::command::{maitred, transcript};

fn explain(args: &[&str], reply: &str) -> String {
    let args = [&["explain", "--waiters", "tests/explain/thing.json", "thing", "job_done"], args];
    transcript(maitred(&args.concat()).write_stdin(reply))
}

/// The last paragraph: what the wait does after `reply`.
fn verdict(reply: &str) -> String {
    let text = explain(&["--reply", "-", "--parameter", "LEAST=100"], reply);
    text.rsplit("\n\n").next().unwrap().trim_end().to_owned()
}

#[test]
fn a_waiter_is_explained_without_values_for_its_parameters() {
    insta::assert_snapshot!("explain_thing", explain(&[], ""));
    insta::assert_snapshot!("explain_thing_strict", explain(&["--strict"], ""));
    insta::assert_snapshot!(
        "explain_shipped",
        transcript(&mut maitred(&["explain", "redshift", "ClusterPaused"]))
    );
    insta::assert_snapshot!("explain_http", transcript(&mut maitred(&["explain", "http", "up"])));
}

#[test]
fn a_reply_shows_what_each_acceptor_saw_and_decided() {
    let reply = r#"{"Job": {"Status": "RUNNING", "Progress": 40,
        "Steps": [{"Name": "load", "Status": "FAILED"}, {"Name": "index", "Status": "DONE"}]}}"#;
    insta::assert_snapshot!(
        "explain_reply",
        explain(&["--reply", "-", "--parameter", "LEAST=100"], reply)
    );
}

#[test]
fn values_stand_in_the_places_of_the_parameters_that_they_are_for() {
    let text = explain(&["--parameter", "LEAST=100", "--parameter", "STATUS=READY"], "");
    for words in ["Job.Status is \"READY\"", "Job.Progress is 100\n"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("{{"), "{text}");
    for (pair, words) in [
        ("LEST=100", "did you mean `LEAST`?"),
        ("X=1", "it has LEAST, STATUS"),
        ("LEAST=many", "`LEAST` must be a number"),
    ] {
        let text = explain(&["--parameter", pair], "");
        assert!(text.contains("exit code: 2") && text.contains(words), "{words}: {text}");
    }
}

#[test]
fn the_verdict_is_that_of_a_wait() {
    let verdicts: Vec<_> = [
        r#"{"Job": {"Status": "DONE"}}"#,
        r#"{"Job": {"Progress": 100}}"#,
        r#"{"Job": {"Status": "RUNNING", "Steps": []}}"#,
        r#"{"Job": {"Status": "RUNNING"}}"#,
        r#"{"Job": {"Steps": [{"Name": "load", "Status": "FAILED"}]}}"#,
        r#"{"Job": {"Status": "RUNNING", "Steps": [1]}, "ResponseMetadata": {"HTTPStatusCode": 202}}"#,
        "{}",
        r#"{"error": {"code": "JobNotFound", "message": "no such job", "status": 404}}"#,
        r#"{"error": {"code": "AccessDenied", "message": "not you"}}"#,
        r#"{"error": {"code": "NotReadyException"}}"#,
        r#"{"error": {"code": "Throttling", "status": 400}}"#,
        r#"{"error": {"code": "ConnectError", "message": "refused"}}"#,
    ]
    .iter()
    .map(|reply| format!("{reply}\n{}\n", verdict(reply)))
    .collect();
    insta::assert_snapshot!("explain_verdicts", verdicts.join("\n"));
}

#[test]
fn the_explanation_for_programs_is_versioned_and_complete() {
    let output =
        maitred(&["explain", "--waiters", "tests/explain/thing.json", "thing", "job-done"])
            .args(["--output", "json", "--reply", "-", "--parameter", "LEAST=100"])
            .write_stdin(r#"{"Job": {"Status": "DONE"}}"#)
            .output()
            .unwrap();
    let explanation: Value = serde_json::from_slice(&output.stdout).unwrap();
    insta::assert_json_snapshot!("explain_json", explanation);
}

#[test]
fn what_cannot_be_explained_is_bad_usage() {
    insta::assert_snapshot!(
        "explain_unknown",
        transcript(&mut maitred(&["explain", "redshift", "cluster_pausd"]))
    );
    insta::assert_snapshot!("explain_parameter", explain(&["--reply", "-"], "{}"));
    insta::assert_snapshot!(
        "explain_not_json",
        explain(&["--reply", "-", "--parameter", "LEAST=1"], "{")
    );
    insta::assert_snapshot!(
        "explain_absent",
        explain(&["--reply", "absent.json", "--parameter", "LEAST=1"], "")
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy("tests/lint/versions.json", folder.path().join("thing.json")).unwrap();
    let mut command = maitred(&["explain", "--waiters", ".", "thing", "ready"]);
    let text = transcript(command.current_dir(folder.path()));
    insta::assert_snapshot!("explain_bad_file", text);
}

#[test]
fn what_a_waiter_takes_from_another_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = r#"{"version": 2, "waiters": {"patient": {
        "extends": "redshift.cluster_paused", "maxAttempts": 500, "allPages": true,
        "baseline": "Clusters[0].ClusterCreateTime", "acceptors": [
            {"state": "retry", "matcher": "error", "expected": "ClusterNotFound"}
        ]
    }, "lost": {"extends": "redshift.cluster_pausd"}}}"#;
    std::fs::write(folder.path().join("redshift.json"), file).unwrap();
    let run = |name| {
        let mut command = maitred(&["explain", "--waiters", ".", "redshift", name]);
        transcript(command.current_dir(folder.path()))
    };
    insta::assert_snapshot!("explain_extends", run("patient"));
    insta::assert_snapshot!("explain_extends_unknown", run("lost"));
}
