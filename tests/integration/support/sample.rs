//! How much is looked at where there is more than every run should take. The default lane takes a sample, the same one each
//! time; the long lane (`tests/long/run`) takes everything. One number alone is chosen by its variable:
//!
//! | variable | default lane | long lane | what |
//! |---|---|---|---|
//! | `MAITRED_TEST_SEED` | 1 | 1 | what is drawn by chance |
//! | `MAITRED_TEST_SERVICES` | a few, listed in the test | `all` | AWS services, by name, with commas |
//! | `MAITRED_TEST_CASES` | 1 | 5 | calls of an operation; services of the tests' own have five times as many |
//! | `MAITRED_TEST_REPLIES` | 40 | 1000 | series of replies for each waiter of botocore |
//! | `MAITRED_TEST_FILES` | 300 | 5000 | pairs of files of the AWS CLI's configuration |
//! | `MAITRED_TEST_KILLS` | 15 | 300 | kills of a triggerer |

use std::env::{VarError, var};

/// Whether this is the long lane, as `tests/long/run` says it: `MAITRED_TEST_LANE=long`.
fn is_long() -> bool {
    match setting("MAITRED_TEST_LANE").as_deref() {
        None => false,
        Some("long") => true,
        Some(other) => panic!("MAITRED_TEST_LANE is `{other}`; it can only be `long`"),
    }
}

fn setting(name: &str) -> Option<String> {
    match var(name) {
        Ok(value) => Some(value),
        Err(VarError::NotPresent) => None,
        Err(error) => panic!("{name}: {error}"),
    }
}

fn number(name: &str, default: u64, long: u64) -> u64 {
    match setting(name) {
        Some(value) => value.parse().unwrap_or_else(|error| panic!("{name}: `{value}`: {error}")),
        None if is_long() => long,
        None => default,
    }
}

/// Whatever is drawn by chance is drawn from this; a failure says it.
pub(crate) fn seed() -> u64 {
    number("MAITRED_TEST_SEED", 1, 1)
}

/// How often an operation is called, each time with another input.
pub(crate) fn cases() -> u64 {
    number("MAITRED_TEST_CASES", 1, 5)
}

/// How many series of replies each waiter sees. Each acceptor is met several times in the first dozens.
pub(crate) fn replies() -> u64 {
    number("MAITRED_TEST_REPLIES", 40, 1000)
}

/// How many pairs of configuration files are read.
pub(crate) fn files() -> u64 {
    number("MAITRED_TEST_FILES", 300, 5000)
}

/// How often the triggerer is killed.
pub(crate) fn kills() -> u64 {
    number("MAITRED_TEST_KILLS", 15, 300)
}

/// Which services are looked at.
pub(crate) enum Services {
    /// Those that the test lists.
    Sample,
    /// All that there are.
    All,
    /// These, whole.
    Named(Vec<String>),
}

/// The services to look at.
pub(crate) fn services() -> Services {
    match setting("MAITRED_TEST_SERVICES").as_deref() {
        Some("all") => Services::All,
        Some(names) => Services::Named(names.split(',').map(str::to_owned).collect()),
        None if is_long() => Services::All,
        None => Services::Sample,
    }
}

impl Services {
    /// Their names, where `sample` and `all` are those of the test.
    pub(crate) fn names<'a>(
        self,
        sample: impl IntoIterator<Item = &'a str>,
        all: impl IntoIterator<Item = &'a str>,
    ) -> Vec<String> {
        match self {
            Self::Sample => sample.into_iter().map(str::to_owned).collect(),
            Self::All => all.into_iter().map(str::to_owned).collect(),
            Self::Named(names) => names,
        }
    }
}
