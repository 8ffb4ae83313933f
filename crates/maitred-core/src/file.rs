//! Reading regular files of a limited size.
//!
//! A path may not be trusted: a checked-out folder can contain a link to a device, a pipe without a writer,
//! or an endless file. All files are read through this module, so that none of them makes a command hang or
//! exhausts the memory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, Read};
use std::path::Path;

use thiserror::Error;

/// An error of reading a file. `Display` begins with a verb, to follow the file's name.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The path is a folder, a pipe, a socket or a device.
    #[error("is not a regular file")]
    NotRegular,
    /// The file has more bytes than this.
    #[error("is longer than {0} bytes")]
    TooLong(u64),
    /// The file is not UTF-8.
    #[error("is not UTF-8 text")]
    NotText,
    /// An error of the operating system.
    #[error("cannot be read: {0}")]
    Io(io::Error),
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl FileError {
    /// Returns whether the file does not exist.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

/// Opens a regular file, or a link to one, for reading.
pub fn open(path: &Path) -> Result<File, FileError> {
    // Opening a device can have side effects.
    if !fs::metadata(path)?.is_file() {
        return Err(FileError::NotRegular);
    }
    let mut options = OpenOptions::new();
    options.read(true);
    // A path that has become a pipe meanwhile is opened without waiting for a writer.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(FileError::NotRegular) }
}

/// The content of a regular file of at most `most` bytes.
pub fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    let file = open(path)?;
    if file.metadata()?.len() > most {
        return Err(FileError::TooLong(most));
    }
    all(file, most)
}

/// The text of a regular file of at most `most` bytes.
pub fn text(path: &Path, most: u64) -> Result<String, FileError> {
    as_text(bytes(path, most)?)
}

/// All of a stream that has at most `most` bytes.
pub fn all(source: impl Read, most: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    source.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(FileError::TooLong(most)) } else { Ok(bytes) }
}

/// The bytes as text.
pub fn as_text(bytes: Vec<u8>) -> Result<String, FileError> {
    String::from_utf8(bytes).map_err(|_| FileError::NotText)
}

/// The lines of a stream as text, with at most `longest` bytes each and `most` bytes together. Ends with the
/// first error.
pub fn lines(
    source: impl Read,
    longest: u64,
    most: u64,
) -> impl Iterator<Item = Result<String, FileError>> {
    let mut source = io::BufReader::new(source);
    let (mut left, mut is_over) = (most, false);
    std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        let line = next_line(&mut source, longest, most, &mut left).transpose();
        is_over = !matches!(line, Some(Ok(_)));
        line
    })
}

fn next_line(
    source: &mut impl io::BufRead,
    longest: u64,
    most: u64,
    left: &mut u64,
) -> Result<Option<String>, FileError> {
    let mut line = Vec::new();
    let cap = longest.min(*left);
    let read = source.take(cap.saturating_add(1)).read_until(b'\n', &mut line)? as u64;
    if read > cap {
        return Err(FileError::TooLong(if cap == longest { longest } else { most }));
    }
    *left -= read;
    if line.is_empty() {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    as_text(line).map(Some)
}

/// Opens a path given on the command line: a regular file, or an inherited stream such as `/dev/stdin`, or
/// `/dev/fd/63`, which a shell passes for `<(command)`.
pub fn open_named(path: &Path) -> Result<File, FileError> {
    let is_given = path == Path::new("/dev/stdin")
        || ["/dev/fd", "/proc/self/fd"].iter().any(|folder| path.starts_with(folder));
    if is_given { Ok(File::open(path)?) } else { open(path) }
}

/// The content of a path given on the command line, of at most `most` bytes.
pub fn named(path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    all(open_named(path)?, most)
}

/// Returns whether a file written at `path` is inside the folder `root` after all links are followed. The last parts
/// of the path need not exist.
pub fn leads_into(root: &Path, path: &Path) -> bool {
    let here = |path| if path == Path::new("") { Path::new(".") } else { path };
    let Ok(root) = fs::canonicalize(here(root)) else { return false };
    // The longest existing part; a broken link exists.
    let Some(there) = path.ancestors().find(|part| fs::symlink_metadata(here(part)).is_ok()) else {
        return false;
    };
    let plain = |part| matches!(part, std::path::Component::Normal(_));
    let below = path.strip_prefix(there).is_ok_and(|rest| rest.components().all(plain));
    below && fs::canonicalize(here(there)).is_ok_and(|there| there.starts_with(&root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_cap() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "1234").unwrap();
        assert_eq!(text(&path, 4).unwrap(), "1234");
        let error = text(&path, 3).unwrap_err();
        assert_eq!(error.to_string(), "is longer than 3 bytes");
        // Ten gigabytes of nothing.
        File::options().write(true).open(&path).unwrap().set_len(10 << 30).unwrap();
        assert!(matches!(bytes(&path, 1024), Err(FileError::TooLong(1024))));
        assert!(text(&folder.path().join("none"), 4).unwrap_err().is_missing());
        fs::write(&path, b"\xff").unwrap();
        assert!(matches!(text(&path, 4), Err(FileError::NotText)));
    }

    #[test]
    fn a_stream_is_read_up_to_its_cap() {
        assert_eq!(all(&b"1234"[..], 4).unwrap(), b"1234");
        assert!(matches!(all(io::repeat(0), 1024), Err(FileError::TooLong(1024))));
    }

    #[test]
    fn lines_have_a_cap_each_and_one_in_all() {
        let read = |text: &'static [u8]| -> Vec<_> {
            let lines = lines(text, 4, 8).map(|line| line.map_err(|error| error.to_string()));
            lines.collect()
        };
        let good = |line: &str| Ok(line.to_owned());
        let long = |most: u64| Err(format!("is longer than {most} bytes"));
        assert_eq!(read(b"one\n\ntwo"), [good("one"), good(""), good("two")]);
        assert_eq!(read(b"one\nfour\n"), [good("one"), long(4)]);
        assert_eq!(read(b"one\none\none\n"), [good("one"), good("one"), long(8)]);
        let mut endless = lines(io::repeat(b'x'), 4, 8);
        assert!(matches!(endless.next(), Some(Err(FileError::TooLong(4)))));
        assert!(endless.next().is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_path_leads_into_a_folder_with_all_links_followed() {
        use std::os::unix::fs::symlink;
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("root");
        fs::create_dir_all(root.join("deep")).unwrap();
        symlink(home.path(), root.join("out")).unwrap();
        symlink("nowhere", root.join("dangling")).unwrap();
        symlink("deep", root.join("in")).unwrap();
        for (path, inside) in [
            ("new.json", true),
            ("deep/a/b.json", true),
            ("in/new.json", true),
            ("out/new.json", false),
            ("dangling", false),
            ("dangling/new.json", false),
            ("../new.json", false),
            ("new/../../x.json", false),
        ] {
            assert_eq!(leads_into(&root, &root.join(path)), inside, "{path}");
        }
        assert!(!leads_into(&root, home.path()));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_not_opened() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        // Nobody ever writes to it.
        let made = std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
        assert!(made.success());
        symlink("/dev/zero", at("zero")).unwrap();
        symlink("pipe", at("linked")).unwrap();
        for name in ["pipe", "linked", "zero", "."] {
            let error = bytes(&at(name), 1024).unwrap_err();
            assert!(matches!(error, FileError::NotRegular), "{name}: {error}");
        }
        fs::write(at("file"), "1").unwrap();
        symlink("file", at("good")).unwrap();
        assert_eq!(text(&at("good"), 4).unwrap(), "1");
    }
}
