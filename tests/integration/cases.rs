//! `maitred test`: offline cases, what they prove and what is wrong with them.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::maitred;

const WAITERS: &str = r#"{
  "version": 2,
  "waiters": {
    "crawler_ready": {
      "operation": "GetCrawler", "delay": 30, "maxAttempts": 2880, "show": "Crawler.State",
      "acceptors": [
        { "state": "success", "matcher": "path", "argument": "Crawler.State", "expected": "READY" },
        { "state": "retry", "matcher": "path", "argument": "Crawler.State", "expected": "STOPPING" }
      ]
    }
  }
}"#;

/// A folder with a waiter and one case of it.
fn folder(case: &Value) -> TempDir {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "waiters/glue.json", WAITERS);
    let text = format!("{case:#}");
    write(folder.path(), "tests/waiters/glue/crawler_ready/one.json", &text);
    folder
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// The exit code and the output of `maitred test` in a folder.
fn test(folder: &TempDir, args: &[&str]) -> (i32, String) {
    let output = maitred(&["test"]).args(args).current_dir(folder.path()).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

fn case(replies: &Value, expect: &Value) -> Value {
    json!({ "input": { "Name": "nightly" }, "replies": replies, "expect": expect })
}

fn state(state: &str) -> Value {
    json!({ "output": { "Crawler": { "State": state } } })
}

#[test]
fn the_cases_of_the_shipped_waiters_hold_and_reach_every_acceptor() {
    let output = maitred(&["test", "--quiet", "--min-coverage", "100"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_wait_of_a_day_is_tested_at_once() {
    let running = json!({ "output": { "Crawler": { "State": "RUNNING" } }, "repeat": 2880 });
    let expect = json!({ "outcome": "exhausted", "attempts": 2880, "shown": "RUNNING" });
    let (code, said) = test(&folder(&case(&json!([running]), &expect)), &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("ok      one  (gave up after 2880 attempts"), "{said}");
    assert!(said.contains("not reached: acceptor 1, success: path Crawler.State"), "{said}");
}

#[test]
fn a_case_that_is_not_so_says_what_was_expected_and_what_came() {
    let expect = json!({ "outcome": "success", "attempts": 3, "shown": "DONE" });
    let (code, said) = test(&folder(&case(&json!([state("READY")]), &expect)), &[]);
    assert_eq!(code, 1);
    let expected = "  FAILED  one  tests/waiters/glue/crawler_ready/one.json
            attempts
              expected  3
              actual    1
            shown
              expected  \"DONE\"
              actual    \"READY\"
            it ended so: glue.crawler_ready succeeded after 1 attempt
";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn replies_too_few_and_too_many_are_told() {
    let too_few = case(&json!([state("RUNNING")]), &json!({ "outcome": "success" }));
    let (code, said) = test(&folder(&too_few), &[]);
    assert_eq!(code, 1);
    assert!(said.contains("actual    \"cancelled\""), "{said}");
    let waits = case(&json!([state("RUNNING")]), &json!({ "outcome": "cancelled" }));
    assert_eq!(test(&folder(&waits), &[]).0, 0);
    let too_many = case(&json!([state("READY"), state("READY")]), &json!({ "outcome": "success" }));
    let (code, said) = test(&folder(&too_many), &[]);
    assert_eq!(code, 1);
    assert!(said.contains("actual    \"1 left\""), "{said}");
}

#[test]
fn a_slip_of_the_pen_in_a_case_is_an_error_with_its_place() {
    let reply = json!({ "output": { "Crawler": { "Stat": "READY", "Version": "1" } } });
    let (code, said) =
        test(&folder(&case(&json!([reply]), &json!({ "outcome": "cancelled" }))), &[]);
    assert_eq!(code, 1);
    assert!(said.contains("`Stat` is not a member of Crawler"), "{said}");
    assert!(said.contains("did you mean `State`?"), "{said}");
    assert!(said.contains("must be of type long, but is \"1\""), "{said}");
    assert!(said.contains("^^^^"), "{said}");
    let (code, said) = test(&folder(&json!({ "replies": [state("READY")], "expekt": {} })), &[]);
    assert_eq!(code, 1);
    assert!(said.contains("did you mean `expect`?"), "{said}");
    let no_name = json!({ "replies": [state("READY")], "expect": { "outcome": "success" } });
    let (code, said) = test(&folder(&no_name), &[]);
    assert_eq!(code, 1);
    assert!(said.contains("Name is required (string)"), "{said}");
}

#[test]
fn a_value_that_the_model_does_not_know_is_only_a_warning() {
    let replies = json!([state("REDY"), state("READY")]);
    let (code, said) = test(&folder(&case(&replies, &json!({ "outcome": "success" }))), &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("did you mean `READY`?"), "{said}");
}

#[test]
fn coverage_can_be_demanded() {
    let replies = json!([state("READY")]);
    let folder = folder(&case(&replies, &json!({ "outcome": "success" })));
    let (code, said) = test(&folder, &["--min-coverage", "80"]);
    assert_eq!(code, 1);
    assert!(said.contains("50 % of the acceptors are reached, not 80 %"), "{said}");
    let (code, said) = test(&folder, &["--min-coverage", "50"]);
    assert_eq!(code, 1);
    assert!(said.contains("there is no case in which it goes on waiting"), "{said}");
}

#[test]
fn what_there_is_to_test_can_be_narrowed_and_is_never_nothing() {
    let folder = folder(&case(&json!([state("READY")]), &json!({ "outcome": "success" })));
    assert_eq!(test(&folder, &["glue", "CrawlerReady"]).0, 0);
    assert_eq!(test(&folder, &["glue.crawler_ready"]).0, 0);
    assert_eq!(test(&folder, &["glue", "other"]).0, 2);
    assert_eq!(test(&folder, &["--cases", "elsewhere"]).0, 2);
    write(folder.path(), "tests/waiters/glue/crawler_redy/one.json", "{}");
    let (code, said) = test(&folder, &[]);
    assert_eq!(code, 1);
    assert!(said.contains("did you mean `crawler_ready`?"), "{said}");
}

#[test]
fn the_report_is_json_too() {
    let folder = folder(&case(&json!([state("READY")]), &json!({ "outcome": "failure" })));
    let (code, said) = test(&folder, &["--output", "json"]);
    assert_eq!(code, 1);
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["ok"], false);
    let waiter = &report["waiters"][0];
    assert_eq!(waiter["coverage"], 50);
    assert_eq!(waiter["acceptors"][0]["reached"], true);
    let expected = json!([{ "what": "outcome", "expected": "failure", "actual": "success" }]);
    assert_eq!(waiter["cases"][0]["differences"], expected);
}

/// The waiter of [`folder`], which asks two calls why it failed, and a case with `diagnose`.
fn asking(diagnose: &Value, expect: &Value) -> TempDir {
    let mut case = case(&json!([state("STOPPING")]), expect);
    case["maxAttempts"] = json!(1);
    case["diagnose"] = diagnose.clone();
    let folder = folder(&case);
    let mut waiters: Value = serde_json::from_str(WAITERS).unwrap();
    waiters["waiters"]["crawler_ready"]["diagnose"] = json!([
        { "operation": "ListCrawls", "input": { "CrawlerName": "{{input.Name}}" },
          "show": "Crawls[0].ErrorMessage" },
        { "operation": "GetCrawlerMetrics", "show": "length(CrawlerMetricsList)" },
    ]);
    write(folder.path(), "waiters/glue.json", &waiters.to_string());
    folder
}

#[test]
fn a_case_says_what_those_reply_who_are_asked_why_it_failed() {
    let crawls = json!({ "output": { "Crawls": [{ "ErrorMessage": "no such bucket" }] } });
    let denied = json!({ "error": { "code": "AccessDenied", "message": "not you" } });
    let message = "; ListCrawls: no such bucket; GetCrawlerMetrics could not be asked for the reason: \
                   AccessDenied: not you";
    let expect = json!({ "outcome": "exhausted", "attempts": 1, "message": message });
    let (code, said) = test(&asking(&json!([crawls, denied]), &expect), &[]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = test(&asking(&json!([denied, crawls]), &expect), &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("`Crawls` is not a member of"), "{said}");
}

#[test]
fn replies_to_calls_that_are_not_made_are_told() {
    let reply = json!({ "output": {} });
    let expect = json!({ "outcome": "exhausted" });
    let (code, said) = test(&asking(&json!([reply]), &expect), &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("glue.crawler_ready makes 2 calls, but there is 1 reply"), "{said}");
    let twice = json!({ "output": {}, "repeat": 2 });
    let (code, said) = test(&asking(&json!([reply, twice]), &expect), &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("a call of `diagnose` is made once"), "{said}");
    let both = json!({ "output": {}, "error": { "code": "Denied" } });
    let (code, said) = test(&asking(&json!([reply, both]), &expect), &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("a reply is one of `output`, `error` and `transport`"), "{said}");
    // After a success nobody is asked.
    let folder = asking(&json!([reply, reply]), &json!({ "outcome": "success" }));
    let path = "tests/waiters/glue/crawler_ready/one.json";
    let case = std::fs::read_to_string(folder.path().join(path)).unwrap();
    write(folder.path(), path, &case.replace("STOPPING", "READY"));
    let (code, said) = test(&folder, &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("diagnose\n") && said.contains("\"2 left\""), "{said}");
}
