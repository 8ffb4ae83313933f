//! maitred's side of the benchmarks; `benches/compare` runs it beside botocore's, see
//! `benches/README.md`.
//!
//! | argument | |
//! |---|---|
//! | `answer` | measures what it reads on stdin, a request a line, and answers each with a line |
//! | `memory URL WAITS` | holds that many waits at once, and says what memory they take |
//! | `serve` | serves Redshift on the loopback interface until stdin ends |

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has nothing to say")]
#![expect(clippy::print_stdout, reason = "it answers on stdout")]

use std::fs;
use std::hint::black_box;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use maitred::client::Call;
use maitred::client::aws::AwsClient;
use maitred::clock::SystemClock;
use maitred::config::WaiterConfig;
use maitred::engine::{Wait, WaitEvent};
use maitred::matcher::decide;
use maitred::schema;
use maitred::waiter::{Options, Waiter};
use serde_json::{Map, Value, json};

#[expect(dead_code, reason = "the tests use all of it")]
#[path = "../examples/support/loopback.rs"]
mod loopback;
#[expect(dead_code, reason = "the tests use all of it")]
#[path = "../examples/support/redshift.rs"]
mod redshift;

use redshift::{FakeRedshift, Pace};

/// How long one measurement takes at least.
const SLOT: Duration = Duration::from_millis(300);

/// How many waits send their first poll at the same time.
const IN_FLIGHT: usize = 64;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["answer"] => answer(),
        ["memory", url, waits] => {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            println!("{}", runtime.block_on(memory(url, waits.parse().unwrap())));
        }
        ["serve"] => serve(),
        // `cargo bench` and `cargo test --benches` start every benchmark.
        _ => println!("run benches/compare, which runs this beside botocore"),
    }
}

fn answer() {
    for line in io::stdin().lines() {
        let request: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let text = |name: &str| request[name].as_str().unwrap();
        let answer = match text("measure") {
            "binary" => json!(env!("CARGO_BIN_EXE_maitred")),
            "verdict" => verdict(Path::new(text("reply"))),
            "compile" => compile(Path::new(text("data"))),
            other => panic!("`{other}` is not measured here"),
        };
        println!("{answer}");
    }
}

/// Seconds that a run of `work` takes on average, and what it yields.
#[expect(clippy::disallowed_methods, reason = "this is what measures time")]
fn timed<T>(mut work: impl FnMut() -> T) -> (f64, T) {
    let mut result = work();
    let start = Instant::now();
    let mut runs = 0;
    while start.elapsed() < SLOT {
        result = black_box(work());
        runs += 1;
    }
    (start.elapsed().as_secs_f64() / f64::from(runs), result)
}

/// From the bytes of a reply to the acceptor that matches.
fn verdict(reply: &Path) -> Value {
    let body = fs::read(reply).unwrap();
    let headers = vec![
        ("content-type".to_owned(), "text/xml".to_owned()),
        ("content-length".to_owned(), body.len().to_string()),
        ("x-amzn-requestid".to_owned(), "00000000-1111-2222-3333-444444444444".to_owned()),
    ];
    let call = describe_clusters();
    let prepared = AwsClient::new(&config("http://127.0.0.1")).prepare(&call).unwrap();
    let config = &redshift_waiter("cluster_paused");
    let waiter =
        Waiter::compile("redshift", "cluster_paused", config, &Options::default()).unwrap();
    let (seconds, (matched, clusters)) = timed(|| {
        let seen = prepared.read(200, headers.clone(), body.clone());
        let clusters = seen.document().unwrap().value()["Clusters"].as_array().map(Vec::len);
        (decide(waiter.acceptors(), &seen).matched, clusters)
    });
    json!({ "seconds": seconds, "result": [matched, clusters] })
}

/// From the texts of botocore's waiter files to compiled waiters.
fn compile(data: &Path) -> Value {
    let files: Vec<(String, String)> = waiter_files(data)
        .into_iter()
        .map(|(service, path)| (service, fs::read_to_string(path).unwrap()))
        .collect();
    let (seconds, waiters) = timed(|| {
        let waiters = files.iter().flat_map(|(service, text)| compile_file(service, text));
        black_box(waiters.collect::<Vec<_>>()).len()
    });
    json!({ "seconds": seconds, "result": waiters })
}

