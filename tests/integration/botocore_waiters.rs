//! Every waiter that botocore ships is there, by its name.

use maitred::catalog::{Catalog, Embedded, Origin, Sources};
use maitred::client::aws::Models;
use maitred::schema;
use maitred::waiter::{Options, Waiter};

fn catalog() -> Catalog {
    Catalog::new(Sources { embedded: Some(Embedded::botocore()), ..Sources::default() })
}

#[test]
fn every_waiter_of_botocore_compiles_and_polls_a_read() {
    let models = Models::embedded();
    let mut count = 0;
    for service in models.waiter_services() {
        let model = models.service(service).unwrap();
        let file = schema::parse_lenient(&models.waiters(service).unwrap().unwrap()).unwrap().file;
        for (name, config) in &file.waiters {
            count += 1;
            for strict in [true, false] {
                let options = Options { strict, ..Options::default() };
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
        assert_eq!((entry.origin, entry.config.operation.as_str()), (Origin::Botocore, operation));
    }
    // Ours goes before botocore's of the same name.
    assert_eq!(catalog.find("redshift", "ClusterAvailable").unwrap().origin, Origin::Shipped);
    let services = catalog.services();
    for (service, _) in maitred::catalog::shipped() {
        assert!(services.iter().any(|known| known == service), "{service}");
    }
}
