//! What every store promises, tried on each.

use std::time::Duration;

use maitred::client::Call;
use maitred::clock::Timestamp;
use maitred::connection::ClientSettings;
use maitred::operator::{Begun, FailureKind, Intent, Resumed, Settled, UndoCall};
use maitred::runtime::store::{Claimed, Fence, Share, Submitted, TaskFilter};
use maitred::runtime::task::{
    CancelRequest, Change, Checkpoint, FailureHook, HookProgress, LogLine, StoredDeferral,
    Transition,
};
use maitred::runtime::{
    NewTask, OnConflict, SqliteStore, Store, StoreError, Task, TaskId, TaskState,
};
use maitred::trigger::{CancelReason, Level, SerializedTrigger, TriggerEvent};
use serde_json::{Value, json};

macro_rules! on_both_stores {
    ($($name:ident,)*) => {
        mod memory {
            use super::SqliteStore;
            $(#[test] fn $name() { super::$name(&SqliteStore::in_memory().unwrap()); })*
        }
        mod sqlite {
            use super::SqliteStore;
            $(#[test] fn $name() {
                let folder = tempfile::tempdir().unwrap();
                super::$name(&SqliteStore::open(folder.path().join("store.sqlite")).unwrap());
            })*
        }
    };
}

on_both_stores! {
    a_task_reads_as_it_was_submitted,
    a_taken_key_refuses_the_whole_submission,
    a_taken_key_attaches,
    a_key_that_is_done_is_not_done_again,
    a_retry_and_the_definitions_of_its_waiters_are_stored_together,
    a_replaced_task_gives_up_its_key_at_once,
    a_replaced_task_cannot_take_its_key_back,
    an_ended_task_gives_up_its_key,
    the_longest_due_is_claimed_first,
    what_is_not_asked_for_or_not_due_is_left,
    what_is_due_later_waits,
    what_is_due_at_once_is_due_on_every_clock,
    tasks_of_a_clock_that_is_ahead_take_turns_with_the_others,
    a_pause_goes_on_when_the_clock_is_set_back,
    a_pause_of_a_clock_that_was_set_back_begins_again_at_most,
    a_claim_begins_a_try,
    a_requeue_is_the_same_step,
    a_resumption_is_a_new_step_of_the_same_try,
    a_retry_begins_anew,
    an_event_is_committed_once,
    a_change_of_another_step_is_left_out,
    a_change_that_does_not_fit_the_state_is_left_out,
    only_the_last_triggerer_may_write,
    a_new_triggerer_takes_up_what_ran,
    blocked_tasks_go_back_to_where_they_were,
    a_checkpoint_of_a_moved_task_is_left_out,
    deferred_tasks_come_in_pages,
    a_main_call_is_begun_once,
    a_settled_call_is_recorded_for_its_step,
    a_call_not_made_can_be_begun,
    only_a_running_step_begins_calls,
    a_waiting_task_is_cancelled_at_once,
    a_request_waits_for_the_triggerer,
    a_request_to_undo_is_not_forgotten,
    a_task_to_be_cancelled_is_not_sent_on,
    a_cancelled_task_that_may_have_made_its_call_is_in_doubt,
    a_cancelled_task_tells_of_the_calls_it_has_made,
    a_call_of_a_cancelled_task_is_looked_up_after_a_crash,
    a_user_says_that_a_call_was_made,
    a_user_says_that_a_call_was_not_made,
    a_recorded_result_of_no_use_is_replaced_by_a_user,
    only_a_doubt_can_be_settled,
    the_undoing_of_a_blocked_task_is_left_to_the_triggerer,
    an_ended_task_cannot_be_cancelled,
    a_failure_is_to_be_told_until_its_hook_was_run,
    a_failed_task_is_tried_once_more,
    how_a_task_has_failed_is_kept,
    what_cannot_be_retried,
    a_task_is_tried_again_with_other_arguments,
    pruning_removes_what_ended_before,
    definitions_last_as_long_as_a_deferral_needs_them,
    every_transition_is_told,
    logs_go_on_where_a_reader_stopped,
    tasks_are_listed_newest_first,
    others_are_noticed,
    only_the_step_that_runs_begins_calls,
    a_deferral_that_is_being_undone_begins_its_call,
    of_two_open_calls_the_first_is_in_question,
    of_two_calls_the_open_one_is_in_question,
    a_user_replaces_the_last_of_the_recorded_results,
    what_a_user_has_settled_has_no_deadline_until_it_is_taken_up,
    a_blocked_task_is_undone_only_if_that_is_asked_for_and_possible,
    an_end_that_a_worker_reports_is_told_as_it_is,
    what_is_taken_up_again_is_due_at_once,
    a_deferral_that_is_to_be_cancelled_is_not_sent_on,
    a_retry_forgets_what_its_step_was_resumed_with,
    a_retry_by_a_user_forgets_the_result,
    a_pause_of_one_task_goes_on_under_an_earlier_clock,
}

pub(super) const NOW: Timestamp = Timestamp::from_millis(1_000_000);

