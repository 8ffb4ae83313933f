//! What `maitred lint` sees in conditions, placeholders, pages and calls that tell why.

use maitred::diagnostic::Severity;
use serde_json::{Value, json};

use crate::command::maitred;

/// What is found in these waiters, one list for each: the rules at warning level and above, and
/// notes of the first page.
fn found(waiters: &[(&str, Value)]) -> Vec<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    for (index, (service, waiter)) in waiters.iter().enumerate() {
        let mut waiter = waiter.clone();
        for (key, value) in [("delay", json!(30)), ("maxAttempts", json!(60))] {
            waiter.as_object_mut().unwrap().entry(key).or_insert(value);
        }
        let file = json!({"version": 2, "service": service, "waiters": {"thing_ready": waiter}});
        let path = folder.path().join(format!("{index:03}.json"));
        std::fs::write(path, file.to_string()).unwrap();
    }
    let mut command = maitred(&["lint", "--output", "json", "."]);
    let output = command.current_dir(folder.path()).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut found = vec![Vec::new(); waiters.len()];
    for finding in report["findings"].as_array().unwrap() {
        let file = finding["file"].as_str().unwrap().trim_start_matches("./");
        let index: usize = file.trim_end_matches(".json").parse().unwrap();
        let rule = finding["rule"].as_str().unwrap();
        let shown = ["first-page", "useless-key", "undeclared-error"].contains(&rule);
        if shown || finding["severity"] != Severity::Note.as_str() {
            found[index].push(rule.to_owned());
        }
    }
    found
}

fn path(state: &str, argument: &str, expected: impl Into<Value>) -> Value {
    json!({"state": state, "matcher": "path", "argument": argument, "expected": expected.into()})
}

fn any(state: &str, argument: &str, expected: &str) -> Value {
    json!({"state": state, "matcher": "pathAny", "argument": argument, "expected": expected})
}

/// A wait for an execution of Step Functions whose every end is named, and these acceptors after it.
fn execution(acceptors: &[Value]) -> (&'static str, Value) {
    let named = [
        path("success", "status", "SUCCEEDED"),
        path("failure", "contains(['FAILED', 'TIMED_OUT', 'ABORTED'], status)", true),
    ];
    let acceptors = [&named[..], acceptors].concat();
    ("stepfunctions", json!({"operation": "DescribeExecution", "acceptors": acceptors}))
}

/// The same with nothing but these.
fn only(acceptors: &[Value]) -> (&'static str, Value) {
    ("stepfunctions", json!({"operation": "DescribeExecution", "acceptors": acceptors}))
}

#[track_caller]
fn expect(cases: Vec<(&str, Value)>, rules: &[&str]) {
    for (case, found) in cases.iter().zip(found(&cases)) {
        assert_eq!(found, rules, "{}: {:#}", case.0, case.1);
    }
}

#[test]
fn an_acceptor_behind_a_condition_is_never_reached() {
    let cases = vec![
        execution(&[path("failure", "status", "TIMED_OUT")]),
        execution(&[path("failure", "status == 'FAILED' || status == 'ABORTED'", true)]),
        execution(&[path("failure", "status == 'FAILED' && error == 'x'", true)]),
        execution(&[path("failure", "not_null(status, '') == 'FAILED'", true)]),
        execution(&[path("success", "(status || '') == 'SUCCEEDED'", true)]),
    ];
    expect(cases, &["unreachable-acceptor"]);
    let builds = |acceptor| {
        let acceptors = json!([
            any("success", "builds[].buildStatus", "SUCCEEDED"),
            any("failure", "builds[].buildStatus", "FAILED"),
            any("failure", "builds[].contains(['FAULT', 'STOPPED', 'TIMED_OUT'], buildStatus)", ""),
            acceptor
        ]);
        let mut waiter = json!({"operation": "BatchGetBuilds", "acceptors": acceptors});
        waiter["acceptors"][2]["expected"] = json!(true);
        ("codebuild", waiter)
    };
    let cases = vec![
        builds(path("failure", "builds[0].buildStatus", "FAILED")),
        builds(any("failure", "builds[*].buildStatus", "FAULT")),
        builds(path("failure", "length(builds[?buildStatus == 'STOPPED']) > `0`", true)),
    ];
    expect(cases, &["unreachable-acceptor"]);
}

