//! Tables of words, which are data files beside the code.

/// The text of a file whose sections are separated by empty lines. The first word of a section is its name.
pub(crate) struct WordTables(pub(crate) &'static str);

impl WordTables {
    /// The words of the section `name`.
    pub(crate) fn section(&self, name: &str) -> impl Iterator<Item = &'static str> + use<> {
        let mut sections = self.0.split("\n\n").map(str::split_whitespace);
        let found = sections.find(|section| section.clone().next() == Some(name));
        found.into_iter().flat_map(|words| words.skip(1))
    }
}
