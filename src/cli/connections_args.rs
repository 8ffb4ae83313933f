//! `--connections`.

use std::path::PathBuf;

use super::context::Context;
use super::exit::Failure;
use super::operation_flags::variable_unless_empty;
use super::report;
use crate::connection::{ConnectionError, Connections, Environment};

/// Which file of connections is used.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ConnectionsArgs {
    /// The file of connections; default: `connections` of a maitred.toml that is trusted, else
    /// maitred/connections.toml in the configuration folder.
    #[arg(long, value_name = "FILE", env = variable_unless_empty("MAITRED_CONNECTIONS"), hide_env_values = true)]
    connections: Option<PathBuf>,
}

impl ConnectionsArgs {
    /// The connections of the environment and of a file: the named one, else the project's, else the default.
    pub(super) fn open(&self, context: &Context) -> Result<Connections, Failure> {
        match self.connections.as_deref() {
            Some(path) => {
                let connections = Connections::new(Environment::of_process()).with_file(path);
                Ok(connections.with_known_secrets(report::known().clone()))
            }
            None => context.project_connections(),
        }
    }
}

/// A connection that cannot be used, as an error of the command.
pub(super) fn connection_failure(error: &ConnectionError) -> Failure {
    let help = "`maitred connections list` shows what is defined, and where";
    let is_undefined = matches!(error, ConnectionError::Undefined { .. });
    Failure::usage(error.to_string()).maybe_help(is_undefined.then(|| help.to_owned()))
}
