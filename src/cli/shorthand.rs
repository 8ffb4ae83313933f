//! The AWS CLI's shorthand for structures: `Name=tag:team,Values=red,blue`
//! (<https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-shorthand.html>).
//!
//! ```text
//! pairs  = pair *("," pair)
//! pair   = key "=" value
//! value  = "{" pairs "}" | "[" items "]" | word *("," word)     a word that "=" follows is a key
//! word   = '"' … '"' | "'" … "'" | anything up to , ] }         a backslash keeps the next character
//! ```
//!
//! The text does not say which values are lists or numbers; the types of the members do, see
//! [`arguments`](super::operation_flags).

use serde_json::{Map, Value};

/// Deeper values are refused; none of a service's is.
const MAX_DEPTH: usize = 50;

/// Reads pairs. Every value is a string, a list or an object.
pub(super) fn parse(text: &str) -> Result<Map<String, Value>, String> {
    let mut reader = Reader { text, at: 0 };
    let pairs = reader.pairs(0)?;
    match reader.peek() {
        None => Ok(pairs),
        Some(found) => Err(reader.expected("`,` or the end", Some(found))),
    }
}

/// True if `text` looks like pairs, not like JSON or a plain word.
pub(super) fn is_shorthand(text: &str) -> bool {
    let key_end = text.find(|c: char| !is_key(c));
    key_end.is_some_and(|end| end > 0 && text[end..].starts_with('='))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn take_if(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        if self.take_if(wanted) {
            return Ok(());
        }
        Err(self.expected(&format!("`{wanted}`"), self.peek()))
    }

    fn expected(&self, wanted: &str, found: Option<char>) -> String {
        let found = found.map_or("the end".to_owned(), |c| format!("`{c}`"));
        let column = self.text[..self.at].chars().count() + 1;
        format!("expected {wanted} at character {column}, but found {found}")
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.take();
        }
    }

    fn pairs(&mut self, depth: usize) -> Result<Map<String, Value>, String> {
        let mut pairs = Map::new();
        loop {
            self.skip_spaces();
            let key = self.key()?;
            self.expect('=')?;
            let value = self.value(depth)?;
            if pairs.insert(key.clone(), value).is_some() {
                return Err(format!("`{key}` is given twice"));
            }
            self.skip_spaces();
            if !self.take_if(',') {
                return Ok(pairs);
            }
        }
    }

    fn key(&mut self) -> Result<String, String> {
        let start = self.at;
        while self.peek().is_some_and(is_key) {
            self.take();
        }
        if start == self.at {
            return Err(self.expected("a name", self.peek()));
        }
        Ok(self.text[start..self.at].to_owned())
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth >= MAX_DEPTH {
            return Err(format!("is nested more than {MAX_DEPTH} deep"));
        }
        self.skip_spaces();
        match self.peek() {
            Some('{') => self.braces(depth),
            Some('[') => self.brackets(depth),
            _ => self.words(),
        }
    }

    fn braces(&mut self, depth: usize) -> Result<Value, String> {
        self.expect('{')?;
        self.skip_spaces();
        if self.take_if('}') {
            return Ok(Value::Object(Map::new()));
        }
        let pairs = self.pairs(depth + 1)?;
        self.skip_spaces();
        self.expect('}')?;
        Ok(Value::Object(pairs))
    }

    fn brackets(&mut self, depth: usize) -> Result<Value, String> {
        self.expect('[')?;
        let mut items = Vec::new();
        self.skip_spaces();
        if self.take_if(']') {
            return Ok(Value::Array(items));
        }
        loop {
            self.skip_spaces();
            items.push(match self.peek() {
                Some('{' | '[') => self.value(depth + 1)?,
                _ => Value::String(self.word()?),
            });
            self.skip_spaces();
            if !self.take_if(',') {
                self.expect(']')?;
                return Ok(Value::Array(items));
            }
        }
    }

    /// One word, or the list of words up to the next key.
    fn words(&mut self) -> Result<Value, String> {
        let first = self.word()?;
        let mut rest = Vec::new();
        while self.peek() == Some(',') && !self.is_key_next() {
            self.take();
            self.skip_spaces();
            if self.peek().is_none() {
                break;
            }
            rest.push(Value::String(self.word()?));
        }
        if rest.is_empty() {
            return Ok(Value::String(first));
        }
        rest.insert(0, Value::String(first));
        Ok(Value::Array(rest))
    }

    /// True if the comma here is followed by a key and not by one more word.
    fn is_key_next(&self) -> bool {
        is_shorthand(self.text[self.at + 1..].trim_start())
    }

    fn word(&mut self) -> Result<String, String> {
        match self.peek() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote),
            _ => Ok(self.plain()),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String, String> {
        self.expect(quote)?;
        let mut word = String::new();
        loop {
            match self.take() {
                None => return Err(format!("the closing `{quote}` is missing")),
                Some(end) if end == quote => return Ok(word),
                Some('\\') if matches!(self.peek(), Some(c) if c == quote || c == '\\') => {
                    word.extend(self.take());
                }
                Some(other) => word.push(other),
            }
        }
    }

    fn plain(&mut self) -> String {
        let mut word = String::new();
        while let Some(next) = self.peek() {
            match next {
                ',' | ']' | '}' => break,
                '\\' if self.text[self.at + 1..].starts_with(',') => {
                    self.at += 2;
                    word.push(',');
                }
                other => {
                    self.take();
                    word.push(other);
                }
            }
        }
        word.truncate(word.trim_end().len());
        word
    }
}

