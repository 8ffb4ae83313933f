//! Parsing with limits.

use std::borrow::Cow;

use jmespath::ErrorReason;
use jmespath::ast::{Ast, Comparator as AstComparator};
use serde_json::Value;

use super::error::ExpressionError;
use super::function::Function;
use super::node::{Comparator, Node};

/// The longest expression, in bytes.
pub const MAX_LENGTH: usize = 16 * 1024;

/// The most operators and brackets in one expression. The parser and the interpreter recurse once for each,
/// so this bounds their stack to 2 MiB, even without optimisation.
pub const MAX_OPERATORS: usize = 200;

pub(super) fn parse(text: &str) -> Result<Node, ExpressionError> {
    check_limits(text)?;
    let quoted = quote_literals(text);
    jmespath::parse(&quoted)
        .map_err(|error| ExpressionError {
            message: explain(&quoted, error.offset, &error.reason),
            offset: error.offset,
        })
        .and_then(|ast| translate(ast, &quoted))
        .map_err(|error| ExpressionError {
            offset: unquoted_offset(text, &quoted, error.offset),
            ..error
        })
}

/// The position in `text` of the byte at `offset` of `quoted`, which has additional quotes.
fn unquoted_offset(text: &str, quoted: &str, offset: usize) -> usize {
    let (mut text_at, mut quoted_at) = (0, 0);
    while let (Some((_, text_end)), Some((_, quoted_end))) =
        (next_literal(&text[text_at..]), next_literal(&quoted[quoted_at..]))
    {
        if quoted_at + quoted_end >= offset {
            break;
        }
        (text_at, quoted_at) = (text_at + text_end + 1, quoted_at + quoted_end + 1);
    }
    (text_at + offset.saturating_sub(quoted_at)).min(text.len())
}

/// A readable message for an error of the parser, whose own message has internal tokens.
fn explain(text: &str, offset: usize, reason: &ErrorReason) -> String {
    let message = match reason {
        ErrorReason::Parse(message) => message.as_str(),
        ErrorReason::Runtime(error) => return error.to_string(),
    };
    if text.trim().is_empty() {
        return "the expression is empty".to_owned();
    }
    if text.get(offset.saturating_sub(1)..).is_some_and(|rest| rest.starts_with("{{")) {
        return "a placeholder stands in a literal: '{{NAME}}'".to_owned();
    }
    let rest = text.get(offset..).unwrap_or_default();
    let found = found(rest);
    let (wanted, token) = message.split_once(" -- found ").unwrap_or((message, ""));
    match wanted {
        "Unexpected nud token" => match number(rest) {
            Some(number) => format!("a number takes back-quotes: `{number}`"),
            None => format!("expected a value where {found}"),
        },
        "Unexpected led token" | "Did not parse the complete expression" => {
            format!("expected an operator where {found}")
        }
        "Expected valid number" => "the number is too large".to_owned(),
        _ if wanted.starts_with("Unable to parse literal JSON") => {
            "what stands between backticks is no JSON".to_owned()
        }
        _ if wanted.starts_with("Invalid character") => format!("{found} no part of JMESPath"),
        _ if wanted.starts_with("Unclosed") => format!("{found} opened and never closed"),
        _ => match wanted.strip_prefix("Expected ") {
            Some(wanted) if !token.is_empty() => {
                format!("expected {} where {found}", wanted.replace(", or ", " or "))
            }
            Some(_) | None => wanted.to_owned(),
        },
    }
}

/// The number at the start of `rest`.
fn number(rest: &str) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let digits = rest.strip_prefix('-').unwrap_or(rest);
    let length = digits.find(|c| !is_part(c)).unwrap_or(digits.len());
    let number = &rest[..rest.len() - digits.len() + length];
    number.parse::<serde_json::Number>().is_ok().then_some(number)
}

/// Describes the start of `rest`.
fn found(rest: &str) -> String {
    match rest.chars().next() {
        None => "the expression ends".to_owned(),
        Some(first) if first.is_alphanumeric() => {
            let word = rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next();
            format!("`{}` is", word.unwrap_or_default())
        }
        Some(first) => format!("`{first}` is"),
    }
}

/// Puts literals that are no JSON in quotes, as jmespath.py still does: `` `foo` `` is `` `"foo"` ``
/// (<https://jmespath.org/specification.html#literal-expressions>).
fn quote_literals(text: &str) -> Cow<'_, str> {
    let mut quoted = String::new();
    let mut rest = text;
    while let Some((start, end)) = next_literal(rest) {
        let literal = rest[start..end].replace("\\`", "`");
        quoted.push_str(&rest[..start]);
        if serde_json::from_str::<Value>(&literal).is_ok() {
            quoted.push_str(&rest[start..end]);
        } else {
            let json = format!("\"{}\"", literal.trim_start());
            let value = serde_json::from_str::<Value>(&json).map(|value| value.to_string());
            quoted.push_str(
                &value.map_or(rest[start..end].to_owned(), |json| json.replace('`', "\\`")),
            );
        }
        rest = &rest[end..];
        // The closing quote, so that it does not open the next literal.
        quoted.push('`');
        rest = &rest[1..];
    }
    if quoted.is_empty() {
        return Cow::Borrowed(text);
    }
    quoted.push_str(rest);
    Cow::Owned(quoted)
}

