//! The check of an input, before anything is sent.

use maitred::client::http::{PARAMETERS, check_input};
use serde_json::{Value, json};

use super::object;

/// The problems of an input with a good `url`, to which `input` is added; one line each.
fn problems(mut input: Value) -> Vec<String> {
    if input.get("url").is_none() {
        input["url"] = json!("http://h/");
    }
    lines(input)
}

fn lines(input: Value) -> Vec<String> {
    check_input(&object(input))
        .into_iter()
        .map(|problem| match problem.help {
            Some(help) => format!("{}: {} ({help})", problem.path, problem.message),
            None => format!("{}: {}", problem.path, problem.message),
        })
        .collect()
}

#[test]
fn a_sound_input_has_no_problems() {
    let input = json!({
        "url": "https://host/", "headers": {"A": ["b"]}, "params": {"c": 1}, "json": null,
        "data": "x", "auth": {"basic": {"username": "u"}}, "requestTimeout": 0.5,
        "connectTimeout": 2, "verify": "ca.pem", "cert": "c.pem", "key": "k.pem",
        "proxy": "socks5h://127.0.0.1:1080", "followRedirects": false, "maxBodyBytes": 10,
    });
    assert_eq!(check_input(&object(input.clone())), []);
    let known: Vec<_> = PARAMETERS.iter().map(|parameter| parameter.name).collect();
    assert!(object(input).keys().all(|key| known.contains(&key.as_str())));
}

#[test]
fn a_target_is_one_url_or_one_endpoint() {
    assert_eq!(lines(json!({})), ["url: is required"]);
    assert_eq!(lines(json!({"url": 7})), ["url: must be a string, not a number"]);
    assert_eq!(lines(json!({"url": "ftp://h/"})), ["url: must begin with http:// or https://"]);
    assert_eq!(lines(json!({"url": "h:x/"})), ["url: must begin with http:// or https://"]);
    let both = problems(json!({"endpoint": "x"}));
    assert_eq!(both, ["endpoint: cannot be given together with `url`"]);
    let whole = lines(json!({"endpoint": "http://h/"}));
    let expected = "endpoint: must be a path below the base URL (a whole URL goes in `url`)";
    assert_eq!(whole, [expected]);
}

#[test]
fn an_unknown_key_is_told_with_the_one_that_was_meant() {
    for key in ["requestTimout", "request_timeout", "RequestTimeout"] {
        let found = problems(json!({key: 3}));
        let help = "is not a parameter of an HTTP request (did you mean `requestTimeout`?)";
        assert_eq!(found, [format!("{key}: {help}")]);
    }
    assert_eq!(problems(json!({"x".repeat(10_000_000): 3})).len(), 1);
    assert_eq!(problems(json!({"zzz": 3})), ["zzz: is not a parameter of an HTTP request"]);
    assert_eq!(
        problems(json!({"auth": {"bear": "x"}})),
        ["auth.bear: is not a known scheme: `basic` or `bearer` (did you mean `bearer`?)"]
    );
    assert_eq!(
        problems(json!({"auth": {"basic": {"username": "u", "pasword": "x"}}})),
        ["auth.basic.pasword: is not known here (did you mean `password`?)"]
    );
}

#[test]
fn a_setting_of_the_wrong_type_is_told_by_its_key() {
    let cases = [
        ("requestTimeout", json!(0), "must be more than 0 and at most 86400 seconds"),
        ("requestTimeout", json!(1e300), "must be more than 0 and at most 86400 seconds"),
        ("connectTimeout", json!("5"), "must be a number of seconds, not a string"),
        ("maxBodyBytes", json!(-1), "must be a whole number of bytes from 0 to 1073741824"),
        ("maxBodyBytes", json!(u64::MAX), "must be a whole number of bytes from 0 to 1073741824"),
        ("maxRedirects", json!(u64::MAX), "must be a whole number from 0 to 100"),
        ("maxBodyBytes", json!(true), "must be a whole number of bytes from 0 to 1073741824"),
        ("verify", json!(1), "must be true, false, or the path of a CA file, not a number"),
        ("cert", json!([]), "must be a string, not a list"),
        ("key", json!("k.pem"), "needs `cert`"),
        ("proxy", json!(true), "must be a URL or false, not a boolean"),
        ("proxy", json!("ftp://p/"), "must be a URL: http://, https://, socks5:// or socks5h://"),
        ("followRedirects", json!(1), "must be true or false, not a number"),
    ];
    for (key, value, expected) in cases {
        assert_eq!(problems(json!({key: value})), [format!("{key}: {expected}")]);
    }
}

#[test]
fn what_cannot_be_sent_is_told_with_its_place() {
    let cases = [
        (json!({"headers": ["a"]}), "headers: must be an object, not a list"),
        (json!({"headers": {"a b": "c"}}), "headers.a b: is not a header name"),
        (json!({"headers": {"a": "b\n"}}), "headers.a: has a character that a header cannot carry"),
        (
            json!({"headers": {"Content-Length": "1"}}),
            "headers.Content-Length: is set by the client and cannot be given",
        ),
        (
            json!({"params": {"a": {"b": 1}}}),
            "params.a: must be a scalar or a list of them, not an object",
        ),
        (json!({"json": 1, "data": ""}), "data: cannot be given together with `json`"),
        (json!({"data": 1}), "data: must be a string, or an object for a form, not a number"),
        (json!({"auth": {}}), "auth: must be an object with one key, `basic` or `bearer`"),
        (json!({"auth": {"basic": {}}}), "auth.basic.username: is required"),
        (json!({"auth": {"bearer": 1}}), "auth.bearer: must be a string, not a number"),
    ];
    for (input, expected) in cases {
        assert_eq!(problems(input), [expected]);
    }
}

#[test]
fn two_logins_are_one_too_many() {
    let expected = "auth: is given more than once: use one of `auth`, an Authorization header, \
                    and user:password in the URL";
    let inputs = [
        json!({"url": "http://u:p@h/", "auth": {"bearer": "x"}}),
        json!({"url": "http://u@h/", "headers": {"authorization": "x"}}),
        json!({"headers": {"Authorization": "x"}, "auth": {"bearer": "x"}}),
    ];
    for input in inputs {
        assert_eq!(problems(input), [expected]);
    }
}
