//! How a wait runs: exact poll times on a manual clock.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use maitred::client::{Call, CallError, CallErrorKind, Client, Observation, Output, transport};
use maitred::clock::{BoxFuture, Clock as _, ManualClock, Timestamp};
use maitred::config::{AcceptorConfig, WaiterConfig};
use maitred::engine::{Ending, LAST_POLL_GRACE, Outcome, Status, Wait, WaitEvent, wait};
use maitred::waiter::{Options, Waiter};
use serde_json::{Value, json};

use crate::support::counting_client::CountingClient;

/// Replies in order, the last one for ever; keeps the time of each call.
#[derive(Debug)]
struct Script<'a> {
    clock: &'a ManualClock,
    replies: Mutex<VecDeque<Reply>>,
    times: Mutex<Vec<u64>>,
}

#[derive(Debug, Clone)]
enum Reply {
    State(&'static str),
    /// Not ready; the wall clock is set to so many milliseconds meanwhile.
    Set(u64),
    Output(Value),
    Error(CallError),
    /// Never answers.
    Hang,
}

impl<'a> Script<'a> {
    fn new(clock: &'a ManualClock, replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies = Mutex::new(replies.into_iter().collect());
        Self { clock, replies, times: Mutex::default() }
    }

    fn times(&self) -> Vec<u64> {
        self.times.lock().unwrap().clone()
    }
}

impl Client for Script<'_> {
    fn call<'a>(&'a self, _: &'a Call) -> BoxFuture<'a, Observation> {
        self.times.lock().unwrap().push(self.clock.now().as_millis());
        let mut replies = self.replies.lock().unwrap();
        let reply = if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() };
        Box::pin(async move {
            match reply.unwrap() {
                Reply::Set(millis) => {
                    self.clock.set_wall(Timestamp::from_millis(millis));
                    Observation::Output(Output::from_json(json!({"State": "creating"})))
                }
                Reply::State(state) => {
                    Observation::Output(Output::from_json(json!({ "State": state })))
                }
                Reply::Output(output) => Observation::Output(Output::from_json(output)),
                Reply::Error(error) => Observation::Error(error),
                Reply::Hang => std::future::pending().await,
            }
        })
    }
}

fn throttling() -> Reply {
    Reply::Error(
        CallError::new(CallErrorKind::Service, "Throttling", "Rate exceeded").with_status(400),
    )
}

fn refused() -> Reply {
    Reply::Error(CallError::new(CallErrorKind::Transport, transport::CONNECT, "connection refused"))
}

/// A waiter for `ready`, with `broken` as its failure and `keys` over the defaults.
fn config(keys: Value) -> WaiterConfig {
    let mut config = json!({
        "operation": "DescribeThing",
        "delay": 10,
        "maxAttempts": 5,
        "show": "State",
        "acceptors": [
            {"state": "success", "matcher": "path", "argument": "State", "expected": "ready"},
            {"state": "failure", "matcher": "path", "argument": "State", "expected": "broken",
             "message": "join('', ['the thing is ', State])"},
        ]
    });
    config.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    serde_json::from_value(config).unwrap()
}

fn compile(keys: Value, options: &Options) -> Waiter {
    Waiter::compile("things", "thing_ready", &config(keys), options).unwrap()
}

/// The outcome and the times of the polls, in milliseconds.
async fn run(keys: Value, options: &Options, replies: Vec<Reply>) -> (Outcome, Vec<u64>) {
    let waiter = compile(keys, options);
    let clock = ManualClock::default();
    let client = Script::new(&clock, replies);
    let outcome = wait(&waiter, &client, &clock).await;
    let times = client.times();
    (outcome, times)
}

fn timeout(seconds: f64) -> Options {
    let mut options = Options::default();
    options.timeout = Some(Duration::from_secs_f64(seconds));
    options
}

#[tokio::test]
async fn n_attempts_are_n_calls_and_one_sleep_less() {
    let (outcome, times) =
        run(json!({}), &Options::default(), vec![Reply::State("creating")]).await;
    assert_eq!(times, [0, 10_000, 20_000, 30_000, 40_000]);
    assert_eq!(outcome.status(), Status::Exhausted);
    assert_eq!(
        outcome.message(),
        "things.thing_ready gave up after 5 attempts; last seen: \"creating\""
    );
}

