//! Waits until a web endpoint is up. At first, nothing listens at its port.
//!
//! ```sh
//! cargo run --example http_ready
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use loopback::{RefusingPort, Reply};
use maitred::catalog::Catalog;
use maitred::client::http::HttpClient;
use maitred::clock::SystemClock;
use maitred::engine::{Wait, WaitEvent};
use maitred::waiter::Options;

#[path = "support/loopback.rs"]
#[expect(dead_code, reason = "this example needs a part of it")]
mod loopback;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut port = Some(RefusingPort::reserve());
    let url = port.as_ref().map(|port| port.url("/health")).unwrap_or_default();
    let mut options = Options::with_input([("url", url.as_str())]);
    options.delay = Some(Duration::from_millis(200));
    options.timeout = Some(Duration::from_secs(30));
    let waiter = Catalog::default().find("http", "up")?.compile(&options)?;
    let clock = Arc::new(SystemClock::new());
    let client = HttpClient::new(clock.clone());
    let mut wait = Wait::new(&waiter, &client, &*clock);
    let mut server = None;
    while let Some(event) = wait.next_event().await {
        match event {
            WaitEvent::Polled(poll) => {
                let error = poll.seen.error().map(ToString::to_string);
                println!("poll {}: {}", poll.attempt, error.unwrap_or("it is up".to_owned()));
                // After the third refusal somebody starts the server.
                if poll.attempt == 3
                    && let Some(port) = port.take()
                {
                    server = Some(port.start(|_| Reply::json(200, r#"{"status": "ok"}"#)));
                }
            }
            WaitEvent::Done(outcome) => println!("{}", outcome.into_result()?["Body"]),
        }
    }
    drop(server);
    Ok(())
}
