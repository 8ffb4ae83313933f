//! Waits for a job of a web API with your own waiter: a JSON file, no code.
//!
//! ```sh
//! cargo run --example custom_waiter
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use loopback::{Loopback, Reply};
use maitred::catalog::Catalog;
use maitred::client::http::HttpClient;
use maitred::clock::SystemClock;
use maitred::engine::wait;
use maitred::waiter::Options;

#[path = "support/loopback.rs"]
#[expect(dead_code, reason = "this example needs a part of it")]
mod loopback;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let polls = AtomicUsize::new(0);
    let api = Loopback::start(move |_| match polls.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::json(200, r#"{"state": "queued"}"#),
        1 => Reply::json(200, r#"{"state": "running", "progress": 80}"#),
        _ => Reply::json(200, r#"{"state": "done", "result": {"rows": 42}}"#),
    });

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/waiters");
    let catalog = Catalog::new(maitred::sources().with_user(vec![folder]));
    let mut options = Options::default();
    options.delay = Some(Duration::from_millis(200));
    options.parameters =
        [("BASE_URL".to_owned(), api.url("").into()), ("JOB_ID".to_owned(), "job-7".into())].into();
    let waiter = catalog.find("http", "job_done")?.compile(&options)?;
    println!("polling {}", waiter.call().input["url"]);

    let clock = Arc::new(SystemClock::new());
    let outcome = wait(&waiter, &HttpClient::new(clock.clone()), &*clock).await;
    println!("{}", outcome.message());
    println!("{}", outcome.into_result()?["Body"]["result"]);
    Ok(())
}
