//! The rules of `maitred lint`: what each finds, and what it does not.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use maitred::config::WaiterFile;
use maitred::diagnostic::Severity;
use maitred::lint::{Config, ModelSource, Rule, file_rules, find, lint, rules};
use maitred::model::OperationModel;
use maitred::schema::SCHEMA_ID;
use serde_json::{Value, json};

use crate::command::{maitred, transcript};

/// The text and a bad and a good example of each rule.
const EXAMPLES: &str = "crates/maitred-authoring/src/lint/rules";

fn example(rule: &Rule, kind: &str) -> PathBuf {
    Path::new(EXAMPLES).join(format!("{}.{kind}.json", rule.name))
}

fn findings(args: &[&str]) -> Vec<Value> {
    let output = maitred(&[&["lint", "--output", "json"], args].concat()).output().unwrap();
    let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
    serde_json::from_value(report["findings"].take()).unwrap()
}

#[test]
fn every_rule_finds_its_bad_example_and_not_its_good_one() {
    let findings = findings(&[EXAMPLES]);
    for rule in rules() {
        let (bad, good) = (example(rule, "bad"), example(rule, "good"));
        let of = |path: &Path| {
            let path = path.to_string_lossy().into_owned();
            findings.iter().filter(move |finding| finding["file"] == *path)
        };
        assert!(of(&bad).any(|finding| finding["rule"] == rule.name), "{}", rule.name);
        for finding in of(&good) {
            assert_ne!(finding["rule"], rule.name, "{finding:#}");
            assert_eq!(finding["severity"], "note", "{}: {finding:#}", rule.name);
        }
        let text =
            transcript(&mut maitred(&["lint", "--notes", &example(rule, "bad").to_string_lossy()]));
        insta::assert_snapshot!(format!("rule_{}", rule.name), text);
    }
}

#[test]
fn every_text_and_example_is_of_a_rule() {
    for entry in std::fs::read_dir(EXAMPLES).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let (rule, kind) = name.split_once('.').unwrap();
        assert!(rules().iter().any(|known| known.name == rule), "{name} is of no rule");
        assert!(["md", "bad.json", "good.json"].contains(&kind), "{name}");
    }
    for rule in rules() {
        assert!(!rule.summary().is_empty() && !rule.explanation().is_empty(), "{}", rule.name);
    }
}

#[test]
fn every_finding_is_of_a_rule_that_can_be_explained() {
    let mut args: Vec<_> = std::fs::read_dir("tests/lint")
        .unwrap()
        .map(|entry| entry.unwrap().path().to_string_lossy().into_owned())
        .collect();
    args.extend([EXAMPLES.to_owned(), "-".to_owned()]);
    for finding in findings(&args.iter().map(String::as_str).collect::<Vec<_>>()) {
        let name = finding["rule"].as_str().unwrap();
        let known = rules().iter().any(|rule| rule.name == name)
            || file_rules().iter().any(|(known, _)| *known == name);
        assert!(known, "{finding:#}");
    }
}

#[test]
fn the_page_of_rules_is_the_table_of_rules() {
    let output = maitred(&["lint", "--list-rules", "--output", "markdown"]).output().unwrap();
    let page = std::fs::read_to_string("schema/lint-rules.md").unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        page,
        "run `maitred lint --list-rules --output markdown > schema/lint-rules.md`"
    );
}

#[test]
fn a_rule_explains_itself() {
    let run = |args: &[&str]| transcript(&mut maitred(args));
    insta::assert_snapshot!("explain_rule", run(&["lint", "--explain", "unknown-member"]));
    insta::assert_snapshot!("explain_no_rule", run(&["lint", "--explain", "unknown-membr"]));
    insta::assert_snapshot!("list_rules", run(&["lint", "--list-rules"]));
}

/// What lint says of botocore's waiters, so that a new false positive is seen here.
#[test]
fn warnings_over_botocore_s_waiters_are_known() {
    let report = std::fs::read_to_string("tests/lint/report.md").unwrap();
    let lines: Vec<_> = findings(&["--builtin", "botocore"])
        .iter()
        .filter(|finding| finding["severity"] != "note")
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap().to_owned();
            let place = text("pointer").replace("/waiters/", "");
            let file = text("file").replace("botocore/", "").replace(".json", "");
            let message = text("message");
            assert!(report.contains(&message), "tests/lint/report.md lacks: {file} {message}");
            format!("{} {file} {place}: {message}", text("rule"))
        })
        .collect();
    insta::assert_snapshot!("botocore_warnings", lines.join("\n"));
}

