//! Pauses a Redshift cluster and waits until it is paused, without an AWS account.
//!
//! ```sh
//! cargo run --example pause_cluster
//! ```
//!
//! A small Redshift endpoint runs on the loopback interface: it takes the call, throttles a poll and
//! lets the cluster walk through `pausing` to `paused` over a few seconds. Everything else is real:
//! credentials, signature, HTTP, XML, the shipped waiter.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, retry::RetryConfig};
use maitred::catalog::Catalog;
use maitred::client::{Call, Client as _, aws::AwsClient};
use maitred::clock::SystemClock;
use maitred::engine::{Wait, WaitEvent};
use maitred::waiter::Options;
use redshift::{FakeRedshift, Fault, Pace};

#[path = "support/loopback.rs"]
#[expect(dead_code, reason = "this example needs a part of it")]
mod loopback;
#[path = "support/redshift.rs"]
#[expect(dead_code, reason = "this example needs a part of it")]
mod redshift;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let redshift = FakeRedshift::start(Pace::Elapsed(Duration::from_millis(1500)));
    redshift.cluster("analytics", &["available"]);
    redshift.fail_poll(2, Fault::Throttle);
    println!("a Redshift endpoint listens at {}", redshift.url());

    // Its own credentials and nothing else: neither the environment nor ~/.aws is read.
    let config = aws_config::SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(redshift.url())
        .credentials_provider(credentials())
        .retry_config(RetryConfig::disabled())
        .build();
    let client = AwsClient::new(&config);

    let mut options = Options::with_input([("ClusterIdentifier", "analytics")]);
    let call = Call::new("redshift", "PauseCluster", options.input.clone());
    if let Some(error) = client.call(&call).await.error() {
        return Err(error.clone().into());
    }
    println!("PauseCluster was accepted; waiting for redshift.cluster_paused");

    options.delay = Some(Duration::from_millis(500));
    options.timeout = Some(Duration::from_secs(60));
    let waiter = Catalog::default().find("redshift", "cluster_paused")?.compile(&options)?;
    let clock = SystemClock::new();
    let mut wait = Wait::new(&waiter, &client, &clock);
    while let Some(event) = wait.next_event().await {
        match event {
            WaitEvent::Polled(poll) => {
                let saw = match (&poll.shown, poll.seen.error()) {
                    (Some(shown), _) => shown.to_string(),
                    (None, Some(error)) => error.to_string(),
                    (None, None) => "nothing".to_owned(),
                };
                println!("{:>5.1} s  poll {:<2} {saw}", poll.elapsed.as_secs_f64(), poll.attempt);
            }
            WaitEvent::Done(outcome) => {
                println!("{}: {}", outcome.status().as_str(), outcome.message());
                outcome.into_result()?;
            }
        }
    }
    Ok(())
}

fn credentials() -> aws_credential_types::provider::SharedCredentialsProvider {
    let keys = aws_credential_types::Credentials::new(
        "AKIDEXAMPLE",
        "not-a-secret",
        None,
        None,
        "example",
    );
    aws_credential_types::provider::SharedCredentialsProvider::new(keys)
}
