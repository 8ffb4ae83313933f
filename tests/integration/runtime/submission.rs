//! What a submission promises: what is checked and kept by then, and what waits for a triggerer that has it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use maitred::catalog::Catalog;
use maitred::clock::SystemClock;
use maitred::connection::{Connections, Environment};
use maitred::runtime::engine::Warning;
use maitred::runtime::{
    EmbeddedEngine, Engine as _, EngineError, NewTask, SqliteStore, Store, StoreDefinitions, Task,
    TaskId, TaskState, TriggererOptions,
};
use maitred::trigger::{Definitions, Services};
use serde_json::{Value, json};

use crate::support::loopback::{Loopback, Reply};

/// A process that has these waiters and variables, and shares its store with others.
struct Process {
    store: Arc<dyn Store>,
    waiters: Vec<PathBuf>,
    variables: Vec<(String, String)>,
}

impl Process {
    fn new(store: &Arc<dyn Store>) -> Self {
        Self { store: Arc::clone(store), waiters: Vec::new(), variables: Vec::new() }
    }

    fn with_waiters(mut self, folder: &Path) -> Self {
        self.waiters.push(folder.to_owned());
        self
    }

    fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn catalog(&self) -> Catalog {
        Catalog::new(maitred::sources().with_user(self.waiters.clone()))
    }

    fn engine(&self) -> EmbeddedEngine {
        let registry = Arc::new(maitred::registry());
        let clock = Arc::new(SystemClock::new());
        let connections = Connections::new(Environment::fixed(self.variables.clone()));
        EmbeddedEngine::new(Arc::clone(&self.store), registry, clock.clone())
            .with_clients(maitred::clients(connections, clock))
    }

    async fn submit(&self, operator: &str, args: Value) -> Result<TaskId, String> {
        let engine = self.engine().with_catalog(Arc::new(self.catalog()));
        let submitted = engine.start(NewTask::new(operator, args)).await;
        submitted.map(|submitted| submitted.id()).map_err(|error| error.to_string())
    }

    /// Runs what can be run here.
    async fn run(&self) {
        let clock = Arc::new(SystemClock::new());
        let connections = Connections::new(Environment::fixed(self.variables.clone()));
        let definitions = StoreDefinitions::new(Arc::clone(&self.store));
        let services = Services::new(
            clock.clone(),
            Arc::new(maitred::clients(connections, clock)),
            Arc::new(self.catalog()),
            Definitions::new(Arc::new(definitions)),
        );
        let options = TriggererOptions::until_idle();
        let triggerer = self.engine().triggerer_with(services, options);
        triggerer.run(std::future::pending()).await.unwrap();
    }

    fn task(&self, id: TaskId) -> Task {
        self.store.task(id).unwrap().unwrap()
    }
}

fn message(task: &Task) -> &str {
    task.message.as_deref().unwrap_or_default()
}

/// A folder with a team's waiter, which extends another of its own.
fn team() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let done = json!({"state": "success", "matcher": "path", "argument": "Body.state",
        "expected": "done"});
    let file = json!({"version": 2, "service": "http", "waiters": {
        "job": {"operation": "GET", "delay": 0, "maxAttempts": 3, "acceptors": [done],
            "parameters": {"URL": {}}, "input": {"url": "{{URL}}"}},
        "job_done": {"extends": "http.job", "delay": 0.01},
    }});
    std::fs::write(folder.path().join("jobs.json"), file.to_string()).unwrap();
    folder
}

