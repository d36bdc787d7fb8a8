//! Pages and files are compressed as clients accept it; the frame of a page can be shown before the rest is there.

use crate::harness::{Mock, Site, about, json};
use flate2::read::GzDecoder;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use std::{io::Read, sync::Arc};
use tokio::sync::Notify;

#[tokio::test]
async fn whole_pages_and_files_are_compressed() {
    let (site, _mock) = Site::with(&[("t", "http://a.example/")]).await;
    for target in [about("example.com"), "/".to_owned(), "/style.css".to_owned(), "/missing".to_owned()] {
        let plain = site.get(&target).await;
        let response = site.send(Method::GET, &target, &[("accept-encoding", "gzip")]).await;
        assert_eq!(response.headers()["content-encoding"], "gzip", "{target}");
        assert_eq!(response.headers()["vary"], "Accept-Encoding");
        assert_eq!(plain.field("vary"), "Accept-Encoding");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let mut text = String::new();
        GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, plain.text, "{target}");
        assert!(body.len() < text.len() / 2, "{target}");
    }
}

#[tokio::test]
async fn a_file_has_an_entity_tag_for_each_coding() {
    let (site, _mock) = Site::with(&[]).await;
    let mut tags = vec![site.get("/style.css").await.field("etag").to_owned()];
    for coding in ["gzip", "br", "zstd"] {
        let fields = [("accept-encoding", coding)];
        let response = site.send(Method::GET, "/style.css", &fields).await;
        assert_eq!(response.headers()["content-encoding"], coding);
        let tag = response.headers()["etag"].to_str().unwrap().to_owned();
        let again =
            site.get_with("/style.css", &[("accept-encoding", coding), ("if-none-match", &tag)]).await;
        assert_eq!((again.status, again.field("vary")), (StatusCode::NOT_MODIFIED, "Accept-Encoding"));
        assert!(!tags.contains(&tag));
        tags.push(tag);
    }
}

#[tokio::test]
async fn the_frame_of_a_compressed_page_can_be_decoded_before_the_links_are_known() {
    let go = Arc::new(Notify::new());
    let notify = Arc::clone(&go);
    let mock = Mock::start(move |_| {
        let notify = Arc::clone(&notify);
        async move {
            notify.notified().await;
            json(r#"[{"text":"t","href":"http://a.example/"}]"#)
        }
    })
    .await;
    let site = Site::framed(mock.settings()).await;
    let fields = [("accept-encoding", "gzip, deflate, br, zstd")];
    let response = site.send(Method::GET, &about("example.com"), &fields).await;
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let mut body = response.into_body();
    let mut sent = body.frame().await.unwrap().unwrap().into_data().unwrap().to_vec();
    let mut frame = Vec::new();
    // The end is missing.
    let _ = GzDecoder::new(&sent[..]).read_to_end(&mut frame);
    let frame = String::from_utf8(frame).unwrap();
    assert!(frame.contains("<progress") && !frame.contains("a.example"), "{frame}");
    go.notify_one();
    sent.extend_from_slice(&body.collect().await.unwrap().to_bytes());
    let mut page = String::new();
    GzDecoder::new(&sent[..]).read_to_string(&mut page).unwrap();
    assert!(page.starts_with(&frame) && page.contains("href=\"http://a.example/\""), "{page}");
    assert!(page.trim_end().ends_with("</html>"));
}
