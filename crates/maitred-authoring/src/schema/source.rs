//! Parsing JSON with the position of every value.

use std::collections::BTreeMap;
use std::ops::Range;

use jsonc_parser::common::Ranged as _;
use jsonc_parser::tokens::{Token, TokenAndRange};
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, ast, parse_to_ast};
use serde_json::{Map, Value};

use super::violation::short;
use maitred_core::catalog::MAX_FILE;
use maitred_core::diagnostic::{Diagnostic, pointer_part};

/// The deepest nesting: the parser recurses once for each level.
pub const MAX_DEPTH: usize = 128;

/// The most tokens of a file, which bounds the memory for parsing it.
pub const MAX_TOKENS: usize = 200_000;

/// The longest key, in bytes.
const MAX_KEY: usize = 256;

/// The longest pointer below which positions are recorded, in bytes.
const MAX_POINTER: usize = 1024;

/// A parsed text: the JSON, and the position of each value by its JSON pointer.
pub(super) struct Source<'a> {
    text: &'a str,
    value: Value,
    places: BTreeMap<String, Position>,
}

struct Position {
    key: Option<Range<usize>>,
    value: Range<usize>,
}

impl<'a> Source<'a> {
    /// Parses `text`. Syntax errors that do not prevent parsing, such as a trailing comma, are reported together
    /// with the other problems.
    pub(super) fn parse(text: &'a str, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        if let Some(problem) = unreadable(text) {
            problems.push(problem);
            return None;
        }
        let collect =
            CollectOptions { comments: CommentCollectionStrategy::AsTokens, tokens: true };
        let parsed = match parse_to_ast(text, &collect, &parse_options()) {
            Ok(parsed) => parsed,
            Err(error) => {
                let range = error.range();
                let message = format!("this is not JSON: {}", json_message(text, &error));
                problems.push(Diagnostic::error("json", "", message).at(range.start..range.end));
                return None;
            }
        };
        check_tokens(text, &parsed.tokens.unwrap_or_default(), problems);
        let Some(root) = parsed.value else {
            problems.push(Diagnostic::error("json", "", "the file is empty").at(0..0));
            return None;
        };
        let mut reader = Reader { places: BTreeMap::new(), problems };
        let value = reader.read(&root, Some(String::new()), None);
        let places = reader.places;
        Some(Self { text, value, places })
    }

    pub(super) fn value(&self) -> &Value {
        &self.value
    }

    /// The positions of the key and the value at `pointer`.
    pub(super) fn place(&self, pointer: &str) -> Option<(Option<Range<usize>>, Range<usize>)> {
        self.places.get(pointer).map(|place| (place.key.clone(), place.value.clone()))
    }

    /// Sets the position in the text of each problem that has only a pointer.
    pub(super) fn locate(&self, problems: &mut [Diagnostic]) {
        for problem in problems.iter_mut().filter(|problem| problem.span.is_none()) {
            problem.span = Some(self.span(problem));
        }
    }

    fn span(&self, problem: &Diagnostic) -> Range<usize> {
        let mut pointer = problem.pointer.as_str();
        let place = loop {
            match (self.places.get(pointer), pointer.rfind('/')) {
                (Some(place), _) => break place,
                (None, Some(slash)) => pointer = &pointer[..slash],
                (None, None) => return 0..0,
            }
        };
        if problem.rule == "unknown-key"
            && let Some(key) = &place.key
        {
            return key.clone();
        }
        match problem.offset.and_then(|offset| self.inside_string(&place.value, offset)) {
            // A syntax error is at a position, the finding of a rule at a word.
            Some(span) if problem.rule != "expression" => self.word(span),
            Some(span) => span,
            None => self.first_line(&place.value),
        }
    }

    /// The position of the character at `offset` of the string whose literal is at `literal`; its end if the
    /// offset is behind the last character.
    fn inside_string(&self, literal: &Range<usize>, offset: usize) -> Option<Range<usize>> {
        let inner = self.text.get(literal.start + 1..literal.end.checked_sub(1)?)?;
        let start = literal.start + 1;
        let mut decoded = 0;
        let mut rest = inner;
        while let Some((written, length)) = next_character(rest) {
            if decoded >= offset {
                let at = start + inner.len() - rest.len();
                return Some(at..at + written);
            }
            decoded += length;
            rest = &rest[written..];
        }
        Some(literal.end - 1..literal.end)
    }

    /// The word that begins at `span`.
    fn word(&self, span: Range<usize>) -> Range<usize> {
        let rest = self.text.get(span.start..).unwrap_or_default();
        let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        span.start..span.end.max(span.start + length)
    }

    /// The first line of a value: a caret under a whole object is of no use.
    fn first_line(&self, span: &Range<usize>) -> Range<usize> {
        let line = self.text.get(span.clone()).and_then(|text| text.find('\n'));
        line.map_or(span.clone(), |length| span.start..span.start + length)
    }
}

