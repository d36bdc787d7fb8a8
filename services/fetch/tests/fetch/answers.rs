//! Responses that are pages, and the errors of those that are not.

use crate::support::{fetcher, origin, url};
use fetch::{FetchError, ResponseProblem};
use std::time::Duration;

/// The outcome of fetching this response: the page's body or an error.
async fn outcome(answer: impl AsRef<[u8]>) -> Result<String, FetchError> {
    let origin = origin::fixed(answer).await;
    let page = fetcher().fetch(&url(&origin.url("/"))).await?;
    Ok(String::from_utf8_lossy(&page.body).into_owned())
}

/// The outcome of a response with status 200, these header lines and this body.
async fn page(header: &str, body: &str) -> Result<String, FetchError> {
    let length = body.len();
    outcome(format!("HTTP/1.1 200 OK\r\n{header}Content-Length: {length}\r\n\r\n{body}")).await
}

#[tokio::test]
async fn statuses_200_to_205_are_pages_and_206_is_not() {
    for status in [200, 201, 202, 203] {
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\nx");
        assert_eq!(outcome(answer).await.unwrap(), "x", "{status}");
    }
    for status in [204, 205] {
        assert_eq!(outcome(format!("HTTP/1.1 {status} X\r\n\r\n")).await.unwrap(), "", "{status}");
    }
    for status in [206, 300, 304, 305, 306, 400, 401, 403, 404, 410, 451, 500, 503, 599, 999] {
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\nx");
        let expected = FetchError::UpstreamStatus { status, retry_after: None };
        assert_eq!(outcome(answer).await.unwrap_err(), expected);
    }
}

#[tokio::test]
async fn retry_after_is_passed_on_for_429_and_503() {
    for (status, value, expected) in [
        (429, "120", Some(120)),
        (503, "0", Some(0)),
        (503, "Fri, 31 Dec 1999 23:59:59 GMT", Some(0)),
        (503, "soon", None),
        (500, "120", None),
    ] {
        let answer = format!("HTTP/1.1 {status} X\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n");
        let retry_after = expected.map(Duration::from_secs);
        assert_eq!(
            outcome(answer).await.unwrap_err(),
            FetchError::UpstreamStatus { status, retry_after },
            "{value}"
        );
    }
}

#[tokio::test]
async fn informational_responses_are_skipped() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
    let answer = format!("{hints}HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\nx");
    assert_eq!(outcome(answer).await.unwrap(), "x");
}

#[tokio::test]
async fn declared_html_and_xhtml_are_pages() {
    for declared in [
        "text/html",
        "TEXT/HTML",
        "text/html;;;",
        "text/html; charset=\"utf-8\"",
        " text/html\t;charset",
        "application/xhtml+xml",
        "text/plain, text/html",
        "text/html, nonsense",
        "text/html, */*",
    ] {
        let header = format!("Content-Type: {declared}\r\n");
        assert_eq!(page(&header, "\u{89}PNG").await.unwrap(), "\u{89}PNG", "{declared}");
    }
}

#[tokio::test]
async fn stray_bytes_in_a_content_type_are_ignored() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; x=\xe9; charset=windows-1251\r\n\r\n";
    let origin = origin::fixed([&head[..], b"page"].concat()).await;
    let page = fetcher().fetch(&url(&origin.url("/"))).await.unwrap();
    assert_eq!(page.declared.map(links::Encoding::name), Some("windows-1251"));
}

#[tokio::test]
async fn other_declared_types_are_not_html() {
    for declared in [
        "text/plain",
        "application/pdf",
        "application/json",
        "application/rss+xml",
        "application/xml",
        "application/octet-stream",
        "multipart/x-mixed-replace; boundary=x",
        "text/html-sandboxed",
        "text/html, text/plain",
    ] {
        let header = format!("Content-Type: {declared}\r\n");
        assert_eq!(page(&header, "<!doctype html>").await.unwrap_err(), FetchError::NotHtml, "{declared}");
    }
}

#[tokio::test]
async fn bodies_without_a_content_type_are_sniffed() {
    const XHTML: &str = "<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\">";
    for (header, body, is_page) in [
        ("", "<!DOCTYPE html>", true),
        ("", " \r\n\t<HtMl >", true),
        ("", "<a href=x>", true),
        ("", "<!-- x", true),
        ("", XHTML, true),
        ("Content-Type: */*\r\n", "<html>", true),
        ("Content-Type: html\r\n", "<html>", true),
        ("Content-Type: unknown/unknown\r\n", "<html>", true),
        ("X-Content-Type-Options: nosniff\r\n", "<html>", false),
        ("", "<abc>", false),
        ("", "<?xml version=\"1.0\"?><rss>", false),
        ("", "%PDF-1.4", false),
        ("", "text <html>", false),
        ("", "", false),
    ] {
        let result = page(header, body).await;
        assert_eq!(result.is_ok(), is_page, "{header:?} {body:?}: {result:?}");
    }
}

