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
