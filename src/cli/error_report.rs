//! Errors as reports.

use serde_json::json;

use super::exit::{Exit, Failure};
use super::report::{self, Report};
use crate::secrets::urls;

/// The report of an error.
pub(super) fn of_error(error: &anyhow::Error) -> Report {
    match error.downcast_ref::<clap::Error>() {
        Some(error) => of_clap(error),
        None => Report::default()
            .with_stderr(report::error_text(error))
            .with_exit(error.downcast_ref::<Failure>().map_or(Exit::Usage, |failure| failure.exit)),
    }
}

/// The report of an error, with a JSON object on stdout.
pub(super) fn with_json(error: &anyhow::Error) -> Report {
    let report = of_error(error);
    if report.exit == Exit::Success {
        return report;
    }
    let message = urls::masked(&anstream::adapter::strip_str(&report.stderr).to_string());
    let (status, code, kind) = match report.exit {
        Exit::GaveUp => ("timeout", "Timeout", None),
        Exit::Interrupted | Exit::Terminated => ("cancelled", "Cancelled", None),
        Exit::Success | Exit::Failure | Exit::Usage | Exit::Refused | Exit::Unreachable => {
            ("error", "Usage", Some("invalid"))
        }
    };
    let object = json!({
        "version": 1,
        "status": status,
        "message": urls::masked(&error.to_string()),
        "error": {"code": code, "message": message, "status": null, "kind": kind},
    });
    Report { stdout: report::json(object), ..report }
}

/// The report of an error of clap: help and version are results, everything else is bad usage.
pub(super) fn of_clap(error: &clap::Error) -> Report {
    let text = report::usage_text(error);
    if error.use_stderr() {
        Report::default().with_stderr(text).with_exit(Exit::Usage)
    } else {
        Report::text(text)
    }
}
