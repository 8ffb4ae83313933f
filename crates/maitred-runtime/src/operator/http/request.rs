//! One request, or one for every page.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{ResponseCheck, check_expression, http_operator, target, truth};
use crate::connection::{HIDDEN, has_reference};
use crate::operator::{
    ConnectionUse, Deferral, Flow, Operator, OperatorContext, OperatorError, Resumed, arguments_of,
    send_once,
};
use crate::trigger::{HttpTrigger, TriggerEvent};
use maitred_core::client::Observation;

http_operator! {
    /// Sends one request. The result is the body of the reply, or what `response_filter` makes of the
    /// reply; with `next_page` it is the list of that for every page.
    ///
    /// A request whose method may change something every time (`POST`, `PATCH`) is sent once: if its reply
    /// is not seen, the task ends as `in_doubt`. (A task with retries sends it again after a reply that is a
    /// failure.) It can only be deferrable if `allow_repeat` says that it
    /// may be sent again. Any other one is sent again while there is no connection or the server is
    /// overloaded.
    pub struct HttpRequest {
        /// The method. Default: `POST`.
        #[serde(default = "default_method")]
        pub method: String,
        /// The condition on the reply; if it does not hold, the task fails. Default: any status below 400.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub response_check: Option<ResponseCheck>,
        /// A JMESPath expression over `{"StatusCode", "Headers", "Body"}` for the result, e.g. `Body.id`.
        /// Default: `Body`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub response_filter: Option<String>,
        /// A JMESPath expression over the same for the request of the next page: its URL or endpoint, or an
        /// object of what is new in it (`url`, `endpoint`, `params`, `data`, `json`), or null after the last
        /// page. Default: there is one page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub next_page: Option<String>,
        /// The largest number of pages; more are a failure. Default: 100.
        #[serde(default = "count::<100>")]
        pub max_pages: u32,
        /// The largest number of times that a request is sent which may be sent again. Default: 3.
        #[serde(default = "count::<3>")]
        pub retry_limit: u32,
        /// Seconds between the first two tries; doubled every time, and never less than the server's
        /// `Retry-After`. Default: 1.
        #[serde(default = "one")]
        pub retry_delay: f64,
        /// Defers the request to the triggerer. Default: false.
        #[serde(default)]
        pub deferrable: bool,
        /// Allows to send a request again although that may change something every time. Default: false.
        #[serde(default)]
        pub allow_repeat: bool,
    }
}

fn default_method() -> String {
    "POST".to_owned()
}

/// A default number of pages or tries.
fn count<const DEFAULT: u32>() -> u32 {
    DEFAULT
}

fn one() -> f64 {
    1.0
}

/// The largest size of the results of all pages together, in bytes of JSON.
const MAX_PAGES_BYTES: usize = 256 * 1024;

/// The members of a request that differ from page to page.
const NEXT_KEYS: [&str; 5] = ["url", "endpoint", "params", "data", "json"];

/// The progress of a request with several pages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Position {
    /// The next request.
    input: Map<String, Value>,
    /// The results of the pages before it.
    pages: Vec<Value>,
}

/// The place where a request goes on. Callers match it exhaustively: a new variant is a breaking change.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "method", content = "kwargs", rename_all = "snake_case")]
pub enum Resume {
    /// At a page that was asked for.
    ExecuteComplete(Position),
}

/// The recorded result of a request: the event of its reply or, from a user who says that it was made
/// (`maitred tasks settle --made`), the result itself.
fn seen_or_said(recorded: Value) -> Value {
    let status = recorded.pointer("/response/status_code");
    if recorded.get("status").is_some() && status.is_some_and(Value::is_number) {
        return recorded;
    }
    json!({"status": "success", "message": "", "values": {"result": recorded}})
}

impl HttpRequest {
    /// True if it does no harm to send the request twice:
    /// <https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2>.
    fn is_repeatable(&self) -> bool {
        self.allow_repeat || !matches!(self.method.as_str(), "POST" | "PATCH")
    }

