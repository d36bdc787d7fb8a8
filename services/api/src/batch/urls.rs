//! The URLs in the body of a batch.

use crate::problem_types::problem;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use kit::{Body, ByteBudget, Problem, Reservation, errors};
use serde::Deserialize;
use std::time::Duration;

const ACCEPTED: &str = "text/uri-list, application/x-ndjson";
const MAX_BYTES: usize = 1024 * 1024;
const MAX_URLS: usize = 1_000;
const TIMEOUT: Duration = Duration::from_secs(10);
const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");

type Parser = fn(&[u8]) -> Result<Vec<String>, Problem>;

/// The parser for the `Content-Type` in `headers`.
pub(super) fn parser(headers: &HeaderMap) -> Result<Parser, Problem> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "text/uri-list" => Ok(uri_list),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(json_lines),
        _ => {
            let detail = format!("Send the URLs as {ACCEPTED}.");
            let problem = problem("unsupported-media-type", None).detail(detail);
            Err(problem.header(ACCEPT_POST, HeaderValue::from_static(ACCEPTED)))
        }
    }
}

/// The body, and the memory that is reserved for it.
pub(super) async fn read(body: Body, memory: &ByteBudget) -> Result<(Bytes, Reservation), Problem> {
    kit::read_reserved(body, MAX_BYTES, TIMEOUT, memory).await.map_err(errors::unread)
}

fn uri_list(body: &[u8]) -> Result<Vec<String>, Problem> {
    bounded(fetch::url_list::entries(text(body)?).map(|url| Ok(url.to_owned())))
}

/// A line is a string, or an object with the member `url`.
fn json_lines(body: &[u8]) -> Result<Vec<String>, Problem> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Line {
        Url(String),
        Object { url: String },
    }
    let body = text(body)?;
    let lines = body.strip_prefix('\u{feff}').unwrap_or(body).lines().map(str::trim);
    bounded(lines.filter(|line| !line.is_empty()).map(|line| match serde_json::from_str(line) {
        Ok(Line::Url(url) | Line::Object { url }) => Ok(url),
        Err(_) => {
            Err(errors::bad_request("Each line has to be a JSON string, or an object with the member url."))
        }
    }))
}

fn text(body: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(body).map_err(|_| errors::bad_request("The body is not UTF-8."))
}

fn bounded(urls: impl Iterator<Item = Result<String, Problem>>) -> Result<Vec<String>, Problem> {
    let urls: Vec<String> = urls.collect::<Result<_, _>>()?;
    if urls.len() > MAX_URLS {
        return Err(problem("content-too-large", None).detail(format!("The body may have {MAX_URLS} URLs.")));
    }
    Ok(urls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uri_lists_are_parsed() {
        let list = b"\xef\xbb\xbf# two pages\r\nhttp://a/\r\n\r\n  http://b/#c\r\n#http://c/";
        assert_eq!(uri_list(list).unwrap(), ["http://a/", "http://b/#c"]);
        assert!(uri_list(b"\xff").is_err());
    }

    #[test]
    fn lines_of_json_are_parsed() {
        let lines = b"\xef\xbb\xbf\"http://a/\"\n{\"url\": \"http://b/\", \"other\": 1}\n\n";
        assert_eq!(json_lines(lines).unwrap(), ["http://a/", "http://b/"]);
        for wrong in ["http://a/", "1", "{}", "[\"http://a/\"]"] {
            assert!(json_lines(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
