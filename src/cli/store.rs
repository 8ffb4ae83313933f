//! The store that commands work on, and the engine around it.

use std::path::PathBuf;
use std::sync::Arc;

use super::async_runtime::{self, block_on};
use super::connections_args::ConnectionsArgs;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::operation_flags::variable_unless_empty;
use super::report;
use super::source_args::SourceArgs;
use crate::aws_connections::with_aws;
use crate::catalog::Catalog;
use crate::clock::{BoxFuture, Clock};
use crate::connection::Clients;
use crate::runtime::registry::Unusable;
use crate::runtime::sqlite::default_path;
use crate::runtime::{Admission, EmbeddedEngine, EngineError, SqliteStore, StoreError};

/// Where tasks are kept.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct StoreArgs {
    /// The file that keeps the tasks; default: `store` of a maitred.toml that is trusted, else
    /// maitred/maitred.sqlite in XDG_STATE_HOME, or else in ~/.local/state
    #[arg(long, value_name = "FILE", env = variable_unless_empty("MAITRED_STORE"), hide_env_values = true)]
    pub(super) store: Option<PathBuf>,
}

impl StoreArgs {
    /// The file.
    ///
    /// # Errors
    /// `maitred.toml` cannot be used, even if `--store` is given; it names a store in a folder that is not
    /// trusted; or there is no default because there is no home folder.
    pub(super) fn path(&self, context: &Context) -> Result<PathBuf, Failure> {
        if let Some(named) = &self.store {
            return context.project().map(|_| named.clone());
        }
        if let Some(named) = context.project_store()? {
            return Ok(named);
        }
        default_path().ok_or_else(|| {
            Failure::usage("there is no home folder for the store")
                .help("name the store with --store or MAITRED_STORE")
        })
    }

    /// Opens the store, and creates it if there is none. Folders are created only for the default store.
    pub(super) fn open(
        &self,
        admission: Admission,
        context: &Context,
    ) -> Result<OpenEngine, Failure> {
        let path = self.path(context)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) =
            folder.filter(|folder| Some(&path) != default_path().as_ref() && !folder.is_dir())
        {
            let message = format!("there is no folder {} to make the store in", folder.display());
            return Err(Failure::usage(message).help("make the folder, or give another --store"));
        }
        Ok(OpenEngine::open(path, context)?.with_admission(admission))
    }

    /// Opens a store that exists.
    pub(super) fn open_existing(&self, context: &Context) -> Result<OpenEngine, Failure> {
        let path = self.path(context)?;
        if !path.exists() {
            let message = format!("there is no store {}", path.display());
            return Err(Failure::usage(message).help(
                "`maitred tasks submit` makes it; --store and MAITRED_STORE say where it is",
            ));
        }
        OpenEngine::open(path, context)
    }
}

/// The engine of an open store.
#[derive(Debug)]
pub(super) struct OpenEngine {
    pub(super) path: PathBuf,
    pub(super) engine: EmbeddedEngine,
    pub(super) clock: Arc<dyn Clock>,
}

impl OpenEngine {
    fn open(path: PathBuf, context: &Context) -> Result<Self, Failure> {
        async_runtime::check_file_limit()?;
        let store = SqliteStore::open(&path).map_err(opening_failure)?;
        let store = store.with_wait_told(|path| {
            let path = report::path(path);
            report::note(&format!("{path} is kept busy by another process; waiting for it"));
        });
        let clock = Arc::clone(&context.clock);
        let registry = Arc::clone(&context.registry);
        let engine = EmbeddedEngine::new(Arc::new(store), registry, Arc::clone(&clock));
        Ok(Self { path, engine, clock })
    }

    /// The same whose engine checks and runs tasks with the connections, waiters and models of `admission`.
    pub(super) fn with_admission(mut self, admission: Admission) -> Self {
        self.engine = self.engine.with_admission(admission);
        self
    }

