//! Which operators and triggers this program knows.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use url::Url;

use super::task::{FailureHook, NewTask, WebhookUrl};
use crate::operator::file::{self, FileOperator, OperatorCatalog, OperatorDefinition};
use crate::operator::http::{HttpRequest, HttpSensor};
use crate::operator::{AnyOperator, Operator, OperatorError, OperatorType, WaitOperator};
use crate::trigger::{
    AnyTrigger, DateTimeTrigger, HttpTrigger, SerializedTrigger, TimeDeltaTrigger, Trigger,
    TriggerError, TriggerType, WaiterTrigger,
};
use maitred_core::diagnostic::nearest;
use maitred_core::secrets::literals;

/// The operators and triggers of a program, by name.
///
/// ```
/// # use maitred_runtime::Registry;
/// let registry = Registry::builtin();
/// assert!(registry.operators().contains_key("http.request"));
/// ```
#[derive(Default)]
pub struct Registry {
    operators: BTreeMap<&'static str, OperatorType>,
    triggers: BTreeMap<&'static str, TriggerType>,
    files: OperatorCatalog,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("operators", &self.operators.keys())
            .field("triggers", &self.triggers.keys())
            .finish()
    }
}

/// Why a stored operator or trigger cannot be used by this program.
/// Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Another program, or another version of this one, may know it: the task is parked.
    #[error("{0}")]
    Unknown(String),
    /// Its arguments are wrong.
    #[error("{0}")]
    Invalid(String),
}

impl Registry {
    /// The operators and triggers that come with this crate, without those of files.
    #[must_use]
    pub fn builtin() -> Self {
        Self::default()
            .with_operator::<HttpRequest>()
            .with_operator::<HttpSensor>()
            .with_trigger::<HttpTrigger>()
            .with_operator::<WaitOperator>()
            .with_trigger::<WaiterTrigger>()
            .with_trigger::<DateTimeTrigger>()
            .with_trigger::<TimeDeltaTrigger>()
    }

    /// The same with one more operator.
    #[must_use]
    pub fn with_operator<T: Operator>(mut self) -> Self {
        self.operators.insert(T::NAME, OperatorType::of::<T>());
        self
    }

    /// The same with the operators of files. Those with the name of another operator are left out.
    #[must_use]
    pub fn with_operators(mut self, files: OperatorCatalog) -> Self {
        self.files = files;
        self
    }

    /// The operators of files.
    #[must_use]
    pub fn operator_files(&self) -> &OperatorCatalog {
        &self.files
    }

    /// The same with one more trigger.
    #[must_use]
    pub fn with_trigger<T: Trigger>(mut self) -> Self {
        self.triggers.insert(T::NAME, TriggerType::of::<T>());
        self
    }

    /// The names of the operators in order, each with what it does.
    #[must_use]
    pub fn operators(&self) -> BTreeMap<String, &str> {
        let mut all = BTreeMap::new();
        for (name, operator) in &self.operators {
            all.insert((*name).to_owned(), operator.summary);
        }
        for definition in self.files.all() {
            all.entry(definition.id()).or_insert(definition.config.description.as_str());
        }
        all
    }

    /// What an operator does, in a sentence or two.
    ///
    /// # Errors
    /// There is no operator of this name.
    pub fn summary(&self, operator: &str) -> Result<&str, Unusable> {
        Ok(match self.kind(operator)? {
            Kind::Rust(kind) => kind.summary,
            Kind::File(definition) => &definition.config.description,
        })
    }

    /// The JSON Schema of an operator's arguments; null if the operator does not tell.
    ///
    /// # Errors
    /// There is no operator of this name.
    pub fn arguments(&self, operator: &str) -> Result<Value, Unusable> {
        Ok(match self.kind(operator)? {
            Kind::Rust(kind) => (kind.arguments)(),
            Kind::File(definition) => definition.arguments(),
        })
    }

