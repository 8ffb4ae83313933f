//! Converting botocore's `service-2.json` to the records of a service.

use std::collections::HashMap;

use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::records::Records;
use crate::{
    ErrorModel, Member, OperationModel, Pagination, Protocol, ServiceModel, Shape, ShapeId,
    ShapeKind, ShapeRef, Structure, Traits, XmlNamespace,
};

/// The key under which an operation's paginator, which botocore has in another file, is merged in.
pub(super) const PAGINATOR: &str = "paginator";

/// Converts the model of the service that botocore calls `name`.
///
/// # Errors
/// A message about what is missing or unknown.
pub(super) fn convert(name: &str, model: &Value) -> Result<Records, String> {
    let (operations, shapes) = (object(model, "operations")?, object(model, "shapes")?);
    let numbers: HashMap<&str, ShapeId> =
        shapes.keys().enumerate().map(|(number, name)| (name.as_str(), number)).collect();
    let is_ec2 = model.pointer("/metadata/protocol").is_some_and(|protocol| protocol == "ec2");
    let converter = Converter { numbers, shapes, is_ec2 };
    Ok(Records {
        service: service(name, model)?,
        operations: operations
            .iter()
            .map(|(name, operation)| converter.operation(name, operation))
            .collect::<Result<_, _>>()?,
        shapes: shapes
            .iter()
            .map(|(name, shape)| converter.shape(name, shape))
            .collect::<Result<_, _>>()?,
    })
}

fn service(name: &str, model: &Value) -> Result<ServiceModel, String> {
    let metadata = model.get("metadata").ok_or("no metadata")?;
    let text = |key: &str| metadata.get(key).and_then(Value::as_str).map(str::to_owned);
    let required = |key: &str| text(key).ok_or_else(|| format!("no metadata `{key}`"));
    // Custom models may not have one.
    let service_id = text("serviceId").unwrap_or_else(|| name.to_owned());
    let endpoint_prefix = required("endpointPrefix")?;
    let namespace = metadata.get("xmlNamespace").and_then(xml_namespace);
    Ok(ServiceModel {
        name: name.to_owned(),
        full_name: text("serviceFullName").unwrap_or_else(|| service_id.clone()),
        service_id,
        api_version: required("apiVersion")?,
        signing_name: text("signingName").unwrap_or_else(|| endpoint_prefix.clone()),
        endpoint_prefix,
        signature_version: required("signatureVersion")?,
        protocol: protocol(metadata)?,
        target_prefix: text("targetPrefix"),
        json_version: text("jsonVersion"),
        xml_namespace: namespace.map(|namespace| namespace.uri),
        global_endpoint: text("globalEndpoint"),
        query_compatible: metadata.get("awsQueryCompatible").is_some(),
        operations: object(model, "operations")?.keys().cloned().collect(),
    })
}

/// The first protocol that the service has in the order in which botocore prefers them, without
/// CBOR: every service that has it has another one.
fn protocol(metadata: &Value) -> Result<Protocol, String> {
    let only = metadata.get("protocol").and_then(Value::as_str);
    let listed = metadata.get("protocols").and_then(Value::as_array);
    let has = |protocol: &str| match listed {
        Some(listed) => listed.iter().any(|listed| listed == protocol),
        None => only == Some(protocol),
    };
    let mut preferred = ["json", "rest-json", "rest-xml", "query", "ec2"].into_iter();
    let protocol = preferred.find(|protocol| has(protocol));
    from(protocol.ok_or_else(|| format!("no known protocol, but {only:?}"))?.into())
}

fn object<'a>(value: &'a Value, key: &str) -> Result<&'a Map<String, Value>, String> {
    value.get(key).and_then(Value::as_object).ok_or_else(|| format!("no object `{key}`"))
}

fn xml_namespace(value: &Value) -> Option<XmlNamespace> {
    let uri = value.as_str().map(|uri| serde_json::json!({ "uri": uri }));
    XmlNamespace::deserialize(uri.as_ref().unwrap_or(value)).ok()
}

