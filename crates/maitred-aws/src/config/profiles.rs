//! Profiles, SSO sessions and services of the shared configuration files, as botocore reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::error::AwsSettingsError;
use super::ini::{self, is_space, printable};

/// The contents of both files. There is no `Debug`, as values may be keys.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Profiles {
    pub(super) profiles: BTreeMap<String, Section>,
    pub(super) sso_sessions: BTreeMap<String, Section>,
    pub(super) services: BTreeMap<String, Section>,
    /// Sections of `~/.aws/config` that are none of these.
    pub(super) others: BTreeSet<String>,
}

/// The settings of a profile, a session or a services section.
pub(super) type Section = BTreeMap<String, Setting>;

/// The value of one key.
#[derive(Clone, PartialEq)]
pub(super) struct Setting {
    pub(super) value: Value,
    pub(super) place: FileLine,
}

/// The value after the `=`.
#[derive(Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    /// Indented lines below a key without a value.
    Nested(BTreeMap<String, String>),
}

/// A line of a configuration file.
#[derive(Clone, PartialEq)]
pub(super) struct FileLine {
    pub(super) file: Arc<Path>,
    pub(super) line: usize,
    /// Set if it is the file of credentials.
    pub(super) credentials: bool,
}

impl fmt::Display for FileLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}", self.file.display(), self.line)
    }
}

impl Profiles {
    /// Adds `~/.aws/config`: profiles are in sections `[default]` and `[profile NAME]`.
    pub(super) fn add_config(&mut self, file: &Path, bytes: &[u8]) -> Result<(), AwsSettingsError> {
        for (section, settings) in sections(file, bytes, false)? {
            // botocore goes by how a section begins.
            let of_kind = [
                ("profile", &mut self.profiles),
                ("sso-session", &mut self.sso_sessions),
                ("services", &mut self.services),
            ];
            let found = of_kind.into_iter().find(|(kind, _)| section.starts_with(kind));
            match (found, words(&section).as_deref()) {
                (Some((_, group)), Some([_, name])) => {
                    group.insert(name.clone(), settings);
                }
                (None, _) if section == "default" => {
                    self.profiles.insert(section, settings);
                }
                (None, _) => {
                    self.others.insert(section);
                }
                (Some(_), _) => {}
            }
        }
        Ok(())
    }

    /// Adds `~/.aws/credentials`, whose sections are profiles and whose settings win.
    pub(super) fn add_credentials(
        &mut self,
        file: &Path,
        bytes: &[u8],
    ) -> Result<(), AwsSettingsError> {
        for (section, settings) in sections(file, bytes, true)? {
            self.profiles.entry(section).or_default().extend(settings);
        }
        Ok(())
    }
}

/// The text of a setting, if it has one. An empty one counts as none.
pub(super) fn text<'a>(section: &'a Section, key: &str) -> Option<&'a str> {
    match &section.get(key)?.value {
        Value::Text(text) => Some(text.as_str()).filter(|text| !text.is_empty()),
        Value::Nested(_) => None,
    }
}

fn sections(
    file: &Path,
    bytes: &[u8],
    credentials: bool,
) -> Result<Vec<(String, Section)>, AwsSettingsError> {
    let file: Arc<Path> = Arc::from(file);
    let place = |line| FileLine { file: Arc::clone(&file), line, credentials };
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        AwsSettingsError::new(format!("{}: has a byte that is not UTF-8", place(line)))
    })?;
    let sections = ini::parse(text)
        .map_err(|bad| AwsSettingsError::new(format!("{}: {}", place(bad.line), bad.message)))?;
    let sections = sections.into_iter().map(|(name, entries)| {
        let settings = entries.into_iter().map(|(key, entry)| {
            let place = place(entry.line);
            match value(entry.value) {
                Some(value) => Ok((key, Setting { value, place })),
                None => {
                    let key = printable(&key);
                    let message = format!("{place}: a line below `{key}` is not `KEY = VALUE`");
                    Err(AwsSettingsError::new(message))
                }
            }
        });
        Ok((name, settings.collect::<Result<_, _>>()?))
    });
    sections.collect()
}

/// A value that begins in a line below its key is nested.
fn value(text: String) -> Option<Value> {
    let Some(nested) = text.strip_prefix('\n') else { return Some(Value::Text(text)) };
    let lines = nested.split(is_line_end).map(|line| line.trim_matches(is_space));
    let pairs = lines.filter(|line| !line.is_empty()).map(|line| {
        let (key, value) = line.split_once('=')?;
        let trimmed = |text: &str| text.trim_matches(is_space).to_owned();
        Some((trimmed(key), trimmed(value)))
    });
    pairs.collect::<Option<_>>().map(Value::Nested)
}

/// Python's `str.splitlines`.
fn is_line_end(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The words of a section's name, as a shell without comments has them (Python's `shlex.split`).
pub(super) fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\'' => word.get_or_insert_default().push_str(&quoted(&mut chars, '\'')?),
            '"' => word.get_or_insert_default().push_str(&quoted(&mut chars, '"')?),
            '\\' => word.get_or_insert_default().push(chars.next()?),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Some(words)
}

/// The text up to the closing quote.
fn quoted(chars: &mut std::str::Chars<'_>, quote: char) -> Option<String> {
    let mut text = String::new();
    loop {
        match chars.next()? {
            c if c == quote => return Some(text),
            '\\' if quote == '"' => match chars.next()? {
                escaped @ ('"' | '\\') => text.push(escaped),
                other => text.extend(['\\', other]),
            },
            other => text.push(other),
        }
    }
}
