//! Certificates and proxies for the builder of a client.

use std::path::Path;

use reqwest::{Certificate, ClientBuilder, Url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::proxies::Proxies;
use super::roots;
use maitred_core::client::Verify;
use maitred_core::file::{self, FileError};

/// The largest file of certificates that is read, in bytes.
const MAX_PEM: u64 = 16 << 20;

/// A builder of clients that accept the certificates of `verify`, follow no redirects and leave bodies as they are.
/// Requests that are `sent_once` are not retried, and each has a new connection.
///
/// # Errors
/// A certificate cannot be used. The error is a message that names the setting `verify`.
pub fn client_builder(verify: &Verify, sent_once: bool) -> Result<ClientBuilder, String> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate();
    if sent_once {
        builder = builder.pool_max_idle_per_host(0).retry(reqwest::retry::never());
    }
    match verify {
        Verify::Enabled(true) => with_system_roots(builder),
        Verify::Enabled(false) => Ok(builder.tls_danger_accept_invalid_certs(true)),
        Verify::CaFile(path) => {
            Ok(with_system_roots(builder)?.tls_certs_merge(certificates("`verify`", path)?))
        }
    }
}

/// Sets the proxies of the environment. If there are none, those of the system's configuration stay.
///
/// # Errors
/// A proxy of the environment is not a URL. The error is a message.
pub fn with_environment_proxies(builder: ClientBuilder) -> Result<ClientBuilder, String> {
    let proxies = Proxies::from_env()?;
    if proxies.is_empty() {
        return Ok(builder);
    }
    let proxy = reqwest::Proxy::custom(move |url| Url::parse(proxies.proxy_for(url)?).ok());
    Ok(builder.proxy(proxy))
}

/// The certificates of a PEM file, which the setting `setting` names.
///
/// # Errors
/// The file cannot be read or has no usable certificates. The error is a message that names the setting.
pub fn certificates(setting: &str, path: &str) -> Result<Vec<Certificate>, String> {
    let pem = read_pem(setting, path)?;
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

/// Adds the certificates of the system if the library would not find them itself.
fn with_system_roots(builder: ClientBuilder) -> Result<ClientBuilder, String> {
    if !roots::has_empty_variable() {
        return Ok(builder);
    }
    // Without certificates, plain HTTP still works.
    let found = roots::system_roots().unwrap_or_default();
    Ok(builder.tls_certs_only(from_der(found)?))
}

/// Reads a PEM file, which the setting `setting` names.
///
/// # Errors
/// The file cannot be read or is too large. The error is a message that names the setting.
pub fn read_pem(setting: &str, path: &str) -> Result<Vec<u8>, String> {
    let content = file::bytes(Path::new(path), MAX_PEM);
    content.map_err(|error| {
        let what = match error {
            FileError::Io(error) => error.kind().to_string(),
            FileError::NotRegular => "it is not a file".to_owned(),
            FileError::TooLong(_) => "it is larger than 16 MiB".to_owned(),
            FileError::NotText | _ => format!("it {error}"),
        };
        format!("{setting}: cannot read {path}: {what}")
    })
}