#[test]
fn an_acceptor_that_says_otherwise_behind_a_condition_contradicts_it() {
    let cases = vec![
        execution(&[path("success", "status", "TIMED_OUT")]),
        execution(&[path("success", "status == 'ABORTED'", true)]),
        // In part.
        execution(&[path("retry", "contains(['RUNNING', 'FAILED'], status)", true)]),
    ];
    for (case, found) in cases.iter().zip(found(&cases)) {
        assert!(found.contains(&"contradictory-acceptors".to_owned()), "{case:?}: {found:?}");
    }
    let all = [
        path("retry", "status != 'SUCCEEDED'", true),
        path("success", "status", "SUCCEEDED"),
        path("failure", "status", "FAILED"),
    ];
    expect(vec![only(&all)], &["contradictory-acceptors"]);
    let status = json!({"state": "success", "matcher": "status", "expected": 200});
    let error = json!({"state": "retry", "matcher": "error", "expected": true});
    let missing = json!({"state": "failure", "matcher": "status", "expected": 404});
    let hidden = json!({"operation": "GetInvalidation", "acceptors": [
        status, path("failure", "Invalidation.Status", "InProgress")]});
    expect(vec![("cloudfront", hidden)], &["contradictory-acceptors"]);
    expect(vec![execution(&[error, missing])], &["contradictory-acceptors"]);
}

#[test]
fn what_an_acceptor_takes_of_several_is_covered_by_none_of_them() {
    let cases = vec![
        execution(&[path("retry", "status != 'SUCCEEDED'", true)]),
        execution(&[path("retry", "contains(['RUNNING', 'PENDING_REDRIVE'], status)", true)]),
        execution(&[path("failure", "cause == 'FAILED'", true)]),
        only(&[
            path("success", "status == 'FAILED' && contains(cause || '', 'nothing to do')", true),
            path("failure", "contains(['FAILED', 'TIMED_OUT', 'ABORTED'], status)", true),
            path("success", "status", "SUCCEEDED"),
        ]),
    ];
    expect(cases, &[]);
}

#[test]
fn states_are_covered_by_what_conditions_take() {
    let covered = [
        "status == 'FAILED' || status == 'TIMED_OUT' || status == 'ABORTED'",
        "contains(['FAILED', 'TIMED_OUT', 'ABORTED'], status || '')",
        "starts_with(status || '', 'TIMED') || contains(status || '', 'ED') && status != 'SUCCEEDED'",
        "!contains(['RUNNING', 'SUCCEEDED', 'PENDING_REDRIVE'], to_string(status))",
    ];
    let of = |failure: &str| {
        only(&[path("success", "status == 'SUCCEEDED'", true), path("failure", failure, true)])
    };
    expect(covered.map(of).to_vec(), &[]);
    let open = [
        "status == 'FAILED' || status == 'ABORTED'",
        "starts_with(not_null(status, ''), 'ABORT')",
        "contains(['FAILED'], status)",
    ];
    expect(open.map(of).to_vec(), &["uncovered-final-state"]);
    let jobs = json!({"operation": "DescribeJobs", "acceptors": [
        path("success", "length(jobs[?status == 'SUCCEEDED'] || `[]`) > `0`", true),
    ]});
    expect(vec![("batch", jobs)], &["uncovered-final-state"]);
}

