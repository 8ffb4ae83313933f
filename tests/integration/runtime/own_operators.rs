//! What the library does for operators and triggers that others write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use maitred::catalog::Catalog;
use maitred::client::{Call, CallError, CallErrorKind, Client, Observation, Output};
use maitred::clock::{BoxFuture, SystemClock};
use maitred::connection::{ClientSettings, Clients, Connections, Environment};
use maitred::operator::{
    Deferral, ExecuteComplete, Flow, MainCallError, Operator, OperatorContext, OperatorError,
    UndoCall,
};
use maitred::runtime::{
    EmbeddedEngine, Engine as _, NewTask, SqliteStore, Task, TaskState, TriggererOptions,
};
use maitred::trigger::{
    HttpTrigger, MIN_PAUSE, Step, Trigger, TriggerContext, TriggerError, TriggerEvent,
    WaiterTrigger,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::counting_client::CountingClient;

/// Fires with an event on the fifth look, and never asks for a pause.
#[derive(Debug, Serialize, Deserialize)]
struct Hasty {
    event: Value,
}

impl Trigger for Hasty {
    const NAME: &'static str = "test.hasty";
    type State = u32;

    async fn start(&self, _ctx: &TriggerContext) -> Result<u32, TriggerError> {
        Ok(0)
    }

    async fn step(&self, _ctx: &TriggerContext, looks: &mut u32) -> Result<Step, TriggerError> {
        *looks += 1;
        if *looks == 5 {
            return Ok(Step::Fire(TriggerEvent::new(self.event.clone())));
        }
        Ok(Step::Again { after: Duration::ZERO })
    }
}

/// Defers onto that, and leaves the rest to the defaults.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain {
    event: Value,
}

impl Operator for Plain {
    const NAME: &'static str = "test.plain";
    type Resume = ExecuteComplete;

    async fn execute(
        &self,
        _ctx: &OperatorContext,
    ) -> Result<Flow<ExecuteComplete>, OperatorError> {
        let trigger = Hasty { event: self.event.clone() };
        Ok(Flow::Defer(Deferral::new(&trigger, ExecuteComplete::ExecuteComplete)?))
    }
}

/// Every reply is this one.
#[derive(Debug)]
struct Always {
    body: Value,
    calls: AtomicU32,
}

impl Client for Always {
    fn call<'a>(&'a self, _call: &'a Call) -> BoxFuture<'a, Observation> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let reply = json!({"StatusCode": 200, "Headers": {}, "Body": self.body});
        Box::pin(async { Observation::Output(Output::from_json(reply)) })
    }
}

fn engine() -> EmbeddedEngine {
    let registry = maitred::registry().with_operator::<Plain>().with_trigger::<Hasty>();
    let store = Arc::new(SqliteStore::in_memory().unwrap());
    EmbeddedEngine::new(store, Arc::new(registry), Arc::new(SystemClock::new()))
}

/// Runs a task against replies with this body.
async fn run(operator: &str, args: Value, body: Value) -> Task {
    let connections = Connections::new(Environment::empty());
    let fake = Arc::new(Always { body, calls: AtomicU32::new(0) });
    let clients = Clients::new(connections, Arc::new(SystemClock::new()))
        .with_client("http", Arc::clone(&fake) as Arc<dyn Client>);
    let engine = engine().with_clients(clients);
    let id = engine.start(NewTask::new(operator, args)).await.unwrap().id();
    let options = TriggererOptions::until_idle();
    engine.triggerer(options).run(std::future::pending()).await.unwrap();
    assert_eq!(fake.calls.load(Ordering::SeqCst) == 0, operator == Plain::NAME);
    engine.get(id).await.unwrap()
}

#[tokio::test]
async fn by_default_a_wait_that_did_not_succeed_fails_the_task() {
    for (event, state) in [
        (json!({"status": "success"}), TaskState::Success),
        (json!({"status": "failure", "message": "no good"}), TaskState::Failed),
        (json!({"done": true}), TaskState::Failed),
        (json!("success"), TaskState::Failed),
    ] {
        let task = run(Plain::NAME, json!({"event": event}), Value::Null).await;
        assert_eq!(task.state, state, "{event}");
        let result = (state == TaskState::Success).then_some(event);
        assert_eq!(task.result, result);
    }
}

