//! Customisations of single services that their models do not have.

use serde_json::{Map, Value};

use maitred_core::client::CallError;
use maitred_model::{OperationModel, ServiceModel};

use super::endpoint::{ResolvedEndpoint, is_ip, split_port};
use super::invalid_call::InvalidCall;
use super::protocol::Request;

/// Refuses operations that need another signature than version 4, or that stream events.
pub(super) fn refuse(
    service: &ServiceModel,
    operation: &OperationModel,
    unsigned: bool,
) -> Result<(), InvalidCall> {
    let version = service.signature_version.as_str();
    if !matches!(version, "v4" | "s3" | "s3v4") && !unsigned {
        let what = if version == "bearer" { "a bearer token" } else { "another signature" };
        return Err(InvalidCall::new(
            "UnsupportedSigner",
            format_args!(
                "{} takes requests with {what} ({version}); only Signature Version 4 can be made",
                service.full_name
            ),
        ));
    }
    if operation.has_event_stream() {
        return Err(InvalidCall::new(
            "UnsupportedOperation",
            format_args!("{} streams events, which is not supported", operation.name),
        ));
    }
    Ok(())
}

/// Refuses an endpoint that takes other signatures only, such as that of a multi-region access point.
pub(super) fn check_signer(endpoint: &ResolvedEndpoint) -> Result<(), InvalidCall> {
    let schemes = endpoint.properties.get("authSchemes").and_then(Value::as_array);
    let names = schemes.into_iter().flatten().filter_map(|scheme| scheme.get("name")?.as_str());
    let names: Vec<&str> = names.collect();
    if names.is_empty() || names.contains(&"sigv4") {
        return Ok(());
    }
    Err(InvalidCall::new(
        "UnsupportedSigner",
        format_args!(
            "{} takes requests signed with {} only; only Signature Version 4 can be made",
            endpoint.url,
            names.join(" or ")
        ),
    ))
}

/// Completes an output: the region of a bucket is the text of the root element (botocore's handler
/// `parse_get_bucket_location`).
pub(super) fn output(
    service: &ServiceModel,
    operation: &OperationModel,
    body: &[u8],
    members: &mut Map<String, Value>,
) {
    if service.name != "s3" || operation.name != "GetBucketLocation" {
        return;
    }
    let text = std::str::from_utf8(body).unwrap_or_default();
    let Ok(document) = roxmltree::Document::parse(text) else { return };
    let region = document.root_element().text().map(Value::from).unwrap_or_default();
    members.insert("LocationConstraint".to_owned(), region);
}

/// Returns whether a member of an input of Route 53 is the id of a hosted zone, a change or a delegation set. botocore
/// asks for the name of its shape, which is `ResourceId` or `ChangeId`; ids of traffic policies have another one.
fn is_route53_id(operation: &str, member: &str) -> bool {
    match member {
        "DelegationSetId" | "HostedZoneId" | "HostedZoneIdMarker" => true,
        "Id" => ["HostedZone", "ReusableDelegationSet", "GetChange"]
            .iter()
            .any(|kind| operation.contains(kind)),
        _ => false,
    }
}

/// Completes an input before it is checked.
pub(super) fn input(
    service: &ServiceModel,
    operation: &OperationModel,
    input: &mut Map<String, Value>,
) {
    match service.name.as_str() {
        // The account of the credentials.
        "glacier" if operation.input_members().iter().any(|member| member.name == "accountId") => {
            input.entry("accountId").or_insert_with(|| "-".into());
        }
        // Replies have ids as `/hostedzone/Z1`, requests take `Z1` (botocore's `fix_route53_ids`).
        "route53" => {
            let ids = input.iter_mut().filter(|(name, _)| is_route53_id(&operation.name, name));
            for (_, value) in ids {
                if let Some((_, id)) = value.as_str().and_then(|id| id.rsplit_once('/')) {
                    *value = id.to_owned().into();
                }
            }
        }
        _ => {}
    }
}

/// Changes a serialised request.
pub(super) fn request(service: &ServiceModel, operation: &OperationModel, request: &mut Request) {
    match service.name.as_str() {
        "glacier" => {
            let version = service.api_version.clone();
            request.headers.push(("x-amz-glacier-version".into(), version.into()));
        }
        "apigateway" if !request.headers.iter().any(|(name, _)| name == "accept") => {
            request.headers.push(("accept".into(), "application/json".into()));
        }
        _ => {}
    }
    if service.name == "s3" && operation.request_uri.starts_with("/{Bucket}") {
        request.target = without_bucket(&request.target).into();
    }
}

