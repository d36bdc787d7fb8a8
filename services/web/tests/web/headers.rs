//! Every response has the security headers, errors are not stored, and there are no cookies.

use crate::harness::{Mock, Site, json};
use http::{Method, StatusCode, Version};

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// Method, target, fields, and the expected status.
type Row<'a> = (Method, &'a str, &'a [(&'a str, &'a str)], u16);

async fn site() -> (Site, Mock) {
    let mock = Mock::start(async |url: String| match url.as_str() {
        "https://fails/" => json("no list"),
        _ => json(r#"[{"text":"t","href":"http://a/"}]"#),
    })
    .await;
    (Site::start(mock.settings()).await, mock)
}

#[tokio::test]
async fn every_response_has_the_security_headers() {
    let (site, _mock) = site().await;
    let long = format!("/?url={}", "x".repeat(9000));
    let revalidated = ("if-none-match", "*");
    let rows: [Row; 23] = [
        (Method::GET, "/", &[], 200),
        (Method::HEAD, "/", &[], 200),
        (Method::GET, "/?url=a", &[], 200),
        (Method::GET, "/?url=a&format=json", &[], 200),
        (Method::GET, "/?url=a&format=csv", &[], 200),
        (Method::GET, "/?url=a&format=markdown", &[], 200),
        (Method::GET, "/?url=a&format=text", &[], 200),
        (Method::HEAD, "/?url=a&format=json", &[], 200),
        (Method::GET, "/?url=fails/", &[], 502),
        (Method::GET, "/?url=fails/&format=json", &[], 502),
        (Method::GET, "/?url=http://", &[], 400),
        (Method::GET, "/?url=a&format=exe", &[], 400),
        (Method::GET, "/none", &[], 404),
        (Method::GET, &long, &[], 414),
        (Method::GET, "/style.css", &[], 200),
        (Method::HEAD, "/style.css", &[], 200),
        (Method::GET, "/style.css", &[revalidated], 304),
        (Method::GET, "/icon.svg", &[], 200),
        (Method::GET, "/icon.svg", &[revalidated], 304),
        (Method::GET, "/favicon.ico", &[], 200),
        (Method::POST, "/", &[], 405),
        (Method::PUT, "/style.css", &[], 405),
        (Method::OPTIONS, "/", &[], 204),
    ];
    for version in [Version::HTTP_11, Version::HTTP_2] {
        for (method, target, fields, status) in &rows {
            let response = site.send_over(version, method.clone(), target, fields).await;
            assert_eq!(response.status().as_u16(), *status, "{method} {target}");
            let field = |name: &str| response.headers().get(name).map_or("", |value| value.to_str().unwrap());
            let row = format!("{method} {target} {version:?}");
            assert_eq!(field("content-security-policy"), POLICY, "{row}");
            assert_eq!(field("x-content-type-options"), "nosniff", "{row}");
            assert_eq!(field("referrer-policy"), "no-referrer", "{row}");
            assert_eq!(field("cross-origin-opener-policy"), "same-origin", "{row}");
            assert_eq!(field("cross-origin-resource-policy"), "same-origin", "{row}");
            assert!(field("permissions-policy").contains("camera=()"), "{row}");
            assert_eq!(field("set-cookie"), "", "{row}");
        }
    }
}

#[tokio::test]
async fn requests_that_the_server_rejects_get_a_page_with_the_security_headers() {
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
    assert!(answer.contains("x-content-type-options: nosniff"), "{answer}");
    let answer = exchange("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 204 ") && answer.contains(POLICY), "{answer}");
}

#[tokio::test]
async fn a_host_name_or_origin_that_is_not_allowed_gets_a_403_page_with_the_settings_that_allow_it() {
    let site = Site::guarded(kit::HostRule::new(["links.example"])).await;
    for fields in [("host", "evil.example"), ("origin", "http://evil.example")] {
        let page = site.get_with("/", &[fields]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{fields:?}");
        assert_eq!(page.field("x-content-type-options"), "nosniff");
        assert_eq!(page.field("cache-control"), "no-store");
        for text in ["not allowed", "--allow-host", "admin.hosts"] {
            assert!(page.text.contains(text), "{text}: {}", page.text);
        }
        assert!(!page.text.contains("evil.example"), "{}", page.text);
    }
    assert_eq!(site.get_with("/", &[("host", "links.example")]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn error_responses_are_no_store() {
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
async fn the_host_field_is_never_shown() {
    let (site, _mock) = site().await;
    for target in ["/", "/?url=a", "/?url=http://", "/none"] {
        let page = site.get_with(target, &[("host", "evil.example")]).await;
        assert!(!page.text.contains("evil.example"), "{target}");
    }
}
