//! The CA certificates of the system.
//!
//! They are those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name, or else those of the machine. The TLS
//! libraries take an empty variable for a file without a name, and one of them panics if there is no
//! certificate at all, so they are given what this module finds.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::OnceLock;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use maitred_core::file;

/// The variable that names a file of certificates.
pub const FILE_VARIABLE: &str = "SSL_CERT_FILE";

/// The variable that names folders of certificates.
pub const FOLDERS_VARIABLE: &str = "SSL_CERT_DIR";

/// The usable certificates of the system, read once.
///
/// # Errors
/// There is no certificate. The error is a message that says where they were looked for.
pub fn system_roots() -> Result<&'static [CertificateDer<'static>], String> {
    static FOUND: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();
    let [file, folders] = [FILE_VARIABLE, FOLDERS_VARIABLE].map(set_variable);
    let found = FOUND.get_or_init(|| load(file.as_deref(), folders.as_deref()));
    if found.is_empty() {
        return Err(none_found_message(file.is_some(), folders.is_some()));
    }
    Ok(found)
}

/// The usable certificates of a file and of folders; those of the machine if neither is given.
pub fn load(file: Option<&OsStr>, folders: Option<&OsStr>) -> Vec<CertificateDer<'static>> {
    let mut found = match (file, folders) {
        (None, None) => machine_certificates(),
        (file, folders) => {
            let mut found = file.map(|path| certificates_in(Path::new(path))).unwrap_or_default();
            for folder in folders.into_iter().flat_map(env::split_paths) {
                found.extend(certificates_in(&folder));
            }
            found
        }
    };
    found.retain(is_usable);
    found
}

/// The message that there is no certificate, with or without a named file and named folders.
pub fn none_found_message(file: bool, folders: bool) -> String {
    let place = match (file, folders) {
        (true, true) => "SSL_CERT_FILE and SSL_CERT_DIR name",
        (true, false) => "SSL_CERT_FILE names",
        (false, true) => "SSL_CERT_DIR names",
        (false, false) => {
            return "this machine has no certificates to check servers with: install them, or name a file \
                    of them in SSL_CERT_FILE or AWS_CA_BUNDLE"
                .to_owned();
        }
    };
    format!("{place} no certificate that can be used")
}

/// Returns `true` if a variable is set and empty. That counts as not set here; other libraries take it for a name.
pub fn has_empty_variable() -> bool {
    [FILE_VARIABLE, FOLDERS_VARIABLE]
        .iter()
        .any(|name| env::var_os(name).is_some_and(|value| value.is_empty()))
}

/// Returns `true` if servers can be verified with the certificate.
pub fn is_usable(certificate: &CertificateDer<'_>) -> bool {
    RootCertStore::empty().add(certificate.clone()).is_ok()
}

fn set_variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// The certificates of a folder or a regular file. Anything else has none.
fn certificates_in(path: &Path) -> Vec<CertificateDer<'static>> {
    let found = if path.is_dir() {
        rustls_native_certs::load_certs_from_paths(None, Some(path))
    } else if file::open(path).is_ok() {
        rustls_native_certs::load_certs_from_paths(Some(path), None)
    } else {
        return Vec::new();
    };
    for error in found.errors {
        tracing::debug!(%error, "a certificate is not read");
    }
    found.certs
}

#[cfg(all(unix, not(target_os = "macos")))]
fn machine_certificates() -> Vec<CertificateDer<'static>> {
    let places = openssl_probe::probe();
    let paths = places.cert_file.iter().chain(&places.cert_dir);
    let mut found: Vec<_> = paths.flat_map(|path| certificates_in(path)).collect();
    found.sort_unstable_by(|one, other| one.as_ref().cmp(other.as_ref()));
    found.dedup();
    found
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn machine_certificates() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_without_usable_certificates_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let garbage = folder.path().join("garbage.pem");
        let text = "-----BEGIN CERTIFICATE-----\nZ2FyYmFnZQ==\n-----END CERTIFICATE-----\n";
        std::fs::write(&garbage, text).unwrap();
        let missing = folder.path().join("missing");
        for path in [garbage.as_path(), missing.as_path(), Path::new("/dev/zero")] {
            assert!(load(Some(path.as_os_str()), None).is_empty(), "{path:?}");
        }
        assert!(load(None, Some(folder.path().as_os_str())).is_empty());
    }

    #[test]
    fn a_machine_without_certificates_is_told_how_to_name_some() {
        let message = none_found_message(false, false);
        assert!(message.contains("SSL_CERT_FILE") && message.contains("AWS_CA_BUNDLE"));
    }
}
