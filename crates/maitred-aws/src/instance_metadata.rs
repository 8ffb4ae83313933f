//! Requests for container credentials and instance metadata. They carry tokens and return keys, which no
//! proxy may see.

use std::net::IpAddr;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use super::endpoint::split_port;

/// Whether `request` asks the container or the machine that the program runs on for credentials or metadata.
pub(super) fn is_metadata_request(request: &HttpRequest) -> bool {
    let full_uri = std::env::var("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    is_link_local(request.uri())
        || full_uri.is_ok_and(|full_uri| is_same(&full_uri, request.uri()))
        // Wherever `AWS_EC2_METADATA_SERVICE_ENDPOINT` or a profile says that it is.
        || request.headers().iter().any(|(name, _)| name.starts_with("x-aws-ec2-metadata-token"))
}

/// Addresses of the link, where AWS has its metadata (169.254.169.254) and the agents of containers
/// (169.254.170.2, 169.254.170.23), and their IPv6 relatives.
fn is_link_local(uri: &str) -> bool {
    let (_, authority, _) = parts(uri);
    let (host, _) = split_port(authority);
    match host.trim_start_matches('[').trim_end_matches(']').parse() {
        Ok(IpAddr::V4(address)) => address.is_link_local(),
        Ok(IpAddr::V6(address)) => {
            address.is_unicast_link_local() || address.segments()[..2] == [0xfd00, 0x0ec2]
        }
        Err(_) => false,
    }
}

fn is_same(a: &str, b: &str) -> bool {
    let ((scheme, authority, target), other) = (parts(a), parts(b));
    scheme.eq_ignore_ascii_case(other.0)
        && authority.eq_ignore_ascii_case(other.1)
        && target == other.2
}

/// Scheme, authority, and path with query; the path of none is `/`.
fn parts(uri: &str) -> (&str, &str, &str) {
    let uri = uri.split('#').next().unwrap_or(uri);
    let (scheme, rest) = uri.split_once("://").unwrap_or(("", uri));
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    (scheme, authority, if target.is_empty() { "/" } else { target })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_local_addresses_are_those_of_this_machine() {
        for uri in [
            "http://169.254.169.254/latest/api/token",
            "http://169.254.170.2/v2/credentials/x",
            "http://169.254.170.23:80/v1/credentials",
            "http://[fd00:ec2::254]/latest/meta-data",
            "http://[fd00:ec2::23]:80/v1/credentials",
            "http://[fe80::1]/x",
        ] {
            assert!(is_link_local(uri), "{uri}");
        }
        for uri in
            ["https://sts.amazonaws.com/", "http://127.0.0.1:4566/", "http://169.254.evil.example/"]
        {
            assert!(!is_link_local(uri), "{uri}");
        }
    }

    #[test]
    fn a_uri_is_the_same_however_it_is_written() {
        assert!(is_same("HTTPS://Host:1", "https://host:1/"));
        assert!(is_same("https://host/a?b#c", "https://host/a?b"));
        assert!(!is_same("https://host/a", "https://host/b"));
        assert!(!is_same("https://host/a", "https://host:444/a"));
        assert!(!is_same("https://host/a", "http://host/a"));
    }
}