#[test]
fn a_condition_that_is_always_the_same_is_none() {
    let conditions = [
        "status == 'FAILED' && status == 'ABORTED'",
        "length(inputDetails || `[]`) >= `0`",
        "length(inputDetails || `[]`) < `0`",
    ];
    for condition in conditions {
        let found = found(&[execution(&[path("failure", condition, true)])]).remove(0);
        assert!(found.contains(&"constant-condition".to_owned()), "{condition}: {found:?}");
    }
    let part = path("failure", "cause == 'A' || 'B'", true);
    expect(vec![execution(&[part])], &["constant-condition"]);
    let kept = path("failure", "(cause || 'none') == 'x' || error == `null` && cause == ''", true);
    expect(vec![execution(&[kept])], &[]);
}

#[test]
fn one_failure_counts_where_all_are_counted() {
    let jobs = |failure: &str| {
        let acceptors =
            json!([any("success", "jobs[].status", "SUCCEEDED"), path("failure", failure, true),]);
        ("batch", json!({"operation": "DescribeJobs", "acceptors": acceptors}))
    };
    expect(
        vec![jobs("length(jobs[?status == 'FAILED'] || `[]`) == length(jobs || `[]`)")],
        &["failure-of-all"],
    );
    expect(vec![jobs("length(jobs[?status == 'FAILED'] || `[]`) > `0`")], &[]);
}

#[test]
fn swapped_states_are_seen_and_ends_of_any_kind_are_not() {
    let swapped = [path("success", "status", "FAILED"), path("failure", "status", "SUCCEEDED")];
    let found_in = found(&[only(&swapped)]).remove(0);
    assert!(found_in.contains(&"mistaken-state".to_owned()), "{found_in:?}");
    let ended = path("success", "contains(['FAILED', 'TIMED_OUT', 'ABORTED'], status)", true);
    let any_end = [path("success", "status", "SUCCEEDED"), ended];
    expect(vec![only(&any_end)], &[]);
}

#[test]
fn functions_that_look_for_what_is_never_there_are_found() {
    for (condition, rule) in [
        ("starts_with(status || '', 'Fail')", "unknown-value"),
        ("contains(status || '', 'ERR')", "unknown-value"),
        ("contains(status || '', ['FAILED', 'ABORTED'])", "wrong-argument"),
        ("startDate > '2024-01-01'", "python-equality"),
        ("status == FAILED", "unknown-member"),
        ("ResponseMetadata.HttpStatusCode == `200`", "unknown-member"),
    ] {
        let found = found(&[execution(&[path("failure", condition, true)])]).remove(0);
        assert!(found.iter().any(|found| found == rule), "{condition}: {found:?}");
    }
    expect(vec![execution(&[path("success", "stopDate", "2024-05-01")])], &["python-equality"]);
    let output = path("failure", "status == 'RUNNING' && output", true);
    expect(vec![execution(&[output])], &["impossible-value"]);
    let list = path("failure", "Volumes[].State", json!(["Available"]));
    let volumes = json!({"operation": "DescribeVolumes", "input": {"VolumeIds": ["v"]},
        "acceptors": [any("success", "Volumes[].State", "available"), list,
            any("failure", "Volumes[].State", "error"), any("failure", "Volumes[].State", "deleted")]});
    expect(vec![("ec2", volumes)], &["unknown-value"]);
}

