//! The limits of open files and connections of this process.

/// The files reserved for short uses: certificates, name look-ups, secrets.
const RESERVE: usize = 8;

/// Raises the limit of open files to the system's maximum.
pub fn raise_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        // If the system refuses, the limit is unchanged.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// The number of connections that can be open in addition to the open files; `None` if unknown.
pub fn room_for_connections() -> Option<usize> {
    Some(available()?.saturating_sub(RESERVE))
}

/// The number of files that this process may still open; `None` if unknown.
pub fn available() -> Option<usize> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        let limit = usize::try_from(getrlimit(Resource::Nofile).current?).ok()?;
        let open = std::fs::read_dir("/dev/fd").map(Iterator::count);
        match open {
            Ok(open) => Some(limit.saturating_sub(open)),
            Err(error) => (error.raw_os_error() == Some(EMFILE)).then_some(0),
        }
    }
    #[cfg(not(unix))]
    None
}

/// Too many open files.
#[cfg(unix)]
const EMFILE: i32 = rustix::io::Errno::MFILE.raw_os_error();
