//! Connections: named credentials and defaults, from the environment and a file.
//!
//! A connection has an id, e.g. `warehouse`, and is looked for in this order; the first one wins:
//!
//! 1. the variable `MAITRED_CONN_WAREHOUSE`,
//! 2. the variable `AIRFLOW_CONN_WAREHOUSE`,
//! 3. the table `[warehouse]` of the file of connections: the one that the caller names, else that
//!    of `MAITRED_CONNECTIONS`, else `maitred/connections.toml` in the user's configuration folder
//!    (`XDG_CONFIG_HOME`, `~/.config`).
//!
//! `aws_default` and `http_default` need no definition: the former then is the SDK's own chain, the
//! latter has no defaults. Any other id that is not defined is an error.
//!
//! A variable holds a URI, `type://login:password@host:port/schema?key=value` with percent-encoded
//! parts, or a JSON object, both as Airflow has them. A table has the same fields:
//!
//! ```toml
//! [warehouse]
//! type = "aws"
//! login = "AKIAIOSFODNN7EXAMPLE"
//! password = { "$secret" = "env:WAREHOUSE_KEY" }
//! extra = { region_name = "eu-west-1", role_arn = "arn:aws:iam::123456789012:role/waiter" }
//!
//! [jobs]
//! type = "http"
//! host = "https://jobs.example.com/api"
//! extra.headers = { X-Team = "data" }
//! extra.oauth2 = { token_url = "https://login.example.com/token", client_id = "maitred", client_secret = { "$secret" = "file:/run/secrets/jobs" } }
//! ```
//!
//! Any value may be a reference ([`SecretRef`]), which is resolved whenever a client is made. A file
//! that others may read is refused if a secret stands in it as it is.
//!
//! [`Clients`] makes clients of [`ClientSettings`], which is what a stored wait carries: the id,
//! the region, the endpoint, never a secret.

mod clients;
mod definition;
mod environment;
mod error;
mod factory;
mod file;
mod http;
mod http_factory;
mod lookup;
mod mask;
mod origin;
mod parse;
mod reader;
mod references;
mod secret;
mod settings;

pub use clients::Clients;
pub use definition::{Connection, Resolved};
pub use environment::Environment;
pub use error::ConnectionError;
pub use factory::{ClientFactory, ClientPlan, plan_as};
pub use http_factory::CaBundle;
pub use lookup::Connections;
pub use origin::Origin;
pub use reader::Reader;
pub use references::{has_reference, without_references};
pub use secret::{BadSecretRef, HIDDEN, Secret, SecretError, SecretField, SecretRef};
pub use settings::{AWS_DEFAULT, ClientSettings, HTTP_DEFAULT};