#[test]
fn what_tells_why_is_checked_like_what_is_polled() {
    let stack = |asked: Value| {
        let (service, mut waiter) = (
            "cloudformation",
            json!({
                "operation": "DescribeStackRefactor",
                "acceptors": [path("success", "Description", "done"), path("failure", "Description", "x")],
            }),
        );
        waiter["diagnose"] = json!([asked]);
        (service, waiter)
    };
    let events = |input: Value, show: &str| {
        stack(json!({"operation": "DescribeStackEvents", "input": input, "show": show}))
    };
    let name = json!({"StackName": "{{input.StackRefactorId}}"});
    expect(vec![events(name.clone(), "StackEvents[0].ResourceStatusReason")], &[]);
    expect(vec![events(name.clone(), "StackEvents[0].ResourceStatusReson")], &["unknown-member"]);
    // The one is unknown, and the other missing.
    let misspelt = events(json!({"StackNam": "a"}), "StackEvents[0].EventId");
    expect(vec![misspelt], &["bad-input", "bad-input"]);
    expect(vec![events(json!({"StackName": ["a"]}), "StackEvents[0].EventId")], &["bad-input"]);
    expect(
        vec![events(json!({"StackName": "{{input.StackRefactor}}"}), "StackEvents[0].EventId")],
        &["unknown-member"],
    );
    let show = "DeletionTime";
    let unknown = json!({"operation": "DescribeStackEvent", "show": show});
    expect(vec![stack(unknown)], &["unknown-operation"]);
    let changes = json!({"operation": "DeleteStack", "input": name, "show": "StackId"});
    let found_in = found(&[stack(changes)]).remove(0);
    assert!(found_in.contains(&"mutating-operation".to_owned()), "{found_in:?}");
    let lacks =
        json!({"operation": "DescribeStackSetOperation", "show": "StackSetOperation.Status"});
    expect(vec![stack(lacks)], &["bad-input"]);
}

#[test]
fn placeholders_have_the_types_of_the_members() {
    let jobs = |input: Value, parameter: Value| {
        let acceptors = [
            any("success", "jobs[].status", "SUCCEEDED"),
            any("failure", "jobs[].status", "FAILED"),
        ];
        (
            "batch",
            json!({"operation": "DescribeJobs", "input": {"jobs": input},
            "parameters": {"JOB": parameter}, "acceptors": acceptors}),
        )
    };
    expect(vec![jobs(json!("{{JOB}}"), json!({}))], &["bad-input"]);
    expect(vec![jobs(json!(["{{JOB}}"]), json!({"type": "number"}))], &["bad-input"]);
    expect(
        vec![
            jobs(json!(["{{JOB}}"]), json!({})),
            jobs(json!("{{JOB}}"), json!({"type": "json"})),
            jobs(json!(["job/{{JOB}}"]), json!({"type": "number"})),
        ],
        &[],
    );
    let (service, mut waiter) = execution(&[path("failure", "redriveCount", "{{N}}")]);
    waiter["parameters"] = json!({"N": {}});
    expect(vec![(service, waiter.clone())], &["impossible-value"]);
    waiter["parameters"] = json!({"N": {"type": "number"}});
    expect(vec![(service, waiter)], &[]);
}

#[test]
fn the_first_page_is_enough_where_it_holds_what_is_meant() {
    let steps = |input: Value, argument: &str| {
        let acceptors =
            json!([path("success", argument, true), path("failure", "Marker == 'x'", true),]);
        ("emr", json!({"operation": "ListSteps", "input": input, "acceptors": acceptors}))
    };
    let completed = "Steps[-1].Status.State != 'PENDING'";
    expect(vec![steps(json!({"ClusterId": "j"}), completed)], &["first-page"]);
    expect(
        vec![
            steps(json!({"ClusterId": "j", "StepIds": ["s"]}), completed),
            steps(json!({"ClusterId": "j"}), "length(Steps || `[]`) == `0`"),
        ],
        &[],
    );
    let (service, mut merged) = steps(json!({"ClusterId": "j"}), completed);
    merged["allPages"] = json!(true);
    // Where the pages are merged there is no marker.
    expect(vec![(service, merged)], &["unknown-member"]);
    let (service, mut single) = execution(&[]);
    single["allPages"] = json!(true);
    expect(vec![(service, single)], &["useless-key"]);
}

