//! The client: how it is built, and its face as a [`Client`].

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use reqwest::Url;
use serde_json::{Map, Value};

use maitred_core::client::{Call, CallError, CallMode, Client, Observation};
use maitred_core::clock::{BoxFuture, Clock};
use maitred_core::secrets::KnownSecrets;

use super::error::invalid;
use super::input;
use super::send::Sender;
use super::settings::{self, HttpSettings, Merged};
use super::url::{has_login, parse_url, without_login};

/// Sends HTTP requests. Connections are pooled and reused, so share one client.
pub struct HttpClient(Sender);

impl HttpClient {
    /// A client for requests that give a whole `url`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(Sender::new(clock))
    }

    /// Adds the secrets of this client to `known`, and removes those in `known` from error messages.
    #[must_use]
    pub fn with_known_secrets(mut self, known: KnownSecrets) -> Self {
        known.add_urls(self.0.settings.base_url.as_deref().unwrap_or_default());
        if let Some(oauth2) = &self.0.settings.oauth2 {
            known.add_login(&oauth2.client_id, &oauth2.client_secret);
        }
        self.0.known = known;
        self
    }

    /// Sets the base URL, to which the `endpoint` of an input is appended. The path of the base URL is
    /// kept: `https://host/api` and `/jobs/7` make `https://host/api/jobs/7`.
    ///
    /// # Errors
    /// `base_url` is not an http or https URL.
    pub fn with_base_url(mut self, base_url: &str) -> Result<Self, CallError> {
        let url =
            parse_url(base_url).map_err(|message| invalid(format!("the base URL {message}")))?;
        self.0.base_url = Some(url);
        Ok(self)
    }

    /// The base URL, without its login and query.
    #[must_use]
    pub fn base_url(&self) -> Option<String> {
        let mut url = without_login(self.0.base_url.clone()?);
        url.set_query(None);
        Some(url.to_string())
    }

    /// A client with its own settings. If there is a base URL, defaults and tokens are sent only to its
    /// origin.
    ///
    /// # Errors
    /// A setting is not valid in a request, or there are two logins.
    pub fn with_settings(clock: Arc<dyn Clock>, settings: HttpSettings) -> Result<Self, CallError> {
        let mut client = Self::new(clock);
        if let Some(url) = &settings.base_url {
            client = client.with_base_url(url)?;
        }
        let base = client.0.base_url.as_ref();
        let Merged { mut input, has_login: in_defaults, .. } =
            settings::merge(&settings, base, &Map::new())?;
        let logins = [base.is_some_and(has_login), in_defaults, settings.oauth2.is_some()];
        if logins.into_iter().filter(|given| *given).count() > 1 {
            return Err(invalid(
                "there are two logins: use one of login and password, an Authorization header, \
                 `oauth2`, and user:password in the host",
            ));
        }
        input.insert("endpoint".to_owned(), Value::from("/"));
        input::request(&input)?;
        if let Some(oauth2) = &settings.oauth2 {
            input::request(&oauth2.request(&settings.defaults))
                .map_err(|_| invalid("`oauth2.token_url` is not an http or https URL"))?;
        }
        client.0.settings = settings;
        Ok(client)
    }
}

impl Client for HttpClient {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Observation> {
        Box::pin(async {
            if call.mode == CallMode::AllPages {
                return Observation::Error(CallError::not_paginated(call));
            }
            match self.0.exchange(call).await {
                Ok(mut output) => {
                    output.error = output.error.filter(|_| self.0.settings.check_response);
                    Observation::Output(output)
                }
                Err(error) => Observation::Error(error),
            }
        })
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A base URL may hold a password, and its query a token.
        let host = self.0.base_url.as_ref().and_then(Url::host_str);
        f.debug_struct("HttpClient").field("base_host", &host).finish_non_exhaustive()
    }
}
