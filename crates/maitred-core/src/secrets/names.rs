//! Names of secrets: of headers, query parameters, JSON members and waiter parameters.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::word_tables::WordTables;

/// The last words of a name whose value is a secret: `X-Vault-Token`, `masterPassword`, `dbpassword2`.
static SECRETS: LazyLock<Vec<&str>> = LazyLock::new(|| TABLES.section("secrets").collect());

/// Short words that mean a secret only as the whole last word of a name.
const WORDS: &[&str] = &["auth", "cred", "otp", "pass", "pat", "pin", "pw", "sas", "verifier"];

/// The words before `key` that make it a secret; any other key (`partition_key`, `public_key`) is none.
static KEYS: LazyLock<Vec<&str>> = LazyLock::new(|| TABLES.section("keys").collect());

/// Names of query parameters that are secrets if the value is long.
const LONG_QUERY: &[&str] = &["code", "hmac", "nonce", "ticket"];

/// The length from which such a value is long, in bytes.
const LONG: usize = 16;

/// Additional names of secrets in queries and headers, where they mean nothing else.
const QUERY: &[&str] = &["key", "session", "sessionid", "sid", "sig"];

/// Last words of names that describe a secret: `SecretArn`, `token_type`, `PasswordPolicy`.
static ABOUT: LazyLock<Vec<&str>> = LazyLock::new(|| TABLES.section("about").collect());

/// The words before `token` that make it a page token or a request token instead of a secret.
static PLACES: LazyLock<Vec<&str>> = LazyLock::new(|| TABLES.section("places").collect());

/// The words that make `tokens` a count: `max_tokens`, `promptTokens`.
static NUMBERS: LazyLock<Vec<&str>> = LazyLock::new(|| TABLES.section("numbers").collect());

const TABLES: WordTables = WordTables(include_str!("names.txt"));

/// Returns whether the header, JSON member or parameter `name` is a secret. Spelling does not matter:
/// `X-Api-Key`, `apiKey` and `API_KEY` are one name.
pub fn is_secret_name(name: &str) -> bool {
    is_secret(&words(name))
}

/// Returns whether the query parameter or header `name` is a secret. More names are usual there than in JSON.
pub fn is_secret_query(name: &str) -> bool {
    let words = words(name);
    let joined = words.concat();
    QUERY.contains(&joined.strip_prefix('x').unwrap_or(&joined)) || is_secret(&words)
}

/// Returns whether the query parameter `name` is a secret, judged by its value, too.
pub fn is_secret_pair(name: &str, value: &str) -> bool {
    let long = value.len() >= LONG && LONG_QUERY.contains(&words(name).concat().as_str());
    long || is_secret_query(name)
}

/// Returns whether another member of the object names `member` as a secret:
/// `{"name": "DB_PASSWORD", "value": "…"}`.
pub fn is_named_beside(entries: &Map<String, Value>, member: &str) -> bool {
    let is_last = |name: &str, wanted: &[&str]| {
        words(name).last().is_some_and(|last| wanted.contains(&last.as_str()))
    };
    is_last(member, &["value", "values", "content"])
        && entries.iter().any(|(name, value)| {
            is_last(name, &["name", "key"]) && value.as_str().is_some_and(is_secret_name)
        })
}

/// Returns whether `name` only describes a secret or its owner: `username`, `token_type`.
pub fn is_about_secret(name: &str) -> bool {
    words(name).last().is_some_and(|last| ABOUT.contains(&last.as_str()))
}

/// Returns whether `name` is that of an address, which may lack its scheme.
pub fn is_address(name: &str) -> bool {
    const ADDRESSES: [&str; 5] = ["endpoint", "host", "proxy", "uri", "url"];
    words(name).last().is_some_and(|last| ADDRESSES.contains(&last.as_str()))
}

/// Returns whether a name is a plural, so that a number under it is a count.
pub fn is_plural(name: &str) -> bool {
    words(name).last().is_some_and(|last| last.ends_with('s') && !last.ends_with("ss"))
}

