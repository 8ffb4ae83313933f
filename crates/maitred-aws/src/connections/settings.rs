//! A connection of type `aws`, as the settings of a client. The fields are those of Airflow:
//! <https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/connections/aws.html>.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{AccessKeys, AwsSettings, Role};
use maitred_core::client::ClientConfig;
use maitred_core::diagnostic::nearest;
use maitred_model::Models;
use maitred_runtime::connection::{Reader, Resolved};

/// The keys of `extra`. `session_kwargs` may have the first [`OF_SESSION`] of them.
const EXTRA: [&str; 17] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "region_name",
    "profile_name",
    "verify",
    "config_kwargs",
    "endpoint_url",
    "service_config",
    "role_arn",
    "assume_role_method",
    "assume_role_kwargs",
    "assume_role_with_saml",
    "assume_role_with_web_identity_federation",
    "assume_role_with_web_identity_token_file",
    "assume_role_with_web_identity_federation_audience",
    "session_kwargs",
];

const OF_SESSION: usize = 5;

/// The settings that the connection stands for. The error is a message without values.
pub(super) fn settings(connection: &Resolved) -> Result<AwsSettings, String> {
    if !matches!(connection.kind.as_str(), "" | "aws") {
        return Err(format!("its type is `{}`, and a client of AWS needs `aws`", connection.kind));
    }
    if connection.host.is_some() {
        return Err(
            "`host` has no meaning here; an endpoint goes in `extra.endpoint_url`".to_owned()
        );
    }
    let extra = Reader::new(&connection.extra, "extra");
    extra.only(&EXTRA, "")?;
    let session = extra.object("session_kwargs")?.unwrap_or_default();
    let session = Reader::new(&session, "extra.session_kwargs");
    session.only(&EXTRA[..OF_SESSION], "")?;
    let mut config = extra.object("config_kwargs")?.unwrap_or_default();
    let region = Reader::new(&config, "extra.config_kwargs").text("region_name")?;
    config.remove("region_name");
    let config = ClientConfig::from_botocore(&config)
        .map_err(|message| format!("in `extra.config_kwargs`, {message}"))?;
    let services = services(extra.object("service_config")?.unwrap_or_default())?;
    let either = |key: &str| Ok::<_, String>(extra.text(key)?.or(session.text(key)?));
    Ok(AwsSettings {
        region: either("region_name")?.or(region),
        profile: either("profile_name")?,
        endpoint_url: extra.text("endpoint_url")?,
        verify: extra.verify("verify")?,
        config,
        keys: keys(connection, &extra, &session)?,
        role: role(&connection.id, &extra, services.get("STS"))?,
        service_endpoints: services,
    })
}

/// Login and password win over the keys of `extra`, and these over those of the session.
fn keys(
    connection: &Resolved,
    extra: &Reader<'_>,
    session: &Reader<'_>,
) -> Result<Option<AccessKeys>, String> {
    let pair = |reader: &Reader<'_>| {
        let id = reader.text("aws_access_key_id")?;
        Ok::<_, String>((id, reader.text("aws_secret_access_key")?))
    };
    let own = (connection.login.clone(), connection.password.clone());
    let found = [own, pair(extra)?, pair(session)?];
    let Some(found) = found.into_iter().find(|(id, secret)| id.is_some() || secret.is_some())
    else {
        return Ok(None);
    };
    let (Some(id), Some(secret)) = found else {
        return Err(
            "one of access key id (login) and secret access key (password) is missing".to_owned()
        );
    };
    let mut keys = AccessKeys::new(id, secret);
    keys.session_token = extra.text("aws_session_token")?.or(session.text("aws_session_token")?);
    Ok(Some(keys))
}

/// The endpoints of single services, by service id. Other settings of a service are for Airflow's
/// hooks.
fn services(config: Map<String, Value>) -> Result<BTreeMap<String, String>, String> {
    let models = Models::embedded();
    let mut found = BTreeMap::new();
    for (name, entries) in config {
        let path = format!("extra.service_config.{name}");
        let Some(entries) = entries.as_object() else {
            return Err(format!("`{path}` must be an object"));
        };
        let Some(url) = Reader::new(entries, &path).text("endpoint_url")? else { continue };
        let service = models.service(&name).map_err(|_| {
            let near =
                nearest(&name, models.services()).map(|near| format!("; did you mean `{near}`?"));
            format!("`{path}` is not a service{}", near.unwrap_or_default())
        })?;
        found.insert(service.model().service_id.clone(), url);
    }
    Ok(found)
}

fn role(id: &str, extra: &Reader<'_>, sts: Option<&String>) -> Result<Option<Role>, String> {
    let method = extra.text("assume_role_method")?;
    let Some(arn) = extra.text("role_arn")? else { return Ok(None) };
    let web_identity_token_file = match method.as_deref() {
        None | Some("assume_role") => None,
        Some("assume_role_with_web_identity") => Some(token_file(extra)?),
        Some("assume_role_with_saml") => {
            return Err(
                "roles by SAML are not supported; use a profile with `credential_process`, \
                        or `assume_role`"
                    .to_owned(),
            );
        }
        Some(_) => {
            return Err("`extra.assume_role_method` must be `assume_role` or \
                        `assume_role_with_web_identity`"
                .to_owned());
        }
    };
    let input = extra.object("assume_role_kwargs")?.unwrap_or_default();
    for key in ["RoleArn", "WebIdentityToken", "SerialNumber", "TokenCode"] {
        if input.contains_key(key) {
            return Err(format!("`extra.assume_role_kwargs.{key}` cannot be given"));
        }
    }
    let mut role = Role::new(arn, session_name(id));
    role.input = input;
    role.web_identity_token_file = web_identity_token_file;
    role.endpoint_url = sts.cloned();
    Ok(Some(role))
}

fn token_file(extra: &Reader<'_>) -> Result<String, String> {
    match extra.text("assume_role_with_web_identity_federation")?.as_deref() {
        None | Some("file") => extra.required("assume_role_with_web_identity_token_file"),
        Some(_) => {
            Err("`extra.assume_role_with_web_identity_federation` must be `file`; others are \
                        not supported"
                .to_owned())
        }
    }
}

/// `maitred_` and the id, without what STS does not take in a name.
fn session_name(id: &str) -> String {
    let taken = |c: &char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(*c);
    format!("maitred_{id}").chars().filter(taken).take(64).collect()
}
