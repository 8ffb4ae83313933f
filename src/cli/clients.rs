//! Where waiters and models come from, and the client that a wait polls with.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use aws_config::{BehaviorVersion, Region};

use crate::catalog;
use crate::catalog::BadFile;
use crate::catalog::Catalog;
use crate::catalog::Embedded;
use crate::catalog::LookupError;
use crate::catalog::Sources;
use crate::client::Call;
use crate::client::CallError;
use crate::client::Client;
use crate::client::aws::AwsClient;
use crate::client::http::HttpClient;
use crate::clock::Clock;

use super::exit::Failure;
use super::render;
use super::signature;

/// Where waiters are found, beside the shipped ones.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Waiters")]
pub(super) struct SourceArgs {
    /// A waiter file, or a folder of them, that wins over the shipped ones. May be repeated.
    #[arg(long, value_name = "PATH", env = "MAITRED_WAITERS", value_delimiter = PATH_SEPARATOR, hide_env_values = true)]
    pub(super) waiters: Vec<PathBuf>,
    /// The `data` folder of an installed botocore, to use its waiters too.
    #[arg(long, value_name = "DIR")]
    pub(super) botocore_data: Vec<PathBuf>,
}

const PATH_SEPARATOR: char = if cfg!(windows) { ';' } else { ':' };

impl SourceArgs {
    /// Refuses paths that do not exist: a misspelt one would silently leave the shipped waiters.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let missing = self.waiters.iter().chain(&self.botocore_data).find(|path| !path.exists());
        if let Some(path) = missing {
            return Err(Failure::usage(format!("{} does not exist", path.display()))
                .help("check --waiters, MAITRED_WAITERS and --botocore-data"));
        }
        // A folder may hold files that have nothing to do with this; a file was meant.
        let files = self.waiters.iter().filter(|path| path.is_file());
        match files.filter_map(|path| catalog::read(path).err()).next() {
            None => Ok(()),
            Some(bad) => Err(cannot_be_used(&bad)),
        }
    }

    /// All waiters: the named paths, botocore's data paths, the shipped ones, then `./waiters`.
    pub(super) fn catalog(&self) -> Catalog {
        Catalog::new(Sources {
            user: self.waiters.clone(),
            data_paths: data_paths(std::env::var_os("AWS_DATA_PATH"), std::env::home_dir()),
            botocore: self.botocore_data.clone(),
            embedded: Some(Embedded::botocore()),
            local: Some(PathBuf::from("waiters")),
        })
    }
}

/// The folders in which botocore looks for its data, those that are not its own.
fn data_paths(variable: Option<OsString>, home: Option<PathBuf>) -> Vec<PathBuf> {
    let mut paths: Vec<_> = variable
        .iter()
        .flat_map(std::env::split_paths)
        .filter(|path| !path.as_os_str().is_empty())
        .map(|path| match (path.strip_prefix("~"), &home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path,
        })
        .collect();
    paths.extend(home.map(|home| home.join(".aws").join("models")));
    paths
}

/// Which account and endpoint calls go to.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct ConnectionArgs {
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

/// The client of one service.
#[derive(Debug)]
pub(super) enum Door {
    Http(HttpClient),
    Aws { client: AwsClient, region: String },
}

