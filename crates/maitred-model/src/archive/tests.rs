//! What goes into an archive comes out of it, and damage is an error.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{Models, build::build, inflate};

/// A data directory with one service, whose shapes are recursive.
fn data(directory: &Path) {
    let service = directory.join("botocore/data/thing-service/2020-01-01");
    fs::create_dir_all(&service).unwrap();
    fs::write(directory.join("botocore/__init__.py"), "__version__ = '9.8.7'\n").unwrap();
    let write = |path: &Path, value: &Value| fs::write(path, value.to_string()).unwrap();
    write(
        &directory.join("botocore/data/partitions.json"),
        &json!({ "partitions": [{
            "id": "aws", "regionRegex": r"^us\-\w+\-\d+$", "regions": {}, "outputs": {},
        }] }),
    );
    let thing = json!({ "shape": "Thing" });
    write(
        &service.join("service-2.json"),
        &json!({
            "metadata": {
                "apiVersion": "2020-01-01", "endpointPrefix": "thing", "protocol": "query",
                "serviceFullName": "Thing Service", "serviceId": "Thing", "signatureVersion": "v4",
                "xmlNamespace": "urn:thing",
            },
            "documentation": "<p>Not in the archive.</p>",
            "operations": {
                "DescribeThings": {
                    "name": "DescribeThings",
                    "http": { "method": "POST", "requestUri": "/" },
                    "input": { "shape": "Thing" },
                    "output": { "shape": "Thing", "resultWrapper": "DescribeThingsResult" },
                    "errors": [{ "shape": "ThingNotFoundFault" }],
                },
                "PauseThing": { "name": "PauseThing", "http": {} },
            },
            "shapes": {
                "Thing": {
                    "type": "structure",
                    "required": ["Id"],
                    "members": {
                        "Id": { "shape": "Id", "documentation": "text", "locationName": "id" },
                        "Parts": { "shape": "Things" },
                        "State": { "shape": "State" },
                        "Other": { "shape": "OtherId" },
                    },
                },
                "Things": { "type": "list", "member": thing, "flattened": true },
                "Id": { "type": "string", "min": 1 },
                "OtherId": { "type": "string", "min": 1 },
                "State": { "type": "string", "enum": ["on", "off"] },
                "ThingNotFoundFault": {
                    "type": "structure", "members": {}, "exception": true,
                    "error": { "code": "ThingNotFound" },
                },
                "Unused": { "type": "blob" },
            },
        }),
    );
    let rules = json!({ "parameters": {}, "rules": [{
        "conditions": [], "type": "endpoint", "documentation": "text",
        "endpoint": { "url": "https://thing.example" },
    }] });
    write(&service.join("endpoint-rule-set-1.json"), &rules);
    beside_the_model(&service);
}

/// The waiters of a service and its paginators, one of them of an operation that is gone.
fn beside_the_model(service: &Path) {
    let write = |name: &str, value: &Value| {
        fs::write(service.join(name), value.to_string()).unwrap();
    };
    let waiters = json!({ "version": 2, "waiters": { "ThingOn": {} } });
    write("waiters-2.json", &waiters);
    let paginator = json!({
        "input_token": "Token", "output_token": "Next || Parts[-1].Id", "result_key": ["Parts"],
    });
    let paginators = json!({ "DescribeThings": paginator, "Gone": paginator });
    write("paginators-1.json", &json!({ "pagination": paginators }));
    let extras = json!({ "DescribeThings": { "non_aggregate_keys": ["State"] } });
    let extras = json!({ "version": 1, "merge": { "pagination": extras } });
    write("paginators-1.sdk-extras.json", &extras);
}

fn small_archive() -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    data(directory.path());
    build(&directory.path().join("botocore/data"), &[]).unwrap()
}

#[test]
fn what_goes_in_comes_out() {
    let bytes = small_archive();
    assert_eq!(bytes, small_archive(), "the same data gives the same bytes");
    let models = Models::from_bytes(bytes).unwrap();
    assert_eq!(models.source(), "botocore 9.8.7");
    assert_eq!(models.services().collect::<Vec<_>>(), ["thing-service"]);
    let service = models.service("thing_service").unwrap();
    assert_eq!(service.model().service_id, "Thing");
    assert_eq!(service.model().signing_name, "thing");
    assert_eq!(service.model().xml_namespace.as_deref(), Some("urn:thing"));
    let operation = service.operation("describe-things").unwrap();
    assert_eq!(operation.name, "DescribeThings");
    assert_eq!(operation.result_wrapper.as_deref(), Some("DescribeThingsResult"));
    assert_eq!(operation.error_codes().collect::<Vec<_>>(), ["ThingNotFound"]);
    let members = operation.input_members();
    let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["Id", "Parts", "State", "Other"]);
    assert!(members[0].required && !members[1].required);
    assert_eq!(operation.location_name(&members[0].target), Some("id"));
    assert_eq!(operation.type_summary(&members[1].target), "list of structure");
    assert!(operation.is_flattened(&members[1].target));
    assert_eq!(operation.shape(&members[2].target).enum_values(), ["on", "off"]);
    // The two kinds of id are one shape; what is not used is not there.
    assert_eq!(members[0].target.shape, members[3].target.shape);
    assert_eq!(operation.shapes.len(), 5);
    let pagination = operation.pagination.as_ref().unwrap();
    assert_eq!(pagination.input_token, ["Token"]);
    assert_eq!(pagination.output_token, ["Next || Parts[-1].Id"]);
    assert_eq!(pagination.result_key, ["Parts"]);
    assert_eq!(pagination.non_aggregate_keys, ["State"]);
    assert_eq!(service.operation("PauseThing").unwrap().pagination, None);
    assert!(service.operation("PauseThing").unwrap().input.is_none());
    assert_eq!(models.waiters("thing-service").unwrap().unwrap()["version"], 2);
    assert!(
        models
            .rule_set(models.service("thing-service").unwrap().model())
            .unwrap()
            .contains("https://thing.example")
    );
}

