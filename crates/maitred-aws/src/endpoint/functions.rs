//! The functions that rules call.

use std::net::{Ipv4Addr, Ipv6Addr};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use regex_lite::Regex;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// An endpoint that cannot be found: the rule set's own message, or a mistake in the rule set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct EndpointError(pub(crate) String);

/// The partitions of AWS: `aws`, `aws-cn`, …
#[derive(Debug, Deserialize)]
pub(crate) struct Partitions {
    partitions: Vec<Partition>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Partition {
    id: String,
    region_regex: String,
    regions: Map<String, Value>,
    outputs: Map<String, Value>,
}

impl Partitions {
    /// Reads `partitions.json`.
    pub(crate) fn parse(text: &str) -> Result<Self, EndpointError> {
        let parsed: Self =
            serde_json::from_str(text).map_err(|error| EndpointError(error.to_string()))?;
        if parsed.partitions.is_empty() {
            return Err(EndpointError("there are no partitions".to_owned()));
        }
        Ok(parsed)
    }

    /// The partition of a region; the first partition for an unknown region.
    fn of(&self, region: &str) -> Value {
        let belongs = |partition: &&Partition| {
            let pattern = || Regex::new(&partition.region_regex);
            partition.regions.contains_key(region) || pattern().is_ok_and(|it| it.is_match(region))
        };
        let found = self.partitions.iter().find(belongs).or(self.partitions.first());
        found.map_or(Value::Null, |partition| {
            let mut outputs = partition.outputs.clone();
            outputs.insert("name".to_owned(), Value::String(partition.id.clone()));
            Value::Object(outputs)
        })
    }
}

/// Calls the function `name`. `null` is "not set".
pub(super) fn call(
    name: &str,
    arguments: &[Value],
    partitions: &Partitions,
) -> Result<Value, EndpointError> {
    let [first, rest @ ..] = arguments else {
        return Err(EndpointError(format!("`{name}` has no arguments")));
    };
    let text = first.as_str();
    let second = rest.first();
    let flag = second.and_then(Value::as_bool);
    Ok(match (name, second) {
        ("isSet", _) => Value::Bool(!first.is_null()),
        ("not", _) => Value::Bool(matches!(first, Value::Null | Value::Bool(false))),
        ("booleanEquals" | "stringEquals", Some(second)) => Value::Bool(first == second),
        ("getAttr", Some(Value::String(path))) => get_attr(first, path),
        ("aws.partition", _) => partitions.of(text.unwrap_or_default()),
        ("aws.parseArn", _) => text.and_then(parse_arn).unwrap_or_default(),
        ("isValidHostLabel", _) => {
            let valid = |text| is_valid_host_label(text, flag.unwrap_or_default());
            Value::Bool(text.is_some_and(valid))
        }
        ("aws.isVirtualHostableS3Bucket", _) => {
            let valid = |text| is_virtual_hostable(text, flag.unwrap_or_default());
            Value::Bool(text.is_some_and(valid))
        }
        ("parseURL", _) => text.and_then(parse_url).unwrap_or_default(),
        ("uriEncode", _) => text.map(uri_encode).map_or(Value::Null, Value::String),
        ("substring", _) => text.and_then(|text| substring(text, rest)).unwrap_or_default(),
        (unknown, _) => return Err(EndpointError(format!("there is no function `{unknown}`"))),
    })
}

/// `a.b[1]`: members by name, elements by index.
fn get_attr(value: &Value, path: &str) -> Value {
    let found = path.split('.').try_fold(value, |value, part| {
        let Some((name, index)) = part.split_once('[') else { return value.get(part) };
        let index: usize = index.strip_suffix(']')?.parse().ok()?;
        let list = if name.is_empty() { value } else { value.get(name)? };
        list.get(index)
    });
    found.cloned().unwrap_or_default()
}

/// `arn:partition:service:region:account:resource`, the resource split at `:` and `/`.
fn parse_arn(arn: &str) -> Option<Value> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, service, region, account, resource] = parts.as_slice() else {
        return None;
    };
    if partition.is_empty() || service.is_empty() || resource.is_empty() {
        return None;
    }
    let resource: Vec<&str> = resource.split([':', '/']).collect();
    Some(json!({
        "partition": partition,
        "service": service,
        "region": region,
        "accountId": account,
        "resourceId": resource,
    }))
}

pub(crate) fn is_valid_host_label(value: &str, allow_subdomains: bool) -> bool {
    if allow_subdomains {
        return value.split('.').all(|label| is_valid_host_label(label, false));
    }
    (1..=63).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !value.starts_with('-')
        && !value.ends_with('-')
}

