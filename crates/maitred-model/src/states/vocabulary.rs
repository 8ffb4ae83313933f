//! The words that the names of states are made of.

use std::sync::LazyLock;

use serde::Deserialize;

/// The vocabulary, read from `vocabulary.json` at first use.
pub(super) static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
    let words = include_str!("vocabulary.json");
    serde_json::from_str(words).expect("the tests read the vocabulary")
});

/// Words in capitals, by what they say of a state. Stems are the beginnings of words.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vocabulary {
    /// Failure, whatever else the name says.
    pub(super) failure: Vec<String>,
    /// Deletion.
    pub(super) deletion_stems: Vec<String>,
    /// Undoing; completing that is not a success.
    pub(super) undo_stems: Vec<String>,
    /// Going back to an earlier state, which means failure.
    pub(super) reverting: Vec<String>,
    /// Ended without success.
    pub(super) ended_without_success: Vec<String>,
    /// Ended by a user.
    pub(super) ended_by_user: Vec<String>,
    /// Past the goal, although a user may bring it back.
    pub(super) past_goal: Vec<String>,
    /// Resting until a user resumes it.
    pub(super) resting: Vec<String>,
    /// Not at the goal, but may reach it by itself or by a user's action.
    pub(super) before_goal: Vec<String>,
    /// Makes a failure temporary.
    pub(super) temporary: Vec<String>,
    /// Initial states, each by all of its words.
    pub(super) initial: Vec<Vec<String>>,
    /// In progress.
    pub(super) in_progress: Vec<String>,
    /// Goals in tiers: work is done; a resource can be used; something was reached, if there is nothing
    /// better; and words that may be a goal if there is no other.
    pub(super) goals: [Vec<String>; 4],
    /// Goals if there is no other.
    pub(super) last_resort_goals: Vec<String>,
    /// The words after these only say where or how.
    pub(super) qualifiers: Vec<String>,
    /// After a negation, these are final.
    pub(super) final_negations: Vec<String>,
    /// Pairs of words that count as one, which is the third.
    compounds: Vec<[String; 3]>,
    /// Goals and their starting points.
    pub(super) starting_points: Vec<[String; 2]>,
    /// Phases.
    pub(super) phase_stems: Vec<String>,
    /// Pairs of phases that undo each other.
    pub(super) opposite_phases: Vec<[String; 2]>,
}

impl Vocabulary {
    /// The tier of `word` in [`Vocabulary::goals`]. Lower tiers are preferred.
    pub(super) fn goal_tier(&self, word: &String) -> Option<usize> {
        self.goals.iter().position(|tier| tier.contains(word))
    }
}

/// The tier of goals where work is done.
pub(super) const DONE: usize = 0;

/// The tier of goals where a resource can be used.
pub(super) const USABLE: usize = 1;

/// The tiers of goals that are about work rather than resources.
pub(super) const WORK: [usize; 2] = [DONE, 2];

/// The words of a value in capitals; the same for `CREATE_FAILED`, `create-failed` and `CreateFailed`.
pub fn words(value: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for c in value.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before_lower) {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.last_mut().expect("there is one from the start").extend(c.to_uppercase());
        }
        before_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The words of a value, with compounds such as `IN PROGRESS` joined.
pub(super) fn joined(value: &str) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for word in words(value) {
        let last = joined.last().map_or("", String::as_str);
        let mut compounds = VOCABULARY.compounds.iter();
        let compound = compounds.find(|[first, second, _]| *first == last && *second == word);
        match (compound, joined.last_mut()) {
            (Some([_, _, compound]), Some(last)) => last.clone_from(compound),
            (None, Some(last)) if last == "UPTO" => last.push_str(&word),
            (_, _) => joined.push(word),
        }
    }
    joined
}

pub(super) fn has(words: &[String], list: &[impl AsRef<str>]) -> bool {
    words.iter().any(|word| list.iter().any(|listed| listed.as_ref() == word))
}

pub(super) fn has_stem(words: &[String], stems: &[impl AsRef<str>]) -> bool {
    words.iter().any(|word| stems.iter().any(|stem| word.starts_with(stem.as_ref())))
}
