//! The tests of what this crate promises, in one binary: one file per subject.
//!
//! | module | subject |
//! |---|---|
//! | `architecture` | no file of a crate imports a file that imports it |
//! | `aws` | AWS services: requests on the wire, replies, failures, parity with botocore |
//! | `baseline` | waiting for this run of a thing, not for the one before |
//! | `botocore_waiters` | botocore's waiters are found by name, compile, and poll what only reads |
//! | `cases` | `maitred test`: offline cases, what they prove and what is wrong with them |
//! | `catalog` | where waiters are found, and what a bad file spoils |
//! | `cli` | the `maitred` command: arguments, exit codes, what it says |
//! | `command` | the command as a process |
//! | `diagnose` | after a failure the service is asked why |
//! | `connections` | named credentials and defaults: where they are found, what they mean, what is never shown |
//! | `drafts` | what `maitred new` proposes, for every operation with a state |
//! | `engine` | how a wait runs: its pace, its bounds, what it bears, how it ends |
//! | `explain` | `maitred explain`: a waiter in words, and a saved reply tried on it |
//! | `expression` | JMESPath within limits |
//! | `extends` | waiters that take from another what they do not say |
//! | `fake_redshift` | the scripted Redshift that other tests and the examples poll |
//! | `hostile` | hostile input of every kind; what the fuzzer has found |
//! | `http_client` | service `http`: requests, replies, failures |
//! | `installation` | completions and manual pages |
//! | `lint` | `maitred lint`: what it finds, where it points, what it survives |
//! | `lint_conditions` | what `maitred lint` sees in conditions, placeholders, pages and calls that tell why |
//! | `lint_rules` | the rules of `maitred lint`: what each finds, and what it does not |
//! | `lint_sarif` | what SARIF asks of the log of `maitred lint` |
//! | `list` | `maitred list`: which waiters there are, and where each comes from |
//! | `moto` | `maitred wait` on an AWS emulator that boto3 changes meanwhile |
//! | `new` | `maitred new`: waiters and cases from models |
//! | `oracle` | that what parity is measured with works: botocore's waiters, moto's server |
//! | `parity` | strict mode decides as botocore does |
//! | `public_api` | what users of each crate can name is written down |
//! | `runtime` | durable tasks: what every store promises, and what the file promises |
//! | `schema` | the JSON Schema of waiter files |
//! | `shipped_operators` | the operators in `operators/`: they fit the models and the waiters, and start work on moto's server |
//! | `shipped_waiters` | the waiters in `waiters/`: their cases, and that they keep to botocore's meaning |
//! | `team` | the example of a team's folder, the hooks and the action that check it |
//! | `uploads` | waiters and cases that others send: bounded work, bounded memory, a clear error |
//! | `support` | the servers and the Python environment that tests share |

#![expect(clippy::unwrap_used, reason = "a test that cannot go on is a test that fails")]

mod architecture;
mod aws;
mod baseline;
mod botocore_waiters;
mod cases;
mod catalog;
mod cli;
mod command;
mod diagnose;
mod connections;
mod drafts;
mod engine;
mod explain;
mod expression;
mod extends;
mod finding;
mod fake_redshift;
mod hostile;
mod http_client;
mod installation;
mod lint;
mod lint_conditions;
mod lint_rules;
mod lint_sarif;
mod list;
mod moto;
mod new;
mod oracle;
mod parity;
mod public_api;
mod runtime;
mod schema;
mod shipped_operators;
mod shipped_waiters;
mod support;
mod team;
#[cfg(target_os = "linux")]
mod uploads;
