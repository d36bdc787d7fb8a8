use super::*;
use crate::{Client, boxed, empty, send_queue::SendQueue};
use flate2::read::GzDecoder;
use futures_util::{FutureExt, StreamExt};
use std::{io::Read, sync::Arc, time::Duration};
use tokio::sync::mpsc;

fn accepting(codings: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(codings))])
}

async fn compressed(headers: &HeaderMap, response: Response) -> Response {
    Compressor::new(&CpuPool::new(1).unwrap(), 16 << 20).compressed(headers, response).await
}

async fn bytes(response: Response) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

#[tokio::test]
async fn a_body_is_compressed_from_1_kib_on() {
    for (length, coding) in [(1023, None), (1024, Some("zstd")), (100_000, Some("zstd"))] {
        let text = "x".repeat(length);
        let response = compressed(&accepting("gzip, zstd"), Response::new(full(text.clone()))).await;
        assert_eq!(response.headers()[header::VARY], "Accept-Encoding");
        let found = response.headers().get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap());
        assert_eq!(found, coding, "{length}");
        let body = bytes(response).await;
        assert!(if coding.is_some() {
            zstd::decode_all(&body[..]).unwrap() == text.as_bytes()
        } else {
            body == text
        });
    }
}

#[tokio::test]
async fn a_response_with_a_tag_a_coding_or_no_body_is_left_as_it_is() {
    for (name, status) in
        [(Some(header::ETAG), 200), (Some(header::CONTENT_ENCODING), 200), (None, 204), (None, 304)]
    {
        let mut response = Response::new(full("x".repeat(2000)));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        response.headers_mut().extend(name.map(|name| (name, HeaderValue::from_static("x"))));
        let response = compressed(&accepting("gzip"), response).await;
        assert!(!response.headers().contains_key(header::VARY));
        assert_eq!(bytes(response).await.len(), 2000);
    }
    let response = compressed(&HeaderMap::new(), Response::new(empty())).await;
    assert_eq!(response.headers()[header::VARY], "Accept-Encoding", "also without a coding");
}

#[tokio::test]
async fn each_part_of_a_body_can_be_decoded_when_it_is_sent() {
    let (sender, mut receiver) = mpsc::unbounded_channel::<Bytes>();
    let parts = stream::poll_fn(move |context| receiver.poll_recv(context));
    let body = boxed(StreamBody::new(parts.map(|part| Ok(Frame::data(part)))));
    let response = compressed(&accepting("br, gzip"), Response::new(body)).await;
    assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
    let (mut body, mut sent, mut expected) = (response.into_body(), Vec::new(), Vec::new());
    for part in ["<p>frame".to_owned(), "x".repeat(12 * 1024), "</p>".to_owned(), "<p>frame".to_owned()] {
        assert!(body.frame().now_or_never().is_none(), "nothing to send");
        sender.send(part.clone().into()).unwrap();
        expected.extend_from_slice(part.as_bytes());
        sent.extend_from_slice(&body.frame().await.unwrap().unwrap().into_data().unwrap());
        let mut decoded = vec![0; expected.len()];
        GzDecoder::new(&sent[..]).read_exact(&mut decoded).unwrap();
        assert!(decoded == expected);
    }
    drop(sender);
    sent.extend_from_slice(&body.collect().await.unwrap().to_bytes());
    let mut decoded = Vec::new();
    GzDecoder::new(&sent[..]).read_to_end(&mut decoded).unwrap();
    assert!(decoded == expected, "with a checksum and a length that are right");
}

#[tokio::test]
async fn a_body_without_parts_and_one_that_fails_end_as_such() {
    let none = boxed(StreamBody::new(stream::empty::<Result<Frame<Bytes>, BoxError>>()));
    let response = compressed(&accepting("gzip"), Response::new(none)).await;
    let mut decoded = Vec::new();
    GzDecoder::new(&bytes(response).await[..]).read_to_end(&mut decoded).unwrap();
    assert!(decoded.is_empty());
    let fails = boxed(StreamBody::new(stream::iter([Ok(Frame::data("a".into())), Err("gone".into())])));
    let response = compressed(&accepting("gzip"), Response::new(fails)).await;
    assert!(response.into_body().collect().await.is_err());
}

#[tokio::test]
async fn a_body_in_parts_is_not_compressed_for_a_client_without_gzip() {
    for codings in ["br, zstd", "gzip;q=0", "gzip;q=0.1, identity", "identity"] {
        let body = boxed(StreamBody::new(stream::iter([Ok(Frame::data("a".into()))])));
        let response = compressed(&accepting(codings), Response::new(body)).await;
        assert!(!response.headers().contains_key(header::CONTENT_ENCODING), "{codings}");
        assert_eq!(bytes(response).await, "a");
    }
}

