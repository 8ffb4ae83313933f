//! Content codings: decompresses bodies, up to a cap.
//!
//! <https://www.rfc-editor.org/rfc/rfc9110#section-8.4>

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read};

use brotli_decompressor::Decompressor;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

/// The most codings of one body. More than two are not used in practice.
const MAX_CODINGS: usize = 4;

/// A body that cannot be decoded. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, thiserror::Error)]
pub enum CodingError {
    /// It has a coding that is not supported, or too many of them.
    #[error(
        "the body has the content coding `{0}`, which cannot be decoded: known are gzip, deflate, br and zstd"
    )]
    Unknown(String),
    /// It is not valid in its coding, or it ends too soon.
    #[error("the body was cut off or garbled: {0}")]
    Garbled(String),
    /// It is larger than the cap once it is decoded.
    #[error("the body is too large once it is decompressed")]
    TooLarge,
}

/// Decodes a body. `content_encoding` is the value of that header: the codings in the order in which they
/// were applied. The result has at most `cap` bytes.
///
/// # Errors
/// A coding is not supported, the body is not valid in it, or the result is larger than `cap`.
pub fn decode<'a>(
    body: &'a [u8],
    content_encoding: &str,
    cap: usize,
) -> Result<Cow<'a, [u8]>, CodingError> {
    let codings: Vec<String> = content_encoding
        .split(',')
        .map(|coding| coding.trim().to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != "identity")
        .collect();
    if codings.len() > MAX_CODINGS {
        return Err(CodingError::Unknown(codings.join(", ")));
    }
    let mut body = Cow::Borrowed(body);
    // An empty body has no coding, whatever the header says.
    if body.is_empty() {
        return Ok(body);
    }
    for coding in codings.iter().rev() {
        let mut unpacked = Unpacked { bytes: Vec::new(), cap };
        match coding.as_str() {
            "gzip" | "x-gzip" => gunzip(&body, &mut unpacked)?,
            "deflate" if is_zlib(&body) => unpacked.take(ZlibDecoder::new(&body[..]))?,
            // The standard says zlib, but some servers leave out its frame.
            "deflate" => unpacked.take(DeflateDecoder::new(&body[..]))?,
            "br" => unpacked.take(Decompressor::new(&body[..], 4096))?,
            "zstd" => unzstd(&body, &mut unpacked)?,
            unknown => return Err(CodingError::Unknown(unknown.to_owned())),
        }
        body = Cow::Owned(unpacked.bytes);
    }
    Ok(body)
}

/// The bytes decoded so far.
struct Unpacked {
    bytes: Vec<u8>,
    cap: usize,
}

impl Unpacked {
    /// Reads all of `source`, but no more than one byte past the cap.
    fn take(&mut self, source: impl Read) -> Result<(), CodingError> {
        let room = (self.cap - self.bytes.len()) as u64;
        source.take(room.saturating_add(1)).read_to_end(&mut self.bytes).map_err(garbled)?;
        if self.bytes.len() > self.cap { Err(CodingError::TooLarge) } else { Ok(()) }
    }
}

fn garbled(error: impl fmt::Display) -> CodingError {
    CodingError::Garbled(error.to_string())
}

/// Reads one member after the other. Zeros after the last one are accepted, as `gzip` does.
fn gunzip(mut rest: &[u8], unpacked: &mut Unpacked) -> Result<(), CodingError> {
    loop {
        let mut member = GzDecoder::new(rest);
        unpacked.take(&mut member)?;
        rest = member.into_inner();
        if rest.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
    }
}

/// Returns `true` if the body begins with the header of zlib: <https://www.rfc-editor.org/rfc/rfc1950#section-2.2>.
fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [method, flags, ..]
        if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31))
}

