//! Hashes of files.

use sha2::{Digest as _, Sha256};

/// The SHA-256 of a text, in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
