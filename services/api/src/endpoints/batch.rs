//! `POST /api`: the links of many pages, a line each, as each is done.

mod line;

pub(crate) use line::Room;

use crate::{Parts, directives::Directives, problems::Failure};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, header};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use kit::{Body, ReadError, Request, Response};
use line::{Maker, Waiting};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use tokio_util::task::AbortOnDropHandle;

/// The media types of a request's body.
pub(crate) const ACCEPTED: &str = "text/uri-list, application/x-ndjson";
/// The size of a request's body.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
/// The pages of a request.
pub(crate) const MAX_PAGES: usize = 1_000;
/// The pages of one request that are worked on at once: few, so that others have places too.
const AT_ONCE: usize = 8;
/// How long a body may take to come.
const BODY: Duration = Duration::from_secs(10);

/// Answers with a line of NDJSON a page. At most [`AT_ONCE`] pages are begun and their lines not yet taken: a client that
/// leaves takes with it all that was not begun.
pub(crate) async fn batch(parts: Arc<Parts>, request: Request) -> Result<Response, Failure> {
    let (head, body) = request.into_parts();
    let read = reader(&head.headers)?;
    let urls = read(&receive(body).await?)?;
    if urls.len() > MAX_PAGES {
        return Err(Failure::BodyTooLarge);
    }
    let maker = Arc::new(Maker { parts, directives: Directives::of(&head.headers) });
    let taker = Arc::clone(&maker);
    let begin = move |url: String| {
        // A task of its own, so that no result waits for the client without its share of the room.
        let made = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&maker).make(url.clone())));
        async move { made.await.unwrap_or(Waiting::Later(url)) }
    };
    let lines = stream::iter(urls)
        .map(begin)
        .buffer_unordered(AT_ONCE)
        .then(move |waiting| Arc::clone(&taker).take(waiting))
        .map(|line| Ok(Frame::data(line)));
    let mut response = Response::new(StreamBody::new(lines).boxed_unsync());
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    fields.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

/// How URLs are read from a body.
type Reader = fn(&[u8]) -> Result<Vec<String>, Failure>;

fn reader(headers: &HeaderMap) -> Result<Reader, Failure> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "text/uri-list" => Ok(uri_list),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(json_lines),
        _ => Err(Failure::MediaType),
    }
}

async fn receive(body: Body) -> Result<Bytes, Failure> {
    let body = kit::read(body, MAX_BYTES, BODY).await;
    body.map_err(|error| match error {
        ReadError::TooLarge(_) => Failure::BodyTooLarge,
        ReadError::Broken => Failure::Body("it broke off"),
        ReadError::Stalled => Failure::BodySlow,
    })
}

fn uri_list(body: &[u8]) -> Result<Vec<String>, Failure> {
    Ok(fetch::url_list::entries(text(body)?).map(str::to_owned).collect())
}

/// A line is a string, or an object with the member `url`.
fn json_lines(body: &[u8]) -> Result<Vec<String>, Failure> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Line {
        Url(String),
        Object { url: String },
    }
    let wrong = |_| Failure::Body("each line has to be a JSON string, or an object with the member url");
    let url = |line| match line {
        Line::Url(url) | Line::Object { url } => url,
    };
    lines(text(body)?).map(|line| serde_json::from_str(line).map(url).map_err(wrong)).collect()
}

fn text(body: &[u8]) -> Result<&str, Failure> {
    std::str::from_utf8(body).map_err(|_| Failure::Body("it is not UTF-8"))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_urls_are_read() {
        let list = b"# two pages\r\nhttp://a/\r\n\r\n  http://b/#c\r\n#http://c/";
        assert_eq!(uri_list(list).unwrap(), ["http://a/", "http://b/#c"]);
        assert!(uri_list(b"\xff").is_err());
    }

    #[test]
    fn lines_of_json_are_read() {
        let lines = b"\"http://a/\"\n{\"url\": \"http://b/\", \"other\": 1}\n\n";
        assert_eq!(json_lines(lines).unwrap(), ["http://a/", "http://b/"]);
        for wrong in ["http://a/", "1", "{}", "[\"http://a/\"]"] {
            assert!(json_lines(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