#[tokio::test]
async fn a_body_for_which_there_is_no_memory_is_sent_as_it_is() {
    let length = 9 * 1024 * 1024;
    let response = Response::new(full("x".repeat(length)));
    let response = compressed(&accepting("gzip, zstd"), response).await;
    assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
    assert_eq!(bytes(response).await.len(), length);
}

#[tokio::test]
async fn a_part_for_which_there_is_no_memory_is_sent_in_pieces_as_it_is() {
    let text = "x".repeat(9 * 1024 * 1024);
    let frames = stream::iter([Ok(Frame::data(Bytes::from(text.clone())))]);
    let response = Response::new(boxed(StreamBody::new(frames)));
    let mut body = compressed(&accepting("gzip"), response).await.into_body();
    let mut sent = Vec::new();
    while let Some(frame) = body.frame().await {
        let piece = frame.unwrap().into_data().unwrap();
        assert!(piece.len() < 2 * PIECE, "the next one is made when the client has taken this one");
        sent.extend_from_slice(&piece);
    }
    assert!(sent.len() > 1024 * 1024, "as it is, until there is memory for what is left");
    let mut decoded = String::new();
    GzDecoder::new(&sent[..]).read_to_string(&mut decoded).unwrap();
    assert!(decoded == text);
}

#[tokio::test]
async fn nothing_of_a_part_counts_once_its_last_piece_was_handed_over() {
    for (memory, is_http1) in [(0, true), (0, false), (16 << 20, true), (16 << 20, false)] {
        let queue = Arc::new(SendQueue::new(4 << 20, 1.0, Duration::from_secs(5)));
        let client = Client::new([192, 0, 2, 1].into()).key();
        let room = SendRoom::new(&queue, client, &Arc::default(), is_http1);
        // It hardly gets smaller by compression.
        let mut number = 1_u64;
        let text: Vec<u8> = std::iter::repeat_with(|| {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            number.to_be_bytes()[0]
        })
        .take(200_000)
        .collect();
        let first = stream::iter([Ok(Frame::data(Bytes::from(text.clone())))]);
        let mut response = Response::new(boxed(StreamBody::new(first.chain(stream::pending()))));
        response.extensions_mut().insert(room);
        let compressor = Compressor::new(&CpuPool::new(1).unwrap(), memory);
        let mut body = compressor.compressed(&accepting("gzip"), response).await.into_body();
        let (mut sent, mut decoded) = (Vec::new(), vec![0; text.len()]);
        while GzDecoder::new(&sent[..]).read_exact(&mut decoded).is_err() {
            sent.extend_from_slice(&body.frame().await.unwrap().unwrap().into_data().unwrap());
        }
        assert!(decoded == text);
        assert!(body.frame().now_or_never().is_none());
        assert_eq!(queue.bytes(), 0, "{memory} {is_http1}");
    }
}

#[tokio::test]
async fn a_part_without_memory_counts_until_it_is_read_and_a_client_that_is_cut_off_has_no_end() {
    const LENGTH: usize = 512 * 1024;
    let queue = Arc::new(SendQueue::new(LENGTH as u64, 1.0, Duration::from_secs(5)));
    let key = |number| Client::new([192, 0, 2, number].into()).key();
    let room = SendRoom::new(&queue, key(1), &Arc::default(), true);
    let compressor = Compressor::new(&CpuPool::new(1).unwrap(), 0);
    let text = "x".repeat(LENGTH);
    for is_cut_off in [false, true] {
        let frames = stream::iter([Ok(Frame::data(Bytes::from(text.clone())))]);
        let mut response = Response::new(boxed(StreamBody::new(frames)));
        response.extensions_mut().insert(room.clone());
        let mut body = compressor.compressed(&accepting("gzip"), response).await.into_body();
        let mut sent = body.frame().await.unwrap().unwrap().into_data().unwrap().to_vec();
        assert_eq!(queue.bytes(), LENGTH as u64);
        if is_cut_off {
            let later = Instant::now() + Duration::from_secs(10);
            let other = Bytes::from(vec![0; LENGTH]);
            assert!(queue.push(other, key(2), Arc::default(), true, later).is_ok());
            assert!(body.collect().await.is_err());
        } else {
            sent.extend_from_slice(&body.collect().await.unwrap().to_bytes());
            let mut decoded = String::new();
            GzDecoder::new(&sent[..]).read_to_string(&mut decoded).unwrap();
            assert!(decoded == text);
            assert_eq!(queue.bytes(), 0);
        }
    }
}