#[tokio::test]
async fn a_response_that_is_not_http_is_a_bad_response_and_none_a_connect_failure() {
    let not_http = FetchError::BadResponse(ResponseProblem::NotHttp);
    let too_long = FetchError::BadResponse(ResponseProblem::HeaderTooLong);
    let not_final = FetchError::BadResponse(ResponseProblem::NotFinal);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";
    for (answer, expected) in [
        ("<html>HTTP/0.9</html>".to_owned(), &not_http),
        ("SSH-2.0-OpenSSH_9.9\r\n".to_owned(), &not_http),
        ("HTTP/1.1 000 X\r\n\r\n".to_owned(), &not_http),
        ("HTTP/1.1 1e3 X\r\n\r\n".to_owned(), &not_http),
        (String::new(), &FetchError::Connect),
        ("HTTP/1.1 103 Early Hints\r\n\r\n".to_owned(), &not_final),
        (format!("{head}Content-Length: -5\r\n\r\nx"), &not_http),
        (format!("{head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), &not_http),
        (format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(10_000)), &too_long),
        (format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "b".repeat(65 * 1024)), &too_long),
    ] {
        let result = outcome(&answer).await.map(|_| ());
        assert_eq!(result.as_ref(), Err(expected), "{:?}", &answer[..answer.len().min(80)]);
    }
    assert_eq!(not_http.to_string(), "the answer of the host is not HTTP");
}

#[tokio::test]
async fn malformed_headers_that_browsers_accept_are_accepted() {
    let header = "Content-Type : text/html\r\nX-Folded: a\r\n b\r\nb\u{e4}d: x\r\nSet-Cookie: a=b\r\n";
    assert_eq!(page(header, "x").await.unwrap(), "x");
    let large = format!("Content-Type: text/html\r\nSet-Cookie: {}\r\n", "x".repeat(60 * 1024));
    assert_eq!(page(&large, "x").await.unwrap(), "x");
    let many = format!("Content-Type: text/html\r\n{}", "a: b\r\n".repeat(500));
    assert_eq!(page(&many, "x").await.unwrap(), "x");
}

#[tokio::test]
async fn redirects_are_followed_five_times() {
    let chain = |last: usize| {
        origin::answering("127.0.0.1:0", move |head| {
            let path = head.split(' ').nth(1).unwrap_or_default();
            match path[1..].parse::<usize>() {
                Ok(hop) if hop < last => {
                    origin::redirect([301, 302, 303, 307, 308][hop % 5], &format!("{}", hop + 1))
                }
                _ => origin::html(path),
            }
        })
    };
    let five = chain(5).await;
    let page = fetcher().fetch(&url(&five.url("/0"))).await.unwrap();
    assert_eq!(page.url.path(), "/5");
    assert_eq!(five.connections(), 1, "one connection for all hops");
    let six = chain(6).await;
    let result = fetcher().fetch(&url(&six.url("/0"))).await.map(|page| page.url);
    assert_eq!(result.unwrap_err(), FetchError::TooManyRedirects);
}

#[tokio::test]
async fn redirects_without_a_valid_target_are_errors() {
    for location in [
        "",
        "Location: file:///etc/passwd\r\n",
        "Location: http://\r\n",
        "Location: http://a..b/\r\n",
        "Location: /a\r\nLocation: /b\r\n",
    ] {
        let result = outcome(format!("HTTP/1.1 302 X\r\n{location}Content-Length: 0\r\n\r\n")).await;
        assert_eq!(result.unwrap_err(), FetchError::BadRedirect, "{location}");
    }
    let blocked = outcome("HTTP/1.1 302 X\r\nLocation: http://10.0.0.1/\r\n\r\n").await;
    assert_eq!(blocked.unwrap_err(), FetchError::Blocked);
}

#[tokio::test]
async fn a_redirect_to_a_url_that_is_too_long_as_serialized_is_an_error() {
    // Relative to the first target, the second is longer than a URL may be, although each reference is short enough.
    for (segments, is_followed) in [(2_000, true), (4_500, false)] {
        let origin = origin::answering("127.0.0.1:0", move |head| {
            let path = head.split(' ').nth(1).unwrap_or_default();
            match path.len() {
                0..2 => origin::redirect(302, &format!("/{}/", "x".repeat(segments))),
                length if length < segments + 10 => origin::redirect(302, &"y".repeat(segments)),
                _ => origin::html("x"),
            }
        })
        .await;
        let result = fetcher().fetch(&url(&origin.url("/"))).await.map(|_| ());
        assert_eq!(result, if is_followed { Ok(()) } else { Err(FetchError::BadRedirect) }, "{segments}");
    }
}

#[tokio::test]
async fn the_request_has_only_the_documented_fields() {
    let (send, receive) = tokio::sync::mpsc::unbounded_channel();
    let origin = origin::answering("127.0.0.1:0", move |head| {
        send.send(head.to_owned()).unwrap();
        origin::html("x")
    })
    .await;
    let mut receive = receive;
    fetcher().fetch(&url(&origin.url("/%0d%0aX:%201/ä?q=\"ä\"&'#f"))).await.unwrap();
    let head = receive.recv().await.unwrap();
    let mut lines: Vec<&str> = head.trim_end().split("\r\n").collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "GET /%0d%0aX:%201/%C3%A4?q=%22%C3%A4%22&%27 HTTP/1.1",
            "accept-encoding: gzip, deflate, br, zstd",
            "accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.1",
            &format!("host: {}", origin.address),
            lines[4],
        ]
    );
    assert!(
        lines[4].starts_with("user-agent: linkextractor/") && lines[4].contains("(+https://"),
        "{}",
        lines[4]
    );
}
