//! Where waiters and models come from, and the client that a wait polls with.

use std::path::PathBuf;
use std::sync::Arc;

use crate::aws_connections::with_aws;
use crate::catalog;
use crate::catalog::BadFile;
use crate::catalog::Catalog;
use crate::catalog::Entry;
use crate::catalog::LookupError;
use crate::client::Call;
use crate::client::CallError;
use crate::client::Client;
use crate::client::HTTP_SERVICE;
use crate::client::aws::AwsClient;
use crate::client::http::HttpClient;
use crate::clock::Clock;
use crate::connection::ClientSettings;
use crate::connection::Clients;
use crate::connection::ConnectionError;
use crate::connection::Connections;
use crate::connection::Environment;
use crate::diagnostic::fold;
use crate::model::Models;
use crate::project::FILE_NAME;
use crate::secrets::urls;

use super::arguments::{OwnFlags, variable_unless_empty};
use super::connections;
use super::exit::Failure;
use super::misnamed;
use super::project::{self, ConnectionsArgs};
use super::render;
use super::report;
use super::signature::Signature;

/// Where waiters are found, beside the shipped ones.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Waiters")]
pub(super) struct SourceArgs {
    /// A waiter file, or a folder of them, that wins over the shipped ones. May be repeated.
    #[arg(long, value_name = "PATH", env = variable_unless_empty("MAITRED_WAITERS"), value_delimiter = PATH_SEPARATOR, hide_env_values = true)]
    pub(super) waiters: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) data: DataArgs,
}

/// Where service models are found, beside the built-in ones.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Waiters")]
pub(super) struct DataArgs {
    /// The `data` folder of an installed botocore, to use its service models and waiters too.
    #[arg(long, value_name = "DIR")]
    pub(super) botocore_data: Vec<PathBuf>,
}

impl DataArgs {
    /// The option among the words of a command line that cannot be parsed yet as a whole: its
    /// parameters are in a model that this option finds.
    pub(super) fn among(words: &[String]) -> Result<Self, Failure> {
        let flag = "--botocore-data";
        let mut found = Self::default();
        let mut words = words.iter().take_while(|word| *word != "--");
        while let Some(word) = words.next() {
            let value = if word == flag {
                words.next().map(String::as_str)
            } else {
                word.strip_prefix(flag).and_then(|rest| rest.strip_prefix('='))
            };
            found.botocore_data.extend(value.map(PathBuf::from));
        }
        found.check().map(|()| found)
    }

    /// Refuses folders that do not exist: the built-in models would silently do instead.
    pub(super) fn check(&self) -> Result<(), Failure> {
        match self.botocore_data.iter().find(|path| !path.is_dir()) {
            Some(path) => Err(Failure::usage(format!("{} is no folder", path.display()))
                .help("--botocore-data takes the `data` folder of an installed botocore")),
            None => Ok(()),
        }
    }

    /// All service models: botocore's data paths, the named folders, then the built-in ones.
    pub(super) fn models(&self) -> Models {
        let paths = crate::sources().with_environment().data_paths;
        Models::embedded().with_data_paths(paths.into_iter().chain(self.botocore_data.clone()))
    }
}

const PATH_SEPARATOR: char = if cfg!(windows) { ';' } else { ':' };

impl SourceArgs {
    /// Those of a command that has no such options.
    pub(super) fn of_process() -> Self {
        Self { waiters: crate::sources().with_environment().user, ..Self::default() }
    }

    /// Refuses paths that do not exist: a misspelt one would silently leave the shipped waiters.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.data.check()?;
        if let Some(path) = self.waiters.iter().find(|path| !path.exists()) {
            return Err(Failure::usage(format!("{} does not exist", path.display()))
                .help("check --waiters and MAITRED_WAITERS"));
        }
        // A folder may hold files that have nothing to do with this; a file was meant.
        let files = self.waiters.iter().filter(|path| path.is_file());
        match files.filter_map(|path| catalog::read(path, crate::schema::parse).err()).next() {
            None => Ok(()),
            Some(bad) => Err(cannot_be_used(&bad)),
        }
    }

    /// All waiters: the named paths, botocore's data paths, the shipped ones, then `./waiters`.
    ///
    /// # Errors
    /// `maitred.toml` cannot be used.
    pub(super) fn catalog(&self) -> Result<Catalog, Failure> {
        // What is named comes first already.
        let local = local_waiters()?.into_iter().filter(|it| !self.waiters.contains(it));
        let sources = crate::sources().with_environment();
        Ok(Catalog::new(
            sources
                .with_user(self.waiters.iter().cloned())
                .with_botocore(self.data.botocore_data.iter().cloned())
                .with_local(local),
        ))
    }
}