fn is_secret(words: &[String]) -> bool {
    let Some((last, before)) = words.split_last() else { return false };
    if ABOUT.contains(&last.as_str()) {
        return false;
    }
    let bare = |word: &str| {
        let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
        [word.to_owned(), word.strip_suffix('s').unwrap_or(word).to_owned()]
    };
    let ends_as = |word: &str| SECRETS.iter().any(|secret| word.ends_with(secret));
    let pairs = words.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str()));
    let mut keys = pairs.filter(|(_, key)| matches!(*key, "key" | "keys"));
    let joined =
        |word: &String| word.strip_suffix("key").is_some_and(|which| KEYS.contains(&which));
    if keys.any(|(which, _)| KEYS.contains(&which)) || words.iter().any(joined) {
        return true;
    }
    let named = words.iter().any(|word| bare(word).iter().any(|word| ends_as(word)))
        || ends_as(&words.concat())
        || bare(last).iter().any(|last| WORDS.contains(&last.as_str()));
    named && !is_other_token(last, before)
}

/// Returns whether it is a token that is not a secret.
fn is_other_token(last: &str, before: &[String]) -> bool {
    let said = |words: &[&str]| before.last().is_some_and(|word| words.contains(&word.as_str()));
    let place = |token: &str| {
        let rest = last.strip_suffix(token);
        rest.is_some_and(|rest| PLACES.contains(&rest)) || (last == token && said(&PLACES))
    };
    let numbered = last == "tokens" && before.iter().any(|word| NUMBERS.contains(&word.as_str()));
    let request = last == "token" && before.concat() == "clientrequest";
    place("token") || numbered || request
}

/// The words of a name in lower case: `X-APIKey` is `x`, `api`, `key`.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (index, letter) in letters.iter().enumerate() {
        if !letter.is_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let after_small = index > 0 && !letters[index - 1].is_uppercase();
        let before_small = letters.get(index + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (after_small || before_small) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "\
        token Token tokens access_token accessToken refresh-token id_token \
        X-Amz-Security-Token PRIVATE-TOKEN x-vault-token sessiontoken csrf.token api_key \
        apiKey X-API-Key APIKEY x_apikey Ocp-Apim-Subscription-Key x-functions-key \
        DD-APPLICATION-KEY secretAccessKey privateKey account_key password MasterUserPassword \
        dbpassword password2 passwd pwd pass secret client_secret ClientSecret SecretString \
        secrets Credentials auth X-Auth Authorization Proxy-Authorization Cookie Set-Cookie \
        X-Hub-Signature-256 X-Amz-Signature X-Amz-Credential jwt bearer code_verifier \
        client_assertion passphrase PIN ConnectionString SAMLResponse JSESSIONID PHPSESSID \
        auth_code authcode passkey totp userpass xsrf admin_key";

    const OTHER: &str = "\
        Key TagKey partition_key PublicKey KmsKeyId key_name author next_token NextToken \
        nextPageToken $skiptoken ContinuationToken ClientRequestToken max_tokens maxTokens \
        prompt_tokens total-tokens token_type TokenStatus token_url authorization_url \
        AuthorizationType SecretArn secret_name SecretId AccessKeyId PasswordPolicy token_use \
        expires_in PasswordLastUsed cookie_name signature_version SessionId secretary \
        tokenizer passenger compass X-Auth-User pinned spin Authentication WWW-Authenticate \
        state ClusterIdentifier PassRate tokens_per_second";

    #[test]
    fn a_secret_is_known_by_its_name_in_any_spelling() {
        for name in SECRET.split_whitespace() {
            assert!(is_secret_name(name), "{name}");
        }
        for name in
            ["key", "sig", "sid", "sessionId", "SESSION", "api_key", "token", "X-Session", "appkey"]
        {
            assert!(is_secret_query(name), "{name}");
        }
    }

    #[test]
    fn what_is_only_called_like_a_secret_is_none() {
        assert!(!is_secret_name(""));
        for name in OTHER.split_whitespace() {
            assert!(!is_secret_name(name), "{name}");
        }
        assert!(is_secret_pair("code", "aGVsbG8gd29ybGQhIQ==") && !is_secret_pair("code", "404"));
        for name in ["page", "next_token", "code", "state", "keys", "marker", "keyword"] {
            assert!(!is_secret_query(name), "{name}");
        }
    }
}
