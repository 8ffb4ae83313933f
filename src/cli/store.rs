//! The store that commands work on, and the engine around it.

use std::path::PathBuf;
use std::sync::Arc;

use super::clients::SourceArgs;
use super::exit::{Exit, Failure};
use super::project;
use crate::clock::Clock;
use crate::clock::SystemClock;
use crate::connection::Clients;
use crate::connection::Connections;
use crate::connection::Environment;
use crate::runtime::EmbeddedEngine;
use crate::runtime::Registry;
use crate::runtime::SqliteStore;
use crate::runtime::Store;
use crate::runtime::StoreDefinitions;
use crate::runtime::StoreError;
use crate::runtime::Triggerer;
use crate::runtime::TriggererOptions;
use crate::runtime::engine::EngineError;
use crate::runtime::registry::Unusable;
use crate::runtime::sqlite::default_path;
use crate::trigger::Definitions;
use crate::trigger::Services;

/// Where tasks are kept.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct StoreArgs {
    /// The file that keeps the tasks; default: `store` of maitred.toml, else maitred/maitred.sqlite in
    /// XDG_STATE_HOME, or else in ~/.local/state
    #[arg(long, value_name = "FILE", env = "MAITRED_STORE", hide_env_values = true)]
    pub(super) store: Option<PathBuf>,
}

impl StoreArgs {
    pub(super) fn path(&self) -> PathBuf {
        let project = || project::project().ok()?.store;
        self.store.clone().or_else(project).unwrap_or_else(default_path)
    }

    /// Opens the store; a new one is made if there is none.
    pub(super) fn open(&self) -> Result<Opened, Failure> {
        let path = self.path();
        let store = SqliteStore::open(&path).map_err(|error| store_failure(&error))?;
        Ok(Opened {
            path,
            store: Arc::new(store),
            registry: Arc::new(Registry::builtin()),
            clock: Arc::new(SystemClock::new()),
        })
    }
}

/// A store that is open.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) path: PathBuf,
    pub(super) store: Arc<dyn Store>,
    pub(super) registry: Arc<Registry>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Opened {
    pub(super) fn engine(&self) -> EmbeddedEngine {
        EmbeddedEngine::new(
            Arc::clone(&self.store),
            Arc::clone(&self.registry),
            Arc::clone(&self.clock),
        )
    }

    /// What runs the tasks of the store in this process.
    pub(super) fn triggerer(&self, sources: &SourceArgs, options: TriggererOptions) -> Triggerer {
        let file = project::connections(None);
        let connections = Connections::with_file(Environment::of_process(), file.as_deref());
        let services = Services {
            clock: Arc::clone(&self.clock),
            clients: Clients::new(connections, Arc::clone(&self.clock))
                .with_models(sources.data.models()),
            catalog: sources.catalog(),
            definitions: Definitions::new(Arc::new(StoreDefinitions::new(Arc::clone(&self.store)))),
        };
        let store = Arc::clone(&self.store);
        Triggerer::new(store, Arc::clone(&self.registry), Arc::new(services), options)
    }
}

/// What a store says, with what to do about it.
pub(super) fn store_failure(error: &StoreError) -> Failure {
    let because = std::error::Error::source(error);
    let because = because.map_or_else(String::new, |cause| format!("\n  because: {cause}"));
    let failure = Failure::new(Exit::Usage, format!("{error}{because}"));
    match error {
        StoreError::Locked(_) => {
            failure.help("tasks can be submitted, listed and cancelled beside it; or give --store")
        }
        StoreError::Conflict { .. } => failure.help(
            "give --on-conflict attach to follow that task, or replace to cancel it for this one",
        ),
        StoreError::NotFound(_) => failure.help("`maitred tasks list` shows the tasks there are"),
        StoreError::Fenced
        | StoreError::Unsettled { .. }
        | StoreError::OtherCall { .. }
        | StoreError::WrongState { .. }
        | StoreError::Newer(_)
        | StoreError::Broken(_) => failure,
    }
}

pub(super) fn engine_failure(error: &EngineError) -> Failure {
    match error {
        EngineError::Store(error) => store_failure(error),
        EngineError::Unusable(Unusable::Unknown(message)) => Failure::usage(message.clone())
            .help("`maitred tasks operators` shows the operators there are"),
        EngineError::Unusable(Unusable::Invalid(message)) => Failure::usage(message.clone()),
    }
}
