//! Every answer carries the security headers; errors are not stored; nothing sets a cookie.

use crate::harness::{Mock, Site, json};
use http::{Method, StatusCode};

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

async fn site() -> (Site, Mock) {
    let mock = Mock::start(async |asked: String| match asked.as_str() {
        "https://fails/" => json("no list"),
        _ => json(r#"[{"text":"t","href":"http://a/"}]"#),
    })
    .await;
    (Site::start(mock.settings()).await, mock)
}

#[tokio::test]
async fn every_answer_is_safe_to_show() {
    let (site, _mock) = site().await;
    let targets = [
        "/",
        "/?url=a",
        "/?url=a&format=json",
        "/?url=fails/",
        "/?url=http://",
        "/none",
        "/style.css",
        "/icon.svg",
        "/favicon.ico",
    ];
    for (target, method) in targets
        .map(|target| (target, Method::GET))
        .into_iter()
        .chain([("/", Method::POST), ("/", Method::OPTIONS)])
    {
        let response = site.send(method, target, &[]).await;
        let field = |name: &str| response.headers().get(name).map_or("", |value| value.to_str().unwrap());
        assert_eq!(field("content-security-policy"), POLICY, "{target}");
        assert_eq!(field("x-content-type-options"), "nosniff", "{target}");
        assert_eq!(field("referrer-policy"), "no-referrer", "{target}");
        assert_eq!(field("cross-origin-opener-policy"), "same-origin", "{target}");
        assert_eq!(field("cross-origin-resource-policy"), "same-origin", "{target}");
        assert!(field("permissions-policy").contains("camera=()"), "{target}");
        assert_eq!(field("set-cookie"), "", "{target}");
    }
}

#[tokio::test]
async fn what_the_server_itself_refuses_is_a_safe_page_too() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (site, _mock) = site().await;
    let exchange = async |request: &str| {
        let mut stream = tokio::net::TcpStream::connect(site.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let answer = exchange("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains(POLICY) && answer.contains("<!doctype html>"), "{answer}");
    let answer = exchange("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 204 ") && answer.contains(POLICY), "{answer}");
}

#[tokio::test]
async fn errors_are_not_stored() {
    let (site, _mock) = site().await;
    for (target, status) in
        [("/?url=fails/", 502), ("/?url=http://", 400), ("/none", 404), ("/?url=fails/&format=csv", 502)]
    {
        let page = site.get(target).await;
        assert_eq!(page.status, StatusCode::from_u16(status).unwrap(), "{target}");
        assert_eq!(page.field("cache-control"), "no-store", "{target}");
    }
    assert_eq!(site.get("/?url=a").await.field("cache-control"), "no-cache");
}

#[tokio::test]
async fn the_host_field_gets_nowhere() {
    let (site, _mock) = site().await;
    for target in ["/", "/?url=a", "/?url=http://", "/none"] {
        let page = site.get_with(target, &[("host", "evil.example")]).await;
        assert!(!page.text.contains("evil.example"), "{target}");
    }
}