/// Removes the bucket, which the endpoint of S3 has already, in the host name or in the path.
fn without_bucket(target: &str) -> String {
    let rest = target.strip_prefix('/').unwrap_or(target);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let rest = &rest[end..];
    if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") }
}

/// Sets endpoint parameters as botocore does: buckets go into the path where the endpoint is given.
pub(super) fn endpoint_parameters(
    service: &ServiceModel,
    operation: &OperationModel,
    parameters: &mut Map<String, Value>,
) {
    if service.name != "s3" {
        return;
    }
    let bucket = parameters.get("Bucket").and_then(Value::as_str).unwrap_or_default();
    let is_arn = bucket.starts_with("arn:");
    let in_path =
        operation.name == "GetBucketLocation" || (parameters.contains_key("Endpoint") && !is_arn);
    parameters.insert("ForcePathStyle".to_owned(), in_path.into());
    parameters.insert("UseArnRegion".to_owned(), true.into());
}

/// The rules of S3 Control put the account before any host, also before an address.
pub(super) fn endpoint(service: &ServiceModel, given: &str, endpoint: &mut ResolvedEndpoint) {
    let authority = given.split("://").nth(1).unwrap_or(given);
    let (host, _port) = split_port(authority.split('/').next().unwrap_or(authority));
    if service.name == "s3control" && is_ip(host) {
        given.clone_into(&mut endpoint.url);
    }
}

/// The bucket of a call to Amazon S3.
pub(super) fn bucket<'a>(service: &ServiceModel, input: &'a Map<String, Value>) -> Option<&'a str> {
    if service.name == "s3" { input.get("Bucket")?.as_str() } else { None }
}

/// The region of the bucket, in the error of another region.
pub(super) fn bucket_region(error: &CallError) -> Option<String> {
    if !matches!(error.status(), Some(301 | 307 | 400)) {
        return None;
    }
    let document = error.document()?.value();
    let header = document.pointer("/ResponseMetadata/HTTPHeaders/x-amz-bucket-region");
    header.or_else(|| document.pointer("/Error/Region"))?.as_str().map(str::to_owned)
}

/// The prefix of the host name. The rule set of S3 Control adds the account itself.
pub(super) fn host_prefix<'a>(
    service: &ServiceModel,
    operation: &'a OperationModel,
) -> Option<&'a str> {
    let prefix = operation.host_prefix.as_deref();
    prefix.filter(|prefix| service.name != "s3control" || !prefix.starts_with("{AccountId}"))
}

#[cfg(test)]
mod tests {
    use maitred_model::Models;

    use super::*;

    #[test]
    fn the_bucket_goes_out_of_the_path() {
        for (target, expected) in [
            ("/b", "/"),
            ("/b?location", "/?location"),
            ("/b/key%20/x?versionId=1", "/key%20/x?versionId=1"),
            ("/arn%3Aaws%3As3%2Fx/key", "/key"),
        ] {
            assert_eq!(without_bucket(target), expected);
        }
    }

    #[test]
    fn another_signature_is_refused_where_the_call_is_signed() {
        let models = Models::embedded();
        for (service, operation, takes) in [
            ("codecatalyst", "ListSpaces", "a bearer token (bearer)"),
            ("sdb", "ListDomains", "another signature (v2)"),
        ] {
            let service = models.service(service).unwrap();
            let operation = service.operation(operation).unwrap();
            let error = refuse(service.model(), &operation, false).unwrap_err();
            let error = CallError::from(error);
            assert!(error.message().contains(takes), "{error}");
            assert!(refuse(service.model(), &operation, true).is_ok());
        }
    }

    #[test]
    fn only_the_location_of_a_bucket_is_the_root_of_a_reply() {
        let service = Models::embedded().service("s3").unwrap();
        let body = b"<LocationConstraint>eu-west-1</LocationConstraint>";
        for (operation, location) in [("GetBucketLocation", true), ("ListBuckets", false)] {
            let operation = service.operation(operation).unwrap();
            let mut members = Map::new();
            output(service.model(), &operation, body, &mut members);
            assert_eq!(members.contains_key("LocationConstraint"), location);
        }
    }
}
