//! `--output`.

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum OutputFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object, notes included
    Json,
    /// SARIF 2.1.0, for code scanning, notes included
    Sarif,
    /// Workflow commands of GitHub Actions
    Github,
    /// The rules as a page; only with --list-rules
    Markdown,
}
