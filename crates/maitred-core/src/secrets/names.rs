//! Names of secrets: of headers, keys of a query, members of JSON, parameters of a waiter.

use serde_json::{Map, Value};

/// The last words of a name whose value is a secret: `X-Vault-Token`, `masterPassword`, `dbpassword2`.
const SECRETS: &[&str] = &[
    "accesskey",
    "apikey",
    "assertion",
    "authcode",
    "authorization",
    "bearer",
    "connectionstring",
    "cookie",
    "credential",
    "csrf",
    "jsessionid",
    "jwt",
    "passcode",
    "passkey",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "phpsessid",
    "pwd",
    "samlrequest",
    "samlresponse",
    "secret",
    "secretkey",
    "signature",
    "token",
    "totp",
    "userpass",
    "xsrf",
];

/// Short words that stand for a secret only where they are the whole last word.
const WORDS: &[&str] = &["auth", "cred", "otp", "pass", "pat", "pin", "pw", "sas", "verifier"];

/// Which keys are secrets; any other (`partition_key`, `public_key`) is not.
const KEYS: &[&str] = &[
    "access",
    "account",
    "admin",
    "api",
    "app",
    "application",
    "auth",
    "customer",
    "encryption",
    "functions",
    "hmac",
    "integration",
    "license",
    "master",
    "private",
    "secret",
    "service",
    "session",
    "shared",
    "signing",
    "storage",
    "subscription",
    "user",
];

/// Names of a secret in the query of a URL if the value is long: of a function, or of a login.
const LONG_QUERY: &[&str] = &["code", "hmac", "nonce", "ticket"];

/// How long such a value is.
const LONG: usize = 16;

/// Further names of a secret in the query of a URL or of a header, where nothing else is called so.
const QUERY: &[&str] = &["key", "session", "sessionid", "sid", "sig"];

/// Last words of names that tell something about a secret: `SecretArn`, `token_type`, `PasswordPolicy`.
const ABOUT: &[&str] = &[
    "age",
    "alg",
    "algorithm",
    "allowed",
    "arn",
    "at",
    "attempts",
    "bytes",
    "config",
    "configuration",
    "count",
    "created",
    "date",
    "days",
    "description",
    "disabled",
    "duration",
    "email",
    "enabled",
    "endpoint",
    "expiration",
    "expires",
    "expiry",
    "field",
    "file",
    "flow",
    "format",
    "header",
    "hint",
    "hour",
    "id",
    "in",
    "index",
    "info",
    "issuer",
    "kind",
    "label",
    "last",
    "length",
    "lifetime",
    "limit",
    "location",
    "max",
    "method",
    "min",
    "minute",
    "mode",
    "name",
    "options",
    "parameters",
    "params",
    "path",
    "policies",
    "policy",
    "prefix",
    "protocol",
    "provider",
    "rate",
    "ref",
    "region",
    "required",
    "requirement",
    "reset",
    "role",
    "rotation",
    "rule",
    "scheme",
    "scope",
    "second",
    "server",
    "set",
    "setting",
    "settings",
    "size",
    "source",
    "state",
    "status",
    "strength",
    "time",
    "ttl",
    "type",
    "uri",
    "url",
    "usage",
    "use",
    "used",
    "user",
    "username",
    "valid",
    "validity",
    "version",
];

/// What stands before `token` in a name of something else: a place in a list, or the name of a request.
const PLACES: &[&str] = &[
    "after",
    "before",
    "change",
    "continuation",
    "idempotency",
    "idempotent",
    "marker",
    "next",
    "page",
    "pagination",
    "prev",
    "previous",
    "resume",
    "skip",
    "start",
    "starting",
    "sync",
];

/// Words that make a number of tokens: `max_tokens`, `promptTokens`.
const NUMBERS: &[&str] = &[
    "cached",
    "completion",
    "count",
    "input",
    "limit",
    "max",
    "min",
    "num",
    "number",
    "output",
    "prompt",
    "reasoning",
    "remaining",
    "total",
    "used",
];

/// Whether what is called `name` is a secret: a header, a member of JSON, a parameter. Spelling does not
/// matter: `X-Api-Key`, `apiKey` and `API_KEY` are one name.
pub fn is_secret_name(name: &str) -> bool {
    is_secret(&words(name))
}

/// The same for a key of a URL's query and for a header, where further names are usual.
pub fn is_secret_query(name: &str) -> bool {
    let words = words(name);
    let joined = words.concat();
    QUERY.contains(&joined.strip_prefix('x').unwrap_or(&joined)) || is_secret(&words)
}

/// The same for a key of a URL's query and its value.
pub fn is_secret_pair(name: &str, value: &str) -> bool {
    let long = value.len() >= LONG && LONG_QUERY.contains(&words(name).concat().as_str());
    long || is_secret_query(name)
}

/// Whether the member `member` of an object is the value of what another member names, and that is a secret:
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

/// Whether `name` only tells something about a secret, or names who has it: `username`, `token_type`.
pub fn is_about_secret(name: &str) -> bool {
    words(name).last().is_some_and(|last| ABOUT.contains(&last.as_str()))
}

/// Whether what is called `name` is an address, which may lack its scheme.
pub fn is_address(name: &str) -> bool {
    const ADDRESSES: [&str; 5] = ["endpoint", "host", "proxy", "uri", "url"];
    words(name).last().is_some_and(|last| ADDRESSES.contains(&last.as_str()))
}

/// Whether a name is of more than one thing, so that a number is how many there are.
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
    let joined = |word: &String| word.strip_suffix("key").is_some_and(|it| KEYS.contains(&it));
    if keys.any(|(which, _)| KEYS.contains(&which)) || words.iter().any(joined) {
        return true;
    }
    let named = words.iter().any(|word| bare(word).iter().any(|word| ends_as(word)))
        || ends_as(&words.concat())
        || bare(last).iter().any(|last| WORDS.contains(&last.as_str()));
    named && !is_other_token(last, before)
}

/// Whether it is a token that is no secret.
fn is_other_token(last: &str, before: &[String]) -> bool {
    let said = |words: &[&str]| before.last().is_some_and(|word| words.contains(&word.as_str()));
    let place = |token: &str| {
        let rest = last.strip_suffix(token);
        rest.is_some_and(|rest| PLACES.contains(&rest)) || (last == token && said(PLACES))
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
