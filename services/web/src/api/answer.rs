//! The API's answer: links, or a problem.

use super::memory::{Held, Memory};
use crate::failure::{Failure, Kind};
use http::{HeaderMap, StatusCode, header};
use kit::Response;
use links::Link;
use serde::Deserialize;
use url::Url;

/// The most bytes of links that are read.
const LONGEST: usize = 64 << 20;
/// The most bytes of a problem that are read.
const LONGEST_PROBLEM: usize = 64 << 10;

/// The links of a page, not yet parsed.
#[derive(Debug)]
pub(crate) struct Answer {
    body: Held,
    /// How many seconds ago the page was fetched (`Age`, RFC 9111, section 5.1), where the API says it.
    pub(crate) age: Option<u64>,
    /// The page's own URL after redirects (`Link: …; rel="describes"`, RFC 6892), where the API says it.
    pub(crate) page: Option<Url>,
}

impl Answer {
    pub(super) async fn read(response: Response, memory: &Memory) -> Result<Self, Failure> {
        let headers = response.headers();
        let age = text(headers, header::AGE).and_then(|age| age.trim().parse().ok());
        let page = headers.get_all(header::LINK).iter().find_map(|value| describes(value.to_str().ok()?));
        let body = memory.read(response.into_body(), LONGEST).await?;
        Ok(Self { body, age, page })
    }

    /// Bytes.
    pub(crate) fn length(&self) -> usize {
        self.body.len()
    }

    /// The links. CPU work: linear in the answer.
    pub(crate) fn links(&self) -> Result<Vec<Link<'_>>, Failure> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Failure::caused(Kind::ApiAnswer, error.to_string()))
    }
}

/// A problem (RFC 9457) as far as this service reads it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    code: Option<String>,
    upstream_status: Option<u16>,
}

/// What an answer other than 200 means. Its words stay unread: anybody may have written them.
pub(super) async fn failure(response: Response, memory: &Memory) -> Failure {
    let status = response.status();
    let retry_after = text(response.headers(), header::RETRY_AFTER).and_then(|value| value.parse().ok());
    let body = memory.read(response.into_body(), LONGEST_PROBLEM).await.unwrap_or_default();
    let problem: Problem = serde_json::from_slice(&body).unwrap_or_default();
    let kind = problem.code.as_deref().and_then(Kind::of_code).unwrap_or_else(|| Kind::of_status(status));
    Failure {
        kind,
        upstream_status: problem.upstream_status,
        retry_after: retry_after.filter(|_| status == StatusCode::SERVICE_UNAVAILABLE),
        cause: Some(format!("the API answered {status}")),
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// The target of the `describes` relation in a `Link` field (RFC 8288, section 3).
fn describes(mut field: &str) -> Option<Url> {
    while let Some((_, rest)) = field.split_once('<') {
        let (target, rest) = rest.split_once('>')?;
        let (parameters, rest) = rest.split_once(',').unwrap_or((rest, ""));
        let relation = parameters.split(';').filter_map(|parameter| parameter.trim().strip_prefix("rel="));
        if relation
            .map(|value| value.trim_matches('"'))
            .any(|value| value.split(' ').any(|r| r == "describes"))
        {
            return Url::parse(target).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        }
        field = rest;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::describes;

    #[test]
    fn the_described_page_is_found_among_other_relations() {
        for (field, page) in [
            (r#"<https://a.example/>; rel="describes""#, Some("https://a.example/")),
            (r"<https://a.example/?a,b;c>; rel=describes", Some("https://a.example/?a,b;c")),
            (
                r#"</o.json>; rel="service-desc", <https://a.example/>;rel="describes""#,
                Some("https://a.example/"),
            ),
            (r#"<https://a.example/>; title="x"; rel="self describes""#, Some("https://a.example/")),
            (r#"<https://a.example/>; rel="describedby""#, None),
            (r#"</relative>; rel="describes""#, None),
            (r#"<javascript:alert(1)>; rel="describes""#, None),
            ("<https://a.example/", None),
            ("", None),
        ] {
            assert_eq!(describes(field).as_ref().map(url::Url::as_str), page, "{field}");
        }
    }
}
