//! The waiter files that are built in.

use include_dir::{Dir, include_dir};

/// The waiter files of this crate.
pub(super) static WAITERS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/waiters");

/// The waiter files of this crate: service and text, in the order of the services.
pub fn shipped() -> impl Iterator<Item = (&'static str, &'static str)> {
    built_in_files(&WAITERS)
}

/// The JSON files of a built-in folder: name and text, in the order of the names.
pub(super) fn built_in_files(
    folder: &'static Dir<'static>,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    folder.files().filter_map(|file| {
        let path = file.path();
        let service = path.file_stem()?.to_str()?;
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        Some((service, file.contents_utf8().filter(|_| is_json)?))
    })
}
