//! The syntax of `~/.aws/config` and `~/.aws/credentials`: that of Python's `configparser`, which
//! botocore reads them with.

use indexmap::IndexMap;

/// The sections `[NAME]` of a file, in its order.
pub(super) type Sections = IndexMap<String, Section>;

/// The entries of a section by key, which is in lower case.
pub(super) type Section = IndexMap<String, Entry>;

/// A line `KEY = VALUE` with the indented lines that belong to it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) value: String,
    /// The line that it begins in, from 1.
    pub(super) line: usize,
}

/// A line that cannot be read. The message repeats no value.
#[derive(Debug)]
pub(super) struct BadLine {
    pub(super) line: usize,
    pub(super) message: String,
}

/// Entries of this section are in every other one that does not have them.
const DEFAULTS: &str = "DEFAULT";

/// The sections of a file.
pub(super) fn parse(text: &str) -> Result<Sections, BadLine> {
    if text.starts_with('\u{feff}') {
        let message = "begins with a byte order mark; save the file as UTF-8 without one";
        return Err(BadLine { line: 1, message: message.to_owned() });
    }
    let mut parser = Parser::default();
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for (index, line) in text.split('\n').enumerate() {
        let line_number = index + 1;
        parser.line(line, line_number).map_err(|message| BadLine { line: line_number, message })?;
    }
    Ok(parser.finish())
}

#[derive(Default)]
struct Parser {
    sections: Sections,
    /// The section that entries go to.
    current: Option<usize>,
    /// Set if the last entry may go on in the next line.
    open: bool,
    /// How far the last line that was not a continuation is indented, in characters.
    indent: usize,
}

impl Parser {
    fn line(&mut self, line: &str, number: usize) -> Result<(), String> {
        let content = line.trim_matches(is_space);
        if content.starts_with(['#', ';']) {
            return Ok(());
        }
        if content.is_empty() {
            if let Some(entry) = self.open_entry() {
                entry.value.push('\n');
            }
            return Ok(());
        }
        let indent = line.chars().take_while(|c| is_space(*c)).count();
        if indent > self.indent
            && let Some(entry) = self.open_entry()
        {
            entry.value.push('\n');
            entry.value.push_str(content);
            return Ok(());
        }
        self.indent = indent;
        match header(content) {
            Some(name) => self.section(name),
            None => self.entry(content, number),
        }
    }

    fn open_entry(&mut self) -> Option<&mut Entry> {
        let (_, section) = self.sections.get_index_mut(self.current?)?;
        section.last_mut().map(|(_, entry)| entry).filter(|_| self.open)
    }

    fn section(&mut self, name: &str) -> Result<(), String> {
        if name != DEFAULTS && self.sections.contains_key(name) {
            return Err(format!("there is a section [{}] already", printable(name)));
        }
        self.open = false;
        let section = self.sections.entry(name.to_owned());
        self.current = Some(section.index());
        section.or_default();
        Ok(())
    }

    fn entry(&mut self, content: &str, line: usize) -> Result<(), String> {
        let current = self.current.and_then(|index| self.sections.get_index_mut(index));
        let Some((name, section)) = current else {
            return Err("there must be a section before it, such as [default]".to_owned());
        };
        let Some((key, value)) = content.split_once(['=', ':']) else {
            let unclosed = content.starts_with('[');
            let wanted = if unclosed { "the `]` is missing" } else { "is not `KEY = VALUE`" };
            return Err(wanted.to_owned());
        };
        let key = key.trim_end_matches(is_space).to_lowercase();
        if key.is_empty() {
            return Err("there is no key before the `=`".to_owned());
        }
        if section.contains_key(&key) {
            return Err(format!(
                "there is a `{}` in [{}] already",
                printable(&key),
                printable(name)
            ));
        }
        section.insert(key, Entry { value: value.trim_matches(is_space).to_owned(), line });
        self.open = true;
        Ok(())
    }

    fn finish(mut self) -> Sections {
        for entry in self.sections.values_mut().flat_map(IndexMap::values_mut) {
            entry.value.truncate(entry.value.trim_end_matches(is_space).len());
        }
        for (key, entry) in self.sections.shift_remove(DEFAULTS).unwrap_or_default() {
            for section in self.sections.values_mut() {
                section.entry(key.clone()).or_insert_with(|| entry.clone());
            }
        }
        self.sections
    }
}

/// The name between the first bracket and the last one; what follows is not read.
fn header(content: &str) -> Option<&str> {
    let rest = content.strip_prefix('[')?;
    rest.rfind(']').filter(|end| *end > 0).map(|end| &rest[..end])
}

/// Python's `str.isspace`.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// A name from a file in a message: short, and without what could garble a terminal.
pub(super) fn printable(name: &str) -> String {
    name.chars().take(100).flat_map(char::escape_debug).collect()
}
