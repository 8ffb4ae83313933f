//! The words that names of operations and members are made of.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The vocabulary, read from `vocabulary.json` at first use.
pub(super) static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
    let words = include_str!("vocabulary.json");
    serde_json::from_str(words).expect("the tests read the vocabulary")
});

/// Words in lower case, by what they say of a name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vocabulary {
    /// The first words of the names of read-only operations.
    pub(super) read_verbs: Vec<String>,
    /// After these, a name says how resources are selected.
    pub(super) selectors: Vec<String>,
    /// Information about the resource before them.
    pub(super) aspects: Vec<String>,
    /// Generic names of structures, in the singular.
    pub(super) containers: Vec<String>,
    /// Names of structures with settings.
    pub(super) settings: Vec<String>,
    /// Qualifiers of a state that do not make it the state of something else.
    pub(super) qualifiers: Vec<String>,
    /// Qualifiers of a state that is not the current one.
    pub(super) other_times: Vec<String>,
    /// Recurring actions.
    pub(super) runs: Vec<String>,
    /// The singulars of irregular plurals, and of words that only look like plurals.
    pub(super) singulars: BTreeMap<String, String>,
}

pub(super) fn is_in(list: &[String], word: &str) -> bool {
    list.iter().any(|listed| listed == word)
}
