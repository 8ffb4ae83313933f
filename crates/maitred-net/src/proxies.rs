//! The proxies of the environment.
//!
//! `http_proxy` is for `http://` URLs and `https_proxy` for `https://` URLs; `all_proxy` is the
//! default of both. `no_proxy` lists the hosts that are reached without a proxy. A variable in lower case
//! wins over the same one in capitals, and an empty one counts as not set, as in curl. The loopback
//! interface is never reached through a proxy.
//!
//! The entries of `no_proxy` are separated by commas or spaces. Each is `*` for every host, an IP address,
//! a network such as `10.0.0.0/8`, or a domain, with or without a leading `.` or `*.`, which includes its
//! subdomains. This is a superset of what curl accepts: there, `*` has to be alone, a domain has no
//! leading `*.`, and networks are IPv4 only. As in Python, an entry may end with `:PORT`.

use std::net::IpAddr;

use ipnet::IpNet;
use reqwest::Url;

/// The schemes of a proxy's URL.
const SCHEMES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];

/// The proxies of the environment. `Debug` does not show URLs, which may hold a login.
#[derive(Clone)]
pub struct Proxies {
    http: Option<String>,
    https: Option<String>,
    exceptions: Vec<Exception>,
}

/// An entry of `no_proxy`.
#[derive(Clone, Debug, PartialEq)]
struct Exception {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq)]
enum Hosts {
    All,
    Network(IpNet),
    /// In lower case.
    Domain(String),
}

impl std::fmt::Debug for Proxies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxies").field("exceptions", &self.exceptions).finish_non_exhaustive()
    }
}

impl Proxies {
    /// Reads the environment of the process.
    ///
    /// # Errors
    /// A variable is not the URL of a proxy. The error is a message without the value.
    pub fn from_env() -> Result<Self, String> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let proxy = |name: &'static str, capitals: &'static str| {
            // Under CGI, a request header named `Proxy` sets this variable.
            let is_from_header = capitals == "HTTP_PROXY" && set("REQUEST_METHOD").is_some();
            let in_capitals =
                || set(capitals).filter(|_| !is_from_header).map(|url| (capitals, url));
            let found = set(name).map(|url| (name, url)).or_else(in_capitals);
            found.map(|(name, url)| checked_url(name, url)).transpose()
        };
        let all = proxy("all_proxy", "ALL_PROXY")?;
        let exceptions = set("no_proxy").or_else(|| set("NO_PROXY")).unwrap_or_default();
        Ok(Self {
            http: proxy("http_proxy", "HTTP_PROXY")?.or_else(|| all.clone()),
            https: proxy("https_proxy", "HTTPS_PROXY")?.or(all),
            exceptions: exceptions
                .split(|c: char| c == ',' || c.is_whitespace())
                .filter_map(Exception::parse)
                .collect(),
        })
    }

    /// Returns `true` if there is no proxy.
    pub fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }

    /// The URL of the proxy for requests to `url`.
    pub fn proxy_for(&self, url: &Url) -> Option<&str> {
        let proxy = match url.scheme() {
            "http" => self.http.as_deref()?,
            "https" => self.https.as_deref()?,
            _ => return None,
        };
        let (host, port) = (bare(url.host_str()?), url.port_or_known_default()?);
        let is_excepted = || self.exceptions.iter().any(|exception| exception.has(host, port));
        (!is_loopback(url) && !is_excepted()).then_some(proxy)
    }
}

/// A host without brackets and without a trailing dot.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches([']', '.'])
}

/// Checks the URL of a proxy. The default scheme is http.
fn checked_url(variable: &str, mut url: String) -> Result<String, String> {
    if !url.contains("://") {
        url.insert_str(0, "http://");
    }
    let is_usable = |parsed: Url| {
        SCHEMES.contains(&parsed.scheme()) && parsed.host_str().is_some_and(|host| !host.is_empty())
    };
    if url.contains(|c: char| c.is_whitespace() || c.is_control())
        || !Url::parse(&url).is_ok_and(is_usable)
    {
        return Err(format!("{variable} is not the URL of a proxy, such as http://HOST:PORT"));
    }
    Ok(url)
}

impl Exception {
    fn parse(entry: &str) -> Option<Self> {
        let network =
            |host: &str| host.parse().ok().or(host.parse::<IpAddr>().ok().map(IpNet::from));
        if let Some(network) = network(entry) {
            return Some(Self { hosts: Hosts::Network(network), port: None });
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
            Some(_) | None => (entry, None),
        };
        let host = bare(host);
        if let Some(network) = network(host) {
            return Some(Self { hosts: Hosts::Network(network), port });
        }
        let domain = host.strip_prefix('*').unwrap_or(host);
        let hosts = match domain.trim_start_matches('.') {
            "" if host == "*" => Hosts::All,
            "" => return None,
            domain => Hosts::Domain(domain.to_lowercase()),
        };
        Some(Self { hosts, port })
    }

