//! Escapes text from outside for terminals and logs of CI: replies, errors of servers, names of files,
//! arguments.
//!
//! - Control and invisible characters (C0, DEL, C1, bidirectional controls, the separators U+2028 and U+2029,
//!   zero-width characters) are written as `\u{9b}`.
//! - The lines of a message after the first are indented.
//! - Commands of CI are broken up with a backslash: `::error::`, `##[error]`, `##vso[…]`.

use std::fmt::Write as _;

/// True if a character is invisible, controls a terminal, or changes how others are displayed.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A text in one line.
pub(super) fn one_line(text: &str) -> String {
    let blank = |letter: char| if matches!(letter, '\n' | '\t' | '\r') { ' ' } else { letter };
    without_commands(&escaped(text.chars().map(blank), |_| false))
}

/// A message of one or more lines, of which those after the first are indented.
pub(super) fn message(text: &str) -> String {
    lines(text).join("\n  ")
}

/// A value, with its line breaks.
pub(super) fn value(text: &str) -> String {
    lines(text).join("\n")
}

/// Formatted output of ours that may hold unescaped text from outside: keeps line breaks and styles.
pub(super) fn page(text: &str) -> String {
    let line = |line: &str| without_commands(&styled(line.strip_suffix('\r').unwrap_or(line)));
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Our own commands of CI, which may hold text from outside: keeps line breaks.
pub(super) fn commands(text: &str) -> String {
    escaped(text.chars(), |letter| letter == '\n')
}

/// Serialised JSON of the same value: invisible characters are written as `\u202e`.
pub(super) fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if letter != '\n' && is_unseen(letter) {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else if command(rest).is_some() {
            out.push_str("\\u0023");
        } else {
            out.push(letter);
        }
        rest = &rest[letter.len_utf8()..];
    }
    out
}

/// The escaped lines of a text from outside, whose newlines may be those of any system.
fn lines(text: &str) -> Vec<String> {
    let lines =
        text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'));
    lines.map(|line| without_commands(&escaped(line.chars(), |letter| letter == '\t'))).collect()
}

/// A text with escapes for invisible characters, except for those that are `kept`.
fn escaped(letters: impl Iterator<Item = char>, kept: impl Fn(char) -> bool) -> String {
    let mut out = String::new();
    for letter in letters {
        if is_unseen(letter) && !kept(letter) {
            out.extend(letter.escape_unicode());
        } else {
            out.push(letter);
        }
    }
    out
}

/// A line with escapes for invisible characters, except for tabs and our styles.
fn styled(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(letter) = rest.chars().next() {
        let style = style(rest);
        if style > 0 {
            out.push_str(&rest[..style]);
        } else if is_unseen(letter) && letter != '\t' {
            out.extend(letter.escape_unicode());
        } else {
            out.push(letter);
        }
        rest = &rest[style.max(letter.len_utf8())..];
    }
    out
}

/// The length of the style (`ESC [ 1 ; 31 m`) that a text begins with.
fn style(text: &str) -> usize {
    let Some(rest) = text.strip_prefix("\u{1b}[") else { return 0 };
    let digits =
        rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').len();
    if rest[digits..].starts_with('m') { "\u{1b}[".len() + digits + 1 } else { 0 }
}

/// A line without commands of CI. GitHub takes `::name::` at the beginning of a line, after blanks; styles
/// may be taken out of a line before it is seen. Azure and GitHub take `##name[` anywhere.
fn without_commands(line: &str) -> String {
    let mut start = 0;
    loop {
        let rest = &line[start..];
        let blank = rest.len() - rest.trim_start().len();
        match blank + style(&rest[blank..]) {
            0 => break,
            skipped => start += skipped,
        }
    }
    let mut out = String::with_capacity(line.len());
    out.push_str(&line[..start]);
    let is_command = line[start..].strip_prefix("::").is_some_and(|rest| rest.contains("::"));
    if is_command {
        out.push('\\');
    }
    let mut rest = &line[start..];
    while let Some(hash) = rest.find("##") {
        match command(&rest[hash..]) {
            Some(end) => {
                out.push_str(&rest[..hash + end]);
                out.push('\\');
                rest = &rest[hash + end..];
            }
            None => {
                out.push_str(&rest[..=hash]);
                rest = &rest[hash + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The position of the bracket of the command, `##name[`, that a text begins with.
fn command(text: &str) -> Option<usize> {
    let name = text.strip_prefix("##")?;
    let end = name.find(|letter: char| !letter.is_ascii_alphanumeric())?;
    name[end..].starts_with('[').then_some("##".len() + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_from_outside_never_begins_a_line() {
        for newline in ["\n", "\r\n", "\r", "\n\n", "\n \t"] {
            let said = message(&format!("x{newline}::error::pwn"));
            assert!(said.lines().skip(1).all(|line| line.starts_with("  ")), "{said:?}");
            assert!(!said.lines().any(|line| line.trim_start().starts_with("::")), "{said:?}");
            assert!(!one_line(&said).contains('\n'));
        }
    }

    #[test]
    fn what_is_unseen_is_shown() {
        for letter in [
            '\0',
            '\u{7}',
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{202e}',
            '\u{2066}',
            '\u{2028}',
            '\u{200b}',
            '\u{feff}',
            '\u{e0041}',
        ] {
            let expected = format!("a{}b", letter.escape_unicode());
            let text = format!("a{letter}b");
            for escaped in [one_line(&text), message(&text), value(&text), page(&text)] {
                assert_eq!(escaped, expected);
            }
            let json_text = json(&serde_json::Value::from(text.as_str()).to_string());
            assert!(!json_text.contains(letter), "{json_text}");
            assert_eq!(serde_json::from_str::<String>(&json_text).unwrap(), text);
        }
        assert_eq!(value("zwj 👩\u{200d}💻, tab\t, ünï"), "zwj 👩\u{200d}💻, tab\t, ünï");
    }

    #[test]
    fn commands_of_ci_are_taken_apart_and_addresses_stay() {
        for (text, expected) in [
            ("::error::pwn", "\\::error::pwn"),
            ("a\n \u{a0}::set-env name=A::b", "a\n \u{a0}\\::set-env name=A::b"),
            ("x ##[error]y ##vso[task.x]z", "x ##\\[error]y ##vso\\[task.x]z"),
            ("###[group]", "###\\[group]"),
            ("::1", "::1"),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.1"),
            ("a ::error:: b", "a ::error:: b"),
            ("## heading [x]", "## heading [x]"),
        ] {
            assert_eq!(value(text), expected);
            assert_eq!(page(text), expected);
        }
        assert_eq!(page("\u{1b}[1m::error::x"), "\u{1b}[1m\\::error::x");
        let text = json(r###"{"a": "##vso[x]"}"###);
        assert!(!text.contains("##"), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["a"], "##vso[x]");
    }

    #[test]
    fn our_own_layout_and_styles_stay() {
        let ours = "\u{1b}[1;31merror:\u{1b}[0m a\n  b\tc\nhelp: d\n";
        assert_eq!(page(ours), ours);
        assert_eq!(page("\u{1b}[2Jx\u{1b}]0;t\u{7}"), "\\u{1b}[2Jx\\u{1b}]0;t\\u{7}");
    }
}
