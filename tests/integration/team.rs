//! The example of a team's folder, `examples/team`: its page can be followed, and the hooks and the
//! action find in it what they are there for.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::python;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A copy of the team's folder, so that what is tried in it does no harm.
fn copy() -> (TempDir, PathBuf) {
    let home = TempDir::new().unwrap();
    let team = home.path().join("team");
    copy_folder(&root().join("examples/team"), &team);
    (home, team)
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        match path.is_dir() {
            true => copy_folder(&path, &to),
            false => drop(std::fs::copy(path, to).unwrap()),
        }
    }
}

fn program() -> PathBuf {
    assert_cmd::cargo::cargo_bin("maitred")
}

/// Replaces a part of a file of the team.
fn edit(team: &Path, file: &str, from: &str, to: &str) {
    let path = team.join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    std::fs::write(path, text.replace(from, to)).unwrap();
}

/// The exit code and the output of one of the checks of `tests/team/check.py`.
fn check(which: &str, team: &Path) -> (i32, String) {
    let output = Command::new(python::python())
        .args(["-B", "tests/team/check.py", which])
        .args([&program(), team])
        .current_dir(root())
        .env("PYTHONUNBUFFERED", "1")
        .output()
        .unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(!text.contains("Traceback"), "{text}");
    (output.status.code().unwrap(), text)
}

#[test]
fn the_page_can_be_followed() {
    let (_home, team) = copy();
    let page = std::fs::read_to_string(team.join("README.md")).unwrap();
    let blocks: Vec<_> =
        page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 4, "{blocks:?}");
    let folder = program().parent().unwrap().display().to_string();
    for block in blocks {
        let output = Command::new("sh")
            .args(["-eu", "-c", block])
            .current_dir(&team)
            .env_clear()
            .env("HOME", &team)
            .env("PATH", format!("{folder}:/usr/bin:/bin"))
            .output()
            .unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.success(), "{block}\n{said}");
    }
}

#[test]
fn the_page_names_the_files_that_there_are() {
    let team = root().join("examples/team");
    let page = std::fs::read_to_string(team.join("README.md")).unwrap();
    let links: Vec<_> = page
        .split("](")
        .skip(1)
        .map(|rest| rest.split(')').next().unwrap())
        .filter(|link| !link.starts_with("http"))
        .collect();
    assert!(links.len() > 5, "{links:?}");
    for link in links {
        assert!(team.join(link).exists(), "{link}");
    }
}

#[test]
fn the_hooks_check_what_they_are_for() {
    let (_home, team) = copy();
    let (code, said) = check("hooks", &team);
    assert_eq!(code, 0, "{said}");
    edit(&team, "waiters/glue.json", "Crawler.LastCrawl.Status", "Crawler.LastCrawl.Stat");
    let (code, said) = check("hooks", &team);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("`LastCrawlInfo` has no member `Stat`"), "{said}");
}

#[test]
fn the_action_builds_lints_and_tests() {
    let (_home, team) = copy();
    let (code, said) = check("action", &team);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("7 of 7 acceptors reached"), "{said}");
    // A finding is shown where the file is in the repository, and the cases run all the same.
    edit(&team, "waiters/glue.json", "Crawler.LastCrawl.Status", "Crawler.LastCrawl.Stat");
    let (code, said) = check("action", &team);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("::error file=team/waiters/glue.json,line="), "{said}");
    assert!(said.contains("FAILED  failed"), "{said}");
}

#[test]
fn the_action_fails_where_a_case_is_missing() {
    let (_home, team) = copy();
    std::fs::remove_file(team.join("tests/waiters/http/deployed/not_found.json")).unwrap();
    let (code, said) = check("action", &team);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("66 % of the acceptors are reached, not 100 %"), "{said}");
}
