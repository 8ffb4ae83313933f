//! What goes with an installation: completions and manual pages.

use crate::command::maitred;

#[test]
fn completions_know_every_command() {
    for (shell, beginning) in [("bash", "_maitred()"), ("zsh", "#compdef maitred"), ("fish", "#")] {
        let output = maitred(&["completions", shell]).output().unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(script.starts_with(beginning), "{shell}: {script:.80}");
        for command in ["lint", "list", "explain", "schema", "completions"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
        assert!(script.contains("redshift-serverless"), "{shell}: the services");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let output = maitred(&["man"]).output().unwrap();
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains(".TH maitred 1"), "{page:.200}");
    let output = maitred(&["man", "lint"]).output().unwrap();
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains("maitred\\-lint \\- "), "{page:.200}");
    assert_eq!(maitred(&["man", "nothing"]).output().unwrap().status.code(), Some(2));
}
