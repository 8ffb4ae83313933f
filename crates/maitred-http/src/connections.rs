//! Connection pools, one for each distinct way to reach a server, kept between polls.

use std::collections::HashMap;
use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::{ClientBuilder, Identity, Url};

use maitred_core::client::Verify;
use maitred_net::error_chain::root_cause;
use maitred_net::proxies::is_loopback;
use maitred_net::roots;
use maitred_net::tls::{client_builder, read_pem, with_environment_proxies};

/// The most pools that are kept. Inputs come from waiter files, so there must be a limit.
const MAX_POOLS: usize = 64;

/// The proxy of a request.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Proxy {
    Environment,
    None,
    Url(String),
}

/// What a connection depends on. A proxy's URL may hold a password, so there is no `Debug`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct ConnectionSettings {
    pub(super) verify: Verify,
    pub(super) cert: Option<String>,
    pub(super) key: Option<String>,
    pub(super) proxy: Proxy,
    pub(super) connect_timeout: Duration,
    /// True if requests are sent once: each has a connection of its own.
    pub(super) sent_once: bool,
}

/// The settings and the modification times of their files: a renewed certificate must not need a restart.
type Key = (ConnectionSettings, Vec<Option<SystemTime>>);

#[derive(Default)]
pub(super) struct Connections {
    pools: Mutex<HashMap<Key, reqwest::Client>>,
}

impl Connections {
    /// The pool for `settings`. The error is a message that names the input key at fault.
    pub(super) fn pool(
        &self,
        settings: &ConnectionSettings,
        url: &Url,
    ) -> Result<reqwest::Client, String> {
        let mut settings = settings.clone();
        // A proxy elsewhere cannot reach this machine's loopback interface.
        if settings.proxy == Proxy::Environment && is_loopback(url) {
            settings.proxy = Proxy::None;
        }
        let key = (settings.clone(), settings.modification_times());
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

impl ConnectionSettings {
    fn files(&self) -> impl Iterator<Item = &String> {
        let ca = match &self.verify {
            Verify::CaFile(path) => Some(path),
            Verify::Enabled(_) => None,
        };
        ca.into_iter().chain(&self.cert).chain(&self.key)
    }

    fn modification_times(&self) -> Vec<Option<SystemTime>> {
        self.files().map(|path| fs::metadata(path).and_then(|file| file.modified()).ok()).collect()
    }

    fn build(&self, url: &Url) -> Result<reqwest::Client, String> {
        let build = self.builder()?.build();
        match build {
            // A machine without CA certificates can still poll plain HTTP.
            Err(_) if self.verify == Verify::Enabled(true) => {
                if url.scheme() == "https" {
                    roots::system_roots()?;
                }
                self.builder()?.tls_certs_only([]).build()
            }
            other => other,
        }
        .map_err(|error| {
            let cause = root_cause(&error);
            format!("the TLS settings cannot be used: {cause}; check `verify`, `cert` and `key`")
        })
    }

    fn builder(&self) -> Result<ClientBuilder, String> {
        // `redirect` follows redirects, and `body` decodes bodies.
        let mut builder = client_builder(&self.verify, self.sent_once)?
            .user_agent(concat!("maitred/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect_timeout)
            // A query may hold a token.
            .referer(false);
        if let Some(cert) = &self.cert {
            builder = builder.identity(identity(cert, self.key.as_deref())?);
        }
        match &self.proxy {
            Proxy::Environment => with_environment_proxies(builder),
            Proxy::None => Ok(builder.no_proxy()),
            Proxy::Url(url) => match reqwest::Proxy::all(url) {
                Ok(proxy) => Ok(builder.proxy(proxy)),
                Err(_) => Err("`proxy` is not a URL that can be used".to_owned()),
            },
        }
    }
}

fn identity(cert: &str, key: Option<&str>) -> Result<Identity, String> {
    let mut pem = read_pem("`cert`", cert)?;
    if let Some(key) = key {
        pem.push(b'\n');
        pem.extend(read_pem("`key`", key)?);
    }
    Identity::from_pem(&pem)
        .map_err(|_| format!("`cert`: no PEM certificate with its key in {cert}"))
}
