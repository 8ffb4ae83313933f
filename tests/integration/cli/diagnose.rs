//! `diagnose`: a failed wait ends with why.

use serde_json::json;

use super::process::{Maitred, Ran};
use crate::support::loopback::{Loopback, Reply};

const STACKS: &str = "<DescribeStacksResponse><DescribeStacksResult><Stacks><member>\
    <StackName>shop</StackName><StackStatus>CREATE_FAILED</StackStatus></member></Stacks>\
    </DescribeStacksResult></DescribeStacksResponse>";
const EVENTS: &str = "<DescribeStackEventsResponse><DescribeStackEventsResult><StackEvents>\
    <member><ResourceStatus>CREATE_FAILED</ResourceStatus>\
    <ResourceStatusReason>Resource creation cancelled</ResourceStatusReason></member>\
    <member><ResourceStatus>CREATE_FAILED</ResourceStatus>\
    <ResourceStatusReason>the bucket already exists</ResourceStatusReason></member>\
    <member><ResourceStatus>CREATE_IN_PROGRESS</ResourceStatus></member>\
    </StackEvents></DescribeStackEventsResult></DescribeStackEventsResponse>";

/// A user's waiter that extends botocore's and tells the first event that failed.
fn file(diagnose: &str) -> String {
    format!(
        r#"{{"version": 2, "waiters": {{"created": {{
            "extends": "cloudformation.stack_create_complete", "delay": 0, "diagnose": [{diagnose}]
        }}}}}}"#
    )
}

const FIRST_FAILED: &str = r#"{"operation": "DescribeStackEvents",
    "input": {"StackName": "{{input.StackName}}"},
    "show": "StackEvents[?ResourceStatus == 'CREATE_FAILED'] | [-1].ResourceStatusReason"}"#;

async fn wait(diagnose: &str, more: &[&str]) -> (Ran, usize) {
    let server =
        Loopback::start(|request| match request.text().contains("Action=DescribeStackEvents") {
            true => Reply::text(200, EVENTS),
            false => Reply::text(200, STACKS),
        });
    let url = server.url("/");
    let home = Maitred::with_account().file("waiters/cloudformation.json", &file(diagnose));
    let args = ["wait", "cloudformation", "created", "--stack-name", "shop", "--endpoint-url"];
    let ran = home.run(&[&args[..], &[&url], more].concat()).await;
    (ran, server.requests().len())
}

#[tokio::test]
async fn a_failed_stack_says_which_resource_failed_first() {
    let (ran, requests) = wait(FIRST_FAILED, &["--output", "json"]).await;
    assert_eq!((ran.code, requests), (Some(1), 2), "{}", ran.stderr);
    let said = "DescribeStackEvents: the bucket already exists";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert!(ran.json()["message"].as_str().unwrap().ends_with(said));
    let found = json!({
        "operation": "DescribeStackEvents", "value": "the bucket already exists",
    });
    assert_eq!(ran.json()["diagnosis"], json!([found]));
}

#[tokio::test]
async fn a_diagnosis_that_could_not_be_made_is_found_before_the_wait() {
    for (diagnose, said) in [
        (
            r#"{"operation": "DescribeStackEvent", "show": "a"}"#,
            "did you mean `describe-stack-events`?",
        ),
        (r#"{"operation": "DescribeStackEvents", "show": "a", "input": {"Stack": 1}}"#, "Stack"),
        (r#"{"operation": "DeleteStack", "show": "a"}"#, "DeleteStack may change something"),
    ] {
        let (ran, requests) = wait(diagnose, &[]).await;
        assert_eq!((ran.code, requests), (Some(2), 0), "{diagnose}: {}", ran.stderr);
        assert!(ran.stderr.contains(said), "{diagnose}: {}", ran.stderr);
    }
}

#[tokio::test]
async fn a_recorded_failure_says_why_when_it_is_tested() {
    let server =
        Loopback::start(|request| match request.text().contains("Action=DescribeStackEvents") {
            true => Reply::text(200, EVENTS),
            false => Reply::text(200, STACKS),
        });
    let url = server.url("/");
    let home = Maitred::with_account().file("waiters/cloudformation.json", &file(FIRST_FAILED));
    let case = "tests/waiters/cloudformation/created/incident.json";
    let args = ["record", "cloudformation", "created", "--stack-name", "shop", "--endpoint-url"];
    let ran = home.run(&[&args[..], &[&url, "--to", case]].concat()).await;
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let recorded: serde_json::Value = serde_json::from_str(&home.read(case)).unwrap();
    assert_eq!(recorded["diagnose"].as_array().map(Vec::len), Some(1), "{recorded:#}");
    let message = recorded["expect"]["message"].as_str().unwrap();
    assert!(message.ends_with("; DescribeStackEvents: the bucket already exists"), "{message}");
    let tested = home.run(&["test", "cloudformation", "created"]).await;
    assert_eq!(tested.code, Some(0), "{}{}", tested.stdout, tested.stderr);
}
