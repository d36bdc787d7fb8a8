//! What is known at once is answered whole; otherwise the frame comes first, and the rest in its place.

use crate::harness::{Mock, Site, about, json};
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use std::{sync::Arc, time::Duration};
use tokio::sync::Notify;

/// An API that answers when it is told to.
async fn held(answer: &'static str) -> (Site, Mock, Arc<Notify>) {
    let go = Arc::new(Notify::new());
    let told = Arc::clone(&go);
    let mock = Mock::start(move |_| {
        let told = Arc::clone(&told);
        async move {
            told.notified().await;
            json(answer)
        }
    })
    .await;
    (Site::framed(mock.settings()).await, mock, go)
}

#[tokio::test]
async fn the_frame_comes_before_the_links() {
    let (site, _mock, go) = held(r#"[{"text":"t","href":"http://a.example/"}]"#).await;
    let target = about("example.com");
    let begin = tokio::time::timeout(Duration::from_secs(5), site.send(Method::GET, &target, &[]));
    let response = begin.await.expect("100 ms, and what a busy machine adds");
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-store", "it may still become an error");
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
async fn an_error_takes_the_place_of_the_links() {
    let (site, _mock, go) = held("<!doctype html>").await;
    let response = site.send(Method::GET, &about("example.com"), &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    let mut body = response.into_body();
    assert!(body.frame().await.unwrap().is_ok());
    go.notify_one();
    let rest = body.collect().await.unwrap().to_bytes();
    let rest = std::str::from_utf8(&rest).unwrap();
    assert!(rest.contains("role=\"alert\"") && rest.trim_end().ends_with("</html>"), "{rest}");
}

#[tokio::test]
async fn who_waits_too_long_is_told_so() {
    let (_, mock, _go) = held("[]").await;
    let settings =
        linkextractor_web::WebSettings { api_timeout: Duration::from_millis(300), ..mock.settings() };
    let site = Site::framed(settings).await;
    let page = site.links("example.com").await;
    assert_eq!(page.status, StatusCode::OK, "the frame had been sent");
    assert!(page.text.contains("This takes too long"), "{}", page.text);
    let file = site.get("/?url=example.com&format=csv").await;
    assert_eq!(file.status, StatusCode::GATEWAY_TIMEOUT, "a file has no frame");
}

#[tokio::test]
async fn what_is_known_at_once_comes_whole() {
    let (site, _mock) = Site::with(&[("t", "http://a.example/")]).await;
    let page = site.links("example.com").await;
    assert!(!page.text.contains("<progress"));
    assert_eq!(page.field("content-length"), page.text.len().to_string());
}
