//! The URL of a page in a request target, in every spelling of clients and proxies.

#![expect(clippy::unwrap_used, reason = "in a test's helper a panic is the test's failure")]

mod support;

use e2e::{Origin, Page};
use http::Method;
use support::{Service, assert_code};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test]
async fn every_spelling_leads_to_the_page() {
    let origin = Origin::start().await;
    let host = origin.address();
    origin.page("/?a=1&b=2", Page::html("<a href=/there>there</a>"));
    let api = Service::start().await;
    for target in [
        format!("/api/http://{host}/?a=1&b=2"),
        format!("/api/http:/{host}/?a=1&b=2"),
        format!("/api/HTTP:///{host}/?a=1&b=2"),
        format!("/api/http%3A%2F%2F{host}%2F%3Fa%3D1%26b%3D2"),
        format!("/api/http%3a//{host}/?a=1&b=2"),
        format!("/api/http%3A%2F%2F{host}%2F%3Fa%3D1?b=2"),
        format!("/api/%20http%3A%2F%2F{host}%2F?a=1&b=2"),
        format!("/api?url=http%3A%2F%2F{host}%2F%3Fa%3D1%26b%3D2"),
        format!("/api/?url=http://{host}/?a=1%26b=2&other=3"),
    ] {
        let answer = api.call(Method::GET, &target).await;
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
        assert_eq!(answer.json()[0]["text"], "there", "{target}");
    }
    assert_eq!(origin.requests(), 1, "all spellings have one cache key");
}

#[tokio::test]
async fn targets_without_a_valid_url_are_errors() {
    let api = Service::start().await;
    for target in [
        "/api",
        "/api/",
        "/api?link=http://example.com/",
        "/api?url=",
        "/api?url=%zz",
        "/api/%zz",
        "/api/%ff%fe",
        "/api/http%253A%252F%252Fexample.com%252F",
        "/api/..%2f..%2fetc%2fpasswd",
        "/api/example.com",
        "/api/http://",
        "/api/http%3A%2F%2Fexample.com%2F%0Aa",
    ] {
        assert_code(&api.call(Method::GET, target).await, 400, "invalid-url");
    }
    assert_code(&api.call(Method::GET, "/%zz").await, 400, "bad-request");
    assert_code(&api.call(Method::GET, "/api?url=a&url=b").await, 400, "bad-request");
    let without_scheme = api.get("example.com").await;
    assert!(
        without_scheme.text().contains("it has no scheme, such as https://"),
        "{}",
        without_scheme.text()
    );
    assert!(without_scheme.text().ends_with("}\n"), "a problem ends with a line break");
    assert_code(&api.call(Method::GET, "/apis/http://example.com/").await, 404, "not-found");
    assert_code(&api.get("ftp%3A%2F%2Fexample.com%2F").await, 400, "unsupported-scheme");
}

#[tokio::test]
async fn every_route_answers_options_and_refuses_other_methods() {
    let api = Service::start().await;
    for (target, allow) in [
        ("/", "GET, HEAD, OPTIONS"),
        ("/openapi.json", "GET, HEAD, OPTIONS"),
        ("/problems/not-html", "GET, HEAD, OPTIONS"),
        ("/api/http://example.com/", "GET, HEAD, OPTIONS"),
        ("/api", "GET, HEAD, OPTIONS, POST"),
    ] {
        let options = api.call(Method::OPTIONS, target).await;
        assert_eq!((options.status.as_u16(), options.header("allow")), (204, allow));
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE] {
            let answer = api.call(method, target).await;
            assert_code(&answer, 405, "method-not-allowed");
            assert_eq!(answer.header("allow"), allow);
        }
    }
    let usage = api.call(Method::GET, "/").await;
    assert!(usage.text().starts_with("Usage: http://<hostname>[:<prt>]/api/<url>\n"));
    assert!(usage.header("content-type").starts_with("text/plain"));
    for route in ["/api/<url>", "/api?url=<url-encoded>", "/api", "/openapi.json", "/problems/<code>"] {
        assert!(usage.text().lines().any(|line| line.split_whitespace().nth(1) == Some(route)), "{route}");
    }
}

/// The status of the answer to a request with this raw target.
async fn raw(api: &Service, method: &str, target: &str) -> String {
    let mut stream = TcpStream::connect(api.address()).await.unwrap();
    let request = format!("{method} {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn targets_in_absolute_asterisk_and_authority_form_are_handled() {
    let api = Service::start().await;
    assert_eq!(raw(&api, "GET", "*").await, "400");
    assert_eq!(raw(&api, "OPTIONS", "*").await, "204");
    assert_eq!(raw(&api, "CONNECT", "example.com:443").await, "405");
    assert_eq!(raw(&api, "GET", "http://a/api/").await, "400");
    assert_eq!(raw(&api, "GET", "http://a/").await, "200");
    assert_eq!(raw(&api, "GET", "/api/http://10.0.0.1/é?ü").await, "403");
}
