//! Tasks, from their submission to their removal, by hand.

use maitred::clock::Timestamp;
use maitred::runtime::{NewTask, SqliteStore, Store as _};
use serde_json::{Value, json};

use super::process::{Maitred, finished, read_until};
use crate::support::loopback::{Loopback, RefusingPort, Reply};
use crate::support::redshift::{FakeRedshift, Fault, Pace};

/// An API with one job, in this state.
fn job(state: &'static str) -> Loopback {
    Loopback::start(move |_| Reply::json(200, &json!({ "state": state }).to_string()))
}

fn sensor(api: &Loopback) -> Value {
    json!({
        "endpoint": api.url("/job"),
        "response_check": {"expression": "Body.state == 'done'"},
        "fail_if": "Body.state == 'failed'",
        "poke_interval": 0.05,
        "deferrable": true,
    })
}

async fn submit(maitred: &Maitred, operator: &str, args: &Value, more: &[&str]) -> String {
    let args = args.to_string();
    let mut command = vec!["tasks", "submit", operator, "--args", &args];
    command.extend(more);
    let ran = maitred.run(&command).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.stdout.trim().to_owned()
}

async fn state(maitred: &Maitred, task: &str) -> String {
    let shown = maitred.run(&["tasks", "show", task, "--output", "json"]).await.json();
    shown["task"]["state"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_task_is_submitted_run_shown_and_pruned() {
    let (maitred, api) = (Maitred::new(), job("done"));
    let id = submit(&maitred, "http.sensor", &sensor(&api), &["--key", "nightly"]).await;
    assert_eq!(state(&maitred, "nightly").await, "queued");

    let ran = maitred.run(&["triggerer", "--until-idle"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let shown = maitred.run(&["tasks", "show", &id]).await.stdout;
    for words in ["success", "deferred", "the trigger fired", "execute_complete"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let listed = maitred.run(&["tasks", "list", "--state", "success"]).await.stdout;
    assert!(listed.contains("http.sensor") && listed.contains("nightly"), "{listed}");

    assert_eq!(maitred.run(&["tasks", "prune"]).await.code, Some(0));
    assert_eq!(maitred.run(&["tasks", "show", &id]).await.code, Some(0), "it ended just now");
    let pruned = maitred.run(&["tasks", "prune", "--older-than", "0s"]).await;
    assert_eq!(pruned.code, Some(0), "{}", pruned.stderr);
    assert_eq!(pruned.stderr, "1 task removed\n");
    let gone = maitred.run(&["tasks", "show", &id]).await;
    assert_eq!(gone.code, Some(2), "{}", gone.stdout);
    assert!(gone.stderr.contains(&id), "{}", gone.stderr);
}

#[tokio::test]
async fn a_run_ends_as_a_wait_would() {
    let endings = [("done", 0, "success"), ("failed", 1, "failed")];
    for (state, code, ended) in endings {
        let (maitred, api) = (Maitred::new(), job(state));
        let args = sensor(&api).to_string();
        let ran = maitred.run(&["run", "http.sensor", "--args", &args, "--output", "json"]).await;
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
        assert_eq!(ran.json()["task"]["state"], ended, "{}", ran.stdout);
        let watched = maitred.run(&["tasks", "watch", "1"]).await;
        assert_eq!(watched.code, Some(code), "{}", watched.stderr);
    }
}

#[tokio::test]
async fn a_run_that_fails_tells_how() {
    let refusing = RefusingPort::reserve();
    let nobody = refusing.url("/job");
    for deferrable in [false, true] {
        let (maitred, api) = (Maitred::new(), job("running"));
        let mut late = sensor(&api);
        late["timeout"] = json!(0.3);
        late["deferrable"] = json!(deferrable);
        let get = json!({"method": "GET", "endpoint": nobody, "retry_limit": 1, "deferrable": deferrable});
        let silent = json!({"endpoint": nobody, "timeout": 0.3, "poke_interval": 0.05, "deferrable": deferrable});
        let cases =
            [("http.sensor", late, 3), ("http.sensor", silent, 5), ("http.request", get, 5)];
        for (operator, args, code) in cases {
            let ran = maitred.run(&["run", operator, "--args", &args.to_string()]).await;
            assert_eq!(ran.code, Some(code), "{operator} {args}: {}", ran.stderr);
        }
        let server = Loopback::start(|_| Reply::text(403, "no"));
        let args = json!({"endpoint": server.url("/job"), "deferrable": deferrable}).to_string();
        let ran = maitred.run(&["run", "http.sensor", "--args", &args]).await;
        assert_eq!(ran.code, Some(4), "{}", ran.stderr);
        let post = json!({"endpoint": nobody}).to_string();
        let ran = maitred.run(&["run", "http.request", "--args", &post]).await;
        assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    }
}

#[tokio::test]
async fn a_redshift_call_that_fails_ends_a_run_as_it_would_end_a_wait() {
    let refusing = RefusingPort::reserve();
    let nobody = || Maitred::with_account().variable("AWS_ENDPOINT_URL", &refusing.url(""));
    let failing = |fault| {
        let redshift = FakeRedshift::start(Pace::Describes(1));
        redshift.fail_poll(1, fault);
        let maitred = Maitred::with_account().variable("AWS_ENDPOINT_URL", &redshift.url());
        (maitred, Some(redshift))
    };
    let no_region = nobody().variable("AWS_REGION", "");
    let no_credentials = Maitred::new()
        .variable("AWS_REGION", "eu-west-1")
        .variable("AWS_ENDPOINT_URL", &refusing.url(""));
    let cases = [
        ((nobody(), None), 5, "DescribeClusters: ConnectError: no connection to http://127.0.0.1:"),
        ((no_credentials, None), 4, "DescribeClusters: NoCredentials: there are no credentials: "),
        ((no_region, None), 4, "NoRegion: there is no region: "),
        (failing(Fault::Deny), 4, "DescribeClusters: AccessDenied: "),
        (failing(Fault::Throttle), 5, "DescribeClusters: Throttling: "),
        (failing(Fault::Reset), 5, "DescribeClusters: ConnectError: "),
    ];
    for ((maitred, _redshift), code, words) in cases {
        let args = json!({"cluster_identifier": "analytics"}).to_string();
        let ran = maitred.run(&["run", "redshift.pause_cluster", "--args", &args]).await;
        assert_eq!(ran.code, Some(code), "{words}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
        assert!(!ran.stderr.contains("DispatchFailure"), "{}", ran.stderr);
    }
}

#[tokio::test]
async fn a_task_whose_secret_is_missing_is_blocked_until_it_is_there() {
    let redshift = FakeRedshift::start(Pace::Describes(1));
    let api = job("done");
    let secret = json!({"$secret": "env:THE_SECRET"});
    let create = json!({
        "cluster_identifier": "analytics",
        "node_type": "ra3.xlplus",
        "master_username": "admin",
        "master_user_password": secret,
    });
    let request = json!({"endpoint": api.url("/job"), "headers": {"X-Token": secret}});
    for (operator, args) in [("redshift.create_cluster", create), ("http.request", request)] {
        let maitred = Maitred::with_account().variable("AWS_ENDPOINT_URL", &redshift.url());
        let ran = maitred.run(&["run", operator, "--args", &args.to_string()]).await;
        assert_eq!(ran.code, Some(2), "{operator}: {}", ran.stderr);
        assert!(ran.stderr.contains("blocked the secret `env:THE_SECRET`"), "{}", ran.stderr);
        let maitred = maitred.variable("THE_SECRET", "canary-4711");
        maitred.run(&["triggerer", "--until-idle"]).await;
        assert_eq!(state(&maitred, "1").await, "success", "{operator}");
    }
    assert_eq!(redshift.calls("CreateCluster").len(), 1);
}

#[tokio::test]
async fn a_failed_task_can_be_retried_and_a_good_one_cannot() {
    let (maitred, api) = (Maitred::new(), job("failed"));
    let id = submit(&maitred, "http.sensor", &sensor(&api), &[]).await;
    maitred.run(&["triggerer", "--until-idle"]).await;
    let retried = maitred.run(&["tasks", "retry", &id]).await;
    assert_eq!(retried.code, Some(0), "{}", retried.stderr);
    assert_eq!(state(&maitred, &id).await, "up_for_retry");

    let good = submit(&maitred, "http.request", &json!({"endpoint": api.url("/job")}), &[]).await;
    maitred.run(&["triggerer", "--until-idle"]).await;
    let refused = maitred.run(&["tasks", "retry", &good]).await;
    assert_eq!(refused.code, Some(2), "{}", refused.stdout);
    assert!(
        refused.stderr.contains("is success; only a task that is failed"),
        "{}",
        refused.stderr
    );
    let ended = maitred.run(&["tasks", "cancel", &good]).await;
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    assert!(ended.stderr.contains("has ended: it is success"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_cancelled_task_is_undone_only_if_that_was_said() {
    let redshift = FakeRedshift::start(Pace::Describes(1_000_000));
    let maitred = Maitred::with_account();
    for (cluster, undo) in [("kept", false), ("undone", true)] {
        redshift.cluster(cluster, &["available"]);
        let args = json!({
            "cluster_identifier": cluster, "wait_for_completion": true, "deferrable": true,
            "poll_interval": 0.05, "endpoint_url": redshift.url(),
        });
        submit(&maitred, "redshift.pause_cluster", &args, &["--key", cluster]).await;
        let mut triggerer = maitred.start(&["triggerer", "--until-idle"]);
        while state(&maitred, cluster).await != "deferred" {}
        let mut cancel = vec!["tasks", "cancel", cluster];
        if undo {
            // Somebody has to say yes.
            let asked = maitred.run(&["tasks", "cancel", cluster, "--undo"]).await;
            assert_eq!(asked.code, Some(2), "{}", asked.stderr);
            assert!(asked.stderr.contains("--yes"), "{}", asked.stderr);
            cancel.extend(["--undo", "--yes"]);
        }
        let cancelled = maitred.run(&cancel).await;
        assert_eq!(cancelled.code, Some(0), "{}", cancelled.stderr);
        assert!(triggerer.wait().await.unwrap().success());
        assert_eq!(state(&maitred, cluster).await, "cancelled");
    }
    let actions = redshift.actions();
    let resumed = actions.iter().filter(|action| *action == "ResumeCluster").count();
    assert_eq!(resumed, 1, "{actions:?}");
}

#[tokio::test]
async fn a_task_in_doubt_goes_on_as_a_user_says() {
    for (word, result, sent) in [(&["--made", "{\"id\": 7}"][..], 7, 1), (&["--not-made"], 8, 2)] {
        let api = Loopback::start({
            let sent = std::sync::atomic::AtomicUsize::new(0);
            move |_| match sent.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                0 => Reply::Reset,
                _ => Reply::json(200, "{\"id\": 8}"),
            }
        });
        let maitred = Maitred::new();
        let id = submit(&maitred, "http.request", &json!({"endpoint": api.url("/job")}), &[]).await;
        let ran = maitred.run(&["triggerer", "--until-idle"]).await;
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(ran.stderr.contains("ended in this run: 1 in_doubt"), "{}", ran.stderr);

        let shown = maitred.run(&["tasks", "show", &id]).await.stdout;
        for words in
            ["because: no reply to POST request was seen: ", "settle 1 --made", "--not-made"]
        {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        for refused in ["retry", "cancel"] {
            let ran = maitred.run(&["tasks", refused, &id]).await;
            assert_eq!(ran.code, Some(2), "{}", ran.stderr);
            assert!(ran.stderr.contains("tasks settle 1 --not-made"), "{}", ran.stderr);
        }
        let settled = maitred.run(&[&["tasks", "settle", &id], word].concat()).await;
        assert_eq!(settled.code, Some(0), "{}", settled.stderr);
        let again = maitred.run(&[&["tasks", "settle", &id], word].concat()).await;
        assert_eq!(again.code, Some(2), "{}", again.stderr);
        maitred.run(&["triggerer", "--until-idle"]).await;
        let shown = maitred.run(&["tasks", "show", &id, "--output", "json"]).await.json();
        assert_eq!(shown["task"]["result"]["id"], result, "{shown}");
        assert_eq!(api.requests().len(), sent);
    }
}

#[tokio::test]
async fn a_blocked_task_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tasks.sqlite");
    let store = SqliteStore::open(&path).unwrap();
    store.submit(&[NewTask::new("test.unknown", json!({}))], Timestamp::default()).unwrap();
    let path = path.to_str().unwrap();
    let ran = Maitred::new().run(&["triggerer", "--until-idle", "--store", path]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for words in [
        "warning: task 1, test.unknown: blocked: this program knows no operator",
        "none; 1 blocked",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_triggerer_that_is_told_to_end_has_done_well() {
    let (maitred, api) = (Maitred::new(), job("running"));
    submit(&maitred, "http.sensor", &sensor(&api), &[]).await;
    let mut triggerer = maitred.start(&["triggerer"]);
    read_until(&mut triggerer, |said| said.contains("running the tasks")).await;
    while state(&maitred, "1").await != "deferred" {}
    super::signals::send(&triggerer, "-TERM");
    let ended = finished(triggerer).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[tokio::test]
async fn a_deferred_task_is_shown_readable() {
    let redshift = FakeRedshift::start(Pace::Describes(1_000_000));
    redshift.cluster("analytics", &["available"]);
    let maitred = Maitred::with_account();
    let args = json!({
        "cluster_identifier": "analytics", "wait_for_completion": true, "deferrable": true,
        "poll_interval": 60, "endpoint_url": redshift.url(),
    });
    let id = submit(&maitred, "redshift.pause_cluster", &args, &[]).await;
    let mut triggerer = maitred.start(&["triggerer"]);
    while state(&maitred, &id).await != "deferred" {}
    let shown = maitred.run(&["tasks", "show", &id]).await.stdout;
    for words in [
        "waits for    maitred.waiter",
        "waiter       redshift.cluster_paused",
        "input        {\"ClusterIdentifier\":\"analytics\"}",
        "next poll    ",
        "undo         resume cluster analytics",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(shown.lines().all(|line| line.len() < 400), "{shown}");
    triggerer.start_kill().unwrap();
    finished(triggerer).await;
}

#[tokio::test]
async fn one_triggerer_runs_a_store_and_says_which() {
    let (maitred, api) = (Maitred::new(), job("running"));
    submit(&maitred, "http.sensor", &sensor(&api), &[]).await;
    let mut first = maitred.start(&["triggerer"]);
    let said = read_until(&mut first, |said| said.contains("maitred.sqlite")).await;
    let second = maitred.run(&["triggerer"]).await;
    assert_eq!(second.code, Some(5), "{}", second.stderr);
    assert!(second.stderr.contains("maitred.sqlite"), "{}", second.stderr);
    first.start_kill().unwrap();
    finished(first).await;
    assert!(said.contains("maitred/maitred.sqlite"), "{said}");
}

#[tokio::test]
async fn spans_name_the_task() {
    let api = job("done");
    let maitred = Maitred::new().variable("MAITRED_LOG", "maitred=debug");
    submit(&maitred, "http.sensor", &sensor(&api), &[]).await;
    let fails = json!({"endpoint": api.url("/job"), "response_check": {"status": 201}});
    submit(&maitred, "http.request", &fails, &[]).await;
    let ran = maitred.run(&["triggerer", "--until-idle"]).await;
    let operator = "task{task=2 operator=\"http.request\" step=0}";
    for span in ["trigger{task=1 step=0}", operator] {
        assert!(ran.stderr.contains(span), "{span}: {}", ran.stderr);
    }
}

#[tokio::test]
async fn a_list_of_tasks_is_read_in_pages() {
    let maitred = Maitred::new();
    let line = r#"{"operator": "http.request", "args": {"endpoint": "http://127.0.0.1:9/"}}"#;
    let lines = [line; 1201].join("\n");
    let submitted = maitred.run_with_input(&["tasks", "submit", "--from", "-"], &lines).await;
    assert_eq!(submitted.code, Some(0), "{}", submitted.stderr);
    let list = |more: &'static [&'static str]| [&["tasks", "list"][..], more].concat();
    for (limit, expected) in [("2000", 1201), ("1200", 1200), ("1000", 1000), ("1", 1)] {
        let args = ["tasks", "list", "--limit", limit, "--output", "json"];
        let json = maitred.run(&args).await.json();
        let ids: Vec<_> =
            json["tasks"].as_array().unwrap().iter().map(|task| &task["id"]).collect();
        let newest: Vec<_> = (1202 - expected..=1201).rev().map(Value::from).collect();
        assert!(ids.iter().copied().eq(&newest), "{limit}: {ids:?}");
    }
    let none = maitred.run(&list(&["--state", "success", "--output", "json"])).await;
    assert_eq!(none.stdout, "{\n  \"version\": 1,\n  \"tasks\": []\n}\n");
    let one = maitred.run(&list(&["--limit", "1", "--output", "json"])).await;
    assert_eq!(one.stdout, format!("{:#}\n", one.json()), "it is written as any other JSON");
    let newest = maitred.run(&list(&["--limit", "700"])).await;
    assert_eq!(newest.stdout.lines().count(), 700);
    assert!(newest.stderr.contains("the newest 700; --limit shows more"), "{}", newest.stderr);
}

#[tokio::test]
async fn a_list_is_json_whatever_the_tasks_are_called() {
    let maitred = Maitred::new();
    let key = "a\u{202e}b ##[error]x\n::error::y\u{9b}";
    let args = json!({"endpoint": "http://127.0.0.1:9/"});
    submit(&maitred, "http.request", &args, &["--key", key]).await;
    let list = maitred.run(&["tasks", "list", "--output", "json"]).await;
    assert_eq!(list.json()["tasks"][0]["key"], key, "{}", list.stdout);
    assert!(!list.stdout.contains(['\u{202e}', '\u{9b}']), "{}", list.stdout);
}

#[tokio::test]
async fn a_task_waits_until_it_is_due() {
    let (maitred, api) = (Maitred::new(), job("done"));
    let later = submit(&maitred, "http.sensor", &sensor(&api), &["--due", "2h"]).await;
    let dated = ["--due", "2999-01-01T00:00:00Z", "--key", "far"];
    submit(&maitred, "http.sensor", &sensor(&api), &dated).await;
    let now = submit(&maitred, "http.sensor", &sensor(&api), &["--due", "2020-01-01"]).await;
    let line =
        json!({"operator": "http.sensor", "args": sensor(&api), "due": "3h", "retry_delay": "90m"});
    let from = maitred.run_with_input(&["tasks", "submit", "--from", "-"], &line.to_string()).await;
    assert_eq!(from.code, Some(0), "{}", from.stderr);
    let mut triggerer = maitred.start(&["triggerer"]);
    assert_eq!(maitred.run(&["tasks", "watch", &now]).await.code, Some(0));
    triggerer.start_kill().unwrap();
    finished(triggerer).await;
    let states = [state(&maitred, &later).await, state(&maitred, &now).await];
    assert_eq!(states, ["queued", "success"]);
    let shown = maitred.run(&["tasks", "show", "far", "--output", "json"]).await.json();
    assert_eq!(shown["task"]["due"], "2999-01-01T00:00:00+00:00");
    let shown = maitred.run(&["tasks", "show", &now, "--output", "json"]).await.json();
    assert!(shown["task"]["elapsed"].is_f64(), "{shown}");
    let wrong = maitred.run(&["tasks", "submit", "http.sensor", "--due", "tomorrow"]).await;
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("2026-12-01T03:00:00Z"), "{}", wrong.stderr);
}

#[tokio::test]
async fn tasks_are_listed_since_a_time() {
    let (maitred, api) = (Maitred::new(), job("done"));
    submit(&maitred, "http.sensor", &sensor(&api), &[]).await;
    for (since, lines) in [("1h", 1), ("2020-01-01", 1), ("2999-01-01", 0)] {
        let listed = maitred.run(&["tasks", "list", "--since", since]).await;
        assert_eq!(listed.stdout.lines().count(), lines, "{since}: {}", listed.stderr);
    }
}

#[tokio::test]
async fn a_nightly_key_is_not_run_twice() {
    let (maitred, api) = (Maitred::new(), job("done"));
    let nightly = ["--key", "nightly-2026-12-01", "--on-conflict", "done"];
    let args = sensor(&api).to_string();
    let run = [&["run", "http.sensor", "--args", &args][..], &nightly].concat();
    assert_eq!(maitred.run(&run).await.code, Some(0));
    let requests = api.requests().len();
    let again = maitred.run(&run).await;
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(api.requests().len(), requests, "{}", again.stderr);
    assert_eq!(maitred.run(&["tasks", "list"]).await.stdout.lines().count(), 1);
}

#[tokio::test]
async fn a_key_of_digits_finds_its_task_unless_a_task_has_that_number() {
    let (maitred, api) = (Maitred::new(), job("done"));
    let first = submit(&maitred, "http.sensor", &sensor(&api), &["--key", "20261130"]).await;
    let second = submit(&maitred, "http.sensor", &sensor(&api), &["--key", &first]).await;
    let id = |asked: &'static str| {
        let maitred = &maitred;
        async move {
            let shown = maitred.run(&["tasks", "show", asked, "--output", "json"]).await;
            shown.json()["task"]["id"].to_string()
        }
    };
    assert_eq!((first.as_str(), second.as_str()), ("1", "2"));
    assert_eq!(id("20261130").await, "1");
    assert_eq!((id("1").await, id("2").await), ("1".to_owned(), "2".to_owned()));
    let unknown = maitred.run(&["tasks", "show", "20261201"]).await;
    assert_eq!(unknown.code, Some(2), "{}", unknown.stdout);
    assert!(unknown.stderr.contains("20261201"), "{}", unknown.stderr);
    let cancelled = maitred.run(&["tasks", "cancel", "20261130"]).await;
    assert!(cancelled.stderr.contains("task 1 (20261130)"), "{}", cancelled.stderr);
}

#[tokio::test]
async fn a_task_is_at_no_try_beyond_its_last_one() {
    let (maitred, api) = (Maitred::new(), job("failed"));
    let id = submit(&maitred, "http.sensor", &sensor(&api), &[]).await;
    for tries in ["1 of 1", "2 of 2"] {
        maitred.run(&["triggerer", "--until-idle"]).await;
        let shown = maitred.run(&["tasks", "show", &id]).await.stdout;
        assert!(
            shown.lines().any(|line| line.trim_start() == format!("try          {tries}")),
            "{shown}"
        );
        maitred.run(&["tasks", "retry", &id]).await;
    }
}

#[tokio::test]
async fn a_failed_task_is_tried_again_with_other_arguments() {
    let (maitred, api, broken) = (Maitred::new(), job("done"), job("failed"));
    let id = submit(&maitred, "http.sensor", &sensor(&broken), &[]).await;
    maitred.run(&["triggerer", "--until-idle"]).await;
    assert_eq!(state(&maitred, &id).await, "failed");
    let wrong = maitred.run(&["tasks", "retry", &id, "--args", "{\"endpont\": \"x\"}"]).await;
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
    assert!(wrong.stderr.contains("unknown field `endpont`"), "{}", wrong.stderr);
    assert_eq!(state(&maitred, &id).await, "failed", "it was left as it is");
    let args = sensor(&api).to_string();
    let retried = maitred.run(&["tasks", "retry", &id, "--args", &args]).await;
    assert_eq!(retried.code, Some(0), "{}", retried.stderr);
    maitred.run(&["triggerer", "--until-idle"]).await;
    assert_eq!(state(&maitred, &id).await, "success");
}

#[tokio::test]
async fn a_mistake_in_arguments_is_told_in_the_words_of_json() {
    let maitred = Maitred::new();
    for (args, words) in [
        (
            json!({"response_check": 5}),
            "response_check: invalid type: integer `5`, expected object",
        ),
        (
            json!({"response_check": {"status": "x"}}),
            "response_check.status: expected integer or array of integer",
        ),
        (json!({"response_check": {"stat": 1}}), "response_check: unknown field `stat`"),
        (json!({"extra_options": []}), "extra_options: invalid type: array, expected an object"),
        (
            json!({"poke_interval": "5"}),
            "poke_interval: invalid type: string \"5\", expected a number",
        ),
    ] {
        let args = args.to_string();
        let ran = maitred.run(&["tasks", "submit", "http.sensor", "--args", &args]).await;
        assert_eq!(ran.code, Some(2), "{args}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{args}: {}", ran.stderr);
        for rust in ["struct", "enum", "f64", "ResponseCheck"] {
            assert!(!ran.stderr.contains(rust), "{args}: {}", ran.stderr);
        }
    }
}

#[tokio::test]
async fn an_empty_id_is_the_default_connection() {
    let api = job("done");
    let maitred = Maitred::new().variable("MAITRED_CONN_HTTP_DEFAULT", &api.url("/"));
    let args = json!({"endpoint": "job", "http_conn_id": ""}).to_string();
    let ran = maitred.run(&["run", "http.request", "--args", &args]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(!ran.stderr.contains("is not defined"), "{}", ran.stderr);
}

#[tokio::test]
async fn an_operator_tells_what_it_takes() {
    let maitred = Maitred::new();
    let told = maitred.run(&["tasks", "operators", "redshift.resume_cluster"]).await;
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    for words in [
        "cluster_identifier: string, required",
        "max_attempts: integer\n      The largest number of polls. Default: 30.",
        "verify: boolean or string",
    ] {
        assert!(told.stdout.contains(words), "{words}: {}", told.stdout);
    }
    let sensor = maitred.run(&["tasks", "operators", "http.sensor"]).await.stdout;
    for words in [
        "response_check: object",
        "      response_check.status: integer or array of integer",
        "      extra_options.max_redirects: integer",
    ] {
        assert!(sensor.contains(words), "{words}: {sensor}");
    }
    let wait = maitred.run(&["tasks", "operators", "maitred.wait"]).await.stdout;
    assert!(wait.contains("overrides.acceptors[].state: "), "{wait}");
    for rust in ["```", "use std", "#", "](", "[`"] {
        assert!(!wait.contains(rust), "{rust}: {wait}");
    }
    let json = maitred.run(&["tasks", "operators", "http.sensor", "--output", "json"]).await.json();
    assert_eq!(json["operator"]["arguments"]["properties"]["poke_interval"]["default"], 60.0);
    let unknown = maitred.run(&["tasks", "operators", "http.sensr"]).await;
    assert_eq!(unknown.code, Some(2), "{}", unknown.stdout);
    assert!(unknown.stderr.contains("http.sensor"), "{}", unknown.stderr);
}

#[tokio::test]
async fn a_line_whose_wait_is_refused_is_named() {
    let wait = |input: Value| {
        let args = json!({"service": "redshift", "waiter": "cluster_available", "input": input});
        json!({"operator": "maitred.wait", "args": args}).to_string()
    };
    let good = wait(json!({"ClusterIdentifier": "a"}));
    let bad = wait(json!({"ClusterIdentifer": "a"}));
    let input = format!("{good}\n\n{good}\n{bad}\n");
    let ran = Maitred::new().run_with_input(&["tasks", "submit", "--from", "-"], &input).await;
    assert_eq!(ran.code, Some(2), "{}", ran.stdout);
    assert!(ran.stderr.contains("line 4: "), "{}", ran.stderr);
}