fn parse_options() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_loose_object_property_names: false,
        allow_trailing_commas: true,
        allow_missing_commas: true,
        allow_single_quoted_strings: true,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

/// The reason to refuse a text before it is parsed: its size or its encoding.
fn unreadable(text: &str) -> Option<Diagnostic> {
    let problem = |message: String| Diagnostic::error("file", "", message).at(0..0);
    if text.len() > MAX_FILE {
        return Some(problem(format!(
            "the file is {} bytes long; at most {MAX_FILE} are read",
            text.len()
        )));
    }
    if text.starts_with('\u{feff}') {
        let message =
            "the file starts with a byte order mark, which is not JSON; botocore does not read it";
        let mark = Diagnostic::error("byte-order-mark", "", message).at(0..3);
        return Some(mark.with_help("save it as UTF-8 without a byte order mark"));
    }
    if nests_deeper_than(text, MAX_DEPTH) {
        return Some(problem(format!("the file nests deeper than {MAX_DEPTH} levels")));
    }
    let mut tokens = 0;
    let mut in_word = false;
    for byte in text.bytes() {
        let is_word = byte.is_ascii_alphanumeric() || !byte.is_ascii();
        let is_sign = !is_word && !byte.is_ascii_whitespace();
        tokens += usize::from(is_sign || (is_word && !in_word));
        in_word = is_word;
    }
    if tokens > MAX_TOKENS {
        return Some(problem(format!("the file has more than {MAX_TOKENS} words and signs")));
    }
    None
}

/// Whether lists and objects nest deeper than `most`. The text is not parsed, so this is an estimate.
fn nests_deeper_than(text: &str, most: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > most {
            return true;
        }
    }
    false
}

