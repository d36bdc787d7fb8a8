//! `POST /api`: the links of many pages, a line each, as each is done.

use super::page::find;
use crate::{Parts, directives::Directives, entry::Outcome, problems::Failure};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, header};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use kit::{Body, ReadError, Request, Response};
use links::format::ndjson;
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

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

/// Answers with a line of NDJSON a page. The lines are made while they are read: a client that leaves takes
/// with it all that was not begun.
pub(crate) async fn batch(parts: Arc<Parts>, request: Request) -> Result<Response, Failure> {
    let (head, body) = request.into_parts();
    let read = reader(&head.headers)?;
    let urls = read(&receive(body).await?)?;
    if urls.len() > MAX_PAGES {
        return Err(Failure::BodyTooLarge);
    }
    let directives = Arc::new(Directives::of(&head.headers));
    let lines = stream::iter(urls)
        .map(move |url| line(Arc::clone(&parts), url, Arc::clone(&directives)))
        .buffer_unordered(AT_ONCE)
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
    let body = timeout(BODY, kit::read(body, MAX_BYTES)).await.map_err(|_| Failure::BodySlow)?;
    body.map_err(|error| match error {
        ReadError::TooLarge(_) => Failure::BodyTooLarge,
        ReadError::Broken => Failure::Body("it broke off"),
        ReadError::Stalled => Failure::BodySlow,
    })
}

/// RFC 2483, section 5: a URI a line; lines that begin with `#` are comments.
fn uri_list(body: &[u8]) -> Result<Vec<String>, Failure> {
    let text = text(body)?;
    Ok(lines(text).filter(|line| !line.starts_with('#')).map(str::to_owned).collect())
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

/// The line of the page at `url`.
async fn line(parts: Arc<Parts>, url: String, directives: Arc<Directives>) -> Bytes {
    let failure = match find(&parts, &url, &directives).await {
        Ok(found) => match &found.entry.outcome {
            Outcome::Links(links) => return with_links(&url, &links.json),
            Outcome::Failure(error) => error.clone().into(),
        },
        Err(failure) => failure,
    };
    let mut line = Vec::new();
    // Cannot fail: memory takes every write, and every part of a problem has a JSON form.
    let _ = ndjson::write_error(&mut line, &url, &failure.member());
    line.into()
}

/// As [`ndjson::write_links`], from links that are written down already.
fn with_links(url: &str, json: &[u8]) -> Bytes {
    let page = serde_json::Value::from(url).to_string();
    [b"{\"page\":", page.as_bytes(), b",\"links\":", json.trim_ascii_end(), b"}\n"].concat().into()
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

    #[test]
    fn a_line_is_the_same_from_links_written_down() {
        let links = [links::Link { text: "\u{201c}\n".into(), href: "http://a/".into() }];
        let mut line = Vec::new();
        ndjson::write_links(&mut line, "http://\"/\u{1}", links.clone()).unwrap();
        let json = links::format::Format::Json.write(links);
        assert_eq!(with_links("http://\"/\u{1}", json.as_bytes()), line);
    }
}
