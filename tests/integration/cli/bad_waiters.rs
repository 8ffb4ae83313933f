//! A waiter file that cannot be used is never passed over in silence.

use serde_json::json;

use super::process::Maitred;

/// It says that it has waiters of redshift, and is cut off.
const BROKEN: &str = r#"{"version": 2, "service": "redshift", "waiters": {"cluster_paused": "#;
const PAUSED: [&str; 3] = ["redshift", "cluster_paused", "--cluster-identifier=a"];

#[tokio::test]
async fn a_broken_file_is_an_error_for_the_service_that_it_says() {
    let task = json!({"service": "redshift", "waiter": "cluster_paused",
        "input": {"ClusterIdentifier": "a"}})
    .to_string();
    let wait = [&["wait"], &PAUSED[..], &["--dry-run"]].concat();
    let record = [&["record"], &PAUSED[..], &["--to", "case.json"]].concat();
    let explain = ["explain", "redshift", "cluster_paused"];
    let submit = ["tasks", "submit", "maitred.wait", "--args", &task];
    let run = ["run", "maitred.wait", "--args", &task];
    let broken = |path: &str| Maitred::with_account().file(path, BROKEN);
    let named = [&["--waiters", "d"][..], &["--waiters", "d/my.json"]];
    for command in [&wait[..], &record, &explain, &submit, &run] {
        let mut rans = vec![
            broken("d/my.json").variable("MAITRED_WAITERS", "d").run(command).await,
            broken("d/my.json").variable("MAITRED_WAITERS", "d/my.json").run(command).await,
            broken("waiters/my.json").run(command).await,
            broken("w/my.json").file("maitred.toml", "waiters = ['w']").run(command).await,
        ];
        if command[0] != "tasks" {
            for named in named {
                rans.push(broken("d/my.json").run(&[command, named].concat()).await);
            }
        }
        for ran in rans {
            assert_eq!(ran.code, Some(2), "{command:?} {}{}", ran.stdout, ran.stderr);
            assert!(ran.stderr.contains("my.json cannot be used"), "{command:?} {}", ran.stderr);
        }
    }
}

#[tokio::test]
async fn a_broken_file_of_another_service_is_told_once() {
    for path in ["d/http.json", "d/my.json"] {
        let text = if path == "d/http.json" { "{" } else { "\u{0}\u{1}" };
        let maitred = Maitred::with_account().file(path, text).variable("MAITRED_WAITERS", "d");
        let wait = [&["wait"], &PAUSED[..], &["--dry-run"]].concat();
        let task = json!({"service": "redshift", "waiter": "cluster_paused",
            "input": {"ClusterIdentifier": "a"}})
        .to_string();
        let commands = [
            &wait[..],
            &["explain", "redshift", "cluster_paused"],
            &["triggerer", "--until-idle"],
            &["tasks", "submit", "maitred.wait", "--args", &task],
        ];
        for command in commands {
            let ran = maitred.run(command).await;
            assert_eq!(ran.code, Some(0), "{command:?} {}", ran.stderr);
            let told = ran.stderr.matches(&format!("warning: {path} cannot be used")).count();
            assert_eq!(told, 1, "{command:?} {}", ran.stderr);
        }
        let quiet = maitred.run(&[&wait[..], &["--quiet"]].concat()).await;
        assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""));
    }
}