    /// The names of the triggers.
    pub fn triggers(&self) -> impl Iterator<Item = &'static str> {
        self.triggers.keys().copied()
    }

    /// The version of an operator's arguments, for a submission.
    ///
    /// # Errors
    /// There is no operator of this name.
    pub fn version(&self, operator: &str) -> Result<u32, Unusable> {
        Ok(self.kind(operator)?.version())
    }

    /// Checks the arguments of a task before it is submitted.
    ///
    /// # Errors
    /// The operator is unknown, or its arguments cannot be used.
    pub fn check(&self, operator: &str, args: &Value) -> Result<(), Unusable> {
        self.checked(operator, args).map(drop)
    }

    fn checked(&self, operator: &str, args: &Value) -> Result<Box<dyn AnyOperator>, Unusable> {
        let operator = self.kind(operator)?.load(args).map_err(invalid)?;
        operator.check().map_err(invalid)?;
        match literals::login_in("", args) {
            None => Ok(operator),
            Some(path) => Err(Unusable::Invalid(format!(
                "{path} has a login in it, and arguments are stored: put it in the connection"
            ))),
        }
    }

    /// The operator of a task, once it, its arguments and the failure hook are checked.
    pub(super) fn checked_task(&self, task: &NewTask) -> Result<Box<dyn AnyOperator>, Unusable> {
        let operator = self.checked(&task.operator, &task.args)?;
        match task.on_failure.as_ref().and_then(hook_problem) {
            Some(problem) => Err(Unusable::Invalid(problem)),
            None => Ok(operator),
        }
    }

    /// Whether this program can run a stored task.
    ///
    /// # Errors
    /// Why it cannot: its operator or the trigger that it waits for is unknown or cannot be used.
    pub fn can_run(
        &self,
        task: &NewTask,
        trigger: Option<&SerializedTrigger>,
    ) -> Result<(), Unusable> {
        if task.definition.is_none() {
            self.operator(&task.operator, task.version, &task.args)?;
        }
        trigger.map_or(Ok(()), |trigger| self.trigger(trigger).map(drop))
    }

    pub(super) fn operator(
        &self,
        name: &str,
        version: u32,
        args: &Value,
    ) -> Result<Box<dyn AnyOperator>, Unusable> {
        let kind = self.kind(name)?;
        same_version("operator", name, version, kind.version())?;
        kind.load(args).map_err(invalid)
    }

    /// The operator of a file, if it is one.
    pub(super) fn operator_of_file(&self, name: &str) -> Option<&Arc<OperatorDefinition>> {
        if self.operators.contains_key(name) { None } else { self.files.find(name) }
    }

    pub(super) fn trigger(
        &self,
        trigger: &SerializedTrigger,
    ) -> Result<Box<dyn AnyTrigger>, Unusable> {
        let invalid = |error: TriggerError| Unusable::Invalid(error.to_string());
        self.trigger_type(trigger)?.load(trigger.kwargs.clone()).map_err(invalid)
    }

    /// What makes triggers of this name and version.
    pub(super) fn trigger_type(
        &self,
        trigger: &SerializedTrigger,
    ) -> Result<TriggerType, Unusable> {
        let name = trigger.name.as_str();
        let kind = self
            .triggers
            .get(name)
            .ok_or_else(|| Unusable::Unknown(format!("this program knows no trigger `{name}`")))?;
        same_version("trigger", name, trigger.version, kind.version)?;
        Ok(*kind)
    }

    fn kind(&self, name: &str) -> Result<Kind<'_>, Unusable> {
        if let Some(kind) = self.operators.get(name) {
            return Ok(Kind::Rust(*kind));
        }
        if let Some(definition) = self.files.find(name) {
            return Ok(Kind::File(definition));
        }
        let known = self.operators();
        let near = nearest(name, known.keys().map(String::as_str));
        let mut hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        for bad in self.files.bad_files() {
            hint.push_str(&format!("\n{bad}"));
        }
        Err(Unusable::Unknown(format!("this program knows no operator `{name}`{hint}")))
    }
}

/// What makes operators of a name.
enum Kind<'a> {
    /// A type.
    Rust(OperatorType),
    /// A file.
    File(&'a Arc<OperatorDefinition>),
}

impl Kind<'_> {
    fn version(&self) -> u32 {
        match self {
            Self::Rust(kind) => kind.version,
            Self::File(_) => file::VERSION,
        }
    }

    fn load(&self, args: &Value) -> Result<Box<dyn AnyOperator>, OperatorError> {
        match self {
            Self::Rust(kind) => kind.load(args),
            Self::File(definition) => {
                Ok(Box::new(FileOperator::new(Arc::clone(definition), args)?))
            }
        }
    }
}

/// Why nobody could be told of a failure, or a secret would be stored.
fn hook_problem(hook: &FailureHook) -> Option<String> {
    let stored = |what: &str, help: &str| Some(format!("the {what}, and tasks are stored: {help}"));
    match hook {
        FailureHook::Command(words) if words.is_empty() => {
            Some("the command for failures is empty".to_owned())
        }
        FailureHook::Command(words) => {
            let found = literals::of_command(words).into_iter().next()?;
            let what = format!("command for failures {}", found.what);
            stored(
                &what,
                "take it from a variable, e.g. \"$TOKEN\", or from a file, in the command",
            )
        }
        FailureHook::Webhook(WebhookUrl::Secret(_)) => None,
        FailureHook::Webhook(WebhookUrl::Literal(url)) => {
            if let Some(found) = literals::of_text("", url).first() {
                let what = format!("webhook for failures {}", found.what);
                return stored(&what, "give {\"$secret\": \"env:NAME\"} in the place of the URL");
            }
            (!is_http(url))
                .then(|| format!("the webhook for failures, `{url}`, is not an http or https URL"))
        }
    }
}

fn is_http(url: &str) -> bool {
    let parsed = Url::parse(url);
    parsed.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn invalid(error: OperatorError) -> Unusable {
    Unusable::Invalid(error.to_string())
}

fn same_version(what: &str, name: &str, stored: u32, known: u32) -> Result<(), Unusable> {
    if stored == known {
        return Ok(());
    }
    Err(Unusable::Unknown(format!(
        "{what} `{name}` is stored in version {stored}, this program knows version {known}"
    )))
}