impl Door {
    /// A client for `service`. AWS configuration is read only where it is needed, and never from the
    /// network.
    pub(super) async fn open(
        service: &str,
        args: &ConnectionArgs,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Failure> {
        if service == signature::HTTP {
            let client = HttpClient::new(clock);
            return match &args.endpoint_url {
                None => Ok(Self::Http(client)),
                Some(url) => client.with_base_url(url).map(Self::Http).map_err(|error| {
                    Failure::usage(format!("--endpoint-url cannot be used: {}", error.message()))
                }),
            };
        }
        profile_exists(args)?;
        let config = aws_configuration(args).await;
        let Some(region) = config.region().map(ToString::to_string) else {
            return Err(Failure::usage("there is no AWS region")
                .help("give --region NAME, set AWS_REGION, or add `region` to the profile"));
        };
        Ok(Self::Aws { client: AwsClient::new(&config), region })
    }

    /// Whether `call` can be sent as it is, as far as that can be told without sending it.
    pub(super) fn check(&self, call: &Call) -> Result<(), CallError> {
        match self {
            Self::Http(_) => Ok(()),
            Self::Aws { client, .. } => client.prepare(call).map(drop),
        }
    }

    pub(super) fn client(&self) -> &dyn Client {
        match self {
            Self::Http(client) => client,
            Self::Aws { client, .. } => client,
        }
    }

    pub(super) fn region(&self) -> Option<&str> {
        match self {
            Self::Http(_) => None,
            Self::Aws { region, .. } => Some(region),
        }
    }
}

/// A profile that does not exist is a slip of the pen, and the SDK would look for credentials elsewhere.
fn profile_exists(args: &ConnectionArgs) -> Result<(), Failure> {
    let Some(name) = &args.profile else { return Ok(()) };
    let home = std::env::home_dir().unwrap_or_default();
    let file = |variable: &str, default: &str| {
        let named = std::env::var_os(variable).map(PathBuf::from);
        named.unwrap_or_else(|| home.join(".aws").join(default))
    };
    let files =
        [file("AWS_CONFIG_FILE", "config"), file("AWS_SHARED_CREDENTIALS_FILE", "credentials")];
    let texts = files.iter().filter_map(|path| std::fs::read_to_string(path).ok());
    if texts.into_iter().any(|text| text.lines().any(|line| is_section(line, name))) {
        return Ok(());
    }
    let [config, credentials] = files;
    let message = format!("there is no profile `{name}`");
    let help =
        format!("profiles are looked for in {} and {}", config.display(), credentials.display());
    Err(Failure::usage(message).help(help))
}

/// Whether `line` is `[NAME]` or `[profile NAME]`.
fn is_section(line: &str, name: &str) -> bool {
    let section = line.trim().strip_prefix('[').and_then(|rest| rest.split(']').next());
    section.is_some_and(|section| {
        let section = section.trim();
        let profile = section.strip_prefix("profile").map(str::trim_start);
        [Some(section), profile].contains(&Some(name))
    })
}

async fn aws_configuration(args: &ConnectionArgs) -> aws_config::SdkConfig {
    use aws_config::environment::region::EnvironmentVariableRegionProvider;
    use aws_config::meta::region::RegionProviderChain;
    use aws_config::profile::region::ProfileFileRegionProvider;

    // The SDK's own chain goes on to ask the instance metadata service, which botocore does not, and
    // which off EC2 takes seconds to fail.
    let mut profile = ProfileFileRegionProvider::builder();
    if let Some(name) = &args.profile {
        profile = profile.profile_name(name);
    }
    let region = RegionProviderChain::first_try(args.region.clone().map(Region::new))
        .or_else(EnvironmentVariableRegionProvider::new())
        .or_else(profile.build());
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).region(region);
    if let Some(name) = &args.profile {
        loader = loader.profile_name(name);
    }
    if let Some(url) = &args.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    loader.load().await
}

/// Where credentials would come from, told from the environment alone.
pub(super) fn credentials_source(args: &ConnectionArgs) -> String {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if let Some(profile) = &args.profile {
        return format!("profile {profile} (--profile)");
    }
    if set("AWS_ACCESS_KEY_ID") && set("AWS_SECRET_ACCESS_KEY") {
        return "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned();
    }
    if let Ok(profile) = std::env::var("AWS_PROFILE") {
        return format!("profile {profile} (AWS_PROFILE)");
    }
    if set("AWS_WEB_IDENTITY_TOKEN_FILE") {
        return "web identity (AWS_WEB_IDENTITY_TOKEN_FILE)".to_owned();
    }
    if set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") || set("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
        return "profile default if it has any, else the container's role".to_owned();
    }
    "profile default if it has any, else the instance's role".to_owned()
}

/// Why a waiter was not found, with what there is instead.
pub(super) fn unknown_waiter(catalog: &Catalog, error: &LookupError) -> anyhow::Error {
    match error {
        LookupError::Unknown(unknown) => {
            let mut help = match (unknown.near(), unknown.names()) {
                (Some(near), _) => format!("did you mean `{near}`?"),
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
    }
}

fn cannot_be_used(bad: &BadFile) -> Failure {
    let path = bad.path.display();
    Failure::usage(format!("{path} cannot be used\n{}", render::bad_file(bad)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_a_section_of_either_file() {
        for line in ["[work]", "[profile work]", " [ profile  work ] # mine"] {
            assert!(is_section(line, "work"), "{line}");
        }
        for line in ["[works]", "work", "[sso-session work]", "# [work]"] {
            assert!(!is_section(line, "work"), "{line}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn data_paths_are_those_of_botocore() {
        let home = PathBuf::from("/home/me");
        let paths = data_paths(Some("/a:~/b:".into()), Some(home.clone()));
        let expected = [PathBuf::from("/a"), home.join("b"), home.join(".aws/models")];
        assert_eq!(paths, expected);
    }
}