fn compile_file(service: &str, text: &str) -> Vec<Waiter> {
    let value: Value = serde_json::from_str(text).unwrap();
    let file = maitred::catalog::parse_lenient(&value).unwrap().file;
    let options = Options::default();
    let waiters = file.waiters.iter();
    waiters
        .map(|(name, waiter)| {
            let config = waiter.resolve().unwrap();
            Waiter::compile(service, name, &config, &options).unwrap()
        })
        .collect()
}

/// The waiter file of each service's newest API version.
fn waiter_files(data: &Path) -> Vec<(String, PathBuf)> {
    let folders = |path: &Path| {
        let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_dir()).collect::<Vec<_>>()
    };
    let newest = |service: PathBuf| {
        let files = folders(&service).into_iter().map(|version| version.join("waiters-2.json"));
        let file = files.filter(|file| file.is_file()).max()?;
        Some((service.file_name()?.to_str()?.to_owned(), file))
    };
    folders(data).into_iter().filter_map(newest).collect()
}

/// Holds `waits` waits, each on a cluster that is not available yet, until all have polled once.
async fn memory(url: &str, waits: usize) -> Value {
    let client = Arc::new(AwsClient::new(&config(url)));
    let clock = Arc::new(SystemClock::new());
    let polled = Arc::new(AtomicUsize::new(0));
    let mut options = Options::default();
    options.delay = Some(Duration::from_secs(3600));
    let config = &redshift_waiter("cluster_available");
    let waiter = Waiter::compile("redshift", "cluster_available", config, &options).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    let mut before = 0;
    for number in 0..=waits {
        // The first wait is not counted: it brings the model, the endpoint rules, the credentials.
        let in_flight = if number == 0 { 1 } else { IN_FLIGHT };
        if number == 1 {
            before = resident("VmRSS");
        }
        let (client, clock, counter) = (client.clone(), clock.clone(), polled.clone());
        let input = json!({ "ClusterIdentifier": format!("creating-{}", number % 100) });
        let waiter = waiter.with_input(input.as_object().unwrap().clone()).unwrap();
        tasks.spawn(async move {
            let mut wait = Wait::new(&waiter, &*client, &*clock);
            let event = wait.next_event().await;
            assert!(matches!(event, Some(WaitEvent::Polled(poll)) if poll.seen.error().is_none()));
            counter.fetch_add(1, Ordering::SeqCst);
            wait.run().await
        });
        while tasks.len() - polled.load(Ordering::SeqCst) >= in_flight {
            tokio::task::yield_now().await;
        }
    }
    while polled.load(Ordering::SeqCst) < tasks.len() {
        tokio::task::yield_now().await;
    }
    assert!(tasks.try_join_next().is_none(), "no wait is over");
    json!({
        "waits": waits,
        "before": before,
        "after": resident("VmRSS"),
        "peak": resident("VmHWM"),
    })
}

/// A figure of this process's memory in kB, as Linux has it.
fn resident(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Serves 100 clusters that are being paused at one URL, and clusters to wait for at another.
fn serve() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _entered = runtime.enter();
    let pausing = FakeRedshift::start(Pace::Describes(1));
    let waited = FakeRedshift::start(Pace::Describes(1));
    for number in 0..100 {
        pausing.cluster(&format!("cluster-{number}"), &["pausing"]);
        waited.cluster(&format!("creating-{number}"), &["creating"]);
    }
    waited.cluster("available", &["available"]);
    println!("{}", json!({ "pausing": pausing.url(), "waited": waited.url() }));
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

fn config(url: &str) -> SdkConfig {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "benchmark");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .build()
}

fn describe_clusters() -> Call {
    Call::new("redshift", "DescribeClusters", Map::new())
}

fn redshift_waiter(name: &str) -> WaiterConfig {
    let file = schema::parse(include_str!("../waiters/redshift.json")).unwrap();
    file.waiters[name].resolve().unwrap()
}
