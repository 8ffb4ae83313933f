//! A store, a triggerer and connections, for tests that run operators.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use maitred::catalog::Catalog;
use maitred::clock::{BoxFuture, Clock, SystemClock, Timestamp};
use maitred::connection::{Connections, Environment};
use maitred::operator::Intent;
use maitred::operator::file::OperatorCatalog;
use maitred::runtime::task::CancelRequest;
use maitred::runtime::task::LogLine;
use maitred::runtime::{
    NewTask, Registry, SqliteStore, Store, StoreDefinitions, Task, TaskId, Triggerer,
    TriggererOptions,
};
use maitred::trigger::CancelReason;
use maitred::trigger::{Definitions, Services};
use serde_json::{Value, json};

/// A clock that runs faster than time, so that a pause of minutes is over soon.
#[derive(Debug)]
struct FastClock {
    inner: SystemClock,
    start: Timestamp,
    factor: u32,
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        self.start.plus(self.inner.now().since(self.start) * self.factor)
    }

    fn monotonic(&self) -> Duration {
        self.inner.monotonic() * self.factor
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.inner.sleep(duration / self.factor)
    }
}

#[derive(Debug)]
pub(super) struct Rig {
    pub(super) store: Arc<dyn Store>,
    registry: Arc<Registry>,
    services: Arc<Services>,
}

impl Rig {
    /// With these variables in its environment, on a clock that runs `factor` times as fast.
    fn new(variables: Vec<(String, String)>, factor: u32) -> Self {
        let inner = SystemClock::new();
        let start = inner.now();
        let clock: Arc<dyn Clock> = Arc::new(FastClock { inner, start, factor });
        let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory().unwrap());
        let connections = Connections::new(Environment::fixed(variables));
        let services = Services::new(
            Arc::clone(&clock),
            Arc::new(maitred::clients(connections, clock)),
            Arc::new(Catalog::new(maitred::sources())),
            Definitions::new(Arc::new(StoreDefinitions::new(Arc::clone(&store)))),
        );
        Self { store, registry: Arc::new(maitred::registry()), services: Arc::new(services) }
    }

    /// With an `aws_default` that leads to `endpoint`.
    pub(super) fn aws(endpoint: &str, factor: u32) -> Self {
        let connection = json!({
            "conn_type": "aws",
            "login": "AKIDEXAMPLE",
            "password": "example",
            "extra": {"region_name": "eu-west-1", "endpoint_url": endpoint},
        });
        let password = ("PASSWORD".to_owned(), "canary-4711".to_owned());
        let variable = ("MAITRED_CONN_AWS_DEFAULT".to_owned(), connection.to_string());
        Self::new(vec![password, variable], factor)
    }

    /// With one connection.
    pub(super) fn connected(variable: &str, connection: &Value) -> Self {
        Self::new(vec![(variable.to_owned(), connection.to_string())], 1)
    }

    /// With an `http_default` that leads to `host`.
    pub(super) fn http(host: &str, factor: u32) -> Self {
        let connection = json!({"conn_type": "http", "host": host});
        let token = ("TOKEN".to_owned(), "Bearer canary-4711".to_owned());
        let variable = ("MAITRED_CONN_HTTP_DEFAULT".to_owned(), connection.to_string());
        Self::new(vec![token, variable], factor)
    }

    /// The same with the operators of `operators.json` and the waiters of `waiters.json` in a folder.
    pub(super) fn with_files(self, folder: &Path) -> Self {
        let operators = OperatorCatalog::default().with_paths([folder.join("operators.json")]);
        let sources = maitred::sources().with_user([folder.join("waiters.json")]);
        let services = Services::new(
            Arc::clone(&self.services.clock),
            Arc::clone(&self.services.clients),
            Arc::new(Catalog::new(sources)),
            Definitions::new(Arc::new(StoreDefinitions::new(Arc::clone(&self.store)))),
        );
        let registry = Arc::new(maitred::registry().with_operators(operators));
        Self { registry, services: Arc::new(services), ..self }
    }

    /// What is wrong with the arguments.
    pub(super) fn refusal(&self, operator: &str, args: &Value) -> String {
        self.registry.check(operator, args).unwrap_err().to_string()
    }

    pub(super) fn submit(&self, operator: &str, args: &Value, retries: u32) -> TaskId {
        self.registry.check(operator, args).unwrap();
        let mut task = NewTask::new(operator, args.clone());
        task.version = self.registry.version(operator).unwrap();
        task.retries = retries;
        task.retry_delay = Duration::from_millis(10);
        self.submit_task(task)
    }

    pub(super) fn submit_task(&self, task: NewTask) -> TaskId {
        self.store.submit(&[task], self.services.clock.now()).unwrap()[0].id()
    }

    fn triggerer(&self, options: TriggererOptions) -> Triggerer {
        let (store, services) = (Arc::clone(&self.store), Arc::clone(&self.services));
        Triggerer::new(store, Arc::clone(&self.registry), services, options)
    }

    /// Runs until this is so, and then stops gracefully.
    pub(super) async fn run_until(&self, so: impl Fn() -> bool + Send + Sync) {
        let until = async {
            while !so() {
                self.services.clock.sleep(Duration::from_millis(10)).await;
            }
        };
        self.triggerer(TriggererOptions::default()).run(until).await.unwrap();
    }

    /// Runs everything to its end.
    pub(super) async fn drain(&self) {
        let options = TriggererOptions::until_idle();
        self.triggerer(options).run(std::future::pending()).await.unwrap();
    }

    /// Runs everything to its end, and asks for that of one task as soon as it is deferred.
    pub(super) async fn drain_and_undo(&self, id: TaskId) {
        self.drain_and_undo_after(id, 1).await;
    }

    /// The same once it has been deferred so often.
    pub(super) async fn drain_and_undo_after(&self, id: TaskId, deferrals: usize) {
        let cancel = async {
            while self.deferrals(id) < deferrals {
                tokio::task::yield_now().await;
            }
            let request = CancelRequest::new(CancelReason::User, true);
            self.store.request_cancel(id, request, self.services.clock.now()).unwrap();
        };
        tokio::join!(self.drain(), cancel);
    }

    /// Runs one task to its end.
    pub(super) async fn run(&self, operator: &str, args: Value) -> Task {
        let id = self.submit(operator, &args, 0);
        self.drain().await;
        self.task(id)
    }

    pub(super) fn task(&self, id: TaskId) -> Task {
        self.store.task(id).unwrap().unwrap()
    }

    /// Leaves a task as a crash after a main call was begun does.
    pub(super) fn crash_after(&self, id: TaskId, intent: &Intent) {
        let fence = self.store.acquire(self.services.clock.now()).unwrap();
        let claimed = self.store.claim(fence, self.services.clock.now(), &[id]).unwrap();
        assert_eq!(claimed.tasks[0].id, id);
        self.store.begin(fence, id, claimed.tasks[0].step, intent).unwrap();
    }

    /// How often the task was deferred.
    pub(super) fn deferrals(&self, id: TaskId) -> usize {
        let history = self.store.history(id).unwrap();
        history.iter().filter(|entry| entry.to.as_str() == "deferred").count()
    }

    /// All that is kept of a task, as text.
    pub(super) fn everything(&self, id: TaskId) -> String {
        let lines: Vec<LogLine> = self.store.logs(id, 0).unwrap();
        format!("{:?} {:?} {lines:?}", self.task(id), self.store.history(id).unwrap())
    }
}
