//! Long answers of the API take memory: as much of it as there is for them, and none that others need.

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
async fn long_answers_at_once_are_refused_and_short_ones_are_not() {
    let (come, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (all_but_the_end, end) = (Arc::clone(&come), Arc::clone(&go));
    let mock = Mock::start(move |asked: String| {
        let (come, go) = (Arc::clone(&all_but_the_end), Arc::clone(&end));
        async move {
            match asked.as_str() {
                "https://long/" => endless(come, go),
                _ => json("[]"),
            }
        }
    })
    .await;
    let site = Site::start(mock.settings()).await;
    let file = format!("{}&format=json", about("https://long/"));
    let first = site.get(&file);
    let others = async {
        timeout(LONG, come.notified()).await.unwrap();
        assert_eq!(site.get(&file).await.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(site.links("https://short/").await.status, StatusCode::OK);
        go.notify_one();
    };
    let (first, ()) = tokio::join!(first, others);
    assert_eq!((first.status, first.text.as_str()), (StatusCode::OK, "[]\n"));
    go.notify_one();
    assert_eq!(site.get(&file).await.status, StatusCode::OK);
}

/// An answer of 60 MiB whose end comes after `go`; without a length, so that nobody can know it before.
fn endless(come: Arc<Notify>, go: Arc<Notify>) -> Response {
    let space = Bytes::from(vec![b' '; 1 << 20]);
    let spaces = stream::iter(vec![space; 60]);
    let end = stream::once(async move {
        come.notify_one();
        go.notified().await;
        Bytes::from_static(b"[]")
    });
    let body = StreamBody::new(spaces.chain(end).map(|bytes| Ok(Frame::data(bytes))));
    Response::new(body.boxed_unsync())
}
