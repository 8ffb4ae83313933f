//! The command: runs seeds, and tells what breaks.
#![expect(clippy::print_stdout, reason = "what the command is for")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use clap::{Parser, ValueEnum};
use maitred_core::clock::{Clock as _, SystemClock};
use maitred_simulator::run::{Config, Outcome, run};
use maitred_simulator::shrink::shrink;
use maitred_simulator::workload::quiet_panics;
use maitred_simulator::world::Counts;

/// Simulate the durable runtime with faults, as a function of a seed
#[derive(Debug, Parser)]
struct Args {
    /// Run so many seeds
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// Begin with this seed; alone, run only this one
    #[arg(long)]
    seed: Option<u64>,
    /// Run for so many minutes, in place of a number of seeds
    #[arg(long)]
    minutes: Option<f64>,
    /// Where the tasks are
    #[arg(long, value_enum, default_value_t = Place::Memory)]
    store: Place,
    /// Print what happens
    #[arg(long)]
    trace: bool,
    /// Run each seed on both stores, and on one of them twice: all traces must be equal
    #[arg(long)]
    compare: bool,
    /// End at the first seed that breaks a promise, without shrinking it
    #[arg(long)]
    until_bad: bool,
    /// How many threads; default: one for each core
    #[arg(long)]
    threads: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Place {
    Memory,
    Sqlite,
}

/// What all threads of the command share.
struct Totals {
    next: AtomicU64,
    last: u64,
    bad: AtomicUsize,
    counts: std::sync::Mutex<(u64, Duration, Counts)>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    quiet_panics();
    let clock = SystemClock::new();
    let first = args.seed.unwrap_or(0);
    let alone = args.seed.is_some() && args.minutes.is_none() && args.seeds == 100;
    let count = if alone { 1 } else { args.seeds };
    let last = if args.minutes.is_some() { u64::MAX } else { first + count };
    let (next, bad) = (AtomicU64::new(first), AtomicUsize::new(0));
    let totals = Totals { next, last, bad, counts: std::sync::Mutex::default() };
    let limit = args.minutes.map(|minutes| Duration::from_secs_f64(minutes * 60.0));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..args.threads.unwrap_or(cores).min(usize::try_from(count).unwrap_or(cores)) {
            scope.spawn(|| {
                while limit.is_none_or(|limit| clock.monotonic() < limit) {
                    let next = |seed: u64| (seed < totals.last).then_some(seed.saturating_add(1));
                    let order = Ordering::Relaxed;
                    let Ok(seed) = totals.next.fetch_update(order, order, next) else { break };
                    run_seed(&args, seed, &totals);
                }
            });
        }
    });
    let bad = totals.bad.load(Ordering::Relaxed);
    let (seeds, simulated, counts) = *totals.counts.lock().expect("no thread has panicked");
    let took = clock.monotonic().as_secs_f64();
    println!(
        "{seeds} seeds in {took:.1} s: {:.1} seeds/s, {:.0} kills/s, {:.0} times real time; {} faults, {} \
         kills, {} operations on the store; {bad} bad",
        seeds_per(seeds, took),
        seeds_per(counts.kills, took),
        simulated.as_secs_f64() / took,
        counts.faults,
        counts.kills,
        counts.store,
    );
    if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn seeds_per(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}

fn run_seed(args: &Args, seed: u64, totals: &Totals) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let config = config(args, seed, &folder.path().join("tasks.sqlite"));
    let outcome = run(&config);
    {
        let mut counts = totals.counts.lock().expect("no thread has panicked");
        counts.0 += 1;
        counts.1 += outcome.simulated;
        counts.2.faults += outcome.counts.faults;
        counts.2.kills += outcome.counts.kills;
        counts.2.store += outcome.counts.store;
    }
    if args.trace {
        outcome.lines.iter().for_each(|line| println!("{line}"));
    }
    if args.compare {
        let file = Some(folder.path().join("other.sqlite"));
        let hashes = [
            outcome.hash,
            run(&Config { file: None, ..config.clone() }).hash,
            run(&Config { file, ..config.clone() }).hash,
        ];
        if hashes.iter().any(|hash| *hash != hashes[0]) {
            totals.bad.fetch_add(1, Ordering::Relaxed);
            println!("seed {seed}: the traces differ: {hashes:x?}");
        }
    }
    if !outcome.violations.is_empty() {
        totals.bad.fetch_add(1, Ordering::Relaxed);
        if args.until_bad {
            println!("seed {seed}: {}", outcome.violations[0]);
            totals.next.store(u64::MAX, Ordering::Relaxed);
            return;
        }
        report(seed, &config, &outcome);
    }
}

fn config(args: &Args, seed: u64, file: &std::path::Path) -> Config {
    let file = (args.store == Place::Sqlite).then(|| PathBuf::from(file));
    Config { seed, file, traced: args.trace, ..Config::default() }
}

/// Tells what a seed has broken, with the fewest faults and acts that still break it.
fn report(seed: u64, config: &Config, outcome: &Outcome) {
    let memory = Config { file: None, ..config.clone() };
    let shrunk = shrink(&memory, outcome);
    let mut text = format!(
        "seed {seed}: {}\n  with {} of {} faults and {} of {} acts, found in {} runs:\n",
        outcome.violations[0],
        shrunk.outcome.injected.len(),
        outcome.injected.len(),
        outcome.acts - shrunk.config.without.len(),
        outcome.acts,
        shrunk.runs,
    );
    for line in &shrunk.outcome.lines {
        text.push_str(&format!("  {line}\n"));
    }
    for violation in &shrunk.outcome.violations {
        text.push_str(&format!("  !! {violation}\n"));
    }
    println!("{text}");
}
