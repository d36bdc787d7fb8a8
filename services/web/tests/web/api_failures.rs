//! Failures of the API become error pages that say what is wrong and what to try, without internals.

use crate::harness::{Mock, Page, Site, settings};
use http::StatusCode;
use kit::Response;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// The page that results from an API response with `status`, `fields` and `body`.
async fn page(status: u16, fields: &'static [(&str, &str)], body: impl Into<bytes::Bytes>) -> Page {
    let body = body.into();
    let mock = Mock::start(move |_| {
        let mut response: Response = Response::new(kit::full(body.clone()));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        for (name, value) in fields {
            response.headers_mut().insert(*name, value.parse().unwrap());
        }
        std::future::ready(response)
    })
    .await;
    let page = Site::start(mock.settings()).await.links("example.com").await;
    assert_eq!(mock.requests().len(), 1, "one request, without redirects");
    page
}

async fn problem(status: u16, code: &str) -> Page {
    let body = serde_json::json!({ "type": format!("/problems/{code}"), "title": "SECRET", "detail": "10.0.0.7", "code": code });
    page(status, &[("content-type", "application/problem+json")], body.to_string()).await
}

#[tokio::test]
async fn each_code_of_the_api_has_its_own_status_and_text() {
    let rows = [
        ("invalid-url", 400),
        ("unsupported-scheme", 400),
        ("url-too-long", 414),
        ("blocked-destination", 403),
        ("dns-failure", 502),
        ("connect-failure", 502),
        ("bad-response", 502),
        ("tls-failure", 502),
        ("upstream-status", 502),
        ("too-many-redirects", 502),
        ("bad-redirect", 502),
        ("too-large", 502),
        ("bad-encoding", 502),
        ("incomplete", 502),
        ("not-html", 422),
        ("timeout", 504),
        ("overloaded", 503),
    ];
    let mut titles = std::collections::HashSet::new();
    for (code, status) in rows {
        let page = problem(status, code).await;
        assert_eq!(page.status, StatusCode::from_u16(status).unwrap(), "{code}");
        assert!(page.text.contains("role=\"alert\"") && page.text.contains("https://example.com"), "{code}");
        assert!(!page.text.contains("SECRET") && !page.text.contains("10.0.0.7"), "{code}");
        let title = page.text.split("<h1>").nth(1).unwrap().split('<').next().unwrap().to_owned();
        assert!(titles.insert(title), "{code} has the text of another code");
    }
}

#[tokio::test]
async fn a_private_address_names_the_flag_of_serve_there_and_the_setting_of_the_api_elsewhere() {
    for (in_serve, named, unnamed) in
        [(true, "--allow-private", "fetch.allow"), (false, "fetch.allow", "--allow-private")]
    {
        let refuse = |_| {
            let mut response: Response = Response::new(kit::full(r#"{"code":"blocked-destination"}"#));
            *response.status_mut() = StatusCode::FORBIDDEN;
            let json = http::HeaderValue::from_static("application/problem+json");
            response.headers_mut().insert(http::header::CONTENT_TYPE, json);
            std::future::ready(response)
        };
        let mock = Mock::start(refuse).await;
        let settings = linkextractor_web::WebSettings { suggest_allow_private: in_serve, ..mock.settings() };
        let page = Site::start(settings).await.links("localhost:3000").await;
        assert!(page.text.contains(named) && !page.text.contains(unnamed), "{}", page.text);
    }
}

#[tokio::test]
async fn unknown_codes_of_the_api_get_a_general_error_page() {
    for (status, code) in
        [(502, "never-heard-of"), (500, "internal"), (404, "not-found"), (405, "method-not-allowed")]
    {
        let page = problem(status, code).await;
        assert_eq!(page.status, StatusCode::BAD_GATEWAY, "{code}");
        assert!(page.text.contains("The links could not be read") && !page.text.contains(code), "{code}");
    }
}

#[tokio::test]
async fn the_status_and_retry_after_of_the_page_are_shown() {
    let answer = page(502, &[], r#"{"code":"upstream-status","upstream_status":404}"#).await;
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
    assert!(answer.text.contains("(404)"));
    let answer =
        page(503, &[("retry-after", "7")], r#"{"code":"upstream-status","upstream_status":429}"#).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.field("retry-after"), "7");
    assert!(answer.text.contains("wait 7 seconds"));
}

#[tokio::test]
async fn invalid_responses_of_the_api_are_a_bad_gateway() {
    let bodies = [
        "",
        "null",
        "{}",
        "[1]",
        "<!doctype html><p>hello",
        r#"[{"text":"t"}]"#,
        r#"[{"href":"http://a/"}]"#,
        r#"[{"text":1,"href":"http://a/"}]"#,
        r#"[{"text":"t","href":null}]"#,
        r#"[{"text":"t","href":"h"}"#,
        r#"[{"text":"t","href":"h"}] x"#,
        "\u{feff}[]",
    ];
    for body in bodies {
        assert_eq!(page(200, &[], body).await.status, StatusCode::BAD_GATEWAY, "{body}");
    }
    let deep = "[".repeat(1_000_000);
    assert_eq!(page(200, &[], deep).await.status, StatusCode::BAD_GATEWAY);
    for status in [201, 204, 206, 300, 301, 302, 303, 304, 307, 308, 400, 401, 404, 500, 502] {
        let fields = &[("location", "http://127.0.0.1:1/elsewhere")];
        assert_eq!(page(status, fields, "").await.status, StatusCode::BAD_GATEWAY, "{status}");
    }
    assert_eq!(page(503, &[], "").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page(504, &[], "").await.status, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(page(431, &[], "").await.status, StatusCode::URI_TOO_LONG);
}

#[tokio::test]
async fn an_unreachable_api_is_a_bad_gateway() {
    // A bound port that does not listen refuses connections.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let page = Site::start(settings(address)).await.links("example.com").await;
    assert_eq!(page.status, StatusCode::BAD_GATEWAY);
    assert!(page.text.contains("Pages cannot be read right now"));
    assert!(!page.text.contains(&address.to_string()) && !page.text.contains("refused"), "no internals");
}

/// The address of a server that sends `head` and `times` times `more` to one connection, and closes it.
async fn raw(head: &'static str, more: Vec<u8>, times: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut [0; 16]).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..times {
            // The client closes the connection when the response is too long.
            if stream.write_all(&more).await.is_err() {
                break;
            }
        }
    });
    address
}

#[tokio::test]
async fn an_endless_response_of_the_api_is_cut_off() {
    let address = raw("HTTP/1.1 200 OK\r\n\r\n[", vec![b' '; 1 << 20], 1 << 20).await;
    let page = Site::start(settings(address)).await.links("example.com").await;
    assert_eq!(page.status, StatusCode::BAD_GATEWAY);
    assert!(page.text.contains("The links could not be read"), "{}", page.text);
}

#[tokio::test]
async fn an_incomplete_response_of_the_api_is_a_bad_gateway() {
    let address = raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[]", Vec::new(), 0).await;
    let page = Site::start(settings(address)).await.links("example.com").await;
    assert_eq!(page.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn an_empty_list_of_links_is_not_an_error() {
    assert_eq!(page(200, &[], "[]").await.status, StatusCode::OK);
}
