//! `maitred lint`: what it finds, where it points, and what it survives.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::command::{maitred, transcript};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint");
    let entries = std::fs::read_dir(folder).unwrap();
    let entries = entries
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "json"));
    let mut files: Vec<_> =
        entries.map(|entry| Path::new("tests/lint").join(entry.file_name())).collect();
    files.sort();
    files
}

/// These files are about what a waiter file is, and of no service.
const ANY_SERVICE: [&str; 3] = ["lint", "--rule", "unknown-service=off"];

fn findings(args: &[&str]) -> Vec<Value> {
    let output =
        maitred(&[&ANY_SERVICE[..], &["--format", "json"], args].concat()).output().unwrap();
    let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["version"], 1);
    serde_json::from_value(report["findings"].take()).unwrap()
}

/// Checks a text on standard input.
fn lint(text: impl Into<Vec<u8>>) -> String {
    transcript(maitred(&["lint", "-"]).write_stdin(text))
}

fn waiter(acceptor: &str) -> String {
    format!(
        r#"{{"version": 2, "waiters": {{"w": {{"operation": "GetThing", "delay": 1, "maxAttempts": 2,
            "acceptors": [{acceptor}]}}}}}}"#
    )
}

#[test]
fn every_mistake_is_shown_where_it_is_with_what_to_do() {
    for file in files() {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let file = file.to_string_lossy();
        let text = transcript(&mut maitred(&[&ANY_SERVICE[..], &[&file]].concat()));
        insta::assert_snapshot!(format!("lint_{name}"), text);
    }
}

#[test]
fn findings_are_in_the_order_of_the_text() {
    for file in files() {
        let places: Vec<_> = findings(&[&file.to_string_lossy()])
            .iter()
            .map(|finding| (finding["line"].as_u64(), finding["column"].as_u64()))
            .collect();
        assert!(places.is_sorted(), "{}: {places:?}", file.display());
    }
}

#[test]
fn findings_for_programs_have_their_place() {
    let findings = findings(&["tests/lint/crlf.json"]);
    insta::assert_json_snapshot!("lint_json", findings);
}

#[test]
fn findings_for_github_are_escaped() {
    let files = ["--format", "github", "tests/lint/crlf.json", "tests/lint/escapes.json"];
    let mut command = maitred(&[&ANY_SERVICE[..], &files].concat());
    insta::assert_snapshot!("lint_github", transcript(&mut command));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a,b%.json"), r#"{"version": 2, "waiters": {}, "x\n%": 1}"#)
        .unwrap();
    let output = maitred(&[&ANY_SERVICE[..], &["--format", "github", "."]].concat())
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("::error file=./a%2Cb%25.json,line=1,"), "{text}");
    assert!(text.contains("there is no key `x%0A%25` here"), "{text}");
}

#[test]
fn a_folder_is_all_of_its_files() {
    let text = transcript(&mut maitred(&["lint", "waiters"]));
    assert!(text.starts_with("exit code: 0\n"), "{text}");
    assert!(text.contains("files checked, no problems"), "{text}");
    // Without a path it is ./waiters.
    assert_eq!(transcript(&mut maitred(&["lint"])), text);
}

#[test]
fn nothing_to_check_is_bad_usage() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| transcript(maitred(args).current_dir(folder.path()));
    insta::assert_snapshot!("lint_nothing", run(&["lint"]));
    insta::assert_snapshot!("lint_absent", run(&["lint", "absent.json"]));
    insta::assert_snapshot!("lint_empty_folder", run(&["lint", "."]));
}

#[test]
fn an_expression_that_nests_too_deep_is_refused() {
    for (open, close) in [("!", ""), ("(", ")"), ("[", "]"), ("a[?", "]"), ("&", ""), ("a.", "")] {
        for depth in [500, 4_000, 200_000] {
            let expression = format!("{}a{}", open.repeat(depth), close.repeat(depth));
            let acceptor = serde_json::json!({
                "state": "success", "matcher": "path", "argument": expression, "expected": true,
            });
            let text = lint(waiter(&acceptor.to_string()));
            assert!(text.starts_with("exit code: 1\n"), "{open} {depth}: {text:.300}");
            assert!(text.len() < 4_000, "{open} {depth}: {text:.300}");
        }
    }
}

#[test]
fn hostile_files_are_refused_within_bounds() {
    let deep = |open: &str, close: &str| {
        waiter(&format!(
            r#"{{"state": "success", "matcher": "path", "argument": "a", "expected": {}1{}}}"#,
            open.repeat(600),
            close.repeat(600)
        ))
    };
    let long_key = format!(r#"{{"version": 2, "waiters": {{"{}": {{}}}}}}"#, "k".repeat(1 << 20));
    let long_state = waiter(&format!(
        r#"{{"state": "{}", "matcher": "error", "expected": true}}"#,
        "s".repeat(1 << 20)
    ));
    for (name, text) in [
        ("brackets", "[".repeat(8 << 20)),
        ("brackets that just fit", "[".repeat(4 << 20)),
        ("objects", r#"{"a":"#.repeat(500_000)),
        ("numbers", format!("[{}1]", "1,".repeat(1 << 20))),
        ("duplicates", format!(r#"{{{}"a":1}}"#, r#""a":1,"#.repeat(20_000))),
        (
            "unknown keys",
            format!(
                r#"{{{}"a":1}}"#,
                (0..20_000).map(|i| format!(r#""k{i}":1,"#)).collect::<String>()
            ),
        ),
        ("comments", "/**/".repeat(1 << 20)),
        ("long key", long_key),
        ("long state", long_state),
        ("deep list", deep("[", "]")),
        ("deep object", deep(r#"{"a":"#, "}")),
        ("digits", format!("1{}", "0".repeat(1 << 20))),
        ("quotes", "\"".repeat(4 << 20)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("hostile.json"), text).unwrap();
        let text = transcript(maitred(&["lint", "hostile.json"]).current_dir(folder.path()));
        assert!(text.starts_with("exit code: 1\n"), "{name}: {text:.300}");
        assert!(text.len() < 1 << 19, "{name}: {} bytes", text.len());
    }
}
