//! Finds connections and the secrets that they refer to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use maitred_core::diagnostic::nearest;
use maitred_core::secrets::KnownSecrets;
use serde_json::{Map, Value};

use super::definition::{Connection, Resolved};
use super::environment::Environment;
use super::error::ConnectionError;
use super::file::Place;
use super::origin::Origin;
use super::parse::{self, Fields};
use super::references::{has_reference, without_references};
use super::secret::{Secret, SecretError, SecretField, SecretRef, SecretValue};
use super::settings::{AWS_DEFAULT, HTTP_DEFAULT};

/// The prefixes of variables, the first one wins.
const PREFIXES: [&str; 2] = ["MAITRED_CONN_", "AIRFLOW_CONN_"];
/// References that lead to references: more than this is a circle.
const MAX_HOPS: usize = 8;
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// Finds connections and secrets. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Connections {
    environment: Environment,
    place: Option<Place>,
    known: KnownSecrets,
}

impl Connections {
    /// Connections of `environment` and of the file that it leads to.
    #[must_use]
    pub fn new(environment: Environment) -> Self {
        let place = Place::find(&environment);
        Self { environment, place, known: KnownSecrets::default() }
    }

    /// The same with the file `path` in place of the one that the environment leads to. It has to exist by the
    /// time a connection is looked for.
    #[must_use]
    pub fn with_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.place = Some(Place::named(path.into(), None));
        self
    }

    /// The same with the file `path`, whose content `check` looks at each time before it is used. Its error
    /// says why it is not.
    #[must_use]
    pub fn with_checked_file(
        mut self,
        path: impl Into<PathBuf>,
        check: impl Fn(&[u8]) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.place = Some(Place::named(path.into(), Some(Arc::new(check))));
        self
    }

    /// The same, whose secrets are remembered in `known`.
    #[must_use]
    pub fn with_known_secrets(mut self, known: KnownSecrets) -> Self {
        self.known = known;
        self
    }

    /// The secrets that were found so far, here and by the clients that were made of these connections.
    #[must_use]
    pub fn known(&self) -> &KnownSecrets {
        &self.known
    }

    /// The file of connections; `None` if the environment has no home either.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.place.as_ref().map(|place| place.path.as_path())
    }

    /// The connection `id`. It is read anew every time: environment and file may have changed.
    ///
    /// # Errors
    /// It is not defined (and is neither [`AWS_DEFAULT`] nor [`HTTP_DEFAULT`]), or what defines it
    /// cannot be read. No message holds a secret.
    pub fn get(&self, id: &str) -> Result<Connection, ConnectionError> {
        for name in variables(id) {
            if let Some(text) = self.environment.get(&name) {
                return Connection::parse(id, Origin::Variable(name), &text);
            }
        }
        let tables = self.tables()?;
        if let (Some(table), Some(path)) = (tables.get(id), self.path()) {
            return of_table(id, path, table);
        }
        if id == AWS_DEFAULT || id == HTTP_DEFAULT {
            let kind = id.trim_end_matches("_default").to_owned();
            let fields = Fields { kind, ..Fields::default() };
            return Ok(Connection { id: id.to_owned(), origin: Origin::BuiltIn, fields });
        }
        Err(self.undefined(id, &tables))
    }

    /// Every connection that is defined, by id: the one that wins, or why it cannot be read.
    ///
    /// # Errors
    /// The file cannot be used.
    #[expect(clippy::type_complexity, reason = "a pair that is looked at once")]
    pub fn list(
        &self,
    ) -> Result<Vec<(String, Result<Connection, ConnectionError>)>, ConnectionError> {
        let ids = self.ids(&self.tables()?);
        Ok(ids.into_iter().map(|id| (id.clone(), self.get(&id))).collect())
    }

    /// The value of a secret, as it is now.
    ///
    /// # Errors
    /// The variable, file or field is not there or is empty, or references lead in a circle.
    pub async fn secret(&self, reference: &SecretRef) -> Result<Secret, SecretError> {
        let (this, reference) = (self.clone(), reference.clone());
        on_a_thread(move || this.secret_now(&reference, 0)).await
    }

    /// `value` with the secrets in the place of the references in it, for the request that needs them.
    /// The result must not be stored.
    ///
    /// # Errors
    /// A secret cannot be had. The message does not hold any.
    pub async fn resolve(&self, mut value: Value) -> Result<Value, SecretError> {
        if !has_reference(&value) {
            return Ok(value);
        }
        let this = self.clone();
        on_a_thread(move || this.put_secrets(&mut value).map(|()| value)).await
    }

    fn secret_now(&self, reference: &SecretRef, hops: usize) -> Result<Secret, SecretError> {
        let fail = |problem: String| SecretError::new(reference, problem);
        if hops > MAX_HOPS {
            return Err(fail("the references lead in a circle".to_owned()));
        }
        let found = match reference {
            SecretRef::Env(name) => {
                let value = self.environment.get(name).map(Secret::new);
                value.ok_or_else(|| fail(format!("the variable {name} is not set, or empty")))
            }
            SecretRef::File(path) => read_secret(path).map_err(fail),
            SecretRef::Connection { id, field } => {
                let connection = self.get(id).map_err(|error| fail(error.to_string()))?;
                let missing = || fail(format!("the connection `{id}` has no such field"));
                let value = match field {
                    SecretField::Login => connection.fields.login,
                    SecretField::Password => connection.fields.password,
                    SecretField::Extra(key) => {
                        let value = connection.fields.extra.get(key).ok_or_else(missing)?;
                        SecretValue::read(value).map_err(fail)?
                    }
                };
                self.value_now(&value.ok_or_else(missing)?, hops + 1)
            }
        };
        if let Ok(secret) = &found {
            self.known().add(secret.expose());
            self.known().add_urls(secret.expose());
        }
        found
    }

    fn value_now(&self, value: &SecretValue, hops: usize) -> Result<Secret, SecretError> {
        match value {
            SecretValue::Literal(secret) => Ok(secret.clone()),
            SecretValue::Reference(reference) => self.secret_now(reference, hops),
        }
    }

    /// A connection with its references resolved. Blocks.
    ///
    /// # Errors
    /// A secret cannot be had.
    pub fn resolved(&self, connection: &Connection) -> Result<Resolved, ConnectionError> {
        let Fields { kind, description: _, host, login, password, schema, port, extra } =
            connection.fields.clone();
        let field = |value: Option<SecretValue>| -> Result<Option<String>, SecretError> {
            let secret = value.map(|value| self.value_now(&value, 0)).transpose()?;
            Ok(secret.map(|secret| secret.expose().to_owned()))
        };
        let mut extra = Value::Object(extra);
        without_references(&extra).map_err(|bad| connection.invalid(bad.to_string()))?;
        self.put_secrets(&mut extra)?;
        let Value::Object(extra) = extra else { unreachable!("an object stays one") };
        let (login, password) = (field(login)?, field(password)?);
        self.remember(host.as_deref(), login.as_deref(), password.as_deref(), &extra);
        let id = connection.id.clone();
        Ok(Resolved { id, kind, host, login, password, schema, port, extra })
    }

    /// Remembers the secrets of a connection. A login without a password is often a token.
    fn remember(
        &self,
        host: Option<&str>,
        login: Option<&str>,
        password: Option<&str>,
        extra: &Map<String, Value>,
    ) {
        self.known().add_urls(host.unwrap_or_default());
        match (login, password) {
            (Some(login), Some(password)) => self.known().add_login(login, password),
            (None, Some(secret)) | (Some(secret), None) => self.known().add(secret),
            (None, None) => {}
        }
        self.known().add_named(&Value::Object(extra.clone()));
    }

    /// Puts secrets in the place of references. What is parsed is not nested deep: serde_json and toml have a
    /// limit.
    fn put_secrets(&self, value: &mut Value) -> Result<(), SecretError> {
        if let Some(Ok(reference)) = SecretRef::from_value(value) {
            *value = Value::String(self.secret_now(&reference, 0)?.expose().to_owned());
            return Ok(());
        }
        match value {
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.put_secrets(item)),
            Value::Object(entries) => {
                entries.values_mut().try_for_each(|entry| self.put_secrets(entry))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }

    fn tables(&self) -> Result<Map<String, Value>, ConnectionError> {
        self.place.as_ref().map_or_else(|| Ok(Map::new()), Place::read)
    }

    fn ids(&self, tables: &Map<String, Value>) -> Vec<String> {
        let names = self.environment.names();
        let of_variables = names.iter().filter_map(|name| {
            let id = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix))?;
            (!id.is_empty() && self.environment.get(name).is_some()).then(|| id.to_lowercase())
        });
        let mut ids: Vec<_> = of_variables.chain(tables.keys().cloned()).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    fn undefined(&self, id: &str, tables: &Map<String, Value>) -> ConnectionError {
        let ids = self.ids(tables);
        let [ours, airflow] = variables(id);
        let file = match self.path() {
            Some(path) => format!(", and a table [{id}] of {}", path.display()),
            None => String::new(),
        };
        let looked = format!("looked for {ours}, {airflow}{file}; define one of them");
        let near = nearest(id, ids.iter().map(String::as_str)).map(str::to_owned);
        ConnectionError::Undefined { id: id.to_owned(), near, looked }
    }
}

