//! `--for-each` waits for many targets at the same time, and `--need` says how many have to succeed.

use serde_json::{Value, json};

use super::process::{Maitred, Ran, finished};
use crate::support::loopback::{Loopback, RefusingPort, Reply};
use crate::support::redshift::{FakeRedshift, Fault, Pace};

/// A server whose reply is the state that the path names, e.g. `/ready/1`; `/never` never answers.
fn states() -> Loopback {
    Loopback::start(|request| match request.path.split('/').nth(1) {
        Some("never") => Reply::Hang,
        Some("denied") => Reply::text(403, "no"),
        state => Reply::json(200, &format!("{{\"state\": \"{}\"}}", state.unwrap_or_default())),
    })
}

/// Waits for the paths of a server to be ready.
async fn wait(server: &Loopback, paths: &[&str], more: &[&str]) -> Ran {
    let urls: Vec<_> = paths.iter().map(|path| server.url(path)).collect();
    let each = format!("url={}", urls.join(","));
    let args = ["wait", "http", "get", "--for-each", &each, "--delay", "0.01"];
    let conditions = ["--until", "Body.state == 'ready'", "--fail-if", "Body.state == 'broken'"];
    Maitred::new().run(&[&args[..], &conditions, more].concat()).await
}

fn statuses(json: &Value) -> Vec<&str> {
    json["targets"].as_array().unwrap().iter().map(|it| it["status"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn all_clusters_are_waited_for_at_once() {
    let redshift = FakeRedshift::start(Pace::Describes(1));
    redshift.cluster("a", &["pausing", "paused"]);
    redshift.cluster("b", &["paused"]);
    redshift.cluster("c", &["pausing", "pausing", "paused"]);
    let url = redshift.url();
    let each = ["--for-each", "cluster-identifier=c,b", "--for-each", "ClusterIdentifier=a, b,"];
    let args = ["wait", "redshift", "cluster_paused", "--endpoint-url", &url, "--delay", "0"];
    let args = [&args[..], &each, &["--output", "json"]].concat();
    let ran = Maitred::with_account().run(&args).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let mut json = ran.json();
    let targets = json["targets"].take();
    let brief: Vec<_> = targets
        .as_array()
        .unwrap()
        .iter()
        .map(|it| json!([it["target"], it["status"], it["attempts"], it["shown"]]))
        .collect();
    let expected = json!([
        ["c", "success", 3, "paused"],
        ["b", "success", 1, "paused"],
        ["a", "success", 2, "paused"]
    ]);
    assert_eq!(json!(brief), expected);
    assert_eq!(targets[0]["document"]["Clusters"][0]["ClusterIdentifier"], "c");
    assert_eq!(targets[0]["acceptor"]["expected"], "paused");
    assert!(targets[0].get("region").is_none(), "what all share is said once");
    json["elapsed"] = json!("TIME");
    insta::assert_snapshot!(format!("{json:#}"), @r#"
    {
      "version": 1,
      "status": "success",
      "waiter": "cluster_paused",
      "original": "cluster_paused",
      "service": "redshift",
      "operation": "DescribeClusters",
      "origin": "maitred",
      "region": "eu-west-1",
      "parameter": "ClusterIdentifier",
      "need": 3,
      "succeeded": 3,
      "elapsed": "TIME",
      "message": "redshift.cluster_paused: 3 of 3 targets succeeded",
      "bound": {
        "delay": 0.0,
        "maxDelay": null,
        "initialDelay": 0.0,
        "maxAttempts": 60,
        "timeout": null
      },
      "targets": null
    }
    "#);
}

#[tokio::test]
async fn a_line_per_target_is_the_result() {
    let server = states();
    let ran = wait(&server, &["/ready/1", "/ready/2"], &["--show", "Body.state"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let [one, two] = ["/ready/1", "/ready/2"].map(|path| server.url(path));
    assert_eq!(ran.stdout, format!("{one}\tsuccess\tready\n{two}\tsuccess\tready\n"));
    let first = "waiting for http.get (command line): every 0.01 s, at most 120 attempts (1.2 s); \
                 2 targets, all needed\n";
    assert!(ran.stderr.starts_with(first), "{}", ran.stderr);
    // Each line of progress begins with its target.
    for url in [&one, &two] {
        let lines = ran.stderr.lines().filter(|line| line.starts_with(url.as_str()));
        assert_eq!(lines.count(), 2, "{}", ran.stderr);
    }
    let last = ran.stderr.lines().last().unwrap();
    assert!(last.starts_with("http.get: 2 of 2 targets succeeded in "), "{last}");
}

#[tokio::test]
async fn the_first_failure_ends_a_wait_for_all() {
    let server = states();
    let paths = ["/ready", "/never", "/broken"];
    let ran = wait(&server, &paths, &["--output", "json"]).await;
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let json = ran.json();
    assert_eq!(json["status"], "failure");
    assert_eq!((&json["need"], &json["parameter"]), (&json!(3), &json!("url")));
    assert_eq!(statuses(&json)[1..], ["cancelled", "failure"]);
    assert!(ran.stderr.contains("error: http.get: "), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("{}: http.get failed", server.url("/broken"))));
}

#[tokio::test]
async fn any_ends_with_the_first_success() {
    let server = states();
    let more = ["--need", "any", "--output", "json"];
    let ran = wait(&server, &["/broken", "/never", "/ready"], &more).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let json = ran.json();
    assert_eq!((&json["status"], &json["need"]), (&json!("success"), &json!(1)));
    assert_eq!(statuses(&json)[1..], ["cancelled", "success"]);
}

#[tokio::test]
async fn a_quorum_bears_as_many_failures_as_it_can() {
    let server = states();
    let more = ["--need", "2", "--output", "json"];
    let ran = wait(&server, &["/broken", "/ready/1", "/ready/2", "/never"], &more).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.json()["succeeded"], 2);
    let ran = wait(&server, &["/broken/1", "/broken/2", "/never"], &more).await;
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert_eq!(statuses(&ran.json()), ["failure", "failure", "cancelled"]);
}

#[tokio::test]
async fn a_failure_decides_before_what_gave_up() {
    let server = states();
    let port = RefusingPort::reserve();
    let unreachable = port.url("/");
    let once = |paths: Vec<&str>| {
        let urls: Vec<_> = paths.iter().map(|path| server.url(path)).collect();
        format!("url={},{unreachable}", urls.join(","))
    };
    let conditions = ["--until", "Body.state == 'ready'", "--fail-if", "Body.state == 'broken'"];
    for (paths, code, status) in [
        (vec!["/starting", "/denied", "/broken", "/ready"], 1, "failure"),
        (vec!["/starting", "/denied", "/ready"], 4, "error"),
        (vec!["/starting", "/ready"], 5, "error"),
    ] {
        let each = once(paths);
        let args = ["wait", "http", "get", "--for-each", &each, "--once", "--output", "json"];
        let ran = Maitred::new().run(&[&args[..], &conditions].concat()).await;
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
        assert_eq!(ran.json()["status"], status);
        // One poll of each tells how it stands, whatever the others are.
        assert!(!statuses(&ran.json()).contains(&"cancelled"));
    }
    let ran = wait(&server, &["/starting", "/ready"], &["--once"]).await;
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(!ran.stderr.contains("error:"), "{}", ran.stderr);
}

#[tokio::test]
async fn the_deadline_is_common() {
    let server = states();
    let more = ["--timeout", "3s", "--output", "json"];
    let ran = wait(&server, &["/never/1", "/never/2", "/ready"], &more).await;
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    let json = ran.json();
    assert_eq!(json["status"], "timeout");
    assert_eq!(statuses(&json)[2], "success");
    assert!(statuses(&json)[..2].contains(&"timeout"));
    assert!(ran.stderr.contains("help: wait longer with --timeout"), "{}", ran.stderr);
}

#[tokio::test]
async fn targets_come_from_a_file_and_from_stdin() {
    let server = states();
    let [one, two] = ["/ready/1", "/ready/2"].map(|path| server.url(path));
    let lines = format!("\u{feff}{one}\r\n\n  {two}  \n{one}\n");
    let array = json!([one, two]).to_string();
    let until = ["--until", "Body.state == 'ready'", "--output", "json"];
    for text in [&lines, &array] {
        let maitred = Maitred::new().file("targets.txt", text);
        for source in ["@targets.txt", "@-"] {
            let each = format!("url={source}");
            let args = [&["wait", "http", "get", "--for-each", &each][..], &until].concat();
            let ran = maitred.run_with_input(&args, text).await;
            assert_eq!(ran.code, Some(0), "{}", ran.stderr);
            let json = ran.json();
            assert_eq!(json["targets"].as_array().unwrap().len(), 2);
            assert_eq!(json["targets"][1]["target"], two.as_str());
        }
    }
    let each = format!("url={array}");
    let args = [&["wait", "http", "get", "--for-each", &each][..], &until].concat();
    assert_eq!(Maitred::new().run(&args).await.code, Some(0));
}

#[tokio::test]
async fn parameters_of_the_waiter_can_differ_too() {
    let file = r#"{"version": 2, "waiters": {"done": {"operation": "GET", "delay": 0.01, "maxAttempts": 3,
        "parameters": {"STATE": {}},
        "acceptors": [{"state": "success", "matcher": "path", "argument": "Body.state", "expected": "{{STATE}}"}]}}}"#;
    let server = states();
    let maitred = Maitred::new().file("waiters/http.json", file);
    let url = server.url("/ready");
    let args = ["wait", "http", "done", "--url", &url, "--output", "json"];
    let each = ["--for-each", "parameter.STATE=ready,broken", "--need", "any"];
    let ran = maitred.run(&[&args[..], &each].concat()).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.json()["targets"][0]["status"], "success");
    assert_eq!(ran.json()["parameter"], "STATE");
    let ran = maitred.run(&[&args[..], &["--for-each", "STATE=ready"]].concat()).await;
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("--for-each parameter.STATE=…"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_value_for_a_list_is_a_list_of_one() {
    // EC2 has a --dry-run of its own.
    let args = ["wait", "ec2", "instance-running", "--wait-dry-run", "--region", "eu-west-1"];
    let more = ["--for-each", "instance-ids=i-1,i-2", "--output", "json"];
    let ran = Maitred::new().run(&[&args[..], &more].concat()).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let json = ran.json();
    assert_eq!(json["dryRun"], true);
    assert_eq!(json["targets"][0]["input"], json!({"InstanceIds": ["i-1"]}));
    assert_eq!(json["targets"][1]["input"], json!({"InstanceIds": ["i-2"]}));
    let ran = Maitred::new().run(&[&args[..], &more[..2]].concat()).await;
    assert_eq!(ran.stdout.matches("\ntarget ").count(), 2, "{}", ran.stdout);
}

#[tokio::test]
async fn what_cannot_be_waited_for_is_explained() {
    let maitred = Maitred::new().file("empty.txt", "\n \n").file("broken.json", "[1, ");
    for (more, expected) in [
        (vec!["--for-each", "cluster-identifier"], "--for-each takes NAME=VALUES"),
        (vec!["--for-each", "cluster-identifer=a"], "did you mean `cluster-identifier`?"),
        (vec!["--for-each", "cluster-identifier=@empty.txt"], "names no target"),
        (vec!["--for-each", "cluster-identifier=@missing.txt"], "missing.txt"),
        (vec!["--for-each", "cluster-identifier=@broken.json"], "is not a JSON array"),
        (vec!["--for-each", "cluster-identifier=a", "--for-each", "marker=b"], "two parameters"),
        (vec!["--for-each", "cluster-identifier=a", "--cluster-identifier", "b"], "given twice"),
        (vec!["--for-each", "cluster-identifier=a,b", "--need", "3"], "only 2 targets"),
        (vec!["--for-each", "cluster-identifier=a,b", "--need", "0"], "a number from 1"),
        (vec!["--need", "any"], "name the targets with --for-each"),
        (vec!["--for-each", "max-records=20,many"], "must be of type integer"),
        (vec!["--for-each", "cluster-identifier=file://empty.txt"], "@FILE names a list"),
    ] {
        let args = ["wait", "redshift", "cluster_paused", "--region", "eu-west-1", "--dry-run"];
        let ran = maitred.run(&[&args[..], &more].concat()).await;
        assert_eq!(ran.code, Some(2), "{more:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{more:?}: {}", ran.stderr);
    }
}

#[tokio::test]
async fn json_that_is_broken_is_told_with_its_place_and_is_no_name() {
    let args = ["wait", "redshift", "cluster_paused", "--region", "eu-west-1", "--dry-run"];
    let args = [&args[..], &["--for-each", "cluster-identifier=@-", "--output", "json"]].concat();
    for (input, words) in [
        ("{\"Clusters\": [", "is not JSON: EOF while parsing a list at line 1 column 14"),
        ("\"a\"\n\"b", "is not JSON: EOF while parsing a string at line 2 column 2"),
        ("\"a\", \"b\"", "is not JSON: expected value at line 1 column 4"),
        ("[\"a\",\n\"b\"", "is not a JSON array: EOF while parsing a list at line 2 column 3"),
        ("{\"Clusters\": []}", "must be of type string, but is an object"),
    ] {
        let ran = Maitred::new().run_with_input(&args, input).await;
        assert_eq!(ran.code, Some(2), "{input}: {}", ran.stdout);
        assert!(ran.stderr.contains(words), "{input}: {}", ran.stderr);
    }
    // As `maitred call --query` and jq print names.
    for input in ["\"a\"\n\"b\"\n", "[\"a\", \"b\"]", "a\nb"] {
        let ran = Maitred::new().run_with_input(&args, input).await;
        let targets = ran.json()["targets"].clone();
        assert_eq!((&targets[0]["target"], &targets[1]["target"]), (&json!("a"), &json!("b")));
    }
}

#[tokio::test]
async fn many_polls_do_not_go_out_at_once() {
    let server = states();
    let urls: Vec<_> = (0..500).map(|number| server.url(&format!("/ready/{number}"))).collect();
    let maitred = Maitred::new().file("targets.txt", &urls.join("\n"));
    let args = ["wait", "http", "get", "--for-each", "url=@targets.txt", "--quiet"];
    let ran = maitred.run(&[&args[..], &["--until", "Body.state == 'ready'"]].concat()).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.stdout.lines().count(), 500);
    assert_eq!(server.requests().len(), 500);
    assert!(server.connections() <= 50, "{}", server.connections());
}

#[tokio::test]
async fn a_query_that_may_hold_a_secret_is_not_shown() {
    let server = states();
    let ran = wait(&server, &["/ready?token=hunter2", "/broken?token=hunter2"], &["-v"]).await;
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(!ran.stderr.contains("hunter2") && !ran.stdout.contains("hunter2"), "{ran:?}");
}

#[tokio::test]
async fn a_throttled_target_does_not_stop_the_others() {
    let redshift = FakeRedshift::start(Pace::Describes(1));
    redshift.cluster("a", &["paused"]);
    redshift.cluster("b", &["paused"]);
    redshift.fail_poll(1, Fault::Throttle);
    let url = redshift.url();
    let args = ["wait", "redshift", "cluster_paused", "--endpoint-url", &url, "--delay", "0.01"];
    let each = ["--for-each", "cluster-identifier=a,b"];
    let ran = Maitred::with_account().run(&[&args[..], &each].concat()).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(redshift.actions().len(), 3);
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupted_wait_says_how_far_it_came() {
    let (polled, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let server = Loopback::start(move |request| {
        let _ = polled.send(());
        let state = request.path.trim_start_matches('/');
        Reply::json(200, &format!("{{\"state\": \"{state}\"}}"))
    });
    let each = format!("url={},{}", server.url("/starting"), server.url("/ready"));
    let until = ["--until", "Body.state == 'ready'", "--output", "json", "-v"];
    let mut child =
        Maitred::new().start(&[&["wait", "http", "get", "--for-each", &each][..], &until].concat());
    for _ in 0..2 {
        seen.recv().await.unwrap();
    }
    // It has taken in both replies once it has told the end of one and the poll of the other.
    let said = super::process::read_until(&mut child, |said| {
        said.contains("  success") && said.contains("next poll in")
    })
    .await;
    let id = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let ran = finished(child).await;
    assert_eq!(ran.code, Some(130), "{said}{}", ran.stderr);
    let json = ran.json();
    assert_eq!((&json["status"], &json["succeeded"]), (&json!("cancelled"), &json!(1)));
    assert_eq!(statuses(&json), ["cancelled", "success"]);
    assert!(ran.stderr.contains("http.get was cancelled: 1 of 2 targets"), "{}", ran.stderr);
}
