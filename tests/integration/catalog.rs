//! Where waiters are found, and what a file that cannot be used spoils.

use std::path::Path;

use maitred::catalog::{Catalog, LookupError, WaiterOrigin};
use serde_json::{Value, json};

fn write(path: &Path, content: &Value) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content.to_string()).unwrap();
}

fn waiter(operation: &str) -> Value {
    json!({"operation": operation, "delay": 1, "maxAttempts": 2, "acceptors": [
        {"state": "success", "matcher": "status", "expected": 200},
    ]})
}

#[test]
fn a_waiter_of_the_user_replaces_one_waiter_and_not_the_service() {
    let folder = tempfile::tempdir().unwrap();
    let file = json!({"version": 2, "waiters": {"ClusterPaused": waiter("DescribeClusters")}});
    write(&folder.path().join("redshift.json"), &file);
    let user = vec![folder.path().to_owned()];
    let catalog = Catalog::new(maitred::sources().with_user(user));
    let found = catalog.find("redshift", "cluster-paused").unwrap();
    assert!(matches!(found.origin, WaiterOrigin::File(_)));
    assert_eq!(catalog.find("redshift", "cluster_resumed").unwrap().origin, WaiterOrigin::Shipped);
}

#[test]
fn a_local_folder_adds_waiters_and_replaces_none() {
    let folder = tempfile::tempdir().unwrap();
    let waiters = json!({"up": waiter("GET"), "job_done": waiter("GET")});
    write(
        &folder.path().join("jobs-api.json"),
        &json!({"version": 2, "service": "http", "waiters": waiters}),
    );
    let local = vec![folder.path().to_owned()];
    let catalog = Catalog::new(maitred::sources().with_local(local));
    assert_eq!(catalog.find("http", "up").unwrap().origin, WaiterOrigin::Shipped);
    assert!(matches!(catalog.find("http", "JobDone").unwrap().origin, WaiterOrigin::File(_)));
}

#[test]
fn a_bad_waiter_of_a_data_path_fails_only_its_own_look_ups() {
    let root = tempfile::tempdir().unwrap();
    let version = root.path().join("redshift/2012-12-01");
    let waiters =
        json!({"Good": waiter("DescribeClusters"), "Bad": {"operation": "DescribeClusters"}});
    write(&version.join("waiters-2.json"), &json!({"version": 2, "waiters": waiters}));
    let extras = json!({"version": 1, "merge": {"waiters": {"Extra": waiter("DescribeClusters")}}});
    write(&version.join("waiters-2.sdk-extras.json"), &extras);
    let data_paths = vec![root.path().to_owned()];
    let catalog = Catalog::new(maitred::sources().with_data_paths(data_paths));
    for name in ["good", "extra"] {
        assert!(matches!(
            catalog.find("redshift", name).unwrap().origin,
            WaiterOrigin::DataPath(_)
        ));
    }
    assert_eq!(catalog.find("redshift", "cluster_paused").unwrap().origin, WaiterOrigin::Shipped);
    assert!(matches!(catalog.find("redshift", "bad"), Err(LookupError::BadFile(_))));
}

#[test]
fn a_bad_file_of_the_user_is_an_error_for_its_service() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("redshift.json"), "{").unwrap();
    let user = vec![folder.path().to_owned()];
    let catalog = Catalog::new(maitred::sources().with_user(user));
    assert!(matches!(catalog.find("redshift", "cluster_paused"), Err(LookupError::BadFile(_))));
    assert!(catalog.find("http", "up").is_ok());
    assert_eq!(catalog.bad_files().len(), 1);
}

#[test]
fn a_bad_file_is_an_error_for_the_service_that_it_says() {
    let texts = [
        // Valid JSON, cut off, and a key that is not quoted.
        r#"{"version": 2, "service": "redshift", "waiters": {"Mine": {}}}"#,
        r#"{"version": 2, "service": "redshift", "waiters": {"#,
        r#"{"version": 2, waiters: {"a": {"service": "http"}}, "service" : "redshift"}"#,
    ];
    for text in texts {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.json"), text).unwrap();
        std::fs::create_dir(folder.path().join("http.json")).unwrap();
        let paths = || vec![folder.path().to_owned()];
        for sources in [
            maitred::sources().with_user(paths()),
            // It could not have replaced the shipped one, but nobody may have meant that one.
            maitred::sources().with_local(paths()),
        ] {
            let catalog = Catalog::new(sources);
            for name in ["cluster_paused", "cluster_available", "none"] {
                let found = catalog.find("redshift", name);
                assert!(matches!(found, Err(LookupError::BadFile(_))), "{text} {name}");
            }
            assert!(catalog.find("http", "up").is_ok(), "{text}");
            assert_eq!(catalog.bad_files_met().len(), 1, "{text}");
        }
    }
}

#[test]
fn a_bad_file_that_is_named_itself_is_an_error_for_every_service() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.json");
    std::fs::write(&path, "{").unwrap();
    let missing = folder.path().join("none.json");
    for user in [path.clone(), missing] {
        let catalog = Catalog::new(maitred::sources().with_user(vec![user]));
        assert!(matches!(catalog.find("http", "up"), Err(LookupError::BadFile(_))));
    }
    // In a folder, it has nothing to do with http.
    let user = vec![folder.path().to_owned()];
    let catalog = Catalog::new(maitred::sources().with_user(user));
    assert!(catalog.find("http", "up").is_ok());
    assert!(matches!(catalog.find("my", "thing"), Err(LookupError::BadFile(_))));
}

#[test]
fn an_unknown_name_is_told_with_the_nearest_one() {
    let Err(LookupError::Unknown(unknown)) =
        Catalog::new(maitred::sources()).find("redshift", "cluster_pausd")
    else {
        panic!("there is no such waiter");
    };
    assert_eq!(unknown.near(), Some("cluster_paused"));
}

#[test]
fn an_installed_botocore_adds_waiters_and_a_data_path_replaces_them() {
    let root = tempfile::tempdir().unwrap();
    let waiters =
        json!({"ClusterPaused": waiter("DescribeClusters"), "Other": waiter("DescribeClusters")});
    let file = root.path().join("redshift/2012-12-01/waiters-2.json");
    write(&file, &json!({"version": 2, "waiters": waiters}));
    let paths = || vec![root.path().to_owned()];
    let installed = Catalog::new(maitred::sources().with_botocore(paths()));
    assert_eq!(installed.find("redshift", "cluster_paused").unwrap().origin, WaiterOrigin::Shipped);
    assert!(installed.find("redshift", "other").is_ok());
    let data_path = Catalog::new(maitred::sources().with_data_paths(paths()));
    let found = data_path.find("redshift", "cluster_paused").unwrap();
    assert_eq!(found.origin, WaiterOrigin::DataPath(file));
}
