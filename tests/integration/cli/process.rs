//! The command as a process whose environment holds nothing of the machine's.

use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::{Child, Command};

/// The command, with a home of its own.
pub(super) struct Maitred {
    home: TempDir,
    variables: Vec<(String, String)>,
}

/// What a run of it came to.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Ran {
    /// The result as JSON.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }
}

impl Maitred {
    /// Without credentials, region or waiter files.
    pub(super) fn new() -> Self {
        Self { home: TempDir::new().unwrap(), variables: Vec::new() }
    }

    /// With credentials and a region; calls are tried once.
    pub(super) fn with_account() -> Self {
        Self::new()
            .variable("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .variable("AWS_SECRET_ACCESS_KEY", "not-a-secret")
            .variable("AWS_REGION", "eu-west-1")
            .variable("AWS_MAX_ATTEMPTS", "1")
    }

    pub(super) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a file to the home, which is the working directory too.
    pub(super) fn file(self, path: &str, text: &str) -> Self {
        let path = self.home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_maitred"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.home.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(self.variables.iter().cloned())
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    pub(super) async fn run(&self, args: &[&str]) -> Ran {
        finished(self.start(args)).await
    }

    pub(super) fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().unwrap()
    }
}

/// Waits for the end of a run.
pub(super) async fn finished(child: Child) -> Ran {
    let output = child.wait_with_output().await.unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