/// Whether the operation is called without credentials; models have two ways to say so.
fn is_unsigned(operation: &Value) -> bool {
    let auth = operation.get("auth").and_then(Value::as_array);
    operation.get("authtype").is_some_and(|authtype| authtype == "none")
        || auth.is_some_and(|auth| auth.iter().all(|scheme| scheme == "smithy.api#noAuth"))
}

struct Converter<'a> {
    numbers: HashMap<&'a str, ShapeId>,
    shapes: &'a Map<String, Value>,
    is_ec2: bool,
}

impl Converter<'_> {
    fn operation(&self, name: &str, operation: &Value) -> Result<OperationModel, String> {
        let text =
            |pointer: &str| operation.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let is_true = |pointer: &str| operation.pointer(pointer) == Some(&Value::Bool(true));
        let io = |key: &str| operation.get(key).map(|io| self.reference(io)).transpose();
        let errors = operation.get("errors").and_then(Value::as_array).into_iter().flatten();
        let params = operation.get("staticContextParams").and_then(Value::as_object);
        let value = |param: &Value| param.get("value").cloned().unwrap_or_default();
        Ok(OperationModel {
            name: name.to_owned(),
            method: text("/http/method").unwrap_or_else(|| "POST".to_owned()),
            request_uri: text("/http/requestUri").unwrap_or_else(|| "/".to_owned()),
            input: io("input")?,
            output: io("output")?,
            result_wrapper: text("/output/resultWrapper"),
            errors: errors.map(|error| self.error(error)).collect::<Result<_, _>>()?,
            host_prefix: text("/endpoint/hostPrefix"),
            unsigned: is_unsigned(operation),
            checksum_required: is_true("/httpChecksumRequired")
                || is_true("/httpChecksum/requestChecksumRequired"),
            static_context_params: params
                .into_iter()
                .flatten()
                .map(|(name, param)| (name.clone(), value(param)))
                .collect(),
            pagination: operation.get(PAGINATOR).map(pagination).transpose()?,
            shapes: Vec::new(),
        })
    }

    fn error(&self, error: &Value) -> Result<ErrorModel, String> {
        let name = error.get("shape").and_then(Value::as_str).ok_or("an error has no shape")?;
        let code = self.shapes.get(name).and_then(|shape| shape.pointer("/error/code"));
        let code = code.and_then(Value::as_str).unwrap_or(name).to_owned();
        Ok(ErrorModel { code, shape: self.number(name)? })
    }

    fn number(&self, name: &str) -> Result<ShapeId, String> {
        self.numbers.get(name).copied().ok_or_else(|| format!("no shape `{name}`"))
    }

    fn reference(&self, reference: &Value) -> Result<ShapeRef, String> {
        let name = reference.get("shape").and_then(Value::as_str).ok_or("no shape")?;
        Ok(ShapeRef { shape: self.number(name)?, traits: traits(reference)? })
    }

    fn shape(&self, name: &str, shape: &Value) -> Result<Shape, String> {
        let kind = self.kind(shape).map_err(|error| format!("shape `{name}`: {error}"))?;
        let min = shape.get("min").and_then(Value::as_f64);
        Ok(Shape { name: name.to_owned(), kind, min, traits: traits(shape)? })
    }

    /// Whether a member would have its own name on the wire without its `locationName`. EC2 capitalises the
    /// names in the model.
    fn is_named_anyway(&self, name: &str, member: &Value) -> bool {
        let is_own = member.get("locationName").is_some_and(|location| location == name);
        let shape = member.get("shape").and_then(Value::as_str);
        let shape = shape.and_then(|shape| self.shapes.get(shape));
        let has_other = shape.is_some_and(|shape| shape.get("locationName").is_some());
        is_own && !has_other && !self.is_ec2
    }

    /// Whether a list consists of lists of itself, which no value can have.
    fn is_endless(&self, list: &Value) -> bool {
        let member = |list: &Value| {
            let name = list.pointer("/member/shape")?.as_str()?;
            self.shapes.get(name).filter(|shape| shape.get("type").is_some_and(|it| it == "list"))
        };
        // A chain with more lists than there are shapes has a cycle.
        let mut inner = member(list);
        for _ in self.shapes {
            inner = inner.and_then(member);
        }
        inner.is_some()
    }

    fn kind(&self, shape: &Value) -> Result<ShapeKind, String> {
        let part = |key: &str| {
            let part = shape.get(key).ok_or_else(|| format!("no `{key}`"))?;
            self.reference(part)
        };
        let kind = shape.get("type").and_then(Value::as_str).unwrap_or_default();
        Ok(match kind {
            "structure" => ShapeKind::Structure(self.structure(shape)?),
            "list" if self.is_endless(shape) => return Err("a list of itself".to_owned()),
            "list" => ShapeKind::List(part("member")?),
            "map" => ShapeKind::Map { key: part("key")?, value: part("value")? },
            "string" | "character" => {
                let values = shape.get("enum").cloned().unwrap_or_else(|| Value::Array(Vec::new()));
                ShapeKind::String(from(values)?)
            }
            scalar => from(scalar.into()).map_err(|_| format!("unknown type `{scalar}`"))?,
        })
    }

    fn structure(&self, shape: &Value) -> Result<Structure, String> {
        let flag = |key: &str| shape.get(key).and_then(Value::as_bool).unwrap_or_default();
        let required = shape.get("required").and_then(Value::as_array);
        let is_required = |name: &str| {
            required.is_some_and(|required| required.iter().any(|required| required == name))
        };
        let mut structure = Structure::default();
        for (name, member) in object(shape, "members")? {
            let mut target = self.reference(member)?;
            if self.is_named_anyway(name, member) {
                target.traits.location_name = None;
            }
            let required = is_required(name);
            structure.members.push(Member { name: name.clone(), required, target });
        }
        structure.payload = shape.get("payload").and_then(Value::as_str).map(str::to_owned);
        structure.document = flag("document");
        structure.union = flag("union");
        structure.exception = flag("exception");
        structure.event_stream = flag("eventstream");
        Ok(structure)
    }
}

