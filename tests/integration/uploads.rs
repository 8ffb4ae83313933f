//! Waiters and cases that others send: whatever is in them, the work and the memory that they take are
//! bounded, and what is too much is an error that says so.
//!
//! Each test runs a process of its own that the kernel ends when it takes too much.

use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

/// What a process may take, as `ulimit` counts it: a hundred times what it needs in a release build.
const LIMITS: &str = "ulimit -v 1500000 && ulimit -t 120";

/// A waiter with these acceptors.
fn waiters(acceptors: &[Value]) -> Value {
    json!({ "version": 2, "waiters": { "ready": {
        "operation": "GetCrawler", "delay": 1, "maxAttempts": 1_000_000, "acceptors": acceptors,
    } } })
}

fn acceptor(argument: &str) -> Value {
    json!({ "state": "success", "matcher": "path", "argument": argument, "expected": "READY" })
}

fn case(replies: &Value) -> Value {
    json!({ "input": { "Name": "n" }, "replies": replies, "expect": { "outcome": "cancelled" } })
}

fn running(repeat: u64) -> Value {
    json!([{ "output": { "Crawler": { "State": "RUNNING" } }, "repeat": repeat }])
}

/// The exit code and the output of `maitred` in a folder with a waiter file and a case.
fn bounded(args: &str, waiters: &str, case: &str) -> (i32, String) {
    let folder = TempDir::new().unwrap();
    let cases = folder.path().join("tests/waiters/glue/ready");
    std::fs::create_dir_all(&cases).unwrap();
    std::fs::create_dir(folder.path().join("waiters")).unwrap();
    std::fs::write(folder.path().join("waiters/glue.json"), waiters).unwrap();
    std::fs::write(cases.join("case.json"), case).unwrap();
    let program = assert_cmd::cargo::cargo_bin("maitred");
    let script = format!("{LIMITS} && exec '{}' {args}", program.display());
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let code = output.status.code();
    (code.unwrap_or_else(|| panic!("it was ended: {}: {text}", output.status)), text)
}

fn lint(waiters: &str) -> (i32, String) {
    bounded("lint waiters/glue.json", waiters, "{}")
}

fn test(waiters: &Value, case: &Value) -> (i32, String) {
    bounded("test glue ready", &waiters.to_string(), &case.to_string())
}

fn ready() -> Value {
    waiters(&[acceptor("Crawler.State")])
}

#[test]
fn a_megabyte_of_nested_lists_is_refused() {
    let (code, said) = lint(&"[".repeat(1 << 20));
    assert_eq!(code, 1);
    assert!(said.contains("the file nests deeper than 128 levels"), "{said}");
    let case = format!(r#"{{"replies": [{{"output": {}"#, r#"{"a":"#.repeat(200_000));
    let (code, said) = bounded("test glue ready", &ready().to_string(), &case);
    assert_eq!(code, 1);
    assert!(said.contains("the file nests deeper than 128 levels"), "{said}");
}

#[test]
fn a_hundred_thousand_acceptors_are_refused() {
    let (code, said) = lint(&waiters(&vec![acceptor("A"); 100_000]).to_string());
    assert_eq!(code, 1);
    assert!(said.contains("is longer than 4194304 bytes"), "{said}");
}

#[test]
fn as_many_acceptors_as_are_read_are_checked_and_the_findings_bounded() {
    let all: Vec<_> = (0..4_000).map(|index| acceptor(&format!("Crawler.S{index}"))).collect();
    let (code, said) = lint(&waiters(&all).to_string());
    assert_eq!(code, 1);
    assert!(said.lines().count() < 20_000, "{}", said.lines().count());
    let (code, said) = test(&waiters(&all), &case(&running(100_000)));
    assert_eq!(code, 1);
    assert!(said.contains("the replies take more than 100000000 steps to look at"), "{said}");
}

#[test]
fn an_expression_that_doubles_its_value_does_not_match() {
    let doubled = format!("@{}", " | [@, @]".repeat(25));
    let (code, said) = test(&waiters(&[acceptor(&doubled)]), &case(&running(1)));
    // It goes on until the replies are used up, as the case says.
    assert_eq!(code, 0, "{said}");
    let (code, said) = test(&waiters(&[acceptor(&doubled)]), &case(&running(100_000)));
    assert_eq!(code, 1);
    assert!(said.contains("the replies take more than 100000000 steps to look at"), "{said}");
}

#[test]
fn projections_that_multiply_are_given_up() {
    let items = vec![json!({ "State": "RUNNING" }); 2_000];
    let replies = json!([{ "output": { "Crawler": { "State": "x" }, "CrawlerList": items } }]);
    let all = "[CrawlerList, CrawlerList]";
    let nested = format!("{all}[].{{a: {all}}}{}", " | [@, @][][]".repeat(12));
    let (code, said) = test(&waiters(&[acceptor(&nested)]), &case(&replies));
    // The model does not know the member; what counts is that it comes to that.
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("CrawlerList"), "{said}");
}

#[test]
fn a_trillion_replies_are_refused() {
    let (code, said) = test(&ready(), &case(&running(1_000_000_000_000)));
    assert_eq!(code, 1);
    let expected = "there are 1000000000000 replies; a case may have 100000";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn long_replies_that_are_repeated_are_refused() {
    let long = "x".repeat(3_000_000);
    let replies = [
        json!([{ "error": { "code": "Busy", "message": long }, "repeat": 100_000 }]),
        json!([{ "output": { "Crawler": { "State": long } }, "repeat": 100_000 }]),
    ];
    for replies in replies {
        let (code, said) = test(&ready(), &case(&replies));
        assert_eq!(code, 1);
        assert!(said.contains("bytes in all; a case may have"), "{}", said.len());
    }
}

#[test]
fn a_long_value_in_many_places_is_refused() {
    let mut many = waiters(&vec![acceptor("'{{P}}{{P}}{{P}}{{P}}'"); 2_000]);
    many["waiters"]["ready"]["parameters"] = json!({ "P": {} });
    let mut case = case(&running(1));
    case["parameters"] = json!({ "P": "x".repeat(3_000_000) });
    let (code, said) = test(&many, &case);
    assert_eq!(code, 1);
    let expected = "the values of this waiter's placeholders take more than 16777216 bytes";
    assert!(said.contains(expected), "{}", &said[..said.len().min(2_000)]);
}