fn is_virtual_hostable(value: &str, allow_subdomains: bool) -> bool {
    value.len() >= 3
        && !value.bytes().any(|byte| byte.is_ascii_uppercase())
        && value.parse::<Ipv4Addr>().is_err()
        && is_valid_host_label(value, allow_subdomains)
}

/// An absolute HTTP URL without a query, in parts.
pub(crate) fn parse_url(url: &str) -> Option<Value> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let (rest, _fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !matches!(scheme.as_str(), "http" | "https") || !query.is_empty() {
        return None;
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = split_port(authority);
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return None;
    }
    let slash = if path.ends_with('/') { "" } else { "/" };
    Some(json!({
        "scheme": scheme,
        "authority": authority,
        "path": path,
        "normalizedPath": format!("{path}{slash}"),
        "isIp": is_ip(host),
    }))
}

/// Returns `true` if a host, without a port, is an IP address.
pub(crate) fn is_ip(host: &str) -> bool {
    let v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    v6.map_or_else(|| host.parse::<Ipv4Addr>().is_ok(), |host| host.parse::<Ipv6Addr>().is_ok())
}

/// The host and the port of an authority.
pub(crate) fn split_port(authority: &str) -> (&str, Option<&str>) {
    let (_user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    match host.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port).filter(|p| !p.is_empty())),
        _ => (host, None),
    }
}

/// The characters that RFC 3986 does not reserve are not encoded.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Percent-encodes a text.
pub(crate) fn uri_encode(text: &str) -> String {
    utf8_percent_encode(text, &RESERVED).to_string()
}