#[test]
fn there_is_time_for_what_is_asked() {
    for (keys, rules) in [
        (json!({"maxAttempts": 1}), &["short-budget"][..]),
        (json!({"delay": 30, "maxAttempts": 2}), &["short-budget"]),
        (json!({"delay": 2, "maxAttempts": 30}), &[]),
        (json!({"delay": 0.001}), &["short-budget"]),
        (json!({"initialDelay": 600, "timeout": 300}), &["short-budget"]),
        (json!({"consecutive": 61}), &["short-budget"]),
        (json!({"transient": {"codes": ["ThrotlingException"]}}), &["undeclared-error"]),
        (json!({"mutating": true}), &["useless-key"]),
    ] {
        let (service, mut waiter) = execution(&[]);
        waiter.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        expect(vec![(service, waiter)], rules);
    }
}

#[test]
fn states_in_prose_are_known() {
    let tasks = |success: &str| {
        let acceptors = json!([
            any("success", "ReplicationTasks[].Status", success),
            any("failure", "ReplicationTasks[].Status", "failed"),
            any("failure", "ReplicationTasks[].Status", "failed-move"),
        ]);
        let filters = json!([{"Name": "replication-task-arn", "Values": ["x"]}]);
        (
            "dms",
            json!({"operation": "DescribeReplicationTasks", "input": {"Filters": filters},
            "acceptors": acceptors}),
        )
    };
    expect(vec![tasks("stoped")], &["unknown-value"]);
    expect(vec![tasks("stopped")], &[]);
}

