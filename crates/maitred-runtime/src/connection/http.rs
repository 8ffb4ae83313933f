//! A connection of type `http`, as the settings of a client. The fields are those of Airflow, but
//! for headers, which have a key of their own:
//! <https://airflow.apache.org/docs/apache-airflow-providers-http/stable/connections/http.html>.

use reqwest::Url;
use serde_json::{Map, Value, json};

use maitred_http::{HttpSettings, OAuth2};

use super::definition::Resolved;
use super::reader::Reader;

const EXTRA: [&str; 15] = [
    "headers",
    "timeout",
    "connect_timeout",
    "verify",
    "verify_ssl",
    "cert",
    "proxies",
    "proxy",
    "allow_redirects",
    "max_redirects",
    "check_response",
    "trust_env",
    "stream",
    "oauth2",
    "bearer",
];

const OAUTH2: [&str; 6] =
    ["token_url", "client_id", "client_secret", "scope", "audience", "token_endpoint_auth_method"];

const HEADERS: &str =
    "a header goes in `extra.headers`, where it is one: {\"headers\": {\"NAME\": \"VALUE\"}}";

/// The settings that the connection stands for. The error is a message without values.
pub(super) fn settings(connection: &Resolved) -> Result<HttpSettings, String> {
    if !matches!(connection.kind.as_str(), "" | "http" | "https") {
        return Err(format!("its type is `{}`, and service http needs `http`", connection.kind));
    }
    let extra = Reader::new(&connection.extra, "extra");
    extra.only(&EXTRA, HEADERS)?;
    let base_url = base_url(connection)?;
    let mut defaults = Map::new();
    if let Some(headers) = extra.object("headers")? {
        defaults.insert("headers".to_owned(), Value::Object(headers));
    }
    defaults.extend(login(connection, &extra)?);
    transport(&extra, base_url.as_deref(), &mut defaults)?;
    let mut settings = HttpSettings::default();
    settings.base_url = base_url;
    settings.defaults = defaults;
    settings.oauth2 = extra.object("oauth2")?.map(|entries| oauth2(&entries)).transpose()?;
    settings.check_response = extra.boolean("check_response")?.unwrap_or(true);
    Ok(settings)
}