/// Reports syntax that is not JSON but can still be parsed.
fn check_tokens(text: &str, tokens: &[TokenAndRange<'_>], problems: &mut Vec<Diagnostic>) {
    let mut before: Option<&TokenAndRange<'_>> = None;
    for token in tokens {
        let range = token.range.start..token.range.end;
        if matches!(token.token, Token::CommentLine(_) | Token::CommentBlock(_)) {
            let message = "a comment is not JSON, and botocore does not read it";
            let comment = Diagnostic::error("comment", "", message).at(range);
            problems.push(comment.with_help("say it in `description`"));
            continue;
        }
        if matches!(token.token, Token::String(_)) {
            check_string(&text[range.clone()], &range, problems);
        }
        problems.extend(before.and_then(|before| between(before, token)));
        before = Some(token);
    }
}

/// The problem between two tokens: a superfluous or a missing comma.
fn between(before: &TokenAndRange<'_>, token: &TokenAndRange<'_>) -> Option<Diagnostic> {
    let (rule, at, message, help) = match (&before.token, &token.token) {
        (Token::Comma, Token::CloseBrace | Token::CloseBracket) => (
            "trailing-comma",
            before.range.start..before.range.end,
            "a comma before the closing bracket is not JSON",
            "remove the comma",
        ),
        (
            Token::CloseBrace
            | Token::CloseBracket
            | Token::String(_)
            | Token::Word(_)
            | Token::Boolean(_)
            | Token::Number(_)
            | Token::Null,
            Token::OpenBrace
            | Token::OpenBracket
            | Token::String(_)
            | Token::Word(_)
            | Token::Boolean(_)
            | Token::Number(_)
            | Token::Null,
        ) => (
            "missing-comma",
            before.range.end..before.range.end,
            "a comma is missing here",
            "add a comma",
        ),
        _ => return None,
    };
    Some(Diagnostic::error(rule, "", message).at(at).with_help(help))
}

fn check_string(literal: &str, at: &Range<usize>, problems: &mut Vec<Diagnostic>) {
    if literal.starts_with('\'') {
        let message = "single quotes are not JSON";
        problems.push(
            Diagnostic::error("quotes", "", message)
                .at(at.clone())
                .with_help("write \"double quotes\""),
        );
    }
    if let Some(offset) = literal.bytes().position(|byte| byte < b' ') {
        let offset = at.start + offset;
        let message = "a line break, tab or control character in a string is not JSON";
        problems.push(
            Diagnostic::error("control-character", "", message)
                .at(offset..offset + 1)
                .with_help("write it as an escape: \\n, \\t, \\u001b"),
        );
    }
}

/// The lengths of the first character of a JSON string, as written and decoded.
fn next_character(text: &str) -> Option<(usize, usize)> {
    let first = text.chars().next()?;
    if first != '\\' {
        return Some((first.len_utf8(), first.len_utf8()));
    }
    let unit = |from: usize| {
        let digits = text.get(from..from + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    match (unit(0), unit(6)) {
        (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => Some((12, 4)),
        (Some(code), _) => Some((6, char::from_u32(code).map_or(3, char::len_utf8))),
        (None, _) => {
            let escaped = text[1..].chars().next().map_or(0, char::len_utf8);
            Some((1 + escaped, 1))
        }
    }
}

fn json_message(text: &str, error: &jsonc_parser::errors::ParseError) -> String {
    let at = error.range().start;
    let before = at.checked_sub(1).and_then(|before| text.as_bytes().get(before));
    match (before, text.as_bytes().get(at)) {
        (Some(b'0'), Some(b'0'..=b'9')) => "a number does not begin with 0".to_owned(),
        _ => lowercase_first(&error.kind().to_string()),
    }
}

fn lowercase_first(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}

struct Reader<'p> {
    places: BTreeMap<String, Position>,
    problems: &'p mut Vec<Diagnostic>,
}

impl Reader<'_> {
    /// Reads a value. `pointer` is `None` if it is too long to be recorded.
    fn read(
        &mut self,
        node: &ast::Value<'_>,
        pointer: Option<String>,
        key: Option<Range<usize>>,
    ) -> Value {
        let range = node.range();
        let below = pointer.as_deref().filter(|pointer| pointer.len() <= MAX_POINTER);
        let value = match node {
            ast::Value::NullKeyword(_) => Value::Null,
            ast::Value::BooleanLit(literal) => Value::Bool(literal.value),
            ast::Value::StringLit(literal) => Value::String(literal.value.to_string()),
            ast::Value::NumberLit(literal) => self.read_number(literal),
            ast::Value::Array(array) => {
                let items = array.elements.iter().enumerate();
                items
                    .map(|(index, item)| {
                        self.read(item, below.map(|below| format!("{below}/{index}")), None)
                    })
                    .collect()
            }
            ast::Value::Object(object) => self.read_object(object, below),
        };
        if let Some(pointer) = pointer {
            self.places.insert(pointer, Position { key, value: range.start..range.end });
        }
        value
    }

    fn read_object(&mut self, object: &ast::Object<'_>, pointer: Option<&str>) -> Value {
        let mut entries = Map::new();
        for property in &object.properties {
            let name = property.name.as_str();
            let key = property.name.range();
            let key = key.start..key.end;
            if name.len() > MAX_KEY {
                let message = format!("this key is {} bytes long", name.len());
                let long = Diagnostic::error("key-length", "", message).at(key);
                self.problems.push(long.with_help(format!("use at most {MAX_KEY}")));
                continue;
            }
            let child = pointer.map(|pointer| format!("{pointer}/{}", pointer_part(name)));
            let value = self.read(&property.value, child, Some(key.clone()));
            if entries.insert(name.to_owned(), value).is_some() {
                let message =
                    format!("the key `{name}` is here twice; the later one would win silently");
                let duplicate = Diagnostic::error("duplicate-key", "", message);
                self.problems.push(duplicate.at(key).with_help("remove one of them"));
            }
        }
        Value::Object(entries)
    }

    fn read_number(&mut self, literal: &ast::NumberLit<'_>) -> Value {
        if let Ok(number) = literal.value.parse() {
            return Value::Number(number);
        }
        let message = format!("`{}` is not a number that can be represented", short(literal.value));
        let range = literal.range;
        self.problems.push(Diagnostic::error("number", "", message).at(range.start..range.end));
        Value::from(1)
    }
}