/// The project's waiters.
fn local_waiters() -> Result<Vec<PathBuf>, Failure> {
    let waiters = project::project()?.waiters;
    // A misspelt one would silently leave the shipped waiters.
    if let Some(path) = waiters.iter().find(|path| !path.exists()) {
        return Err(Failure::usage(format!("{} does not exist", path.display()))
            .help(format!("check `waiters` in {FILE_NAME}")));
    }
    Ok(if waiters.is_empty() { vec![PathBuf::from("waiters")] } else { waiters })
}

/// Which account and endpoint calls go to.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct ConnectionArgs {
    /// A named connection, whose credentials and defaults are used; the options below win over it.
    #[arg(long, value_name = "ID")]
    pub(super) connection: Option<String>,
    #[command(flatten)]
    pub(super) connections: ConnectionsArgs,
    /// The AWS region; default: AWS_REGION, AWS_DEFAULT_REGION, or the profile's.
    #[arg(long)]
    pub(super) region: Option<String>,
    /// The profile of ~/.aws/config and ~/.aws/credentials; default: AWS_PROFILE.
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// Send requests here instead of to the service's own endpoint; for service http, the base URL
    /// of --endpoint.
    #[arg(long, value_name = "URL")]
    pub(super) endpoint_url: Option<String>,
}

impl ConnectionArgs {
    fn settings(&self) -> ClientSettings {
        ClientSettings {
            connection: self.connection.clone(),
            region: self.region.clone(),
            profile: self.profile.clone(),
            endpoint_url: self.endpoint_url.clone(),
            ..ClientSettings::default()
        }
    }

    /// Where connections are found. Who names none gets none: a variable that is meant for another
    /// program must not change what a command does.
    fn connections(&self) -> Result<Connections, Failure> {
        match &self.connection {
            Some(_) => self.connections.open(),
            None => {
                let known = report::known().clone();
                Ok(Connections::remembering(Environment::empty(), None, known))
            }
        }
    }
}

/// The client of one service.
#[derive(Debug)]
pub(super) struct ServiceClient {
    client: Arc<dyn Client>,
    /// The same, if it is one of AWS, and its region.
    aws: Option<(AwsClient, String)>,
}

impl ServiceClient {
    /// A client for the service of `signature` with `models`. AWS configuration is read only where it
    /// is needed, and never from the network.
    pub(super) async fn open(
        signature: &Signature,
        models: &Models,
        args: &ConnectionArgs,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, Failure> {
        let service = signature.service();
        let clients = Clients::new(args.connections()?, Arc::clone(clock));
        let clients = with_aws(clients, models.clone());
        let client = opened(clients, service.to_owned(), args.settings())
            .await
            .map_err(|error| cannot_open(&error, service, args))?;
        let aws = client.as_any().and_then(|client| client.downcast_ref::<AwsClient>()).cloned();
        let aws = match aws {
            None => None,
            Some(aws) => {
                let Some(region) = aws.config().region().map(ToString::to_string) else {
                    let flag = OwnFlags::beside(signature).flag("region");
                    return Err(Failure::usage("there is no AWS region").help(format!(
                        "give {flag} NAME, set AWS_REGION, or add `region` to the profile"
                    )));
                };
                Some((aws, region))
            }
        };
        Ok(Self { client, aws })
    }

    /// Whether `call` can be sent as it is, as far as that can be told without sending it.
    pub(super) fn check(&self, call: &Call) -> Result<(), CallError> {
        match &self.aws {
            None => Ok(()),
            Some((client, _)) => client.prepare(call).map(drop),
        }
    }

    pub(super) fn client(&self) -> &dyn Client {
        &*self.client
    }

    /// The same, if it is one of AWS.
    pub(super) fn aws(&self) -> Option<&AwsClient> {
        self.aws.as_ref().map(|(client, _)| client)
    }

    pub(super) fn region(&self) -> Option<&str> {
        self.aws.as_ref().map(|(_, region)| region.as_str())
    }

    /// Where requests go, if that was given: an endpoint, or the base URL of service `http`.
    pub(super) fn endpoint_url(&self) -> Option<String> {
        match &self.aws {
            Some((client, _)) => client.config().endpoint_url().map(urls::masked),
            None => self.client.as_any()?.downcast_ref::<HttpClient>()?.base_url(),
        }
    }
}

/// Opens a client on a thread of its own: files are read on the way, and one that hangs must not hold
/// up time-outs and signals.
async fn opened(
    clients: Clients,
    service: String,
    settings: ClientSettings,
) -> Result<Arc<dyn Client>, ConnectionError> {
    let runtime = tokio::runtime::Handle::current();
    let open = move || runtime.block_on(clients.open(&service, &settings));
    match tokio::task::spawn_blocking(open).await {
        Ok(opened) => opened,
        Err(failed) => match failed.try_into_panic() {
            // A panic goes on where it was asked for.
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is ending, and this with it.
            Err(_) => std::future::pending().await,
        },
    }
}

fn cannot_open(error: &ConnectionError, service: &str, args: &ConnectionArgs) -> Failure {
    let url_given = args.connection.is_none() && args.endpoint_url.is_some();
    if url_given && service == HTTP_SERVICE && matches!(error, ConnectionError::Invalid(_)) {
        return Failure::usage(format!("--endpoint-url cannot be used: {error}"));
    }
    connections::failure(error)
}

/// Where credentials would come from, told from the environment alone.
pub(super) fn credentials_source(args: &ConnectionArgs) -> String {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if let Some(profile) = &args.profile {
        return format!("profile {profile} (--profile)");
    }
    if let Some(id) = &args.connection {
        return format!("connection {id} (--connection)");
    }
    if set("AWS_ACCESS_KEY_ID") && set("AWS_SECRET_ACCESS_KEY") {
        return "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned();
    }
    if let Some(name) = ["AWS_DEFAULT_PROFILE", "AWS_PROFILE"].into_iter().find(|name| set(name)) {
        let profile = std::env::var(name).unwrap_or_default();
        return format!("profile {profile} ({name})");
    }
    if set("AWS_WEB_IDENTITY_TOKEN_FILE") {
        return "web identity (AWS_WEB_IDENTITY_TOKEN_FILE)".to_owned();
    }
    if set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") || set("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
        return "profile default if it has any, else the container's role".to_owned();
    }
    "profile default if it has any, else the instance's role".to_owned()
}

