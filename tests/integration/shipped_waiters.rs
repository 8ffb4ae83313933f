//! The waiters in `waiters/`: each of their acceptors does what its cases in `tests/waiters/` say.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use maitred::case::Case;
use maitred::catalog::{Catalog, WaiterOrigin};
use maitred::client::Observation;
use maitred::config::{MatcherKind, State, WaiterConfig, WaiterFile};
use maitred::engine::Status;
use maitred::waiter::{Options, Waiter};
use maitred::{replay, schema};
use serde_json::json;

mod botocore;

/// The services whose waiters are shipped.
fn services() -> impl Iterator<Item = &'static str> {
    maitred::catalog::shipped().map(|(service, _)| service)
}

/// Every `ClusterStatus` that AWS documents
/// (<https://docs.aws.amazon.com/redshift/latest/APIReference/API_Cluster.html>), and what it means to
/// `cluster_available`, `cluster_deleted`, `cluster_restored`, `cluster_paused`, `cluster_resumed`,
/// `cluster_deletable` and `cluster_in_status`, which waits for available: `s`uccess, `f`ailure, or `-`, to be polled again.
const CLUSTER_STATUSES: &[(&str, &str)] = &[
    ("available", "s-f-sss"),
    ("available, prep-for-resize", "-------"),
    ("available, resize-cleanup", "-------"),
    ("cancelling-resize", "-------"),
    ("creating", "-f-----"),
    ("deleting", "f-fffff"),
    ("final-snapshot", "f-fffff"),
    ("hardware-failure", "f-fffsf"),
    ("incompatible-hsm", "f-fffsf"),
    ("incompatible-network", "f-fffsf"),
    ("incompatible-parameters", "f-fffsf"),
    ("incompatible-restore", "f-fffsf"),
    ("modifying", "-f-----"),
    ("paused", "---s-s-"),
    ("rebooting", "-------"),
    ("renaming", "-------"),
    ("resizing", "-------"),
    ("rotating-keys", "-------"),
    ("storage-full", "f-fffsf"),
    ("updating-hsm", "-------"),
    // Not in that list, but told by the service while PauseCluster and ResumeCluster are at work.
    ("pausing", "-------"),
    ("resuming", "-------"),
];

/// The waiters that the letters of [`CLUSTER_STATUSES`] stand for.
const CLUSTER_WAITERS: [&str; 7] = [
    "cluster_available",
    "cluster_deleted",
    "cluster_restored",
    "cluster_paused",
    "cluster_resumed",
    "cluster_deletable",
    "cluster_in_status",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> WaiterFile {
    maitred::catalog::read(path, maitred::schema::parse)
        .unwrap_or_else(|bad| panic!("{}: {}", path.display(), bad.problems))
}

fn shipped(service: &str) -> WaiterFile {
    read(&root().join(format!("waiters/{service}.json")))
}

#[test]
fn every_shipped_waiter_is_described_and_says_why_it_failed() {
    for service in services() {
        let file = shipped(service);
        assert_eq!(file.schema.as_deref(), Some(schema::SCHEMA_ID), "{service}: add `$schema`");
        for (name, waiter) in &file.waiters {
            assert!(waiter.description.is_some(), "{service}.{name}: add a `description`");
            assert!(waiter.show.is_some(), "{service}.{name}: add `show`");
            for acceptor in &waiter.acceptors {
                let fails_by_path = acceptor.state == State::Failure && acceptor.argument.is_some();
                assert!(
                    !fails_by_path || acceptor.message.is_some(),
                    "{service}.{name}: give the failure acceptor a `message`"
                );
            }
        }
    }
}

fn compile(service: &str, name: &str, options: &Options) -> Waiter {
    let config = shipped(service).waiters[name].resolve().unwrap();
    Waiter::compile(service, name, &config, options).unwrap()
}

/// The shipped waiters: service, name and what the file says.
fn all() -> Vec<(&'static str, String, WaiterConfig)> {
    let of = |service: &'static str| {
        let waiters = shipped(service).waiters.into_iter();
        waiters.map(move |(name, waiter)| (service, name, waiter.resolve().unwrap()))
    };
    services().flat_map(of).collect()
}

