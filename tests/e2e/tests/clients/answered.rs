//! Unusual requests that are valid, or wrong in a way that leaves the connection usable.

use super::{
    Server::{Api, Web},
    Servers, assert_own, shown,
};
use e2e::{Origin, Page};
use http::{HeaderMap, Method};

#[tokio::test]
async fn valid_and_harmless_requests_are_answered_and_the_connection_is_kept() {
    let servers = Servers::start().await;
    let origin = Origin::start().await;
    let page = origin.page("/%C3%A9", Page::html("<a href=/x>x</a>")).replace("%C3%A9", "\u{e9}");
    let request = |method: &str, target: &str| format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    let header = |line: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n");
    let rows = [
        // Valid Host fields.
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n".to_owned(), [200, 200]),
        ("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n".to_owned(), [200, 200]),
        ("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n".to_owned(), [200, 200]),
        // Targets.
        (request("GET", &format!("/api/{page}")), [200, 404]),
        (request("GET", &format!("/?url={page}")), [200, 200]),
        (request("GET", "/\u{e9}"), [404, 404]),
        (request("GET", "/%zz"), [400, 404]),
        (request("GET", "/%ff"), [400, 404]),
        (request("GET", "/api/%zz"), [400, 404]),
        (request("GET", "/api/%ff"), [400, 404]),
        (request("GET", "/api?url=%zz"), [400, 404]),
        (request("GET", "/api?url=%ff"), [400, 404]),
        (request("GET", "/?url=%zz"), [200, 400]),
        (request("GET", "/?url=%ff"), [200, 400]),
        (request("GET", "/?url=http%3A%2F%2Fa%00b%2F"), [200, 400]),
        (request("GET", "/?url=http%3A%2F%2Fa%0D%0Ab%2F"), [200, 400]),
        (request("GET", "/api/http%3A%2F%2Fa%0D%0Ab%2F"), [400, 404]),
        (request("GET", &format!("/?{}", "a".repeat(8 * 1024))), [414, 414]),
        // Methods.
        (request("OPTIONS", "/"), [204, 204]),
        (request("OPTIONS", "*"), [204, 204]),
        (request("CONNECT", "a:443"), [405, 405]),
        (request("get", "/"), [405, 405]),
        (request("BREW", "/"), [405, 405]),
        // Fields without effect.
        (header("Range: bytes=0-1"), [200, 200]),
        (header("If-None-Match: \"x\""), [200, 200]),
        (header("If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT"), [200, 200]),
        (header("Accept: image/*"), [200, 200]),
        (header("Upgrade: websocket\r\nConnection: upgrade"), [200, 200]),
        (header("Expect: 100-continue"), [200, 200]),
    ];
    for (request, statuses) in rows {
        for (server, status) in [Api, Web].into_iter().zip(statuses) {
            let answer = servers.kept(server, request.as_bytes()).await;
            let what = format!("{server:?}: {}", shown(request.as_bytes()));
            assert_eq!(answer.status, status, "{what}: {answer:?}");
            assert_own(server, &answer, &what);
            if request.starts_with("GET /?url=http:") && server == Web {
                assert!(answer.text().contains("<form"), "{what}: {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn unsupported_methods_are_405_with_allow() {
    let servers = Servers::start().await;
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE"] {
        for server in [Api, Web] {
            let answer =
                servers.kept(server, format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await;
            assert_eq!(
                (answer.status.as_u16(), answer.header("allow")),
                (405, "GET, HEAD, OPTIONS"),
                "{method}"
            );
            assert_own(server, &answer, method);
        }
    }
}

#[tokio::test]
async fn an_http_1_0_request_is_served_and_the_connection_closed() {
    let servers = Servers::start().await;
    for server in [Api, Web] {
        let mut wire = servers.connect(server).await;
        wire.send("GET / HTTP/1.0\r\n\r\n").await;
        let answer = wire.answer().await.expect("an answer");
        assert_eq!(answer.status, 200);
        assert!(!answer.headers.contains_key("transfer-encoding"), "{answer:?}");
        assert_own(server, &answer, "HTTP/1.0");
        wire.closed().await;
    }
}

#[tokio::test]
async fn head_has_the_fields_of_get_and_no_body() {
    let servers = Servers::start().await;
    let (_origin, page) = Origin::with_link().await;
    for (server, target) in [
        (Api, "/".to_owned()),
        (Api, "/openapi.json".to_owned()),
        (Api, format!("/api/{page}")),
        (Api, "/nowhere".to_owned()),
        (Web, "/".to_owned()),
        (Web, "/style.css".to_owned()),
        (Web, format!("/?url={page}")),
        (Web, "/nowhere".to_owned()),
    ] {
        let mut wire = servers.connect(server).await;
        let mut ask = async |method: Method| {
            wire.send(format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
            let head = method == Method::HEAD;
            if head { wire.answer_to_head().await } else { wire.answer().await }.expect("an answer")
        };
        // The first request fetches the page: its response is not from the cache.
        ask(Method::GET).await;
        let head = ask(Method::HEAD).await;
        let get = ask(Method::GET).await;
        assert_eq!(head.status, get.status, "{server:?} {target}");
        assert_eq!(without_varying(&head.headers), without_varying(&get.headers), "{server:?} {target}");
        assert!(!get.body.is_empty(), "{server:?} {target}");
    }
}

/// The header fields without those that differ between two responses to the same request.
fn without_varying(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in ["date", "age", "cache-status", "x-request-id"] {
        headers.remove(name);
    }
    headers
}

#[tokio::test]
async fn a_thousand_pipelined_requests_are_answered_in_order() {
    let servers = Servers::start().await;
    let request = |n: usize| format!("GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: number-{n}\r\n\r\n");
    let requests: String = (0..1000).map(request).collect();
    for server in [Api, Web] {
        let mut wire = servers.connect(server).await;
        wire.send(&requests).await;
        for n in 0..1000 {
            let answer = wire.answer().await.expect("an answer to each");
            assert_eq!(
                (answer.status.as_u16(), answer.header("x-request-id")),
                (200, &*format!("number-{n}"))
            );
        }
    }
}

#[tokio::test]
async fn range_is_ignored_and_a_matching_if_none_match_is_304() {
    let servers = Servers::start().await;
    let (_origin, page) = Origin::with_link().await;
    let mut wire = servers.connect(Api).await;
    let mut ask = async |line: &str| {
        wire.send(format!("GET /api/{page} HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n")).await;
        wire.answer().await.expect("an answer")
    };
    let whole = ask("Range: bytes=0-1").await;
    assert_eq!(whole.status, 200);
    assert_eq!(whole.json()[0]["text"], "x");
    assert!(!whole.headers.contains_key("content-range"));
    let etag = whole.header("etag");
    for tags in [etag, "*", &format!("\"other\", {etag}"), &format!("W/{etag}")] {
        let answer = ask(&format!("If-None-Match: {tags}")).await;
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (304, etag), "{tags}");
        assert!(answer.body.is_empty());
    }
    assert_eq!(ask("If-None-Match: \"other\"").await.status, 200);
    assert_eq!(ask("If-None-Match: nonsense").await.status, 200);
}
