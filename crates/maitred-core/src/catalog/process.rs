//! Sources from the environment, the home folder and the working directory of a process.

use std::ffi::OsString;
use std::path::PathBuf;

use super::sources::Sources;

impl Sources {
    /// Sets the sources of the command `maitred`: the files and folders in `MAITRED_WAITERS`, those of
    /// `AWS_DATA_PATH` and `~/.aws/models`, and `./waiters`. Does not read `maitred.toml`.
    #[must_use]
    pub fn with_environment(self) -> Self {
        let user = std::env::var_os("MAITRED_WAITERS");
        self.with_user(user.iter().flat_map(paths))
            .with_data_paths(data_paths(std::env::var_os("AWS_DATA_PATH"), std::env::home_dir()))
            .with_local([PathBuf::from("waiters")])
    }
}

/// The paths of a variable; empty ones are skipped.
fn paths(variable: &OsString) -> impl Iterator<Item = PathBuf> {
    std::env::split_paths(variable).filter(|path| !path.as_os_str().is_empty())
}

/// The folders in which botocore looks for data, except its own.
fn data_paths(variable: Option<OsString>, home: Option<PathBuf>) -> Vec<PathBuf> {
    let under_home = |path: PathBuf| match (path.strip_prefix("~"), &home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path,
    };
    let mut paths: Vec<_> = variable.iter().flat_map(paths).map(under_home).collect();
    paths.extend(home.map(|home| home.join(".aws").join("models")));
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn data_paths_are_those_of_botocore() {
        let home = PathBuf::from("/home/me");
        let paths = data_paths(Some("/a:~/b:".into()), Some(home.clone()));
        let expected = [PathBuf::from("/a"), home.join("b"), home.join(".aws/models")];
        assert_eq!(paths, expected);
    }
}
