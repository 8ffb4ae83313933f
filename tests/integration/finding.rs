//! Waiters and services by the names that people, the AWS CLI and Airflow have for them.

use maitred::catalog::{Catalog, airflow_names};
use maitred::model::Models;
use maitred::names::service_named;
use serde_json::Value;

use crate::command::{maitred, transcript};

/// The waiters of Airflow's provider that have a name of their own.
const AIRFLOW: &str = include_str!("finding/airflow.txt");

#[test]
fn every_custom_waiter_of_airflow_finds_the_one_that_waits_for_the_same() {
    let (catalog, models) = (Catalog::new(maitred::sources()), Models::embedded());
    let services: Vec<_> = models.origins().into_keys().collect();
    let mut count = 0;
    for line in AIRFLOW.lines() {
        let (service, name) = line.split_once(' ').unwrap();
        let service = service_named(service, &services).expect(line);
        let entry = catalog.find(service, name).unwrap_or_else(|error| panic!("{line}: {error}"));
        let same = entry.snake_name() == maitred::names::snake_name(name);
        let theirs = maitred::names::snake_name(name);
        let known = airflow_names(service, &entry.name).any(|known| known == theirs);
        assert!(same || known, "{line}");
        count += 1;
    }
    assert_eq!(count, 72);
}

#[test]
fn a_service_is_found_by_the_names_that_tools_and_people_have_for_it() {
    let services: Vec<_> = Models::embedded().origins().into_keys().collect();
    for (name, service) in [
        ("s3api", "s3"),
        ("deploy", "codedeploy"),
        ("configservice", "config"),
        ("cfn", "cloudformation"),
        ("sfn", "stepfunctions"),
        ("step-functions", "stepfunctions"),
        ("Step Functions", "stepfunctions"),
        ("AWS Lambda", "lambda"),
        ("ELBv2", "elbv2"),
        ("alb", "elbv2"),
        ("ddb", "dynamodb"),
        ("apigw", "apigateway"),
        ("eventbridge", "events"),
        ("emr_serverless", "emr-serverless"),
        ("neptune_analytics", "neptune-graph"),
    ] {
        assert_eq!(service_named(name, &services), Some(service), "{name}");
    }
    assert_eq!(service_named("nonsense", &services), None);
}

/// The waiters that `maitred list WORDS` lists.
fn listed(words: &[&str]) -> Vec<String> {
    let output = maitred(&[&["list", "--output", "json"], words].concat()).output().unwrap();
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |waiter: &Value, key: &str| waiter[key].as_str().unwrap().to_owned();
    let waiters = list["waiters"].as_array().unwrap().iter();
    waiters.map(|it| format!("{} {}", text(it, "service"), text(it, "name"))).collect()
}

#[test]
fn words_find_a_waiter_in_any_order_and_spelling() {
    for (words, waiter) in [
        (&["services-stable"][..], "ecs services_stable"),
        (&["service", "stable"], "ecs services_stable"),
        (&["StableServices"], "ecs services_stable"),
        (&["function", "updated"], "lambda function_updated"),
        (&["updated", "lambda"], "lambda function_updated"),
        (&["step", "functions"], "stepfunctions execution_succeeded"),
        (&["sfn"], "stepfunctions execution_succeeded"),
        (&["job", "run"], "glue job_run_succeeded"),
        (&["cfn", "stack", "complete"], "cloudformation stack_create_complete"),
        (&["batch_job_complete"], "batch job_succeeded"),
    ] {
        let found = listed(words);
        assert!(found.iter().any(|known| known == waiter), "{words:?}: {found:?}");
        assert!(found.len() < 60, "{words:?} finds {}", found.len());
    }
}

#[test]
fn a_waiter_has_one_name_everywhere_and_botocores_beside_it() {
    let output =
        maitred(&["explain", "ecs", "ServicesStable", "--output", "json"]).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&told["name"], &told["original"]),
        (&"services_stable".into(), &"ServicesStable".into())
    );
    let names = listed(&["rds"]);
    assert!(names.contains(&"rds db_snapshot_available".to_owned()), "{names:?}");
    let text = transcript(&mut maitred(&["wait", "ecs"]));
    assert!(text.contains("services_stable") && !text.contains("ServicesStable"), "{text}");
    let text = transcript(&mut maitred(&["wait", "ecs", "services-stable"]));
    assert!(text.contains("maitred wait ecs services_stable"), "{text}");
}

#[test]
fn what_is_asked_for_by_another_name_is_told() {
    for (args, told) in [
        (&["explain", "sfn", "execution_succeeded"][..], "`sfn` is the service stepfunctions"),
        (&["explain", "batch", "batch_job_complete"], "is Airflow's name for batch.job_succeeded"),
        (&["wait", "ecs", "services", "stable"], "maitred wait ecs services_stable"),
        (&["wait", "ecs", "stable", "service"], "did you mean `services_stable`?"),
        (&["wait", "ecs", "stable-services"], "did you mean `services_stable`?"),
        (&["wait", "lambda", "services_stable"], "ecs has it: `maitred wait ecs services_stable`"),
        (&["call", "deploy"], "Operations of codedeploy"),
        (&["new", "cfn", "describe-nothing"], "cloudformation has no operation"),
        (
            &["ecs", "wait", "services-stable", "--services", "a b"],
            "write `maitred wait ecs services_stable --services 'a b'`",
        ),
        (&["aws", "cfn", "wait", "stack-exists"], "`maitred wait cloudformation stack_exists`"),
        (&["ecs", "services-stable"], "`maitred wait ecs services_stable`"),
        (&["s3api", "head-bucket", "--bucket", "b"], "`maitred call s3 head-bucket --bucket b`"),
    ] {
        let text = transcript(&mut maitred(args));
        assert!(text.contains(told), "{args:?}: {text}");
    }
}
