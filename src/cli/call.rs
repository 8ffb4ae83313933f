//! `maitred call`: one call of any operation, and its reply as JSON.

use serde_json::Value;

use super::advice::{self, Caller};
use super::clients::{ConnectionArgs, ServiceClient};
use super::context::Context;
use super::exit::{Exit, Failure};
use super::operation_flags::{self, OptionNames, ParsedWords};
use super::report::{self, Format, Report};
use super::signature::{self, Signature};
use super::source_args::DataArgs;
use super::words::Words;
use super::{async_runtime, dry_run, services};
use crate::client::{Call, CallError, CallMode, Observation};
use crate::expression::Expression;
use crate::model::Models;

const USAGE: &str = "maitred call SERVICE OPERATION [--PARAMETER VALUE]… [OPTIONS]";

/// Our own options of `call`.
#[derive(Debug, Clone, clap::Args)]
struct CallArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// Ask for all pages of a paginated operation, and print the merged output.
    #[arg(long)]
    all_pages: bool,
    /// Print only the value of this JMESPath expression on the reply.
    #[arg(long, value_name = "EXPR")]
    query: Option<String>,
    /// json prints the reply as it is; text prints strings without quotes, and a list an item a line.
    #[arg(long, value_enum, default_value_t = Format::Json, value_name = "FORMAT")]
    output: Format,
    #[command(flatten)]
    data: DataArgs,
    /// Allow an operation that may change something.
    #[arg(long)]
    allow_mutating: bool,
    /// Print the request, the endpoint and where credentials would come from; send nothing.
    #[arg(long)]
    dry_run: bool,
}

/// `call` with our options and no operation's.
pub(super) fn general() -> clap::Command {
    let command = clap::Command::new("call").override_usage(USAGE);
    operation_flags::with_options::<CallArgs>(command)
        .about("Call any operation once and print the reply as JSON")
        .after_help(include_str!("call.txt").trim_end())
}

/// Runs `call` with the words after it.
pub(super) fn run(words: &[String], context: &Context) -> anyhow::Result<Report> {
    let words = Words::split(words, &general())?;
    let data: DataArgs = words.options_ahead()?;
    data.check()?;
    let models = data.models(context);
    let Some(service) = &words.service else {
        if words.ask_for_help() {
            return Ok(Report::text(general().render_help().ansi().to_string()));
        }
        let help = format!("the services are {}", services::names(&models).join(", "));
        let message = "call what? give a service and an operation";
        return Err(Failure::usage(message).help(help).into());
    };
    let service = &services::resolve(None, &models, service);
    let Some(name) = &words.name else {
        return listing(&models, service, words.ask_for_help());
    };
    let Some(signature) = Signature::find(&models, service, name)? else {
        let near = Signature::suggest(&models, service, name);
        let failure = Failure::usage(format!("there is no operation `{name}` in {service}"));
        let help = format!("`maitred call {service} --help` lists its operations");
        return Err(failure.did_you_mean(near, help).into());
    };
    let (args, call) = parse(&signature, &words.rest)?;
    let query = query(args.query.as_deref())?;
    async_runtime::block_on(send(&args, &models, &signature, &call, query.as_ref(), context))?
}

/// The operations of a service: the answer to a question, or to a command that lacks one.
fn listing(models: &Models, service: &str, asked: bool) -> anyhow::Result<Report> {
    let operations = signature::operations(models, service)?;
    let mut text = format!("Operations of {service} (* may change something):\n");
    for signature in operations {
        let mark = if signature.is_read() { ' ' } else { '*' };
        text.push_str(&format!("{mark} {}\n", signature.command()));
    }
    text.push_str(&format!("\n`maitred call {service} OPERATION --help` shows the parameters."));
    if asked {
        return Ok(Report::text(text));
    }
    Err(Failure::usage(format!("call what? name an operation of {service}\n\n{text}")).into())
}

fn command(signature: &Signature) -> clap::Command {
    let (service, operation) = (signature.service(), signature.command());
    let command = clap::Command::new("call").no_binary_name(true).override_usage(format!(
        "maitred call {service} {operation} [--PARAMETER VALUE]… [OPTIONS]"
    ));
    operation_flags::with_parameters::<CallArgs>(command, signature)
        .about(format!("Calls {} of {service}.", signature.operation()))
}

fn parse(signature: &Signature, words: &[String]) -> anyhow::Result<(CallArgs, Call)> {
    let ParsedWords { args, input, mut problems, shadowed } =
        ParsedWords::<CallArgs>::read(command(signature), words, signature)?;
    shadowed.iter().for_each(|line| report::note(line));
    signature::add_new(&mut problems, signature.check(&input));
    if args.all_pages {
        problems.extend(signature.unpaginated("--all-pages"));
    }
    let (operation, service) = (signature.operation(), signature.service());
    let line = format!("maitred call {service} {}", signature.command());
    if !problems.is_empty() {
        let lines: String = problems.iter().map(signature::problem_line).collect();
        let failure = Failure::usage(format!("`{line}` cannot be sent:{lines}"));
        return Err(failure.help(format!("`{line} --help` lists what it takes")).into());
    }
    if !signature.is_read() && !args.allow_mutating && !args.dry_run {
        let dry_run = OptionNames::beside(signature).flag("dry-run");
        let message = format!("{operation} may change something: it is not read-only");
        let help = format!("if that is meant, give --allow-mutating; {dry_run} shows the request");
        return Err(Failure::usage(message).help(help).into());
    }
    Ok((args, Call::new(service, operation, input)))
}

fn query(text: Option<&str>) -> Result<Option<Expression>, Failure> {
    text.map(Expression::compile).transpose().map_err(|error| {
        Failure::usage(format!("--query does not compile: {error}"))
            .help("the language is described at https://jmespath.org/tutorial.html")
    })
}

async fn send(
    args: &CallArgs,
    models: &Models,
    signature: &Signature,
    call: &Call,
    query: Option<&Expression>,
    context: &Context,
) -> anyhow::Result<Report> {
    let client = ServiceClient::open(signature, models, &args.connection, context).await?;
    if args.dry_run {
        return dry_run::report(&client, call, signature, &args.connection, Format::Text);
    }
    let mut call = call.clone();
    if args.all_pages {
        call.mode = CallMode::AllPages;
    }
    Ok(match client.client().call(&call).await {
        Observation::Output(output) => {
            let report = Report::text(printed(output.document.value(), query, args.output)?);
            match &output.error {
                Some(error) => failed(report, error, signature),
                None => report,
            }
        }
        Observation::Error(error) => failed(Report::default(), &error, signature),
    })
}

/// The reply, or the value of the query.
fn printed(reply: &Value, query: Option<&Expression>, format: Format) -> Result<String, Failure> {
    let value = match query {
        None => reply.clone(),
        Some(query) => query.evaluate(reply).map_err(|error| {
            Failure::usage(format!("--query has no value on this reply: {error}"))
                .help("leave it out to see the reply")
        })?,
    };
    Ok(match (format, value) {
        (Format::Json, value) => report::json(value),
        (Format::Text, Value::Null) => String::new(),
        (Format::Text, Value::Array(items)) => {
            items.iter().map(|item| format!("{}\n", report::plain(item))).collect()
        }
        (Format::Text, value) => report::plain(&value),
    })
}

fn failed(report: Report, error: &CallError, signature: &Signature) -> Report {
    let flags = OptionNames::beside(signature);
    let advice = advice::of_error(error, signature.service(), Caller::Call, &flags);
    let text = report::error_and_advice(&error.to_string(), Some(&advice));
    report.with_stderr(text).with_exit(Exit::of_error(error))
}