#[test]
fn unknown_names_come_with_what_was_meant() {
    let models = Models::embedded();
    let error = models.service("redshfit").unwrap_err();
    assert_eq!(error.to_string(), "unknown service `redshfit`; did you mean `redshift`?");
    let error = models.service("redshift").unwrap().operation("DescribeClutsers").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`redshift` has no operation `DescribeClutsers`; did you mean `DescribeClusters`?"
    );
}

/// Reads everything that can be read; what is damaged must be an error.
fn read_all(bytes: Vec<u8>) -> bool {
    let Ok(models) = Models::from_bytes(bytes) else { return false };
    let mut whole = models.partitions().is_ok();
    let names: Vec<String> = models.services().map(str::to_owned).collect();
    for name in names {
        whole &= models.waiters(&name).is_ok()
            && models
                .0
                .archive
                .entry(&name)
                .is_ok_and(|(_, entry)| models.0.archive.rule_set(&entry.rules, "").is_ok());
        let Ok(service) = models.service(&name) else { return false };
        for operation in service.model().operations.clone() {
            whole &= service.operation(&operation).is_ok();
        }
    }
    whole
}

#[test]
fn damage_is_an_error_wherever_it_is() {
    let bytes = small_archive();
    assert!(read_all(bytes.clone()));
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        assert!(!read_all(damaged), "a flipped byte at {at} goes unnoticed");
        assert!(!read_all(bytes[..at].to_vec()), "the end at {at} goes unnoticed");
    }
}

#[test]
fn records_that_do_not_fit_together_are_errors() {
    let bytes = small_archive();
    let text = {
        let models = Models::from_bytes(bytes).unwrap();
        let archive = &models.0.archive;
        archive.section(archive.index.services["thing-service"].model).unwrap()
    };
    let operation = |text: String| {
        let service = super::Service::decode(text)?;
        service.operation("DescribeThings").map(|_| ())
    };
    assert!(operation(text.clone()).is_ok());
    for (from, to) in [
        (r#""shape":0"#, r#""shape":99"#.to_owned()),
        (r#""shape":0"#, format!(r#""shape":{}"#, usize::MAX)),
        (r#""shape":0"#, r#""shape":2"#.to_owned()),
        (r#""DescribeThings","PauseThing""#, r#""X","Y","Z","DescribeThings""#.to_owned()),
        ("\n", String::new()),
    ] {
        assert!(operation(text.replace(from, &to)).is_err(), "{from} → {to}");
    }
}

#[test]
fn a_section_is_never_longer_than_it_says() {
    use std::io::Write as _;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![b' '; 10 << 20]).unwrap();
    let bomb = encoder.finish().unwrap();
    assert!(inflate(&bomb, 1000).is_err());
    assert!(inflate(&bomb, usize::MAX).is_err());
}

#[test]
fn the_embedded_models_are_whole() {
    let models = Models::embedded();
    assert_eq!(models.source(), "botocore 1.43.11");
    assert_eq!(models.services().count(), 424);
    assert!(models.partitions().is_ok());
    for name in models.services() {
        assert!(
            models.waiters(name).is_ok()
                && models.rule_set(models.service(name).unwrap().model()).is_ok(),
            "{name}"
        );
        let service = models.service(name).unwrap();
        let first = &service.model().operations[0];
        assert!(service.operation(first).is_ok(), "{name} {first}");
    }
    let waiters = models.waiters("redshift").unwrap().unwrap();
    assert!(waiters["waiters"]["ClusterAvailable"].is_object());
    let operation = models.service("redshift").unwrap().operation("DescribeClusters").unwrap();
    let output = operation.output_members();
    assert_eq!(output[1].name, "Clusters");
    assert_eq!(operation.pagination.as_ref().unwrap().result_key, ["Clusters"]);
}

#[test]
fn an_operation_reads_or_not_however_it_is_written() {
    use maitred_core::names::{is_read, xform_name};

    let models = Models::embedded();
    for name in models.services() {
        let service = models.service(name).unwrap();
        for operation in &service.model().operations {
            let mut camel = operation.clone();
            camel[..1].make_ascii_lowercase();
            let read = is_read(name, operation);
            for written in [camel, xform_name(operation, '-'), xform_name(operation, '_')] {
                assert_eq!(is_read(name, &written), read, "{name} {written}");
                assert_eq!(service.model().operation_name(&written), Some(&**operation));
            }
        }
    }
}