fn is_key(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '#' | '/' | ':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(text: &str) -> Value {
        Value::Object(parse(text).unwrap_or_else(|problem| panic!("{text}: {problem}")))
    }

    #[test]
    fn pairs_lists_and_nesting_are_read_as_the_aws_cli_reads_them() {
        for (text, expected) in [
            ("Name=tag,Values=a,b", json!({"Name": "tag", "Values": ["a", "b"]})),
            ("Values=a,b,Name=tag", json!({"Values": ["a", "b"], "Name": "tag"})),
            ("Values=[a],Name=x", json!({"Values": ["a"], "Name": "x"})),
            ("Values=[]", json!({"Values": []})),
            ("A={B=1,C={D=2}},E=3", json!({"A": {"B": "1", "C": {"D": "2"}}, "E": "3"})),
            ("L=[{A=1},{A=2}]", json!({"L": [{"A": "1"}, {"A": "2"}]})),
            ("A=\"x, y\",B='it'", json!({"A": "x, y", "B": "it"})),
            (r"A=x\,y", json!({"A": "x,y"})),
            ("A=", json!({"A": ""})),
            ("A= spaced , B=2", json!({"A": "spaced", "B": "2"})),
            ("tag:Name=ü,k=v", json!({"tag:Name": "ü", "k": "v"})),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, expected) in [
            ("", "expected a name at character 1, but found the end"),
            ("Name", "expected `=` at character 5, but found the end"),
            ("A=[x", "expected `]` at character 5, but found the end"),
            ("A={B=1", "expected `}` at character 7, but found the end"),
            ("A=\"x", "the closing `\"` is missing"),
            ("A=1,A=2", "`A` is given twice"),
            ("A=[x]y", "expected `,` or the end at character 6, but found `y`"),
        ] {
            assert_eq!(parse(text).unwrap_err(), expected, "{text}");
        }
    }

    #[test]
    fn any_depth_is_an_error_and_no_overflow() {
        let deep = "A={".repeat(100_000);
        assert_eq!(parse(&deep).unwrap_err(), "is nested more than 50 deep");
        let deep = format!("A={}", "[".repeat(100_000));
        assert_eq!(parse(&deep).unwrap_err(), "is nested more than 50 deep");
    }
}
