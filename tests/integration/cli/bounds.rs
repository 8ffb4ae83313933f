//! A wait ends at its time-out, whatever hangs, and keeps the pace that it announced.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::process::{Maitred, Ran};
use crate::support::loopback::{Loopback, Reply};

const WAIT: [&str; 6] =
    ["wait", "redshift", "cluster_paused", "--cluster-identifier=a", "--output", "json"];

async fn ended(home: &Maitred, more: &[&str]) -> Ran {
    let args = [&WAIT[..], more, &["--timeout", "300ms"]].concat();
    // It would hang for hours.
    tokio::time::timeout(Duration::from_secs(120), home.run(&args)).await.unwrap()
}

fn home() -> Maitred {
    Maitred::new().variable("AWS_REGION", "eu-west-1").variable("AWS_MAX_ATTEMPTS", "1")
}

#[cfg(unix)]
#[tokio::test]
async fn credentials_that_hang_end_at_the_time_out() {
    let nobody = Loopback::start(|_| Reply::Hang);
    let assumed = "[profile p]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = s\n\
        [profile s]\naws_access_key_id = a\naws_secret_access_key = b\n";
    let process = "[profile p]\ncredential_process = sleep 100000\n";
    let hanging = [
        home().file("config", process),
        home().file("config", assumed).variable("AWS_ENDPOINT_URL_STS", &nobody.url("/")),
        home()
            .file("config", "")
            .variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", &nobody.url("/credentials")),
    ];
    for home in hanging {
        let config = home.path("config").display().to_string();
        let profile = if home.read("config").is_empty() { &[][..] } else { &["--profile", "p"] };
        let home = home.variable("AWS_CONFIG_FILE", &config);
        let ran = ended(&home, profile).await;
        assert!(matches!(ran.code, Some(3 | 5)), "{}", ran.stderr);
        assert_eq!(ran.json()["status"], "timeout", "{}", ran.stderr);
    }
}

#[tokio::test]
async fn a_diagnosis_that_hangs_ends_at_the_time_out() {
    let failed = "<DescribeClustersResponse><DescribeClustersResult><Clusters><Cluster>\
        <ClusterStatus>hardware-failure</ClusterStatus></Cluster></Clusters>\
        </DescribeClustersResult></DescribeClustersResponse>";
    let server =
        Loopback::start(move |request| match request.text().contains("Action=DescribeEvents") {
            true => Reply::Hang,
            false => Reply::new(200, "text/xml", failed),
        });
    let file = r#"{"version": 2, "waiters": {"cluster_paused": {
        "operation": "DescribeClusters", "delay": 1, "maxAttempts": 9,
        "diagnose": [{"operation": "DescribeEvents", "show": "Events[0].Message"}],
        "acceptors": [
            {"state": "failure", "matcher": "pathAny", "argument": "Clusters[].ClusterStatus",
             "expected": "hardware-failure"},
            {"state": "success", "matcher": "pathAny", "argument": "Clusters[].ClusterStatus",
             "expected": "paused"}
        ]
    }}}"#;
    let home = Maitred::with_account().file("mine/redshift.json", file);
    let url = server.url("/");
    let args = [&WAIT[..], &["--waiters", "mine", "--endpoint-url", &url]].concat();
    let asked = || {
        let requests = server.requests();
        requests.iter().filter(|request| request.text().contains("Action=DescribeEvents")).count()
    };
    let ran = home.run_out_of_time(&args, || asked() > 0).await;
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert_eq!(asked(), 1, "{}", ran.stderr);
    assert_eq!(ran.json()["attempts"], 1, "{}", ran.stderr);
}

#[tokio::test]
async fn a_server_that_is_not_ready_yet_is_polled_at_the_stated_pace() {
    let polls = AtomicU32::new(0);
    let server = Loopback::start(move |_| match polls.fetch_add(1, Ordering::SeqCst) {
        0..7 => Reply::text(503, ""),
        _ => Reply::text(200, ""),
    });
    let url = server.url("/");
    let wait = ["wait", "http", "get", "--url", &url, "--until", "StatusCode == `200`"];
    let pace = ["--delay", "0.01", "--max-attempts", "8", "--output", "json"];
    let ran = Maitred::new().run(&[&wait[..], &pace].concat()).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.json()["attempts"], 8);
    assert!(ran.stderr.contains("every 0.01 s, at most 8 attempts"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("in a row"), "{}", ran.stderr);
}

#[tokio::test]
async fn the_status_of_a_proxys_503_is_kept_with_strict() {
    let server = Loopback::start(|_| Reply::new(503, "text/html", "<html>unavailable</html>"));
    let wait = ["wait", "redshift", "cluster_paused", "--cluster-identifier=a", "--strict"];
    let more = ["--endpoint-url", &server.url("/"), "--output", "json"];
    let ran = Maitred::with_account().run(&[&wait[..], &more].concat()).await;
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    assert_eq!(ran.json()["error"]["status"], 503);
    assert!(!ran.stderr.contains("check the parameters"), "{}", ran.stderr);
}
