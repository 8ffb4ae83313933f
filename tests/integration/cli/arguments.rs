//! Parameters are taken as the AWS CLI takes them, and checked before anything is sent.

use serde_json::json;

use super::process::{Maitred, Ran};
use crate::support::loopback::{Loopback, Reply};

async fn dry_run(args: &[&str]) -> Ran {
    let more = ["--dry-run", "--region", "eu-west-1", "--output", "json"];
    Maitred::new().run(&[&["wait", "redshift"], args, &more].concat()).await
}

async fn input(args: &[&str]) -> serde_json::Value {
    let ran = dry_run(args).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.json()["input"].clone()
}

#[tokio::test]
async fn flags_become_the_input() {
    let cluster = ["cluster_paused", "--cluster-identifier", "analytics"];
    assert_eq!(input(&cluster).await, json!({"ClusterIdentifier": "analytics"}));
    let lists = ["--tag-keys", "a", "b", "--tag-values", "[\"c\"]", "--max-records=20"];
    assert_eq!(
        input(&[&cluster[..], &lists].concat()).await,
        json!({
            "ClusterIdentifier": "analytics", "MaxRecords": 20,
            "TagKeys": ["a", "b"], "TagValues": ["c"],
        })
    );
    let by_name = ["ClusterPaused", "--param", "ClusterIdentifier=a", "--param", "max-records=20"];
    assert_eq!(input(&by_name).await, json!({"ClusterIdentifier": "a", "MaxRecords": 20}));
}

#[tokio::test]
async fn a_number_that_cannot_be_read_is_told_what_is_expected() {
    let commands: [(&[&str], &str); 9] = [
        (&["wait", "redshift", "cluster_paused", "--max-attempts"], "a whole number from 1"),
        (&["wait", "http", "up", "--for-each", "url=a", "--need"], "a number from 1"),
        (&["new", "redshift", "describe-clusters", "--max-attempts"], "a whole number from 1"),
        (&["test", "--min-coverage"], "from 0 to 100"),
        (&["triggerer", "--capacity"], "a whole number from 1"),
        (&["triggerer", "--workers"], "a whole number from 1"),
        (&["triggerer", "--polls"], "a whole number from 1"),
        (&["tasks", "list", "--limit"], "a whole number from 0"),
        (&["tasks", "submit", "http.sensor", "--retries"], "a number of further tries"),
    ];
    for (command, words) in commands {
        for number in ["x", "-1", "1.5"] {
            let ran = Maitred::new().run(&[command, &[number]].concat()).await;
            assert_eq!(ran.code, Some(2), "{command:?} {number}: {}", ran.stderr);
            assert!(ran.stderr.contains(words), "{command:?} {number}: {}", ran.stderr);
            assert!(!ran.stderr.contains("digit"), "{command:?} {number}: {}", ran.stderr);
        }
    }
}

#[tokio::test]
async fn structures_and_switches_are_read() {
    let args = ["describe-cluster-snapshots", "--until", "Snapshots", "--cluster-exists"];
    let sorting = ["--sorting-entities", "Attribute=CREATE_TIME,SortOrder=DESC"];
    let sorted = json!([{"Attribute": "CREATE_TIME", "SortOrder": "DESC"}]);
    assert_eq!(
        input(&[&args[..], &sorting].concat()).await,
        json!({"ClusterExists": true, "SortingEntities": sorted})
    );
    for spelling in ["--no-cluster-exists", "--cluster-exists=false"] {
        let args = ["describe-cluster-snapshots", "--until", "Snapshots", spelling];
        assert_eq!(input(&args).await, json!({"ClusterExists": false}), "{spelling}");
    }
}