/// Reads one frame after the other, without those that are to be skipped.
fn unzstd(mut rest: &[u8], unpacked: &mut Unpacked) -> Result<(), CodingError> {
    while !rest.is_empty() {
        let frame = StreamingDecoder::new(&mut rest);
        match frame {
            Ok(frame) => unpacked.take(frame)?,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let after = usize::try_from(length).ok().and_then(|length| rest.get(length..));
                rest =
                    after.ok_or_else(|| garbled(io::Error::from(io::ErrorKind::UnexpectedEof)))?;
            }
            Err(error) => return Err(garbled(error)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = br#"{"a":1}"#;
    /// [`TEXT`] as one frame, uncompressed.
    const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd\x20\x07\x39\x00\x00{\"a\":1}";
    /// A frame to be skipped.
    const SKIPPED: &[u8] = b"\x50\x2a\x4d\x18\x02\x00\x00\x00xx";
    const BROTLI: &[u8] = b"\x0b\x03\x80{\"a\":1}\x03";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn decoded(body: &[u8], coding: &str) -> Vec<u8> {
        decode(body, coding, 1000).unwrap_or_else(|error| panic!("{coding}: {error}")).into_owned()
    }

    #[test]
    fn every_coding_is_undone() {
        assert_eq!(decoded(TEXT, ""), TEXT);
        assert_eq!(decoded(TEXT, "identity"), TEXT);
        assert_eq!(decoded(&gzip(TEXT), "gzip"), TEXT);
        assert_eq!(decoded(&gzip(TEXT), "X-GZip"), TEXT);
        assert_eq!(decoded(&zlib(TEXT), "deflate"), TEXT);
        assert_eq!(decoded(&deflate(TEXT), "deflate"), TEXT);
        assert_eq!(decoded(BROTLI, "br"), TEXT);
        assert_eq!(decoded(ZSTD, "zstd"), TEXT);
        assert_eq!(decoded(&gzip(&zlib(TEXT)), "deflate, gzip"), TEXT);
        assert_eq!(decoded(b"", "gzip"), b"");
    }

    #[test]
    fn members_and_frames_follow_one_another() {
        let twice = [TEXT, TEXT].concat();
        assert_eq!(decoded(&[gzip(TEXT), gzip(TEXT)].concat(), "gzip"), twice);
        assert_eq!(decoded(&[gzip(TEXT), vec![0; 512]].concat(), "gzip"), TEXT);
        assert_eq!(decoded(&[ZSTD, SKIPPED, ZSTD].concat(), "zstd"), twice);
    }

    #[test]
    fn what_is_not_whole_is_an_error() {
        let cut = |bytes: &[u8]| bytes[..bytes.len() - 3].to_vec();
        let second_cut = [gzip(TEXT), cut(&gzip(TEXT))].concat();
        let then_garbage = [gzip(TEXT), b"garbage".to_vec()].concat();
        for (body, coding) in [
            (cut(&gzip(TEXT)), "gzip"),
            (second_cut, "gzip"),
            (then_garbage, "gzip"),
            (cut(&zlib(TEXT)), "deflate"),
            (cut(BROTLI), "br"),
            (cut(ZSTD), "zstd"),
            (cut(SKIPPED), "zstd"),
            (TEXT.to_vec(), "gzip"),
        ] {
            let found = decode(&body, coding, 1000);
            assert!(matches!(found, Err(CodingError::Garbled(_))), "{coding}: {found:?}");
        }
        let unknown = decode(TEXT, "compress", 1000);
        assert!(matches!(unknown, Err(CodingError::Unknown(_))), "{unknown:?}");
    }

    #[test]
    fn no_more_comes_out_than_the_cap_allows() {
        let members = [gzip(&[0; 600]), gzip(&[0; 600])].concat();
        for (body, coding) in [(gzip(&[0; 1001]), "gzip"), (members, "gzip")] {
            let found = decode(&body, coding, 1000);
            assert!(matches!(found, Err(CodingError::TooLarge)), "{found:?}");
        }
        assert!(matches!(decode(ZSTD, "zstd", 6), Err(CodingError::TooLarge)));
        assert!(matches!(decode(BROTLI, "br", 6), Err(CodingError::TooLarge)));
        assert_eq!(decode(&gzip(&[0; 1000]), "gzip", 1000).unwrap().len(), 1000);
        let bomb = gzip(&gzip(&[0; 1_000_000]));
        assert!(matches!(decode(&bomb, "gzip, gzip", 10_000), Err(CodingError::TooLarge)));
    }
}
