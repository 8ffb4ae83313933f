//! `maitred lint --output sarif`: what SARIF 2.1.0 asks of a log.

use serde_json::{Value, json};

use crate::command::maitred;

fn log(args: &[&str], folder: &std::path::Path) -> Value {
    let output = maitred(&[&["lint", "--output", "sarif"], args].concat())
        .current_dir(folder)
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("mine")).unwrap();
    let acceptor = json!({
        "state": "success", "matcher": "path", "argument": "'é𝄞' == Clustrs", "expected": true
    });
    let file = json!({"version": 2, "service": "redshift", "waiters": {"w": {
        "operation": "DescribeClusters", "delay": 5, "maxAttempts": 60, "acceptors": [acceptor]}}});
    std::fs::write(folder.path().join("mine/my waiters.json"), file.to_string()).unwrap();
    std::fs::write(folder.path().join("mine/broken.json"), "{\n  \"version\": 2,\n}").unwrap();
    std::fs::write(folder.path().join("mine/empty.json"), "").unwrap();
    folder
}

/// The numbers of the paragraphs are those of
/// <https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html>.
#[test]
fn a_log_has_what_the_standard_requires() {
    let folder = folder();
    let log = log(&["mine"], folder.path());
    // 3.13: version and runs; 3.14: tool; 3.18: driver; 3.19: name.
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().ends_with("sarif-2.1.0.json"));
    let [run] = &log["runs"].as_array().unwrap()[..] else { panic!("{log:#}") };
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "maitred");
    let rules = driver["rules"].as_array().unwrap();
    // 3.49.3: a rule has an id, and no other has the same.
    let mut ids: Vec<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all);
    for rule in rules {
        // 3.49.9, 3.12.3: a description has a text.
        let described = rule.get("shortDescription").is_none_or(|it| it["text"].is_string());
        assert!(described, "{rule:#}");
    }
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 2, "{log:#}");
    for result in results {
        check_result(result, rules);
    }
}

fn check_result(result: &Value, rules: &[Value]) {
    // 3.27.5, 3.27.6: the index is that of the rule.
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(rules[index]["id"], result["ruleId"]);
    // 3.27.10, 3.27.11
    assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
    assert!(!result["message"]["text"].as_str().unwrap().is_empty());
    // 3.29.3, 3.4.3: a place is a file, named by a URI reference that is not absolute.
    let [place] = &result["locations"].as_array().unwrap()[..] else { panic!("{result:#}") };
    let place = &place["physicalLocation"];
    let uri = place["artifactLocation"]["uri"].as_str().unwrap();
    assert!(uri.starts_with("mine/") && !uri.contains(' '), "{uri}");
    // 3.30.5 to 3.30.8: lines and columns begin with 1, and the end is not before the start.
    let Some(region) = place.get("region") else { return };
    let number = |key: &str| region[key].as_u64().unwrap();
    assert!(number("startLine") >= 1 && number("startColumn") >= 1, "{region}");
    let (start, end) =
        ((number("startLine"), number("startColumn")), (number("endLine"), number("endColumn")));
    assert!(start <= end, "{region}");
}

#[test]
fn columns_are_counted_in_characters() {
    let folder = folder();
    let log = log(&["mine/my waiters.json"], folder.path());
    assert_eq!(log["runs"][0]["columnKind"], "unicodeCodePoints");
    let results = log["runs"][0]["results"].as_array().unwrap();
    let member = results.iter().find(|result| result["ruleId"] == "unknown-member").unwrap();
    let region = &member["locations"][0]["physicalLocation"]["region"];
    let text = std::fs::read_to_string(folder.path().join("mine/my waiters.json")).unwrap();
    let column = text.split("Clustrs").next().unwrap().chars().count() + 1;
    assert_eq!(region["startColumn"], column, "{region}");
}

#[test]
fn a_file_below_is_named_from_here_and_another_by_its_whole_path() {
    let folder = folder();
    let below = folder.path().canonicalize().unwrap();
    let file = below.join("mine/broken.json");
    let uri = |log: &Value| {
        let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        place["artifactLocation"]["uri"].as_str().unwrap().to_owned()
    };
    let file = file.to_str().unwrap();
    assert_eq!(uri(&log(&[file], &below)), "mine/broken.json");
    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(uri(&log(&[file], elsewhere.path())), format!("file://{file}"));
}

#[test]
fn a_log_of_nothing_found_has_its_results() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("redshift.json"), r#"{"version": 2, "waiters": {}}"#)
        .unwrap();
    let log = log(&["redshift.json"], folder.path());
    // 3.14.23: without results nothing would have been looked for.
    assert_eq!(log["runs"][0]["results"], json!([]));
}
