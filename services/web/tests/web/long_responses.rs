//! Long responses of the API share a limited amount of memory, and leave short ones theirs.

use crate::harness::{Mock, Site, about, json};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::StatusCode;
use http_body::Frame;
use http_body_util::StreamBody;
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

#[tokio::test]
async fn a_long_address_makes_neither_a_long_page_nor_work_between_requests() {
    let hosts: Vec<_> = (0..3000).map(|n| format!("https://www{n}.example/")).collect();
    let links: Vec<_> = hosts.iter().map(|href| ("t", href.as_str())).collect();
    let address = about(&format!("https://a.example/{}", "x".repeat(7000)));
    let (site, _mock) = Site::with(&links).await;
    let page = site.get(&address).await;
    assert_eq!((page.status, page.rows().len()), (StatusCode::OK, 500));
    assert!(page.text.len() < 1_500_000, "{} bytes", page.text.len());
    assert!(page.text.contains("more domains with"), "what is not listed is counted");

    let pool = kit::CpuPool::new(1).unwrap();
    let (unblock, gate) = std::sync::mpsc::channel::<()>();
    let blocked = tokio::spawn({
        let pool = pool.clone();
        async move { pool.run(move || gate.recv()).await }
    });
    let mock = Mock::of(&links[..3]).await;
    let site = Site::on_pool(mock.settings(), pool).await;
    let long = site.get(&address);
    let others = async {
        let waits = async { while !site.admin("/metrics").await.contains("cpu_pool_queue_length 1\n") {} };
        timeout(LONG, waits).await.expect("a page with many copies of its query is made on the pool");
        assert_eq!(site.links("https://short/").await.status, StatusCode::OK);
        drop(unblock);
    };
    let (long, ()) = tokio::join!(long, others);
    assert_eq!(long.status, StatusCode::OK);
    assert!(blocked.await.unwrap().is_some());
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
    Response::new(kit::boxed(body))
}