#[tokio::test]
async fn success_returns_the_document() {
    let replies =
        vec![Reply::State("creating"), Reply::Output(json!({"Z": 1, "State": "ready", "A": 2}))];
    let (outcome, times) = run(json!({}), &Options::default(), replies).await;
    assert_eq!(times, [0, 10_000]);
    assert_eq!(outcome.elapsed(), Duration::from_secs(10));
    let document = outcome.into_result().unwrap();
    assert_eq!(document.to_string(), r#"{"Z":1,"State":"ready","A":2}"#);
}

#[tokio::test]
async fn what_was_seen_before_the_last_poll_is_kept_as_it_came() {
    let seen = json!({"Z": 0.1, "State": "creating", "A": [1, null, 1.0, u64::MAX, "ä\u{0}\""]});
    let replies = vec![Reply::Output(seen.clone()), refused()];
    let mut options = Options::default();
    options.max_attempts = Some(2);
    let (outcome, _) = run(json!({}), &options, replies).await;
    assert_eq!(outcome.status(), Status::Exhausted);
    let document = outcome.document().unwrap().value();
    assert_eq!(document.to_string(), seen.to_string());
}

#[test]
fn one_compilation_serves_many_inputs_unless_it_binds_the_input() {
    let options = |name: &str| Options::with_input([("Name", name)]);
    let keys = json!({ "input": { "Name": "none", "Size": 1 } });
    let general = compile(keys.clone(), &Options::default());
    let input = options("mine").input;
    assert_eq!(general.with_input(input).unwrap(), compile(keys, &options("mine")));

    let keys = json!({ "show": "Things[?Name == '{{input.Name}}']" });
    let bound = compile(keys, &options("mine"));
    assert_eq!(bound.with_input(options("yours").input), None);
}

#[tokio::test]
async fn failure_says_the_file_s_own_reason() {
    let (outcome, _) = run(json!({}), &Options::default(), vec![Reply::State("broken")]).await;
    assert!(matches!(outcome.ending(), Ending::Failure { acceptor: 1, .. }));
    assert_eq!(outcome.message(), "things.thing_ready failed: the thing is broken");
    let error = outcome.into_result().unwrap_err();
    assert_eq!(error.outcome().status(), Status::Failure);
}

#[tokio::test]
async fn the_first_poll_waits_for_the_initial_delay() {
    let replies = vec![Reply::State("creating"), Reply::State("ready")];
    let (_, times) = run(json!({"initialDelay": 2.5}), &Options::default(), replies).await;
    assert_eq!(times, [2_500, 12_500]);
}

#[tokio::test]
async fn back_off_doubles_up_to_its_bound() {
    let keys = json!({"delay": 0.5, "maxAttempts": 7, "backoff": {"maxDelay": 6, "jitter": false}});
    let (_, times) = run(keys, &Options::default(), vec![Reply::State("creating")]).await;
    assert_eq!(times, [0, 500, 1_500, 3_500, 7_500, 13_500, 19_500]);
}

#[tokio::test]
async fn jitter_stays_between_the_delay_and_its_current_bound() {
    let keys = json!({"delay": 1, "maxAttempts": 50, "backoff": {"maxDelay": 4}});
    let (_, times) = run(keys, &Options::default(), vec![Reply::State("creating")]).await;
    let delays: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(delays[0], 1_000);
    assert!(delays.iter().all(|delay| (1_000..=4_000).contains(delay)), "{delays:?}");
    assert!(delays.windows(2).any(|pair| pair[0] != pair[1]), "{delays:?}");
}

#[tokio::test]
async fn a_time_out_of_the_caller_is_the_only_bound_and_the_last_poll_lands_on_it() {
    let (outcome, times) = run(json!({}), &timeout(65.0), vec![Reply::State("creating")]).await;
    assert_eq!(times, [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 65_000]);
    assert_eq!(outcome.status(), Status::Timeout);
    assert_eq!(
        outcome.message(),
        "things.thing_ready timed out after 65 s (8 attempts); last seen: \"creating\""
    );
}

#[tokio::test]
async fn the_poll_at_the_deadline_can_still_succeed() {
    let mut replies = vec![Reply::State("creating"); 2];
    replies.push(Reply::State("ready"));
    let (outcome, times) = run(json!({}), &timeout(15.0), replies).await;
    assert_eq!((outcome.status(), times), (Status::Success, vec![0, 10_000, 15_000]));
}

#[tokio::test]
async fn attempts_and_time_out_together_both_bind() {
    let mut options = timeout(65.0);
    options.max_attempts = Some(2);
    let (outcome, times) = run(json!({}), &options, vec![Reply::State("creating")]).await;
    assert_eq!((outcome.status(), times), (Status::Exhausted, vec![0, 10_000]));
    let (outcome, _) =
        run(json!({"timeout": 15}), &Options::default(), vec![Reply::State("creating")]).await;
    assert_eq!(outcome.status(), Status::Timeout);
}

#[tokio::test]
async fn a_call_in_flight_is_cut_at_the_deadline() {
    let replies = vec![Reply::State("creating"), Reply::Hang];
    let (outcome, times) = run(json!({}), &timeout(25.0), replies).await;
    assert_eq!((outcome.status(), times), (Status::Timeout, vec![0, 10_000]));
    assert_eq!(outcome.elapsed(), Duration::from_secs(25));
    assert_eq!(outcome.progress().shown, Some(json!("creating")));
}

#[tokio::test]
async fn the_poll_at_the_deadline_is_cut_after_its_grace() {
    let replies = vec![Reply::State("creating"), Reply::Hang];
    let (outcome, _) = run(json!({}), &timeout(5.0), replies).await;
    assert_eq!(outcome.status(), Status::Timeout);
    assert_eq!(outcome.elapsed(), Duration::from_secs(5) + LAST_POLL_GRACE);
}

#[tokio::test]
async fn transient_failures_are_borne_with_growing_pauses() {
    let mut replies = vec![throttling(); 3];
    replies.extend([refused(), Reply::State("ready")]);
    let (outcome, times) = run(json!({}), &Options::default(), replies).await;
    assert_eq!(outcome.status(), Status::Success);
    for (streak, pair) in times.windows(2).enumerate() {
        let most = 10_000 + 1_000 * 2_u64.pow(u32::try_from(streak).unwrap() + 1);
        assert!((10_000..=most).contains(&(pair[1] - pair[0])), "{times:?}");
    }
}

#[tokio::test]
async fn transient_failures_are_bounded_where_no_time_out_is() {
    let keys = json!({"maxAttempts": 100});
    let (outcome, times) = run(keys, &Options::default(), vec![throttling()]).await;
    assert_eq!((outcome.status(), times.len()), (Status::Error, 11));
    assert!(outcome.is_unreachable());
    assert_eq!(
        outcome.message(),
        "things.thing_ready ended by an error: Throttling: Rate exceeded (11 such failures in a row)"
    );
    let keys = json!({"maxAttempts": 100, "transient": {"maxConsecutive": 0}});
    let (_, times) = run(keys, &Options::default(), vec![throttling()]).await;
    assert_eq!(times.len(), 1);
    let (outcome, times) = run(json!({}), &timeout(3_600.0), vec![refused()]).await;
    assert_eq!(outcome.status(), Status::Timeout);
    assert!(times.len() > 30, "{times:?}");
}

#[tokio::test]
async fn transient_failures_count_as_attempts() {
    let keys = json!({"maxAttempts": 3});
    let (outcome, times) = run(keys, &Options::default(), vec![refused()]).await;
    assert_eq!((outcome.status(), times.len()), (Status::Exhausted, 3));
}

#[tokio::test]
async fn further_codes_can_be_named_transient() {
    let busy = CallError::new(CallErrorKind::Service, "Busy", "later").with_status(400);
    let replies = vec![Reply::Error(busy), Reply::State("ready")];
    let (outcome, _) = run(json!({}), &Options::default(), replies.clone()).await;
    assert_eq!(outcome.status(), Status::Error);
    let keys = json!({"transient": {"codes": ["Busy"]}});
    let (outcome, _) = run(keys, &Options::default(), replies).await;
    assert_eq!(outcome.status(), Status::Success);
}

#[tokio::test]
async fn any_other_error_ends_the_wait_at_once() {
    let denied = CallError::new(CallErrorKind::Service, "AccessDenied", "no").with_status(403);
    let (outcome, times) = run(json!({}), &Options::default(), vec![Reply::Error(denied)]).await;
    assert_eq!((outcome.status(), times.len()), (Status::Error, 1));
    assert_eq!(outcome.message(), "things.thing_ready ended by an error: AccessDenied: no");
}

#[tokio::test]
async fn strict_mode_bears_no_transient_failure() {
    let mut options = Options::default();
    options.strict = true;
    let (outcome, times) = run(json!({}), &options, vec![throttling()]).await;
    assert_eq!((outcome.status(), times.len()), (Status::Error, 1));
}

#[tokio::test]
async fn strict_mode_keeps_the_status_of_an_error() {
    let busy = |document: Value| {
        let error = CallError::new(CallErrorKind::Service, "503", "Service Unavailable");
        Reply::Error(error.with_status(503).with_document(document.into()))
    };
    let parsed = json!({"Error": {"Code": "503", "Message": "Service Unavailable"},
                        "ResponseMetadata": {"HTTPStatusCode": 503}});
    for strict in [false, true] {
        let mut options = Options::default();
        options.strict = strict;
        options.max_attempts = Some(1);
        let (outcome, _) = run(json!({}), &options, vec![busy(parsed.clone())]).await;
        let last = outcome.progress().last_error.as_ref().unwrap();
        assert_eq!(last.status, Some(503));
        assert!(outcome.is_unreachable(), "{}", outcome.message());
        if strict {
            assert_eq!(outcome.call_error().unwrap().status(), Some(503));
            let message = "Waiter thing_ready failed: An error occurred (503): Service Unavailable";
            assert_eq!(outcome.message(), message);
        }
    }
}

#[tokio::test]
async fn transient_failures_that_mean_not_yet_keep_the_pace() {
    let mut options = Options::default();
    options.transient_is_not_yet = true;
    let mut replies: Vec<_> = std::iter::repeat_with(throttling).take(12).collect();
    replies.push(Reply::State("ready"));
    let (outcome, times) = run(json!({"maxAttempts": 20}), &options, replies).await;
    assert_eq!(outcome.status(), Status::Success, "{}", outcome.message());
    assert_eq!(times, (0..13).map(|poll| poll * 10_000).collect::<Vec<_>>());
    // A certificate does not become good by waiting.
    let tls = || Reply::Error(CallError::new(CallErrorKind::Transport, "TlsError", "no"));
    let (outcome, times) = run(json!({"maxAttempts": 20}), &options, vec![tls()]).await;
    assert_eq!((outcome.status(), times.len()), (Status::Error, 11));
}

#[tokio::test]
async fn strict_mode_does_not_know_the_keys_that_botocore_does_not_know() {
    let keys = json!({"timeout": 15, "initialDelay": 3, "consecutive": 2,
                      "backoff": {"maxDelay": 60}, "maxAttempts": 2});
    let mut options = Options::default();
    options.strict = true;
    let (outcome, times) = run(keys, &options, vec![Reply::State("creating")]).await;
    assert_eq!((outcome.status(), times), (Status::Exhausted, vec![0, 10_000]));
}

#[tokio::test]
async fn retry_after_is_waited_for() {
    let busy = CallError::new(CallErrorKind::Service, "503", "busy")
        .with_status(503)
        .with_retry_after(Duration::from_secs(120));
    let replies = vec![Reply::Error(busy), Reply::State("ready")];
    let (_, times) = run(json!({}), &Options::default(), replies).await;
    assert_eq!(times, [0, 120_000]);
}

#[tokio::test]
async fn consecutive_successes_are_reset_by_anything_but_a_transient_failure() {
    let keys = json!({"consecutive": 2, "maxAttempts": 9});
    let replies =
        |middle| vec![Reply::State("ready"), middle, Reply::State("ready"), Reply::State("ready")];
    let (outcome, times) = run(keys.clone(), &Options::default(), replies(throttling())).await;
    assert_eq!((outcome.status(), times.len()), (Status::Success, 3));
    let (outcome, times) = run(keys, &Options::default(), replies(Reply::State("creating"))).await;
    assert_eq!((outcome.status(), times.len()), (Status::Success, 4));
    let keys = json!({"consecutive": 3, "maxAttempts": 2});
    let (outcome, _) = run(keys, &Options::default(), vec![Reply::State("ready")]).await;
    assert_eq!(outcome.status(), Status::Exhausted);
    assert!(outcome.message().contains("2 of 3 successes in a row"), "{}", outcome.message());
}

#[tokio::test]
async fn an_acceptor_that_cannot_be_evaluated_does_not_match_and_is_named() {
    let keys = json!({"maxAttempts": 2, "acceptors": [
        {"state": "success", "matcher": "path", "argument": "length(Things) > `0`", "expected": true},
    ]});
    let (outcome, times) =
        run(keys.clone(), &Options::default(), vec![Reply::Output(json!({}))]).await;
    assert_eq!((outcome.status(), times.len()), (Status::Exhausted, 2));
    assert!(
        outcome.message().contains("acceptor 1 could not be evaluated: In function length()"),
        "{}",
        outcome.message()
    );
    assert_eq!(outcome.progress().unevaluable.len(), 1);
    let mut options = Options::default();
    options.strict = true;
    let (outcome, times) = run(keys, &options, vec![Reply::Output(json!({}))]).await;
    assert_eq!((outcome.status(), times.len()), (Status::Error, 1));
}

#[tokio::test]
async fn integers_beyond_64_bits_are_not_taken_for_equal() {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let reply = || vec![Reply::Output(read(r#"{"Id": 36893488147419103233, "Small": 7}"#))];
    let keys = |argument: &str, expected: Value| {
        json!({"maxAttempts": 1, "acceptors": [
            {"state": "success", "matcher": "path", "argument": argument, "expected": expected},
        ]})
    };
    let other = "Id == `36893488147419103232`";
    let (outcome, _) = run(keys(other, json!(true)), &Options::default(), reply()).await;
    assert_eq!(outcome.status(), Status::Exhausted);
    assert!(outcome.message().contains("beyond 64 bits"), "{}", outcome.message());
    let order = "Id < `36893488147419103234`";
    let (outcome, _) = run(keys(order, json!(true)), &Options::default(), reply()).await;
    assert!(outcome.message().contains("beyond 64 bits"), "{}", outcome.message());
    let (outcome, _) = run(keys("Id > `7`", json!(true)), &Options::default(), reply()).await;
    assert_eq!(outcome.status(), Status::Success);
    let (outcome, _) = run(keys("Small", json!(7)), &Options::default(), reply()).await;
    assert_eq!(outcome.status(), Status::Success);
    // Where it is known beforehand it is not polled.
    let config = config(keys("Id", read("36893488147419103232")));
    let error = Waiter::compile("things", "thing_ready", &config, &Options::default()).unwrap_err();
    assert!(error.to_string().contains("is beyond 64 bits and is not compared exactly"), "{error}");
}

#[tokio::test]
async fn previously_accepted_names_the_acceptor_that_matched() {
    let keys = json!({"maxAttempts": 2, "acceptors": [
        {"state": "retry", "matcher": "path", "argument": "State", "expected": "creating"},
        {"state": "success", "matcher": "path", "argument": "State", "expected": "ready"},
    ]});
    let replies = vec![Reply::State("creating"), Reply::State("odd")];
    let (outcome, _) = run(keys.clone(), &Options::default(), replies.clone()).await;
    assert!(
        outcome.message().ends_with("we matched expected path: \"creating\""),
        "{}",
        outcome.message()
    );
    let mut options = Options::default();
    options.strict = true;
    let (outcome, _) = run(keys, &options, replies).await;
    assert!(
        outcome.message().ends_with("we matched expected path: \"ready\""),
        "{}",
        outcome.message()
    );
}

#[tokio::test]
async fn conditions_of_the_caller_are_asked_first_and_failures_before_successes() {
    let mut options = Options::default();
    options.until = vec!["State != 'creating'".to_owned()];
    options.fail_if = vec!["State == 'ready'".to_owned()];
    let (outcome, _) = run(json!({}), &options, vec![Reply::State("ready")]).await;
    assert_eq!(outcome.status(), Status::Failure);
    let (outcome, _) = run(json!({}), &options, vec![Reply::State("broken")]).await;
    assert_eq!(outcome.status(), Status::Success);
}

#[tokio::test]
async fn a_condition_on_two_absent_values_decides_nothing() {
    let mut options = Options::default();
    options.max_attempts = Some(1);
    options.until = vec!["Current.Version == Wanted.Version".to_owned()];
    let (outcome, _) = run(json!({}), &options, vec![Reply::State("creating")]).await;
    assert_eq!(outcome.status(), Status::Exhausted);
    assert!(outcome.message().contains("both absent"), "{}", outcome.message());
    options.until = vec!["Missing == `null`".to_owned()];
    let (outcome, _) = run(json!({}), &options, vec![Reply::State("creating")]).await;
    assert_eq!(outcome.status(), Status::Success);
}

#[tokio::test]
async fn a_cancelled_wait_keeps_its_progress_and_can_be_resumed() {
    let waiter = compile(json!({}), &timeout(100.0));
    let clock = ManualClock::at(Timestamp::from_millis(5_000));
    let client = Script::new(&clock, [Reply::State("creating"), Reply::Hang]);
    let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
    let mut wait = Wait::new(&waiter, &client, &clock);
    assert!(matches!(wait.next_event().await, Some(WaitEvent::Polled(_))));
    cancel.send(()).unwrap();
    let outcome = wait.run_until(async { drop(cancelled.await) }).await;
    assert_eq!(outcome.status(), Status::Cancelled);

    let stored = serde_json::to_string(outcome.progress()).unwrap();
    clock.advance(Duration::from_secs(60));
    let progress = serde_json::from_str(&stored).unwrap();
    let client = Script::new(&clock, [Reply::State("creating")]);
    let outcome = Wait::resume(&waiter, &client, &clock, progress).run().await;
    assert_eq!(outcome.status(), Status::Timeout);
    assert_eq!(client.times(), [65_000, 75_000, 85_000, 95_000, 105_000]);
    assert_eq!(outcome.progress().attempts, 6);
}

#[tokio::test]
async fn events_tell_every_poll_and_then_the_outcome() {
    let waiter = compile(json!({}), &Options::default());
    let clock = ManualClock::default();
    let client = Script::new(&clock, [Reply::State("creating"), Reply::State("ready")]);
    let mut wait = Wait::new(&waiter, &client, &clock);
    let mut events = Vec::new();
    while let Some(event) = wait.next_event().await {
        events.push(event);
    }
    let [WaitEvent::Polled(first), WaitEvent::Polled(second), WaitEvent::Done(outcome)] =
        &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!((first.attempt, first.shown.clone()), (1, Some(json!("creating"))));
    assert_eq!((first.decision.matched, first.next_delay), (None, Some(Duration::from_secs(10))));
    assert_eq!((second.decision.matched, second.next_delay), (Some(0), None));
    assert_eq!(outcome.status(), Status::Success);
}

#[tokio::test]
async fn parameters_are_bound_and_never_change_an_expression() {
    let acceptor: AcceptorConfig = serde_json::from_value(json!({
        "state": "success", "matcher": "path", "expected": "{{COUNT}}",
        "argument": "length(Runs[?id=='{{ID}}'])"
    }))
    .unwrap();
    let keys = json!({"acceptors": [acceptor], "maxAttempts": 1, "parameters": {
        "ID": {"description": "the run"}, "COUNT": {"type": "number", "default": 1}
    }});
    let evil = "x'] || `true` || Runs[?id=='";
    for (id, status) in [(evil, Status::Success), ("other", Status::Exhausted)] {
        let mut options = Options::default();
        options.parameters = [("ID".to_owned(), json!(id))].into();
        let reply = Reply::Output(json!({"Runs": [{"id": evil}, {"id": "y"}]}));
        let (outcome, _) = run(keys.clone(), &options, vec![reply]).await;
        assert_eq!(outcome.status(), status, "{id}");
    }
}

#[test]
fn parameters_are_checked_before_anything_is_sent() {
    let keys = json!({"parameters": {"RUN_ID": {"description": "which run"}, "N": {"type": "number", "default": 1}}});
    let problems = |parameters: Value| {
        let mut options = Options::default();
        options.parameters = serde_json::from_value(parameters).unwrap();
        let result = Waiter::compile("things", "thing_ready", &config(keys.clone()), &options);
        result.err().map(|invalid| invalid.to_string()).unwrap_or_default()
    };
    assert!(problems(json!({})).contains("parameter `RUN_ID` is missing: which run"));
    assert!(problems(json!({"RUN_ID": "a", "RUNID": "b"})).contains("did you mean `RUN_ID`?"));
    assert!(problems(json!({"RUN_ID": "a", "N": "many"})).contains("`N` must be a number"));
    assert_eq!(problems(json!({"RUN_ID": "a", "N": "7"})), "");
}

#[test]
fn a_parameter_that_no_placeholder_stands_for_is_refused() {
    let problems = |keys: Value, strict: bool| {
        let mut options = Options::default();
        options.parameters = [("RUN".to_owned(), json!("r-1"))].into();
        options.strict = strict;
        let result = Waiter::compile("things", "thing_ready", &config(keys), &options);
        result.err().map(|invalid| invalid.to_string()).unwrap_or_default()
    };
    let acceptor = |expected: &str| json!([{"state": "success", "matcher": "path", "argument": "Id", "expected": expected}]);
    for strict in [false, true] {
        for keys in [json!({}), json!({"acceptors": acceptor("{{ RUNS }} RUN")})] {
            let said = problems(keys, strict);
            assert!(
                said.contains("has no parameter `RUN`") && said.contains("it has none"),
                "{said}"
            );
        }
        // A file need not declare what it has placeholders for.
        assert_eq!(problems(json!({"acceptors": acceptor("run {{ RUN }}")}), strict), "");
        assert_eq!(problems(json!({"parameters": {"RUN": {}}}), strict), "");
    }
}

#[tokio::test]
async fn the_input_can_be_referred_to() {
    let keys = json!({"input": {"Id": "a"}, "acceptors": [
        {"state": "success", "matcher": "pathAny", "argument": "Things[?Ready].Id", "expected": "{{input.Id}}"},
    ]});
    let input = json!({"Id": "b"});
    let mut options = Options::default();
    options.input = input.as_object().unwrap().clone();
    let reply = Reply::Output(json!({"Things": [{"Id": "a"}, {"Id": "b", "Ready": true}]}));
    let (outcome, _) = run(keys, &options, vec![reply]).await;
    assert_eq!(outcome.status(), Status::Success);
}

#[tokio::test]
async fn the_deadline_comes_before_a_longer_initial_delay() {
    let (outcome, times) =
        run(json!({"initialDelay": 30}), &timeout(10.0), vec![Reply::State("creating")]).await;
    assert_eq!((outcome.status(), times), (Status::Timeout, vec![10_000]));
}

#[tokio::test]
async fn only_transient_failures_in_a_row_are_counted() {
    let denied = CallError::new(CallErrorKind::Service, "AccessDenied", "no").with_status(403);
    let replies = vec![throttling(), throttling(), Reply::Error(denied)];
    let (outcome, _) = run(json!({}), &Options::default(), replies).await;
    assert_eq!(outcome.message(), "things.thing_ready ended by an error: AccessDenied: no");
    assert!(!outcome.is_unreachable());
}

#[tokio::test]
async fn retry_after_is_honoured_within_reason_and_not_in_strict_mode() {
    let keys = json!({"maxAttempts": 2, "acceptors": [
        {"state": "retry", "matcher": "error", "expected": "Busy"},
    ]});
    let busy = CallError::new(CallErrorKind::Service, "Busy", "later").with_status(400);
    for (seconds, pause) in [(60, 60_000), (1, 10_000), (4_000_000_000, 900_000)] {
        let reply = busy.clone().with_retry_after(Duration::from_secs(seconds));
        let (_, times) =
            run(keys.clone(), &Options::default(), vec![Reply::Error(reply.clone())]).await;
        assert_eq!(times, [0, pause]);
        let mut options = Options::default();
        options.strict = true;
        let (_, times) = run(keys.clone(), &options, vec![Reply::Error(reply)]).await;
        assert_eq!(times, [0, 10_000]);
    }
}

#[tokio::test]
async fn a_cancellation_does_not_hide_an_end_that_was_seen() {
    let waiter = compile(json!({}), &Options::default());
    let clock = ManualClock::default();
    let client = Script::new(&clock, [Reply::State("ready")]);
    let mut wait = Wait::new(&waiter, &client, &clock);
    assert!(matches!(wait.next_event().await, Some(WaitEvent::Polled(_))));
    assert_eq!(wait.cancel().status(), Status::Success);
}

#[tokio::test]
async fn error_acceptors_name_transport_failures_by_code_only() {
    let acceptor = |expected: Value| {
        json!({"maxAttempts": 1, "acceptors": [
            {"state": "success", "matcher": "error", "expected": expected},
        ]})
    };
    for (expected, status) in [
        (json!(true), Status::Exhausted),
        (json!(false), Status::Exhausted),
        (json!("ConnectError"), Status::Success),
        (json!("TransportError"), Status::Success),
        (json!("Timeout"), Status::Exhausted),
    ] {
        let (outcome, _) =
            run(acceptor(expected.clone()), &Options::default(), vec![refused()]).await;
        assert_eq!(outcome.status(), status, "{expected}");
    }
}

#[test]
fn what_the_caller_gives_goes_as_it_is() {
    let keys = json!({
        "input": {"Id": "{{RUN}}", "Kind": "job"}, "parameters": {"RUN": {}},
        "acceptors": [{"state": "success", "matcher": "path", "argument": "Id", "expected": "{{input.Id}}"}],
    });
    let mut options = Options::with_input([("Template", "Hello {{name}}, {{RUN}}")]);
    options.parameters = [("RUN".to_owned(), json!("r-1"))].into();
    let waiter = compile(keys, &options);
    assert_eq!(
        Value::Object(waiter.call().input.clone()),
        json!({"Id": "r-1", "Kind": "job", "Template": "Hello {{name}}, {{RUN}}"})
    );
    assert_eq!(waiter.acceptors()[0].expected, json!("r-1"));
}

#[tokio::test]
async fn placeholders_are_bound_inside_of_json_literals_too() {
    let keys = json!({"maxAttempts": 1, "parameters": {"A": {}}, "acceptors": [
        {"state": "success", "matcher": "path", "argument": "contains(`[\"{{A}}\", \"x\"]`, State)", "expected": true},
    ]});
    let mut options = Options::default();
    options.parameters = [("A".to_owned(), json!("ready"))].into();
    let (outcome, _) = run(keys, &options, vec![Reply::State("ready")]).await;
    assert_eq!(outcome.status(), Status::Success);
}

#[test]
fn a_poll_is_a_read_unless_file_and_caller_agree() {
    let compile = |mutating: bool, allow_mutating: bool| {
        let config = config(json!({"operation": "DeleteThing", "mutating": mutating}));
        let mut options = Options::default();
        options.allow_mutating = allow_mutating;
        Waiter::compile("things", "thing_gone", &config, &options).is_ok()
    };
    assert!(compile(true, true));
    assert!(!compile(false, true) && !compile(true, false) && !compile(false, false));
}

#[test]
fn debug_shows_no_value_of_input_parameters_and_replies() {
    let mut options = Options::with_input([("password", "s3cret")]);
    options.parameters = [("TOKEN".to_owned(), json!("s3cret"))].into();
    let waiter = compile(json!({"parameters": {"TOKEN": {}}}), &options);
    let output = Output::from_json(json!({"State": "s3cret"}));
    let shown = format!("{options:?} {waiter:?} {output:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("password") && shown.contains("TOKEN"), "{shown}");
}

/// Where a wait begins, in milliseconds of the wall clock.
const BEGUN: u64 = 10_000_000;

/// The outcome of a wait during whose first poll the wall clock is set, and the times of its polls on the
/// monotonic clock.
async fn run_while_set(to: u64, options: &Options) -> (Outcome, Vec<u64>) {
    let waiter = compile(json!({}), options);
    let clock = ManualClock::at(Timestamp::from_millis(BEGUN));
    let client = Script::new(&clock, [Reply::Set(to), Reply::State("creating")]);
    let outcome = wait(&waiter, &client, &clock).await;
    let slept: Duration = clock.sleeps().iter().sum();
    assert_eq!(slept, clock.monotonic());
    let times = client.times();
    (outcome, times)
}

#[tokio::test]
async fn a_time_out_is_over_when_the_wall_clock_has_passed_it() {
    let (outcome, times) = run_while_set(BEGUN + 3_600_000, &timeout(1200.0)).await;
    assert_eq!(outcome.status(), Status::Timeout);
    assert_eq!(times.len(), 1);
    assert_eq!(outcome.elapsed(), Duration::from_secs(3600));
}

#[tokio::test]
async fn a_time_out_waits_for_a_wall_clock_that_was_set_back() {
    let (outcome, times) = run_while_set(BEGUN - 60_000, &timeout(20.0)).await;
    assert_eq!(outcome.status(), Status::Timeout);
    // Every ten seconds, and the last one at the deadline.
    let since_set = |poll: u64| BEGUN - 60_000 + poll * 10_000;
    assert_eq!(times[1..], (1..=8).map(since_set).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_pause_between_two_polls_does_not_follow_a_clock_that_is_set() {
    for to in [BEGUN - 3_600_000, BEGUN + 3_600_000] {
        let (outcome, times) = run_while_set(to, &Options::default()).await;
        assert_eq!(outcome.status(), Status::Exhausted);
        assert_eq!(times, [BEGUN, to + 10_000, to + 20_000, to + 30_000, to + 40_000]);
    }
}

#[tokio::test]
async fn a_wait_keeps_what_its_client_has_prepared_from_poll_to_poll() {
    let acceptors = json!([
        {"state": "success", "matcher": "path", "argument": "Body.polls", "expected": 3},
    ]);
    let waiter = compile(json!({ "acceptors": acceptors }), &Options::default());
    let clock = ManualClock::default();
    let outcome = wait(&waiter, &CountingClient, &clock).await;
    assert_eq!((outcome.status(), outcome.progress().attempts), (Status::Success, 3));

    let mut first = Wait::new(&waiter, &CountingClient, &clock);
    assert!(matches!(first.next_event().await, Some(WaitEvent::Polled(_))));
    let (progress, prepared) = first.into_parts();
    let wait = Wait::resume(&waiter, &CountingClient, &clock, progress).with_prepared(prepared);
    assert_eq!(wait.run().await.progress().attempts, 3);
}

#[tokio::test]
async fn a_wait_that_started_earlier_is_due_and_ends_as_if_it_had_run_since() {
    let waiter = compile(json!({"initialDelay": 10}), &timeout(30.0));
    for (now, times) in [
        (105, vec![110_000, 120_000, 130_000]),
        (125, vec![125_000, 130_000]),
        (140, vec![140_000]),
    ] {
        let clock = ManualClock::at(Timestamp::from_millis(now * 1_000));
        let client = Script::new(&clock, [Reply::State("creating")]);
        let started = Timestamp::from_millis(100_000);
        let outcome = Wait::started_at(&waiter, &client, &clock, started).run().await;
        assert_eq!((outcome.status(), client.times()), (Status::Timeout, times));
        let elapsed = Duration::from_secs(now.max(130) - 100);
        assert_eq!(outcome.elapsed(), elapsed);
    }
}

#[tokio::test]
async fn a_call_that_the_deadline_cuts_is_an_attempt_and_lengthens_a_streak_only() {
    for (first, failures) in [(Reply::State("creating"), 0), (refused(), 2)] {
        let mut options = timeout(25.0);
        options.transient_is_not_yet = true;
        let (outcome, times) = run(json!({}), &options, vec![first, Reply::Hang]).await;
        assert_eq!((outcome.status(), times), (Status::Timeout, vec![0, 10_000]));
        let progress = outcome.progress();
        assert_eq!((progress.attempts, progress.transient_failures), (2, failures));
        assert_eq!(outcome.is_unreachable(), failures > 0);
    }
}
