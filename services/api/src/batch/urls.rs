//! The URLs in the body of a batch.

use crate::problem_types::problem;
use kit::{Problem, errors};
use serde::Deserialize;

/// Bytes of a body.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
const MAX_URLS: usize = 1_000;

/// Reads the URLs in a body.
pub(crate) type UrlParser = fn(&[u8]) -> Result<Vec<String>, Problem>;

/// The parser for lists of URLs of this media type.
pub(crate) fn parser(essence: &str) -> Option<UrlParser> {
    match essence {
        "text/uri-list" => Some(uri_list),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Some(json_lines),
        "application/json" => Some(json_array),
        _ => None,
    }
}

fn uri_list(body: &[u8]) -> Result<Vec<String>, Problem> {
    bounded(fetch::url_list::entries(text(body)?).map(|url| Ok(url.to_owned())))
}

/// A URL in JSON: a string, or an object with the member `url`.
#[derive(Deserialize)]
#[serde(untagged)]
enum JsonUrl {
    Text(String),
    Object { url: String },
}

impl JsonUrl {
    fn into_url(self) -> String {
        match self {
            Self::Text(url) | Self::Object { url } => url,
        }
    }
}

fn json_lines(body: &[u8]) -> Result<Vec<String>, Problem> {
    let lines = text(body)?.lines().map(str::trim);
    bounded(lines.filter(|line| !line.is_empty()).map(|line| {
        let wrong =
            |_| errors::bad_request("Each line has to be a JSON string, or an object with the member url.");
        serde_json::from_str(line).map(JsonUrl::into_url).map_err(wrong)
    }))
}

fn json_array(body: &[u8]) -> Result<Vec<String>, Problem> {
    let wrong = |_| {
        errors::bad_request("The body has to be a JSON array of strings, or of objects with the member url.")
    };
    let urls: Vec<JsonUrl> = serde_json::from_str(text(body)?).map_err(wrong)?;
    bounded(urls.into_iter().map(|url| Ok(url.into_url())))
}

/// The body without a byte order mark.
fn text(body: &[u8]) -> Result<&str, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| errors::bad_request("The body is not UTF-8."))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
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

    #[test]
    fn an_array_of_json_is_parsed() {
        let array = b"\xef\xbb\xbf[\"http://a/\", {\"url\": \"http://b/\"}]\n";
        assert_eq!(json_array(array).unwrap(), ["http://a/", "http://b/"]);
        assert_eq!(json_array(b"[]").unwrap(), [""; 0]);
        for wrong in ["", "\"http://a/\"", "{}", "[1]", "[\"http://a/\"", "[] []"] {
            assert!(json_array(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
