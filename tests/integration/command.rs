//! The command as a process, apart from the machine that it runs on.

use std::path::Path;

use assert_cmd::Command;

/// `maitred` in the folder of this crate, with nothing of the user's in its environment.
pub(crate) fn maitred(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("maitred").unwrap();
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .env("HOME", Path::new("tests").join("no-home"))
        .args(args);
    command
}

/// What the command printed and how it ended, as a snapshot shows it.
pub(crate) fn transcript(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let mut transcript = format!("exit code: {}\n", output.status.code().unwrap());
    for (name, stream) in [("stdout", output.stdout), ("stderr", output.stderr)] {
        if !stream.is_empty() {
            let text = String::from_utf8(stream).unwrap();
            transcript.push_str(&format!("--- {name}\n{text}"));
        }
    }
    transcript
}
