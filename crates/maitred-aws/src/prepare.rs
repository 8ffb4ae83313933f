//! Prepares a call: everything that is known before it is signed and sent.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use maitred_core::client::{Call, CallError, InputProblem, Observation};
use maitred_core::secrets::urls;
use maitred_model::{ModelError, Models, OperationModel, Service, ServiceModel};
use uuid::Uuid;

use super::endpoint::{self, Partitions, ResolvedEndpoint, RuleSet};
use super::invalid_call::InvalidCall;
use super::protocol::{self, Reply, Request};
use super::{checksum, customize, reply};

/// A call as it is sent, without credentials and signature.
///
/// Its `Debug` does not show headers and body, which may hold secrets.
#[derive(Clone)]
pub struct PreparedRequest {
    pub(super) service: Arc<Service>,
    pub(super) operation: Arc<OperationModel>,
    pub(super) request: Request,
    pub(super) destination: Arc<Destination>,
    /// True if it is not signed.
    pub(super) unsigned: bool,
    /// True if an idempotency token was generated, so that it is for one call only.
    pub(super) has_new_token: bool,
}

/// The destination of a call.
#[derive(PartialEq)]
pub(super) struct Destination {
    pub(super) endpoint: ResolvedEndpoint,
    pub(super) region: String,
}

impl fmt::Debug for PreparedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedRequest")
            .field("service", &self.service())
            .field("operation", &self.operation())
            .field("url", &self.destination.endpoint.url)
            .finish_non_exhaustive()
    }
}

impl PreparedRequest {
    /// The service's name, e.g. `redshift`.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service.model().name
    }

    /// The operation's name, e.g. `DescribeClusters`.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.operation.name
    }

    /// The HTTP method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.operation.method
    }

    /// The whole URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{}", self.destination.endpoint.url.trim_end_matches('/'), self.request.target)
    }

    /// The path and the query string, without the path of the endpoint.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.request.target
    }

    /// The region that the client is for.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.destination.region
    }

    /// The headers of the protocol. Others are added when the request is signed and sent.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.request.headers.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The body. It may hold secrets, if the call's input does.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.request.body
    }

    /// What a client observes that receives this reply to the call, without retries. The reply may come
    /// from anywhere, such as a recording. Names of headers are in lower case.
    #[must_use]
    pub fn read(&self, status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> Observation {
        let reply = Reply { status, headers, body, retries: 0 };
        match reply::read(&self.service, &self.operation, &reply) {
            Ok(output) => Observation::Output(output),
            Err(error) => Observation::Error(error.into_call_error(status)),
        }
    }
}

/// What the endpoint depends on, apart from the call.
pub(super) struct EndpointSource<'a> {
    pub(super) rules: &'a RuleSet,
    pub(super) partitions: &'a Partitions,
    pub(super) region: &'a str,
    pub(super) fips: Option<bool>,
    pub(super) dual_stack: Option<bool>,
    /// The configured endpoint URL.
    pub(super) url: Option<String>,
}