#[tokio::test]
async fn a_trigger_that_asks_for_no_pause_gets_one() {
    let started = std::time::Duration::from_millis(4 * MIN_PAUSE.as_millis() as u64);
    let task = run(Plain::NAME, json!({"event": {"status": "success"}}), Value::Null).await;
    let taken = task.ended.unwrap().since(task.created);
    assert!(taken >= started, "{taken:?}");
}

fn wait(values: Value) -> Value {
    json!({
        "service": "http", "waiter": "mine", "input": {"endpoint": "job"}, "values": values,
        "definition": {"operation": "GET", "delay": 1, "maxAttempts": 2, "acceptors": [
            {"state": "success", "matcher": "path", "argument": "Body.state", "expected": "done"},
        ]},
    })
}

#[tokio::test]
async fn a_wait_gives_values_of_the_last_reply() {
    let body = json!({"state": "done", "url": "/files/7", "rows": [1, 2]});
    let values = json!({"url": "Body.url", "rows": "length(Body.rows)", "none": "Body.none"});
    let task = run("maitred.wait", wait(values), body.clone()).await;
    assert_eq!(task.state, TaskState::Success, "{task:?}");
    let result = task.result.unwrap();
    assert_eq!(result["values"], json!({"url": "/files/7", "rows": 2, "none": null}));

    let task = run("maitred.wait", wait(json!({"odd": "length(Body.none)"})), body.clone()).await;
    assert_eq!(task.state, TaskState::Failed, "{task:?}");
    assert!(task.message.unwrap().contains("length(Body.none)"));

    let body = json!({"state": "done", "text": "x".repeat(1_000_000)});
    let task = run("maitred.wait", wait(json!({"all": "Body.text"})), body).await;
    assert_eq!(task.state, TaskState::Failed, "an event has to be small");
}

#[tokio::test]
async fn a_deferred_wait_keeps_what_its_client_has_prepared_unless_it_refers_to_a_secret() {
    for (token, expected) in
        [(json!("plain"), TaskState::Success), (json!({"$secret": "env:TOKEN"}), TaskState::Failed)]
    {
        let connections = Connections::new(Environment::fixed([("TOKEN", "s3cret")]));
        let clients = Clients::new(connections, Arc::new(SystemClock::new()))
            .with_client("http", Arc::new(CountingClient));
        let engine = engine().with_clients(clients);
        let args = json!({
            "service": "http", "waiter": "mine", "input": {"endpoint": "x", "params": {"a": token}},
            "definition": {"operation": "GET", "delay": 0.01, "maxAttempts": 3, "acceptors": [
                {"state": "success", "matcher": "path", "argument": "Body.polls", "expected": 3},
            ]},
        });
        let id = engine.start(NewTask::new("maitred.wait", args)).await.unwrap().id();
        let options = TriggererOptions::until_idle();
        engine.triggerer(options).run(std::future::pending()).await.unwrap();
        let task = engine.get(id).await.unwrap();
        assert_eq!(task.state, expected, "{task:?}");
    }
}

#[tokio::test]
async fn an_engine_with_a_catalog_takes_no_wait_without_its_waiter() {
    let engine = engine().with_catalog(Arc::new(Catalog::new(maitred::sources())));
    for (waiter, taken) in [("cluster_pausd", false), ("cluster_paused", true)] {
        let input = json!({"ClusterIdentifier": "analytics"});
        let args = json!({"service": "redshift", "waiter": waiter, "input": input});
        let started = engine.start(NewTask::new("maitred.wait", args)).await;
        assert_eq!(started.is_ok(), taken, "{started:?}");
        if let Err(error) = started {
            assert!(error.to_string().ends_with("did you mean `cluster_paused`?"), "{error}");
        }
    }
}