/// The inside of the first literal between backticks.
fn next_literal(text: &str) -> Option<(usize, usize)> {
    let mut open = None;
    let mut escaped = false;
    for (offset, c) in text.char_indices() {
        match (open, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(('`', start)), '`') => return Some((start, offset)),
            (Some((quote, _)), c) if c == quote => open = None,
            (None, '\'' | '"' | '`') => open = Some((c, offset + 1)),
            _ => {}
        }
    }
    None
}

fn check_limits(text: &str) -> Result<(), ExpressionError> {
    if text.len() > MAX_LENGTH {
        let message = format!("it is {} bytes long; at most {MAX_LENGTH} are allowed", text.len());
        return Err(ExpressionError { offset: 0, message });
    }
    let mut operators = 0;
    let mut quote = None;
    let mut escaped = false;
    for (offset, c) in text.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '\'' | '"' | '`') => quote = Some(c),
            None if !(c.is_alphanumeric() || c.is_whitespace() || c == '_') => {
                operators += 1;
                if operators > MAX_OPERATORS {
                    let message = format!("it has more than {MAX_OPERATORS} operators");
                    return Err(ExpressionError { offset, message });
                }
            }
            None => {}
        }
    }
    Ok(())
}

fn translate(ast: Ast, text: &str) -> Result<Node, ExpressionError> {
    let one = |ast: Box<Ast>| translate(*ast, text).map(Box::new);
    let many = |asts: Vec<Ast>| {
        asts.into_iter().map(|ast| translate(ast, text)).collect::<Result<Vec<_>, _>>()
    };
    Ok(match ast {
        Ast::Identity { .. } => Node::Current,
        Ast::Field { name, .. } => Node::Field(name),
        Ast::Index { idx, .. } => Node::Index(idx.into()),
        Ast::Slice { start, stop, step, .. } => {
            Node::Slice(start.map(Into::into), stop.map(Into::into), step.into())
        }
        Ast::Literal { value, offset } => Node::Literal(literal(&value, offset, text)?),
        Ast::Subexpr { lhs, rhs, .. } => Node::Chain(one(lhs)?, one(rhs)?),
        Ast::Projection { lhs, rhs, .. } => Node::Projection(one(lhs)?, one(rhs)?),
        Ast::Condition { predicate, then, .. } => Node::Condition(one(predicate)?, one(then)?),
        Ast::Flatten { node, .. } => Node::Flatten(one(node)?),
        Ast::ObjectValues { node, .. } => Node::ObjectValues(one(node)?),
        Ast::And { lhs, rhs, .. } => Node::And(one(lhs)?, one(rhs)?),
        Ast::Or { lhs, rhs, .. } => Node::Or(one(lhs)?, one(rhs)?),
        Ast::Not { node, .. } => Node::Not(one(node)?),
        Ast::Comparison { comparator, lhs, rhs, .. } => {
            Node::Comparison(translate_comparator(&comparator), one(lhs)?, one(rhs)?)
        }
        Ast::MultiList { elements, .. } => Node::MultiList(many(elements)?),
        Ast::MultiHash { elements, .. } => Node::MultiHash(
            elements
                .into_iter()
                .map(|pair| Ok((pair.key, translate(pair.value, text)?)))
                .collect::<Result<_, _>>()?,
        ),
        Ast::Function { name, args, offset } => {
            // The offset in the tree is that of the parenthesis.
            let before = text.get(..offset).map_or(0, |before| before.trim_end().len());
            let offset = before.saturating_sub(name.len());
            let function = Function::resolve(&name, args.len())
                .map_err(|message| ExpressionError { offset, message })?;
            Node::Call(function, many(args)?)
        }
        Ast::Expref { ast, .. } => Node::Reference(one(ast)?),
    })
}

/// The value of a literal, parsed from the text if it is JSON, as the parser loses the order of keys.
fn literal(
    value: &jmespath::Variable,
    offset: usize,
    text: &str,
) -> Result<Value, ExpressionError> {
    let json = text.get(offset..).filter(|rest| rest.starts_with('`')).and_then(|rest| {
        let (start, end) = next_literal(rest)?;
        serde_json::from_str(&rest[start..end].replace("\\`", "`")).ok()
    });
    match json {
        Some(json) => Ok(json),
        None => serde_json::to_value(value)
            .map_err(|error| ExpressionError { offset, message: error.to_string() }),
    }
}

fn translate_comparator(comparator: &AstComparator) -> Comparator {
    match comparator {
        AstComparator::Equal => Comparator::Equal,
        AstComparator::NotEqual => Comparator::NotEqual,
        AstComparator::LessThan => Comparator::Less,
        AstComparator::LessThanEqual => Comparator::LessOrEqual,
        AstComparator::GreaterThan => Comparator::Greater,
        AstComparator::GreaterThanEqual => Comparator::GreaterOrEqual,
    }
}
