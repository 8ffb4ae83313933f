//! The shipped operators of files, against the models of the services and the shipped waiters.

use std::collections::BTreeSet;
use std::process::Command;

use maitred::catalog::Catalog;
use maitred::diagnostic::Severity;
use maitred::lint::examine_operators;
use maitred::model::Models;
use maitred::operator::file::OperatorCatalog;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::moto::Moto;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/operators");

#[test]
fn lint_finds_no_fault_in_a_shipped_operator() {
    let models = Models::embedded();
    let waiters = Catalog::new(maitred::sources().with_embedded(Some(Models::embedded_waiters())));
    let mut faults = Vec::new();
    for file in std::fs::read_dir(FOLDER).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for found in examine_operators(&text, Some(&models), &waiters) {
            if found.severity > Severity::Note {
                faults.push(format!("{}: {found}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The findings in a file with this operator of AWS Glue.
fn findings(operator: Value) -> Vec<String> {
    let file = json!({"version": 1, "service": "glue", "operators": {"start_job_run": operator}});
    let waiters = Catalog::new(maitred::sources().with_embedded(Some(Models::embedded_waiters())));
    let found = examine_operators(&file.to_string(), Some(&Models::embedded()), &waiters);
    found.iter().map(|found| format!("{} {}", found.rule, found.message)).collect()
}

/// An operator without faults, with these changes at these places.
fn changed(changes: &[(&str, Value)]) -> Value {
    let text = std::fs::read_to_string(format!("{FOLDER}/glue.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let mut operator = file["operators"]["start_job_run"].clone();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        operator.pointer_mut(parent).unwrap()[key] = value.clone();
    }
    operator
}

#[test]
fn lint_finds_mistakes_in_operators() {
    assert_eq!(findings(changed(&[])), [""; 0]);
    for (pointer, value, found) in [
        (
            "/call/operation",
            json!("StartJobRuns"),
            "unknown-operation service `glue` has no operation `StartJobRuns`",
        ),
        (
            "/call/input",
            json!({"JobNam": "{{job_name}}"}),
            "unknown-member `StartJobRun` has no member `JobNam`",
        ),
        ("/call/token", json!("Token"), "unknown-member `StartJobRun` has no member `Token`"),
        ("/call/values", json!({"job_run_id": "JobRun"}), "unknown-member"),
        (
            "/call/find/operation",
            json!("StartCrawler"),
            "mutating-operation `StartCrawler` is not read-only",
        ),
        ("/call/find/each", json!("JobRuns[?Argument == 'x']"), "unknown-member"),
        ("/call/find/values", json!({"job_run_id": "Idd"}), "unknown-member"),
        ("/wait/waiter", json!("glue.job_run_succeded"), "unknown-waiter"),
        (
            "/wait/input",
            json!({"JobName": "{{job_name}}"}),
            "required-input `GetJobRun` needs `RunId`",
        ),
        (
            "/undo/operation",
            json!("StopJobRun"),
            "unknown-operation service `glue` has no operation `StopJobRun`",
        ),
        (
            "/undo/input",
            json!({"JobName": "{{nobody}}"}),
            "placeholder `{{nobody}}` is not known at this place",
        ),
        (
            "/parameters",
            json!({"job_name": {}, "arguments": {"type": "json"}, "other": {}}),
            "unused-parameter `{{other}}` stands nowhere",
        ),
        (
            "/call/find",
            json!("again"),
            "repeat-without-token `StartJobRun` is sent again after a lost reply, without a token",
        ),
        (
            "/undo",
            json!([]),
            "no-undo what this call starts cannot be undone when the task is cancelled",
        ),
    ] {
        let all = findings(changed(&[(pointer, value)]));
        assert!(all.iter().any(|one| one.starts_with(found)), "{pointer}: {all:?}");
    }
}

#[test]
fn every_shipped_operator_file_is_built_in() {
    let built_in: BTreeSet<_> =
        OperatorCatalog::shipped().all().map(|definition| definition.service.clone()).collect();
    for file in std::fs::read_dir(FOLDER).unwrap() {
        let path = file.unwrap().path();
        let service = path.file_stem().unwrap().to_str().unwrap();
        assert!(
            built_in.contains(service),
            "{service}.json is new: touch crates/maitred-runtime/src/operator/file/catalog.rs, so that it is built in"
        );
    }
}

#[test]
fn at_least_150_operators_of_40_services_are_shipped() {
    let catalog = OperatorCatalog::shipped();
    let mut services = BTreeSet::new();
    for definition in catalog.all() {
        let (id, config) = (definition.id(), &definition.config);
        assert!(config.description.ends_with('.'), "{id}");
        for (name, parameter) in &config.parameters {
            let description = parameter.description.as_deref().unwrap_or_default();
            assert!(description.ends_with('.'), "{id}: {name}: {description}");
        }
        services.insert(definition.service.clone());
    }
    let count = catalog.all().count();
    assert!(
        count >= 150 && services.len() >= 40,
        "{count} operators of {} services",
        services.len()
    );
}

const ROLE: &str = "arn:aws:iam::123456789012:role/service-role";

/// An account on moto, and a store of tasks.
struct Account {
    moto: Moto,
    folder: TempDir,
}

impl Account {
    /// Runs `maitred`, and returns what it prints.
    fn maitred(&self, words: &[&str]) -> Value {
        let ran = Command::new(assert_cmd::cargo::cargo_bin("maitred"))
            .args(words)
            .env_clear()
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing")
            .env("AWS_ENDPOINT_URL", self.moto.endpoint())
            .env("MAITRED_STORE", self.folder.path().join("tasks.sqlite"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{words:?}: {said}");
        let printed = serde_json::from_slice(&ran.stdout);
        printed.unwrap_or_else(|error| panic!("{words:?}: {error}: {said}"))
    }

    /// Runs an operator with these flags, each with its value, and returns its result.
    fn run(&self, operator: &str, flags: &[&str]) -> Value {
        self.maitred(&[&["run", operator], flags].concat())
    }

    /// Makes what an operator needs.
    fn make(&self, service: &str, operation: &str, flags: &[&str]) -> Value {
        self.maitred(&[&["call", service, operation, "--allow-mutating"], flags].concat())
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

/// Each is one shell command: it starts the work, waits for it, and prints its result.
#[test]
fn operators_of_twenty_services_start_work_and_wait_for_it_on_moto() {
    let account = Account { moto: Moto::start(), folder: tempfile::tempdir().unwrap() };
    stores(&account);
    machines(&account);
    jobs(&account);
    applications(&account);
    messages(&account);
}

fn stores(account: &Account) {
    account.run("s3.create_bucket", &["--bucket-name", "bucket-1"]);
    let attributes = r#"[{"AttributeName": "id", "AttributeType": "S"}]"#;
    let keys = r#"[{"AttributeName": "id", "KeyType": "HASH"}]"#;
    let table = [
        "--table-name",
        "table-1",
        "--attribute-definitions",
        attributes,
        "--key-schema",
        keys,
        "--billing-mode",
        "PAY_PER_REQUEST",
    ];
    account.run("dynamodb.create_table", &table);
    account.run("kinesis.create_stream", &["--stream-name", "stream-1", "--shard-count", "1"]);
    let database = [
        "--db-instance-identifier",
        "db-1",
        "--db-instance-class",
        "db.t3.micro",
        "--engine",
        "postgres",
        "--allocated-storage",
        "10",
        "--master-username",
        "admin1",
    ];
    assert_eq!(account.run("rds.create_db_instance", &database)["port"], 5432);
    account.run("rds.stop_db_instance", &["--db-instance-identifier", "db-1"]);
    account.run("efs.create_file_system", &[]);
}

fn machines(account: &Account) {
    let made = account.run("ec2.run_instances", &["--image-id", "ami-12c6146b"]);
    let instance = made["instance_ids"][0].as_str().unwrap();
    account.run("ec2.stop_instances", &["--instance-ids", instance]);
    let commands = r#"{"commands": ["ls"]}"#;
    let command = [
        "--document-name",
        "AWS-RunShellScript",
        "--instance-ids",
        instance,
        "--parameters",
        commands,
    ];
    account.run("ssm.send_command", &command);
    account.run("ecr.create_repository", &["--repository-name", "repository-1"]);
    account.run("ecs.create_cluster", &["--cluster-name", "cluster-1"]);
    let cluster = ["--name", "cluster-1", "--role-arn", ROLE, "--resources-vpc-config", "{}"];
    account.run("eks.create_cluster", &cluster);
    let notebook = [
        "--notebook-instance-name",
        "notebook-1",
        "--instance-type",
        "ml.t2.medium",
        "--role-arn",
        ROLE,
    ];
    account.run("sagemaker.create_notebook_instance", &notebook);
}

fn jobs(account: &Account) {
    let command = "Name=glueetl,ScriptLocation=s3://a/b";
    account.make(
        "glue",
        "create-job",
        &["--name", "nightly", "--role", ROLE, "--command", command],
    );
    text(&account.run("glue.start_job_run", &["--job-name", "nightly"]), "job_run_id");
    let place = "OutputLocation=s3://bucket-1";
    let query = ["--query", "select 1", "--result-configuration", place];
    account.run("athena.start_query_execution", &query);
    let media = "MediaFileUri=s3://bucket-1/a.mp3";
    let transcription = ["--media", media, "--language-code", "en-US", "--no-wait"];
    account.run("transcribe.start_transcription_job", &transcription);
    account.run("lambda.delete_function", &["--function-name", "none"]);
}

fn applications(account: &Account) {
    let application = ["--name", "spark", "--release-label", "emr-6.6.0", "--type", "SPARK"];
    let application = account.run("emr-serverless.create_application", &application);
    let application = text(&application, "application_id");
    let driver = r#"{"sparkSubmit": {"entryPoint": "s3://a/b.py"}}"#;
    let job = [
        "--application-id",
        &application,
        "--execution-role-arn",
        ROLE,
        "--job-driver",
        driver,
        "--no-wait",
    ];
    text(&account.run("emr-serverless.start_job_run", &job), "job_run_id");

    let machine = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#;
    let machine = ["--name", "machine", "--definition", machine, "--role-arn", ROLE];
    let machine = account.make("stepfunctions", "create-state-machine", &machine);
    let machine = text(&machine, "stateMachineArn");
    let execution = ["--state-machine-arn", &machine, "--input", r#"{"a": 1}"#, "--no-wait"];
    account.run("stepfunctions.start_execution", &execution);

    let template = r#"{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}"#;
    let stack = ["--stack-name", "stack-1", "--template-body", template];
    account.run("cloudformation.create_stack", &stack);
    account.run("cloudformation.delete_stack", &stack[..2]);
}

fn messages(account: &Account) {
    let topic = text(&account.make("sns", "create-topic", &["--name", "topic-1"]), "TopicArn");
    account.run("sns.publish", &["--target-arn", &topic, "--message", "hello"]);
    let queue =
        text(&account.make("sqs", "create-queue", &["--queue-name", "queue-1"]), "QueueUrl");
    account.run("sqs.send_message", &["--sqs-queue", &queue, "--message-content", "hello"]);
    let rule = ["--name", "rule-1", "--schedule-expression", "rate(5 minutes)"];
    account.run("events.put_rule", &rule);
}
