//! Removing secrets from any text.

use maitred_core::secrets::literals;

/// The replacement for account ids, as in AWS's documentation.
const ACCOUNT: &str = "123456789012";
/// The replacement for access key ids, as in AWS's documentation.
const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
/// The replacement for e-mail addresses (RFC 2606).
const EMAIL: &str = "user@example.com";
/// The replacement for IPv4 addresses (RFC 5737).
const ADDRESS: &str = "192.0.2.1";
/// The replacement for tokens.
const TOKEN: &str = "REDACTED";

/// The prefixes of the ids of access keys, users and roles
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>).
const KEYS: &[&str] = &["ABIA", "ACCA", "AGPA", "AIDA", "AIPA", "AKIA", "ANPA", "AROA", "ASIA"];

/// The text with account ids, access keys, e-mail addresses, IPv4 addresses and JSON web tokens replaced, and
/// without the signed part of URLs.
pub(super) fn scrubbed(text: &str) -> String {
    let text = unsigned(text);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|letter: char| !is_part(letter)).unwrap_or(rest.len());
        if word == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        out.push_str(&scrubbed_word(&rest[..word]));
        rest = &rest[word..];
    }
    out
}

/// The characters of a word that may be an address.
fn is_part(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '%' | '+' | '-' | '@')
}

fn scrubbed_word(word: &str) -> String {
    if is_email(word) {
        return EMAIL.to_owned();
    }
    if literals::is_web_token(word) {
        return TOKEN.to_owned();
    }
    let bare = word.trim_end_matches('.');
    if is_address(bare) {
        return format!("{ADDRESS}{}", &word[bare.len()..]);
    }
    let mut out = String::with_capacity(word.len());
    for piece in word.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric()) {
        let name = piece.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        out.push_str(replacement(name).unwrap_or(name));
        out.push_str(&piece[name.len()..]);
    }
    out
}

fn replacement(name: &str) -> Option<&'static str> {
    if name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(ACCOUNT);
    }
    let capitals = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let key = (16..=32).contains(&name.len())
        && KEYS.iter().any(|key| name.starts_with(key))
        && name.bytes().all(capitals);
    key.then_some(ACCESS_KEY)
}

fn is_email(word: &str) -> bool {
    let Some((user, host)) = word.split_once('@') else { return false };
    let dot = host.trim_end_matches('.').rfind('.');
    !user.is_empty() && !host.contains('@') && dot.is_some_and(|dot| dot > 0)
}

fn is_address(word: &str) -> bool {
    word.split('.').count() == 4 && word.split('.').all(|part| part.parse::<u8>().is_ok())
}

/// The text without the query of each signed URL.
fn unsigned(text: &str) -> String {
    const SIGNED: [&str; 4] =
        ["X-Amz-Signature=", "X-Amz-Security-Token=", "Signature=", "X-Amz-Credential="];
    if !SIGNED.iter().any(|signed| text.contains(signed)) {
        return text.to_owned();
    }
    let ends = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '<' | '>');
    let cut = |word: &str| match word.split_once('?') {
        Some((before, query)) if SIGNED.iter().any(|signed| query.contains(signed)) => {
            let end: String =
                word.chars().last().filter(|letter| ends(*letter)).into_iter().collect();
            format!("{before}?{TOKEN}{end}")
        }
        _ => word.to_owned(),
    };
    text.split_inclusive(ends).map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_in_a_text_is_replaced_and_the_rest_stays() {
        for (text, expected) in [
            ("arn:aws:iam::987654321098:role/x", "arn:aws:iam::123456789012:role/x"),
            ("id_987654321098-a", "id_123456789012-a"),
            ("9876543210987", "9876543210987"),
            ("User: AIDAQ3EGPZL2EXAMPLE1X.", "User: AKIAIOSFODNN7EXAMPLE."),
            ("ask a.b+c@corp.example, please", "ask user@example.com, please"),
            ("at 10.0.0.1.", "at 192.0.2.1."),
            ("version 5.7.44", "version 5.7.44"),
            ("2024-01-31T12:00:00.000Z", "2024-01-31T12:00:00.000Z"),
            (
                "see https://b.s3.amazonaws.com/k?X-Amz-Signature=abc&x=1 now",
                "see https://b.s3.amazonaws.com/k?REDACTED now",
            ),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sig", "REDACTED"),
            ("Übergröße 名前", "Übergröße 名前"),
        ] {
            assert_eq!(scrubbed(text), expected);
        }
    }

    #[test]
    fn an_account_has_twelve_digits_and_a_key_16_to_32_capitals_after_its_prefix() {
        let key = |letters: usize| format!("AKIA{}", "A1".repeat(16).split_at(letters - 4).0);
        for (text, expected) in [
            ("98765432109", "98765432109"),
            ("987654321098", ACCOUNT),
            ("9876543210987", "9876543210987"),
            ("98765432109a", "98765432109a"),
            (&key(15), &key(15)),
            (&key(16), ACCESS_KEY),
            (&key(32), ACCESS_KEY),
            (&key(33), &key(33)),
            ("AKIAIOSFODNN7ExAMPLE", "AKIAIOSFODNN7ExAMPLE"),
            ("BKIAIOSFODNN7OTHERS1", "BKIAIOSFODNN7OTHERS1"),
        ] {
            assert_eq!(scrubbed(text), expected);
        }
    }

    #[test]
    fn an_address_has_four_numbers_up_to_255_and_a_mail_address_a_user_and_a_domain() {
        for (text, expected) in [
            ("10.255.0.1", ADDRESS),
            ("10.256.0.1", "10.256.0.1"),
            ("10.0.1", "10.0.1"),
            ("10.0.0.0.1", "10.0.0.0.1"),
            ("10.0.0.1...", "192.0.2.1..."),
            ("a@b.c", EMAIL),
            ("a@b.c.", EMAIL),
            ("a@b", "a@b"),
            ("@b.c", "@b.c"),
            ("a@.c", "a@.c"),
            ("a@b@c.d", "a@b@c.d"),
        ] {
            assert_eq!(scrubbed(text), expected, "{text}");
        }
    }

    #[test]
    fn only_the_query_of_a_signed_url_goes() {
        for (text, expected) in [
            ("https://h/a?b=c", "https://h/a?b=c"),
            ("https://h/a?Signature=x", "https://h/a?REDACTED"),
            (
                "https://h/a?b=c https://h/d?X-Amz-Credential=x e",
                "https://h/a?b=c https://h/d?REDACTED e",
            ),
            ("<https://h/a?X-Amz-Security-Token=x>", "<https://h/a?REDACTED>"),
            ("Signature=x a?b", "Signature=x a?b"),
        ] {
            assert_eq!(scrubbed(text), expected);
        }
    }
}