/// The waiters of botocore to which `waiters/botocore/` adds something, as they run.
fn annotated() -> Vec<(&'static str, String, WaiterConfig)> {
    let catalog = Catalog::new(maitred::sources());
    let of = |(service, text): (&'static str, &str)| {
        let file = schema::parse(text).unwrap_or_else(|problems| panic!("{service}: {problems}"));
        let found = file.waiters.into_keys().map(|name| {
            let entry = catalog.find(service, &name).unwrap();
            assert_eq!(
                entry.origin,
                WaiterOrigin::Botocore,
                "{service}.{name} is shadowed by ours"
            );
            (service, name, WaiterConfig::clone(&entry.config))
        });
        found.collect::<Vec<_>>()
    };
    maitred::catalog::annotations().flat_map(of).collect()
}

fn entries(directory: &Path) -> BTreeMap<String, PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return BTreeMap::new() };
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .collect()
}

fn cases(service: &str, name: &str) -> Vec<(PathBuf, Case)> {
    let directory = root().join("tests/waiters").join(service).join(name);
    let read = |path: PathBuf| {
        let case = schema::parse_case(&std::fs::read_to_string(&path).unwrap());
        let case = case.unwrap_or_else(|invalid| panic!("{}: {invalid}", path.display()));
        (path, case)
    };
    entries(&directory).into_values().map(read).collect()
}

/// What is not as the case says.
fn differences(case: &Case, waiter: &Waiter) -> Vec<replay::Difference> {
    assert_eq!(replay::check(case, waiter, None), Vec::new());
    replay::replay(case, waiter).differences(&case.expect)
}

#[test]
fn every_case_ends_as_it_says() {
    for (service, name, config) in all().into_iter().chain(annotated()) {
        for (path, case) in cases(service, &name) {
            let options = replay::options(&case).unwrap();
            let waiter = Waiter::compile(service, &name, &config, &options).unwrap();
            assert_eq!(differences(&case, &waiter), [], "{}", path.display());
        }
    }
}

#[test]
fn what_is_added_to_botocores_waiters_has_a_case_in_each_service() {
    for (service, _) in maitred::catalog::annotations() {
        let mut own = annotated().into_iter().filter(|(known, ..)| *known == service);
        assert!(own.any(|(_, name, _)| !cases(service, &name).is_empty()), "{service}");
    }
}

#[test]
fn every_acceptor_is_reached_and_every_waiter_can_stay_pending() {
    for (service, name, config) in all() {
        let mut reached = BTreeSet::new();
        let mut pending = false;
        for (_, case) in cases(service, &name) {
            let waiter = compile(service, &name, &replay::options(&case).unwrap());
            let replayed = replay::replay(&case, &waiter);
            let exhausted = replayed.outcome.status() == Status::Exhausted;
            pending |= exhausted && replayed.went_on > 0;
            reached.extend(replayed.reached);
        }
        let missing: Vec<_> =
            (0..config.acceptors.len()).filter(|index| !reached.contains(index)).collect();
        assert!(missing.is_empty(), "{service}.{name}: no case reaches acceptors {missing:?}");
        assert!(pending, "{service}.{name}: no case in which it polls on until it gives up");
    }
}

#[test]
fn every_case_is_one_of_a_shipped_waiter() {
    let known: BTreeSet<_> = all()
        .into_iter()
        .chain(annotated())
        .map(|(service, name, _)| (service.to_owned(), name))
        .collect();
    for (service, directory) in entries(&root().join("tests/waiters")) {
        for name in entries(&directory).into_keys() {
            assert!(known.contains(&(service.clone(), name.clone())), "{service}/{name}");
        }
    }
}