#[test]
fn the_default_catalog_has_the_waiters_of_botocore() {
    assert!(Catalog::new(maitred::sources()).find("ec2", "instance_running").is_ok());
    let none = Catalog::new(maitred::sources().with_embedded(None));
    assert!(none.find("dms", "endpoint_deleted").is_err());
    assert!(Catalog::new(maitred::sources()).find("dms", "endpoint_deleted").is_ok());
}

#[test]
fn a_trigger_with_a_literal_secret_is_not_stored() {
    let url = |url: &str| WaiterTrigger::new("http", "up").with_input("url", url);
    let endpoint = || WaiterTrigger::new("http", "up").with_input("endpoint", "job");
    let reference = json!({"$secret": "env:TOKEN"});
    for (trigger, words) in [
        (url("http://u:p@host/"), "url has a login"),
        (url("https://token@{{HOST}}/x"), "url has a login"),
        (url("http:u:p@host"), "url has a login"),
        (endpoint().with_input("proxy", "http://u:p@proxy:3128"), "proxy has a login"),
        (endpoint().with_input("headers", json!({"authorization": "Bearer x"})), "authorization"),
        (endpoint().with_input("headers", json!({"Cookie": ["x"]})), "Cookie"),
        (endpoint().with_input("auth", json!({"bearer": "x"})), "auth.bearer"),
        (
            endpoint().with_input("auth", json!({"basic": {"username": "u", "password": "p"}})),
            "auth.basic.password",
        ),
        (endpoint().with_parameter("BASE", "https://u:p@host"), "the parameter BASE"),
        (
            endpoint().with_client(ClientSettings::default().with_endpoint_url("http://u:p@host")),
            "login",
        ),
    ] {
        let error =
            Deferral::new(&trigger, ExecuteComplete::ExecuteComplete).unwrap_err().to_string();
        assert!(error.contains(words), "{words}: {error}");
        assert!(!error.contains("u:p"), "{error}");
    }
    let trigger = HttpTrigger::new("GET", url("http://u:p@host/").input);
    assert!(trigger.serialize_trigger().is_err());
    let of_aws =
        WaiterTrigger::new("redshift", "cluster_paused").with_input("url", "http://u:p@h/");
    assert!(
        Deferral::new(&of_aws, ExecuteComplete::ExecuteComplete).is_err(),
        "a login is one in any input"
    );
    for trigger in [
        url("http://host/a@b?c=d@e"),
        endpoint().with_input("auth", json!({"bearer": reference})),
        endpoint().with_input("headers", json!({"Authorization": reference, "X-A": "b"})),
    ] {
        assert!(Deferral::new(&trigger, ExecuteComplete::ExecuteComplete).is_ok(), "{trigger:?}");
    }
}

#[test]
fn a_call_that_was_certainly_not_made_is_refused_and_any_other_is_ambiguous() {
    let service = |status| CallError::new(CallErrorKind::Service, "X", "x").with_status(status);
    let of = |kind| CallError::new(kind, "X", "x");
    for (error, refused) in [
        (service(400), true),
        (service(409), true),
        (service(429), true),
        (service(500), false),
        (service(503), false),
        (of(CallErrorKind::Invalid), true),
        (of(CallErrorKind::Credentials), true),
        (of(CallErrorKind::Transport), false),
        (of(CallErrorKind::Transport).with_never_sent(), true),
    ] {
        let text = format!("{error:?}");
        let is_refused = matches!(MainCallError::from(error), MainCallError::Refused(_));
        assert_eq!(is_refused, refused, "{text}");
    }
}

#[test]
fn a_call_that_undoes_keeps_its_stored_form() {
    let call = UndoCall::new(
        "delete job 7",
        Call::new("http", "DELETE", [("endpoint", "jobs/7")]),
        ClientSettings::default(),
    );
    let stored = json!({
        "description": "delete job 7",
        "call": {"service": "http", "operation": "DELETE", "input": {"endpoint": "jobs/7"}},
        "client": {},
    });
    assert_eq!(json!(call), stored);
    assert_eq!(serde_json::from_value::<UndoCall>(stored).unwrap(), call);
}