/// Part of an ASCII text, counted from the end if asked to.
fn substring(text: &str, arguments: &[Value]) -> Option<Value> {
    let [start, stop, reverse] = arguments else { return None };
    let start = usize::try_from(start.as_u64()?).ok()?;
    let stop = usize::try_from(stop.as_u64()?).ok()?;
    if start >= stop || text.len() < stop || !text.is_ascii() {
        return None;
    }
    let range =
        if reverse.as_bool()? { text.len() - stop..text.len() - start } else { start..stop };
    text.get(range).map(|part| Value::String(part.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_region_is_in_the_partition_whose_pattern_it_matches() {
        let partition = |id: &str, pattern: &str| json!({ "id": id, "regionRegex": pattern, "regions": {}, "outputs": {} });
        let partitions = json!({ "partitions": [
            partition("aws", r"^(us|eu|ap|sa|ca|me|af|il|mx)\-\w+\-\d+$"),
            partition("aws-eusc", r"^eusc\-(de)\-\w+\-\d+$"),
            partition("aws-us-gov", r"^us\-gov\-\w+\-\d+$"),
        ] });
        let partitions = Partitions::parse(&partitions.to_string()).unwrap();
        for (region, id) in [
            ("us-east-1", "aws"),
            ("mx-central-12", "aws"),
            ("eusc-de-east-1", "aws-eusc"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-gov-west-1x", "aws"),
            ("cn-north-1", "aws"),
        ] {
            assert_eq!(partitions.of(region)["name"], id, "{region}");
        }
    }

    #[test]
    fn urls_are_taken_apart() {
        assert_eq!(
            parse_url("http://[::1]:8080/a/b"),
            Some(json!({
                "scheme": "http", "authority": "[::1]:8080", "path": "/a/b",
                "normalizedPath": "/a/b/", "isIp": true,
            }))
        );
        assert_eq!(parse_url("https://example.com").unwrap()["normalizedPath"], "/");
        for bad in ["", "example.com", "ftp://a", "http://a/?q=1", "http://a:port/"] {
            assert_eq!(parse_url(bad), None, "{bad}");
        }
    }

    #[test]
    fn functions_refuse_what_is_not_valid() {
        assert_eq!(parse_arn("arn:aws:s3:::"), None);
        assert_eq!(parse_arn("arn:aws:s3:::a/b:c").unwrap()["resourceId"], json!(["a", "b", "c"]));
        assert!(is_valid_host_label("a-b", false) && !is_valid_host_label("a.b", false));
        assert!(is_valid_host_label("a.b", true) && !is_valid_host_label("-a", true));
        assert!(!is_virtual_hostable("1.2.3.4", true) && is_virtual_hostable("a.bc", true));
        let part = |start: u64, stop: u64, reverse: bool| {
            substring("abcdef", &[json!(start), json!(stop), json!(reverse)])
        };
        assert_eq!(part(1, 3, false), Some(json!("bc")));
        assert_eq!(part(1, 3, true), Some(json!("de")));
        assert_eq!(part(3, 3, false), None);
        assert_eq!(part(0, 7, false), None);
        assert_eq!(get_attr(&json!({"a": {"b": [1, 2]}}), "a.b[1]"), json!(2));
        assert_eq!(get_attr(&json!([5]), "[1]"), Value::Null);
    }

    #[test]
    fn a_host_label_has_1_to_63_letters_digits_and_dashes_between_them() {
        let longest = "a".repeat(63);
        for (label, valid) in [
            ("a", true),
            ("a-b-1", true),
            (longest.as_str(), true),
            (&format!("{longest}a"), false),
            ("", false),
            ("-a", false),
            ("a-", false),
            ("a_b", false),
            ("a/b", false),
            ("ä", false),
        ] {
            assert_eq!(is_valid_host_label(label, false), valid, "{label}");
            assert_eq!(is_valid_host_label(label, true), valid, "{label}");
        }
        for (labels, valid) in [("a.b", true), ("a..b", false), (".a", false), ("a.", false)] {
            assert_eq!(is_valid_host_label(labels, true), valid, "{labels}");
            assert!(!is_valid_host_label(labels, false), "{labels}");
        }
    }

    #[test]
    fn a_bucket_that_can_be_a_host_name_has_three_lower_case_characters() {
        for (bucket, alone, with_dots) in [
            ("abc", true, true),
            ("ab", false, false),
            ("Abc", false, false),
            ("a.b", false, true),
            ("1.2.3.4", false, false),
            ("1.2.3", false, true),
            ("a_b", false, false),
        ] {
            assert_eq!(is_virtual_hostable(bucket, false), alone, "{bucket}");
            assert_eq!(is_virtual_hostable(bucket, true), with_dots, "{bucket}");
        }
    }

    #[test]
    fn a_port_stands_after_the_host_and_a_login_before_it() {
        for (authority, host, port) in [
            ("h", "h", None),
            ("h:1", "h", Some("1")),
            ("h:", "h", None),
            ("me:pw@h:1", "h", Some("1")),
            ("me@x@h", "h", None),
            ("[::1]", "[::1]", None),
            ("[::1]:1", "[::1]", Some("1")),
        ] {
            assert_eq!(split_port(authority), (host, port), "{authority}");
        }
        for (host, ip) in
            [("127.0.0.1", true), ("[::1]", true), ("::1", false), ("127.1", false), ("h", false)]
        {
            assert_eq!(is_ip(host), ip, "{host}");
        }
    }

    #[test]
    fn a_url_is_http_without_a_query_in_any_case() {
        for (url, scheme, path) in [
            ("HTTPS://h", "https", "/"),
            ("http://h/a", "http", "/a/"),
            ("http://h/a/#part", "http", "/a/"),
            ("http://h?", "http", "/"),
        ] {
            let found = parse_url(url).unwrap();
            assert_eq!(
                (&found["scheme"], &found["normalizedPath"]),
                (&json!(scheme), &json!(path))
            );
        }
        for bad in ["http://h?a", "https://h:65536", "ws://h"] {
            assert_eq!(parse_url(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_arn_has_a_partition_a_service_and_a_resource() {
        for bad in
            ["arn::s3:::b", "arn:aws::::b", "arn:aws:s3:::", "arn:aws:s3::b", "urn:aws:s3:::b", ""]
        {
            assert_eq!(parse_arn(bad), None, "{bad}");
        }
        let found = parse_arn("arn:aws:s3:eu-west-1:123456789012:accesspoint/a").unwrap();
        assert_eq!(
            found,
            json!({
                "partition": "aws", "service": "s3", "region": "eu-west-1",
                "accountId": "123456789012", "resourceId": ["accesspoint", "a"],
            })
        );
    }

    #[test]
    fn what_is_not_set_is_neither_set_nor_true() {
        let partitions = json!({ "partitions": [
            { "id": "aws", "regionRegex": "^us", "regions": {"mars-1": {}}, "outputs": {"a": 1} },
            { "id": "other", "regionRegex": "^x", "regions": {"eu-1": {}}, "outputs": {} },
        ] });
        let partitions = Partitions::parse(&partitions.to_string()).unwrap();
        let call = |name: &str, arguments: &[Value]| call(name, arguments, &partitions).unwrap();
        for (value, is_set, not) in [
            (json!(null), false, true),
            (json!(false), true, true),
            (json!(true), true, false),
            (json!(""), true, false),
        ] {
            let value = [value];
            assert_eq!((call("isSet", &value), call("not", &value)), (json!(is_set), json!(not)));
        }
        for (region, partition) in
            [("mars-1", "aws"), ("eu-1", "other"), ("xa", "other"), ("z", "aws")]
        {
            assert_eq!(call("aws.partition", &[json!(region)])["name"], partition, "{region}");
        }
        assert_eq!(
            call("substring", &[json!("aé"), json!(0), json!(1), json!(false)]),
            Value::Null
        );
        assert_eq!(
            call("substring", &[json!("ab"), json!(0), json!(2), json!(false)]),
            json!("ab")
        );
    }
}