fn variables(id: &str) -> [String; 2] {
    PREFIXES.map(|prefix| format!("{prefix}{}", id.to_uppercase()))
}

fn of_table(id: &str, path: &Path, table: &Value) -> Result<Connection, ConnectionError> {
    let fields = match table.as_object() {
        Some(entries) => parse::table(entries),
        None => Err(format!("it must be a table, [{id}]")),
    };
    Connection::of_fields(id, Origin::File(path.to_owned()), fields)
}

fn read_secret(path: &Path) -> Result<Secret, String> {
    let text = maitred_core::file::text(path, MAX_SECRET_BYTES);
    let text = text.map_err(|error| format!("the file {error}"))?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.trim_end_matches('\r'));
    match line {
        "" => Err("the file is empty".to_owned()),
        line => Ok(Secret::new(line)),
    }
}

/// Runs what may block, since a file may be on a disk that is slow, without holding up time-outs and signals.
pub(super) async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(failed) => match failed.try_into_panic() {
            // A panic goes on where the work was asked for.
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is ending, and this with it.
            Err(_) => std::future::pending().await,
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn connections<const N: usize>(variables: [(&str, &str); N]) -> Connections {
        let environment = Environment::fixed(variables);
        Connections { environment, place: None, known: KnownSecrets::default() }
    }

    /// A text without what is known to be a secret once the connection `c` was used.
    fn hidden_after_use(definition: &Value, text: &str) -> String {
        let definition = definition.to_string();
        let connections = connections([
            ("MAITRED_CONN_C", definition.as_str()),
            ("REFERRED", "referred-to"),
            ("REFERRED_URL", "https://me:in-the-url@h"),
        ]);
        connections.resolved(&connections.get("c").unwrap()).unwrap();
        connections.known().replace(text, "***").into_owned()
    }

    #[test]
    fn the_secrets_of_a_connection_that_is_used_are_remembered() {
        for (definition, secret) in [
            (json!({ "login": "me", "password": "hunter22" }), "hunter22"),
            (json!({ "login": "a-token" }), "a-token"),
            (json!({ "password": "hunter22" }), "hunter22"),
            (json!({ "host": "https://me:hunter22@h" }), "hunter22"),
            (json!({ "extra": { "bearer": "a-token" } }), "a-token"),
            (json!({ "extra": { "k": { "$secret": "env:REFERRED" } } }), "referred-to"),
            (json!({ "extra": { "k": { "$secret": "env:REFERRED_URL" } } }), "in-the-url"),
        ] {
            assert_eq!(hidden_after_use(&definition, secret), "***", "{definition}");
        }
        // The name of a user is none, and neither is a setting.
        let plain =
            json!({ "login": "a-user", "password": "hunter22", "extra": { "k": "a-setting" } });
        assert_eq!(hidden_after_use(&plain, "a-user a-setting"), "a-user a-setting");
        let basic = "YS11c2VyOmh1bnRlcjIy";
        assert_eq!(hidden_after_use(&plain, basic), "***");
    }

    #[test]
    fn references_may_lead_to_references_but_not_in_a_circle() {
        // c1 refers to c0, c2 to c1, and so on.
        let chain: Vec<(String, String)> =
            std::iter::once(("MAITRED_CONN_C0".to_owned(), json!({ "password": "end" })))
                .chain((1..=12).map(|n| {
                    let before = format!("conn:c{}.password", n - 1);
                    (format!("MAITRED_CONN_C{n}"), json!({ "password": { "$secret": before } }))
                }))
                .map(|(name, value)| (name, value.to_string()))
                .collect();
        let environment = Environment::fixed(chain.iter().map(|(name, value)| (&**name, &**value)));
        let connections = Connections { environment, place: None, known: KnownSecrets::default() };
        let secret = |id: String| {
            let reference = SecretRef::Connection { id, field: SecretField::Password };
            connections.secret_now(&reference, 0).map(|secret| secret.expose().to_owned())
        };
        assert_eq!(secret(format!("c{MAX_HOPS}")), Ok("end".to_owned()));
        let error = secret(format!("c{}", MAX_HOPS + 1)).unwrap_err().to_string();
        assert!(error.contains("in a circle"), "{error}");
    }

    #[test]
    fn only_variables_that_define_something_are_listed() {
        let connections = connections([
            ("MAITRED_CONN_", "aws://"),
            ("MAITRED_CONN_EMPTY", ""),
            ("MAITRED_CONN_A", "aws://"),
            ("AIRFLOW_CONN_A", "aws://"),
            ("AIRFLOW_CONN_B", "aws://"),
            ("OTHER_CONN_C", "aws://"),
        ]);
        let ids: Vec<_> = connections.list().unwrap().into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, ["a", "b"]);
    }
}