#[test]
fn shipped_waiters_are_clean() {
    let output = maitred(&["lint", "--builtin", "maitred", "--deny", "warnings"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

fn folder_with(toml: &str, waiters: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("mine")).unwrap();
    std::fs::write(folder.path().join("maitred.toml"), toml).unwrap();
    std::fs::write(folder.path().join("mine/stepfunctions.json"), waiters).unwrap();
    folder
}

#[test]
fn the_project_says_what_is_checked_and_how() {
    let example = find("uncovered-final-state").unwrap().bad;
    let run = |toml: &str, args: &[&str]| {
        let folder = folder_with(toml, example);
        transcript(maitred(&[&["lint"], args].concat()).current_dir(folder.path()))
    };
    let mine = "waiters = [\"mine\"]\n";
    let level = |level| format!("{mine}[lint.rules]\nuncovered-final-state = \"{level}\"");
    // A warning alone is no failure, unless it is denied.
    assert!(run(mine, &[]).starts_with("exit code: 0\n"), "{}", run(mine, &[]));
    assert!(run(mine, &[]).contains("1 file checked, 1 warning"), "{}", run(mine, &[]));
    assert!(run(mine, &["--deny", "warnings"]).starts_with("exit code: 1\n"));
    assert!(run(&level("error"), &[]).starts_with("exit code: 1\n"));
    assert!(run(&level("off"), &["--deny", "warnings"]).contains("no problems"));
    let rule = ["--rule", "uncovered-final-state=off", "--deny", "warnings"];
    assert!(run(&level("error"), &rule).contains("no problems"), "the command line wins");
    insta::assert_snapshot!(
        "project_unknown_rule",
        run(&level("off").replace("state", "stat"), &[])
    );
    assert!(run("waiter = []", &[]).starts_with("exit code: 2\n"));
}

#[test]
fn repairs_leave_everything_else_as_it_is() {
    let text = r#"{ "version": 2,
  "waiters": {"w": { "operation" : "describeExecution",  "delay": 30, "maxAttempts": 60, "acceptors": [
    {"state": "success", "matcher": "path", "argument": "status", "expected": "SUCCEEDED"},
    {"state": "failure", "matcher": "error", "argument": "Error.Code", "expected": "ExecutionDoesNotExist"},
    {"state": "failure", "matcher": "status", "expected": 404,
     "argument": "x"}
  ]}}}
"#;
    let folder = folder_with("waiters = [\"mine\"]", text);
    let output = maitred(&["lint", "--fix"]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let fixed = std::fs::read_to_string(folder.path().join("mine/stepfunctions.json")).unwrap();
    let expected = text
        .replace("describeExecution", "DescribeExecution")
        .replace(r#""argument": "Error.Code", "#, "")
        .replace(",\n     \"argument\": \"x\"", "")
        .replace("{ \"version\"", &format!("{{ \"$schema\": \"{SCHEMA_ID}\", \"version\""));
    assert_eq!(fixed, expected);
}

#[test]
fn a_repaired_file_names_its_schema_and_is_repaired_once() {
    for (text, expected) in [
        ("{\"version\":2,\"waiters\":{}}", "{\"$schema\": \"ID\", \"version\":2,\"waiters\":{}}"),
        (
            "{\n\t\"version\": 2,\n\t\"waiters\": {}\n}\n",
            "{\n\t\"$schema\": \"ID\",\n\t\"version\": 2,\n\t\"waiters\": {}\n}\n",
        ),
    ] {
        let fixed = maitred::lint::fixed(text, &[]).unwrap();
        assert_eq!(fixed, expected.replace("ID", SCHEMA_ID));
        assert_eq!(maitred::lint::fixed(&fixed, &[]), None);
    }
    for other in
        ["", "[]", "{\"version\": 2", "{\"a\": 1}", "{\"version\": 2, \"waiters\": {\"w\": 1}}"]
    {
        assert_eq!(maitred::lint::fixed(other, &[]), None, "{other}");
    }
}

/// A service with one operation, `DescribeThing`, whose state has these values.
struct Thing(Vec<&'static str>);

impl ModelSource for Thing {
    fn services(&self) -> Vec<String> {
        vec!["thing".to_owned()]
    }

    fn operations(&self, service: &str) -> Option<Vec<String>> {
        (service == "thing").then(|| vec!["DescribeThing".to_owned()])
    }

    fn operation(&self, _: &str, _: &str) -> Option<Arc<OperationModel>> {
        let operation = json!({
            "name": "DescribeThing", "method": "POST", "requestUri": "/",
            "output": {"shape": 0},
            "shapes": [
                {"name": "DescribeThingOutput", "kind": {"structure": {"members": [
                    {"name": "Status", "target": {"shape": 1}},
                    {"name": "Count", "target": {"shape": 2}},
                    {"name": "Things", "target": {"shape": 3}},
                    {"name": "Anything", "target": {"shape": 4}}
                ]}}},
                {"kind": {"string": self.0}},
                {"kind": "integer"},
                {"kind": {"list": {"shape": 0}}},
                {"kind": {"structure": {"document": true}}}
            ]
        });
        Some(Arc::new(serde_json::from_value(operation).unwrap()))
    }
}

/// The rules that find something at warning level or above in a waiter with these acceptors.
fn found(values: &[&'static str], acceptors: Value) -> Vec<(&'static str, String)> {
    let file: WaiterFile =
        serde_json::from_value(json!({"version": 2, "waiters": {"thing_ready": {
            "operation": "DescribeThing", "delay": 30, "maxAttempts": 60, "acceptors": acceptors,
        }}}))
        .unwrap();
    let models = Thing(values.to_vec());
    lint("thing", &file, Some(&models), &Config::default())
        .into_iter()
        .filter(|finding| finding.severity >= Severity::Warning)
        .map(|finding| (finding.rule, finding.message))
        .collect()
}

fn acceptor(state: &str, matcher: &str, argument: &str, expected: impl Into<Value>) -> Value {
    let expected = expected.into();
    json!({"state": state, "matcher": matcher, "argument": argument, "expected": expected})
}

#[test]
fn final_values_are_told_by_their_names() {
    let acceptors = json!([
        acceptor("success", "path", "Status", "READY"),
        acceptor("failure", "path", "Status", "CREATE_FAILED"),
    ]);
    for last in [
        "FAILED",
        "Failed",
        "TIMED_OUT",
        "TimedOut",
        "STOPPED",
        "EXPIRED",
        "CANCELED",
        "Cancelled",
        "DELETED",
        "ABORTED",
        "ERROR",
        "DELETE_FAILED",
        "DeleteFailed",
        "UPDATE_UNSUCCESSFUL",
        "CompletedWithFailures",
        "COMPLETED_WITH_ERRORS",
        "failed-insufficient-capacity",
        "SUCCEEDED",
        "TERMINATED",
        "FAULT",
        "EXCEPTION",
        "COPYING_FAILED",
        "LIMIT_EXCEEDED",
        "ROLLED_BACK",
        "UNSUPPORTED_IMAGE",
    ] {
        let found = found(&["READY", "CREATE_FAILED", "CREATING", last], acceptors.clone());
        assert_eq!(found.len(), 1, "{last}: {found:?}");
        assert_eq!(found[0].0, "uncovered-final-state", "{last}");
    }
    for passing in [
        "PENDING",
        "STOPPING",
        "UPDATE_IN_PROGRESS",
        "IN_PROGRESS_IN_ERROR",
        "ROLLING_BACK",
        "HANDLING_EXCEPTION",
        "TemporaryFailure",
        "pausedByFailedStep",
    ] {
        let found = found(&["READY", "CREATE_FAILED", passing], acceptors.clone());
        assert_eq!(found, [], "{passing}");
    }
}

#[test]
fn values_named_in_expressions_are_covered() {
    let values = ["READY", "FAILED", "STOPPED", "PENDING"];
    for failure in [
        "Status == 'FAILED' || Status == 'STOPPED'",
        "contains(['FAILED', 'STOPPED'], Status)",
        "Status != 'PENDING'",
        "!(Status == 'PENDING')",
    ] {
        let acceptors = json!([
            acceptor("success", "path", "Status", "READY"),
            acceptor("failure", "path", failure, true),
        ]);
        assert_eq!(found(&values, acceptors), [], "{failure}");
    }
}

#[test]
fn what_is_not_known_is_not_guessed_at() {
    for argument in [
        "Anything.whatever[0].deep == 'x'",
        "Things[].Anything.a.b | [0] == `1`",
        "length(Anything.items || `[]`) == `0`",
        "Anything.*.state | [0] == 'x'",
        "to_number(Anything.n) > `3`",
        "ResponseMetadata.HTTPStatusCode == `200`",
        "@.Anything.a == Anything.b",
    ] {
        let acceptors = json!([
            acceptor("success", "path", argument, true),
            acceptor("failure", "path", "Anything.error", "yes"),
        ]);
        let found = found(&[], acceptors);
        let found: Vec<_> =
            found.into_iter().filter(|(rule, _)| *rule != "absent-comparison").collect();
        assert_eq!(found, [], "{argument}");
    }
}

#[test]
fn mistakes_in_paths_are_found_wherever_they_are() {
    for (argument, expected, rule) in [
        ("Statu == 'READY'", json!(true), "unknown-member"),
        ("Things[].Statu | [0]", json!("READY"), "unknown-member"),
        ("Things[?Statu == 'READY'] | length(@) > `0`", json!(true), "unknown-member"),
        ("{a: Things[0].Statu}.a", json!("READY"), "unknown-member"),
        ("{a: Status}.b", json!("READY"), "unknown-member"),
        ("[Statu, Status] | [0]", json!("READY"), "unknown-member"),
        ("sort_by(Things || `[]`, &Cont) | [0].Status", json!("READY"), "unknown-member"),
        ("map(&Statu, Things || `[]`) | [0]", json!("READY"), "unknown-member"),
        ("max_by(Things || `[]`, &Count).Statu", json!("READY"), "unknown-member"),
        ("Things[*].Things[].Statu | [0]", json!("READY"), "unknown-member"),
        ("Things[0:2].Statu | [0]", json!("READY"), "unknown-member"),
        ("not_null(Things[0], Things[1]).Statu", json!("READY"), "unknown-member"),
        ("Status == \"READY\"", json!(true), "unknown-member"),
        ("Things.Status", json!("READY"), "not-a-structure"),
        ("Status.Name", json!("READY"), "not-a-structure"),
        ("Status[0]", json!("READY"), "not-a-list"),
        ("Count[]", json!("READY"), "not-a-list"),
        ("Things[?Count == '1'] | length(@) > `0`", json!(true), "impossible-value"),
        ("Count", json!("1"), "impossible-value"),
        ("Status", json!(1), "impossible-value"),
        ("Status", json!("Ready"), "unknown-value"),
        ("Status == 'REDY'", json!(true), "unknown-value"),
        ("contains(Things[].Status, 'REDY')", json!(true), "unknown-value"),
        ("Count == Status", json!(true), "impossible-value"),
        ("Count == `1`", json!("true"), "impossible-value"),
        ("Count == `1`", json!(1), "python-equality"),
        ("Things[].Status", json!("READY"), "scalar-expected"),
        ("length(Count) > `0`", json!(true), "wrong-argument"),
        ("join(',', Things[].Count)", json!("1"), "wrong-argument"),
        ("Things[0].Status == Things[1].Status", json!(true), "absent-comparison"),
        ("Status < `true`", json!(true), "impossible-value"),
    ] {
        let acceptors = json!([
            acceptor("success", "path", argument, expected.clone()),
            acceptor("failure", "path", "Status", "FAILED"),
        ]);
        let found = found(&["READY", "FAILED"], acceptors);
        assert!(found.iter().any(|(found, _)| *found == rule), "{argument} {expected}: {found:?}");
    }
}

/// The rules of the findings in a file that is written here, with the messages.
fn found_in(file: &Value, args: &[&str]) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waiters.json");
    std::fs::write(&path, file.to_string()).unwrap();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = findings(&[args, &[path.to_str().unwrap()]].concat());
    findings.iter().map(|it| (text(it, "rule"), text(it, "message"))).collect()
}

#[test]
fn the_input_of_a_request_is_checked_before_anybody_sends_it() {
    let file = json!({"version": 2, "service": "http", "waiters": {"up": {
        "operation": "GET", "delay": 1, "maxAttempts": 2,
        "input": {"url": "http://localhost/{{input.id}}", "maxBodyBytes": u64::MAX,
                  "requestTimeout": 1e300, "header": {}},
        "acceptors": [{"state": "success", "matcher": "status", "expected": 200}],
    }}});
    let found = found_in(&file, &[]);
    let mut bad: Vec<_> = found.iter().filter(|(rule, _)| rule == "bad-input").collect();
    bad.sort();
    let told: Vec<_> = bad.iter().map(|(_, message)| message.as_str()).collect();
    assert_eq!(
        told,
        [
            "`header` is not a parameter of an HTTP request",
            "`maxBodyBytes` must be a whole number of bytes from 0 to 1073741824",
            "`requestTimeout` must be more than 0 and at most 86400 seconds",
        ]
    );
}

#[test]
fn a_few_lines_that_take_very_many_acceptors_from_others_are_not_all_checked() {
    let acceptor = |index: usize| json!({"state": "failure", "matcher": "error", "expected": format!("Code{index}")});
    let mut waiters = serde_json::Map::new();
    waiters.insert(
        "base".to_owned(),
        json!({"operation": "DescribeClusters", "delay": 1, "maxAttempts": 2,
               "acceptors": (0..1100).map(acceptor).collect::<Vec<_>>()}),
    );
    for index in 0..20 {
        waiters.insert(format!("w{index:02}"), json!({"extends": "redshift.base"}));
    }
    let file = json!({"version": 2, "service": "redshift", "waiters": waiters});
    let found = found_in(&file, &["--rule", "undeclared-error=off"]);
    let capped = "inherit more than 20000 acceptors";
    let told = found.iter().filter(|(rule, message)| rule == "extends" && message.contains(capped));
    assert_eq!(told.count(), 1, "{found:?}");
}