/// The URL that `host`, `schema` and `port` make. A host may have a scheme and a path.
fn base_url(connection: &Resolved) -> Result<Option<String>, String> {
    let Some(host) = &connection.host else { return Ok(None) };
    let text = if host.contains("://") {
        host.clone()
    } else {
        let default = if connection.kind == "https" { "https" } else { "http" };
        let scheme = connection.schema.as_deref().unwrap_or(default);
        if !matches!(scheme, "http" | "https") {
            return Err("`schema` must be `http` or `https`; a path goes in the host, as in \
                        `https://host/path`"
                .to_owned());
        }
        // An IPv6 address is written without brackets in the host of a URI.
        let bare_ipv6 = host.parse::<std::net::Ipv6Addr>().is_ok();
        if bare_ipv6 { format!("{scheme}://[{host}]") } else { format!("{scheme}://{host}") }
    };
    let mut url = Url::parse(&text).map_err(|error| format!("`host` makes no URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("`host` must begin with http:// or https://, if it has a scheme".to_owned());
    }
    if let Some(port) = connection.port {
        // It has a host, so this cannot fail.
        let _ = url.set_port(Some(port));
    }
    Ok(Some(url.to_string()))
}

fn login(connection: &Resolved, extra: &Reader<'_>) -> Result<Map<String, Value>, String> {
    let auth = match (&connection.login, &connection.password, extra.text("bearer")?) {
        (None, None, None) => return Ok(Map::new()),
        (None, None, Some(token)) => json!({ "bearer": token }),
        (Some(login), password, None) => {
            json!({ "basic": { "username": login, "password": password.as_deref().unwrap_or("") } })
        }
        (None, Some(_), _) => {
            return Err(
                "there is a password without a login; a token goes in `extra.bearer`".to_owned()
            );
        }
        (Some(_), _, Some(_)) => {
            return Err("there are two logins: `login` and `extra.bearer`".to_owned());
        }
    };
    Ok(Map::from_iter([("auth".to_owned(), auth)]))
}

/// Time-outs, certificates, proxies and redirects, as members of an input.
fn transport(
    extra: &Reader<'_>,
    base_url: Option<&str>,
    defaults: &mut Map<String, Value>,
) -> Result<(), String> {
    let mut put = |key: &str, value: Option<Value>| {
        defaults.extend(value.map(|value| (key.to_owned(), value)));
    };
    match extra.get("timeout") {
        // requests takes a pair: to connect, and to wait for the reply.
        Some(Value::Array(pair)) if pair.len() == 2 && pair.iter().all(Value::is_number) => {
            put("connectTimeout", Some(pair[0].clone()));
            put("requestTimeout", Some(pair[1].clone()));
        }
        _ => put("requestTimeout", extra.number("timeout")?),
    }
    put("connectTimeout", extra.number("connect_timeout")?);
    let verify = extra.verify("verify")?.or(extra.verify("verify_ssl")?);
    put("verify", verify.map(|verify| json!(verify)));
    match extra.get("cert") {
        Some(Value::Array(pair)) if pair.len() == 2 && pair.iter().all(Value::is_string) => {
            put("cert", Some(pair[0].clone()));
            put("key", Some(pair[1].clone()));
        }
        _ => put("cert", extra.text("cert")?.map(Value::from)),
    }
    let proxy =
        extra.text("proxy")?.map_or_else(|| proxy_of(extra, base_url), |url| Ok(Some(url)))?;
    match (proxy, extra.boolean("trust_env")?) {
        (Some(url), _) => put("proxy", Some(json!(url))),
        (None, Some(false)) => put("proxy", Some(json!(false))),
        (None, _) => {}
    }
    put("followRedirects", extra.boolean("allow_redirects")?.map(Value::from));
    put("maxRedirects", extra.number("max_redirects")?);
    Ok(())
}

/// The proxy of `proxies` for the scheme of the base URL.
fn proxy_of(extra: &Reader<'_>, base_url: Option<&str>) -> Result<Option<String>, String> {
    let Some(proxies) = extra.object("proxies")? else { return Ok(None) };
    let proxies = Reader::new(&proxies, "extra.proxies");
    proxies.only(&["http", "https"], "its keys are the schemes `http` and `https`")?;
    let scheme = base_url.and_then(|url| url.split(':').next()).unwrap_or("https");
    proxies.text(scheme)
}

fn oauth2(entries: &Map<String, Value>) -> Result<OAuth2, String> {
    let entries = Reader::new(entries, "extra.oauth2");
    entries.only(&OAUTH2, "")?;
    let in_body = match entries.text("token_endpoint_auth_method")?.as_deref() {
        None | Some("client_secret_basic") => false,
        Some("client_secret_post") => true,
        Some(_) => {
            return Err(
                "`extra.oauth2.token_endpoint_auth_method` must be `client_secret_basic` or \
                        `client_secret_post`"
                    .to_owned(),
            );
        }
    };
    let required = |name| entries.required(name);
    let mut oauth2 =
        OAuth2::new(required("token_url")?, required("client_id")?, required("client_secret")?);
    oauth2.scope = entries.text("scope")?;
    oauth2.audience = entries.text("audience")?;
    oauth2.in_body = in_body;
    Ok(oauth2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(kind: &str, host: &str, extra: Value) -> Resolved {
        let Value::Object(extra) = extra else { panic!("{extra}") };
        Resolved {
            id: "c".to_owned(),
            kind: kind.to_owned(),
            host: Some(host.to_owned()),
            login: None,
            password: None,
            schema: None,
            port: None,
            extra,
        }
    }

    fn defaults(extra: Value) -> Value {
        Value::Object(settings(&connection("http", "h", extra)).unwrap().defaults)
    }

    #[test]
    fn the_base_url_is_made_of_host_scheme_and_port() {
        for (kind, host, schema, port, url) in [
            ("http", "h", None, None, "http://h/"),
            ("", "h", None, None, "http://h/"),
            ("https", "h", None, None, "https://h/"),
            ("http", "h", Some("https"), Some(8443), "https://h:8443/"),
            ("https", "http://h/a", None, Some(8080), "http://h:8080/a"),
            ("http", "::1", None, Some(80), "http://[::1]/"),
            ("http", "::1", None, Some(81), "http://[::1]:81/"),
        ] {
            let mut connection = connection(kind, host, json!({}));
            connection.schema = schema.map(str::to_owned);
            connection.port = port;
            assert_eq!(settings(&connection).unwrap().base_url.as_deref(), Some(url));
        }
    }

    #[test]
    fn a_pair_is_two_settings() {
        for (extra, expected) in [
            (json!({ "timeout": [3, 30] }), json!({ "connectTimeout": 3, "requestTimeout": 30 })),
            (json!({ "timeout": 30 }), json!({ "requestTimeout": 30 })),
            (
                json!({ "timeout": 30, "connect_timeout": "3" }),
                json!({ "requestTimeout": 30, "connectTimeout": 3 }),
            ),
            (json!({ "cert": ["c", "k"] }), json!({ "cert": "c", "key": "k" })),
            (json!({ "cert": "c" }), json!({ "cert": "c" })),
            (json!({ "verify": false, "verify_ssl": true }), json!({ "verify": false })),
            (json!({ "verify_ssl": "/ca" }), json!({ "verify": "/ca" })),
            (json!({ "trust_env": false }), json!({ "proxy": false })),
            (json!({ "trust_env": true }), json!({})),
            (json!({ "trust_env": false, "proxy": "http://p" }), json!({ "proxy": "http://p" })),
        ] {
            assert_eq!(defaults(extra.clone()), expected, "{extra}");
        }
        for extra in
            [json!({ "timeout": [3] }), json!({ "timeout": [3, "x"] }), json!({ "cert": ["c", 1] })]
        {
            assert!(settings(&connection("http", "h", extra.clone())).is_err(), "{extra}");
        }
    }

    #[test]
    fn replies_are_checked_unless_the_connection_says_not() {
        for (extra, checked) in [
            (json!({}), true),
            (json!({ "check_response": true }), true),
            (json!({ "check_response": "false" }), false),
        ] {
            assert_eq!(settings(&connection("http", "h", extra)).unwrap().check_response, checked);
        }
    }

    #[test]
    fn the_secret_of_a_client_goes_in_the_header_unless_the_connection_says_not() {
        for (method, in_body) in [
            (json!(null), false),
            (json!("client_secret_basic"), false),
            (json!("client_secret_post"), true),
        ] {
            let oauth2 = json!({
                "token_url": "https://t", "client_id": "i", "client_secret": "s",
                "token_endpoint_auth_method": method,
            });
            let settings = settings(&connection("http", "h", json!({ "oauth2": oauth2 }))).unwrap();
            assert_eq!(settings.oauth2.unwrap().in_body, in_body);
        }
    }
}