#[test]
fn every_waiter_says_what_it_is_and_why_it_fails() {
    for service in services() {
        let schema = shipped(service).schema.unwrap_or_default();
        assert!(schema.ends_with("/schema/waiters.schema.json"), "{service}: {schema}");
    }
    for (service, name, config) in all() {
        let id = format!("{service}.{name}");
        let problems = Waiter::check(&config.clone().into());
        assert!(problems.is_empty(), "{id}: {problems:?}");
        assert!(config.description.is_some_and(|text| text.ends_with('.')), "{id}: description");
        assert!(config.show.is_some(), "{id}: show");
        for (index, acceptor) in config.acceptors.iter().enumerate() {
            let fails = acceptor.state == State::Failure;
            assert_eq!(fails, acceptor.message.is_some(), "{id}: message of acceptor {index}");
        }
        assert!(
            config.parameters.values().all(|parameter| parameter.description.is_some()),
            "{id}: description of a parameter"
        );
    }
}

#[test]
fn the_documented_states_of_a_cluster_mean_what_the_table_says() {
    for (column, name) in CLUSTER_WAITERS.iter().enumerate() {
        let waiter = compile("redshift", name, &Options::default());
        for (status, letters) in CLUSTER_STATUSES {
            let seen = Observation::Output(maitred::client::Output::from_json(
                json!({"Clusters": [{"ClusterIdentifier": "nightly", "ClusterStatus": status}]}),
            ));
            let matched = maitred::matcher::decide(waiter.acceptors(), &seen).matched;
            let letter = match matched.map(|index| waiter.acceptors()[index].state) {
                Some(State::Success) => 's',
                Some(State::Failure) => 'f',
                Some(State::Retry) | None => '-',
            };
            assert_eq!(Some(letter), letters.chars().nth(column), "{name}, {status}");
        }
    }
}

#[test]
fn what_is_not_up_yet_is_asked_to_the_deadline() {
    for name in ["up", "json_field"] {
        let config = &shipped("http").waiters[name];
        for code in ["404", "429", "5xx", "ConnectError", "DnsError", "Timeout"] {
            let retried = config.acceptors.iter().any(|acceptor| {
                acceptor.state == State::Retry
                    && acceptor.matcher == MatcherKind::Error
                    && acceptor.expected == code
            });
            assert!(retried, "{name}: {code} counts as a transient failure, which is bounded");
        }
    }
}

#[test]
fn the_example_of_a_users_own_file_waits_for_a_job() {
    let path = root().join("examples/waiters/jobs-api.json");
    let file = read(&path);
    let case = json!({
        "parameters": {"BASE_URL": "http://127.0.0.1:8080", "JOB_ID": "7"},
        "replies": [
            {"output": {"StatusCode": 200, "Body": {"state": "running", "progress": 40}}},
            {"output": {"StatusCode": 503, "Body": null}},
            {"output": {"StatusCode": 200, "Body": {"state": "failed", "error": "no space"}}},
        ],
        "expect": {
            "outcome": "failure", "attempts": 3, "shown": ["failed", null],
            "message": "http.job_done failed: job 7 failed: no space",
        },
    });
    let case = schema::parse_case(&case.to_string()).unwrap();
    let service = file.service.as_deref().unwrap();
    let config = file.waiters["job_done"].resolve().unwrap();
    let waiter =
        Waiter::compile(service, "job_done", &config, &replay::options(&case).unwrap()).unwrap();
    assert_eq!(waiter.call().input["url"], "http://127.0.0.1:8080/jobs/7");
    assert_eq!(differences(&case, &waiter), []);
}

#[test]
fn the_readme_shows_a_waiter_and_a_case_that_fit() {
    let path = root().join("waiters/README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let blocks: Vec<_> =
        text.split("```json").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [waiter, case] = blocks[..] else { panic!("a waiter and a case: {blocks:?}") };
    let case = schema::parse_case(case).unwrap();
    let config: WaiterConfig = serde_json::from_str(waiter).unwrap();
    let waiter =
        Waiter::compile("things", "thing_ready", &config, &replay::options(&case).unwrap())
            .unwrap();
    assert_eq!(differences(&case, &waiter), []);
}