    fn trigger(&self, input: &Map<String, Value>) -> HttpTrigger {
        let mut trigger = HttpTrigger::new(self.method.as_str(), input.clone());
        trigger.client = self.client_settings();
        trigger.retry_limit = self.retry_limit;
        trigger.retry_delay = self.retry_delay;
        let mut put = |name: &str, expression: String| {
            trigger.values.insert(name.to_owned(), expression);
        };
        put("result", self.response_filter.clone().unwrap_or_else(|| "Body".to_owned()));
        if let Some(next) = &self.next_page {
            put("next", next.clone());
        }
        if let Some(check) = &self.response_check {
            if let Some(expression) = &check.expression {
                put("check", truth(expression));
            }
            trigger.statuses = check.statuses().to_vec();
        }
        trigger
    }

    async fn go_on(
        &self,
        ctx: &OperatorContext,
        mut at: Position,
    ) -> Result<Flow<Resume>, OperatorError> {
        loop {
            let trigger = self.trigger(&at.input);
            let reply = if !self.is_repeatable() {
                self.send_once(ctx, &trigger, at.pages.len()).await?
            } else if self.deferrable {
                return Ok(Flow::Defer(Deferral::new(&trigger, Resume::ExecuteComplete(at))?));
            } else {
                ctx.run_trigger(&trigger).await
            };
            if let Some(result) = self.take(ctx, reply, &mut at)? {
                return Ok(Flow::Done(result));
            }
        }
    }

    /// Sends a request that must not be sent twice. A reply counts, whatever it is.
    async fn send_once(
        &self,
        ctx: &OperatorContext,
        trigger: &HttpTrigger,
        page: usize,
    ) -> Result<Resumed, OperatorError> {
        // The query may hold a secret.
        let endpoint = self.endpoint.split(['?', '#']).next().unwrap_or_default();
        let details = json!({ "method": self.method, "endpoint": endpoint, "page": page });
        let name = format!("{} request", self.method);
        let payload: Value = ctx
            .main_call(&name, details, || async {
                let output =
                    send_once(&ctx.services.clients, &trigger.client, trigger.call()).await?;
                Ok(trigger.event(&Observation::Output(output)).payload)
            })
            .await?;
        Ok(Resumed::Event(TriggerEvent::new(seen_or_said(payload))))
    }

    /// Takes a page; gives the result after the last one.
    fn take(
        &self,
        ctx: &OperatorContext,
        reply: Resumed,
        at: &mut Position,
    ) -> Result<Option<Value>, OperatorError> {
        let mut payload = reply.success()?.payload;
        let mut value =
            |name: &str| payload.pointer_mut(&format!("/values/{name}")).map(Value::take);
        if value("check").is_some_and(|check| check != true) {
            let check = self.response_check.as_ref().and_then(|check| check.expression.as_deref());
            return Err(OperatorError::new(format!(
                "response_check does not hold: {}",
                check.unwrap_or_default()
            )));
        }
        let mut result = value("result").unwrap_or_default();
        if self.next_page.is_none() {
            return Ok(Some(result));
        }
        let known = ctx.services.clients.connections().known();
        known.redact_value(&mut result);
        at.pages.push(result);
        let next = value("next").unwrap_or_default();
        if self.deferrable && (known.is_in(&next) || next.to_string().contains(HIDDEN)) {
            // It would be stored.
            let message = "next_page yields a secret of this request: yield `params` without it, and \
                           give the secret in a header or the connection, or say \"deferrable\": false";
            return Err(OperatorError::fatal(message));
        }
        let Some(input) = next_input(&at.input, next)? else {
            return Ok(Some(Value::Array(std::mem::take(&mut at.pages))));
        };
        if input == at.input {
            return Err(OperatorError::fatal("next_page asks for the same page again"));
        }
        if at.pages.len() as u64 >= u64::from(self.max_pages) {
            return Err(OperatorError::fatal(format!(
                "there are more than {} pages; max_pages allows more",
                self.max_pages
            )));
        }
        if json!(at.pages).to_string().len() > MAX_PAGES_BYTES {
            return Err(OperatorError::fatal(format!(
                "the pages have more than {MAX_PAGES_BYTES} bytes; response_filter takes what is needed"
            )));
        }
        at.input = input;
        Ok(None)
    }
}

