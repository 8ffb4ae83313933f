//! The checksum of a request's body, which S3 and related services ask for.

use aws_smithy_types::base64;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use maitred_model::{Location, OperationModel};

use super::invalid_call::InvalidCall;
use super::protocol::Request;

/// The header that names the algorithm of a request that can carry a checksum.
const ALGORITHM: &str = "x-amz-sdk-checksum-algorithm";

/// Adds the checksum of the body if the operation takes one and the caller gives none: CRC-32, as in
/// botocore, or the algorithm that the caller names, if it is supported.
pub(super) fn add(operation: &OperationModel, request: &mut Request) -> Result<(), InvalidCall> {
    let takes_algorithm = operation.input_members().iter().any(|member| {
        let traits = &member.target.traits;
        traits.location == Some(Location::Header)
            && traits.location_name.as_deref() == Some(ALGORITHM)
    });
    let given = request.headers.iter().any(|(name, _)| name.starts_with("x-amz-checksum-"));
    if given || !(operation.checksum_required || takes_algorithm) {
        return Ok(());
    }
    let named = request.headers.iter().find(|(name, _)| name == ALGORITHM);
    let algorithm = named.map_or("CRC32", |(_, algorithm)| algorithm).to_ascii_lowercase();
    let checksum = match algorithm.as_str() {
        "crc32" => crc32(&request.body).to_be_bytes().to_vec(),
        "sha1" => Sha1::digest(&request.body).to_vec(),
        "sha256" => Sha256::digest(&request.body).to_vec(),
        "sha512" => Sha512::digest(&request.body).to_vec(),
        _ => {
            return Err(InvalidCall::new(
                "UnsupportedChecksum",
                format_args!(
                    "a checksum by {algorithm} cannot be made here: \
                     give CRC32, SHA1, SHA256 or SHA512, or the checksum itself"
                ),
            ));
        }
    };
    if takes_algorithm && named.is_none() {
        request.headers.push((ALGORITHM.into(), "CRC32".into()));
    }
    let name = format!("x-amz-checksum-{algorithm}");
    request.headers.push((name.into(), base64::encode(checksum).into()));
    Ok(())
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut checksum = flate2::Crc::new();
    checksum.update(bytes);
    checksum.sum()
}
