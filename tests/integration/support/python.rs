//! The Python that runs botocore and moto for tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The packages, to the last one.
const REQUIREMENTS: &str = include_str!("../../oracle/requirements.txt");

/// Names an interpreter that has the packages of `tests/oracle/requirements.txt`.
const OVERRIDE: &str = "MAITRED_TEST_PYTHON";

/// The interpreter of a virtual environment with the packages of `tests/oracle/requirements.txt`.
///
/// The first caller of all processes makes the environment in `target/test-python`, the others
/// wait for it; it is made anew when the requirements change.
///
/// # Panics
/// When there is no Python or a package cannot be installed, saying what to do about it.
pub(crate) fn python() -> PathBuf {
    if let Some(interpreter) = std::env::var_os(OVERRIDE) {
        return interpreter.into();
    }
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("test-python");
    let lock = fs::File::create(home.with_extension("lock")).expect("target can be written to");
    lock.lock().expect("target can be locked");
    let installed = home.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|found| found == REQUIREMENTS) {
        return interpreter(&home);
    }
    install(&home);
    // Written last: an installation that was interrupted is begun again.
    fs::write(&installed, REQUIREMENTS).expect("target can be written to");
    interpreter(&home)
}

/// A script of `tests/oracle`.
pub(crate) fn oracle(script: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle").join(script)
}

fn interpreter(home: &Path) -> PathBuf {
    home.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

fn install(home: &Path) {
    let system = if cfg!(windows) { "python" } else { "python3" };
    run(Command::new(system).args(["-m", "venv", "--clear"]).arg(home));
    run(Command::new(interpreter(home))
        .args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"])
        .arg("--requirement")
        .arg(oracle("requirements.txt")));
}

fn run(command: &mut Command) {
    let failure = match command.output() {
        Ok(output) if output.status.success() => return,
        Ok(output) => format!(
            "{}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => error.to_string(),
    };
    panic!(
        "the Python environment of the tests could not be made.\nran: {command:?}\n{failure}\n\
         Install Python 3.10 or later with venv and pip, or set {OVERRIDE} to an interpreter \
         that has the packages of tests/oracle/requirements.txt."
    );
}
