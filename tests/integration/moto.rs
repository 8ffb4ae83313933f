//! A real AWS emulator that nobody here wrote: what boto3 makes and changes on `moto_server` is waited for
//! by `maitred wait`.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};

use maitred::model::Models;
use serde_json::Value;

use crate::support::moto::Moto;
use crate::support::python;

/// Calls boto3's Redshift client on moto.
fn boto3(moto: &Moto, method: &str, arguments: &str) {
    boto3_on(moto, "analytics", method, arguments);
}

fn boto3_on(moto: &Moto, cluster: &str, method: &str, arguments: &str) {
    let script = format!(
        "import boto3\n\
         client = boto3.client('redshift', endpoint_url='{}', region_name='eu-west-1',\n\
             aws_access_key_id='testing', aws_secret_access_key='testing')\n\
         client.{method}(ClusterIdentifier='{cluster}'{arguments})\n",
        moto.endpoint()
    );
    let output = Command::new(python::python()).args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{method}: {}", String::from_utf8_lossy(&output.stderr));
}

fn wait(moto: &Moto, waiter: &str) -> Child {
    wait_with(moto, &["redshift", waiter, "--cluster-identifier", "analytics"])
}

fn wait_with(moto: &Moto, args: &[&str]) -> Child {
    Command::new(assert_cmd::cargo::cargo_bin("maitred"))
        .arg("wait")
        .args(args)
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
    let moto = Moto::shared();
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

#[test]
fn several_clusters_are_waited_for_at_once() {
    let moto = Moto::start();
    let create = ", NodeType='ra3.large', MasterUsername='admin', MasterUserPassword='Passw0rd1'";
    for cluster in ["one", "two", "three"] {
        boto3_on(&moto, cluster, "create_cluster", create);
    }
    boto3_on(&moto, "two", "pause_cluster", "");
    let each = [
        "redshift",
        "cluster_paused",
        "--for-each",
        "cluster-identifier=one,two,three",
        "--output",
        "json",
    ];
    let mut wait = wait_with(&moto, &each);
    let said = until_seen(&mut wait, "one    ");
    boto3_on(&moto, "one", "pause_cluster", "");
    boto3_on(&moto, "three", "pause_cluster", "");
    let mut result = String::new();
    std::io::Read::read_to_string(wait.stdout.as_mut().unwrap(), &mut result).unwrap();
    let (code, said) = exit_code(wait, said);
    assert_eq!(code, 0, "{said}");
    let result: serde_json::Value = serde_json::from_str(&result).unwrap();
    assert_eq!(result["succeeded"], 3);
    for (target, name) in result["targets"].as_array().unwrap().iter().zip(["one", "two", "three"])
    {
        let cluster = &target["document"]["Clusters"][0];
        assert_eq!(
            (&target["target"], &cluster["ClusterIdentifier"]),
            (&name.into(), &name.into())
        );
        assert_eq!(cluster["ClusterStatus"], "paused");
    }
    // A quorum is met by those that exist.
    let more = [
        "redshift",
        "cluster_paused",
        "--for-each",
        "cluster-identifier=one,gone,two",
        "--need",
        "2",
        "--quiet",
    ];
    let output = wait_with(&moto, &more).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    assert!(lines.contains("one\tsuccess\tpaused\n"), "{lines}");
    assert!(lines.contains("two\tsuccess\tpaused\n"), "{lines}");
}

/// What is waited for, `ID` being the id that the service gave; the words after `wait`.
const WAITS: [&str; 22] = [
    // query
    "redshift cluster_available --cluster-identifier warehouse",
    "rds db_instance_available --db-instance-identifier orders",
    "cloudformation stack_create_complete --stack-name topics",
    "iam role_exists --role-name worker",
    // ec2
    "ec2 instance_running --instance-ids ID",
    // json
    "dynamodb table_exists --table-name orders",
    "ecs tasks_stopped --cluster jobs --tasks ID",
    "glue get-job-run --job-name load --run-id ID --until JobRun.JobRunState=='SUCCEEDED' \
        --fail-if JobRun.JobRunState=='FAILED'",
    "glue get-crawler --name lake --until Crawler.State=='READY'",
    "emr cluster_running --cluster-id ID",
    "sagemaker notebook_instance_in_service --notebook-instance-name ideas",
    "acm certificate_validated --certificate-arn ID",
    "athena get-query-execution --query-execution-id ID \
        --until QueryExecution.Status.State=='SUCCEEDED'",
    // rest-json
    "eks cluster_active --name fleet",
    "lambda function_active_v2 --function-name worker",
    "batch describe-jobs --jobs ID --until jobs[0].status=='SUCCEEDED' \
        --fail-if jobs[0].status=='FAILED'",
    "batch describe-compute-environments --compute-environments batch \
        --until computeEnvironments[0].status=='VALID'",
    // rest-xml
    "s3 bucket_exists --bucket lake",
    "route53 resource_record_sets_changed --id ID",
    "cloudfront distribution_deployed --id ID",
    "cloudfront get-distribution --id ID --until Distribution.Status=='Deployed'",
    "s3 head-bucket --bucket lake --until ResponseMetadata.HTTPStatusCode==`200`",
];

/// What happens only while it is waited for, and what is seen until then.
const LATER: [(&str, &str); 3] = [
    ("iam user_exists --user-name late", "NoSuchEntity"),
    (
        "stepfunctions describe-execution --execution-arn ID --until status=='ABORTED' --show status",
        "RUNNING",
    ),
    ("s3 object_exists --bucket lake --key done/_SUCCESS", "404"),
];

/// Starts a wait for what the services made.
fn wait_for(moto: &Moto, words: &str, ids: &Value) -> Child {
    let service = words.split(' ').next().unwrap();
    let id = ids[if service == "lambda" { "awslambda" } else { service }].as_str();
    let words = words.split_whitespace().map(|word| if word == "ID" { id.unwrap() } else { word });
    wait_with(moto, &words.collect::<Vec<_>>())
}

/// boto3, which made something in every service: its ids, and where to say what is to happen later.
fn resources(moto: &Moto) -> (Value, ChildStdin, Child) {
    let mut made = Command::new(python::python())
        .arg(python::oracle("resources.py"))
        .arg(moto.endpoint())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ids = String::new();
    BufReader::new(made.stdout.take().unwrap()).read_line(&mut ids).unwrap();
    (serde_json::from_str(&ids).unwrap(), made.stdin.take().unwrap(), made)
}

#[test]
fn what_boto3_makes_is_waited_for_in_services_of_every_protocol() {
    let moto = Moto::shared();
    let (ids, mut later, mut boto3) = resources(&moto);
    let waits = WAITS.map(|words| (words, wait_for(&moto, words, &ids)));
    for (words, seen) in LATER {
        let mut wait = wait_for(&moto, &format!("{words} -v"), &ids);
        let said = until_seen(&mut wait, seen);
        writeln!(later, "{}", words.split(' ').next().unwrap()).unwrap();
        let (code, said) = exit_code(wait, said);
        assert_eq!(code, 0, "{words}: {said}");
    }
    for (words, mut wait) in waits {
        let said = wait.stderr.take().unwrap();
        let (code, said) = exit_code(wait, said);
        assert_eq!(code, 0, "{words}: {said}");
    }
    drop(later);
    assert!(boto3.wait().unwrap().success());
    let words = WAITS.into_iter().chain(LATER.map(|(words, _)| words));
    let services: HashSet<_> = words.map(|words| words.split(' ').next().unwrap()).collect();
    let protocol = |service: &&str| Models::embedded().service(service).unwrap().model().protocol;
    let protocols: HashSet<_> = services.iter().map(protocol).collect();
    assert_eq!((services.len(), protocols.len()), (19, 5));
}