fn jobs() -> Loopback {
    Loopback::start(|_| Reply::json(200, r#"{"state": "done"}"#))
}

fn wait_for_job(server: &Loopback) -> Value {
    json!({"service": "http", "waiter": "job_done", "parameters": {"URL": server.url("/jobs/7")}})
}

#[tokio::test]
async fn a_wait_is_stored_with_its_waiter_and_runs_where_there_is_no_such_file() {
    let (folder, server) = (tempfile::tempdir().unwrap(), jobs());
    let file = SqliteStore::open(folder.path().join("store.sqlite")).unwrap();
    let stores: [Arc<dyn Store>; 2] = [Arc::new(SqliteStore::in_memory().unwrap()), Arc::new(file)];
    for store in stores {
        let team = team();
        let here = Process::new(&store).with_waiters(team.path());
        let id = here.submit("maitred.wait", wait_for_job(&server)).await.unwrap();
        team.close().unwrap();
        let elsewhere = Process::new(&store);
        // A triggerer that begins and dies at once must not drop what the task needs.
        store.acquire(here.task(id).created).unwrap();
        elsewhere.run().await;
        let task = elsewhere.task(id);
        assert_eq!(task.state, TaskState::Success, "{}", message(&task));
        // Nor may one that begins once the task has ended: it may be tried again.
        store.acquire(here.task(id).created).unwrap();
        let hash = &task.spec.waiters["http.job_done"];
        assert!(store.definition(hash).unwrap().is_some());
    }
}

#[tokio::test]
async fn a_wait_whose_input_the_model_does_not_know_is_refused_at_submission() {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let here = Process::new(&store);
    let redshift = |input: Value| json!({"service": "redshift", "waiter": "cluster_available", "input": input});
    for (args, why) in [
        (redshift(json!({"ClusterIdentifer": "a"})), "did you mean `ClusterIdentifier`?"),
        (redshift(json!({"ClusterIdentifier": 7})), "must be of type string, but is a number"),
        (redshift(json!({"ClusterIdentifier": null})), "must be of type string, but is null"),
        (
            json!({"service": "emr", "waiter": "cluster_running", "input": {}}),
            "ClusterId: is required",
        ),
        (
            json!({"service": "http", "waiter": "up", "input": {"ulr": "http://localhost/"}}),
            "did you mean `url`?",
        ),
        (
            json!({"service": "redshift", "waiter": "cluster_available", "parameters": {"X": 1}}),
            "this waiter has no parameter `X` (it has none)",
        ),
    ] {
        let error = here.submit("maitred.wait", args.clone()).await.unwrap_err();
        assert!(error.contains(why), "{args}: {error}");
    }
    // The second of two that differ in a value alone is checked, too.
    let engine = here.engine().with_catalog(Arc::new(here.catalog()));
    let task =
        |value: Value| NewTask::new("maitred.wait", redshift(json!({"ClusterIdentifier": value})));
    assert!(engine.start_all(vec![task("a".into()), task(7.into())]).await.is_err());
    // What a reference stands for is not known yet.
    let secret = json!({"ClusterIdentifier": {"$secret": "env:CLUSTER"}});
    here.submit("maitred.wait", redshift(secret)).await.unwrap();
    assert_eq!(store.counts().unwrap(), [(TaskState::Queued, 1)]);
}

#[tokio::test]
async fn a_waiter_that_is_missing_where_the_task_runs_blocks_it_until_it_is_there() {
    let (store, server): (Arc<dyn Store>, _) =
        (Arc::new(SqliteStore::in_memory().unwrap()), jobs());
    let elsewhere = Process::new(&store);
    // A library that has no catalog takes any name.
    let task = NewTask::new("maitred.wait", wait_for_job(&server));
    let id = elsewhere.engine().start(task).await.unwrap().id();
    elsewhere.run().await;
    let task = elsewhere.task(id);
    assert_eq!(task.state, TaskState::Blocked, "{}", message(&task));
    assert!(message(&task).contains("no waiter `job_done`"), "{}", message(&task));
    let team = team();
    Process::new(&store).with_waiters(team.path()).run().await;
    assert_eq!(elsewhere.task(id).state, TaskState::Success);
}

#[tokio::test]
async fn a_connection_or_secret_that_is_missing_blocks_a_task_until_it_is_there() {
    let server = jobs();
    let check = json!({"expression": "Body.state == 'done'"});
    let conn = json!({"client": {"connection": "later"}});
    let wait = json!({"service": "http", "waiter": "up", "input": {"endpoint": "/"}, "client": conn["client"]});
    let secret = json!({"X-Key": {"$secret": "env:LATER"}});
    let tasks = [
        ("http.request", json!({"http_conn_id": "later", "json": {}})),
        ("http.request", json!({"http_conn_id": "later", "method": "GET", "deferrable": true})),
        ("http.sensor", json!({"http_conn_id": "later", "response_check": check})),
        ("http.sensor", json!({"http_conn_id": "later", "deferrable": true, "soft_fail": true})),
        ("http.request", json!({"endpoint": server.url("/"), "headers": secret, "json": {}})),
        ("maitred.wait", wait),
    ];
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let without = Process::new(&store);
    let mut ids = Vec::new();
    for (operator, args) in tasks {
        ids.push(without.submit(operator, args).await.unwrap());
    }
    without.run().await;
    for id in &ids {
        let task = without.task(*id);
        assert_eq!(task.state, TaskState::Blocked, "{}: {}", task.spec.args, message(&task));
        assert!(message(&task).to_lowercase().contains("later"), "{}", message(&task));
    }
    assert_eq!(server.requests().len(), 0);
    let connection = json!({"conn_type": "http", "host": server.url("/")}).to_string();
    let with = Process::new(&store)
        .with_variable("MAITRED_CONN_LATER", &connection)
        .with_variable("LATER", "canary");
    with.run().await;
    for id in &ids {
        let task = with.task(*id);
        assert_eq!(task.state, TaskState::Success, "{}: {}", task.spec.args, message(&task));
    }
    assert_eq!(server.requests().len(), ids.len());
}

#[tokio::test]
async fn an_operator_for_aws_waits_for_its_connection_too() {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let here = Process::new(&store);
    let args = json!({"cluster_identifier": "a", "aws_conn_id": "later"});
    let id = here.submit("redshift.pause_cluster", args).await.unwrap();
    here.run().await;
    assert_eq!(here.task(id).state, TaskState::Blocked, "{}", message(&here.task(id)));
}

#[tokio::test]
async fn a_service_without_a_model_blocks_a_wait() {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let keys = json!({"conn_type": "aws", "login": "AKIDEXAMPLE", "password": "example",
        "extra": {"region_name": "eu-west-1"}});
    let here = Process::new(&store).with_variable("MAITRED_CONN_AWS_DEFAULT", &keys.to_string());
    let success = json!({"state": "success", "matcher": "path", "argument": "State",
        "expected": "UP"});
    let definition = json!({"operation": "DescribeThing", "delay": 1, "maxAttempts": 3,
        "acceptors": [success]});
    let args = json!({"service": "private-things", "waiter": "up", "definition": definition});
    let id = here.submit("maitred.wait", args).await.unwrap();
    here.run().await;
    let task = here.task(id);
    assert_eq!(task.state, TaskState::Blocked, "{}", message(&task));
    assert!(message(&task).contains("private-things"), "{}", message(&task));
}

#[tokio::test]
async fn a_connection_that_cannot_be_used_fails_its_task_as_refused() {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let broken = json!({"conn_type": "http", "host": "ftp://host/"}).to_string();
    let here = Process::new(&store).with_variable("MAITRED_CONN_BROKEN", &broken);
    for deferrable in [false, true] {
        let args = json!({"http_conn_id": "broken", "soft_fail": true, "deferrable": deferrable});
        let id = here.submit("http.sensor", args).await.unwrap();
        here.run().await;
        let task = here.task(id);
        assert_eq!(task.state, TaskState::Failed, "{}", message(&task));
        assert_eq!(task.failure, Some(maitred::operator::FailureKind::Refused));
    }
}

#[tokio::test]
async fn an_engine_refuses_a_request_that_has_nowhere_to_go() {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let process = Process::new(&store);
    let refused = process.submit("http.sensor", json!({})).await.unwrap_err();
    assert!(refused.contains("http_default has no host"), "{refused}");
    let refused = process.submit("http.request", json!({"http_conn_id": "", "endpoint": ""})).await;
    assert!(refused.unwrap_err().contains("http_default has no host"));
    for operator in ["http.sensor", "http.request"] {
        let refused = process.submit(operator, json!({"endpoint": "/jobs/7"})).await.unwrap_err();
        assert!(refused.contains("http_default has no host"), "{refused}");
    }
    let wait = |client: Value| json!({"service": "http", "waiter": "up", "input": {"endpoint": "x"}, "client": client});
    let refused = process.submit("maitred.wait", wait(json!({}))).await.unwrap_err();
    assert!(refused.contains("http_default has no host"), "{refused}");
    let base = json!({"endpoint_url": "http://127.0.0.1:9"});
    process.submit("maitred.wait", wait(base)).await.unwrap();
    process.submit("http.sensor", json!({"endpoint": "http://127.0.0.1:9/x"})).await.unwrap();
    // The named one may be defined where the triggerer runs.
    process.submit("http.sensor", json!({"http_conn_id": "jobs"})).await.unwrap();
    let with_host = process.with_variable("MAITRED_CONN_HTTP_DEFAULT", "http://127.0.0.1:9");
    for args in [json!({}), json!({"endpoint": "/jobs/7"})] {
        with_host.submit("http.sensor", args).await.unwrap();
    }
    with_host.submit("maitred.wait", wait(json!({}))).await.unwrap();
}

#[tokio::test]
async fn connections_that_are_not_defined_are_warnings_each_once() {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let process = Process::new(&store).with_variable("MAITRED_CONN_HERE", "http://127.0.0.1:9");
    let task = |operator: &str, args| NewTask::new(operator, args);
    let wait = json!({"service": "http", "waiter": "get", "client": {"connection": "wait"}});
    let pause = json!({"cluster_identifier": "analytics", "aws_conn_id": "pause"});
    let tasks = vec![
        task("http.sensor", json!({"http_conn_id": "sensor"})),
        task("http.sensor", json!({"http_conn_id": "sensor"})),
        task("http.sensor", json!({"http_conn_id": "here"})),
        task("redshift.pause_cluster", pause.clone()),
        task("redshift.pause_cluster", json!({"cluster_identifier": "analytics"})),
        task("maitred.wait", wait),
    ];
    let engine = process.engine();
    let accepted = engine.start_all(tasks).await.unwrap();
    let undefined = |id: &str| Warning::UndefinedConnection(id.to_owned());
    assert_eq!(accepted.warnings, ["pause", "sensor", "wait"].map(undefined));
    assert_eq!(accepted.tasks.len(), 6);

    let id = accepted.tasks[4].id();
    engine.cancel(id, false).await.unwrap();
    assert_eq!(engine.retry(id, Some(pause)).await.unwrap(), [undefined("pause")]);
}

#[tokio::test]
async fn a_task_is_found_by_its_number_and_by_its_key() {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
    let engine = Process::new(&store).engine();
    let task = NewTask::new("http.sensor", json!({"endpoint": "http://127.0.0.1:9"}));
    let id = engine.start(task.with_key("nightly")).await.unwrap().id();
    for name in [id.to_string().as_str(), "nightly"] {
        assert_eq!(engine.find(name).await.unwrap().id, id, "{name}");
    }
    for name in ["99", "daily"] {
        let missing = engine.find(name).await.unwrap_err();
        assert!(matches!(&missing, EngineError::NotFound(found) if found == name), "{missing}");
    }
    assert_eq!(engine.counts().await.unwrap().get(&TaskState::Queued), Some(&1));
}
