//! Conditions and waiters that cannot come true are refused before anything is sent.

use super::process::{Maitred, Ran};
use crate::support::loopback::{Loopback, Reply};

const CLUSTERS: &str = "<DescribeClustersResponse><DescribeClustersResult><Clusters><Cluster>\
    <ClusterStatus>available</ClusterStatus><NumberOfNodes>3</NumberOfNodes></Cluster></Clusters>\
    </DescribeClustersResult></DescribeClustersResponse>";

/// A poll of a cluster of three nodes, and how many requests it took.
async fn poll(home: Maitred, waiter: &str, more: &[&str]) -> (Ran, usize) {
    let server = Loopback::start(|_| Reply::new(200, "text/xml", CLUSTERS));
    let url = server.url("/");
    let wait = ["wait", "redshift", waiter, "--endpoint-url", &url, "--once"];
    let ran = home.run(&[&wait[..], more].concat()).await;
    (ran, server.requests().len())
}

async fn until(condition: &str, more: &[&str]) -> (Ran, usize) {
    let condition = [&["--until", condition][..], more].concat();
    poll(Maitred::with_account(), "describe-clusters", &condition).await
}

#[tokio::test]
async fn a_condition_that_cannot_come_true_is_refused_and_shown_how_to_write() {
    for (condition, said) in [
        ("Clusters[0].NumberOfNodes == 'three'", "is a number, so it never equals \"three\""),
        ("Clusters[0].ClusterStatus == `0`", "a text has single quotes: '0'"),
        ("Clusters[0].ClusterStatus == \"available\"", "write text in single quotes: 'available'"),
        ("Clusters[0].ClusterStatus == available", "write text in single quotes: 'available'"),
        ("Clusters[0].Encrypted == true", "write the value true in backquotes: `true`"),
        ("Clusters[0].Clusterstatus == 'available'", "did you mean `ClusterStatus`?"),
        ("length(Clusters) == `-1`", "this condition never holds"),
        (
            "Clusters[0].ClusterStatus == 'a' && Clusters[0].ClusterStatus == 'b'",
            "this condition never holds",
        ),
        ("contains(Clusters[].Status, 'available')", "has no member `Status`"),
    ] {
        let (ran, requests) = until(condition, &[]).await;
        assert_eq!((ran.code, requests), (Some(2), 0), "{condition}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{condition}: {}", ran.stderr);
        let (ran, requests) = until(condition, &["--allow-unknown"]).await;
        assert_eq!((ran.code, requests), (Some(3), 1), "{condition}: {}", ran.stderr);
        assert!(ran.stderr.contains("warning: "), "{condition}: {}", ran.stderr);
    }
}

#[tokio::test]
async fn a_number_without_back_quotes_is_shown_with_them() {
    for (condition, number) in [
        ("Clusters[0].NumberOfNodes > 2", "2"),
        ("length(Clusters) == 1 && Clusters", "1"),
        ("Clusters[0].NumberOfNodes > -1", "-1"),
        ("2.5 < Clusters[0].NumberOfNodes", "2.5"),
    ] {
        let (ran, requests) = until(condition, &[]).await;
        assert_eq!((ran.code, requests), (Some(2), 0), "{condition}: {}", ran.stderr);
        let said = format!("a number takes back-quotes: `{number}`");
        assert!(ran.stderr.contains(&said), "{condition}: {}", ran.stderr);
        let written = condition.replace(number, &format!("`{number}`"));
        let (ran, requests) = until(&written, &[]).await;
        assert_eq!((ran.code, requests), (Some(0), 1), "{written}: {}", ran.stderr);
    }
}

/// A waiter of one's own that asks for `member` to be `expected`.
fn own(matcher: &str, member: &str, expected: &str) -> Maitred {
    let file = format!(
        r#"{{"version": 2, "waiters": {{"mine": {{
            "operation": "DescribeClusters", "delay": 1, "maxAttempts": 1,
            "acceptors": [
            {{"state": "success", "matcher": "{matcher}", "argument": "Clusters[].{member}",
              "expected": {expected}}}
        ]}}}}}}"#
    );
    Maitred::with_account().file("waiters/redshift.json", &file)
}

#[tokio::test]
async fn a_waiter_of_ones_own_that_cannot_come_true_is_refused() {
    for (matcher, member, expected, said) in [
        ("pathAll", "Status", "\"available\"", "has no member `Status`"),
        ("path", "ClusterStatus", "\"available\"", "pathAny"),
        ("pathAny", "ClusterStatus", "0", "`ClusterStatus` is a string"),
    ] {
        let (ran, requests) = poll(own(matcher, member, expected), "mine", &[]).await;
        assert_eq!((ran.code, requests), (Some(2), 0), "{said}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
        let polled = poll(own(matcher, member, expected), "mine", &["--allow-unknown"]).await;
        assert_eq!((polled.0.code, polled.1), (Some(3), 1), "{said}: {}", polled.0.stderr);
    }
    let (ran, requests) = poll(own("pathAll", "ClusterStatus", "\"available\""), "mine", &[]).await;
    assert_eq!((ran.code, requests), (Some(0), 1), "{}", ran.stderr);
}

#[tokio::test]
async fn a_shipped_waiter_that_differs_from_the_model_is_polled() {
    let server = Loopback::start(|_| Reply::json(200, r#"{"State": "ReadyForDeployment"}"#));
    let url = server.url("/");
    let wait = ["wait", "appconfig", "environment_ready_for_deployment", "--endpoint-url", &url];
    let of = ["--application-id", "abc1234", "--environment-id", "abc1234"];
    let ran = Maitred::with_account().run(&[&wait[..], &of].concat()).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[tokio::test]
async fn an_operation_is_found_in_any_casing() {
    let reply = r#"{"knowledgeBase": {"status": "ACTIVE"}}"#;
    let server = Loopback::start(move |_| Reply::json(200, reply));
    let url = server.url("/");
    let file = |operation: &str| {
        format!(
            r#"{{"version": 2, "waiters": {{"mine": {{"operation": "{operation}", "delay": 1,
                "maxAttempts": 1, "acceptors": [
                {{"state": "success", "matcher": "path", "argument": "knowledgeBase.status",
                  "expected": "ACTIVE"}}]}}}}}}"#
        )
    };
    for operation in ["getKnowledgeBase", "GetKnowledgeBase", "get_knowledge_base"] {
        let home = Maitred::with_account().file("waiters/bedrock-agent.json", &file(operation));
        for waiter in ["mine", operation] {
            let wait = ["wait", "bedrock-agent", waiter, "--endpoint-url", &url];
            let until = ["--until", "knowledgeBase.status == 'ACTIVE'"];
            let of = ["--knowledge-base-id", "ABCDEFGHIJ"];
            let condition = if waiter == "mine" { &[][..] } else { &until };
            let ran = home.run(&[&wait[..], &of, condition].concat()).await;
            assert_eq!(ran.code, Some(0), "{operation} {waiter}: {}", ran.stderr);
        }
    }
}
