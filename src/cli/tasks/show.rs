//! `maitred tasks list`, `show`, `watch` and `logs`.

use super::follow::{ended, follow, log_line};
use super::task_args::TaskArgs;
use super::{json, text};
use crate::cli::async_runtime::block_on;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::number;
use crate::cli::point_in_time::{self, PointInTime};
use crate::cli::report::{self, Format, Report};
use crate::cli::store::StoreArgs;
use crate::runtime::store::TaskFilter;
use crate::runtime::{Engine as _, TaskState};

/// List tasks, the newest first
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// Only tasks in this state: queued, running, deferred, up_for_retry, blocked, success, failed,
    /// skipped, cancelled or in_doubt. May be repeated
    #[arg(long, value_name = "STATE")]
    state: Vec<TaskState>,
    /// Only tasks of this operator
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// Only tasks of this key
    #[arg(long)]
    key: Option<String>,
    /// Only tasks submitted since a time such as 2026-12-01T03:00:00Z, or within a duration such as 12h
    #[arg(long, value_name = "TIME", value_parser = point_in_time::parse)]
    since: Option<PointInTime>,
    /// The maximum number of tasks
    #[arg(long, value_name = "N", value_parser = number::whole::<usize>, allow_negative_numbers = true, default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    store: StoreArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

/// Show a task, its deferral and its history
#[derive(Debug, clap::Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    task: TaskArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

/// Follow a task to its end; exits as `maitred run` would
#[derive(Debug, clap::Args)]
pub(super) struct WatchArgs {
    #[command(flatten)]
    task: TaskArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

/// Show the log of a task
#[derive(Debug, clap::Args)]
pub(super) struct LogsArgs {
    #[command(flatten)]
    task: TaskArgs,
    /// Print further lines until the task ends
    #[arg(long, short)]
    follow: bool,
}

/// How many tasks are in memory at a time.
const PAGE: usize = 500;

pub(super) fn list(args: &ListArgs, context: &Context) -> anyhow::Result<Report> {
    let opened = args.store.open_existing(context)?;
    let now = opened.clock.now();
    let mut filter = TaskFilter::default();
    filter.states.clone_from(&args.state);
    filter.operator.clone_from(&args.operator);
    filter.key.clone_from(&args.key);
    filter.created_since = args.since.map(|since| since.before(now));
    let mut list = (args.output == Format::Json).then(|| report::JsonList::new("tasks"));
    let mut shown = 0;
    let is_whole = loop {
        let page = PAGE.min(args.limit - shown);
        filter.limit = Some(page);
        let tasks = opened.ask(opened.engine.list(filter.clone()))?;
        shown += tasks.len();
        filter.before = tasks.last().map(|task| task.id);
        let written = match &mut list {
            None => {
                let lines: String = tasks.iter().map(|task| text::line(task, now) + "\n").collect();
                report::result(&lines)
            }
            Some(list) => {
                let items: String = tasks.iter().map(|task| list.item(json::json(task))).collect();
                report::json_piece(&items)
            }
        };
        written.map_err(unwritten)?;
        if tasks.len() < page {
            break true;
        }
        if shown == args.limit {
            break false;
        }
    };
    let remark = match (&list, shown, is_whole) {
        (Some(_), ..) => String::new(),
        (None, 0, _) => format!("no task of {} matches", opened.path.display()),
        (None, _, true) => String::new(),
        (None, shown, false) => format!("the newest {shown}; --limit shows more"),
    };
    if let Some(list) = list {
        report::json_piece(&list.end()).map_err(unwritten)?;
    }
    Ok(Report::text(String::new()).with_stderr(remark))
}

fn unwritten(error: std::io::Error) -> Failure {
    Failure::usage(format!("the result could not be written: {error}"))
}

pub(super) fn show(args: &ShowArgs, context: &Context) -> anyhow::Result<Report> {
    let (opened, task) = args.task.find(context)?;
    let details = opened.ask(opened.engine.details(task.id))?;
    if args.output == Format::Text {
        return Ok(Report::text(text::details(&details, opened.clock.now())));
    }
    let task = json::details(&details);
    Ok(Report::text(report::json(serde_json::json!({"version": 1, "task": task}))))
}

pub(super) fn logs(args: &LogsArgs, context: &Context) -> anyhow::Result<Report> {
    let (opened, task) = args.task.find(context)?;
    if args.follow {
        // Whoever follows is there as long as the pipe is.
        block_on(follow(&opened, task.id, |text| drop(report::result(text))))??;
        return Ok(Report::default());
    }
    let lines = opened.ask(opened.engine.logs(task.id, 0))?;
    Ok(Report::text(lines.iter().map(log_line).collect::<String>()))
}

pub(super) fn watch(args: &WatchArgs, context: &Context) -> anyhow::Result<Report> {
    let (opened, task) = args.task.find(context)?;
    let task = block_on(follow(&opened, task.id, report::note))??;
    Ok(ended(&task, args.output))
}
