//! `maitred wait`: polls until something is as it should be.

use std::time::Duration;

use clap::FromArgMatches as _;

use super::advice;
use super::arguments;
use super::clients::SourceArgs;
use super::clients::{self, ServiceClient};
use super::dry_run;
use super::exit::{Exit, Failure};
use super::progress::Progress;
use super::report::{self, Report};
use super::services;
use super::signals::Signals;
use super::signature;
use super::signature::Signature;
use super::words::Words;
use crate::client::HTTP_SERVICE;
use crate::clock::{Clock, Moment};
use crate::engine::Outcome;
use crate::engine::Wait;
use crate::engine::WaitEvent;

mod beginning;
mod bound;
mod doubts;
mod each;
mod help;
mod many;
mod options;
mod outcome;
mod plan;
mod targets;
mod record;

pub(super) use help::general;

use beginning::Beginning;
use plan::{Plan, Target};

/// Runs `wait` with the words after it.
pub(super) fn run(words: &[String]) -> anyhow::Result<Report> {
    let beginning = Beginning::now();
    let words = Words::split(words, &general())?;
    let help = words.asks_for_help();
    if help && words.service.is_none() {
        return Ok(Report::text(general().render_help().ansi().to_string()));
    }
    let sources = sources(&words.rest)?;
    sources.check()?;
    let (catalog, models) = (sources.catalog()?, sources.data.models());
    let (service, name) = match (&words.service, &words.name) {
        (None, _) => {
            return Err(Failure::usage("wait for what? give a service and a waiter")
                .help("`maitred list` shows the waiters, `maitred wait --help` how to give them")
                .into());
        }
        (Some(service), None) => {
            let service = &services::meant(Some(&catalog), &models, service);
            if service != HTTP_SERVICE && catalog.service(service).is_empty() {
                signature::known_service(&models, service)?;
            }
            let text = help::service(&catalog, service);
            return if help {
                Ok(Report::text(text))
            } else {
                let message = format!("wait for what? name a waiter of {service}\n\n{text}");
                Err(Failure::usage(message).into())
            };
        }
        (Some(service), Some(name)) => (service, name),
    };
    let service = services::meant(Some(&catalog), &models, service);
    // Nothing but flags follows a name: `services stable` is one.
    let is_whole = catalog.find(&service, name).is_ok()
        || Signature::find(&models, &service, name).is_ok_and(|found| found.is_some());
    let more = words.rest.iter().take_while(|word| !is_whole && !word.starts_with('-')).count();
    let (more, rest) = words.rest.split_at(more);
    let name = std::iter::once(name).chain(more).cloned().collect::<Vec<_>>().join(" ");
    let target = Target::find(&catalog, &models, &service, &name)?;
    let plan = Plan::new(target, rest, &beginning)?;
    if !plan.args.say.quiet {
        clients::tell_bad_files(&catalog.bad_files_met());
    }
    super::block_on(start(&plan, &beginning))?
}

/// Whether the words ask for JSON, even where they cannot be parsed as a whole.
pub(super) fn wants_json(words: &[String]) -> bool {
    words.iter().any(|word| word == "--output=json")
        || words.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json")
}

/// The options that say where waiters are, which is asked before the rest can be parsed.
fn sources(words: &[String]) -> anyhow::Result<SourceArgs> {
    use clap::Args as _;
    let command = SourceArgs::augment_args(
        clap::Command::new("wait").no_binary_name(true).disable_help_flag(true),
    );
    let (known, _) = arguments::drop_unknown(words, &command, "");
    let known = known.into_iter().take_while(|word| word != "--");
    let known = known.filter(|word| word.starts_with("--") || !word.starts_with('-'));
    let matches = command.ignore_errors(true).try_get_matches_from(known)?;
    Ok(SourceArgs::from_arg_matches(&matches)?)
}

async fn start(plan: &Plan, beginning: &Beginning) -> anyhow::Result<Report> {
    let clock = &beginning.clock;
    let mut signals = Signals::listen()?;
    let opened = ServiceClient::open(
        &plan.target.signature,
        &plan.target.models,
        &plan.args.connection,
        clock,
    );
    let timeout = plan.waiter.schedule().timeout;
    let client = beginning.prepare(timeout, &mut signals, opened).await?;
    plan.doubts.iter().for_each(|doubt| report::note(doubt));
    if let Some(targets) = &plan.targets {
        let about = first_line(plan, &client);
        return many::run(plan, targets, client, beginning, &mut signals, &about).await;
    }
    if plan.args.pace.dry_run {
        let format = plan.args.say.output;
        let (call, signature) = (plan.waiter.call(), &plan.target.signature);
        return dry_run::report(&client, call, signature, &plan.args.connection, format);
    }
    let signature = &plan.target.signature;
    client.check(plan.waiter.call()).map_err(|error| advice::failure(&error, signature))?;
    let recorder = record::recorder(plan, client.client())?;
    let polled = recorder.as_ref().map_or(client.client(), |recorder| recorder);
    let wait = Wait::started_at(&plan.waiter, polled, &**clock, beginning.at.wall);
    let say = &plan.args.say;
    let mut progress = Progress::new(&plan.waiter, say.quiet, say.verbose > 0);
    progress.begin(&first_line(plan, &client));
    let (outcome, signal) = watch(wait, &mut progress, &mut signals, &**clock, beginning.at).await;
    progress.end();
    let exit = signal.unwrap_or_else(|| Exit::of_outcome(&outcome));
    let report = outcome::report(plan, client.region(), &outcome, exit);
    Ok(match &recorder {
        Some(recorder) => record::save(plan, recorder, &outcome, report),
        None => report,
    })
}

/// What is waited for, from where, and for how long at most.
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
    let origin = plan.target.origin.as_deref().unwrap_or("command line");
    let bound = bound::describe(plan.waiter.schedule());
    format!("waiting for {} ({origin}){place}: {bound}", plan.waiter.id())
}

/// Runs the wait and says how it goes, until it ends or a signal comes.
async fn watch(
    mut wait: Wait<'_>,
    progress: &mut Progress<'_>,
    signals: &mut Signals,
    clock: &dyn Clock,
    started: Moment,
) -> (Outcome, Option<Exit>) {
    let elapsed = || -> Duration { started.elapsed(clock) };
    loop {
        match next(&mut wait, progress, signals, clock, &elapsed).await {
            Ok(Some(WaitEvent::Polled(poll))) => progress.polled(&poll),
            Ok(Some(WaitEvent::Done(outcome))) => return (*outcome, None),
            Ok(None) => return (wait.cancel(), None),
            Err(signal) => return (wait.cancel(), Some(signal)),
        }
    }
}

/// The next event, with the progress kept alive meanwhile; or the signal that came first.
async fn next(
    wait: &mut Wait<'_>,
    progress: &mut Progress<'_>,
    signals: &mut Signals,
    clock: &dyn Clock,
    elapsed: &dyn Fn() -> Duration,
) -> Result<Option<WaitEvent>, Exit> {
    // One future through all ticks: dropping it would give up the call in flight.
    let mut event = std::pin::pin!(wait.next_event());
    loop {
        tokio::select! {
            biased;
            signal = signals.next() => return Err(signal),
            event = &mut event => return Ok(event),
            () = clock.sleep(progress.until_tick(elapsed())) => progress.tick(elapsed()),
        }
    }
}