/// The request of the next page; `None` after the last one.
fn next_input(
    input: &Map<String, Value>,
    next: Value,
) -> Result<Option<Map<String, Value>>, OperatorError> {
    let changes = match next {
        Value::Null | Value::Bool(false) => return Ok(None),
        Value::String(text) if text.is_empty() => return Ok(None),
        Value::String(text) => Map::from_iter([(target(&text).to_owned(), Value::String(text))]),
        Value::Object(changes) => changes,
        Value::Bool(true) | Value::Number(_) | Value::Array(_) => {
            let message = "next_page yields neither a URL, nor an object, nor null";
            return Err(OperatorError::fatal(message));
        }
    };
    if let Some(key) = changes.keys().find(|key| !NEXT_KEYS.contains(&key.as_str())) {
        let known = NEXT_KEYS.join(", ");
        let message =
            format!("next_page: `{key}` cannot be changed from page to page, only {known}");
        return Err(OperatorError::fatal(message));
    }
    if changes.values().any(has_reference) {
        // A server must not be able to ask for our secrets.
        return Err(OperatorError::fatal("next_page yields a reference to a secret"));
    }
    let leaves = match (input.get("url"), changes.get("url")) {
        (_, None) => false,
        (old, new) => origin(old) != origin(new),
    };
    if leaves && input.values().any(has_reference) {
        let message = "next_page leads to another server, and the secrets of this request are not \
                       sent there: put them in the connection, or yield an endpoint";
        return Err(OperatorError::fatal(message));
    }
    let mut input = input.clone();
    if changes.contains_key("url") || changes.contains_key("endpoint") {
        // An address of the server's own has its query in it.
        for key in ["url", "endpoint", "params"] {
            input.remove(key);
        }
    }
    for (key, value) in changes {
        match (input.get_mut(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => old.extend(new),
            (_, value) => drop(input.insert(key, value)),
        }
    }
    Ok(Some(input))
}

fn origin(url: Option<&Value>) -> Option<String> {
    let url = url::Url::parse(url?.as_str()?).ok()?;
    Some(url.origin().ascii_serialization())
}

impl Operator for HttpRequest {
    const NAME: &'static str = "http.request";
    type Resume = Resume;
    const SUMMARY: &'static str = "Send a request";

    fn arguments() -> Value {
        arguments_of::<Self>()
    }

    fn connections(&self) -> Vec<ConnectionUse> {
        self.used_connections()
    }

    fn check(&self) -> Result<(), OperatorError> {
        self.check_request()?;
        let wrong = |message: String| Err(OperatorError::fatal(message));
        if self.deferrable && !self.is_repeatable() {
            return wrong(format!(
                "a deferrable request is sent again if the triggerer dies before it has stored the \
                 reply, and {} may change something every time: say \"allow_repeat\": true if that \
                 does no harm, or \"deferrable\": false",
                self.method
            ));
        }
        if let Some(check) = &self.response_check {
            check.check("response_check")?;
        }
        for (argument, expression) in
            [("response_filter", &self.response_filter), ("next_page", &self.next_page)]
        {
            if let Some(expression) = expression {
                check_expression(argument, expression)?;
            }
        }
        if self.max_pages == 0 || self.retry_limit == 0 {
            return wrong("max_pages and retry_limit are at least 1".to_owned());
        }
        if !(self.retry_delay >= 0.0 && self.retry_delay.is_finite()) {
            return wrong("retry_delay is a number of seconds, at least 0".to_owned());
        }
        Ok(())
    }

    async fn execute(&self, ctx: &OperatorContext) -> Result<Flow<Resume>, OperatorError> {
        let at = Position { input: self.input(), pages: Vec::new() };
        self.go_on(ctx, at).await
    }

    async fn resume(
        &self,
        ctx: &OperatorContext,
        Resume::ExecuteComplete(mut at): Resume,
        with: Resumed,
    ) -> Result<Flow<Resume>, OperatorError> {
        match self.take(ctx, with, &mut at)? {
            Some(result) => Ok(Flow::Done(result)),
            None => self.go_on(ctx, at).await,
        }
    }
}
