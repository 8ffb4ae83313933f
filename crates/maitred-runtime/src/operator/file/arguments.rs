//! The arguments of operators of files.

use std::collections::BTreeMap;

use maitred_core::client::{ClientConfig, HTTP_SERVICE, Verify};
use maitred_core::diagnostic::nearest;
use maitred_core::operator_file::{COMMON_ARGUMENTS, OperatorConfig, OperatorParameterType};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::connection::ClientSettings;

/// The arguments of a task of an operator of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Arguments {
    /// The values of the parameters, as requests need them. One that is optional and not given is not there.
    pub(super) parameters: BTreeMap<String, Value>,
    /// The defaults with placeholders of the parameters that are not given.
    pub(super) open_defaults: BTreeMap<String, String>,
    /// The members of the main call's input that the caller gives by their own names.
    pub(super) members: Map<String, Value>,
    pub(super) common: Common,
}

/// The arguments that every operator takes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Common {
    pub(super) wait_for_completion: bool,
    pub(super) deferrable: bool,
    pub(super) poll_interval: Option<f64>,
    pub(super) max_attempts: Option<u64>,
    aws_conn_id: Option<String>,
    region_name: Option<String>,
    endpoint_url: Option<String>,
    verify: Option<Verify>,
    botocore_config: Option<ClientConfig>,
}

impl Default for Common {
    fn default() -> Self {
        Self {
            wait_for_completion: true,
            deferrable: true,
            poll_interval: None,
            max_attempts: None,
            aws_conn_id: None,
            region_name: None,
            endpoint_url: None,
            verify: None,
            botocore_config: None,
        }
    }
}

impl Common {
    /// The client of calls of `service`. The connection and what goes with it are for AWS.
    pub(super) fn client(&self, service: &str) -> ClientSettings {
        let mut settings = ClientSettings::default();
        if service == HTTP_SERVICE {
            return settings;
        }
        settings.connection.clone_from(&self.aws_conn_id);
        settings.region.clone_from(&self.region_name);
        settings.endpoint_url.clone_from(&self.endpoint_url);
        settings.verify.clone_from(&self.verify);
        settings.config.clone_from(&self.botocore_config);
        settings
    }

    /// The connection that the arguments name.
    pub(super) fn connection(&self) -> Option<&str> {
        self.aws_conn_id.as_deref()
    }

    fn check(&self) -> Result<(), String> {
        if self.poll_interval.is_some_and(|seconds| !(seconds > 0.0 && seconds.is_finite())) {
            return Err("poll_interval is a number of seconds above 0".to_owned());
        }
        if self.max_attempts == Some(0) {
            return Err("max_attempts is at least 1".to_owned());
        }
        Ok(())
    }
}

impl Arguments {
    /// Reads the arguments of `operator`.
    ///
    /// # Errors
    /// One is missing, unknown or of the wrong type.
    pub(super) fn read(operator: &OperatorConfig, args: &Value) -> Result<Self, String> {
        let given = match args {
            Value::Object(given) => given.clone(),
            Value::Null => Map::new(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return Err("invalid type: expected an object".to_owned());
            }
        };
        let (mut parameters, mut members) = (BTreeMap::new(), Map::new());
        let (mut common, mut open_defaults) = (Map::new(), BTreeMap::new());
        for (name, value) in given {
            if let Some(parameter) = operator.parameters.get(&name) {
                if !value.is_null() {
                    let value = parameter.kind.convert(&value);
                    let value = value.map_err(|wanted| format!("{name}: expected {wanted}"))?;
                    parameters.insert(name, value);
                }
            } else if COMMON_ARGUMENTS.contains(&name.as_str()) {
                common.insert(name, value);
            } else if name.contains('_') || operator.main_step().is_none() {
                return Err(unknown(operator, &name));
            } else {
                members.insert(name, value);
            }
        }
        let common: Common = serde_path_to_error::deserialize(Value::Object(common))
            .map_err(|error| error.to_string())?;
        common.check()?;
        for (name, parameter) in &operator.parameters {
            if parameters.contains_key(name) {
                continue;
            }
            if parameter.is_required() {
                let what = parameter.description.as_deref();
                let what = what.map(|text| format!(" ({text})")).unwrap_or_default();
                return Err(format!("`{name}` is missing{what}"));
            }
            match &parameter.default {
                Some(Value::String(text)) if text.contains("{{") => {
                    open_defaults.insert(name.clone(), text.clone());
                }
                Some(default) => {
                    let value = parameter.kind.convert(default);
                    let wrong = |wanted| format!("the default of {name} is not {wanted}");
                    parameters.insert(name.clone(), value.map_err(wrong)?);
                }
                None => {}
            }
        }
        Ok(Self { parameters, open_defaults, members, common })
    }
}

