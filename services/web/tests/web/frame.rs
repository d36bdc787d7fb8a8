//! A page that is known at once is sent whole; otherwise its frame is sent first, and the links or the error follow.

use crate::harness::{Mock, Site, about, json, settings};
use http::{Method, StatusCode, Version};
use http_body_util::BodyExt;
use std::{sync::Arc, time::Duration};
use tokio::{io::AsyncReadExt, net::TcpListener, sync::Notify};

/// A server, and an API that answers when notified.
async fn held(answer: &'static str) -> (Site, Mock, Arc<Notify>) {
    let go = Arc::new(Notify::new());
    let notify = Arc::clone(&go);
    let mock = Mock::start(move |_| {
        let notify = Arc::clone(&notify);
        async move {
            notify.notified().await;
            json(answer)
        }
    })
    .await;
    (Site::framed(mock.settings()).await, mock, go)
}

#[tokio::test]
async fn the_frame_is_sent_before_the_links_are_known() {
    let (site, _mock, go) = held(r#"[{"text":"t","href":"http://a.example/"}]"#).await;
    let target = about("example.com");
    let begin = tokio::time::timeout(Duration::from_secs(5), site.send(Method::GET, &target, &[]));
    let response = begin.await.expect("the frame is sent after 100 ms, later on a busy machine");
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-store", "the page may still become an error");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    assert!(!response.headers().contains_key("content-length"));
    let mut body = response.into_body();
    let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
    let frame = std::str::from_utf8(&frame).unwrap();
    assert!(frame.contains("<form class=\"ask\"") && frame.contains("<progress"), "{frame}");
    assert!(frame.contains("https://example.com") && !frame.contains("a.example"), "{frame}");
    go.notify_one();
    let rest = body.collect().await.unwrap().to_bytes();
    let rest = std::str::from_utf8(&rest).unwrap();
    assert!(rest.contains("href=\"http://a.example/\"") && rest.trim_end().ends_with("</html>"), "{rest}");
}

#[tokio::test]
async fn an_error_after_the_frame_is_part_of_the_page() {
    let (site, _mock, go) = held("<!doctype html>").await;
    let response = site.send(Method::GET, &about("example.com"), &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    let mut body = response.into_body();
    assert!(body.frame().await.unwrap().is_ok());
    go.notify_one();
    let rest = body.collect().await.unwrap().to_bytes();
    let rest = std::str::from_utf8(&rest).unwrap();
    assert!(
        rest.contains("role=\"alert\"")
            && rest.contains("<h1>The links could not be read</h1>")
            && rest.trim_end().ends_with("</html>"),
        "{rest}"
    );
}

#[tokio::test]
async fn an_api_timeout_is_shown_on_the_page_and_is_the_status_of_a_download() {
    let (_, mock, _go) = held("[]").await;
    let settings =
        linkextractor_web::WebSettings { api_timeout: Duration::from_millis(300), ..mock.settings() };
    let site = Site::framed(settings).await;
    let page = site.links("example.com").await;
    assert_eq!(page.status, StatusCode::OK, "the frame had been sent");
    assert!(page.text.contains("This takes too long"), "{}", page.text);
    let file = site.get("/?url=example.com&format=csv").await;
    assert_eq!(file.status, StatusCode::GATEWAY_TIMEOUT, "a download has no frame");
}

#[tokio::test]
async fn links_that_are_known_at_once_are_sent_whole() {
    let (site, _mock) = Site::with(&[("t", "http://a.example/")]).await;
    let page = site.links("example.com").await;
    assert!(!page.text.contains("<progress"));
    assert_eq!(page.field("content-length"), page.text.len().to_string());
}

/// Over HTTP/2: over HTTP/1.1, a server notices a client that left only when it sends something.
#[tokio::test]
async fn a_client_that_leaves_after_the_frame_stops_the_request_to_the_api() {
    let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = Site::framed(settings(api.local_addr().unwrap())).await;
    let target = about("example.com");
    let mut body = site.send_over(Version::HTTP_2, Method::GET, &target, &[]).await.into_body();
    assert!(body.frame().await.unwrap().is_ok());
    let (mut connection, _) = api.accept().await.unwrap();
    drop(body);
    let end = tokio::time::timeout(Duration::from_secs(10), connection.read_to_end(&mut Vec::new())).await;
    end.expect("the request ends before the API's time limit of 15 s").unwrap();
}
