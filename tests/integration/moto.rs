//! A real AWS emulator that nobody here wrote: boto3 changes a cluster on `moto_server` while
//! `maitred wait` polls it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::moto::Moto;
use crate::support::python;

/// Calls boto3's Redshift client on moto.
fn boto3(moto: &Moto, method: &str, arguments: &str) {
    let script = format!(
        "import boto3\n\
         client = boto3.client('redshift', endpoint_url='{}', region_name='eu-west-1',\n\
             aws_access_key_id='testing', aws_secret_access_key='testing')\n\
         client.{method}(ClusterIdentifier='analytics'{arguments})\n",
        moto.endpoint()
    );
    let output = Command::new(python::python()).args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{method}: {}", String::from_utf8_lossy(&output.stderr));
}

fn wait(moto: &Moto, waiter: &str) -> Child {
    Command::new(assert_cmd::cargo::cargo_bin("maitred"))
        .args(["wait", "redshift", waiter, "--cluster-identifier", "analytics"])
        .args(["--delay", "0.1", "--timeout", "60", "--endpoint-url", moto.endpoint()])
        .env_clear()
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "testing")
        .env("AWS_SECRET_ACCESS_KEY", "testing")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Reads what the wait says until it has seen `status`: then it polls.
fn until_seen(wait: &mut Child, status: &str) -> BufReader<std::process::ChildStderr> {
    let mut said = BufReader::new(wait.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains(status) {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "the wait ended before it saw {status}");
    }
    said
}

fn exit_code(mut wait: Child, mut said: impl std::io::Read) -> (i32, String) {
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    let code = wait.wait().unwrap().code().unwrap();
    (code, rest)
}

#[test]
fn a_cluster_is_created_paused_resumed_and_deleted_while_it_is_waited_for() {
    let moto = Moto::start();
    let polling = |waiter: &str, seen: &str, method: &str, arguments: &str| {
        let mut wait = wait(&moto, waiter);
        let said = until_seen(&mut wait, seen);
        boto3(&moto, method, arguments);
        exit_code(wait, said)
    };
    // A cluster that does not exist yet is waited for.
    let create = ", NodeType='ra3.large', MasterUsername='admin', MasterUserPassword='Passw0rd1'";
    let (code, said) = polling("cluster_available", "ClusterNotFound", "create_cluster", create);
    assert_eq!(code, 0, "{said}");
    let (code, said) = polling("cluster_paused", "available", "pause_cluster", "");
    assert_eq!(code, 0, "{said}");
    let (code, said) = polling("cluster_resumed", "paused", "resume_cluster", "");
    assert_eq!(code, 0, "{said}");
    let delete = ", SkipFinalClusterSnapshot=True";
    let (code, said) = polling("cluster_deleted", "available", "delete_cluster", delete);
    assert_eq!(code, 0, "{said}");
    // What is gone cannot be paused: the wait ends as a failure and says so.
    let mut gone = wait(&moto, "cluster_paused");
    let said = gone.stderr.take().unwrap();
    let (code, said) = exit_code(gone, said);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("analytics"), "{said}");
}
