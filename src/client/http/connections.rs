//! Connections: one pool for each distinct way to reach a server, kept for the next poll.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Identity, Url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::client::proxies::{self, Proxies};
use crate::client::roots;
use crate::file::{self, FileError};
use crate::secrets::urls;

/// Pools kept at once. Inputs come from waiter files, so their number must have a bound.
const MAX_POOLS: usize = 64;

/// The largest file of certificates that is read, in bytes.
const MAX_PEM: u64 = 16 << 20;

/// Which certificates a server may show.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Verify {
    System,
    SystemAnd(String),
    Nothing,
}

/// The proxy to go through.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Proxy {
    Environment,
    None,
    Url(String),
}

/// What a connection depends on. A proxy's URL may hold a password, so there is no `Debug`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Settings {
    pub(super) verify: Verify,
    pub(super) cert: Option<String>,
    pub(super) key: Option<String>,
    pub(super) proxy: Proxy,
    pub(super) connect_timeout: Duration,
    /// Whether each request is sent once, over a connection of its own.
    pub(super) once: bool,
}

/// The settings and the times at which their files last changed: a renewed certificate must not
/// need a restart.
type Key = (Settings, Vec<Option<SystemTime>>);

#[derive(Default)]
pub(super) struct Connections {
    pools: Mutex<HashMap<Key, reqwest::Client>>,
}

impl Connections {
    /// The pool for `settings`. The error is a message that names the input key at fault.
    pub(super) fn pool(&self, settings: &Settings, url: &Url) -> Result<reqwest::Client, String> {
        let mut settings = settings.clone();
        // A proxy elsewhere cannot reach this machine's loopback interface.
        if settings.proxy == Proxy::Environment && is_loopback(url) {
            settings.proxy = Proxy::None;
        }
        let key = (settings.clone(), settings.changed());
        // A pool is inserted whole or not at all, so a poisoned map is still good.
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(&key) {
            return Ok(pool.clone());
        }
        if pools.len() >= MAX_POOLS {
            pools.clear();
        }
        let pool = settings.build(url)?;
        pools.insert(key, pool.clone());
        Ok(pool)
    }
}

impl Settings {
    fn files(&self) -> impl Iterator<Item = &String> {
        let ca = match &self.verify {
            Verify::SystemAnd(path) => Some(path),
            Verify::System | Verify::Nothing => None,
        };
        ca.into_iter().chain(&self.cert).chain(&self.key)
    }

    fn changed(&self) -> Vec<Option<SystemTime>> {
        self.files().map(|path| fs::metadata(path).and_then(|file| file.modified()).ok()).collect()
    }

    fn build(&self, url: &Url) -> Result<reqwest::Client, String> {
        let build = self.builder()?.build();
        match build {
            // A machine without CA certificates can still poll plain HTTP.
            Err(_) if self.verify == Verify::System => {
                if url.scheme() == "https" {
                    roots::of_process()?;
                }
                self.builder()?.tls_certs_only([]).build()
            }
            other => other,
        }
        .map_err(|error| {
            let cause = super::failure::root_cause(&error);
            format!("the TLS settings cannot be used: {cause}; check `verify`, `cert` and `key`")
        })
    }

    fn builder(&self) -> Result<ClientBuilder, String> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("maitred/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect_timeout)
            // `redirect` follows them, and `body` decodes bodies.
            .redirect(Policy::none())
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            // A query may hold a token; it is nobody else's business.
            .referer(false);
        if self.once {
            builder = builder.pool_max_idle_per_host(0).retry(reqwest::retry::never());
        }
        builder = match &self.verify {
            Verify::System => of_system(builder)?,
            Verify::SystemAnd(path) => {
                of_system(builder)?.tls_certs_merge(certificates("`verify`", path)?)
            }
            Verify::Nothing => builder.tls_danger_accept_invalid_certs(true),
        };
        if let Some(cert) = &self.cert {
            builder = builder.identity(identity(cert, self.key.as_deref())?);
        }
        match &self.proxy {
            Proxy::Environment => of_environment(builder),
            Proxy::None => Ok(builder.no_proxy()),
            Proxy::Url(url) => match reqwest::Proxy::all(url) {
                Ok(proxy) => Ok(builder.proxy(proxy)),
                Err(_) => Err("`proxy` is not a URL that can be used".to_owned()),
            },
        }
    }
}

/// Adds the proxies of the environment; without any, those that the system is configured with stay.
pub(in crate::client) fn of_environment(builder: ClientBuilder) -> Result<ClientBuilder, String> {
    let proxies = Proxies::of_process()?;
    if proxies.is_empty() {
        return Ok(builder);
    }
    if let Some(url) = proxies.urls().find(|url| Url::parse(url).is_err()) {
        return Err(format!("the proxy {} is not a URL", urls::masked(url)));
    }
    let proxy = reqwest::Proxy::custom(move |url| Url::parse(proxies.find(url.as_str())?).ok());
    Ok(builder.proxy(proxy))
}

/// The certificates of a PEM file. The error is a message, and names the setting that names the file.
pub(in crate::client) fn certificates(
    setting: &str,
    path: &str,
) -> Result<Vec<Certificate>, String> {
    let pem = read(setting, path)?;
    let found = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let found = found.ok().filter(|found| !found.is_empty());
    let found = found.ok_or_else(|| format!("{setting}: no PEM certificate in {path}"))?;
    if let Some(index) = found.iter().position(|found| !roots::is_usable(found)) {
        let number = index + 1;
        return Err(format!("{setting}: the certificate {number} in {path} cannot be used"));
    }
    from_der(&found)
}

fn from_der(found: &[CertificateDer<'_>]) -> Result<Vec<Certificate>, String> {
    let certificates = found.iter().map(|found| Certificate::from_der(found));
    certificates.collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// Adds the certificates of the system where the library would not find them.
pub(in crate::client) fn of_system(builder: ClientBuilder) -> Result<ClientBuilder, String> {
    if !roots::has_empty_variable() {
        return Ok(builder);
    }
    // Without any, plain HTTP goes on.
    let found = roots::of_process().unwrap_or_default();
    Ok(builder.tls_certs_only(from_der(found)?))
}

fn identity(cert: &str, key: Option<&str>) -> Result<Identity, String> {
    let mut pem = read("`cert`", cert)?;
    if let Some(key) = key {
        pem.push(b'\n');
        pem.extend(read("`key`", key)?);
    }
    Identity::from_pem(&pem)
        .map_err(|_| format!("`cert`: no PEM certificate with its key in {cert}"))
}

fn read(setting: &str, path: &str) -> Result<Vec<u8>, String> {
    let content = file::bytes(Path::new(path), MAX_PEM);
    content.map_err(|error| {
        let what = match error {
            FileError::Io(error) => error.kind().to_string(),
            FileError::NotRegular => "it is not a file".to_owned(),
            FileError::TooLong(_) => "it is larger than 16 MiB".to_owned(),
            FileError::NotText => format!("it {error}"),
        };
        format!("{setting}: cannot read {path}: {what}")
    })
}

/// Whether `url` names this machine's loopback interface.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    proxies::is_loopback(host.trim_start_matches('[').trim_end_matches(']'))
}
