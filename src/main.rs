//! The `maitred` command.

fn main() -> std::process::ExitCode {
    maitred::cli::main_with_args(std::env::args_os())
}