pub(super) fn later(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

pub(super) fn spec() -> NewTask {
    NewTask::new("test.operator", json!({"cluster": "analytics", "wait": true}))
}

fn keyed(on_conflict: OnConflict) -> NewTask {
    spec().with_key("nightly").with_on_conflict(on_conflict)
}

pub(super) fn submit(store: &dyn Store, spec: NewTask) -> TaskId {
    submit_at(store, spec, NOW)
}

fn submit_at(store: &dyn Store, spec: NewTask, now: Timestamp) -> TaskId {
    store.submit(&[spec], now).unwrap()[0].id()
}

pub(super) fn get(store: &dyn Store, id: TaskId) -> Task {
    store.task(id).unwrap().unwrap()
}

pub(super) fn claim_one(store: &dyn Store, fence: Fence, now: Timestamp) -> Task {
    claim_due(store, fence, now, 1).tasks.pop().unwrap()
}

/// Takes the tasks that are due, at most `limit`.
fn claim_due(store: &dyn Store, fence: Fence, now: Timestamp, limit: usize) -> Claimed {
    let due = store.due(fence, now, limit).unwrap();
    let ids: Vec<_> = due.iter().map(|task| task.id).collect();
    store.claim(fence, now, &ids).unwrap()
}

/// A task on a worker.
pub(super) fn running(store: &dyn Store, spec: NewTask) -> (Fence, Task) {
    submit(store, spec);
    let fence = store.acquire(NOW).unwrap();
    (fence, claim_one(store, fence, NOW))
}

pub(super) fn deferral() -> StoredDeferral {
    let trigger = SerializedTrigger {
        name: "test.trigger".to_owned(),
        version: 3,
        kwargs: json!({"waiter": "cluster_paused", "input": {"n": 1.5}}),
    };
    let state = r#"{"definition":"abc","attempts":0}"#.to_owned();
    let mut deferral = StoredDeferral::new(trigger, state, later(30));
    deferral.pause_from = Some(NOW);
    deferral.timeout_at = Some(later(600));
    deferral.method = "finish".to_owned();
    deferral.kwargs = json!({"started": [1, 2]});
    deferral
}

fn undo_call() -> UndoCall {
    UndoCall::new(
        "delete cluster analytics",
        Call::new("redshift", "DeleteCluster", [("ClusterIdentifier", "analytics")]),
        ClientSettings::default(),
    )
}

fn event() -> Resumed {
    Resumed::Event(TriggerEvent::new(json!({"status": "success", "value": 7})))
}

pub(super) fn change(task: &Task, transition: Transition) -> Change {
    Change::of(task, transition, "because")
}

pub(super) fn commit(
    store: &dyn Store,
    fence: Fence,
    task: &Task,
    transition: Transition,
    now: Timestamp,
) -> bool {
    let made = store.commit(fence, &[change(task, transition)], now).unwrap();
    assert_eq!(made.len(), 1);
    made[0]
}

/// A task that waits for its trigger.
pub(super) fn deferred(store: &dyn Store, spec: NewTask) -> (Fence, Task) {
    let (fence, task) = running(store, spec);
    assert!(commit(store, fence, &task, Transition::Defer(Box::new(deferral())), NOW));
    (fence, get(store, task.id))
}

fn intent(ordinal: u32) -> Intent {
    Intent::new(ordinal, "pause_cluster", json!({"cluster": "analytics"}))
}

pub(super) const BY_USER: CancelRequest = CancelRequest::new(CancelReason::User, false);
const UNDO: CancelRequest = CancelRequest::new(CancelReason::User, true);

fn a_task_reads_as_it_was_submitted(store: &dyn Store) {
    let spec = keyed(OnConflict::Attach)
        .with_retries(3)
        .with_retry_delay(Duration::from_millis(1500))
        .with_execution_timeout(Duration::from_nanos(7))
        .with_on_failure(maitred::runtime::task::FailureHook::Command(vec!["true".to_owned()]))
        .with_due(later(5));
    let id = submit(store, spec.clone());
    let task = get(store, id);
    assert_eq!(task.spec, spec);
    assert_eq!(
        (task.id, task.state, task.try_number, task.step),
        (TaskId(1), TaskState::Queued, 0, 0)
    );
    assert_eq!((task.created, task.due), (NOW, later(5)));
    assert_eq!((task.deadline, task.started, task.ended), (None, None, None));
    assert_eq!(store.task_of_key("nightly").unwrap().unwrap(), task);
    assert_eq!(store.task(TaskId(99)).unwrap(), None);
}

fn a_taken_key_refuses_the_whole_submission(store: &dyn Store) {
    let holder = submit(store, keyed(OnConflict::Reject));
    let error = store.submit(&[spec(), keyed(OnConflict::Reject)], NOW).unwrap_err();
    assert!(
        matches!(&error, StoreError::Conflict { key, id } if key == "nightly" && *id == holder),
        "{error}"
    );
    assert_eq!(store.tasks(&TaskFilter::default()).unwrap().len(), 1);
    // Two of one submission are in each other's way too.
    let twice = spec().with_key("other");
    assert!(store.submit(&[twice.clone(), twice], NOW).is_err());
    assert_eq!(store.tasks(&TaskFilter::default()).unwrap().len(), 1);
}

fn a_taken_key_attaches(store: &dyn Store) {
    let holder = submit(store, keyed(OnConflict::Attach));
    let again = store.submit(&[keyed(OnConflict::Attach)], NOW).unwrap();
    assert_eq!(again, [Submitted::Attached(holder)]);
}

fn a_key_that_is_done_is_not_done_again(store: &dyn Store) {
    let again = || store.submit(&[keyed(OnConflict::Done)], NOW).unwrap()[0];
    let end = |state: TaskState| {
        let fence = store.acquire(NOW).unwrap();
        let task = claim_one(store, fence, NOW);
        assert!(commit(store, fence, &task, Transition::End(state, None), NOW));
    };
    for state in [TaskState::Failed, TaskState::Cancelled, TaskState::Skipped] {
        let task = again();
        assert_eq!(task, Submitted::Created(task.id()));
        assert_eq!(again(), Submitted::Attached(task.id()), "while it has not ended");
        end(state);
    }
    let last = again().id();
    end(TaskState::Success);
    assert_eq!(again(), Submitted::Attached(last));
    assert_eq!(store.task_of_key("nightly").unwrap().unwrap().state, TaskState::Success);
    // Who asks for it gets another one all the same, and it counts from then on.
    let (_, doubtful) = in_doubt(store, keyed(OnConflict::Reject));
    assert_eq!(again(), Submitted::Attached(doubtful.id));
}

fn a_task_is_tried_again_with_other_arguments(store: &dyn Store) {
    let (fence, old) = running(store, keyed(OnConflict::Reject));
    commit(store, fence, &old, Transition::End(TaskState::Failed, None), NOW);
    let changed = NewTask::new("test.other", json!({"cluster": "b"})).with_retries(2);
    store.retry(old.id, Some(&changed), NOW).unwrap();
    let task = claim_one(store, fence, NOW);
    let mut expected = changed.with_key("nightly");
    expected.operator = "test.operator".to_owned();
    assert_eq!((task.id, task.spec), (old.id, expected));
    let history = store.history(old.id).unwrap();
    assert!(history.iter().any(|entry| entry.reason == "retry asked for, with other arguments"));
}

fn a_retry_and_the_definitions_of_its_waiters_are_stored_together(store: &dyn Store) {
    let (fence, old) = running(store, spec());
    let definitions = [("hash".to_owned(), "text".to_owned())].into();
    let waiters = [("http.job".to_owned(), "hash".to_owned())].into();
    let mut changed = spec();
    changed.waiters = waiters;
    let refused = store.retry_with(old.id, Some(&changed), &definitions, NOW);
    assert!(matches!(refused, Err(StoreError::WrongState { .. })), "{refused:?}");
    assert_eq!(store.definition("hash").unwrap(), None);
    commit(store, fence, &old, Transition::End(TaskState::Failed, None), NOW);
    store.retry_with(old.id, Some(&changed), &definitions, NOW).unwrap();
    assert_eq!(store.definition("hash").unwrap().as_deref(), Some("text"));
    // The next triggerer keeps what a task needs.
    store.acquire(NOW).unwrap();
    assert_eq!(store.definition("hash").unwrap().as_deref(), Some("text"));
}

fn a_replaced_task_gives_up_its_key_at_once(store: &dyn Store) {
    let (fence, old) = deferred(store, keyed(OnConflict::Reject));
    let submitted = store.submit(&[keyed(OnConflict::Replace)], NOW).unwrap();
    let new = submitted[0].id();
    assert_eq!(submitted, [Submitted::Replaced { new, old: old.id }]);
    let request = CancelRequest::new(CancelReason::Replaced, false);
    assert_eq!(get(store, old.id).cancel, Some(request));
    assert_eq!(store.task_of_key("nightly").unwrap().unwrap().id, new);
    // The next one replaces the new one, which waits for a worker and so ends at once.
    let third = store.submit(&[keyed(OnConflict::Replace)], NOW).unwrap();
    assert_eq!(third, [Submitted::Replaced { new: third[0].id(), old: new }]);
    assert_eq!(get(store, new).state, TaskState::Cancelled);
    assert!(commit(store, fence, &old, Transition::End(TaskState::Cancelled, None), NOW));
}

fn a_replaced_task_cannot_take_its_key_back(store: &dyn Store) {
    let (_, old) = deferred(store, keyed(OnConflict::Reject));
    submit(store, keyed(OnConflict::Replace));
    store.request_cancel(old.id, UNDO, NOW).unwrap();
    let request = CancelRequest::new(CancelReason::Replaced, true);
    assert_eq!(get(store, old.id).cancel, Some(request));
}

fn an_ended_task_gives_up_its_key(store: &dyn Store) {
    let (fence, old) = running(store, keyed(OnConflict::Reject));
    commit(store, fence, &old, Transition::End(TaskState::Failed, None), NOW);
    assert_eq!(store.task_of_key("nightly").unwrap().unwrap().id, old.id);
    let new = submit(store, keyed(OnConflict::Reject));
    assert_eq!(store.task_of_key("nightly").unwrap().unwrap().id, new);
}

fn the_longest_due_is_claimed_first(store: &dyn Store) {
    let due = |seconds| spec().with_due(later(seconds));
    let submitted = store.submit(&[due(30), due(10), due(20), due(10)], NOW).unwrap();
    let ids: Vec<_> = submitted.into_iter().map(Submitted::id).collect();
    let fence = store.acquire(NOW).unwrap();
    let claimed = claim_due(store, fence, later(60), 3);
    let order: Vec<_> = claimed.tasks.iter().map(|task| task.id).collect();
    assert_eq!(order, [ids[1], ids[3], ids[2]]);
    assert_eq!(claimed.next_due, Some(later(30)));
}

fn what_is_not_asked_for_or_not_due_is_left(store: &dyn Store) {
    let ids: Vec<_> = (0..3).map(|_| submit(store, spec())).collect();
    let early = submit(store, spec().with_due(later(10)));
    let fence = store.acquire(NOW).unwrap();
    let due = store.due(fence, NOW, 2).unwrap();
    assert_eq!(due.iter().map(|task| task.id).collect::<Vec<_>>(), ids[..2]);
    store.request_cancel(ids[2], BY_USER, NOW).unwrap();
    let claimed = store.claim(fence, NOW, &[TaskId(99), early, ids[2], ids[1]]).unwrap();
    assert_eq!(claimed.tasks.iter().map(|task| task.id).collect::<Vec<_>>(), [ids[1]]);
    assert_eq!(claimed.next_due, Some(NOW));
    let states = [&ids[..], &[early]].concat().into_iter().map(|id| get(store, id).state);
    let expected = [TaskState::Queued, TaskState::Running, TaskState::Cancelled, TaskState::Queued];
    assert_eq!(states.collect::<Vec<_>>(), expected);
    // Nothing is asked for: this only tells when there is something to do.
    let claimed = store.claim(fence, NOW, &[]).unwrap();
    assert_eq!((claimed.tasks, claimed.next_due), (Vec::new(), Some(NOW)));
}

fn what_is_due_at_once_is_due_on_every_clock(store: &dyn Store) {
    // The submitter's clock is an hour ahead of the triggerer's.
    let id = submit_at(store, spec(), later(3600));
    let fence = store.acquire(NOW).unwrap();
    assert_eq!(store.claim(fence, NOW, &[]).unwrap().next_due, Some(NOW));
    assert_eq!(claim_one(store, fence, NOW).id, id);
    // So is one that was resumed, put back, or put up for one more try before the clock was set back.
    let task = get(store, id);
    let put_back = [change(&task, Transition::Requeue(later(3600)))];
    assert_eq!(store.commit(fence, &put_back, later(3600)).unwrap(), [true]);
    assert_eq!(claim_one(store, fence, NOW).id, id);
    let ends = Transition::End(TaskState::Failed, None);
    assert!(commit(store, fence, &get(store, id), ends, NOW));
    store.retry(id, None, later(3600)).unwrap();
    assert_eq!(claim_one(store, fence, NOW).id, id);
    let defers = Transition::Defer(Box::new(deferral()));
    assert!(commit(store, fence, &get(store, id), defers, NOW));
    let resumes = Transition::Resume(Box::new(Resumed::TimedOut));
    assert!(commit(store, fence, &get(store, id), resumes, later(3600)));
    assert_eq!(claim_one(store, fence, NOW).id, id);
    // A time that was asked for holds, whoever asked when.
    submit_at(store, spec().with_due(later(10)), later(3600));
    assert_eq!(claim_due(store, fence, later(9), 5).tasks, []);
    assert_eq!(claim_due(store, fence, later(10), 5).tasks.len(), 1);
}

fn tasks_of_a_clock_that_is_ahead_take_turns_with_the_others(store: &dyn Store) {
    let here = [submit(store, spec()), submit(store, spec()), submit(store, spec())];
    let ahead = [submit_at(store, spec(), later(60)), submit_at(store, spec(), later(60))];
    let fence = store.acquire(NOW).unwrap();
    let ids: Vec<_> = store.due(fence, NOW, 4).unwrap().iter().map(|task| task.id).collect();
    assert_eq!(ids, [here[0], ahead[0], here[1], ahead[1]]);
}

fn a_pause_goes_on_when_the_clock_is_set_back(store: &dyn Store) {
    let (fence, task) = running(store, spec());
    let asked_for = submit(store, spec().with_due(later(300)));
    assert!(commit(store, fence, &task, Transition::Retry(later(300)), NOW));
    store.clock_set_back(fence, None, Duration::from_millis(200_500)).unwrap();
    assert_eq!(get(store, task.id).due.plus(Duration::from_millis(200_500)), later(300));
    assert_eq!(get(store, asked_for).due, later(300));
    assert_eq!(claim_one(store, fence, later(100)).id, task.id);
}

fn a_pause_of_a_clock_that_was_set_back_begins_again_at_most(store: &dyn Store) {
    let (fence, task) = running(store, spec());
    assert!(commit(store, fence, &task, Transition::Retry(later(3700)), later(3600)));
    let asked_for = submit_at(store, spec().with_due(later(3700)), later(3600));
    // The next triggerer finds an earlier time.
    let fence = store.acquire(NOW).unwrap();
    assert_eq!(get(store, task.id).due, later(100));
    assert_eq!(get(store, asked_for).due, later(3700));
    assert_eq!(claim_one(store, fence, later(100)).id, task.id);
}

fn what_is_due_later_waits(store: &dyn Store) {
    submit(store, spec().with_due(later(10)));
    let fence = store.acquire(NOW).unwrap();
    let claimed = claim_due(store, fence, later(9), 5);
    assert_eq!((claimed.tasks.len(), claimed.next_due), (0, Some(later(10))));
    let claimed = claim_due(store, fence, later(10), 5);
    assert_eq!((claimed.tasks.len(), claimed.next_due), (1, None));
}

fn a_claim_begins_a_try(store: &dyn Store) {
    let (_, task) = running(store, spec().with_execution_timeout(Duration::from_secs(60)));
    assert_eq!((task.state, task.try_number, task.step), (TaskState::Running, 1, 0));
    assert_eq!((task.deadline, task.started), (Some(later(60)), Some(NOW)));
    assert_eq!(task, get(store, task.id));
}

fn a_requeue_is_the_same_step(store: &dyn Store) {
    let timeout = Some(Duration::from_secs(60));
    let (fence, task) = running(store, spec().with_execution_timeout(timeout));
    assert!(commit(store, fence, &task, Transition::Requeue(later(10)), NOW));
    assert_eq!(get(store, task.id).due, later(10));
    let again = claim_one(store, fence, later(10));
    assert_eq!((again.try_number, again.step, &again.token), (1, task.step, &task.token));
    assert_eq!((again.deadline, again.started), (Some(later(60)), Some(NOW)));
}

fn a_resumption_is_a_new_step_of_the_same_try(store: &dyn Store) {
    let timeout = Some(Duration::from_secs(60));
    let (fence, task) = deferred(store, spec().with_execution_timeout(timeout));
    assert!(commit(store, fence, &task, Transition::Resume(Box::new(event())), later(5)));
    let queued = get(store, task.id);
    assert_eq!((queued.state, queued.due, queued.step), (TaskState::Queued, later(5), 1));
    assert_ne!(queued.token, task.token);
    let resumption = queued.resumption.unwrap();
    assert_eq!((&*resumption.method, resumption.kwargs), ("finish", deferral().kwargs));
    assert_eq!(resumption.with, event());
    assert_eq!(store.deferral(task.id).unwrap(), None);
    let resumed = claim_one(store, fence, later(6));
    assert_eq!((resumed.try_number, resumed.deadline), (1, Some(later(60))));
    // It may wait again, in the same step.
    assert!(commit(store, fence, &resumed, Transition::Defer(Box::new(deferral())), later(7)));
    let waiting = get(store, task.id);
    assert_eq!((waiting.step, waiting.token, waiting.resumption), (1, resumed.token, None));
    assert_eq!(store.deferral(task.id).unwrap(), Some(deferral()));
}

fn a_retry_begins_anew(store: &dyn Store) {
    let timeout = Some(Duration::from_secs(60));
    let (fence, task) = deferred(store, spec().with_execution_timeout(timeout));
    assert!(commit(store, fence, &task, Transition::Retry(later(300)), later(61)));
    let waiting = get(store, task.id);
    assert_eq!((waiting.state, waiting.due), (TaskState::UpForRetry, later(300)));
    assert_eq!((waiting.step, waiting.deadline, waiting.resumption), (1, None, None));
    assert_ne!(waiting.token, task.token);
    assert_eq!(store.deferral(task.id).unwrap(), None);
    let second = claim_one(store, fence, later(300));
    assert_eq!((second.try_number, second.deadline), (2, Some(later(360))));
    assert_eq!(second.started, Some(NOW));
}

fn an_event_is_committed_once(store: &dyn Store) {
    let (fence, task) = deferred(store, spec());
    let resume = || change(&task, Transition::Resume(Box::new(event())));
    assert_eq!(store.commit(fence, &[resume(), resume()], NOW).unwrap(), [true, false]);
    assert_eq!(store.commit(fence, &[resume()], NOW).unwrap(), [false]);
    let resumed = store.history(task.id).unwrap();
    assert_eq!(resumed.iter().filter(|entry| entry.to == TaskState::Queued).count(), 2);
}

fn a_change_of_another_step_is_left_out(store: &dyn Store) {
    let (fence, first) = deferred(store, spec());
    commit(store, fence, &first, Transition::Resume(Box::new(event())), NOW);
    let second = claim_one(store, fence, NOW);
    commit(store, fence, &second, Transition::Defer(Box::new(deferral())), NOW);
    assert!(!commit(store, fence, &first, Transition::Resume(Box::new(event())), NOW));
    assert!(commit(store, fence, &second, Transition::Resume(Box::new(event())), NOW));
    let mut unknown = second;
    unknown.id = TaskId(99);
    assert!(!commit(store, fence, &unknown, Transition::Block, NOW));
}

fn a_change_that_does_not_fit_the_state_is_left_out(store: &dyn Store) {
    let defer = || Transition::Defer(Box::new(deferral()));
    let resume = || Transition::Resume(Box::new(event()));
    let (fence, task) = running(store, spec());
    assert!(!commit(store, fence, &task, resume(), NOW));
    assert!(!commit(store, fence, &task, Transition::End(TaskState::Queued, None), NOW));
    assert!(commit(store, fence, &task, defer(), NOW));
    assert!(!commit(store, fence, &task, defer(), NOW));
    assert!(!commit(store, fence, &task, Transition::Requeue(NOW), NOW));
    let result = Some(json!({"paused": true}));
    assert!(commit(store, fence, &task, Transition::End(TaskState::Success, result.clone()), NOW));
    let every = [
        defer(),
        resume(),
        Transition::Retry(NOW),
        Transition::Requeue(NOW),
        Transition::Block,
        Transition::End(TaskState::Failed, None),
    ];
    for transition in every {
        assert!(!commit(store, fence, &task, transition, NOW));
    }
    let ended = get(store, task.id);
    assert_eq!((ended.state, ended.result, ended.ended), (TaskState::Success, result, Some(NOW)));
    assert_eq!(ended.message.as_deref(), Some("because"));
    assert_eq!(store.deferral(task.id).unwrap(), None);
}

fn only_the_last_triggerer_may_write(store: &dyn Store) {
    let (old, task) = deferred(store, spec());
    let new = store.acquire(NOW).unwrap();
    let fenced = |error: StoreError| assert!(matches!(error, StoreError::Fenced), "{error}");
    fenced(store.due(old, NOW, 1).unwrap_err());
    fenced(store.claim(old, NOW, &[task.id]).unwrap_err());
    fenced(store.commit(old, &[change(&task, Transition::Block)], NOW).unwrap_err());
    fenced(store.checkpoint(old, &[], &[]).unwrap_err());
    fenced(store.deferred(old, TaskId(0), 1).unwrap_err());
    fenced(store.cancel_requests(old).unwrap_err());
    fenced(store.begin(old, task.id, task.step, &intent(0)).unwrap_err());
    fenced(store.settle(old, task.id, task.step, 0, &Settled::NotMade).unwrap_err());
    assert_eq!(get(store, task.id), task);
    assert_eq!(store.deferred(new, TaskId(0), 9).unwrap().len(), 1);
}

fn a_new_triggerer_takes_up_what_ran(store: &dyn Store) {
    let timeout = Some(Duration::from_secs(60));
    let (fence, task) = running(store, spec().with_execution_timeout(timeout));
    store.begin(fence, task.id, task.step, &intent(0)).unwrap();
    submit(store, spec());
    let other = claim_one(store, fence, NOW);
    store.request_cancel(other.id, BY_USER, NOW).unwrap();
    let fence = store.acquire(later(20)).unwrap();
    assert_eq!(get(store, task.id).state, TaskState::Queued);
    let again = claim_one(store, fence, later(20));
    assert_eq!((again.id, again.try_number, again.step), (task.id, 1, task.step));
    assert_eq!((again.token, again.deadline), (task.token, Some(later(60))));
    assert_eq!(store.intents(task.id, task.step).unwrap().len(), 1);
    assert_eq!(get(store, other.id).state, TaskState::Cancelled);
}

fn blocked_tasks_go_back_to_where_they_were(store: &dyn Store) {
    let (_, waiting) = deferred(store, spec());
    let (fence, ran) = running(store, spec());
    assert!(commit(store, fence, &waiting, Transition::Block, NOW));
    assert!(commit(store, fence, &ran, Transition::Block, NOW));
    for id in [waiting.id, ran.id] {
        assert_eq!(get(store, id).state, TaskState::Blocked);
    }
    assert_eq!(claim_due(store, fence, later(9), 9), Claimed::default());
    assert_eq!(store.deferred(fence, TaskId(0), 9).unwrap(), []);
    let fence = store.acquire(later(9)).unwrap();
    let back = store.deferred(fence, TaskId(0), 9).unwrap();
    assert_eq!((back[0].id, &back[0].deferral), (waiting.id, &deferral()));
    let claimed = claim_one(store, fence, later(9));
    assert_eq!((claimed.id, claimed.try_number, claimed.token), (ran.id, 1, ran.token));
}

fn a_checkpoint_of_a_moved_task_is_left_out(store: &dyn Store) {
    let (fence, task) = deferred(store, spec());
    let checkpoint = |step, attempts: u32| {
        let state = format!("{{\"attempts\":{attempts}}}");
        Checkpoint::new(task.id, step, state, NOW..later(u64::from(attempts)))
    };
    let state = || store.deferral(task.id).unwrap().map(|deferral| (deferral.state, deferral.due));
    store.checkpoint(fence, &[checkpoint(0, 1), checkpoint(0, 2)], &[]).unwrap();
    assert_eq!(state(), Some(("{\"attempts\":2}".to_owned(), later(2))));
    store.checkpoint(fence, &[checkpoint(7, 3)], &[]).unwrap();
    assert_eq!(state(), Some(("{\"attempts\":2}".to_owned(), later(2))));
    commit(store, fence, &task, Transition::Resume(Box::new(event())), NOW);
    let again = claim_one(store, fence, NOW);
    commit(store, fence, &again, Transition::Defer(Box::new(deferral())), NOW);
    store.checkpoint(fence, &[checkpoint(0, 4)], &[]).unwrap();
    assert_eq!(state(), Some((deferral().state, deferral().due)));
}

fn deferred_tasks_come_in_pages(store: &dyn Store) {
    store.submit(&vec![spec(); 5], NOW).unwrap();
    let fence = store.acquire(NOW).unwrap();
    let tasks = claim_due(store, fence, NOW, 4).tasks;
    let defer = |task: &Task| change(task, Transition::Defer(Box::new(deferral())));
    let changes: Vec<_> = tasks.iter().map(defer).collect();
    assert_eq!(store.commit(fence, &changes, NOW).unwrap(), [true; 4]);
    let page = |after| -> Vec<i64> {
        let page = store.deferred(fence, TaskId(after), 3).unwrap();
        page.iter().map(|task| task.id.0).collect()
    };
    assert_eq!((page(0), page(3), page(4)), (vec![1, 2, 3], vec![4], vec![]));
    assert_eq!(store.deferred(fence, TaskId(0), 1).unwrap()[0].deferral, deferral());
}

fn a_main_call_is_begun_once(store: &dyn Store) {
    let (fence, task) = running(store, spec());
    assert_eq!(store.begin(fence, task.id, task.step, &intent(0)).unwrap(), Begun::Go);
    let fence = store.acquire(NOW).unwrap();
    let task = claim_one(store, fence, NOW);
    let known = store.intents(task.id, task.step).unwrap();
    assert_eq!((known.len(), &known[0].intent, &known[0].settled), (1, &intent(0), &None));
    let error = store.begin(fence, task.id, task.step, &intent(0)).unwrap_err();
    assert!(matches!(error, StoreError::Unsettled { .. }), "{error}");
}

fn a_settled_call_is_recorded_for_its_step(store: &dyn Store) {
    let (fence, task) = running(store, spec());
    let (id, step) = (task.id, task.step);
    for (ordinal, result) in [(1, Value::Null), (0, json!({"status": "pausing"}))] {
        store.begin(fence, id, step, &intent(ordinal)).unwrap();
        store.settle(fence, id, step, ordinal, &Settled::Done(result.clone())).unwrap();
        // What is known to have been made stays so.
        store.settle(fence, id, step, ordinal, &Settled::NotMade).unwrap();
        store.settle(fence, id, step, ordinal, &Settled::Done(json!("other"))).unwrap();
        let begun = store.begin(fence, id, step, &intent(ordinal)).unwrap();
        assert_eq!(begun, Begun::Recorded(result));
    }
    let order: Vec<_> =
        store.intents(id, step).unwrap().iter().map(|known| known.intent.ordinal).collect();
    assert_eq!(order, [0, 1]);
    let other = Intent::new(0, "resume_cluster", intent(0).details);
    let error = store.begin(fence, id, step, &other).unwrap_err();
    assert!(matches!(error, StoreError::OtherCall { .. }), "{error}");
    // The next step knows nothing of them, and an end forgets them.
    commit(store, fence, &task, Transition::Retry(NOW), NOW);
    let next = claim_one(store, fence, NOW);
    assert_eq!(store.begin(fence, id, next.step, &intent(0)).unwrap(), Begun::Go);
    commit(store, fence, &next, Transition::End(TaskState::Failed, None), NOW);
    assert_eq!(store.intents(id, next.step).unwrap(), []);
    assert!(store.settle(fence, id, next.step, 0, &Settled::Done(json!(1))).is_err());
}

fn a_call_not_made_can_be_begun(store: &dyn Store) {
    let (fence, task) = running(store, spec());
    store.begin(fence, task.id, task.step, &intent(0)).unwrap();
    store.settle(fence, task.id, task.step, 0, &Settled::NotMade).unwrap();
    assert_eq!(store.intents(task.id, task.step).unwrap(), []);
    assert_eq!(store.begin(fence, task.id, task.step, &intent(0)).unwrap(), Begun::Go);
}

fn only_a_running_step_begins_calls(store: &dyn Store) {
    let (fence, task) = deferred(store, spec());
    let error = store.begin(fence, task.id, task.step, &intent(0)).unwrap_err();
    assert!(matches!(error, StoreError::WrongState { state: TaskState::Deferred, .. }), "{error}");
    let error = store.begin(fence, TaskId(99), 0, &intent(0)).unwrap_err();
    assert!(matches!(error, StoreError::NotFound(TaskId(99))), "{error}");
}

fn a_waiting_task_is_cancelled_at_once(store: &dyn Store) {
    let queued = submit(store, spec().with_due(later(99)));
    let (fence, retried) = running(store, spec());
    commit(store, fence, &retried, Transition::Retry(later(9)), NOW);
    let (fence, blocked) = running(store, spec());
    commit(store, fence, &blocked, Transition::Block, NOW);
    for id in [queued, retried.id, blocked.id] {
        assert_eq!(store.request_cancel(id, BY_USER, later(1)).unwrap(), TaskState::Cancelled);
        let task = get(store, id);
        assert_eq!(
            (task.state, task.ended, task.cancel),
            (TaskState::Cancelled, Some(later(1)), None)
        );
        assert_eq!(task.message.as_deref(), Some("cancelled by a user"));
    }
    assert_eq!(store.cancel_requests(fence).unwrap(), []);
}

fn a_request_waits_for_the_triggerer(store: &dyn Store) {
    let (_, waiting) = deferred(store, spec());
    let (fence, ran) = running(store, spec());
    assert_eq!(store.request_cancel(waiting.id, BY_USER, NOW).unwrap(), TaskState::Deferred);
    assert_eq!(store.request_cancel(waiting.id, UNDO, NOW).unwrap(), TaskState::Deferred);
    assert_eq!(store.request_cancel(waiting.id, BY_USER, NOW).unwrap(), TaskState::Deferred);
    assert_eq!(store.request_cancel(ran.id, BY_USER, NOW).unwrap(), TaskState::Running);
    let asked = store.cancel_requests(fence).unwrap();
    let asked: Vec<_> = asked.iter().map(|task| (task.id, task.cancel)).collect();
    assert_eq!(asked, [(waiting.id, Some(UNDO)), (ran.id, Some(BY_USER))]);
    let end = |task| change(task, Transition::End(TaskState::Cancelled, None));
    let mut undone = end(&waiting);
    undone.undo_answered = true;
    assert_eq!(store.commit(fence, &[undone, end(&ran)], NOW).unwrap(), [true, true]);
    assert_eq!((get(store, waiting.id).cancel, get(store, ran.id).cancel), (None, None));
    assert_eq!(store.cancel_requests(fence).unwrap(), []);
}

fn a_request_to_undo_is_not_forgotten(store: &dyn Store) {
    // Whatever ends the deferral has not seen the request: somebody has added it meanwhile.
    let (fence, task) = deferred(store, spec());
    store.request_cancel(task.id, BY_USER, NOW).unwrap();
    store.request_cancel(task.id, UNDO, NOW).unwrap();
    for state in [TaskState::Cancelled, TaskState::Success, TaskState::Failed] {
        assert!(!commit(store, fence, &task, Transition::End(state, None), NOW), "{state}");
    }
    assert_eq!(store.cancel_requests(fence).unwrap()[0].cancel, Some(UNDO));
    // A step that runs has started nothing that the triggerer could undo.
    let (fence, task) = running(store, spec());
    store.request_cancel(task.id, UNDO, NOW).unwrap();
    assert!(commit(store, fence, &task, Transition::End(TaskState::Success, None), NOW));
}

fn a_task_to_be_cancelled_is_not_sent_on(store: &dyn Store) {
    for transition in [Transition::Retry(NOW), Transition::Requeue(NOW), Transition::Block] {
        let (fence, task) = running(store, spec());
        store.request_cancel(task.id, BY_USER, NOW).unwrap();
        assert!(commit(store, fence, &task, transition, NOW));
        let task = get(store, task.id);
        assert_eq!((task.state, task.step), (TaskState::Cancelled, 0));
    }
    let (fence, task) = running(store, spec());
    store.request_cancel(task.id, UNDO, NOW).unwrap();
    assert!(commit(store, fence, &task, Transition::Defer(Box::new(deferral())), NOW));
    for transition in
        [Transition::Resume(Box::new(event())), Transition::Retry(NOW), Transition::Block]
    {
        assert!(!commit(store, fence, &task, transition, NOW));
    }
    let asked = store.cancel_requests(fence).unwrap();
    assert_eq!((asked[0].state, asked[0].cancel), (TaskState::Deferred, Some(UNDO)));
    assert_eq!(store.deferral(task.id).unwrap(), Some(deferral()));
}

/// A task on a worker that has begun its call, and nobody knows what became of it.
fn unsettled(store: &dyn Store, spec: NewTask) -> (Fence, Task) {
    let (fence, task) = running(store, spec);
    store.begin(fence, task.id, task.step, &intent(0)).unwrap();
    (fence, task)
}

/// A task that is in doubt about its call.
fn in_doubt(store: &dyn Store, spec: NewTask) -> (Fence, Task) {
    let (fence, task) = unsettled(store, spec);
    assert!(commit(store, fence, &task, Transition::End(TaskState::InDoubt, None), NOW));
    (fence, task)
}

fn a_cancelled_task_that_may_have_made_its_call_is_in_doubt(store: &dyn Store) {
    let (fence, queued) = unsettled(store, spec());
    assert!(commit(store, fence, &queued, Transition::Requeue(later(30)), NOW));
    assert_eq!(store.request_cancel(queued.id, BY_USER, NOW).unwrap(), TaskState::InDoubt);
    let (fence, ran) = unsettled(store, spec());
    assert_eq!(store.request_cancel(ran.id, BY_USER, NOW).unwrap(), TaskState::Running);
    assert!(commit(store, fence, &ran, Transition::Requeue(later(30)), NOW));
    let (fence, blocked) = unsettled(store, spec());
    assert!(commit(store, fence, &blocked, Transition::Block, NOW));
    assert_eq!(store.request_cancel(blocked.id, BY_USER, NOW).unwrap(), TaskState::InDoubt);
    for id in [queued.id, ran.id, blocked.id] {
        let task = get(store, id);
        assert_eq!((task.state, task.ended, task.cancel), (TaskState::InDoubt, Some(NOW), None));
        let message = task.message.unwrap();
        for words in ["cancelled by a user", "pause_cluster", "because: because", "tasks settle"] {
            assert!(message.contains(words), "{words}: {message}");
        }
        assert_eq!(store.intents(id, 0).unwrap().len(), 1);
    }
}

fn a_cancelled_task_tells_of_the_calls_it_has_made(store: &dyn Store) {
    let made = || {
        let (fence, task) = unsettled(store, spec());
        store.settle(fence, task.id, 0, 0, &Settled::Done(json!(1))).unwrap();
        (fence, task)
    };
    let (fence, queued) = made();
    assert!(commit(store, fence, &queued, Transition::Requeue(later(30)), NOW));
    assert_eq!(store.request_cancel(queued.id, BY_USER, NOW).unwrap(), TaskState::Cancelled);
    let (fence, sent_on) = made();
    store.request_cancel(sent_on.id, BY_USER, NOW).unwrap();
    assert!(commit(store, fence, &sent_on, Transition::Retry(later(30)), NOW));
    let (_, crashed) = made();
    store.request_cancel(crashed.id, BY_USER, NOW).unwrap();
    store.acquire(NOW).unwrap();
    for id in [queued.id, sent_on.id, crashed.id] {
        let task = get(store, id);
        assert_eq!(task.state, TaskState::Cancelled);
        let message = task.message.unwrap();
        assert_eq!(message, "cancelled by a user; it had made pause_cluster");
    }
}

fn a_call_of_a_cancelled_task_is_looked_up_after_a_crash(store: &dyn Store) {
    let (_, task) = unsettled(store, spec());
    store.request_cancel(task.id, UNDO, NOW).unwrap();
    let fence = store.acquire(NOW).unwrap();
    assert_eq!(get(store, task.id).state, TaskState::Queued);
    assert_eq!(store.cancel_requests(fence).unwrap(), []);
    let again = claim_one(store, fence, NOW);
    assert_eq!((again.id, again.step, again.cancel), (task.id, 0, Some(UNDO)));
    assert_eq!(store.cancel_requests(fence).unwrap().len(), 1);
}

fn a_user_says_that_a_call_was_made(store: &dyn Store) {
    // Its call was made after a wait: what it was resumed with must not be lost.
    let timeout = Some(Duration::from_secs(60));
    let (fence, task) = deferred(store, spec().with_execution_timeout(timeout));
    commit(store, fence, &task, Transition::Resume(Box::new(event())), NOW);
    let task = claim_one(store, fence, NOW);
    store.begin(fence, task.id, task.step, &intent(0)).unwrap();
    commit(store, fence, &task, Transition::End(TaskState::InDoubt, None), NOW);
    let made = Settled::Done(json!({"status": "pausing"}));
    store.settle_by_user(task.id, &made, later(100)).unwrap();
    let waiting = get(store, task.id);
    assert_eq!((waiting.state, waiting.due), (TaskState::UpForRetry, later(100)));
    assert_eq!((waiting.ended, waiting.step, &waiting.token), (None, 1, &task.token));
    let again = claim_one(store, fence, later(100));
    assert_eq!((again.try_number, again.deadline), (2, Some(later(160))));
    assert_eq!(again.resumption, task.resumption);
    assert!(again.resumption.is_some());
    let begun = store.begin(fence, task.id, 1, &intent(0)).unwrap();
    assert_eq!(begun, Begun::Recorded(json!({"status": "pausing"})));
    commit(store, fence, &again, Transition::End(TaskState::Success, None), NOW);
    assert_eq!(store.intents(task.id, 1).unwrap(), []);
}

fn a_user_says_that_a_call_was_not_made(store: &dyn Store) {
    let (fence, task) = in_doubt(store, spec());
    // From the beginning, it could be made twice.
    let error = store.retry(task.id, None, NOW).unwrap_err();
    assert!(matches!(error, StoreError::WrongState { state: TaskState::InDoubt, .. }), "{error}");
    assert_eq!(store.intents(task.id, 0).unwrap().len(), 1);
    store.settle_by_user(task.id, &Settled::NotMade, NOW).unwrap();
    let again = claim_one(store, fence, NOW);
    assert_eq!((again.id, again.step, again.try_number), (task.id, 0, 2));
    assert_eq!(store.begin(fence, task.id, 0, &intent(0)).unwrap(), Begun::Go);
    let told = store.history(task.id).unwrap();
    assert!(told.iter().any(|entry| entry.reason.contains("a user says that pause_cluster")));
}

fn a_recorded_result_of_no_use_is_replaced_by_a_user(store: &dyn Store) {
    let (fence, task) = running(store, spec());
    store.begin(fence, task.id, 0, &intent(0)).unwrap();
    store.settle(fence, task.id, 0, 0, &Settled::Done(json!("nonsense"))).unwrap();
    commit(store, fence, &task, Transition::End(TaskState::InDoubt, None), NOW);
    store.settle_by_user(task.id, &Settled::Done(json!(7)), NOW).unwrap();
    claim_one(store, fence, NOW);
    let begun = store.begin(fence, task.id, 0, &intent(0)).unwrap();
    assert_eq!(begun, Begun::Recorded(json!(7)));
}

fn only_a_doubt_can_be_settled(store: &dyn Store) {
    let settle = |id| store.settle_by_user(id, &Settled::NotMade, NOW);
    assert!(matches!(settle(TaskId(99)), Err(StoreError::NotFound(TaskId(99)))));
    let (fence, ran) = unsettled(store, spec());
    let error = settle(ran.id).unwrap_err();
    assert!(matches!(error, StoreError::WrongState { state: TaskState::Running, .. }), "{error}");
    commit(store, fence, &ran, Transition::End(TaskState::Failed, None), NOW);
    let error = settle(ran.id).unwrap_err();
    assert!(matches!(error, StoreError::WrongState { state: TaskState::Failed, .. }), "{error}");
    let (_, keyed_task) = in_doubt(store, keyed(OnConflict::Reject));
    submit(store, keyed(OnConflict::Reject));
    assert!(matches!(settle(keyed_task.id), Err(StoreError::Conflict { .. })));
    // No call is recorded of a task that an older program has left in doubt.
    let (fence, old) = running(store, spec());
    commit(store, fence, &old, Transition::End(TaskState::InDoubt, None), NOW);
    let made = store.settle_by_user(old.id, &Settled::Done(json!(1)), NOW);
    assert!(matches!(made, Err(StoreError::NoCall(id)) if id == old.id));
    settle(old.id).unwrap();
    assert_eq!(get(store, old.id).state, TaskState::UpForRetry);
}

fn the_undoing_of_a_blocked_task_is_left_to_the_triggerer(store: &dyn Store) {
    let (fence, task) = running(store, spec());
    let mut undoable = deferral();
    undoable.on_cancel = Some(undo_call());
    commit(store, fence, &task, Transition::Defer(Box::new(undoable.clone())), NOW);
    commit(store, fence, &task, Transition::Block, NOW);
    assert_eq!(store.request_cancel(task.id, UNDO, NOW).unwrap(), TaskState::Deferred);
    assert_eq!(store.cancel_requests(fence).unwrap()[0].cancel, Some(UNDO));
    assert_eq!(store.deferral(task.id).unwrap(), Some(undoable));
}

fn an_ended_task_cannot_be_cancelled(store: &dyn Store) {
    let (fence, task) = running(store, spec());
    commit(store, fence, &task, Transition::End(TaskState::Skipped, None), NOW);
    let error = store.request_cancel(task.id, BY_USER, NOW).unwrap_err();
    assert!(matches!(error, StoreError::WrongState { state: TaskState::Skipped, .. }), "{error}");
    let error = store.request_cancel(TaskId(99), BY_USER, NOW).unwrap_err();
    assert!(matches!(error, StoreError::NotFound(TaskId(99))), "{error}");
}

fn a_failure_is_to_be_told_until_its_hook_was_run(store: &dyn Store) {
    let hook = Some(FailureHook::Webhook("http://127.0.0.1/".to_owned().into()));
    let end = |store, state, on_failure| {
        let (fence, task) = running(store, spec().with_on_failure(on_failure));
        assert!(commit(store, fence, &task, Transition::End(state, None), NOW));
        task.id
    };
    end(store, TaskState::Success, hook.clone());
    end(store, TaskState::Failed, None);
    let failed = end(store, TaskState::Failed, hook.clone());
    let again = end(store, TaskState::Failed, hook.clone());
    let in_doubt = end(store, TaskState::InDoubt, hook);
    let fence = store.acquire(NOW).unwrap();
    assert_eq!(store.pending_hooks(fence).unwrap(), [failed, again, in_doubt]);
    let line = |id| LogLine::new(id, NOW, Level::Info, "told");
    let mut told = HookProgress::default();
    told.attempts = 1;
    store.hook_run(fence, failed, NOW, &told, &line(failed)).unwrap();
    assert_eq!(get(store, failed).hook, told);
    assert_eq!(store.logs(failed, 0).unwrap(), [line(failed)]);
    // Of an end that is not the last one.
    store.hook_run(fence, in_doubt, later(9), &told, &line(in_doubt)).unwrap();
    assert_eq!(get(store, in_doubt).hook, HookProgress::default());
    store.retry(again, None, NOW).unwrap();
    assert_eq!(store.pending_hooks(fence).unwrap(), [in_doubt]);
    // One that has failed is to be run again.
    let mut failed_once = told.clone();
    failed_once.next = Some(later(1));
    failed_once.error = Some("502".to_owned());
    store.hook_run(fence, in_doubt, NOW, &failed_once, &line(in_doubt)).unwrap();
    assert_eq!(store.pending_hooks(fence).unwrap(), [in_doubt]);
    assert_eq!(get(store, in_doubt).hook, failed_once);
    // Another failure is told anew.
    let (fence, task) = running(store, spec().with_on_failure(get(store, failed).spec.on_failure));
    commit(store, fence, &task, Transition::End(TaskState::Failed, None), NOW);
    store.hook_run(fence, task.id, NOW, &told, &line(task.id)).unwrap();
    store.retry(task.id, None, NOW).unwrap();
    assert_eq!(get(store, task.id).hook, HookProgress::default());
}

fn a_failed_task_is_tried_once_more(store: &dyn Store) {
    let timeout = Some(Duration::from_secs(60));
    let (fence, task) = running(store, spec().with_execution_timeout(timeout));
    commit(store, fence, &task, Transition::End(TaskState::Failed, None), NOW);
    store.retry(task.id, None, later(100)).unwrap();
    let waiting = get(store, task.id);
    assert_eq!((waiting.state, waiting.due), (TaskState::UpForRetry, later(100)));
    assert_eq!((waiting.ended, waiting.deadline, waiting.step), (None, None, 1));
    assert_ne!(waiting.token, task.token);
    let again = claim_one(store, fence, later(100));
    assert_eq!((again.try_number, again.deadline), (2, Some(later(160))));
}

fn how_a_task_has_failed_is_kept(store: &dyn Store) {
    let failure = Some(FailureKind::GaveUp);
    let (fence, task) = running(store, spec());
    let end = change(&task, Transition::End(TaskState::Failed, None));
    store.commit(fence, &[end.with_failure(failure)], NOW).unwrap();
    assert_eq!(get(store, task.id).failure, failure);
    store.retry(task.id, None, NOW).unwrap();
    assert_eq!(get(store, task.id).failure, None);
    let task = claim_one(store, fence, NOW);
    let retry = change(&task, Transition::Retry(NOW));
    store.commit(fence, &[retry.with_failure(failure)], NOW).unwrap();
    assert_eq!(get(store, task.id).failure, None);
}

fn what_cannot_be_retried(store: &dyn Store) {
    let (fence, task) = running(store, spec());
    assert!(matches!(store.retry(task.id, None, NOW), Err(StoreError::WrongState { .. })));
    commit(store, fence, &task, Transition::End(TaskState::Success, None), NOW);
    assert!(matches!(store.retry(task.id, None, NOW), Err(StoreError::WrongState { .. })));
    assert!(matches!(store.retry(TaskId(99), None, NOW), Err(StoreError::NotFound(TaskId(99)))));
    let (fence, old) = running(store, keyed(OnConflict::Reject));
    commit(store, fence, &old, Transition::End(TaskState::Failed, None), NOW);
    let holder = submit(store, keyed(OnConflict::Reject));
    let error = store.retry(old.id, None, NOW).unwrap_err();
    assert!(matches!(error, StoreError::Conflict { id, .. } if id == holder), "{error}");
}

fn pruning_removes_what_ended_before(store: &dyn Store) {
    let end = Transition::End(TaskState::Success, None);
    let (fence, old) = running(store, spec());
    commit(store, fence, &old, end.clone(), later(1));
    let (fence, young) = running(store, spec());
    commit(store, fence, &young, end, later(2));
    let (fence, in_doubt) = running(store, spec());
    commit(store, fence, &in_doubt, Transition::End(TaskState::InDoubt, None), later(1));
    let open = submit(store, spec());
    assert_eq!(store.prune(later(2)).unwrap(), 1);
    let left: Vec<_> =
        store.tasks(&TaskFilter::default()).unwrap().iter().map(|task| task.id).collect();
    assert_eq!(left, [open, in_doubt.id, young.id]);
    assert_eq!(store.history(old.id).unwrap(), []);
    // Numbers are not given twice, not even the last one's.
    assert!(store.request_cancel(open, BY_USER, NOW).is_ok());
    store.prune(later(9)).unwrap();
    assert_eq!(submit(store, spec()), TaskId(open.0 + 1));
}

fn definitions_last_as_long_as_a_deferral_needs_them(store: &dyn Store) {
    let (fence, task) = deferred(store, spec());
    for hash in ["abc", "def"] {
        store.put_definition(hash, "first").unwrap();
        store.put_definition(hash, "second").unwrap();
    }
    let text = |hash: &str| store.definition(hash).unwrap();
    assert_eq!(text("abc").as_deref(), Some("first"));
    // A triggerer may count on what it has stored.
    store.prune(later(9)).unwrap();
    assert!(text("def").is_some());
    store.acquire(NOW).unwrap();
    assert_eq!((text("abc").is_some(), text("def")), (true, None));
    let fence = store.acquire(NOW).unwrap_or(fence);
    commit(store, fence, &task, Transition::Resume(Box::new(event())), NOW);
    store.acquire(NOW).unwrap();
    assert_eq!(text("abc"), None);
}

fn every_transition_is_told(store: &dyn Store) {
    let (fence, task) = deferred(store, spec());
    commit(store, fence, &task, Transition::Resume(Box::new(event())), later(1));
    let task = claim_one(store, fence, later(2));
    commit(store, fence, &task, Transition::End(TaskState::Success, None), later(3));
    let history = store.history(task.id).unwrap();
    let told: Vec<_> = history.iter().map(|entry| (entry.at, entry.from, entry.to)).collect();
    use TaskState::{Deferred, Queued, Running, Success};
    let expected = [
        (NOW, None, Queued),
        (NOW, Some(Queued), Running),
        (NOW, Some(Running), Deferred),
        (later(1), Some(Deferred), Queued),
        (later(2), Some(Queued), Running),
        (later(3), Some(Running), Success),
    ];
    assert_eq!(told, expected);
    let reasons: Vec<_> = history.iter().map(|entry| &*entry.reason).collect();
    let expected = ["submitted", "try 1", "because", "because", "try 1, at finish", "because"];
    assert_eq!(reasons, expected);
}

fn logs_go_on_where_a_reader_stopped(store: &dyn Store) {
    let (fence, task) = running(store, spec());
    let line = |id, level, message: &str| LogLine::new(id, NOW, level, message);
    let lines = [
        line(task.id, Level::Info, "pausing"),
        line(TaskId(99), Level::Info, "of nobody"),
        line(task.id, Level::Warning, "slow"),
    ];
    store.checkpoint(fence, &[], &lines).unwrap();
    assert_eq!(store.logs(task.id, 0).unwrap(), [lines[0].clone(), lines[2].clone()]);
    assert_eq!(store.logs(task.id, 1).unwrap(), [lines[2].clone()]);
    assert_eq!(store.logs(task.id, 2).unwrap(), []);
    assert_eq!(store.logs(TaskId(99), 0).unwrap(), []);
}

fn tasks_are_listed_newest_first(store: &dyn Store) {
    let other = NewTask::new("test.other", json!({})).with_key("nightly");
    store.submit(&[spec(), other, spec()], NOW).unwrap();
    store.request_cancel(TaskId(3), BY_USER, NOW).unwrap();
    let ids = |narrow: fn(&mut TaskFilter)| -> Vec<i64> {
        let mut filter = TaskFilter::default();
        narrow(&mut filter);
        store.tasks(&filter).unwrap().iter().map(|task| task.id.0).collect()
    };
    assert_eq!(ids(|_| ()), [3, 2, 1]);
    assert_eq!(ids(|filter| filter.limit = Some(2)), [3, 2]);
    let not_ended = |filter: &mut TaskFilter| {
        filter.states = vec![TaskState::Queued, TaskState::Running];
    };
    assert_eq!(ids(not_ended), [2, 1]);
    assert_eq!(ids(|filter| filter.operator = Some("test.other".to_owned())), [2]);
    assert_eq!(ids(|filter| filter.key = Some("nightly".to_owned())), [2]);
    assert_eq!(ids(|filter| filter.before = Some(TaskId(3))), [2, 1]);
    store.submit(&[spec()], later(10)).unwrap();
    assert_eq!(ids(|filter| filter.created_since = Some(later(10))), [4]);
    assert!(ids(|filter| filter.created_since = Some(later(11))).is_empty());
    store.request_cancel(TaskId(4), BY_USER, NOW).unwrap();
    let counts = [(TaskState::Queued, 2), (TaskState::Cancelled, 2)];
    assert_eq!(store.counts().unwrap(), counts);
}

fn others_are_noticed(store: &dyn Store) {
    let mut last = store.change_counter().unwrap();
    let mut changed = || {
        let before = std::mem::replace(&mut last, store.change_counter().unwrap());
        before != last
    };
    assert!(!changed());
    let id = submit(store, spec());
    assert!(changed());
    let fence = store.acquire(NOW).unwrap();
    let task = claim_one(store, fence, NOW);
    commit(store, fence, &task, Transition::Defer(Box::new(deferral())), NOW);
    assert!(!changed(), "what a triggerer does itself is no news to it");
    store.request_cancel(id, BY_USER, NOW).unwrap();
    assert!(changed());
}

fn only_the_step_that_runs_begins_calls(store: &dyn Store) {
    let (fence, task) = running(store, spec());
    commit(store, fence, &task, Transition::Retry(NOW), NOW);
    let task = claim_one(store, fence, NOW);
    for step in [task.step - 1, task.step + 1] {
        let error = store.begin(fence, task.id, step, &intent(0)).unwrap_err();
        let wrong = matches!(error, StoreError::WrongState { state: TaskState::Running, .. });
        assert!(wrong, "{error}");
        assert_eq!(store.intents(task.id, step).unwrap(), []);
    }
    assert_eq!(store.begin(fence, task.id, task.step, &intent(0)).unwrap(), Begun::Go);
}

fn a_deferral_that_is_being_undone_begins_its_call(store: &dyn Store) {
    let (fence, task) = deferred(store, spec());
    store.request_cancel(task.id, UNDO, NOW).unwrap();
    let error = store.begin(fence, task.id, task.step + 1, &intent(0)).unwrap_err();
    assert!(matches!(error, StoreError::WrongState { state: TaskState::Deferred, .. }), "{error}");
    assert_eq!(store.begin(fence, task.id, task.step, &intent(0)).unwrap(), Begun::Go);
}

/// A task that is in doubt, with two main calls in its step, the second begun before the first.
fn in_doubt_about(store: &dyn Store, settled: [Option<Value>; 2]) -> (Fence, Task) {
    let (fence, task) = running(store, spec());
    for (ordinal, name) in [(1, "second_call"), (0, "first_call")] {
        let intent = Intent::new(ordinal, name, json!({}));
        store.begin(fence, task.id, task.step, &intent).unwrap();
        if let Some(result) = &settled[ordinal as usize] {
            let settled = Settled::Done(result.clone());
            store.settle(fence, task.id, task.step, ordinal, &settled).unwrap();
        }
    }
    (fence, task)
}

fn of_two_open_calls_the_first_is_in_question(store: &dyn Store) {
    let (fence, task) = in_doubt_about(store, [None, None]);
    store.request_cancel(task.id, BY_USER, NOW).unwrap();
    let requeue = Change::of(&task, Transition::Requeue(later(30)), "");
    assert_eq!(store.commit(fence, &[requeue], NOW).unwrap(), [true]);
    let task = get(store, task.id);
    assert_eq!(task.state, TaskState::InDoubt);
    let message = task.message.unwrap();
    let said =
        "it cannot be told whether first_call was made ({}), because: its reply was not seen;";
    assert!(message.contains(said), "{message}");
    store.settle_by_user(task.id, &Settled::Done(json!(7)), NOW).unwrap();
    let known = store.intents(task.id, 0).unwrap();
    let known: Vec<_> = known.iter().map(|call| (call.intent.ordinal, &call.settled)).collect();
    assert_eq!(known, [(0, &Some(Settled::Done(json!(7)))), (1, &None)]);
    let told = store.history(task.id).unwrap();
    assert_eq!(told.last().unwrap().reason, "a user says that first_call was made");
}

fn of_two_calls_the_open_one_is_in_question(store: &dyn Store) {
    let (fence, task) = in_doubt_about(store, [Some(json!(1)), None]);
    commit(store, fence, &task, Transition::End(TaskState::InDoubt, None), NOW);
    store.settle_by_user(task.id, &Settled::NotMade, NOW).unwrap();
    let known = store.intents(task.id, 0).unwrap();
    assert_eq!((known.len(), &known[0].settled), (1, &Some(Settled::Done(json!(1)))));
}

fn a_user_replaces_the_last_of_the_recorded_results(store: &dyn Store) {
    let (fence, task) = in_doubt_about(store, [Some(json!(1)), Some(json!(2))]);
    commit(store, fence, &task, Transition::End(TaskState::InDoubt, None), NOW);
    store.settle_by_user(task.id, &Settled::Done(json!(7)), NOW).unwrap();
    let known = store.intents(task.id, 0).unwrap();
    let settled: Vec<_> = known.iter().map(|call| call.settled.clone()).collect();
    assert_eq!(settled, [1, 7].map(|result| Some(Settled::Done(json!(result)))));
}

fn what_a_user_has_settled_has_no_deadline_until_it_is_taken_up(store: &dyn Store) {
    let timeout = Some(Duration::from_secs(60));
    let (fence, task) = running(store, spec().with_execution_timeout(timeout));
    commit(store, fence, &task, Transition::End(TaskState::InDoubt, None), NOW);
    assert_eq!(get(store, task.id).deadline, Some(later(60)));
    store.settle_by_user(task.id, &Settled::NotMade, later(5)).unwrap();
    let task = get(store, task.id);
    assert_eq!((task.deadline, task.due), (None, later(5)));
}

fn a_blocked_task_is_undone_only_if_that_is_asked_for_and_possible(store: &dyn Store) {
    for (request, possible, state) in [
        (BY_USER, true, TaskState::Cancelled),
        (UNDO, false, TaskState::Cancelled),
        (UNDO, true, TaskState::Deferred),
    ] {
        let (fence, task) = running(store, spec());
        let mut waits = deferral();
        waits.on_cancel = possible.then(undo_call);
        commit(store, fence, &task, Transition::Defer(Box::new(waits)), NOW);
        commit(store, fence, &task, Transition::Block, NOW);
        assert_eq!(store.request_cancel(task.id, request, NOW).unwrap(), state, "{request:?}");
        assert_eq!(get(store, task.id).state, state);
    }
}

fn an_end_that_a_worker_reports_is_told_as_it_is(store: &dyn Store) {
    let (fence, task) = unsettled(store, spec());
    store.settle(fence, task.id, 0, 0, &Settled::Done(json!(1))).unwrap();
    store.request_cancel(task.id, BY_USER, NOW).unwrap();
    assert!(commit(
        store,
        fence,
        &task,
        Transition::End(TaskState::Cancelled, Some(json!(7))),
        NOW
    ));
    let task = get(store, task.id);
    assert_eq!((task.state, task.cancel), (TaskState::Cancelled, None));
    assert_eq!((task.message.as_deref(), task.result), (Some("because"), Some(json!(7))));
}

fn what_is_taken_up_again_is_due_at_once(store: &dyn Store) {
    let (_, task) = running(store, spec());
    store.acquire(later(5)).unwrap();
    let task = get(store, task.id);
    assert_eq!(
        (task.state, task.due, task.pause_from),
        (TaskState::Queued, later(5), Some(later(5)))
    );
}

fn a_retry_forgets_what_its_step_was_resumed_with(store: &dyn Store) {
    let (fence, task) = deferred(store, spec());
    commit(store, fence, &task, Transition::Resume(Box::new(event())), NOW);
    let task = claim_one(store, fence, NOW);
    assert!(task.resumption.is_some());
    commit(store, fence, &task, Transition::Retry(NOW), NOW);
    let again = claim_one(store, fence, NOW);
    assert_eq!((again.step, again.resumption), (2, None));
    let told = store.history(task.id).unwrap();
    assert_eq!(told.last().unwrap().reason, "try 2");
}

fn a_retry_by_a_user_forgets_the_result(store: &dyn Store) {
    let timeout = Some(Duration::from_secs(60));
    let (fence, task) = running(store, spec().with_execution_timeout(timeout));
    commit(store, fence, &task, Transition::End(TaskState::Skipped, Some(json!(7))), NOW);
    let ended = get(store, task.id);
    assert_eq!(
        (ended.result, ended.ended, ended.deadline),
        (Some(json!(7)), Some(NOW), Some(later(60)))
    );
    store.retry(task.id, None, later(5)).unwrap();
    let waiting = get(store, task.id);
    assert_eq!((waiting.result, waiting.ended, waiting.deadline), (None, None, None));
    assert_eq!((waiting.step, waiting.due), (1, later(5)));
}

fn a_pause_of_one_task_goes_on_under_an_earlier_clock(store: &dyn Store) {
    let (fence, task) = running(store, spec());
    assert!(commit(store, fence, &task, Transition::Retry(later(3700)), later(3600)));
    store.acquire_task(task.id, Share::Existing, NOW).unwrap();
    let waiting = get(store, task.id);
    assert_eq!((waiting.due, waiting.pause_from), (later(100), Some(NOW)));
    // Further looks change nothing, and later ones neither.
    for now in [NOW, later(50)] {
        store.acquire_task(task.id, Share::Existing, now).unwrap();
        let waiting = get(store, task.id);
        assert_eq!((waiting.due, waiting.pause_from), (later(100), Some(NOW)));
    }
    // Once it has ended, its last pause does not matter.
    let fence = store.acquire(later(3600)).unwrap();
    let task = claim_one(store, fence, later(3600));
    commit(store, fence, &task, Transition::Retry(later(3700)), later(3600));
    let task = claim_one(store, fence, later(3700));
    commit(store, fence, &task, Transition::End(TaskState::Success, None), later(3700));
    store.acquire_task(task.id, Share::Existing, NOW).unwrap();
    let ended = get(store, task.id);
    assert_eq!((ended.due, ended.pause_from), (later(3700), Some(later(3600))));
    // What is due at once stays so, and what waits for its trigger has no pause of a worker's.
    let (fence, other) = deferred(store, spec());
    let ahead = submit_at(store, spec(), later(60));
    for id in [other.id, ahead] {
        let before = get(store, id);
        store.acquire_task(id, Share::Existing, NOW).unwrap();
        let after = get(store, id);
        assert_eq!((after.due, after.pause_from), (before.due, before.pause_from));
    }
    assert_eq!(claim_one(store, fence, NOW).id, ahead);
}

fn a_deferral_that_is_to_be_cancelled_is_not_sent_on(store: &dyn Store) {
    for request in [BY_USER, UNDO] {
        let (fence, task) = deferred(store, spec());
        store.request_cancel(task.id, request, NOW).unwrap();
        for transition in
            [Transition::Resume(Box::new(event())), Transition::Retry(NOW), Transition::Block]
        {
            assert!(!commit(store, fence, &task, transition, NOW));
        }
        let waiting = get(store, task.id);
        assert_eq!((waiting.state, waiting.cancel), (TaskState::Deferred, Some(request)));
        assert_eq!(store.deferral(task.id).unwrap(), Some(deferral()));
    }
}