fn unknown(operator: &OperatorConfig, name: &str) -> String {
    let known: Vec<_> =
        operator.parameters.keys().map(String::as_str).chain(COMMON_ARGUMENTS).collect();
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("unknown field `{name}`; did you mean `{near}`?"),
        None => format!("unknown field `{name}`, expected one of {}", known.join(", ")),
    }
}

/// The JSON Schema of the arguments of an operator.
pub(super) fn schema(operator: &OperatorConfig) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, parameter) in &operator.parameters {
        let mut property = of_type(parameter.kind);
        let mut description = parameter.description.clone().unwrap_or_default();
        if let Some(default) = &parameter.default {
            let shown = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
            description.push_str(&format!(" Default: `{shown}`."));
            property["default"] = default.clone();
        }
        property["description"] = description.into();
        properties.insert(name.clone(), property);
        if parameter.is_required() {
            required.push(name.clone());
        }
    }
    let waits = operator.last_wait().is_some();
    for (name, kind, description) in common(waits) {
        properties.insert(name.to_owned(), json!({"type": kind, "description": description}));
    }
    properties.insert(
        "verify".to_owned(),
        json!({
            "type": ["boolean", "string"],
            "description": "The certificates that are accepted. Default: the connection's.",
        }),
    );
    let mut description = operator.description.clone();
    if let Some(call) = operator.main_step().and_then(|step| operator.steps[step].call.as_ref()) {
        description.push_str(&format!(
            " Any other member of the input of {} may be given by its own name.",
            call.operation
        ));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "description": description,
        "properties": properties,
        "required": required,
    })
}

fn of_type(kind: OperatorParameterType) -> Value {
    match kind {
        OperatorParameterType::String => json!({"type": "string"}),
        OperatorParameterType::Number => json!({"type": "number"}),
        OperatorParameterType::Boolean => json!({"type": "boolean"}),
        OperatorParameterType::Json | OperatorParameterType::JsonText => json!({}),
        OperatorParameterType::Tags => json!({"type": ["object", "array"]}),
        OperatorParameterType::List => json!({"type": "array"}),
    }
}

/// The name, the type and the description of each argument that every operator takes.
fn common(waits: bool) -> Vec<(&'static str, &'static str, &'static str)> {
    let of_waits = [
        (
            "wait_for_completion",
            "boolean",
            "Ends the task when the work is done, and not as soon as it is started. Default: true.",
        ),
        ("deferrable", "boolean", "Defers the wait to the triggerer. Default: true."),
        (
            "poll_interval",
            "number",
            "Seconds between two polls of the last wait. Default: the waiter's.",
        ),
        (
            "max_attempts",
            "integer",
            "The largest number of polls of the last wait. Default: the waiter's.",
        ),
    ];
    let of_clients = [
        ("aws_conn_id", "string", "The connection. Default: `aws_default`."),
        ("region_name", "string", "The region. Default: the connection's."),
        (
            "endpoint_url",
            "string",
            "The endpoint. Default: the connection's, else the service's own.",
        ),
        (
            "botocore_config",
            "object",
            "Time-outs, retries and the like. Default: the connection's.",
        ),
    ];
    let of_waits = of_waits.into_iter().filter(|_| waits);
    of_waits.chain(of_clients).collect()
}