/// The problems of a call's input. There are none if the service has no model.
///
/// # Errors
/// [`CallErrorKind::Invalid`](maitred_core::client::CallErrorKind::Invalid): the service has no such
/// operation, the operation cannot be called by name, or the model cannot be used.
pub fn input_problems(models: &Models, call: &Call) -> Result<Vec<InputProblem>, CallError> {
    let service = match models.service(&call.service) {
        Ok(service) => service,
        Err(ModelError::UnknownService { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(InvalidCall::from(error).into()),
    };
    let operation = service.operation(&call.operation).map_err(InvalidCall::from)?;
    customize::refuse(service.model(), &operation, operation.unsigned)?;
    let mut input = call.input.clone();
    customize::input(service.model(), &operation, &mut input);
    Ok(operation.check_input(&input))
}

/// Checks the input, adds idempotency tokens, serialises the request and resolves its endpoint.
pub(super) fn prepare(
    service: Arc<Service>,
    operation: Arc<OperationModel>,
    call: &Call,
    unsigned: bool,
    source: &EndpointSource<'_>,
) -> Result<PreparedRequest, InvalidCall> {
    let unsigned = unsigned || operation.unsigned;
    customize::refuse(service.model(), &operation, unsigned)?;
    let mut input = call.input.clone();
    customize::input(service.model(), &operation, &mut input);
    let problems = operation.check_input(&input);
    if !problems.is_empty() {
        return Err(InvalidCall::new("ParamValidation", report(&operation, &problems)));
    }
    let mut has_new_token = false;
    for member in operation.idempotency_tokens() {
        input.entry(member.name.as_str()).or_insert_with(|| {
            has_new_token = true;
            Value::String(Uuid::new_v4().to_string())
        });
    }
    let mut request = protocol::serialize(service.model(), &operation, &input)
        .map_err(|error| InvalidCall::new("ParamValidation", error))?;
    customize::request(service.model(), &operation, &mut request);
    checksum::add(&operation, &mut request)?;
    let endpoint = resolve(service.model(), &operation, &input, source)?;
    request.body.shrink_to_fit();
    let destination = Arc::new(Destination { endpoint, region: source.region.to_owned() });
    Ok(PreparedRequest { service, operation, request, destination, unsigned, has_new_token })
}

fn report(operation: &OperationModel, problems: &[InputProblem]) -> String {
    let mut report = format!("the input of {} is not valid", operation.name);
    for problem in problems {
        report.push_str(&format!("\n  {problem}"));
    }
    report
}

fn resolve(
    service: &ServiceModel,
    operation: &OperationModel,
    input: &Map<String, Value>,
    source: &EndpointSource<'_>,
) -> Result<ResolvedEndpoint, InvalidCall> {
    let mut parameters = Map::new();
    parameters.insert("Region".to_owned(), source.region.into());
    if let Some(url) = &source.url {
        if endpoint::parse_url(url).is_none() {
            return Err(InvalidCall::new(
                "InvalidEndpoint",
                format_args!(
                    "the endpoint URL `{}` is not of the form `https://host[:port]`",
                    urls::masked(url)
                ),
            ));
        }
        parameters.insert("Endpoint".to_owned(), url.as_str().into());
    }
    // As in botocore, a given endpoint wins over FIPS and dual stack.
    let asked = |flag: Option<bool>| flag.filter(|_| source.url.is_none());
    let flags = [("UseFIPS", asked(source.fips)), ("UseDualStack", asked(source.dual_stack))];
    for (name, flag) in flags.into_iter().filter_map(|(name, flag)| Some((name, flag?))) {
        parameters.insert(name.to_owned(), flag.into());
    }
    for member in operation.input_members() {
        if let Some(name) = &member.target.traits.context_param
            && let Some(value) = input.get(&member.name)
        {
            parameters.insert(name.clone(), value.clone());
        }
    }
    parameters.extend(operation.static_context_params.iter().cloned());
    customize::endpoint_parameters(service, operation, &mut parameters);
    let mut endpoint = source
        .rules
        .resolve(source.partitions, &parameters)
        .map_err(|error| InvalidCall::new("InvalidEndpoint", urls::masked(&error.to_string())))?;
    customize::check_signer(&endpoint)?;
    if let Some(given) = &source.url {
        customize::endpoint(service, given, &mut endpoint);
    }
    if let Some(prefix) = customize::host_prefix(service, operation) {
        endpoint.url = with_prefix(&endpoint.url, &expand(operation, prefix, input)?);
    }
    Ok(endpoint)
}

/// Replaces the labels of a host prefix by members of the input.
fn expand(
    operation: &OperationModel,
    prefix: &str,
    input: &Map<String, Value>,
) -> Result<String, InvalidCall> {
    let mut expanded = prefix.to_owned();
    for member in operation.input_members().iter().filter(|m| m.target.traits.host_label) {
        let name = &member.name;
        let value = input.get(name).and_then(Value::as_str).unwrap_or_default();
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        if value.is_empty() || !value.bytes().all(valid) {
            return Err(InvalidCall::new(
                "ParamValidation",
                format_args!(
                    "{name} goes into the host name: it must have letters, digits, `-` and `.` only"
                ),
            ));
        }
        expanded = expanded.replace(&format!("{{{name}}}"), value);
    }
    Ok(expanded)
}

/// Puts a prefix before the host name, unless it is an address or the local host.
fn with_prefix(url: &str, prefix: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority = rest.split('/').next().unwrap_or(rest);
    let (host, _port) = endpoint::split_port(authority);
    if endpoint::is_ip(host) || host == "localhost" {
        return url.to_owned();
    }
    format!("{scheme}://{prefix}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_goes_before_names_only() {
        assert_eq!(with_prefix("https://a.b/c", "x."), "https://x.a.b/c");
        assert_eq!(with_prefix("http://127.0.0.1:80", "x."), "http://127.0.0.1:80");
        assert_eq!(with_prefix("http://localhost:80", "x."), "http://localhost:80");
        for local in ["http://127.0.0.1/a", "http://localhost/a:b", "http://[::1]:80/a/"] {
            assert_eq!(with_prefix(local, "x."), local);
        }
    }

    #[test]
    fn an_input_is_checked_as_it_will_be_sent() {
        let models = Models::embedded();
        let problems = |service: &str, operation: &str, input: &[(&str, &str)]| {
            let call = Call::new(service, operation, input.iter().copied());
            let found = input_problems(&models, &call).map_err(|error| error.code().to_owned())?;
            Ok::<_, String>(found.len())
        };
        // Its account is filled in.
        assert_eq!(problems("glacier", "DescribeVault", &[("vaultName", "v")]), Ok(0));
        assert_eq!(problems("glacier", "DescribeVault", &[]), Ok(1));
        assert_eq!(problems("glacier", "DescribeVault", &[("vaultName", "v"), ("x", "y")]), Ok(1));
        assert_eq!(problems("no-such-service", "Describe", &[]), Ok(0));
        let refused = Err("UnsupportedSigner".to_owned());
        assert_eq!(problems("codecatalyst", "ListSpaces", &[]), refused);
    }
}
