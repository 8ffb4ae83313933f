//! What the commands for tasks refuse, and what they say then.

use serde_json::json;

use super::process::Maitred;

/// Runs a command that has to be refused as bad usage; gives what it says.
async fn refused(maitred: &Maitred, args: &[&str], input: &str) -> String {
    let ran = maitred.run_with_input(args, input).await;
    assert_eq!(ran.code, Some(2), "{args:?}: {}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.is_empty(), "{args:?}: {}", ran.stdout);
    ran.stderr
}

#[tokio::test]
async fn a_broken_maitred_toml_stops_every_command_that_reads_it() {
    let commands: [&[&str]; 14] = [
        &["wait", "redshift", "cluster_available", "--cluster-identifier", "a", "--once"],
        &["list"],
        &["explain", "redshift", "cluster_available"],
        &["lint"],
        &["test"],
        &["connections", "list"],
        &["run", "http.request", "--args", "{\"endpoint\": \"http://127.0.0.1:9/\"}"],
        &["triggerer", "--until-idle"],
        &["triggerer", "--check"],
        &["tasks", "submit", "http.request", "--args", "{\"endpoint\": \"http://127.0.0.1:9/\"}"],
        &["tasks", "list"],
        &["tasks", "list", "--store", "other.sqlite"],
        &["tasks", "show", "1"],
        &["tasks", "prune"],
    ];
    for (text, help) in [("stor = 'mine.sqlite'", "did you mean `store`?"), ("store = [", "")] {
        let maitred = Maitred::new().file("maitred.toml", text);
        for command in commands {
            let said = refused(&maitred, command, "").await;
            for words in ["maitred.toml", "line 1", help] {
                assert!(said.contains(words), "{command:?}: {words}: {said}");
            }
        }
        assert_eq!(maitred.run(&["wait", "--help"]).await.code, Some(0));
    }
}

#[tokio::test]
async fn only_a_submission_makes_a_store() {
    let maitred = Maitred::new();
    let commands: [&[&str]; 8] = [
        &["list"],
        &["show", "1"],
        &["watch", "1"],
        &["logs", "1"],
        &["cancel", "1"],
        &["retry", "1"],
        &["settle", "1", "--not-made"],
        &["prune"],
    ];
    for command in commands {
        let command = [&["tasks"], command, &["--store", "typo.sqlite"]].concat();
        let said = refused(&maitred, &command, "").await;
        assert!(said.contains("there is no store typo.sqlite"), "{command:?}: {said}");
        assert!(said.contains("tasks submit"), "{command:?}: {said}");
    }
    let args = json!({"endpoint": "http://127.0.0.1:9/"}).to_string();
    let submit = ["tasks", "submit", "http.request", "--args", &args, "--store"];
    let said = refused(&maitred, &[&submit[..], &["folder/tasks.sqlite"]].concat(), "").await;
    assert!(said.contains("there is no folder folder"), "{said}");
    assert_eq!(maitred.run(&[&submit[..], &["tasks.sqlite"]].concat()).await.code, Some(0));
    let listed = maitred.run(&["tasks", "list", "--store", "tasks.sqlite"]).await;
    assert_eq!(listed.stdout.lines().count(), 1, "{}", listed.stdout);
}

#[tokio::test]
async fn what_cannot_be_submitted_leaves_nothing_behind() {
    let maitred = Maitred::new().file("empty.json", " \n");
    let request = |args: &'static str| ["tasks", "submit", "http.request", "--args", args];
    let good = "{\"endpoint\": \"http://127.0.0.1:9/\"}";
    let hook = [&request(good)[..], &["--on-failure-webhook", "nonsense"]].concat();
    let retries = [&request(good)[..], &["--retries", "x"]].concat();
    let path = "{\"endpoint\": \"/jobs/7\"}";
    let no_url = "the endpoint is not a whole URL, and the connection http_default has no host";
    let wait = "{\"service\": \"http\", \"waiter\": \"up\", \"input\": {\"endpoint\": \"jobs/7\"}}";
    let cases: [(&[&str], &[&str]); 18] = [
        (&["tasks", "submit", "redshift.pause_clustr"], &["redshift.pause_cluster"]),
        (&["tasks", "submit"], &["<OPERATOR>"]),
        (&request("{"), &["--args is not JSON"]),
        (&request("[]"), &["--args is JSON, but no object"]),
        (&request("endpoint=x"), &["--args is not JSON"]),
        (&request("@missing.json"), &["missing.json cannot be read"]),
        (&request("@empty.json"), &["empty.json is empty"]),
        (&request("-"), &["standard input is empty"]),
        (&request("{\"endpont\": \"x\"}"), &["endpont"]),
        (&request("{\"endpoint\": 5}"), &["endpoint: ", "expected a string"]),
        (&request("{}"), &["http_default has no host"]),
        (&["tasks", "submit", "http.sensor"], &["http_default has no host"]),
        (&["run", "http.sensor"], &["http_default has no host"]),
        (&request(path), &["http.request: ", no_url, "help: give a whole URL"]),
        (&["run", "http.sensor", "--args", path], &["http.sensor: ", no_url]),
        (&["run", "maitred.wait", "--args", wait], &["maitred.wait: ", no_url]),
        (&hook, &["`nonsense`, is not an http or https URL"]),
        (&retries, &["give a number of further tries"]),
    ];
    for (args, words) in cases {
        let said = refused(&maitred, args, "").await;
        for words in words {
            assert!(said.contains(words), "{args:?}: {words}: {said}");
        }
        assert!(!said.contains("shorthand"), "{args:?}: {said}");
    }
    let said = refused(&maitred, &["tasks", "list"], "").await;
    assert!(said.contains("there is no store"), "{said}");
}

#[tokio::test]
async fn a_wrong_line_is_named_and_nothing_is_submitted() {
    let maitred = Maitred::new();
    let good =
        r#"{"operator": "http.request", "args": {"endpoint": "http://127.0.0.1:9/"}, "key": "a"}"#;
    for (line, words) in [
        ("{", "line 2: EOF"),
        (r#"{"operator": "http.requests"}"#, "line 2: this program knows no operator"),
        (r#"{"operator": "http.request", "args": {"endpoint": 5}}"#, "line 2: the arguments"),
        (
            r#"{"operator": "http.request"}"#,
            "line 2: http.request: the endpoint is not a whole URL",
        ),
        (
            r#"{"operator": "http.request", "retry_delay": -1}"#,
            "line 2: -1 is not a valid number of seconds",
        ),
        (r#"{"operator": "http.request", "retrys": 1}"#, "line 2: unknown field `retrys`"),
        (good, "lines 1, 2 have the same key `a`"),
    ] {
        let said =
            refused(&maitred, &["tasks", "submit", "--from", "-"], &format!("{good}\n{line}\n"))
                .await;
        assert!(said.contains(words), "{line}: {said}");
        assert!(said.contains("nothing was submitted"), "{line}: {said}");
    }
    let said = refused(&maitred, &["tasks", "submit", "--from", "-"], "\n").await;
    assert!(said.contains("nothing was submitted"), "{said}");
}

#[tokio::test]
async fn an_unknown_connection_is_warned_of() {
    let args = json!({"cluster_identifier": "analytics", "aws_conn_id": "warehous"}).to_string();
    let submit = ["tasks", "submit", "redshift.pause_cluster", "--args", &args];
    let ran = Maitred::new().run(&submit).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("warning: the connection warehous is not defined"),
        "{}",
        ran.stderr
    );
    let defined = Maitred::new().variable("MAITRED_CONN_WAREHOUS", "aws://");
    let ran = defined.run(&submit).await;
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
}

#[tokio::test]
async fn an_unknown_state_is_told_with_those_there_are() {
    let maitred = Maitred::new();
    let said = refused(&maitred, &["tasks", "list", "--state", "faild"], "").await;
    assert!(said.contains("did you mean `failed`?"), "{said}");
    let said = refused(&maitred, &["tasks", "list", "--state", "zzz"], "").await;
    assert!(said.contains("queued, running, deferred"), "{said}");
}

#[tokio::test]
async fn a_test_whose_waiter_is_not_found_is_no_success() {
    let maitred = Maitred::new().file("tests/waiters/acme/thing_done/first.json", "{}");
    let ran = maitred.run(&["test"]).await;
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    assert!(!ran.stdout.contains("all ok"), "{}", ran.stdout);
    for words in ["FAILED", "1 waiter not found", "--waiters"] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
}
