//! The command as a process whose environment holds nothing of the machine's.

use std::path::PathBuf;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

/// The command, with a home of its own.
pub(crate) struct Maitred {
    program: PathBuf,
    home: TempDir,
    variables: Vec<(String, String)>,
}

/// What a run of it came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The result as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }
}

impl Maitred {
    /// Without credentials, region or waiter files.
    pub(crate) fn new() -> Self {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_maitred"));
        Self { program, home: TempDir::new().unwrap(), variables: Vec::new() }
    }

    /// The same with another program, a path.
    pub(super) fn program(self, program: PathBuf) -> Self {
        Self { program, ..self }
    }

    /// With credentials and a region; calls are tried once.
    pub(crate) fn with_account() -> Self {
        Self::new()
            .variable("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .variable("AWS_SECRET_ACCESS_KEY", "not-a-secret")
            .variable("AWS_REGION", "eu-west-1")
            .variable("AWS_MAX_ATTEMPTS", "1")
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a file to the home, which is the working directory too.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        self.bytes(path, text.as_bytes())
    }

    pub(crate) fn bytes(self, path: &str, content: &[u8]) -> Self {
        let path = self.home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    /// A path in the home.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    /// Whether there is such a file in the home.
    pub(super) fn has(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// Starts it with this as stdin.
    pub(super) fn spawn(&self, args: &[&str], stdin: Stdio) -> Child {
        self.command(args).stdin(stdin).spawn().unwrap()
    }

    /// The text of a file in the home.
    pub(super) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.home.path().join(path)).unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        self.prepared(Command::new(&self.program), args)
    }

    fn prepared(&self, mut command: Command, args: &[&str]) -> Command {
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

    pub(crate) async fn run(&self, args: &[&str]) -> Ran {
        finished(self.start(args)).await
    }

    /// Runs it with a short time-out, and with longer ones until `is_reached`: on a busy machine a process may need
    /// longer than that to get anywhere.
    pub(super) async fn run_out_of_time(
        &self,
        args: &[&str],
        is_reached: impl Fn() -> bool,
    ) -> Ran {
        for timeout in ["300ms", "3s", "30s"] {
            let ran = self.run(&[args, &["--timeout", timeout]].concat()).await;
            if is_reached() {
                return ran;
            }
        }
        panic!("it does not get there in 30 seconds");
    }

    /// Runs it as a process that may open so many files.
    #[cfg(unix)]
    pub(super) async fn run_limited(&self, files: u64, args: &[&str]) -> Ran {
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg(format!("ulimit -n {files} && exec \"$0\" \"$@\"")).arg(&self.program);
        finished(self.prepared(shell, args).spawn().unwrap()).await
    }

    /// Runs it with this on stdin.
    pub(crate) async fn run_with_input(&self, args: &[&str], input: &str) -> Ran {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // One that does not read it has closed the pipe.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        finished(child).await
    }

    pub(crate) fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().unwrap()
    }
}

/// Waits for the end of a run.
pub(crate) async fn finished(child: Child) -> Ran {
    let output = child.wait_with_output().await.unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Reads what a run says on stderr until it has said enough; the rest is left to [`finished`].
pub(crate) async fn read_until(child: &mut Child, enough: impl Fn(&str) -> bool) -> String {
    let stderr = child.stderr.as_mut().unwrap();
    let mut said = Vec::new();
    while !enough(&String::from_utf8_lossy(&said)) {
        let read = stderr.read_buf(&mut said).await.unwrap();
        assert_ne!(read, 0, "it ended: {}", String::from_utf8_lossy(&said));
    }
    String::from_utf8(said).unwrap()
}
