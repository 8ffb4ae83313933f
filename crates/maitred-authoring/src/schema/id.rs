//! The URLs of the schemas.

/// The URL of the schema of waiter files, for `$schema`.
pub const SCHEMA_ID: &str =
    "https://raw.githubusercontent.com/maitred-rs/maitred/main/schema/waiters.schema.json";

/// The URL of the schema of cases, for `$schema`.
pub const CASE_SCHEMA_ID: &str =
    "https://raw.githubusercontent.com/maitred-rs/maitred/main/schema/case.schema.json";