#[tokio::test]
async fn flags_go_before_the_whole_input() {
    let maitred =
        Maitred::new().file("input.json", r#"{"ClusterIdentifier": "a", "MaxRecords": 20}"#);
    let ran = maitred
        .run(&[
            "wait",
            "redshift",
            "cluster_paused",
            "--cli-input-json",
            "file://input.json",
            "--cluster-identifier",
            "b",
            "--dry-run",
            "--region",
            "eu-west-1",
            "--output",
            "json",
        ])
        .await;
    assert_eq!(ran.json()["input"], json!({"ClusterIdentifier": "b", "MaxRecords": 20}));
}

#[tokio::test]
async fn everything_that_is_wrong_is_named_at_once() {
    let ran = dry_run(&[
        "cluster_paused",
        "--cluster-identifer",
        "a",
        "--max-records",
        "many",
        "--regoin",
        "b",
        "--param",
        "Nonsense=1",
        "--until",
        "a ==",
    ])
    .await;
    assert_eq!(ran.code, Some(2));
    insta::assert_snapshot!(ran.stderr, @"
    error: `maitred wait redshift cluster_paused` cannot start:
      --cluster-identifer is neither a parameter of DescribeClusters nor an option (did you mean `--cluster-identifier`?)
      --regoin is neither a parameter of DescribeClusters nor an option (did you mean `--region`?)
      --max-records must be of type integer, but is a string
      Nonsense is not a member of DescribeClusters (members: ClusterIdentifier, MaxRecords, Marker, TagKeys, TagValues)
      `a ==` does not compile: expected a value where the expression ends (the language is described at https://jmespath.org/tutorial.html)
    help: `maitred wait redshift cluster_paused --help` lists what it takes
    ");
}

#[tokio::test]
async fn a_value_without_a_flag_is_explained() {
    let ran = dry_run(&["cluster_paused", "analytics"]).await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("help: e.g. --cluster-identifier analytics"), "{}", ran.stderr);
}

#[tokio::test]
async fn missing_parameters_are_named() {
    let ran = dry_run(&["describe-logging-status", "--until", "LoggingEnabled"]).await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--cluster-identifier is required (string)"), "{}", ran.stderr);
}

#[tokio::test]
async fn unknown_names_get_a_suggestion() {
    for (args, expected) in [
        (vec!["redshift", "cluster_pausd"], "did you mean `cluster_paused`?"),
        (vec!["redshift", "describe-cluster"], "did you mean the operation `describe-clusters`?"),
        (vec!["redshfit", "cluster_paused"], "did you mean `redshift`?"),
        (vec!["http", "nothing-like-it"], "it has gone, json_field, up"),
    ] {
        let ran = Maitred::new().run(&[&["wait"], &args[..]].concat()).await;
        assert_eq!(ran.code, Some(2), "{args:?}");
        assert!(ran.stderr.contains(expected), "{args:?}: {}", ran.stderr);
    }
}

#[tokio::test]
async fn an_operation_alone_does_not_say_what_to_wait_for() {
    let ran = dry_run(&["describe-clusters"]).await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("add --until EXPR"), "{}", ran.stderr);
}

#[tokio::test]
async fn slips_of_the_pen_are_explained() {
    let file = r#"{"version": 2, "waiters": {"done": {"operation": "GET", "delay": 1, "maxAttempts": 1,
        "parameters": {"JOB_ID": {}}, "input": {"url": "http://127.0.0.1:9/{{JOB_ID}}"},
        "acceptors": [{"state": "success", "matcher": "status", "expected": 200}]}}}"#;
    let maitred = Maitred::new().file("waiters/http.json", file).file("jobs.json", file);
    let get = ["http", "get", "--url", "http://127.0.0.1:9/"];
    for (args, expected) in [
        ([&get[..], &["--fail-if", "a"]].concat(), "--fail-if alone does not say"),
        ([&get[..], &["--until", "a", "--timeout", "-1"]].concat(), "`-1` is not a duration"),
        ([&get[..], &["--until", "a", "--delay", "-0.5"]].concat(), "`-0.5` is not a duration"),
        ([&get[..], &["--until", "a", "--max-attempts", "-1"]].concat(), "invalid value '-1'"),
        (vec!["http", "done", "--job-id", "7"], "--parameter JOB_ID=VALUE"),
        (vec!["http", "done", "--JOB_ID=7"], "--parameter JOB_ID=VALUE"),
        (vec!["jobs", "done", "--waiters", "jobs.json"], r#"add "service": "http""#),
        (vec!["redshift", "done", "--waiters", "jobs.json"], r#"add "service": "http""#),
    ] {
        let ran = maitred.run(&[&["wait"], &args[..]].concat()).await;
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{args:?}: {}", ran.stderr);
    }
}

#[tokio::test]
async fn a_poll_is_a_read_unless_both_sides_say_otherwise() {
    let pause = ["pause-cluster", "--cluster-identifier", "a", "--until", "Cluster"];
    let ran = dry_run(&pause).await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("give --allow-mutating"), "{}", ran.stderr);
    assert_eq!(dry_run(&[&pause[..], &["--allow-mutating"]].concat()).await.code, Some(0));

    let file = |mutating: &str| {
        format!(
            r#"{{"version": 2, "waiters": {{"touched": {{"operation": "POST", {mutating} "delay": 1, "maxAttempts": 1,
            "acceptors": [{{"state": "success", "matcher": "status", "expected": 200}}]}}}}}}"#
        )
    };
    for (mutating, flags, code) in [
        ("", vec!["--allow-mutating"], 2),
        (r#""mutating": true,"#, vec![], 2),
        (r#""mutating": true,"#, vec!["--allow-mutating"], 0),
    ] {
        let maitred = Maitred::new().file("waiters/http.json", &file(mutating));
        let args = ["wait", "http", "touched", "--url", "http://127.0.0.1:9/", "--dry-run"];
        let ran = maitred.run(&[&args[..], &flags].concat()).await;
        assert_eq!(ran.code, Some(code), "{mutating} {flags:?}: {}", ran.stderr);
    }
}

#[tokio::test]
async fn the_operations_parameter_wins_over_our_option() {
    let args = ["call", "redshift", "create-snapshot-schedule", "--dry-run", "--wait-dry-run"];
    let ran = Maitred::new().run(&[&args[..], &["--region", "eu-west-1"]].concat()).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("\"DryRun\": true"), "{}", ran.stdout);
}

