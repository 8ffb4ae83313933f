//! `--all-pages`: the pages of an operation are one document.

use super::process::Maitred;
use crate::support::loopback::{Loopback, Reply};

fn page(status: &str, marker: &str) -> Reply {
    let marker =
        if marker.is_empty() { String::new() } else { format!("<Marker>{marker}</Marker>") };
    let cluster = format!("<Cluster><ClusterStatus>{status}</ClusterStatus></Cluster>");
    Reply::text(
        200,
        &format!(
            "<DescribeClustersResponse><DescribeClustersResult>{marker}<Clusters>{cluster}\
             </Clusters></DescribeClustersResult></DescribeClustersResponse>"
        ),
    )
}

/// Two pages: an available cluster, then one that is being made.
fn two_pages() -> Loopback {
    Loopback::start(|request| match request.text().contains("Marker=2") {
        true => page("creating", ""),
        false => page("available", "2"),
    })
}

#[tokio::test]
async fn a_call_prints_the_merged_output() {
    let server = two_pages();
    let url = server.url("/");
    let args = ["call", "redshift", "describe-clusters", "--endpoint-url", &url, "--all-pages"];
    let ran = Maitred::with_account().run(&args).await;
    let merged = r#"{"Clusters":[{"ClusterStatus":"available"},{"ClusterStatus":"creating"}]}"#;
    assert_eq!(ran.json().to_string(), merged, "{}", ran.stderr);
}

#[tokio::test]
async fn a_wait_sees_all_pages_in_one_attempt_if_it_asks_for_them() {
    let wait = ["wait", "redshift", "cluster_available", "--max-attempts", "1", "--endpoint-url"];
    let (server, home) = (two_pages(), Maitred::with_account());
    let url = server.url("/");
    let first = home.run(&[&wait[..], &[&url]].concat()).await;
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let all = home.run(&[&wait[..], &[&url, "--all-pages", "--output", "json"]].concat()).await;
    assert_eq!(all.code, Some(3), "{}", all.stderr);
    assert_eq!(all.json()["attempts"], 1);
}

#[tokio::test]
async fn a_waiter_file_may_ask_for_all_pages() {
    let file = r#"{"version": 2, "waiters": {"all_available": {
        "operation": "DescribeClusters", "delay": 0, "maxAttempts": 1, "allPages": true,
        "acceptors": [{"state": "success", "matcher": "pathAll",
            "argument": "Clusters[].ClusterStatus", "expected": "available"}]
    }}}"#;
    let (server, home) = (two_pages(), Maitred::with_account().file("waiters/redshift.json", file));
    let url = server.url("/");
    let ran = home.run(&["wait", "redshift", "all_available", "--endpoint-url", &url]).await;
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
}

#[tokio::test]
async fn what_has_no_pages_is_bad_usage() {
    let until = ["--until", "`true`", "--all-pages"];
    for (args, said) in [
        (&["call", "sts", "get-caller-identity", "--all-pages"][..], "is not paginated"),
        (
            &["call", "http", "get", "--url", "http://127.0.0.1:1", "--all-pages"],
            "is not paginated",
        ),
        (&[&["wait", "sts", "get-caller-identity"], &until[..]].concat(), "is not paginated"),
        (
            &[&["wait", "http", "get", "--url", "http://127.0.0.1:1"], &until[..]].concat(),
            "does not come in pages",
        ),
        (&["wait", "redshift", "cluster_available", "--all-pages", "--strict"], "first page only"),
    ] {
        let ran = Maitred::with_account().run(args).await;
        assert_eq!(ran.code, Some(2), "{args:?}");
        assert!(ran.stderr.contains(said), "{args:?}: {}", ran.stderr);
    }
}
