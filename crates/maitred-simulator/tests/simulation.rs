//! Short simulations. The command runs longer ones.

use std::collections::BTreeMap;
use std::time::Duration;

use maitred_runtime::NewTask;
use maitred_simulator::fault::{Choice, Fault};
use maitred_simulator::plan::{Act, Planned};
use maitred_simulator::run::{Config, Outcome, run};
use maitred_simulator::workload::{FILE_OPERATOR, Jobs, quiet_panics};
use serde_json::json;

/// Seeds that have found a fault once.
const FOUND: &str = include_str!("found.txt");

fn quietly(config: &Config) -> Outcome {
    quiet_panics();
    run(config)
}

fn seed(seed: u64) -> Config {
    Config { seed, ..Config::default() }
}

#[test]
fn no_seed_breaks_a_promise() {
    let found =
        FOUND.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.parse().ok());
    for number in found.chain(0..20) {
        let outcome = quietly(&seed(number));
        let hint = format!("cargo run -p maitred-simulator -- --seed {number}");
        assert_eq!(outcome.violations, Vec::<String>::new(), "{hint}");
    }
}

#[test]
fn a_run_is_a_function_of_its_seed_on_both_stores() {
    let folder = tempfile::tempdir().unwrap();
    for number in 100..104 {
        let first = quietly(&seed(number));
        let file = Some(folder.path().join(format!("{number}.sqlite")));
        let others = [quietly(&seed(number)), quietly(&Config { file, ..seed(number) })];
        assert_eq!(others.map(|outcome| outcome.hash), [first.hash; 2], "seed {number}");
    }
    assert_ne!(quietly(&seed(1)).hash, quietly(&seed(2)).hash);
}

#[test]
fn a_task_survives_a_kill_at_each_crossing_of_its_life() {
    let jobs = Jobs { calls: 2, takes: 3_000, defers: true, again: 1, undo: true, timeout: None };
    kill_at_each_crossing_of(NewTask::new("sim.jobs", json!(jobs)));
}

#[test]
fn a_task_of_an_operator_file_survives_a_kill_at_each_crossing_of_its_life() {
    kill_at_each_crossing_of(NewTask::new(FILE_OPERATOR, json!({"takes": 3_000, "second": true})));
}

fn kill_at_each_crossing_of(task: NewTask) {
    let submit = Act::Submit(Box::new(task), None);
    let acts = vec![Planned { at: Duration::from_millis(10), act: submit }];
    let life = |choice| Config { choice, acts: Some(acts.clone()), ..seed(7) };
    let whole = quietly(&life(Choice::Only([].into())));
    assert_eq!(whole.violations, Vec::<String>::new());
    // Most crossings are looks at a store in which nothing has changed.
    let mut kinds = BTreeMap::new();
    for crossing in 1..=whole.counts.crossings {
        for fault in [Fault::KillBefore, Fault::KillAfter] {
            let outcome = quietly(&life(Choice::At(crossing, fault)));
            let Some((key, number, _)) = outcome.injected.first() else { continue };
            assert_eq!(outcome.violations, Vec::<String>::new(), "{fault} at {key} {number}");
            *kinds.entry(key.clone()).or_insert(0) += 1;
        }
        let idle = kinds.get("triggerer 1/change_counter").copied().unwrap_or(0);
        if idle > 60 {
            break;
        }
    }
    let doors = ["begin", "settle", "commit", "claim", "POST jobs"];
    for door in doors {
        assert!(kinds.contains_key(&format!("triggerer 1/{door}")), "{door}: {kinds:?}");
    }
}