    /// Asks the engine something.
    pub(super) fn ask<T>(&self, asked: BoxFuture<'_, Result<T, EngineError>>) -> anyhow::Result<T> {
        Ok(block_on(asked)?.map_err(engine_failure)?)
    }
}

/// The checks of tasks before they are accepted, with the connections, waiters and service models of the
/// command's options.
///
/// # Errors
/// `maitred.toml` cannot be used, or names connections in a folder that is not trusted.
pub(super) fn admission(
    catalog: Arc<Catalog>,
    sources: &SourceArgs,
    connections: &ConnectionsArgs,
    context: &Context,
) -> Result<Admission, Failure> {
    let (connections, models) = (connections.open(context)?, sources.data.models(context));
    let clients = with_aws(Clients::new(connections, Arc::clone(&context.clock)), models);
    Ok(Admission::new(Arc::clone(&context.registry), Arc::new(clients)).with_catalog(catalog))
}

/// A store that cannot be opened, as an error of the command. Naming a file that is not a store is bad usage.
fn opening_failure(error: StoreError) -> Failure {
    if matches!(error, StoreError::Broken(_)) {
        return failure_with(&error, Exit::Usage);
    }
    store_failure(error)
}

/// An error of an open store as an error of the command.
pub(super) fn store_failure(error: StoreError) -> Failure {
    let is_unusable = matches!(
        error,
        StoreError::Unavailable(_)
            | StoreError::Locked(_)
            | StoreError::Replaced(_)
            | StoreError::Fenced
            | StoreError::Broken(_)
    );
    failure_with(&error, if is_unusable { Exit::Unreachable } else { Exit::Usage })
}

fn failure_with(error: &StoreError, exit: Exit) -> Failure {
    let because = std::error::Error::source(error);
    let because = because.map_or_else(String::new, |cause| format!("\n  because: {cause}"));
    let failure = Failure::new(exit, format!("{error}{because}"));
    match error {
        StoreError::Locked(_) => failure.help(
            "tasks can be submitted, listed and cancelled meanwhile; or give another --store",
        ),
        StoreError::Unavailable(_) => {
            failure.help("nothing was done; try again once the other process or the disk allows it")
        }
        StoreError::Replaced(_) => failure
            .help("nothing more was sent; look at the file that is there now, and start again"),
        StoreError::Fenced
        | StoreError::Conflict { .. }
        | StoreError::NotFound(_)
        | StoreError::Unsettled { .. }
        | StoreError::OtherCall { .. }
        | StoreError::NoCall(_)
        | StoreError::WrongState { .. }
        | StoreError::Newer(_)
        | StoreError::Broken(_)
        | _ => failure,
    }
}

/// An error of the engine as an error of the command.
pub(super) fn engine_failure(error: EngineError) -> Failure {
    match error {
        EngineError::Unusable { reason, .. } => unusable_failure(reason),
        EngineError::Unavailable(error) | EngineError::Failed(error) => {
            match error.downcast::<StoreError>() {
                Ok(error) => store_failure(*error),
                Err(error) => Failure::new(Exit::Unreachable, error.to_string()),
            }
        }
        EngineError::NoHost { .. } => {
            Failure::usage(error.to_string()).help(
                "give a whole URL, or a connection with a host; `maitred connections list` shows what is \
                 defined, and where",
            )
        }
        EngineError::Conflict { .. } => Failure::usage(error.to_string()).help(
            "give --on-conflict attach to follow that task, or replace to cancel it for this one",
        ),
        EngineError::NotFound(_) => {
            Failure::usage(error.to_string()).help("`maitred tasks list` shows the tasks there are")
        }
        EngineError::WrongState { .. } | EngineError::NoCall(_) | _ => {
            Failure::usage(error.to_string())
        }
    }
}

/// An operator or arguments that cannot be used, as an error of the command.
pub(super) fn unusable_failure(reason: Unusable) -> Failure {
    match reason {
        Unusable::Unknown(message) => {
            Failure::usage(message).help("`maitred tasks operators` shows the operators there are")
        }
        Unusable::Invalid(message) => Failure::usage(message),
    }
}
