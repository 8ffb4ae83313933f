//! `maitred wait`: polls until a condition holds.

use super::clients::ServiceClient;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::progress::Progress;
use super::report::{self, Report};
use super::signals::Signals;
use super::signature::Signature;
use super::source_args::SourceArgs;
use super::waiter_lookup::{Lookup, warn_of_unusable_files};
use super::words::Words;
use super::{advice, async_runtime, dry_run, services};
use crate::client::HTTP_SERVICE;
use crate::clock::{Clock, Moment};
use crate::engine::{Outcome, Wait, WaitEvent};

mod for_each;
mod help;
mod many;
mod model_warnings;
mod options;
mod outcome;
mod plan;
mod record;
mod resolved_waiter;
mod schedule_text;
mod stopwatch;
mod targets;

pub(super) use help::general;

use plan::Plan;
use resolved_waiter::ResolvedWaiter;
use stopwatch::Stopwatch;

/// Runs `wait` with the words after it.
pub(super) fn run(words: &[String], context: &Context) -> anyhow::Result<Report> {
    run_words(&Words::split(words, &general())?, context)
}

/// Runs `wait` with words that are split already.
pub(super) fn run_words(words: &Words, context: &Context) -> anyhow::Result<Report> {
    let stopwatch = Stopwatch::start(&context.clock);
    let help = words.ask_for_help();
    if help && words.service.is_none() {
        return Ok(Report::text(general().render_help().ansi().to_string()));
    }
    let lookup = Lookup::open(&words.options_ahead::<SourceArgs>()?, context)?;
    let Some(service) = &words.service else {
        return Err(Failure::usage("wait for what? give a service and a waiter")
            .help("`maitred list` shows the waiters, `maitred wait --help` how to give them")
            .into());
    };
    let service = lookup.service(service);
    let Some(name) = &words.name else {
        if service != HTTP_SERVICE && lookup.catalog.service(&service).is_empty() {
            services::find(&lookup.models, &service)?;
        }
        let text = help::service(&lookup.catalog, &service);
        if help {
            return Ok(Report::text(text));
        }
        let message = format!("wait for what? name a waiter of {service}\n\n{text}");
        return Err(Failure::usage(message).into());
    };
    let (name, rest) = whole_name(&lookup, &service, name, &words.rest);
    let resolved = ResolvedWaiter::find(&lookup, &service, &name)?;
    let plan = Plan::new(resolved, rest, &stopwatch, context)?;
    if !plan.args.output.quiet {
        warn_of_unusable_files(&lookup.catalog.bad_files_met());
    }
    async_runtime::block_on(start(&plan, &stopwatch, context))?
}

/// The name with the words after it, up to the first flag, where it means nothing alone: only flags can follow
/// a name, so that in `services stable` both words are the name.
fn whole_name<'a>(
    lookup: &Lookup,
    service: &str,
    name: &str,
    rest: &'a [String],
) -> (String, &'a [String]) {
    let is_whole = lookup.catalog.find(service, name).is_ok()
        || Signature::find(&lookup.models, service, name).is_ok_and(|found| found.is_some());
    let more = rest.iter().take_while(|word| !is_whole && !word.starts_with('-')).count();
    let (more, rest) = rest.split_at(more);
    let name: Vec<_> = std::iter::once(name).chain(more.iter().map(String::as_str)).collect();
    (name.join(" "), rest)
}

async fn start(plan: &Plan, stopwatch: &Stopwatch, context: &Context) -> anyhow::Result<Report> {
    let clock = &stopwatch.clock;
    let mut signals = Signals::listen()?;
    let opened = ServiceClient::open(
        &plan.resolved.signature,
        &plan.resolved.models,
        &plan.args.connection,
        context,
    );
    let timeout = plan.waiter.schedule().timeout;
    let client = stopwatch.before_first_poll(timeout, &mut signals, opened).await?;
    plan.warnings.iter().for_each(|warning| report::note(warning));
    if let Some(targets) = &plan.targets {
        let about = first_line(plan, &client);
        return many::run(plan, targets, client, stopwatch, &mut signals, &about).await;
    }
    if plan.args.pace.dry_run {
        let format = plan.args.output.format;
        let (call, signature) = (plan.waiter.call(), &plan.resolved.signature);
        return dry_run::report(&client, call, signature, &plan.args.connection, format);
    }
    let signature = &plan.resolved.signature;
    client.check(plan.waiter.call()).map_err(|error| advice::failure(&error, signature))?;
    let recorder = record::recorder(plan, client.client())?;
    let polled = recorder.as_ref().map_or(client.client(), |recorder| recorder);
    let wait = Wait::started_at(&plan.waiter, polled, &**clock, stopwatch.started.wall);
    let output = &plan.args.output;
    let mut progress = Progress::new(&plan.waiter, output.quiet, output.verbose > 0);
    progress.begin(&first_line(plan, &client));
    let (outcome, signal) =
        watch(wait, &mut progress, &mut signals, &**clock, stopwatch.started).await;
    progress.end();
    let exit = signal.unwrap_or_else(|| Exit::of_outcome(&outcome));
    let report = outcome::report(plan, client.region(), &outcome, exit);
    Ok(match &recorder {
        Some(recorder) => record::save(plan, recorder, &outcome, report),
        None => report,
    })
}

/// The first line of output: what is waited for, where, and for how long at most.
fn first_line(plan: &Plan, client: &ServiceClient) -> String {
    let place = match client.region() {
        Some(region) => match client.endpoint_url() {
            Some(url) => format!(" in {region} at {}", dry_run::origin_and_path(&url)),
            None => format!(" in {region}"),
        },
        // Each target may be somewhere else.
        None if plan.targets.is_some() => String::new(),
        None => {
            format!(" at {}", dry_run::http_url(plan.waiter.call(), client))
        }
    };
    let origin = plan.resolved.origin.as_deref().unwrap_or("command line");
    let bounds = schedule_text::describe(plan.waiter.schedule());
    format!("waiting for {} ({origin}){place}: {bounds}", plan.waiter.id())
}

/// Runs the wait and shows its progress, until it ends or a signal comes.
async fn watch(
    mut wait: Wait<'_>,
    progress: &mut Progress<'_>,
    signals: &mut Signals,
    clock: &dyn Clock,
    started: Moment,
) -> (Outcome, Option<Exit>) {
    let elapsed = || started.elapsed(clock);
    loop {
        let next = {
            // One future through all ticks: dropping it would give up the call in flight.
            let mut event = std::pin::pin!(wait.next_event());
            loop {
                tokio::select! {
                    biased;
                    signal = signals.next() => break Err(signal),
                    event = &mut event => break Ok(event),
                    () = clock.sleep(progress.until_tick(elapsed())) => progress.tick(elapsed()),
                }
            }
        };
        match next {
            Ok(Some(WaitEvent::Polled(poll))) => progress.polled(&poll),
            Ok(Some(WaitEvent::Done(outcome))) => return (*outcome, None),
            Ok(None) => return (wait.cancel(), None),
            Err(signal) => return (wait.cancel(), Some(signal)),
        }
    }
}
