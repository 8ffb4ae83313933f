//! Credentials from a `credential_process`.
//!
//! The SDK's provider does not limit the output, and leaves the process running when the call is dropped.

use std::process::{Output, Stdio};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use serde_json::{Map, Value};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use maitred_core::process_group;
use maitred_model::timestamp::DateTime;

/// The most bytes that a process may write.
const MAX_OUTPUT: u64 = 1 << 20;

/// Runs a process, and reads the credentials that it writes. If this is dropped before it has ended, it is
/// killed with the processes that it has started.
///
/// `account` is that of the profile, for a process that does not name one.
pub(super) async fn run(
    command: String,
    account: Option<String>,
) -> Result<Credentials, CredentialsError> {
    let mut command = command_of(&command)?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    process_group::lead(&mut command);
    let spawned = command.spawn();
    let mut child = spawned.map_err(|error| failed(format!("cannot be started: {error}")))?;
    let mut running = Running { leader: child.id() };
    let Output { status, stdout, stderr } = output(&mut child).await?;
    // Processes that it leaves running on purpose go on.
    running.leader = None;
    if !status.success() {
        let said = String::from_utf8_lossy(&stderr).trim().to_owned();
        return Err(failed(format!("ended with {status}: {said}")));
    }
    credentials(&stdout, account)
}

/// The words of the command, without a shell, as in botocore.
#[cfg(unix)]
fn command_of(command: &str) -> Result<Command, CredentialsError> {
    let words = super::profiles::words(command);
    let words = words.filter(|words| !words.is_empty());
    let words = words.ok_or_else(|| failed("has a quote that is not closed"))?;
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    Ok(command)
}

#[cfg(not(unix))]
fn command_of(command: &str) -> Result<Command, CredentialsError> {
    let mut shell = Command::new("cmd.exe");
    shell.arg("/C").raw_arg(format!("\"{command}\""));
    Ok(shell)
}

/// A process that has not ended. It is killed with its children when this is dropped.
struct Running {
    leader: Option<u32>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.leader.into_iter().for_each(process_group::kill);
    }
}

/// The output of a process, once it has ended.
async fn output(child: &mut Child) -> Result<Output, CredentialsError> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = tokio::try_join!(capped(stdout), capped(stderr))?;
    let status = child.wait().await.map_err(|error| failed(error.to_string()))?;
    Ok(Output { status, stdout, stderr })
}

async fn capped(stream: Option<impl AsyncRead + Unpin>) -> Result<Vec<u8>, CredentialsError> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        let read = stream.take(MAX_OUTPUT + 1).read_to_end(&mut bytes).await;
        read.map_err(|error| failed(error.to_string()))?;
    }
    if bytes.len() as u64 > MAX_OUTPUT {
        return Err(failed("writes more than 1 MiB"));
    }
    Ok(bytes)
}

/// The credentials in the output of a process.
fn credentials(output: &[u8], account: Option<String>) -> Result<Credentials, CredentialsError> {
    // Messages do not quote the output, which may be a secret.
    let found: Map<String, Value> =
        serde_json::from_slice(output).map_err(|_| failed("does not write a JSON object"))?;
    let member = |name: &str| {
        let found = found.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value).filter(|value| !value.is_null())
    };
    let text = |name: &str| member(name).and_then(Value::as_str);
    if member("Version").and_then(Value::as_u64) != Some(1) {
        return Err(failed("does not write `Version` 1"));
    }
    let required =
        |name: &str| text(name).ok_or_else(|| failed(format!("does not write `{name}`")));
    let mut credentials = Credentials::builder()
        .access_key_id(required("AccessKeyId")?)
        .secret_access_key(required("SecretAccessKey")?)
        .provider_name("CredentialProcess");
    credentials.set_session_token(text("SessionToken").map(str::to_owned));
    credentials.set_account_id(text("AccountId").map(str::to_owned).or(account).map(Into::into));
    if let Some(time) = member("Expiration") {
        let expires = time.as_str().and_then(expiration);
        let expires = expires.ok_or_else(|| failed("writes an `Expiration` that is not a time"))?;
        credentials.set_expiry(Some(expires));
    }
    Ok(credentials.build())
}

/// When credentials expire; `None` if the text is not a time.
pub(super) fn expiration(text: &str) -> Option<SystemTime> {
    let millis = DateTime::parse(text)?.epoch_millis();
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(u64::try_from(millis).ok()?))
}

fn failed(what: impl std::fmt::Display) -> CredentialsError {
    CredentialsError::provider_error(format!("the credential_process {what}"))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    async fn said(command: &str) -> String {
        let error = run(command.to_owned(), None).await.unwrap_err();
        std::error::Error::source(&error).unwrap().to_string()
    }

    #[tokio::test]
    async fn the_output_of_a_process_has_a_cap() {
        for command in ["cat /dev/zero", "sh -c 'cat /dev/zero >&2'"] {
            assert_eq!(said(command).await, "the credential_process writes more than 1 MiB");
        }
    }

    #[tokio::test]
    async fn credentials_of_a_process_are_read_as_botocore_reads_them() {
        let command = "printf '{\"Version\": 1, \"AccessKeyId\": \"A\", \"SecretAccessKey\": \"s # x\", \
             \"SessionToken\": \"t\", \"AccountId\": \"1\", \"Expiration\": \"2999-01-01T00:00:00Z\"}'";
        let found = run(command.to_owned(), None).await.unwrap();
        assert_eq!((found.access_key_id(), found.secret_access_key()), ("A", "s # x"));
        assert_eq!(found.session_token(), Some("t"));
        assert!(found.expiry().is_some() && found.account_id().is_some());
        for (command, message) in [
            ("echo {}", "does not write `Version` 1"),
            ("echo", "does not write a JSON object"),
            ("printf '{\"Version\": 1}'", "does not write `AccessKeyId`"),
            ("sh -c 'echo no >&2; exit 3'", "ended with exit status: 3: no"),
            ("echo 'x", "has a quote that is not closed"),
            ("/nowhere/program", "cannot be started: "),
        ] {
            let said = said(command).await;
            assert!(said.contains(message), "{command}: {said}");
        }
    }

    #[tokio::test]
    async fn a_process_that_is_not_waited_for_is_killed_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        // The child holds the pipe open as long as it lives.
        let command = format!("sh -c 'sh -c \"exec 3>{0}; sleep 1000\" & wait'", pipe.display());
        let reader = tokio::task::spawn_blocking({
            let pipe = pipe.clone();
            move || std::fs::File::open(pipe).unwrap()
        });
        let running = tokio::spawn(async move { run(command, None).await.map(drop) });
        // It is opened as soon as the child is there.
        let mut open = reader.await.unwrap();
        running.abort();
        let read = tokio::task::spawn_blocking(move || std::io::Read::read(&mut open, &mut [0]));
        assert_eq!(read.await.unwrap().unwrap(), 0, "the child has ended");
    }
}
