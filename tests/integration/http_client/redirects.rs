//! Redirects: what goes with one, and what is told of one that leads nowhere.

use super::*;

/// A server that redirects `/start` to `target`.
fn redirecting(status: u16, target: String) -> Loopback {
    Loopback::start(move |_| Reply::text(status, "").header("Location", &target))
}

#[tokio::test]
async fn no_header_that_could_be_a_secret_follows_to_another_origin() {
    let other = Loopback::start(|_| Reply::json(200, "{}"));
    let server = redirecting(307, other.url("/target"));
    let headers = json!({
        "X-Api-Key": "secret", "X-Amz-Security-Token": "secret", "Proxy-Authorization": "secret",
        "X-Anything": "secret", "Cookie": "secret", "Accept": "text/plain", "User-Agent": "me",
    });
    let input = json!({"url": server.url("/start?key=secret"), "headers": headers, "params": {"t": "secret"}});
    let _ = output(get(input).await);
    assert_eq!(server.requests()[0].header("x-api-key"), Some("secret"));
    let sent = other.requests().remove(0);
    assert!(!format!("{sent:?}").contains("secret"), "{sent:?}");
    assert_eq!(
        (sent.header("accept"), sent.header("user-agent")),
        (Some("text/plain"), Some("me"))
    );
}

#[tokio::test]
async fn what_was_left_behind_stays_there_when_a_redirect_comes_back() {
    let port = RefusingPort::reserve();
    let back = port.url("/back");
    let other = redirecting(302, back);
    let away = other.url("/away");
    let server = port.start(move |request| match request.path.as_str() {
        "/start" => Reply::text(302, "").header("Location", &away),
        _ => Reply::json(200, "{}"),
    });
    let input = json!({"url": server.url("/start"), "auth": {"bearer": "secret"}});
    let _ = output(get(input).await);
    assert_eq!(server.requests()[1].header("authorization"), None);
}

#[tokio::test]
async fn all_headers_follow_to_the_same_origin() {
    let server = Loopback::start(|request| match request.path.as_str() {
        "/start" => Reply::text(307, "").header("Location", "/end"),
        _ => Reply::json(200, "{}"),
    });
    let input = json!({"url": server.url("/start"), "headers": {"X-Api-Key": "k"}, "auth": {"bearer": "t"}, "json": [1]});
    let _ = output(send(&client(), "POST", input).await);
    let sent = server.requests().remove(1);
    assert_eq!((sent.method.as_str(), sent.text().as_str()), ("POST", "[1]"));
    assert_eq!(
        (sent.header("x-api-key"), sent.header("authorization")),
        (Some("k"), Some("Bearer t"))
    );
}

#[tokio::test]
async fn a_body_is_not_sent_to_another_origin() {
    let other = Loopback::start(|_| Reply::json(200, "{}"));
    let target = other.url("/target?token=secret");
    for (status, method) in [(307, "POST"), (308, "PUT"), (302, "PATCH")] {
        let server = redirecting(status, target.clone());
        let input = json!({"url": server.url("/"), "json": {"password": "secret"}});
        let error = transport_failure(send(&client(), method, input).await, transport::RESPONSE);
        assert!(error.message().contains(&other.url("/target")), "{error}");
        assert!(error.message().contains("the body of the request is not sent there"), "{error}");
        assert!(!error.message().contains("secret"), "{error}");
        assert!(!error.is_never_sent());
    }
    assert_eq!(other.requests().len(), 0);
    // A POST that becomes a GET has none.
    for status in [301, 302, 303] {
        let server = redirecting(status, target.clone());
        let _ = output(send(&client(), "POST", json!({"url": server.url("/"), "json": 1})).await);
        let sent = other.requests().pop().unwrap();
        assert_eq!((sent.method.as_str(), sent.text().as_str()), ("GET", ""));
        assert_eq!((sent.header("content-type"), sent.header("content-length")), (None, None));
    }
}

#[tokio::test]
async fn cookies_that_are_set_on_the_way_go_with_the_redirect_and_no_further() {
    let server = Loopback::start(|request| match request.header("cookie") {
        Some(cookie) if cookie.contains("seen=1") => Reply::json(200, "{}"),
        _ => Reply::text(302, "").header("Location", "/").header("Set-Cookie", "seen=1; Path=/"),
    });
    let client = client();
    for _ in 0..2 {
        let input = json!({"url": server.url("/"), "headers": {"Cookie": "own=2"}});
        assert_eq!(output(send(&client, "GET", input).await).status, Some(200));
    }
    let cookies: Vec<_> =
        server.requests().iter().map(|sent| sent.header("cookie").unwrap().to_owned()).collect();
    assert_eq!(cookies, ["own=2", "own=2; seen=1", "own=2", "own=2; seen=1"]);

    let other = Loopback::start(|_| Reply::json(200, "{}"));
    let target = other.url("/");
    let server = Loopback::start(move |_| {
        Reply::text(302, "").header("Location", &target).header("Set-Cookie", "s=1; Path=/")
    });
    let _ = output(get(json!({"url": server.url("/")})).await);
    assert_eq!(other.requests()[0].header("cookie"), None);
}

#[tokio::test]
async fn a_redirect_that_leads_nowhere_names_its_location() {
    for (location, said) in [
        ("myapp://callback?code=secret", "`myapp://callback`, which is neither http nor https"),
        ("file:///etc/passwd", "`file:///etc/passwd`, which is neither http nor https"),
        ("javascript:alert(1)", "`javascript:alert(1)`, which is neither http nor https"),
        ("http://:99999/", "`http://:99999/`, which is not a URL"),
        ("http://u:secret@[::/x", "which is not a URL"),
    ] {
        let server = redirecting(302, location.to_owned());
        let error =
            transport_failure(get(json!({"url": server.url("/")})).await, transport::RESPONSE);
        assert!(error.message().contains(said), "{error}");
        assert!(error.message().starts_with("302 Found: "), "{error}");
        assert!(!error.message().contains("secret"), "{error}");
        assert_eq!(error.status(), Some(302));
    }
    let error = transport_failure(reply_to_get(Reply::text(301, "")).await, transport::RESPONSE);
    assert!(error.message().contains("without a Location"), "{error}");
}

#[tokio::test]
async fn a_call_that_was_redirected_has_been_sent() {
    let port = RefusingPort::reserve();
    let server = redirecting(303, port.url("/"));
    let input = json!({"url": server.url("/"), "json": 1});
    let error = transport_failure(send(&client(), "POST", input).await, transport::CONNECT);
    assert!(!error.is_never_sent());
    let error = transport_failure(get(json!({"url": port.url("/")})).await, transport::CONNECT);
    assert!(error.is_never_sent());
}

#[tokio::test]
async fn the_time_of_a_request_holds_for_all_redirects_together() {
    let server = Loopback::start(|request| match request.path.as_str() {
        "/start" => Reply::text(302, "").header("Location", "/hang"),
        _ => Reply::Hang,
    });
    let input = json!({"url": server.url("/start"), "requestTimeout": 0.2});
    let error = transport_failure(get(input).await, transport::TIMEOUT);
    assert!(error.message().starts_with("no complete reply within 0.2 s"), "{error}");
}
