//! What a process does that may open few files, and one whose servers hang.

use serde_json::json;

use super::process::{Maitred, finished, read_until};
use crate::support::loopback::{Loopback, Reply};

fn sensor(url: &str) -> String {
    let args = json!({"endpoint": url, "poke_interval": 0.1, "deferrable": true});
    json!({"operator": "http.sensor", "args": args}).to_string()
}

fn request(url: &str) -> String {
    json!({"operator": "http.request", "args": {"endpoint": url, "method": "GET"}}).to_string()
}

#[cfg(unix)]
#[tokio::test]
async fn tasks_wait_for_their_turn_where_few_files_may_be_open() {
    let api = Loopback::start(|_| Reply::json(200, "{}"));
    let maitred = Maitred::new();
    let line = |index: usize| {
        let url = api.url(&format!("/{index}"));
        if index.is_multiple_of(2) { sensor(&url) } else { request(&url) }
    };
    let lines: Vec<_> = (0..40).map(line).collect();
    let submitted =
        maitred.run_with_input(&["tasks", "submit", "--from", "-"], &lines.join("\n")).await;
    assert_eq!(submitted.code, Some(0), "{}", submitted.stderr);
    let ran = maitred.run_limited(20, &["triggerer", "--until-idle"]).await;
    assert!(ran.stderr.contains("tasks that ended in this run: 40 success"), "{}", ran.stderr);
}

#[cfg(unix)]
#[tokio::test]
async fn polls_that_hang_leave_files_to_other_tasks() {
    let (silent, api) =
        (Loopback::start(|_| Reply::Hang), Loopback::start(|_| Reply::json(200, "{}")));
    let maitred = Maitred::new();
    let hanging = |index: usize| {
        let url = silent.url(&format!("/{index}"));
        let args = json!({"endpoint": url, "timeout": 2, "deferrable": true});
        json!({"operator": "http.sensor", "args": args}).to_string()
    };
    let lines: Vec<_> = (0..40)
        .map(hanging)
        .chain((0..20).map(|index| request(&api.url(&format!("/{index}")))))
        .collect();
    let submitted =
        maitred.run_with_input(&["tasks", "submit", "--from", "-"], &lines.join("\n")).await;
    assert_eq!(submitted.code, Some(0), "{}", submitted.stderr);
    let ran = maitred.run_limited(40, &["triggerer", "--until-idle"]).await;
    assert!(ran.stderr.contains("20 success"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("Too many open files"), "{}", ran.stderr);
}

#[cfg(unix)]
#[tokio::test]
async fn a_process_that_may_open_too_few_files_says_so() {
    let maitred = Maitred::with_account();
    let args = json!({"endpoint": "http://127.0.0.1:9/"}).to_string();
    let submit = ["tasks", "submit", "http.request", "--args", &args];
    assert_eq!(maitred.run(&submit).await.code, Some(0));
    let wait = ["wait", "redshift", "cluster_available", "--cluster-identifier", "a", "--once"];
    let commands: [&[&str]; 6] = [
        &wait,
        &["call", "redshift", "describe-clusters"],
        &["triggerer", "--until-idle"],
        &["run", "http.request", "--args", &args],
        &["tasks", "list"],
        &submit,
    ];
    for command in commands {
        for limit in [6, 8, 10] {
            let ran = maitred.run_limited(limit, command).await;
            assert_eq!(ran.code, Some(2), "{limit} {command:?}: {}", ran.stderr);
            assert!(ran.stderr.contains("ulimit -n"), "{limit} {command:?}: {}", ran.stderr);
        }
    }
}

#[tokio::test]
async fn servers_that_hang_hold_up_no_other() {
    // They take the request, and the answer never comes.
    let hanging: Vec<_> = (0..8)
        .map(|_| std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free"))
        .collect();
    let healthy = Loopback::start(|_| Reply::json(200, "{}"));
    let maitred = Maitred::new();
    let mut lines = Vec::new();
    for listener in &hanging {
        let url = format!("http://{}/", listener.local_addr().unwrap());
        // More of each than there are places.
        lines.extend((0..9).map(|_| sensor(&url)));
    }
    let from = ["tasks", "submit", "--from", "-"];
    assert_eq!(maitred.run_with_input(&from, &lines.join("\n")).await.code, Some(0));
    let mut triggerer = maitred.start(&["triggerer", "--polls", "8"]);
    read_until(&mut triggerer, |said| said.contains("running the tasks of")).await;
    let last = sensor(&healthy.url("/"));
    let submitted = maitred.run_with_input(&from, &last).await;
    let watched = maitred.run(&["tasks", "watch", submitted.stdout.trim()]).await;
    assert_eq!(watched.code, Some(0), "{}", watched.stderr);
    let waiting = maitred.run(&["tasks", "list", "--state", "deferred", "--limit", "100"]).await;
    assert_eq!(waiting.stdout.lines().count(), lines.len(), "none of them has ended");
    triggerer.start_kill().unwrap();
    finished(triggerer).await;
}
