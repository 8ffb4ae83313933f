//! The archive of service models. Random bytes would not get past its checksums, so an input that does
//! not begin as an archive is the text of one: parts with [`SEPARATOR`] between them, first the index,
//! then its sections. `@1` in the index is where the first section is, and how long. The last part is a
//! reply to the operations that come out of it.

use std::borrow::Cow;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use maitred::catalog::parse_lenient;
use maitred::client::Call;
use maitred::client::aws::AwsClient;
use maitred::model::Models;
use maitred::waiter::{Options, Waiter};

use super::{input, reply};

const MAGIC: &[u8] = b"MAITREDM";
const VERSION: u32 = 1;
const SEPARATOR: char = '\u{1e}';
/// As many services and operations are looked at.
const MOST: usize = 8;

pub(crate) fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (text, reply) = text.rsplit_once(SEPARATOR).unwrap_or((&text, ""));
    let bytes = if input.starts_with(MAGIC) { input.to_vec() } else { pack(text) };
    let Ok(models) = Models::from_bytes(bytes) else { return };
    let client = reply::client(models.clone());
    for service in models.services().take(MOST) {
        check_waiters(&models, service);
        check_operations(&client, service, reply);
    }
}

fn check_waiters(models: &Models, service: &str) {
    let Ok(Some(file)) = models.waiters(service) else { return };
    let Ok(lenient) = parse_lenient(&file) else { return };
    for (name, waiter) in &lenient.file.waiters {
        let Ok(config) = waiter.resolve() else { continue };
        drop(Waiter::compile(service, name, &config, &Options::default()));
    }
}

fn check_operations(client: &AwsClient, service: &str, reply: &str) {
    let Ok(found) = client.models().service(service) else { return };
    for name in found.model().operations.iter().take(MOST) {
        let Ok(operation) = found.operation(name) else { continue };
        let members = operation.input_members().iter().chain(operation.output_members());
        members.for_each(|member| drop(operation.type_summary(&member.target)));
        let input = input::required(&operation);
        let call = Call::new(service, name.clone(), input);
        let Ok(prepared) = client.prepare(&call) else { continue };
        let (headers, body) = reply::split(reply.as_bytes());
        for status in [200, 400] {
            drop(prepared.read(status, headers.clone(), body.to_vec()));
        }
    }
}

/// The archive that a text describes.
fn pack(text: &str) -> Vec<u8> {
    let mut parts = text.split(SEPARATOR);
    let mut index = Cow::Borrowed(parts.next().unwrap_or_default());
    let mut sections = Vec::new();
    for (place, part) in parts.enumerate().take(MOST) {
        let stored = compressed(part);
        let section = format!("[{},{},{}]", sections.len(), stored.len(), part.len());
        index = index.replace(&format!("@{}", place + 1), &section).into();
        sections.extend(stored);
    }
    let index = compressed(&index);
    let length = u32::try_from(index.len()).expect("an input is short");
    [MAGIC, &VERSION.to_le_bytes(), &length.to_le_bytes(), &index, &sections].concat()
}

fn compressed(text: &str) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::none());
    let written = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    written.expect("memory takes what is written")
}
