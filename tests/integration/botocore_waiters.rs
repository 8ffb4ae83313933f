//! Every waiter that botocore ships is there, by its name.

use maitred::catalog::parse_lenient;
use maitred::catalog::{Catalog, Entry, WaiterOrigin, annotations};
use maitred::client::{Observation, Output};
use maitred::config::{MatcherKind, WaiterFile};
use maitred::engine::shown;
use maitred::lint::{Config, lint};
use maitred::model::Models;
use maitred::model::{OperationModel, ShapeKind, ShapeRef};
use maitred::schema;
use maitred::waiter::{Options, Waiter};
use serde_json::{Value, json};

fn catalog() -> Catalog {
    Catalog::new(maitred::sources().with_embedded(Some(Models::embedded_waiters())))
}

#[test]
fn every_waiter_of_botocore_compiles_and_polls_a_read() {
    let models = Models::embedded();
    let mut count = 0;
    for service in models.waiter_services() {
        let model = models.service(service).unwrap();
        let file = parse_lenient(&models.waiters(service).unwrap().unwrap()).unwrap().file;
        for (name, waiter) in &file.waiters {
            count += 1;
            let config = &waiter.resolve().unwrap();
            for strict in [true, false] {
                let mut options = Options::default();
                options.strict = strict;
                let compiled = Waiter::compile(service, name, config, &options);
                compiled.unwrap_or_else(|problems| panic!("{service}.{name}: {problems}"));
            }
            let operation = model.model().operation_name(&config.operation);
            assert_eq!(operation, Some(config.operation.as_str()), "{service}.{name}");
            assert!(model.model().is_read(&config.operation), "{service}.{name}");
        }
    }
    assert_eq!((count, models.waiter_services().count()), (363, 67));
}

#[test]
fn the_catalog_finds_them_in_any_spelling() {
    let catalog = catalog();
    for (service, name, operation) in [
        ("ec2", "vpc_exists", "DescribeVpcs"),
        ("s3", "BucketExists", "HeadBucket"),
        ("dynamodb", "table-exists", "DescribeTable"),
        ("route53", "resource_record_sets_changed", "GetChange"),
        ("eks", "cluster_active", "DescribeCluster"),
        ("rds", "db_instance_available", "DescribeDBInstances"),
    ] {
        let entry = catalog.find(service, name).unwrap();
        assert_eq!(
            (entry.origin, entry.config.operation.as_str()),
            (WaiterOrigin::Botocore, operation)
        );
    }
    // Ours goes before botocore's of the same name.
    assert_eq!(catalog.find("redshift", "ClusterAvailable").unwrap().origin, WaiterOrigin::Shipped);
    let services = catalog.services();
    for (service, _) in maitred::catalog::shipped() {
        assert!(services.iter().any(|known| known == service), "{service}");
    }
}

/// botocore's waiters as the catalog has them.
fn annotated(catalog: &Catalog) -> Vec<Entry> {
    let services = Models::embedded();
    let of = |service| catalog.service(service).into_iter();
    services
        .waiter_services()
        .flat_map(of)
        .filter(|it| it.origin == WaiterOrigin::Botocore)
        .collect()
}

/// A reply that has every member.
fn sample(operation: &OperationModel, reference: &ShapeRef, depth: usize) -> Value {
    const DEEPEST: usize = 6;
    let shape = operation.shape(reference);
    match &shape.kind {
        ShapeKind::Structure(_) if depth >= DEEPEST => json!({}),
        ShapeKind::Structure(structure) => {
            let members = structure.members.iter();
            let member = |it: &maitred::model::Member| {
                (it.name.clone(), sample(operation, &it.target, depth + 1))
            };
            Value::Object(members.map(member).collect())
        }
        ShapeKind::List(element) => json!([sample(operation, element, depth)]),
        ShapeKind::Map { value, .. } => json!({ "key": sample(operation, value, depth + 1) }),
        ShapeKind::String(values) => json!(values.first().map_or("text", String::as_str)),
        ShapeKind::Boolean => json!(true),
        ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double => json!(1),
        ShapeKind::Timestamp | ShapeKind::Blob => json!("2026-01-01T00:00:00Z"),
    }
}

#[test]
fn every_waiter_of_botocore_that_looks_at_a_reply_shows_what_it_sees() {
    let (catalog, models) = (catalog(), Models::embedded());
    for Entry { service, name, config, .. } in annotated(&catalog) {
        let id = format!("{service}.{name}");
        assert!(config.description.as_ref().is_some_and(|it| !it.trim().is_empty()), "{id}");
        let waiter = Waiter::compile(&service, &name, &config, &Options::default()).unwrap();
        let looks = config
            .acceptors
            .iter()
            .any(|it| !matches!(it.matcher, MatcherKind::Status | MatcherKind::Error));
        let operation = models.service(&service).unwrap().operation(&config.operation).unwrap();
        let Some(output) = operation.output.as_ref().filter(|_| looks) else { continue };
        let reply = sample(&operation, output, 0);
        let seen = shown(&waiter, &Observation::Output(Output::from_json(reply)));
        let says = seen.as_ref().is_some_and(|value| *value != json!("") && *value != json!([]));
        assert!(says, "{id}: {:?} shows {seen:?}", waiter.show());
        let mut strict = Options::default();
        strict.strict = true;
        let strict = Waiter::compile(&service, &name, &config, &strict).unwrap();
        assert_eq!((strict.show(), strict.diagnose()), (&[][..], &[][..]), "{id}");
    }
}

#[test]
fn what_is_added_to_botocores_waiters_decides_nothing() {
    let models = Models::embedded();
    for (service, text) in annotations() {
        let file = schema::parse(text).unwrap_or_else(|problems| panic!("{service}: {problems}"));
        let botocore = parse_lenient(&models.waiters(service).unwrap().unwrap()).unwrap();
        for (name, added) in &file.waiters {
            let id = format!("{service}.{name}");
            assert_eq!(added.extends.as_deref(), Some(id.as_str()));
            let same = |known: &&String| {
                maitred::diagnostic::fold(known) == maitred::diagnostic::fold(name)
            };
            let known = botocore.file.waiters.keys().find(same).expect(&id);
            let mut plain = added.clone();
            plain.extends = None;
            (plain.description, plain.show) = (None, None);
            plain.diagnose.clear();
            for mut acceptor in plain.acceptors.drain(..).collect::<Vec<_>>() {
                assert!(acceptor.message.take().is_some(), "{id}");
                assert!(botocore.file.waiters[known].acceptors.contains(&acceptor), "{id}");
            }
            let written = serde_json::to_value(&plain).unwrap();
            assert_eq!(written, json!({ "acceptors": [] }), "{id} says more");
        }
    }
}

#[test]
fn what_is_added_to_botocores_waiters_fits_the_models() {
    let (catalog, models) = (catalog(), Models::embedded());
    let all = annotated(&catalog);
    for service in models.waiter_services() {
        let entries = all.iter().filter(|entry| entry.service == service);
        let waiters =
            entries.map(|entry| (entry.name.clone(), (*entry.config).clone().into())).collect();
        let file = WaiterFile::new(waiters);
        for finding in lint(service, &file, Some(&models), &Config::default()) {
            let added = ["/show", "/diagnose", "/message"];
            let ours = added.iter().any(|place| finding.pointer.contains(place));
            assert!(!ours, "{service}: {finding:?}");
        }
    }
}
