//! `maitred connections`: lists, shows and tests connections.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::connections_args::{ConnectionsArgs, connection_failure};
use super::context::Context;
use super::exit::{Exit, Failure};
use super::report::{self, Format, Report};
use super::{advice, async_runtime, text_layout};
use crate::aws_connections::with_aws;
use crate::client::aws::AwsClient;
use crate::client::http::HttpClient;
use crate::client::{Call, CallError, Client, HTTP_SERVICE};
use crate::connection::{
    AWS_DEFAULT, ClientSettings, Clients, Connection, ConnectionError, HTTP_DEFAULT,
};
use crate::model::Models;

/// List, show and test connections: named credentials and defaults
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("connections.txt").trim_end())]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List the connections that are defined, and where
    List {
        /// Output format
        #[arg(long, value_enum, default_value_t)]
        output: Format,
        #[command(flatten)]
        file: ConnectionsArgs,
    },
    /// Show one connection, with *** for its secrets
    Show {
        /// The connection
        id: String,
        #[command(flatten)]
        file: ConnectionsArgs,
    },
    /// Test a connection: with GetCallerIdentity (AWS) or a HEAD request (HTTP)
    Test(TestArgs),
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
        Command::List { output, file } => list(*output, file, context),
        Command::Show { id, file } => {
            let connection = file.open(context)?.get(id);
            let connection = connection.map_err(|error| connection_failure(&error))?;
            Ok(Report::text(report::json(connection.shown())))
        }
        Command::Test(args) => async_runtime::block_on(test(args, context))?,
    }
}

type Found = (String, Result<Connection, ConnectionError>);

fn list(output: Format, file: &ConnectionsArgs, context: &Context) -> anyhow::Result<Report> {
    let connections = file.open(context)?;
    let mut found = connections.list().map_err(|error| connection_failure(&error))?;
    for id in [AWS_DEFAULT, HTTP_DEFAULT] {
        if !found.iter().any(|(known, _)| known == id) {
            found.push((id.to_owned(), connections.get(id)));
        }
    }
    let file = || connections.path().map(|path| path.display().to_string());
    let shown = || found.iter().map(entry).collect::<Vec<_>>();
    Ok(output.report(
        || table(&found),
        || json!({ "version": 1, "file": file(), "connections": shown() }),
    ))
}

fn entry((id, connection): &Found) -> Value {
    match connection {
        Ok(connection) => connection.shown(),
        Err(error) => json!({ "id": id, "error": error.to_string() }),
    }
}

fn table(found: &[Found]) -> String {
    let row = |(id, connection): &Found| match connection {
        Ok(connection) => {
            let origin = connection.origin.to_string();
            [id.clone(), connection.kind().to_owned(), origin, place(connection)]
        }
        Err(error) => [id.clone(), "?".to_owned(), String::new(), error.to_string()],
    };
    text_layout::table(&found.iter().map(row).collect::<Vec<_>>())
}

/// The parts that identify a connection: the host, the region, the endpoint.
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
        kind => {
            let message = match kind {
                "" => format!("the connection `{}` has no type", args.id),
                _ => format!("connections of type `{kind}` cannot be tested; aws and http can"),
            };
            return Err(Failure::usage(message).into());
        }
    };
    let mut settings = ClientSettings::of_connection(&args.id);
    settings.region.clone_from(&args.region);
    settings.endpoint_url.clone_from(&args.endpoint_url);
    let clients = Clients::new(connections, Arc::clone(&context.clock));
    let clients = with_aws(clients, Models::embedded());
    let client =
        clients.open(service, &settings).await.map_err(|error| connection_failure(&error))?;
    match ask(&*client, service).await {
        Ok(facts) => {
            let origin = connection.origin.to_string();
            let facts = report::merged([json!({ "connection": args.id, "origin": origin }), facts]);
            Ok(args.output.report(
                || text_layout::members(&facts),
                || report::merged([json!({ "version": 1 }), facts.clone()]),
            ))
        }
        Err(error) => {
            let advice = advice::of_connection(&error);
            let message = format!("the connection `{}` does not work: {error}", args.id);
            let text = report::error_and_advice(&message, Some(advice));
            Ok(Report::default().with_stderr(text).with_exit(Exit::of_error(&error)))
        }
    }
}

/// Sends the request that shows whether the connection works, and returns what it shows.
async fn ask(client: &dyn Client, service: &str) -> Result<Value, CallError> {
    if service != HTTP_SERVICE {
        let call = Call::new(service, "GetCallerIdentity", Map::new());
        let reply = client.call(&call).await.into_result()?;
        let (identity, aws) = (reply.value(), client.downcast_ref::<AwsClient>());
        let region = aws.and_then(|client| client.config().region().map(ToString::to_string));
        return Ok(json!({
            "account": identity["Account"], "arn": identity["Arn"], "region": region,
        }));
    }
    let mut seen = client.call(&Call::new(service, "HEAD", [("endpoint", "")])).await;
    if matches!(seen.status(), Some(405 | 501)) {
        seen = client.call(&Call::new(service, "GET", [("endpoint", "")])).await;
    }
    match seen.error() {
        // The host need not have anything at this path, but must grant access.
        Some(error) if !matches!(error.status(), Some(404 | 405)) => return Err(error.clone()),
        _ => {}
    }
    let http = client.downcast_ref::<HttpClient>();
    Ok(json!({ "url": http.and_then(HttpClient::base_url), "status": seen.status() }))
}