    /// `host` is in lower case.
    fn has(&self, host: &str, port: u16) -> bool {
        let is_host = match &self.hosts {
            Hosts::All => true,
            Hosts::Network(network) => {
                host.parse().is_ok_and(|address: IpAddr| network.contains(&address))
            }
            Hosts::Domain(domain) => host
                .strip_suffix(domain.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
        };
        is_host && self.port.is_none_or(|own| own == port)
    }
}

/// Returns `true` if the host of `url` is the name or an address of the loopback interface.
pub fn is_loopback(url: &Url) -> bool {
    let host = bare(url.host_str().unwrap_or_default());
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Result<Proxies, String> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Proxies::from_variables(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    fn proxy_for<'a>(proxies: &'a Proxies, url: &str) -> Option<&'a str> {
        proxies.proxy_for(&Url::parse(url).unwrap())
    }

    #[test]
    fn hosts_of_no_proxy_are_reached_without_one() {
        let table = [
            ("*", "any.host", "", true),
            ("", "any.host", "", false),
            ("a.test", "a.test", "", true),
            ("a.test", "A.TEST.", "", true),
            ("a.test", "b.a.test", "", true),
            ("a.test", "ba.test", "", false),
            (".a.test", "a.test", "", true),
            ("*.a.test", "b.a.test", "", true),
            ("*.a.test", "c.test", "", false),
            ("A.TEST.", "a.test", "", true),
            ("x,a.test", "a.test", "", true),
            ("x a.test\ty", "a.test", "", true),
            ("x, , a.test ,", "a.test", "", true),
            ("a.test:8080", "a.test", ":8080", true),
            ("a.test:8080", "a.test", "", false),
            ("a.test:80", "a.test", "", true),
            ("*:8080", "a.test", ":8080", true),
            ("a.test:x", "a.test", "", false),
            ("10.1.2.3", "10.1.2.3", "", true),
            ("10.1.2.3:80", "10.1.2.3", "", true),
            ("10.1.2.3", "10.1.2.30", "", false),
            ("10.0.0.0/8", "10.1.2.3", "", true),
            ("10.0.0.0/8", "11.1.2.3", "", false),
            ("10.1.2.3/33", "10.1.2.3", "", false),
            ("0.0.0.0/0", "11.1.2.3", "", true),
            ("10.1.2.3/32", "10.1.2.3", "", true),
            ("fd00::/8", "[fd00::1]", "", true),
            ("[fd00::1]:80", "[fd00::1]", "", true),
            ("fd00::1", "[fd00::2]", "", false),
            ("::/0", "10.1.2.3", "", false),
        ];
        for (list, host, port, direct) in table {
            let found = proxies(&[("http_proxy", "http://p:1"), ("no_proxy", list)]).unwrap();
            let url = format!("http://me:pw@{host}{port}/path?a=@b");
            assert_eq!(proxy_for(&found, &url).is_none(), direct, "{list}: {url}");
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_not_passed_over() {
        for url in ["http://p:99999", "http://p:x", "http://", "ftp://p", "http://a b"] {
            assert!(proxies(&[("http_proxy", url)]).is_err(), "{url}");
        }
    }

    #[test]
    fn a_variable_in_lower_case_wins_and_an_empty_one_is_not_set() {
        let found = |variables: &[(&str, &str)], scheme: &str| {
            let found = proxies(variables).unwrap();
            proxy_for(&found, &format!("{scheme}://a.test")).map(str::to_owned)
        };
        let both = [("HTTP_PROXY", "http://upper"), ("http_proxy", "http://lower")];
        assert_eq!(found(&both, "http").unwrap(), "http://lower");
        let empty = [("HTTP_PROXY", "upper:1"), ("http_proxy", "")];
        assert_eq!(found(&empty, "http").unwrap(), "http://upper:1");
        assert_eq!(found(&both, "https"), None);
        assert_eq!(found(&[("ALL_PROXY", "socks5://s:1")], "https").unwrap(), "socks5://s:1");
        let no = [("ALL_PROXY", "http://p"), ("NO_PROXY", "a.test"), ("no_proxy", "b.test")];
        assert_eq!(found(&no, "http").unwrap(), "http://p");
        assert_eq!(found(&[("HTTP_PROXY", "http://p"), ("REQUEST_METHOD", "GET")], "http"), None);
    }

    #[test]
    fn the_loopback_interface_needs_no_proxy() {
        let found = proxies(&[("http_proxy", "http://p")]).unwrap();
        for host in ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"] {
            assert_eq!(proxy_for(&found, &format!("http://{host}:8080/")), None, "{host}");
        }
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_an_error_that_names_the_variable() {
        for url in [":::", "http://", "ftp://p", "http://a b", "http://:80", "http://me:pw@"] {
            let error = proxies(&[("HTTPS_PROXY", url)]).expect_err(url);
            assert!(error.starts_with("HTTPS_PROXY is not") && !error.contains("pw"), "{error}");
        }
    }
}