/// The keys of a shape or member that say how it is serialised; they have the same names here.
fn traits(shape: &Value) -> Result<Traits, String> {
    const KEYS: [&str; 11] = [
        "location",
        "locationName",
        "queryName",
        "flattened",
        "xmlAttribute",
        "timestampFormat",
        "jsonvalue",
        "hostLabel",
        "streaming",
        "idempotencyToken",
        "sensitive",
    ];
    let keys = KEYS.into_iter().filter_map(|key| Some((key.to_owned(), shape.get(key)?.clone())));
    let mut traits: Traits = from(Value::Object(keys.collect()))?;
    traits.xml_namespace = shape.get("xmlNamespace").and_then(xml_namespace);
    let context_param = shape.pointer("/contextParam/name").and_then(Value::as_str);
    traits.context_param = context_param.map(str::to_owned);
    Ok(traits)
}

fn pagination(paginator: &Value) -> Result<Pagination, String> {
    let texts = |key: &str| match paginator.get(key) {
        Some(Value::Array(texts)) => Value::Array(texts.clone()),
        Some(text) => Value::Array(vec![text.clone()]),
        None => Value::Array(Vec::new()),
    };
    from(serde_json::json!({
        "inputToken": texts("input_token"),
        "outputToken": texts("output_token"),
        "resultKey": texts("result_key"),
        "nonAggregateKeys": texts("non_aggregate_keys"),
        "moreResults": paginator.get("more_results"),
        "limitKey": paginator.get("limit_key"),
    }))
}

fn from<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}
