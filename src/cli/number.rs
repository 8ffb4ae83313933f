//! Whole numbers as arguments, with errors that say what is expected.

use std::str::FromStr;

/// Reads a whole number.
pub(super) fn whole<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| expected(text, "0"))
}

/// Reads a whole number of at least 1.
pub(super) fn from_one<N: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<N, String> {
    let number = text.parse().ok().filter(|number| *number >= N::from(1));
    number.ok_or_else(|| expected(text, "1"))
}

/// Reads a percentage without its sign.
pub(super) fn percentage(text: &str) -> Result<u8, String> {
    let number = text.parse().ok().filter(|number| *number <= 100);
    number.ok_or_else(|| "give a whole number of percent, from 0 to 100".to_owned())
}

fn expected(text: &str, least: &str) -> String {
    let is_number = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    if is_number && text.bytes().any(|digit| digit != b'0') {
        return "this number is too large".to_owned();
    }
    format!("give a whole number from {least}, e.g. 20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_cannot_be_taken_is_told_what_is_expected() {
        assert_eq!(whole::<usize>("0"), Ok(0));
        assert_eq!(from_one::<u64>("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(percentage("100"), Ok(100));
        for text in ["", "x", "-1", "1.5", "1e3", "0"] {
            assert_eq!(from_one::<u64>(text).unwrap_err(), "give a whole number from 1, e.g. 20");
        }
        assert_eq!(whole::<u32>("x").unwrap_err(), "give a whole number from 0, e.g. 20");
        assert_eq!(whole::<u32>("4294967296").unwrap_err(), "this number is too large");
        for text in ["101", "x", "99%"] {
            assert!(percentage(text).unwrap_err().contains("from 0 to 100"), "{text}");
        }
    }
}
