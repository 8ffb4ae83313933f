//! Waiters by the names that people give, and help where there is none of that name.

use super::context::Context;
use super::exit::Failure;
use super::source_args::{SourceArgs, unusable_file};
use super::{report, services};
use crate::catalog::{self, BadFile, Catalog, Entry, LookupError, WaiterOrigin};
use crate::config::WaiterConfig;
use crate::diagnostic::{Invalid, fold};
use crate::model::Models;
use crate::waiter::{Options, Waiter};

/// The waiters and the models that names are looked up in.
#[derive(Debug)]
pub(super) struct Lookup {
    pub(super) catalog: Catalog,
    pub(super) models: Models,
}

impl Lookup {
    /// Opens `sources`.
    pub(super) fn open(sources: &SourceArgs, context: &Context) -> Result<Self, Failure> {
        sources.check()?;
        Ok(Self { catalog: sources.catalog(context)?, models: sources.data.models(context) })
    }

    /// The service that `written` means.
    pub(super) fn service(&self, written: &str) -> String {
        services::resolve(Some(&self.catalog), &self.models, written)
    }

    /// The waiter `name` of `service`. Names of Airflow are noted on stderr.
    pub(super) fn waiter(&self, service: &str, name: &str) -> Result<Entry, LookupError> {
        let entry = self.catalog.find(service, name)?;
        if fold(name) != fold(&entry.name) {
            let id = format!("{}.{}", entry.service, entry.snake_name());
            report::note(&format!("`{name}` is Airflow's name for {id}"));
        }
        Ok(entry)
    }

    /// The failure for a waiter that was not found, with help.
    pub(super) fn failure(&self, error: &LookupError) -> Failure {
        let failure = Failure::usage(error.to_string());
        match error {
            LookupError::Unknown(unknown) => {
                let services = self.catalog.services();
                let mut entries =
                    services.iter().filter_map(|it| self.catalog.find(it, unknown.name()).ok());
                if let Some(help) = entries.find_map(|entry| self.name_the_service(&entry)) {
                    return failure.help(help);
                }
                let near = unknown.near().map(|near| format!("did you mean `{near}`?"));
                let near = near.or_else(|| self.of_other_service(unknown.name()));
                let mut help = match (near, unknown.names()) {
                    (Some(near), _) => near,
                    (None, []) => "`maitred list` shows the services that have waiters; \
                        any operation can be waited on with --until"
                        .to_owned(),
                    (None, names) => format!("it has {}", names.join(", ")),
                };
                for bad in self.catalog.bad_files() {
                    let path = bad.path.display();
                    help +=
                        &format!("\n      {path} cannot be used; `maitred lint {path}` shows why");
                }
                failure.help(help)
            }
            LookupError::BadFile(bad) => unusable_file(bad),
            LookupError::Extends(bad) => failure.maybe_help(bad.help()),
            _ => failure,
        }
    }

    /// The waiter of that name in another service.
    fn of_other_service(&self, name: &str) -> Option<String> {
        let mut services = self.catalog.services().into_iter();
        let entry = services.find_map(|service| self.catalog.find(&service, name).ok())?;
        let (service, name) = (&entry.service, entry.snake_name());
        Some(format!("{service} has it: `maitred wait {service} {name}`"))
    }

    /// The failure for a service that does not exist, if it only stands for the name of the waiter's file.
    pub(super) fn unnamed_service(&self, entry: &Entry) -> Option<Failure> {
        let help = self.name_the_service(entry)?;
        let (name, service) = (entry.snake_name(), &entry.service);
        let message = format!("{name} is a waiter of `{service}`, which is not a service");
        Some(Failure::usage(message).help(help))
    }

    /// The advice to name the service in the file of a waiter, if the file's name stands for one that does not
    /// exist.
    fn name_the_service(&self, entry: &Entry) -> Option<String> {
        let (WaiterOrigin::File(path), service) = (&entry.origin, &entry.service) else {
            return None;
        };
        let is_known = || services::names(&self.models).contains(service);
        (catalog::file_service(path) == *service && !is_known()).then(|| {
            format!(
                "{} does not name the service of its waiters, so that it is taken for one of \
                 `{service}`; add \"service\": \"http\" (or another) to it",
                path.display()
            )
        })
    }
}

/// The waiter without what depends on a caller: its pace, bounds and policy.
pub(super) fn waiter_frame(
    service: &str,
    name: &str,
    config: &WaiterConfig,
    strict: bool,
) -> Result<Waiter, Invalid> {
    let mut frame = config.clone();
    frame.acceptors.clear();
    frame.input.clear();
    frame.show = None;
    frame.baseline = None;
    frame.diagnose.clear();
    frame.parameters.clear();
    let mut options = Options::default();
    options.strict = strict;
    options.allow_mutating = true;
    Waiter::compile(service, name, &frame, &options)
}

/// Warns of files that were found and cannot be used, although the waiter asked for is in another one.
pub(super) fn warn_of_unusable_files(bad: &[&BadFile]) {
    for bad in bad {
        let path = report::path(&bad.path);
        let why = bad.problems.diagnostics().first().map(|problem| problem.message.as_str());
        let why = report::one_line(why.unwrap_or_default());
        report::note(&format!(
            "warning: {path} cannot be used, and its waiters are missing: {why}; `maitred lint \
             {path}` shows more"
        ));
    }
}