/// Says that `name` is Airflow's for the waiter that was found.
pub(super) fn tell_airflow(entry: &Entry, name: &str) {
    if fold(name) != fold(&entry.name) {
        let id = format!("{}.{}", entry.service, entry.snake_name());
        report::note(&format!("`{name}` is Airflow's name for {id}"));
    }
}

/// Why a waiter was not found, with what there is instead.
pub(super) fn unknown_waiter(
    catalog: &Catalog,
    models: &Models,
    error: &LookupError,
) -> anyhow::Error {
    match error {
        LookupError::Unknown(unknown) => {
            if let Some(help) = misnamed::other_service(catalog, models, unknown.name()) {
                return Failure::usage(error.to_string()).help(help).into();
            }
            let other = || elsewhere(catalog, unknown.name());
            let near = unknown.near().map(|near| format!("did you mean `{near}`?"));
            let mut help = match (near.or_else(other), unknown.names()) {
                (Some(near), _) => near,
                (None, []) => "`maitred list` shows the services that have waiters; \
                    any operation can be waited on with --until"
                    .to_owned(),
                (None, names) => format!("it has {}", names.join(", ")),
            };
            for bad in catalog.bad_files() {
                let path = bad.path.display();
                help.push_str(&format!(
                    "\n      {path} cannot be used; `maitred lint {path}` shows why"
                ));
            }
            Failure::usage(error.to_string()).help(help).into()
        }
        LookupError::BadFile(bad) => cannot_be_used(bad).into(),
        LookupError::Extends(bad) => {
            let failure = Failure::usage(error.to_string());
            match bad.help() {
                Some(help) => failure.help(help).into(),
                None => failure.into(),
            }
        }
        _ => Failure::usage(error.to_string()).into(),
    }
}

/// The waiter of that name that another service has.
fn elsewhere(catalog: &Catalog, name: &str) -> Option<String> {
    let mut services = catalog.services().into_iter();
    let entry = services.find_map(|service| catalog.find(&service, name).ok())?;
    let (service, name) = (&entry.service, entry.snake_name());
    Some(format!("{service} has it: `maitred wait {service} {name}`"))
}

/// Warns of the files that were come upon and cannot be used, although what was asked for is in another.
pub(super) fn tell_bad_files(bad: &[&BadFile]) {
    for bad in bad {
        let path = report::one_line(&bad.path.display().to_string());
        let why = bad.problems.diagnostics().first().map(|problem| problem.message.as_str());
        let why = report::one_line(why.unwrap_or_default());
        report::note(&format!(
            "warning: {path} cannot be used, and its waiters are missing: {why}; `maitred lint \
             {path}` shows more"
        ));
    }
}

fn cannot_be_used(bad: &BadFile) -> Failure {
    let path = bad.path.display();
    Failure::usage(format!("{path} cannot be used\n{}", render::bad_file(bad)))
}
