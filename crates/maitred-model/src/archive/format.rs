//! The format of the archive.

use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::read::ZlibDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use serde::{Deserialize, Serialize};

use super::error::{ModelError, corrupt};

pub(super) const MAGIC: &[u8; 8] = b"MAITREDM";

pub(super) const VERSION: u32 = 1;

pub(super) const HEADER: usize = 16;

/// The largest section in bytes, so that a corrupt length cannot exhaust the memory.
pub(super) const MAX_SECTION: usize = 64 << 20;

/// The highest compression ratio of deflate (<https://www.zlib.net/zlib_tech.html>).
pub(super) const MAX_RATIO: usize = 1032;

/// The placeholder for the service's own word in a rule set, see [`RuleSetEntry`]. It cannot occur in JSON.
pub(super) const OWN_WORD: char = '\u{1}';

/// `[offset, stored length, length]` of a section; the offset counts from the end of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Section(pub(super) usize, pub(super) usize, pub(super) usize);

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Index {
    pub(super) source: String,
    pub(super) partitions: Option<Section>,
    pub(super) services: BTreeMap<String, IndexEntry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct IndexEntry {
    pub(super) model: Section,
    pub(super) rules: RuleSetEntry,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) waiters: Option<Section>,
}

/// An endpoint rule set. Those of most services differ only in the service's own word in host names, so it
/// is stored once, with [`OWN_WORD`] in place of that word.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RuleSetEntry {
    pub(super) section: Section,
    pub(super) word: String,
}

/// The text of a zlib stream that is `length` bytes long.
pub(super) fn inflate(stored: &[u8], length: usize) -> Result<String, ModelError> {
    // Rejects a corrupt length before memory is allocated.
    if length > MAX_SECTION || length / MAX_RATIO > stored.len() {
        return Err(corrupt("a section is too long"));
    }
    let mut text = Vec::with_capacity(length);
    // Decompressing in one step takes half the time of reading a stream.
    let end = Decompress::new(true).decompress_vec(stored, &mut text, FlushDecompress::Finish);
    match end.map_err(corrupt)? {
        Status::StreamEnd if text.len() == length => String::from_utf8(text).map_err(corrupt),
        Status::StreamEnd => Err(corrupt("a section is too short")),
        Status::Ok | Status::BufError => Err(corrupt("a section is too long")),
    }
}

/// The text of a zlib stream of any length up to [`MAX_SECTION`].
pub(super) fn inflate_all(stored: &[u8]) -> Result<String, ModelError> {
    let mut text = String::new();
    let mut decoder = ZlibDecoder::new(stored).take(MAX_SECTION as u64 + 1);
    decoder.read_to_string(&mut text).map_err(corrupt)?;
    if text.len() > MAX_SECTION { Err(corrupt("a section is too long")) } else { Ok(text) }
}

/// The number at a position of the header.
pub(super) fn number(bytes: &[u8], at: usize) -> u32 {
    let bytes = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u32::from_le_bytes)
}
