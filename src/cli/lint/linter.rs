//! Checks files, and repairs them.

use std::path::{Path, PathBuf};

use super::{files, inherited};
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::findings::Findings;
use crate::cli::source_args::SourceArgs;
use crate::cli::{project, services, values};
use crate::diagnostic::Diagnostic;
use crate::lint::{self, Config};
use crate::model::Models;
use crate::{catalog, schema};

/// Checks files.
pub(super) struct Linter<'a> {
    pub(super) context: &'a Context,
    pub(super) models: Models,
    pub(super) config: Config,
    /// The service of files that name none.
    pub(super) service: Option<&'a str>,
    /// The named files and folders.
    pub(super) paths: &'a [PathBuf],
    /// The folder that found files have to lie in to be repaired.
    pub(super) top: &'a Path,
}

impl Linter<'_> {
    /// Checks one file, and repairs it with `fix`.
    pub(super) fn check(&self, path: &Path, fix: bool) -> anyhow::Result<Findings> {
        let (name, stdin) = (values::file_name(path), path == Path::new("-"));
        let by_name = || (!stdin).then(|| catalog::file_service(path));
        let given = self.service.map(|name| services::resolve(None, &self.models, name));
        let service = given.or_else(by_name);
        let text = match files::read(path) {
            Ok(text) => text,
            Err(unreadable) => {
                let (text, problem) = *unreadable;
                return Ok(Findings { name, text, diagnostics: vec![problem] });
            }
        };
        let diagnostics = self.examine(service.as_deref(), &text, Some(path));
        if fix
            && !stdin
            && let Some(fixed) = lint::fixed(&text, &diagnostics)
        {
            if !self.paths.iter().any(|named| named == path) {
                // It was found in a named folder, or through maitred.toml.
                let folder = self.paths.iter().find(|named| path.starts_with(named));
                project::stays_inside(folder.map_or(self.top, PathBuf::as_path), path, "its path")?;
            }
            std::fs::write(path, &fixed).map_err(|error| {
                Failure::usage(format!("{} cannot be written: {error}", path.display()))
            })?;
            let diagnostics = self.examine(service.as_deref(), &fixed, Some(path));
            return Ok(Findings { name, text: fixed, diagnostics });
        }
        Ok(Findings { name, text, diagnostics })
    }

    /// The findings in a file of `service`, unless it names another itself.
    fn examine(&self, service: Option<&str>, text: &str, path: Option<&Path>) -> Vec<Diagnostic> {
        if lint::is_operator_file(text) {
            return self.examine_operators(text);
        }
        schema::examine(text, &|file| match file.service.as_deref().or(service) {
            Some(service) => {
                let (whole, mut findings) =
                    inherited::with_bases(service, file, path, self.context);
                let found = lint::lint(service, &whole, Some(&self.models), &self.config);
                findings.extend(inherited::at_extends(file, found));
                findings
            }
            None => lint::lint("", file, None, &self.config),
        })
    }

    /// The findings in an operator file.
    fn examine_operators(&self, text: &str) -> Vec<Diagnostic> {
        let waiters = SourceArgs::of_environment(self.context).catalog(self.context);
        match waiters {
            Ok(waiters) => lint::examine_operators(text, Some(&self.models), &waiters),
            Err(failure) => vec![Diagnostic::error("waiters", "", failure.to_string())],
        }
    }

    /// Checks the waiters written for maitred.
    pub(super) fn check_shipped(&self) -> Vec<Findings> {
        let shipped = catalog::shipped();
        shipped
            .map(|(service, text)| self.check_builtin("waiters", service, text.to_owned()))
            .collect()
    }

    /// Checks the waiters of botocore.
    pub(super) fn check_botocore(&self) -> Vec<Findings> {
        let file = |service| self.models.waiters(service).ok()?;
        let checked = |service| {
            Some(self.check_builtin("botocore", service, format!("{:#}", file(service)?)))
        };
        self.models.waiter_services().filter_map(checked).collect()
    }

    fn check_builtin(&self, folder: &str, service: &str, text: String) -> Findings {
        let diagnostics = self.examine(Some(service), &text, None);
        Findings { name: format!("{folder}/{service}.json"), text, diagnostics }
    }
}
