//! A wait says what it looks at, where that may not be what was meant.

use super::process::{Maitred, Ran};
use crate::support::loopback::{Loopback, Reply};

/// Instances that run, and others on a next page.
fn instances(next: &str) -> Loopback {
    let instance = "<item><instancesSet><item><instanceId>i-1</instanceId><instanceState>\
        <name>running</name></instanceState></item></instancesSet></item>";
    let reply = format!(
        "<DescribeInstancesResponse><reservationSet>{instance}</reservationSet>{next}\
         </DescribeInstancesResponse>"
    );
    Loopback::start(move |_| Reply::new(200, "text/xml", reply.as_str()))
}

async fn running(server: &Loopback, more: &[&str]) -> Ran {
    let url = server.url("/");
    let wait = ["wait", "ec2", "instance-running", "--endpoint-url", &url];
    Maitred::with_account().run(&[&wait[..], more].concat()).await
}

#[tokio::test]
async fn dry_run_is_a_parameter_of_ec2_and_ours_is_wait_dry_run() {
    let server = instances("");
    let ran = running(&server, &["--instance-ids", "i-1", "--dry-run"]).await;
    assert_eq!((ran.code, server.requests().len()), (Some(0), 1), "{}", ran.stderr);
    assert!(ran.stderr.contains("the option is --wait-dry-run"), "{}", ran.stderr);
    assert!(server.requests()[0].text().contains("DryRun=true"));
    let ran = running(&server, &["--instance-ids", "i-1", "--wait-dry-run"]).await;
    assert_eq!((ran.code, server.requests().len()), (Some(0), 1), "{}", ran.stderr);
    assert!(ran.stdout.contains("DescribeInstances"), "{}", ran.stdout);
}

#[tokio::test]
async fn an_empty_list_is_warned_of() {
    for more in [["--param", "InstanceIds=[]"], ["--cli-input-json", r#"{"InstanceIds": []}"#]] {
        let ran = running(&instances(""), &more).await;
        assert!(ran.stderr.contains("warning: InstanceIds is an empty list"), "{}", ran.stderr);
    }
    let ran = running(&instances(""), &["--instance-ids", "i-1"]).await;
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_verdict_on_one_page_of_several_says_so() {
    let next = "<nextToken>more</nextToken>";
    let several = ["--for-each", "instance-ids=i-1,i-2"];
    for more in [&["--instance-ids", "i-1"][..], &several, &[]] {
        let ran = running(&instances(next), more).await;
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(ran.stderr.contains("--all-pages"), "{more:?}: {}", ran.stderr);
        let ran = running(&instances(""), more).await;
        assert!(!ran.stderr.contains("--all-pages"), "{more:?}: {}", ran.stderr);
    }
}

#[tokio::test]
async fn a_failure_names_the_thing_that_failed() {
    let instance = |id: &str, state: &str| {
        format!(
            "<item><instanceId>{id}</instanceId><instanceState><name>{state}</name>\
             </instanceState></item>"
        )
    };
    let both = [instance("i-good", "running"), instance("i-bad", "terminated")].concat();
    let reply = format!(
        "<DescribeInstancesResponse><reservationSet><item><instancesSet>{both}</instancesSet></item>\
         </reservationSet></DescribeInstancesResponse>"
    );
    let server = Loopback::start(move |_| Reply::new(200, "text/xml", reply.as_str()));
    let ran = running(&server, &["--instance-ids", "i-good", "i-bad"]).await;
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let error = ran.stderr.lines().find(|line| line.starts_with("error: ")).unwrap();
    assert!(error.contains("i-bad") && !error.contains("i-good"), "{error}");
}
