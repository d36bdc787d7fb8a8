//! Long responses of the API share a limited amount of memory, and leave short ones theirs.

use crate::harness::{Mock, Site, about, json};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::StatusCode;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use kit::Response;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Notify, time::timeout};

const LONG: Duration = Duration::from_mins(1);

#[tokio::test]
async fn concurrent_long_responses_are_rejected_and_short_ones_are_not() {
    let (nearly_sent, finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (sent, end) = (Arc::clone(&nearly_sent), Arc::clone(&finish));
    let mock = Mock::start(move |url: String| {
        let (nearly_sent, finish) = (Arc::clone(&sent), Arc::clone(&end));
        async move {
            match url.as_str() {
                "https://long/" => endless(nearly_sent, finish),
                _ => json("[]"),
            }
        }
    })
    .await;
    let site = Site::start(mock.settings()).await;
    let file = format!("{}&format=json", about("https://long/"));
    let first = site.get(&file);
    let others = async {
        timeout(LONG, nearly_sent.notified()).await.unwrap();
        assert_eq!(site.get(&file).await.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(site.links("https://short/").await.status, StatusCode::OK);
        finish.notify_one();
    };
    let (first, ()) = tokio::join!(first, others);
    assert_eq!((first.status, first.text.as_str()), (StatusCode::OK, "[]\n"));
    finish.notify_one();
    assert_eq!(site.get(&file).await.status, StatusCode::OK);
}

/// A response of 60 MiB without `Content-Length`; its end follows after `finish`.
fn endless(nearly_sent: Arc<Notify>, finish: Arc<Notify>) -> Response {
    let space = Bytes::from(vec![b' '; 1 << 20]);
    let spaces = stream::iter(vec![space; 60]);
    let end = stream::once(async move {
        nearly_sent.notify_one();
        finish.notified().await;
        Bytes::from_static(b"[]")
    });
    let body = StreamBody::new(spaces.chain(end).map(|bytes| Ok(Frame::data(bytes))));
    Response::new(body.boxed_unsync())
}