#[tokio::test]
async fn a_dry_run_sends_nothing_and_shows_no_secret() {
    let server = Loopback::start(|_| Reply::text(200, "ok"));
    let url = server.url("/job?token=hunter2");
    let ran = Maitred::new()
        .run(&[
            "wait",
            "http",
            "up",
            "--url",
            &url,
            "--header",
            "Authorization: hunter2",
            "--dry-run",
        ])
        .await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("/job?…"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("hunter2"), "{}", ran.stdout);
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn headers_are_sent_as_they_are_given() {
    let server = Loopback::start(|_| Reply::text(200, "ok"));
    let url = server.url("/");
    let headers = ["--header", "X-One: 1", "--headers", "X-Two=2"];
    let args = ["wait", "http", "up", "--url", &url];
    let ran = Maitred::new().run(&[&args[..], &headers].concat()).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let request = &server.requests()[0];
    assert_eq!((request.header("x-one"), request.header("x-two")), (Some("1"), Some("2")));
}

#[tokio::test]
async fn conditions_may_come_from_a_file() {
    let server = Loopback::start(|_| Reply::json(200, r#"{"state": "ready"}"#));
    let maitred = Maitred::new().file("ready.jmespath", "Body.state == 'ready'\n");
    let url = server.url("/");
    let ran =
        maitred.run(&["wait", "http", "get", "--url", &url, "--until", "@ready.jmespath"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[tokio::test]
async fn waiter_files_are_found_by_variable_and_folder() {
    let file = r#"{"version": 2, "waiters": {"answered": {"operation": "GET", "delay": 1, "maxAttempts": 1,
        "acceptors": [{"state": "success", "matcher": "status", "expected": 200}]}}}"#;
    let server = Loopback::start(|_| Reply::text(200, "ok"));
    let url = server.url("/");
    let args = ["wait", "http", "answered", "--url", &url];
    let local = Maitred::new().file("waiters/http.json", file);
    assert_eq!(local.run(&args).await.code, Some(0));
    let named = Maitred::new()
        .file("mine/http.json", file)
        .file("other/x.json", file)
        .variable("MAITRED_WAITERS", "other:mine");
    let ran = named.run(&args).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("(mine/http.json)"), "{}", ran.stderr);
    let ran = named.run(&[&args[..], &["--waiters", "nowhere"]].concat()).await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("nowhere does not exist"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_profile_that_does_not_exist_is_named() {
    let maitred = Maitred::new().file(".aws/config", "[profile work]\nregion = eu-west-1\n");
    let args = ["wait", "redshift", "cluster_paused", "--dry-run", "--profile"];
    let ran = maitred.run(&[&args[..], &["work"]].concat()).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("eu-west-1") && ran.stdout.contains("profile work"));
    let ran = maitred.run(&[&args[..], &["wrok"]].concat()).await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("there is no profile `wrok`"), "{}", ran.stderr);
}