#[test]
fn own_acceptors_may_cover_those_of_the_waiter_that_is_extended() {
    let own = any("success", "tasks[].lastStatus", "STOPPED");
    let extended = json!({"extends": "ecs.tasks_running", "acceptors": [own]});
    let folder = tempfile::tempdir().unwrap();
    let file = json!({"version": 2, "waiters": {"thing_ready": extended}});
    std::fs::write(folder.path().join("ecs.json"), file.to_string()).unwrap();
    let output = maitred(&["lint", "--deny", "warnings", "ecs.json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn what_holds_before_anything_has_happened_is_no_success() {
    let record = |success: Value| {
        let acceptors = [path("failure", "RecordDetail.Status", "FAILED"), success];
        ("servicecatalog", json!({"operation": "DescribeRecord", "acceptors": acceptors}))
    };
    expect(
        vec![
            record(path("success", "RecordDetail.RecordErrors", json!([]))),
            record(path("success", "RecordDetail.RecordErrors", Value::Null)),
        ],
        &["premature-success"],
    );
    let named = record(path("success", "RecordDetail.ProvisionedProductName != ''", true));
    expect(vec![named], &["uncovered-final-state", "premature-success"]);
    expect(vec![record(path("success", "RecordDetail.Status", "SUCCEEDED"))], &[]);
}

#[test]
fn an_error_code_is_compared_to_the_letter() {
    let gone = |service, operation, code: &str| {
        let acceptors = [
            json!({"state": "success", "matcher": "status", "expected": 200}),
            json!({"state": "failure", "matcher": "error", "expected": code}),
        ];
        (service, json!({"operation": operation, "acceptors": acceptors}))
    };
    expect(
        vec![
            gone("glue", "GetTable", "EntityNotFound"),
            gone("rds", "DescribeExportTasks", "ExportTaskNotFoundFault"),
            gone("dynamodb", "DescribeTable", "com.amazonaws#ResourceNotFoundException"),
        ],
        &["miswritten-error"],
    );
    expect(vec![gone("glue", "GetTable", "EntityNotFoundException")], &[]);
}

#[test]
fn a_state_on_the_way_is_no_failure_and_what_is_gone_is_not_active() {
    let consumer = |more: Value| {
        let status = "ConsumerDescription.ConsumerStatus";
        let acceptors =
            [path("success", status, "ACTIVE"), path("failure", status, "DELETING"), more];
        ("kinesis", json!({"operation": "DescribeStreamConsumer", "acceptors": acceptors}))
    };
    let error = |state: &str| {
        let code = "ResourceNotFoundException";
        consumer(json!({"state": state, "matcher": "error", "expected": code}))
    };
    let creating = path("failure", "ConsumerDescription.ConsumerStatus", "CREATING");
    expect(vec![consumer(creating), error("success")], &["mistaken-state"]);
    expect(vec![error("failure"), error("retry")], &[]);
}

#[test]
fn the_run_before_is_not_taken_for_this_one() {
    let crawl = |argument: &str| {
        let acceptors =
            [path("success", argument, "SUCCEEDED"), path("failure", argument, "FAILED")];
        let cancelled = path("failure", argument, "CANCELLED");
        let acceptors = [&acceptors[..], &[cancelled]].concat();
        ("glue", json!({"operation": "GetCrawler", "acceptors": acceptors}))
    };
    let last = "Crawler.LastCrawl.Status";
    expect(vec![crawl(last)], &["earlier-run", "earlier-run", "earlier-run"]);
    let (service, mut whole) = crawl(last);
    whole["baseline"] = json!("Crawler.LastCrawl.StartTime");
    expect(vec![(service, whole)], &[]);
}

#[test]
fn botocore_orders_no_timestamps() {
    let newest = |order: &str, key: &str| {
        let argument = format!("{order}(OperationSummaryList, &{key})[-1].Status");
        let argument = argument.replace(")[-1]", if order == "sort_by" { ")[-1]" } else { ")" });
        let failures = ["FAILED", "ROLLBACK_FAILED", "ROLLBACK_SUCCEEDED"];
        let failures = failures.map(|value| path("failure", &argument, value));
        let acceptors = [&[path("success", &argument, "SUCCEEDED")], &failures[..]].concat();
        ("apprunner", json!({"operation": "ListOperations", "acceptors": acceptors}))
    };
    let each = ["python-equality"; 4];
    expect(vec![newest("sort_by", "StartedAt"), newest("max_by", "EndedAt")], &each);
    expect(vec![newest("sort_by", "Id")], &[]);
}

#[test]
fn advice_on_a_value_is_written_for_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let help = |argument: &str, expected: Value| {
        let acceptors = [path("success", argument, expected)];
        let waiter = json!({"operation": "DescribeCluster", "delay": 30, "maxAttempts": 60,
            "acceptors": acceptors});
        let file = json!({"version": 2, "waiters": {"thing_ready": waiter}});
        std::fs::write(folder.path().join("eks.json"), file.to_string()).unwrap();
        let mut command = maitred(&["lint", "--output", "json", "eks.json"]);
        let output = command.current_dir(folder.path()).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap().clone();
        let bad = findings.into_iter().find(|one| one["severity"] == "error").unwrap();
        bad["help"].as_str().unwrap().to_owned()
    };
    assert_eq!(help("cluster.version", json!(1.29)), "the string has quotes: \"1.29\"");
    assert_eq!(help("cluster.version == `1.29`", true.into()), "a text has single quotes: '1.29'");
    let private = "cluster.resourcesVpcConfig.endpointPrivateAccess";
    assert_eq!(help(private, "true".into()), "the boolean has no quotes: true");
    let condition = format!("{private} == 'true'");
    assert_eq!(help(&condition, true.into()), "a boolean has back-quotes: `true`");
    assert_eq!(help("cluster.health != null", true.into()), "a value has back-quotes: `null`");
}

#[test]
fn a_folder_in_botocores_layout_is_checked_whole() {
    let folder = tempfile::tempdir().unwrap();
    let example = maitred::lint::find("mistaken-state").unwrap().good;
    let mut file: Value = serde_json::from_str(example).unwrap();
    file.as_object_mut().unwrap().remove("service");
    for place in ["stepfunctions/2016-11-23", "stepfunctions"] {
        std::fs::create_dir_all(folder.path().join(place)).unwrap();
        let path = folder.path().join(place).join("waiters-2.json");
        std::fs::write(path, file.to_string()).unwrap();
    }
    let mut command = maitred(&["lint", "--deny", "warnings", "."]);
    let output = command.current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("2 files checked"), "{said}");
}
