//! Uses maitred inside a service, with its own AWS configuration and tracing, and a wait that is
//! cancelled and resumed.
//!
//! ```sh
//! cargo run --example embed
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use maitred::catalog::Catalog;
use maitred::client::aws::AwsClient;
use maitred::clock::{Clock as _, SystemClock};
use maitred::engine::{Progress, Status, Wait};
use maitred::waiter::Options;
use redshift::{FakeRedshift, Pace};

#[path = "support/loopback.rs"]
#[expect(dead_code, reason = "this example needs a part of it")]
mod loopback;
#[path = "support/redshift.rs"]
#[expect(dead_code, reason = "this example needs a part of it")]
mod redshift;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Each poll is a tracing event with its fields.
    tracing_subscriber::fmt().with_env_filter("maitred=debug").init();

    let redshift = FakeRedshift::start(Pace::Describes(4));
    redshift.cluster("analytics", &["resuming", "available"]);
    let keys = Credentials::new("AKIDEXAMPLE", "not-a-secret", None, None, "example");
    let config = aws_config::SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(redshift.url())
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .build();
    let client = AwsClient::new(&config);

    let mut options = Options::with_input([("ClusterIdentifier", "analytics")]);
    options.delay = Some(Duration::from_millis(300));
    options.timeout = Some(Duration::from_secs(30));
    let waiter = Catalog::default().find("redshift", "cluster_resumed")?.compile(&options)?;
    let clock = SystemClock::new();

    // The service is asked to stop: the wait ends as cancelled, and its progress is kept.
    let stop = clock.sleep(Duration::from_millis(500));
    let outcome = Wait::new(&waiter, &client, &clock).run_until(stop).await;
    assert_eq!(outcome.status(), Status::Cancelled);
    let stored = serde_json::to_string(outcome.progress())?;
    println!("stored: {stored}");

    // Later, in another process: attempts and deadline go on where they were.
    let progress: Progress = serde_json::from_str(&stored)?;
    let outcome = Wait::resume(&waiter, &client, &clock, progress).run().await;
    println!("{}", outcome.message());
    outcome.into_result()?;
    Ok(())
}
