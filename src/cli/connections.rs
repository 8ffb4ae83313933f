//! `maitred connections`: lists, shows and tests connections.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::advice;
use super::async_runtime;
use super::connections_args::{ConnectionsArgs, connection_failure};
use super::context::Context;
use super::exit::{Exit, Failure};
use super::operation_flags::OptionNames;
use super::report::{self, Format, Report};
use super::text_layout;
use crate::aws_connections::with_aws;
use crate::client::HTTP_SERVICE;
use crate::client::aws::AwsClient;
use crate::client::http::HttpClient;
use crate::client::{Call, CallError, Client, Observation, Output};
use crate::connection::{
    AWS_DEFAULT, ClientSettings, Clients, Connection, ConnectionError, HTTP_DEFAULT,
};
use crate::model::Models;

/// List, show and test connections: named credentials and defaults
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Connections are found in MAITRED_CONN_<ID>, AIRFLOW_CONN_<ID> and the file of connections, in this
order. Secrets are never shown. A variable holds a URI (aws://KEY:SECRET@/?region_name=eu-west-1)
or JSON; the file has a table for each connection:

  [warehouse]                      # type = \"aws\" or \"http\"
  type = \"aws\"
  login = \"AKIA…\"                # the access key; for http, the user
  password = { \"$secret\" = \"env:WAREHOUSE_SECRET\" }
  extra = { region_name = \"eu-west-1\", role_arn = \"arn:aws:iam::123456789012:role/poll\" }

  [jobs]
  type = \"http\"
  host = \"https://jobs.example.com\"

Examples:
  maitred connections list
  maitred connections test warehouse
  maitred wait redshift cluster_available --cluster-identifier analytics --connection warehouse")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the connections that are defined, and where
    List(ListArgs),
    /// Show one connection, with *** for its secrets
    Show(ShowArgs),
    /// Test a connection: with GetCallerIdentity (AWS) or a HEAD request (HTTP)
    Test(TestArgs),
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    file: ConnectionsArgs,
}

#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// The connection
    id: String,
    #[command(flatten)]
    file: ConnectionsArgs,
}

#[derive(Debug, clap::Args)]
struct TestArgs {
    /// The connection
    id: String,
    /// The AWS region, in place of the connection's
    #[arg(long)]
    region: Option<String>,
    /// Send the request to this URL instead of the connection's
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    file: ConnectionsArgs,
}

pub(super) fn run(args: &Args, context: &Context) -> anyhow::Result<Report> {
    match &args.command {
        Command::List(args) => list(args, context),
        Command::Show(args) => {
            let connection =
                args.file.open(context)?.get(&args.id).map_err(|e| connection_failure(&e))?;
            Ok(Report::text(report::json(connection.shown())))
        }
        Command::Test(args) => async_runtime::block_on(test(args, context))?,
    }
}

type Found = (String, Result<Connection, ConnectionError>);

fn list(args: &ListArgs, context: &Context) -> anyhow::Result<Report> {
    let connections = args.file.open(context)?;
    let mut found = connections.list().map_err(|error| connection_failure(&error))?;
    for id in [AWS_DEFAULT, HTTP_DEFAULT] {
        if !found.iter().any(|(known, _)| known == id) {
            found.push((id.to_owned(), connections.get(id)));
        }
    }
    let text = match args.output {
        Format::Text => table(&found),
        Format::Json => report::json(json!({
            "version": 1,
            "file": connections.path().map(|path| path.display().to_string()),
            "connections": found.iter().map(entry).collect::<Vec<_>>(),
        })),
    };
    Ok(Report::text(text))
}

fn entry((id, connection): &Found) -> Value {
    match connection {
        Ok(connection) => connection.shown(),
        Err(error) => json!({ "id": id, "error": error.to_string() }),
    }
}

fn table(found: &[Found]) -> String {
    let rows: Vec<[String; 4]> = found
        .iter()
        .map(|(id, connection)| match connection {
            Ok(connection) => {
                let origin = connection.origin().to_string();
                [id.clone(), connection.kind().to_owned(), origin, place(connection)]
            }
            Err(error) => [id.clone(), "?".to_owned(), String::new(), error.to_string()],
        })
        .collect();
    text_layout::table(&rows)
}

/// What identifies a connection: the host, the region, the endpoint.
fn place(connection: &Connection) -> String {
    let shown = connection.shown();
    let extra = |key: &str| shown["extra"][key].as_str().map(str::to_owned);
    let parts = [
        connection.host(),
        extra("region_name"),
        extra("profile_name").map(|name| format!("profile {name}")),
        extra("role_arn"),
        extra("endpoint_url"),
        connection.description().map(|text| format!("({text})")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

async fn test(args: &TestArgs, context: &Context) -> anyhow::Result<Report> {
    let connections = args.file.open(context)?;
    let connection = connections.get(&args.id).map_err(|error| connection_failure(&error))?;
    let service = match connection.kind() {
        "aws" => "sts",
        "http" | "https" => HTTP_SERVICE,
        "" => {
            return Err(Failure::usage(format!("the connection `{}` has no type", args.id)).into());
        }
        kind => {
            let message =
                format!("connections of type `{kind}` cannot be tested; aws and http can");
            return Err(Failure::usage(message).into());
        }
    };
    let settings = ClientSettings {
        region: args.region.clone(),
        endpoint_url: args.endpoint_url.clone(),
        ..ClientSettings::of_connection(&args.id)
    };
    let clients = Clients::new(connections, Arc::clone(&context.clock));
    let clients = with_aws(clients, Models::embedded());
    let client =
        clients.open(service, &settings).await.map_err(|error| connection_failure(&error))?;
    match ask(&*client, service).await {
        Ok(facts) => {
            let mut object = Map::from_iter([
                ("version".to_owned(), json!(1)),
                ("connection".to_owned(), json!(args.id)),
                ("origin".to_owned(), json!(connection.origin().to_string())),
            ]);
            object.extend(facts);
            Ok(Report::text(match args.output {
                Format::Json => report::json(Value::Object(object)),
                Format::Text => text(&object),
            }))
        }
        Err(error) => {
            let advice = advice::of_error(&error, service, &OptionNames::default());
            let message = format!("the connection `{}` does not work: {error}", args.id);
            let text = report::error_and_advice(&message, Some(&advice));
            Ok(Report::default().with_stderr(text).with_exit(Exit::of_error(&error)))
        }
    }
}

fn text(facts: &Map<String, Value>) -> String {
    let line = |(name, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), report::printable);
        format!("{name:<12} {value}\n")
    };
    facts.iter().filter(|(name, _)| *name != "version").map(line).collect()
}

/// Sends the request that shows whether the connection works.
async fn ask(client: &dyn Client, service: &str) -> Result<Map<String, Value>, CallError> {
    if service == HTTP_SERVICE {
        ask_host(client).await
    } else {
        ask_for_identity(client, service).await
    }
}

async fn ask_for_identity(
    client: &dyn Client,
    service: &str,
) -> Result<Map<String, Value>, CallError> {
    let output = send(client, service, "GetCallerIdentity", Map::new()).await?;
    let identity = output.document.value();
    let aws = client.downcast_ref::<AwsClient>();
    let region = aws.and_then(|client| client.config().region().map(ToString::to_string));
    Ok(Map::from_iter([
        ("account".to_owned(), identity["Account"].clone()),
        ("arn".to_owned(), identity["Arn"].clone()),
        ("region".to_owned(), json!(region)),
    ]))
}

async fn ask_host(client: &dyn Client) -> Result<Map<String, Value>, CallError> {
    let input = || Map::from_iter([("endpoint".to_owned(), json!(""))]);
    let mut output = send(client, HTTP_SERVICE, "HEAD", input()).await?;
    if matches!(output.status, Some(405 | 501)) {
        output = send(client, HTTP_SERVICE, "GET", input()).await?;
    }
    match &output.error {
        // The host need not have anything at this path, but must grant access.
        Some(error) if !matches!(error.status(), Some(404 | 405)) => return Err(error.clone()),
        _ => {}
    }
    let http = client.downcast_ref::<HttpClient>();
    Ok(Map::from_iter([
        ("url".to_owned(), json!(http.and_then(HttpClient::base_url))),
        ("status".to_owned(), json!(output.status)),
    ]))
}

async fn send(
    client: &dyn Client,
    service: &str,
    operation: &str,
    input: Map<String, Value>,
) -> Result<Output, CallError> {
    let call = Call { service: service.to_owned(), operation: operation.to_owned(), input };
    match client.call(&call).await {
        Observation::Output(output) => Ok(output),
        Observation::Error(error) => Err(error),
    }
}
